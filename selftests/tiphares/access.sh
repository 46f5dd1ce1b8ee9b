#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Access rules: who is refused, and how; who is relayed unread; and what of the gateway nobody reaches by asking it.
#
#   client  ----  gateway                                      ----  origin
#                 http  :80 full    tls :8443 full    tcp :7003 full     nginx, an echo server on 7003
#                 none  8083, asked by the client
#                 a service of its own on 127.0.0.1:7070
. "$(dirname "$0")/proxy.inc"
lab_up
tls() { in_client python3 "$(dirname "$0")/tls.py" "$@"; }
lab_serve echo 7003
lab_serve echo 8443
in_gw python3 -m http.server 7070 --bind 127.0.0.1 --directory "$TIPH_BUILD/www" >"$LAB/own.out" 2>&1 </dev/null & own=$!
wait_for "in_gw ss -Hltn 'sport = :7070' | grep -q ." 15 || die_lab "no service on the gateway"

PORTS="ports:
  - {name: web, listen: 8080, mode: full, match: {ports: [80, 8000]}}
  - {name: tls, listen: 8081, mode: full, protocol: tls, match: {ports: [8443]}}
  - {name: tcp, listen: 8082, mode: full, protocol: tcp, match: {ports: [7003]}}
  - {name: none, listen: 8083, mode: none}
