#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# the same as a pipe of octets
export PROTOCOL=tcp
. "$BENCH/peers/tiphares.sh"
