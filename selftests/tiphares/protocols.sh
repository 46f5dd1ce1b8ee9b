#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ports that are not HTTP alone: tls reads a ClientHello and relays, auto tells by the first octets, tcp relays.
#
#   client  ----  gateway                                           ----  origin
#                 tls     :8443 full    :9443 inbound                     nginx with TLS on 8443, 9443
#                 auto    :80 :7002-7005 :8444 full   :8000 inbound       plain on 80, 8000; TLS on 8444
#                 tcp     :7001 full                                      probe.py's servers on 7001 to 7005
#                 asked by the client: tls 8445 none, 8446 outbound; auto 8447 none
. "$(dirname "$0")/proxy.inc"
lab_up
tls() { in_client python3 "$(dirname "$0")/tls.py" "$@"; }
hello() { python3 "$(dirname "$0")/tls.py" hello "$@"; }
NAME=www.tls.example
octets=$(hello $NAME)	# of a ClientHello, in hexadecimal

# the origin's own certificate, which nobody else has the key of
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$NAME" -addext "subjectAltName=DNS:$NAME,DNS:other.tls.example" \
	-keyout "$LAB/key.pem" -out "$LAB/cert.pem" 2>"$LAB/openssl.out" || die_lab "no certificate: $(cat "$LAB/openssl.out")"
seal=$(openssl x509 -in "$LAB/cert.pem" -outform DER | sha256sum | cut -d ' ' -f 1)
mkdir -p "$LAB/tls"
cat >"$LAB/tls.conf" <<-CONF
	user root;
	daemon off;
	pid $LAB/tls/nginx.pid;
	error_log $LAB/tls/error.log warn;
	events { worker_connections 1024; }
	http {
		access_log off;
		client_body_temp_path $LAB/tls/body; proxy_temp_path $LAB/tls/proxy; fastcgi_temp_path $LAB/tls/fastcgi;
		uwsgi_temp_path $LAB/tls/uwsgi; scgi_temp_path $LAB/tls/scgi;
		ssl_certificate $LAB/cert.pem;
		ssl_certificate_key $LAB/key.pem;
		server {
			listen 8443 ssl http2; listen [::]:8443 ssl http2;
			listen 9443 ssl http2; listen [::]:9443 ssl http2;
			listen 8444 ssl http2; listen [::]:8444 ssl http2;
			default_type text/plain;
			root $TIPH_BUILD/www;
			location /f/ { }
			location / { return 200 "src=\$remote_addr dst=\$server_addr dport=\$server_port proto=\$server_protocol sni=\$ssl_server_name via=\$http_via \n"; }
		}
	}
CONF
in_origin nginx -c "$LAB/tls.conf" -e "$LAB/tls/error.log" >"$LAB/tls/out" 2>&1 </dev/null &
wait_for "[ \$(in_origin ss -Hltn 'sport = :8443 or sport = :9443 or sport = :8444' | wc -l) -ge 6 ]" 15 || die_lab "no TLS origin: $(cat "$LAB/tls/out")"
lab_serve echo 7001 --file "$LAB/peers-7001"
lab_serve banner 7002 --file "$LAB/peers-7002"
lab_serve echo 7003
lab_serve late 7004
lab_serve silent 7005

daemon_conf <<-CONF
	ports:
	  - {name: tls, listen: 8080, mode: full, protocol: tls, match: {ports: [8443, 8000]}}
	  - {name: tls-in, listen: 8081, mode: inbound, protocol: tls, match: {ports: [9443]}}
	  - {name: auto, listen: 8082, mode: full, protocol: auto, match: {ports: [80, 7002, 7003, 7004, 7005, 8444]}}
	  - {name: auto-in, listen: 8083, mode: inbound, protocol: auto, match: {ports: [443]}}
	  - {name: tcp, listen: 8084, mode: full, protocol: tcp, match: {ports: [7001]}}
	  - {name: tls-none, listen: 8445, mode: none, protocol: tls}
	  - {name: tls-out, listen: 8446, mode: outbound, protocol: tls}
	  - {name: auto-none, listen: 8447, mode: none, protocol: auto}
	routes: [{host: $NAME, to: ["$O4:8443"]}, {host: six.tls.example, to: ["[$O6]:8443"]}]
	resolver: {timeout: 1s}
	http: {header_timeout: 2s}
