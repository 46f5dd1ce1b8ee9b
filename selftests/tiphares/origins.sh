#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where requests go that no original destination decides: names, several addresses, addresses that do not answer, and
# servers of names that do not. And that none of that is anything to intercepted connections.
#
#   client  ----  gateway                             ----  origin
#                 full :80                                  nginx on .10; .11 refuses on 8001, .12 drops on 80
#                 none 8083, outbound 8084, asked           dns.py on 5300, nobody answers on 5399
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
nft_drop='table inet lost { chain input { type filter hook input priority 0; policy accept; ip daddr '$O4C' tcp dport 80 drop; ip6 daddr '$O6C' tcp dport 80 drop; udp dport 5399 drop; }; }'
in_origin nft "$nft_drop" || die_lab "no way to lose packets"
in_origin python3 "$(dirname "$0")/dns.py" $O4 5300 "$LAB/dns.log" one.example=$O4 six.example=$O6 both.example=$O6,$O4 "none.example=" short.example=$O4@1 \
	lost.example=$O6C,$O4 lost4.example=$O4C,$O4B,$O4 refused.example=$O4B,$O4 alllost.example=$O4C,$O6C >"$LAB/dns.out" 2>&1 </dev/null &
wait_for "grep -q ready $LAB/dns.log" 15 || die_lab "no server of names: $(cat "$LAB/dns.out")"
in_origin nft "add rule inet lost input ip daddr $O4B tcp dport 8000 reject with tcp reset" || die_lab "no way to refuse"

conf() {	# DNS SERVER PORT
	daemon_conf <<-CONF
		workers: 1
		ports:
		  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
		  - {name: none, listen: 8083, mode: none}
		  - {name: out, listen: 8084, mode: outbound}
		routes:
		  - {host: two.example, to: ["$O4B:8000", "$O4:8000"]}
		  - {host: mixed.example, to: ["[$O6B]:8999", "$O4B:8000", "[$O6]:8000"]}
		  - {host: gone.example, to: ["$O4B:8000", "$O4B:8999"]}
		resolver: {servers: ["$O4:$1"], timeout: 3s}
		http: {connect_timeout: 40s}
	CONF
}
conf 5300
check "the daemon starts" daemon_start || finish

# ---- names ---------------------------------------------------------------------------------------

via() {	# LISTEN NAME [CURL ARGS]: asked as a proxy
	fetch --noproxy '' --interface "$C4" -x "http://$G4:$1" -w '\n%{http_code}\n' "http://$2/whoami" "${@:3}"
}
via6() { fetch --noproxy '' --interface "$C6" -x "http://[$G6]:$1" -w '\n%{http_code}\n' "http://$2/whoami" "${@:3}"; }
questions() { grep -c "^$1 " "$LAB/dns.log"; }
check "a name is looked up" says "dst=$O4 " via 8083 one.example
check "case and root are no other name" says "dst=$O4 " via 8083 ONE.example.
check_eq "and asked for once: A and AAAA" 2 "$(questions one.example)"
check "an IPv6 name" says "dst=$O6 " via 8083 six.example
check "from the client's address: the family of the client counts" says "src=$C4 .*dst=$O4 " via 8084 both.example
check "the same, IPv6" says "src=$C6 .*dst=$O6 " via6 8084 both.example
check "a name that is not there" says '^502$' via 8083 nowhere.example
was=$(questions nowhere.example)
check "is remembered not to be" says '^502$' via 8083 nowhere.example
check_eq "and not asked for again" "$was" "$(questions nowhere.example)"
check "a name without an address" says '^502$' via 8083 none.example
check "a name that lives for a second" says "dst=$O4 " via 8083 short.example
again() { via 8083 short.example >/dev/null; [ "$(questions short.example)" -gt 2 ]; }
check "is asked for again" wait_for again 15

# ---- addresses that do not work ------------------------------------------------------------------

counted() { counter "" "$1"; }
was=$(counted upstream_connect_errors)
check "an address that loses packets is not waited for" says "dst=$O4 " via 8083 lost.example
check "nor are two" says "dst=$O4(B|) |dst=$O4B " via 8083 lost4.example
check_eq "they have not failed, they were left" "$was" "$(counted upstream_connect_errors)"
check_eq "none has run into its time" 0 "$(counted timeouts_connect)"
check "CONNECT races as well" says "dst=$O4 .*" via 8083 lost.example -p --proxy-header "X-A: b"
check "a refused one gives way to the next" says "dst=$O4 " fetch --interface "$C4" -H "Host: two.example" "http://$G4:8083/whoami"
was=$(counted upstream_connect_errors)
for n in 1 2 3 4; do
	check "and is not asked again at once, $n" says "dst=$O4 " fetch --interface "$C4" -H "Host: two.example" -H "Connection: close" "http://$G4:8083/whoami"
done
check "which spares errors" test "$(($(counted upstream_connect_errors) - was))" -le 2
check "and is counted" test "$(counted upstream_addresses_avoided)" -ge 1
check "the third of three, in another family" says "dst=$O6 " fetch --interface "$C4" -H "Host: mixed.example" "http://$G4:8083/whoami"
check_eq "none works: 502" 502 "$(fetch --interface "$C4" -o /dev/null -w '%{http_code}' -H "Host: gone.example" "http://$G4:8083/whoami")"
in_origin nft flush table inet lost
works() { fetch --interface "$C4" -H "Host: two.example" -H "Connection: close" "http://$G4:8083/whoami" | grep -q "dst=$O4B "; }
check "an address that works again is used again" wait_for works 60
in_origin nft delete table inet lost; in_origin nft "$nft_drop"

# ---- no server of names --------------------------------------------------------------------------

conf 5399
was=$(ctl --json status | sed -n 's/.*"reloads": \([0-9]*\).*/\1/p')
check "a server that never answers" eval "ctl reload && wait_for '[ \"\$(ctl --json status | sed -n \"s/.*\\\"reloads\\\": \\([0-9]*\\).*/\\1/p\")\" -gt $was ]' 20"
cat >"$LAB/waiting.py" <<'PY'
import socket, sys
proxy, count = (sys.argv[1], 8083), int(sys.argv[2])
socks = []
for n in range(count):
    sock = socket.create_connection(proxy, 20)
    sock.sendall(f"GET http://silent{n}.example/ HTTP/1.1\r\nHost: silent{n}.example\r\n\r\n".encode())
    socks.append(sock)
print("asked", flush=True)
statuses = [sock.recv(4096).split()[1].decode() for sock in socks]
print(" ".join(sorted(set(statuses))), flush=True)
PY
in_client python3 "$LAB/waiting.py" $G4 300 >"$LAB/waiting.out" 2>&1 </dev/null & waiting=$!
resolving() { ctl --json flows | grep -c '"state": "resolve"'; }
check "300 requests wait for names" wait_for '[ "$(resolving)" = 300 ]' 20
check "an intercepted connection does not" intercepted $O4 80
check "nor does IPv6" intercepted $O6 80
check "nor one by number" says "dst=$O4 " via 8083 $O4
check "nor one by a route" says "dst=$O4" fetch --interface "$C4" -H "Host: two.example" "http://$G4:8083/whoami"
check "they were waiting all the while" test "$(resolving)" -ge 200
wait $waiting
check_eq "all of them are told in the end" "asked 504" "$(tr '\n' ' ' <"$LAB/waiting.out" | sed 's/ $//')"
check "their time is counted" test "$(counted timeouts_resolve)" -ge 300
finish
