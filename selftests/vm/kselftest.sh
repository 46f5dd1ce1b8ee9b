#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the guest: the staged selftests, by the kernel's own runner. Its exit code says nothing about them;
# the results are in its output.
make -s -C "$TIPH_BUILD/kselftest/tiphares" run_tests T="$*"
