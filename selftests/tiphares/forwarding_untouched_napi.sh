#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# forwarding_untouched.sh with GRO and the list receive path, as real network drivers have it.
export TIPH_NAPI=1
. "$(dirname "$0")/forwarding_untouched.sh"