CONF
check "the daemon starts" daemon_start || finish

# ---- tls -----------------------------------------------------------------------------------------

https() {	# ADDRESS PORT PATH CURL ARGS: the name leads to the address, the certificate must be the origin's
	local to=$1 port=$2 path=$3; shift 3
	fetch -f --cacert "$LAB/cert.pem" --resolve "$NAME:$port:$(of_family "$to" "$to" "[$to]")" "$@" "https://$NAME:$port$path"
}
logged() { wait_for "daemon_log | grep -qE -- $(printf %q "$1")" 10 "$1 in the access log"; }
grown() { local was=$1; shift; [ "$(counter "$@")" -gt "$was" ] || { echo "$*: still $was"; return 1; }; }
seal_is() {	# ADDRESS PORT: who is it that the client talks to?
	local got
	got=$(in_client openssl s_client -connect "$(of_family "$1" "$1" "[$1]"):$2" -servername $NAME </dev/null 2>/dev/null |
		openssl x509 -outform DER | sha256sum | cut -d ' ' -f 1)
	[ "$got" = "$seal" ] || { echo "the certificate is $got, wanted $seal"; return 1; }
}
same_https() {	# ADDRESS PORT
	https "$1" "$2" /f/1M --http1.1 | cmp - "$TIPH_BUILD/www/f/1M"
}

for to in $O4 $O6; do
	src=$(client_of $to)
	check "tls, full, $to: the origin sees the client, and nothing in between" says "^src=$src dst=$to dport=8443 proto=HTTP/2.0 sni=$NAME via= " https $to 8443 /
	check "tls, full, $to: HTTP/1.1" says "^src=$src .*proto=HTTP/1.1 sni=$NAME via= " https $to 8443 / --http1.1
	check "tls, full, $to: the certificate is the origin's" seal_is $to 8443
	check "tls, inbound, $to: the origin sees the gateway" says "^src=$(gw_of $to) dst=$to dport=9443 proto=HTTP/2.0 sni=$NAME " https $to 9443 /
	check "tls, inbound, $to: the certificate is the origin's" seal_is $to 9443
	check "tls, $to: 1 MiB" same_https $to 8443
	check "tls, $to: TLS 1.2" says "sni=$NAME" https $to 8443 / --tls-max 1.2
	check "tls, $to: no name" says "src=$src .* sni= " fetch -fk "$(lab_url $to / 8443 | sed s/http/https/)"
done
check "in the access log: version, name, protocols" logged "port=tls .*result=tunnel rule=- tls=TLSv1.3 sni=$NAME alpn=h2,http/1.1 ech=0"
check "in the access log: TLS 1.2" logged "port=tls .* tls=TLSv1.2 sni=$NAME "
check "in the access log: no name" logged "port=tls .* tls=TLSv1.3 sni=- "
check "in the access log: the original destination" logged "port=tls-in .* original=$O4:9443 source=$GW4:[0-9]+ upstream=$O4:9443 .* sni=$NAME"

for records in 1 3 100; do
	check "a hello in records of $records octets" says "seal=$seal src=$C4 .*sni=$NAME" tls get $O4 8443 / --name $NAME --records $records
done
check "a hello octet by octet" says "seal=$seal src=$C4 .*sni=$NAME" tls get $O4 8443 / --name $NAME --pieces 1
check "records of one octet in segments of seven" says "seal=$seal src=$C6 .*sni=$NAME" tls get $O6 8443 / --name $NAME --records 1 --pieces 7
check "a name in capitals" says "seal=$seal" tls get $O4 8443 / --name WWW.TLS.Example
check "is logged in lower case" logged "port=tls .* sni=$NAME alpn=http/1.1 ech=0"

