#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the guest: the staged selftests, by the kernel's own runner. Its exit code says nothing about them;
# the results are in its output.
# a kernel that looks for defects takes many times as long (the change is lost with the machine)
{ [ "$TIPH_KERNEL" != debug ] && [ -z "${TIPH_SURVIVE:-}${TIPH_SOAK_SECONDS:-}${TIPH_EXPLAIN:-}" ]; } || echo timeout=3600 >"$TIPH_BUILD/kselftest/tiphares/settings"
make -s -C "$TIPH_BUILD/kselftest/tiphares" run_tests T="$*"
