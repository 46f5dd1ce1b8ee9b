#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# man-keys.sh TIPHARESD < PAGE.in: the page, with the table of configuration keys, as the program has it, in the place
# of the line @KEYS@.
set -eu
keys=$(mktemp)
trap 'rm -f "$keys"' EXIT
"$1" --dump-keys >"$keys"
awk -F '\t' -v keys="$keys" '
function quote(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); return s }
function entry() {
	print ".TP"
	printf ".B %s\n", quote($1)
	doc = $5
	printf "%s%s.\n", toupper(substr(doc, 1, 1)), quote(substr(doc, 2))
	facts = $2
	if ($4 != "") facts = facts ": " $4
	if ($3 == "required") facts = facts "; required"
	else if ($3 != "") facts = facts "; default " $3
	printf ".br\n\\fI%s\\fR\n", quote(facts)
}
$0 == "@KEYS@" { while ((getline <keys) > 0) entry(); next }
{ print }'