was=$(counter "" tls_refused)
check "what is not TLS is refused" says "octets=0 end=reset" tls raw $O4 8443 'text:GET / HTTP/1.1\r\nHost: a\r\n\r\n'
check "and counted" grown "$was" "" tls_refused
check "and logged" logged 'port=tls .*result=not_tls '
check "at the first octet" says "octets=0 end=reset" tls raw $O4 8443 text:G
check "a hello that lies about its length" says "octets=0 end=reset" tls raw $O4 8443 hex:1603010005010000000303
check "is called bad" logged 'port=tls .*result=bad_hello '
was=$(counter "" timeouts_header)
check "half a hello has its time" says "octets=0 end=reset" tls raw $O4 8443 "hex:${octets:0:200}"
check "which is logged" logged 'port=tls .*result=hello_timeout '
check "a client that says nothing has it, too" says "octets=0 end=eof" tls raw $O4 8443
check "both are counted" grown $((was + 1)) "" timeouts_header
check "a client that says nothing and goes" says "octets=0 end=eof" tls raw $O4 8443 fin
origin_mark
check "plain HTTP to a port of TLS never reaches the origin" says "octets=0 end=reset" tls raw $O4 8000 'text:GET /whoami HTTP/1.1\r\nHost: a\r\n\r\n'
check_eq "nothing at the origin" "" "$(origin_log)"

# by the name, where there is no original destination
check "tls, none: by the name's route" says "^src=$GW4 dst=$O4 dport=8443 .*sni=$NAME" https $G4 8445 /
check "tls, none: IPv6 to IPv6" says "src=$GW6 dst=$O6 dport=8443 .*sni=six.tls.example" tls get $G4 8445 / --name six.tls.example --bind "$C4"
check "tls, outbound: by the name's route" says "src=$C4 dst=$O4 dport=8443 .*sni=$NAME" tls get $G4 8446 / --name $NAME --bind "$C4"
check_not "tls, none: no name, no way" tls get $G4 8445 /
check "which is logged" logged 'port=tls-none .*result=no_route '
check_not "tls, none: a name that nobody knows" tls get $G4 8445 / --name nobody.invalid
check "which is logged" logged 'port=tls-none .*result=(no_such_host|resolve_[a-z]+) '

# ---- tcp -----------------------------------------------------------------------------------------

for to in $O4 $O6; do
	check "tcp, $to: octets both ways, and the end" says "text=abc octets=3 end=eof" tls raw $to 7001 text:abc answer:3 fin
done
check "tcp: the origin sees the client" grep -q "src=$C4 " "$LAB/peers-7001"

# ---- auto ----------------------------------------------------------------------------------------

for to in $O4 $O6; do
	src=$(client_of $to)
	check "auto, $to: HTTP is read" intercepted $to 80 src="$src"
	check "auto, inbound, $to: HTTP is read" intercepted $to 443 src="$(gw_of $to)"
	check "auto, $to: TLS is relayed" says "src=$src dst=$to dport=8444 proto=HTTP/2.0 sni=$NAME via= " https $to 8444 /
	check "auto, $to: POST of 1 MiB" says "len=1048576 " fetch -f -H Expect: --data-binary @"$TIPH_BUILD/www/f/1M" "$(lab_url $to /sink)"
done
check "auto: TLS is logged as such" logged "port=auto .*tls=TLSv1.3 sni=$NAME "
check "auto: a request octet by octet" says "1\.1_tiphares" \
	tls raw $O4 80 text:G text:E text:T 'text: /whoami' 'text: HTTP/1.1\r' 'text:\nHost: a\r\n' 'text:Connection: close\r\n\r\n'
check "auto: CONNECT opens nothing on an intercepting port" says "text=HTTP/1.1_403" tls raw $O4 80 'text:CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n' answer:12 close

was=$(counter "" sniffed_silent)
for to in $O4 $O6; do
	check "auto, $to: a server that speaks first" says "text=220_ready__abc octets=14 end=eof" tls raw $to 7002 answer:11 text:abc answer:14 fin
done
check_eq "auto: it was waited for once" $((was + 2)) "$(counter "" sniffed_silent)"
# each thread remembers by itself: after as many as there are threads none waits
remembered() {
	local n before
	for ((n = 0; n < 64; n++)); do
		before=$(counter "" sniffed_silent)
		says "octets=11" tls raw $O4 7002 answer:11 close || return 1
		[ "$(counter "" sniffed_silent)" != "$before" ] || return 0
	done
	echo "still waited for after $n connections"
	return 1
}
check "auto: a server that speaks first is remembered" remembered
check "auto: and one that is, is relayed as ever" says "text=220_ready__abc octets=14 end=eof" tls raw $O4 7002 answer:11 text:abc answer:14 fin
check "auto: the origin sees the client" grep -q "src=$C4 " "$LAB/peers-7002"

