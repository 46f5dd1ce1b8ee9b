#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The PROXY protocol: senders in front of an intercepting port and of one that is asked, what counts as the client then,
# and routes that announce the client to nginx.
#
#   client                       gateway                                   origin
#   .10, .11 send headers  ----  in    :80 :8000 :443 inbound, auto  ----  nginx: 80, 8000
#   .12 does not                 none  8083, asked                         nginx with proxy_protocol: 8180
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
raw() { in_client python3 "$(dirname "$0")/tls.py" raw "$@"; }
NAMED4=192.0.2.7 NAMED6=2001:db8::7
S4=${CLIENT4[1]} S6=${CLIENT6[1]} D4=${CLIENT4[2]} D6=${CLIENT6[2]}

mkdir -p "$LAB/announced"
cat >"$LAB/announced.conf" <<-CONF
	user root;
	daemon off;
	pid $LAB/announced/nginx.pid;
	error_log $LAB/announced/error.log warn;
	events { worker_connections 256; }
	http {
		access_log off;
		client_body_temp_path $LAB/announced/body; proxy_temp_path $LAB/announced/proxy; fastcgi_temp_path $LAB/announced/fastcgi;
		uwsgi_temp_path $LAB/announced/uwsgi; scgi_temp_path $LAB/announced/scgi;
		server {
			listen 8180 proxy_protocol; listen [::]:8180 proxy_protocol;
			default_type text/plain;
			location / { return 200 "for=\$proxy_protocol_addr to=\$proxy_protocol_server_addr toport=\$proxy_protocol_server_port conn=\$connection nth=\$connection_requests \n"; }
		}
	}
CONF
in_origin nginx -c "$LAB/announced.conf" -e "$LAB/announced/error.log" >"$LAB/announced/out" 2>&1 </dev/null &
wait_for "[ \$(in_origin ss -Hltn 'sport = :8180' | wc -l) -ge 2 ]" 15 || die_lab "no origin for headers: $(cat "$LAB/announced/out")"

daemon_conf <<-CONF
	ports:
	  - {name: in, listen: 8080, mode: inbound, protocol: auto, match: {ports: [80, 8000, 443]}, proxy_protocol: ["$C4", "$S4", "$C6", "$S6"]}
	  - {name: none, listen: 8083, mode: none, proxy_protocol: ["$S4/32", "$S6/128"]}
	routes:
	  - {host: one.example, to: ["$O4:8180"], proxy_protocol: v1}
	  - {host: two.example, to: ["$O4:8180"], proxy_protocol: v2}
	  - {host: six.example, to: ["[$O6]:8180"], proxy_protocol: v2}
	access: [{deny: {client: [192.0.2.66, "2001:db8::66"]}}]
	http: {forwarded: x-forwarded-for}
	limits: {per_client: 2}
CONF
check "the daemon starts" daemon_start || finish
check "tipharesctl shows the senders" says "none .* $S4/?3?2?,$S6" ctl ports
check "a port that spoofs takes no header" says "ports.proxy_protocol can't be used where the mode is full" \
	eval 'printf "ports: [{listen: 1, mode: full, match: {ports: [80]}, proxy_protocol: [10.0.0.1]}]" >"$LAB/bad.yaml"; ! "$TIPH_BUILD/tipharesd" --check -c "$LAB/bad.yaml" 2>&1'

# ---- received ------------------------------------------------------------------------------------

