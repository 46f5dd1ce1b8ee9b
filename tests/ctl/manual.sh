#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# manual.sh BUILD: what the programs have is in the manual, in the completions and in the examples. TAP.
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) n=0 failed=0
trap 'rm -rf "$work"' EXIT

# nothing_said NAME CMD...: passed when it prints nothing
nothing_said() {
	local name=$1 out; shift
	out=$("$@" 2>&1)
	n=$((n + 1))
	[ -z "$out" ] && { echo "ok $n $name"; return; }
	failed=1
	sed 's/^/# /' <<<"$out"
	echo "not ok $n $name"
}
ctl_commands() { "$build/tipharesctl" --help | awk '/^commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }'; }
options_of() { "$build/$1" --help | grep -oE -- '--[a-z-]+' | sort -u; }
# a page without its marks: \- is -, \e is a backslash
plain() { sed 's/\\-/-/g; s/\\e/\\/g' "$1"; }

keys_in_manual() {
	local key
	"$build/tipharesd" --dump-keys | cut -f 1 | while read -r key; do
		plain "$build/man/tiphares.yaml.5" | grep -qxF ".B $key" || echo "$key is not in tiphares.yaml(5)"
	done
	[ "$("$build/tipharesd" --dump-keys | wc -l)" -gt 40 ] || echo "--dump-keys has few keys"
}
keys_in_example() {
	local key
	"$build/tipharesd" --dump-keys | cut -f 1 | grep -v '\*' | while read -r key; do
		grep -qE "(^|[ {#-])${key##*.}:" examples/tiphares.yaml || echo "$key is not in examples/tiphares.yaml"
	done
}
commands_in_manual() {
	local c
	ctl_commands | while read -r c; do
		plain man/tipharesctl.8 | grep -qE "^\.BI?R? \"?$c(\"| |$)" || echo "$c is not in tipharesctl(8)"
	done
	[ "$(ctl_commands | wc -l)" -ge 8 ] || echo "--help has few commands"
}
options_in_manual() {
	local p o
	for p in tipharesd tipharesctl; do
		options_of $p | while read -r o; do
			plain man/$p.8 | grep -qE -- "$o(\"| |$)" || [ "$o" = --config ] || echo "$o is not in $p(8)"
		done
	done
}
# the pages as a terminal shows them
pages_are_clean() {
	local page
	for page in man/*.[78] "$build"/man/*.5; do groff -man -Tutf8 -ww -z "$page"; done
}
# completed WORD...: what is offered for the last one
completed() {
	PATH=$build:$PATH bash -c '. completions/tipharesctl.bash
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tipharesctl; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
completion_knows() {
	local c o
	for c in $(ctl_commands); do completed tipharesctl "$c" | grep -qx -- "$c" || echo "$c is not completed"; done
	[ "$(completed tipharesctl --json fl)" = flows ] || echo "fl behind an option"
	completed tipharesctl flows so | grep -qx 'sort=' || echo "sort= of flows"
	for o in $(options_of tipharesctl); do completed tipharesctl "$o" | grep -qx -- "$o" || echo "$o is not completed"; done
	for o in $(options_of tipharesd); do grep -q -- "$o" completions/tipharesctl.bash || echo "$o of tipharesd is not completed"; done
}
# every block of YAML that the documents show is a configuration; one that has no ports is a part of one
documents_check() {
	local f i=0 block out
	for f in README.md docs/howto/*.md docs/*.md; do
		awk -v dir="$work" -v base="$(basename "$f" .md)" '
			/^ *```/ { if (on) { on = 0; close(out) } else if ($0 ~ /```yaml$/) { on = 1; match($0, /^ */); indent = RLENGTH; out = dir "/" base "." ++k ".yaml" } ; next }
			on { print substr($0, indent + 1) >out }' "$f"
	done
	for block in "$work"/*.yaml; do
		grep -q '^ports:' "$block" || printf 'ports: ["9:>"]\n' >>"$block"
		out=$("$build/tipharesd" --check -c "$block" 2>&1) || printf '%s\n' "${block##*/}: $out"
		i=$((i + 1))
	done
	[ $i -ge 5 ] || echo "only $i blocks of YAML were found"
}
examples_check() {
	local f out
	for f in examples/*.yaml; do
		case $f in *prometheus*) continue ;; esac
		out=$("$build/tipharesd" --check -c "$f" 2>&1) || echo "$f: $out"
	done
}
# every command of tipharesctl that a document names is one
documents_name_commands() {
	grep -rhoE '(^ *|`)tipharesctl( --json)? [a-z][a-z-]*' README.md docs | sed 's/.* //' | sort -u |
		while read -r c; do ctl_commands | grep -qx -- "$c" || echo "the documents name tipharesctl $c"; done
}
links_lead_somewhere() {
	grep -oE '`(docs|examples|man|uapi)/[A-Za-z0-9_./-]+`' README.md docs/*.md docs/howto/*.md | while IFS=: read -r f p; do
		p=${p//\`/}
		[ -e "$p" ] || echo "$f names $p"
	done
}

echo "TAP version 13"
nothing_said "every key is in tiphares.yaml(5)" keys_in_manual
nothing_said "every key is in examples/tiphares.yaml" keys_in_example
nothing_said "every command is in tipharesctl(8)" commands_in_manual
nothing_said "every option is in its page" options_in_manual
nothing_said "the pages are free of mistakes" pages_are_clean
nothing_said "bash completes what there is" completion_knows
nothing_said "the documents' configurations are some" documents_check
nothing_said "the examples are configurations" examples_check
nothing_said "the documents name commands that are there" documents_name_commands
nothing_said "the documents name files that are there" links_lead_somewhere
echo "1..$n"
exit $failed
