#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# static.sh: rules of the tree that a machine can check, as TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 1
count=0 failed=0
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

# rule NAME OUTPUT: passed when there is nothing to complain about
rule() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count $1"
	else
		failed=1
		sed 's/^/# /' <<<"$2"
		echo "not ok $count $1"
	fi
}

spdx() {
	local f
	files '*.c' '*.h' '*.sh' '*.py' '*.mk' Makefile Kbuild '*.service' .ci/run | while read -r f; do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$f: no SPDX-License-Identifier"
	done
}

# A path of somebody's machine has no place in the tree.
machine_paths() { git grep -nE '(^|[^A-Za-z0-9_.])/(home|root|work)/[a-z]' -- . ':!scripts/static.sh'; }

# Who may include whom: lower layers never include higher ones.
layers() {
	python3 - <<'PY'
import os, re
LAYERS = {
    "kmod": [["tiph", "tag"], ["stats", "trace"], ["port", "prefix", "flow", "bypass", "lookup"], ["net"],
             ["hook", "bridge", "sockopt", "relay"], ["genl"], ["main"]],
    "daemon": [["buf", "addr", "timer", "log"], ["loop", "metrics", "http_msg"],
               ["http1", "http1_internal", "tls_hello", "conf", "nl", "channel"], ["datapath", "shm"],
               ["listener", "upstream", "resolver"], ["session", "worker"], ["admin"], ["main"]],
}
PURE = {"http1", "http_msg", "tls_hello", "conf"}
IMPURE = {"loop", "log", "datapath", "session", "worker"}
for folder, layers in LAYERS.items():
    rank = {name: i for i, names in enumerate(layers) for name in names}
    if not os.path.isdir(folder):
        continue
    for f in sorted(os.listdir(folder)):
        stem, ext = os.path.splitext(f)
        if ext not in (".c", ".h"):
            continue
        own = rank.get(stem)
        for n, line in enumerate(open(f"{folder}/{f}"), 1):
            m = re.match(r'#include "([^"/]+)\.h"', line)
            if not m or m.group(1) == stem:
                continue
            to = m.group(1)
            if own is not None and ext == ".h" and rank.get(to, -1) > own:
                print(f"{folder}/{f}:{n}: includes {to}.h of a higher layer")
            if folder == "daemon" and stem.split("_")[0] in ("http1", "conf") and to in IMPURE:
                print(f"{folder}/{f}:{n}: a pure part includes {to}.h")
            if folder == "daemon" and re.match(r"datapath_|nft_", to) and not re.match(r"main|datapath_|nft_", stem):
                print(f"{folder}/{f}:{n}: only main.c and the backends may name a backend")
for folder, other in (("ctl", "daemon"), ("daemon", "ctl"), ("kmod", "daemon"), ("daemon", "kmod")):
    for root, _, names in os.walk(folder):
        for f in names:
            if f.endswith((".c", ".h")):
                for n, line in enumerate(open(os.path.join(root, f)), 1):
                    if re.match(rf'#include ["<](\.\./)?{other}/', line):
                        print(f"{root}/{f}:{n}: includes {other}/")
PY
}

unfinished() { git grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -- . ':!scripts/static.sh'; }
version_tests() { git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' -- kmod ':!kmod/compat'; }
trailing_space() { git grep -nIE '[ 	]+$' -- . ':!COPYING' ':!*.patch'; }
# SC2034, SC2154: variables that a sourced file sets or reads; SC2046: lists that are meant to be split;
# SC1091: sourced files are read where they are found.
shell() { files '*.sh' .ci/run | xargs -r shellcheck -x -S warning -e SC2034,SC2154,SC2046,SC1091 2>&1; }

echo "TAP version 13"
echo "1..7"
rule "every source names its licence" "$(spdx)"
rule "no path of a machine" "$(machine_paths)"
rule "include directions" "$(layers)"
rule "no mark of unfinished work" "$(unfinished)"
rule "kernel versions are told apart under kmod/compat only" "$(version_tests)"
rule "no space at the end of a line" "$(trailing_space)"
rule "shellcheck" "$(shell)"
exit $failed