# request FROM TO PORT HEADER [HOST]: what came back
request() { raw --bind "$1" "$2" "$3" "text:$4GET /whoami HTTP/1.1\r\nHost: ${5:-$(of_family "$2" "$2" "[$2]")}\r\nConnection: close\r\n\r\n"; }
check "curl's header on an intercepted connection" says "xff=$C4 " fetch --haproxy-protocol "$(lab_url $O4 /whoami)"
check "the same, IPv6" says "xff=$C6 " fetch --haproxy-protocol "$(lab_url $O6 /whoami)"
check "the client is who the header names" says "src=${GW4}_.*xff=${NAMED4}_" request "$S4" $O4 80 "PROXY TCP4 $NAMED4 203.0.113.1 4711 80\r\n"
check "the same, IPv6" says "src=${GW6}_.*xff=${NAMED6}_" request "$S6" $O6 80 "PROXY TCP6 $NAMED6 2001:db8::1 4711 80\r\n"
check "the original destination counts, not the one named" says "dst=${O4B}_dport=8000_.*xff=${NAMED4}_" request "$S4" $O4B 8000 "PROXY TCP4 $NAMED4 $O4 4711 80\r\n"
check "rules look at the client who is named" says "text=HTTP/1.1_403" request "$S4" $O4 80 "PROXY TCP4 192.0.2.66 203.0.113.1 4711 80\r\n"
check "the same, IPv6" says "text=HTTP/1.1_403" request "$S6" $O6 80 "PROXY TCP6 2001:db8::66 2001:db8::1 4711 80\r\n"
check "the log has the client" wait_for "daemon_log | grep -q '^$NAMED4 .*port=in'" 10
check "a sender without a header is reset" says "octets=0 end=reset" request "$S4" $O4 80 ""
check "others need none" says "xff=${D4}_" request "$D4" $O4 80 ""
check "others need none, IPv6" says "xff=${D6}_" request "$D6" $O6 80 ""
check "and may not have one" says "end=(eof|reset)" request "$D4" $O4 80 "PROXY TCP4 $NAMED4 203.0.113.1 4711 80\r\n"
check "their header is not believed" negate eval "daemon_log | grep -q '^$NAMED4 .*$D4'"
hello=$(python3 "$(dirname "$0")/tls.py" hello named.example)
check "behind a header may be TLS" raw --bind "$S4" $O4 443 "text:PROXY UNKNOWN\r\n" "hex:$hello" answer:1 close
check "its name is in the log" wait_for "daemon_log | grep -q 'port=in .* sni=named.example '" 10
check "none: the client is who the header names" says "xff=${NAMED4}_" request "$S4" $G4 8083 "PROXY TCP4 $NAMED4 203.0.113.1 4711 80\r\n" "$O4"
check "none: the same, IPv6" says "xff=${NAMED6}_" request "$S6" $G6 8083 "PROXY TCP6 $NAMED6 2001:db8::1 4711 80\r\n" "[$O6]"
check "headers are counted" test "$(counter "" proxy_headers)" -ge 8
check "so are those that did not come" test "$(counter "" proxy_headers_refused)" -ge 1

# a sender may have as many connections as there are clients, a client not more than its share
hold=()
for i in 1 2 3; do
	raw --bind "$S4" $G4 8083 "text:PROXY TCP4 192.0.2.$((100 + i)) 203.0.113.1 4711 80\r\n" "wait:$LAB/go" close >"$LAB/hold-$i" & hold+=($!)
done
check "a sender is not limited as a client" wait_for "flows_are 3" 20
for i in 1 2; do
	raw --bind "$S4" $G4 8083 "text:PROXY TCP4 192.0.2.99 203.0.113.1 4711 80\r\n" "wait:$LAB/go" close >"$LAB/hold-9$i" & hold+=($!)
done
check "a client may have two" wait_for "flows_are 5" 20
check "but not three" says "octets=0 end=reset" request "$S4" $G4 8083 "PROXY TCP4 192.0.2.99 203.0.113.1 4711 80\r\n" "$O4"
check "which is counted" test "$(counter "" sessions_refused_per_client)" -ge 1
touch "$LAB/go"
for job in "${hold[@]}"; do wait "$job"; done

# ---- sent ----------------------------------------------------------------------------------------

through() { fetch --interface "$(client_of "$2")" -H "Host: $1" "$(lab_url "$2" / 8083)" "${@:3}"; }
check "v1 tells nginx the client and where it went" says "^for=$C4 to=$G4 toport=8083 " through one.example $G4
check "v1 of an IPv6 client to an IPv4 origin" says "^for=$C6 to=$G6 toport=8083 " through one.example $G6
check "v2" says "^for=$C4 to=$G4 toport=8083 " through two.example $G4
check "v2, IPv6" says "^for=$C6 to=$G6 toport=8083 " through six.example $G6
check "what was received is passed on" says "for=${NAMED4}_to=203.0.113.1_toport=88_" \
	request "$S4" $G4 8083 "PROXY TCP4 $NAMED4 203.0.113.1 4711 88\r\n" two.example
check "two clients get two connections" test "$(for n in 1 2; do through one.example $G4; done | sed 's/.* conn=\([0-9]*\) .*/\1/' | sort -u | wc -l)" = 2
printf 'url = "%s"\n' "$(lab_url $G4 / 8083)" "$(lab_url $G4 / 8083)" "$(lab_url $G4 / 8083)" >"$LAB/three"
check_eq "one client's requests share theirs" "nth=1 nth=2 nth=3 " "$(fetch -H 'Host: one.example' -K "$LAB/three" | grep -o 'nth=[0-9]*' | tr '\n' ' ')"
finish