was=$(counter "" sniffed_other)
check "auto: SSH, the client speaks first" says "text=SSH-2.0-x__ octets=11 end=eof" tls raw $O4 7003 'text:SSH-2.0-x\r\n' answer:11 fin
check "auto: octets of all kinds" says "got=00ff160d0a80 " tls raw $O4 7003 hex:00ff160d0a80 answer:6 fin
check "auto: one octet, then others" says "text=_abc octets=4 end=eof" tls raw $O4 7003 hex:01 answer:1 text:abc answer:4 fin
check "auto: another protocol's request line" says "octets=29 end=eof" tls raw $O4 7003 'text:OPTIONS rtsp://a/b RTSP/1.0\r\n' answer:29 fin
check "auto: HTTP/2 in the clear is not for us" says "octets=24 end=eof" tls raw $O4 7003 'text:PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' answer:24 fin
check "auto: they are counted" grown $((was + 4)) "" sniffed_other
check "auto: octets and an end at once" says "text=_x octets=2 end=eof" tls raw $O6 7003 'hex:0178' fin
check "auto: an end and no octet: the server answers" says "octets=10486[0-9][0-9] end=eof" tls raw $O4 7004 fin
check "auto: an HTTP client that closes its half" says "status=200 .*end=eof" probe half $O4 80 /f/1M
check "auto: a client that closes its half, IPv6" says "octets=10486[0-9][0-9] end=eof" tls raw $O6 7004 'hex:00' fin

# A browser connects ahead of need: the origin is connected to, but the request is read.
state_is() { ctl --json flows | in_json "[f for f in j['flows'] if f['state'] == '$1' and f['destination'].endswith(':$2')]"; }
slow() {	# FILE PARTS: a client that says nothing till FILE exists
	local go=$1 n; shift
	rm -f "$go"
	tls raw "$@" >"$LAB/slow.out" & slow_pid=$!
}
slow "$LAB/go" $O4 80 "wait:$LAB/go" 'text:GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
check "auto, a slow client: its origin is connected to" wait_for "state_is silent 80" 20
origin_mark
touch "$LAB/go"
wait $slow_pid
check "auto, a slow client: its request is read" grep -q 'via=1.1_tiphares' "$LAB/slow.out"
check_eq "auto, a slow client: on the connection that was made" 1 "$(origin_log | grep -c ' nth=1 ')"
slow "$LAB/go" $O4 8444 "wait:$LAB/go" "hex:$octets" answer:100 close
check "auto, a slow client of TLS: its origin is connected to" wait_for "state_is silent 8444" 20
touch "$LAB/go"
wait $slow_pid
check "auto, a slow client of TLS: the server answers" grep -qE '^got=160303' "$LAB/slow.out"
check "auto, a slow client of TLS: its hello is read" logged "port=auto .* original=$O4:8444 .* tls=TLSv1.3 sni=$NAME alpn=http/1.1 "
slow "$LAB/go" $O4 7003 "wait:$LAB/go" "text:QUIT\r\n" answer:6 fin
check "auto, a slow client of something else: its origin is connected to" wait_for "state_is silent 7003" 20
touch "$LAB/go"
wait $slow_pid
check "auto, a slow client of something else: the server answers" grep -q 'text=QUIT__ octets=6 end=eof' "$LAB/slow.out"
check "auto: who says nothing and goes" says "octets=0 end=closed" tls raw $O4 7005 close

# what began like HTTP or TLS does not get through by going on slowly
check "auto: half a method has its time" says "text=HTTP/1.1_408" tls raw $O4 80 text:GE answer:12 close
check "auto: half a hello has its time" says "octets=0 end=reset" tls raw $O4 8444 "hex:${octets:0:60}"
check "auto: a broken hello is refused" says "octets=0 end=reset" tls raw $O4 8444 hex:1603010005010000000303

origin_mark
check "auto, none: HTTP by the name" whoami_is "$(lab_url $G4 /whoami 8447)" src=$GW4 dst=$O4 "via=1.1 tiphares" -- --interface "$C4" -H "Host: $O4"
check "auto, none: TLS by the name's route" says "src=$GW4 dst=$O4 dport=8443 .*sni=$NAME" tls get $G4 8447 / --name $NAME
check "auto, none: something else has nowhere to go" says "octets=0 end=reset" tls raw $G4 8447 'text:SSH-2.0-x\r\n'
check "auto, none: nor has silence" says "octets=0 end=eof" tls raw $G4 8447
finish
