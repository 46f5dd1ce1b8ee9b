#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# HAProxy as a pipe of octets, by splice: it knows nothing of HTTP
export MODE=tcp OPTION='option splice-auto'
. "$BENCH/peers/haproxy-http.sh"
