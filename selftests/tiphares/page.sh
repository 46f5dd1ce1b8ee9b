#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The status page: only where it is asked for, only to read, nothing in it that a client wrote; and as a browser draws it.
#
#	client  ----  gateway, full on :80, metrics and page on 127.0.0.1:9180, a browser  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
daemon_conf <<-CONF
	workers: 2
	admin: {socket: $LAB/admin.sock, metrics: "127.0.0.1:9180", page: true}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	bypass: {static: [{destination: 192.0.2.0/24}]}
	access:
	  - {name: no-post, deny: {method: POST}}
CONF
check "the daemon starts" daemon_start || finish

page() { in_gw curl -s --noproxy '*' "$@"; }
url=http://127.0.0.1:9180
code() { page -o /dev/null -w '%{http_code}' "$@"; }
event() { page "$url/events" | sed -n 's/^data: //p'; }

check "requests, of both families" eval 'intercepted $O4 80 && intercepted $O6 80'
# what a hostile client puts into a request, into a name, and where a stream of events or a script would end
hostile='/</script><script>document.title=1</script>?"><img/src=x/onerror=document.title=1>'
fetch -o /dev/null --path-as-is -g "$(lab_url $O4 "$hostile")"
fetch -o /dev/null -X POST "$(lab_url $O4 /whoami)"

page -D "$LAB/head" "$url/" >"$LAB/page"
nonce=$(sed -n "s/^Content-Security-Policy: .*script-src 'nonce-\([0-9a-f]*\)'.*/\1/ip" "$LAB/head")
check_eq "the page's policy allows nothing but its own" "Content-Security-Policy: default-src 'none'; script-src 'nonce-$nonce'; style-src 'nonce-$nonce'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" \
	"$(grep -i '^content-security' "$LAB/head" | tr -d '\r')"
check "its nonce is long" test ${#nonce} = 32
check "the page has it" grep -q "<script nonce=\"$nonce\">" "$LAB/page"
check_not "another time it is another one" eval 'page "$url/" | grep -q "$nonce"'
check "it is of no other place" eval '! grep -E "(src|href)=|https?://|@import|url\(" "$LAB/page" | grep -v "http://www.w3.org/2000/svg"'
check "it is HTML, and not to be guessed" eval 'grep -qi "^content-type: text/html; charset=utf-8" "$LAB/head" && grep -qi "^x-content-type-options: nosniff" "$LAB/head"'

check "an event is the whole state" wait_for 'event | in_json "j[\"status\"][\"state\"] == \"serving\" and j[\"ports\"][0][\"name\"] == \"web\" and any(c[\"name\"] == \"intercepted\" and c[\"value\"] >= 4 for c in j[\"counters\"])"' 10
check "with what was decided" eval "event | in_json \"[r for r in j['recent'] if r['rule'] == 'no-post' and r['status'] == 403] != []\""
check "with the hostile request as it was, in one line" eval "event | in_json \"[r for r in j['recent'] if '</script><script>' in r['request']] != []\""
check "with what is bypassed" eval "event | in_json \"[b['destination'] for b in j['bypass']] == ['192.0.2.0/24']\""
check_eq "it says when to come again" "retry: 2000" "$(page "$url/events" | head -n 1)"
fetch -o /dev/null --local-port 45002 "$(lab_url $O4B /slow/300M)" >/dev/null 2>&1 & slow=$!
check "with clients and destinations" wait_for 'event | in_json "j[\"clients\"][0][\"address\"] == \"$C4\" and j[\"destinations\"][0][\"address\"] == \"$O4B\""' 20

# only to read, only this, only by a name that is ours
check_eq "nothing is changed there" 405 "$(code -X POST "$url/")"
check_eq "nothing is asked for there but this" "404 404 404" "$(code "$url/v1/status") $(code "$url/v1/flows") $(code -X POST "$url/v1/drain")"
check_eq "the metrics are still there" 200 "$(code "$url/metrics")"
check_eq "addresses and localhost are our names" "200 200 200 200" \
	"$(for h in 127.0.0.1:9180 localhost:9180 '[::1]:9180' 10.0.0.1; do code -H "Host: $h" "$url/"; echo -n ' '; done | sed 's/ $//')"
check_eq "no other is, for a browser that was led here" "403 403 403 403" \
	"$(for h in evil.example evil.example:9180 localhost.evil.example 127.0.0.1.evil.example; do code -H "Host: $h" "$url/events"; echo -n ' '; done | sed 's/ $//')"

browser=$(command -v chromium || command -v chromium-browser)
if [ -z "$browser" ]; then
	skip "chromium: the page is alive" "it is not installed"
else
	# the browser's time is its own: it waits for two events in no time of ours
	browse() { in_gw env HOME="$LAB" timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$LAB/profile" --virtual-time-budget=9000 --run-all-compositor-stages-before-draw "$@" 2>"$LAB/browser.err"; }
	browse --dump-dom "$url/" >"$LAB/dom"
	dom_has() { grep -qE -- "$1" "$LAB/dom" || { tail -c 3000 "$LAB/dom"; cat "$LAB/browser.err"; return 1; }; }
	check "chromium: events come" dom_has '<body data-events="([2-9]|[0-9]{2})'
	check "chromium: it serves, by this datapath" eval 'dom_has "id=\"state\" class=\"good\">serving<" && dom_has ">$TIPH_DATAPATH: "'
	check "chromium: the port" dom_has '<td>web</td><td>full</td>'
	check "chromium: the client" dom_has "<td>$C4</td>"
	check "chromium: the bypass entry" dom_has '<td>192\.0\.2\.0/24</td>'
	check "chromium: three plots are drawn" eval '[ "$(grep -o "<polyline points=\"[0-9.]*,[0-9.]* [0-9]" "$LAB/dom" | wc -l)" -ge 3 ]'
	check "chromium: the hostile request is text" dom_has 'class="cut">GET /&lt;/script&gt;&lt;script&gt;document'
	check "chromium: and did nothing" eval 'dom_has "<title>Tiphares</title>" && ! grep -q "<img" "$LAB/dom"'
	check_not "chromium: the policy was not broken" grep -i "content security policy" "$LAB/browser.err"
	# in real time, and on a phone: nothing is wider than it, the plots move
	shot() { in_gw env HOME="$LAB" timeout 250 /usr/bin/python3 "$(dirname "$0")/browser.py" "$LAB/profile2" "$url/" 390 1800 3 "$LAB/phone.png" >"$LAB/shot"; }
	check "chromium: a phone draws it" shot
	check "chromium: a phone: three events" says 'events=[3-9]' cat "$LAB/shot"
	check "chromium: a phone: it is no wider" says 'wide=390 of=390' cat "$LAB/shot"
fi
end_job $slow

sed -i 's/page: true/page: false/' "$LAB/tiphares.yaml"
check "a reload takes it away" wait_for 'ctl reload >/dev/null && [ "$(code "$url/") $(code "$url/events") $(code "$url/metrics")" = "404 404 200" ]' 20
finish
