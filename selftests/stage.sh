#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stage.sh BUILD: the selftests and the harness they run in, into BUILD/kselftest; C tests built there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
stage=${1:?usage: stage.sh BUILD}/kselftest

mkdir -p "$stage"
[ -s "$stage/lib.mk" ] || "$top/scripts/kselftest.sh" "$stage"
cp -r --preserve=mode,timestamps "$here/lib.sh" "$here/probe.py" "$here/origin" "$here/tiphares" "$stage/"
cp --preserve=mode,timestamps "$top/systemd/tiphares.service" "$stage/"
cp -r --preserve=mode,timestamps "$top/uapi" "$top/tests/http" "$top/examples" "$top/docs/howto" "$stage/"
# what is gone from the tree is gone from the stage
for f in "$stage"/tiphares/*.sh "$stage"/tiphares/*.c; do
	[ -e "$here/tiphares/${f##*/}" ] || rm -f "$f" "${f%.c}"
done
make -s -C "$stage/tiphares" all