routes: [{host: own.example, to: [\"127.0.0.1:7070\"]}]
resolver: {timeout: 1s}"
rules() {	# < the list of rules
	{ echo "$PORTS"; echo "access:"; cat; } | daemon_conf
}
reload() {
	local was
	was=$(ctl --json status | sed -n 's/.*"reloads": \([0-9]*\).*/\1/p')
	ctl reload && wait_for "[ \"\$(ctl --json status | sed -n 's/.*\"reloads\": \([0-9]*\).*/\1/p')\" -gt $was ]" 20 "the reload"
}
logged() { wait_for "daemon_log | grep -qE -- $(printf %q "$1")" 10 "$1 in the access log"; }
code_is() {	# CODE CURL ARGS
	local want=$1 got; shift
	got=$(fetch -o /dev/null -w '%{http_code}' "$@")
	[ "$got" = "$want" ] || { echo "$got, wanted $want"; return 1; }
}
at() { echo "http://$O4$1"; }

rules <<-CONF
  - {name: bad, deny: {host: ["*.bad.example", worse.example]}}
  - {name: post, deny: {method: POST, path: /f/}}
  - {name: secret, deny: {path: /secret/}}
  - {name: one, deny: {client: $(client_of $O4 | sed 's/10$/11/'), port: web}}
  - {name: unread, tunnel: {host: raw.example}}
  - {name: there, deny: {destination: ["$O4B", "$O6B"]}}
  - {name: port, deny: {destination_port: 8000}}
CONF
check "the daemon starts" daemon_start || finish

check "no rule matches: allowed" intercepted $O4 80
check "no rule matches: allowed, IPv6" intercepted $O6 80
check "the log says that none did" logged 'port=web .*result=ok rule=-$'
was=$(counter "" access_denied)
origin_mark
for host in a.bad.example A.B.Bad.Example. worse.example WORSE.EXAMPLE:80; do
	check "denied by host: $host" code_is 403 -H "Host: $host" "$(at /whoami)"
done
check "denied by host: absolute form" says "text=HTTP/1.1_403" \
	tls raw $O4 80 'text:GET http://a.bad.example/ HTTP/1.1\r\nHost: good.example\r\n\r\n' answer:12 close
check "the page is short and says so" says '^403 Forbidden: ' fetch -H "Host: worse.example" "$(at /whoami)"
check "and nothing of it is at the origin" test -z "$(origin_log)"
check "the log names the rule" logged ' 403 .*result=denied rule=bad$'
check_eq "each is counted" $((was + 6)) "$(counter "" access_denied)"
check "a name that only ends like it is allowed" code_is 200 -H "Host: notbad.example" "$(at /whoami)"
check "so is the name itself where only those below are meant" code_is 200 -H "Host: bad.example" "$(at /whoami)"
check "denied by method and path" code_is 403 -d x "$(at /f/1)"
check "but not by the method alone" code_is 200 -H Expect: -d x "$(at /sink)"
check "nor by the path alone" code_is 200 "$(at /f/1)"
for path in /secret/x //secret/x /./secret/x '/f/../secret/x' /%73ecret/x '/x%2f..%2Fsecret/x'; do
	check "denied by path: $path" code_is 403 --path-as-is "$(at "$path")"
done
check "denied by client" code_is 403 --interface "${CLIENT4[1]}" "$(at /whoami)"
check "but not another" code_is 200 --interface "${CLIENT4[2]}" "$(at /whoami)"
check "denied by destination" code_is 403 "http://$O4B/whoami"
check "denied by destination, IPv6" code_is 403 "http://[$O6B]/whoami"
check "denied by destination port" code_is 403 "http://$O4:8000/whoami"
printf 'url = "%s"\noutput = /dev/null\n' "$(at /secret/1)" "$(at /f/1)" "$(at /secret/2)" "$(at /f/0)" >"$LAB/four"
check_eq "a connection goes on after a refusal" "403 1, 200 0, 403 0, 200 0, " "$(fetch -K "$LAB/four" -w '%{http_code} %{num_connects}, ')"

check "TLS is denied by its server name, and told" says "^got=15030300020231 " \
	tls raw $O4 8443 "hex:$(python3 "$(dirname "$0")/tls.py" hello a.bad.example)" answer:7 close
check "the log names the rule and the name" logged 'port=tls .*result=denied rule=bad .* sni=a.bad.example '
check "another name is relayed" says "octets=[1-9]" tls raw $O4 8443 "hex:$(python3 "$(dirname "$0")/tls.py" hello good.example)" answer:100 close
check "TCP is denied by destination" says "octets=0 end=reset" tls raw $O4B 7003 text:abc
check "and relayed elsewhere" says "text=abc octets=3 end=eof" tls raw $O4 7003 text:abc answer:3 fin

origin_mark
check "tunnel: the request arrives" code_is 200 -H "Host: raw.example" "$(at /whoami)"
check "tunnel: unread" origin_saw 'uri=/whoami .*host=raw.example via=- '
check "tunnel: from the client's address" origin_saw "src=$C4 .*host=raw.example"
check "tunnel: the log names the rule" logged 'result=tunnel rule=unread$'
check "tunnel: what follows on the connection is unread as well" says "200 200" \
	fetch -o /dev/null -o /dev/null -w '%{http_code} ' -H "Host: raw.example" "$(at /whoami)" "$(at /secret/../f/1)"

# ---- the gateway's own services --------------------------------------------------------------------

check "none: a loopback address by its number is denied" code_is 403 --noproxy '' -x "http://$G4:8083" "http://127.0.0.1:7070/"
check "none: and another of them" code_is 403 --noproxy '' -x "http://$G4:8083" "http://127.8.8.8:7070/"
check "none: and IPv6" code_is 403 --noproxy '' -x "http://$G4:8083" "http://[::1]:7070/"
check "none: and unspecified" code_is 403 --noproxy '' -x "http://$G4:8083" "http://0.0.0.0:7070/"
check "none: and mapped" code_is 403 --noproxy '' -x "http://$G4:8083" "http://[::ffff:127.0.0.1]:7070/"
check_eq "none: by CONNECT" 403 "$(in_client curl -s -m 20 -o /dev/null -w '%{http_connect}' -p -x "http://$G4:8083" "http://127.0.0.1:7070/")"
check "none: a route may lead there" code_is 200 -H "Host: own.example" "http://$G4:8083/"
check "none: others are allowed" code_is 200 --noproxy '' -x "http://$G4:8083" "http://$O4/whoami"
check_eq "each rule's decisions are counted" "bad 7 unread 2 there 3" "$(ctl rules | awk '$2 == "bad" || $2 == "there" || $2 == "unread" { printf "%s%s %s", sep, $2, $3; sep = " " }')"
check "all of them, with those that decided nothing" says "^ *#4 +one +1 .*client: " ctl rules all
rules <<-CONF
  - {deny: {destination: 127.0.0.2}}
  - {allow: {destination: 127.0.0.0/8, destination_port: 7070}}
  - {allow: all}
CONF
check "other rules" reload
check "none: a rule that names it allows it" code_is 200 --noproxy '' -x "http://$G4:8083" "http://127.0.0.1:7070/"
check "none: the log has the number of a rule without a name" logged 'port=none .*rule=#2$'
check "none: the first one that is about it decides" code_is 403 --noproxy '' -x "http://$G4:8083" "http://127.0.0.2:7070/"
check "none: a rule for all is not meant" code_is 403 --noproxy '' -x "http://$G4:8083" "http://127.0.0.1:7071/"
check "what was denied before is allowed now" code_is 200 -H "Host: a.bad.example" "$(at /whoami)"
end_job $own

# ---- many rules ----------------------------------------------------------------------------------

for ((i = 0; i < 10000; i++)); do echo "  - {deny: {host: \"*.host-$i.example\"}}"; done | rules
check "10,000 rules" reload
check "the first" code_is 403 -H "Host: a.host-0.example" "$(at /whoami)"
check "the last" code_is 403 -H "Host: a.b.HOST-9999.example" "$(at /whoami)"
check "none" code_is 200 -H "Host: host-5.example" "$(at /whoami)"
check "the log has its number" logged 'rule=#10000$'
check_eq "so have the counters" "#1 #10000 " "$(ctl rules | awk 'NR > 1 { printf "%s ", $1 }')"

echo "  - {bypass: all}" | rules
negate_shown() { ! in_gw "$TIPH_BUILD/tipharesd" --check -c "$LAB/tiphares.yaml" 2>&1; }
check "bypass is refused" says "access.bypass: a connection that was taken can't be given back" \
	negate_shown
finish
