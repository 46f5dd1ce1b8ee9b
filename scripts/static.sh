#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# static.sh: rules of the tree that a machine can check, as TAP on stdout.
set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
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

# Who may include whom: a header never one of a higher layer, a source only where UPWARD says why. A file that
# is not named here stands beside the one that its name begins with.
layers() {
	python3 - <<'PY'
import os, re
LAYERS = {
    "kmod": ["tiph", "stats trace tag prefix dst synid", "port flow rules bypass lookup parse", "net way verdict fill lately",
             "hook begin bridge frag guard icmp relay sockopt spoof", "notify tend", "genl explain", "main"],
    "daemon": ["list addr timer log metrics objpool pipes privs confine sdnotify background",
             "buf loop http_msg http_page http_trailers channel clients tally",
               "http1 tls_hello proxy_header likeness conf nl route dns body recent sysnames log_sink",
               "access accesslog asymmetry datapath explain health kmod nft bypass_text origin overload resolver shm sockpool speakers takeover upstream",
               "thread port_sockets admin_socket broker", "listener session exchange proxied relay request response sniff trigger tunnel",
               "worker admin", "worker_proc parent", "main"],
    "ctl": ["ctl import kmod route", "args bypass client control decisions doctor events explain flows log_level main port ports print rules stats status top"],
}
UPWARD = {
    ("daemon/http_msg.c", "conf"): "the limits of a message are the configuration's",
    ("daemon/asymmetry.c", "exchange trigger"): "what it keeps is a thread's, what it looks at a session's",
    ("daemon/thread.c", "listener exchange session resolver"): "a thread's turn runs what lives on it",
}
PURE = {"http1", "http_msg", "tls_hello", "proxy_header", "conf"}
IMPURE = {"loop", "log", "datapath", "session", "worker"}
upward = {(f, to) for f, names in UPWARD for to in names.split()}
for folder, layers in LAYERS.items():
    rank = {name: i for i, names in enumerate(layers) for name in names.split()}

    def rank_of(stem):
        while stem not in rank and "_" in stem:
            stem = stem.rsplit("_", 1)[0]
        return rank.get(stem)

    for f in sorted(os.listdir(folder)):
        stem, ext = os.path.splitext(f)
        if ext not in (".c", ".h"):
            continue
        own = rank_of(stem)
        if own is None:
            print(f"{folder}/{f}: of no layer (scripts/static.sh)")
            continue
        for n, line in enumerate(open(f"{folder}/{f}"), 1):
            m = re.match(r'#include "([^"/]+)\.h"', line)
            to = m and m.group(1)
            if not m or to == stem or to == "version":
                continue
            if (rank_of(to) or 0) > own and (f"{folder}/{f}", to) not in upward:
                print(f"{folder}/{f}:{n}: includes {to}.h of a higher layer")
            if folder == "daemon" and (stem in PURE or stem.split("_")[0] in ("http1", "conf")) and to in IMPURE:
                print(f"{folder}/{f}:{n}: a pure part includes {to}.h")
            if folder == "daemon" and re.match(r"datapath_|nft|kmod_", to) and not re.match(r"main|datapath_|nft_|kmod_", stem):
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
version_tests() { git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' -- kmod Kbuild; }
compat_lines() { find kmod/compat -type f -exec cat {} + | awk 'END { if (NR > 150) print NR " lines" }'; }
# Which kernels the module is built for, by their releases.
kernel_range() {
	local r
	for r in 6.1.0-56-cloud-amd64 6.1.192 6.9 6.12.95+deb12-amd64 6.19.1 7.0.0 7.3.4+deb13-cloud-amd64; do
		[ -z "$(scripts/kernel-range.sh $r 2>&1 || echo refused)" ] || echo "$r: refused"
	done
	for r in 4.19.0 5.10.0-30-amd64 6.0.12 6.20.1 7.4.0 7.30.1 16.1.0 8.0; do
		! scripts/kernel-range.sh $r 2>/dev/null || echo "$r: built for"
		scripts/kernel-range.sh $r 2>&1 | grep -q "Linux $r is outside .* 6.1 to 7.3: it is not built" || echo "$r: nothing is said"
	done
}
trailing_space() { git grep -nIE '[ 	]+$' -- . ':!COPYING' ':!*.patch'; }
# SC2034, SC2154: variables that a sourced file sets or reads; SC2046: lists that are meant to be split;
# SC1091: sourced files are read where they are found.
shell() { files '*.sh' .ci/run | xargs -r shellcheck -x -S warning -e SC2034,SC2154,SC2046,SC1091 2>&1; }

# What takes long runs beside the rest; begin NAME CMD... and then output NAME
begin() { local name=$1; shift; "$@" >"$work/$name" 2>&1 & }
output() { cat "$work/$1"; }

echo "TAP version 13"
echo "1..14"
begin module scripts/kmod-check.sh "$work" 6.1
begin tidy scripts/lint.sh tidy
begin checkpatch scripts/lint.sh checkpatch
rule "every source names its licence" "$(spdx)"
rule "no path of a machine" "$(machine_paths)"
rule "include directions" "$(layers)"
rule "no mark of unfinished work" "$(unfinished)"
rule "kernel versions are told apart by nobody" "$(version_tests)"
rule "kmod/compat/ has at most 150 lines" "$(compat_lines)"
rule "kernels from 6.1 to 7.3, and no others" "$(kernel_range)"
rule "no space at the end of a line" "$(trailing_space)"
rule "shellcheck" "$(shell)"
rule "cppcheck" "$(scripts/lint.sh cppcheck)"
wait
rule "checkpatch --strict, of the module and uapi" "$(output checkpatch)"
rule "the module: W=1" "$(sed -n '/^# /p;/^not ok 1/p' "$work/module"; grep -q '^ok 1' "$work/module" || tail -n 1 "$work/module")"
rule "the module: sparse" "$(grep -q '^ok 2' "$work/module" || tail -n 1 "$work/module")"
rule "clang-tidy, the static analyser among it" "$(output tidy)"
exit $failed
