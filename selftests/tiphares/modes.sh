#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The promise of each mode, on both ends, IPv4 and IPv6, in every way a client may ask.
#
#   client  ----  gateway                                   ----  origin
#                 full     :80 of the first origin
#                 inbound  :80 of the second, and :8000 by the short form
#                 outbound 8082, none 8083: asked by the client, for the first origin
. "$(dirname "$0")/proxy.inc"
real_curl=1
lab_up

# curl's idea of the other end of a connection that the proxy took: the answer says so, too
peer_is() {	# peer_is ADDRESS:PORT CURL ARGS
	local want="$1 via=1.1 tiphares" got; shift
	got=$(fetch -f -o /dev/null -w '%{remote_ip}:%{remote_port} via=%header{via}' "$@") || return 1
	[ "$got" = "$want" ] || { echo "the client's peer is $got, wanted $want"; return 1; }
}
asked_whoami() {	# LISTEN ADDRESS "WORDS" [CURL ARGS]
	local listen=$1 to=$2 words=$3 got; shift 3
	got=$(asked "$listen" "$to" /whoami -f "$@") || return 1
	case " $got " in *" $words "*) ;; *) echo "missing: $words"; echo "the origin saw: $got"; return 1 ;; esac
}

for to in "$O4" "$O6" "$O4B" "$O6B"; do
	check "without a proxy $to sees no Via" direct "$to" 80
done
check_not "without a proxy nobody takes it for intercepted" intercepted "$O4" 80

daemon_conf <<-CONF
	ports:
	  - name: full
	    listen: 8080
	    mode: full
	    match: {ports: [80], destinations: [$O4, "$O6"]}
	  - name: inbound
	    listen: 8081
	    mode: inbound
	    match: {ports: [80], destinations: [$O4B, "$O6B"]}
	  - {name: outbound, listen: 8082, mode: outbound}
	  - {name: none, listen: 8083, mode: none}
	routes:
	  - {host: www.lab.example, to: ["$O4:80"]}
	  - {host: six.lab.example, to: ["[$O6]:80"]}
CONF
check "the daemon starts" daemon_start || finish

for to in "$O4" "$O6"; do
	src=$(client_of "$to")
	check "full $to: the origin sees the client" intercepted "$to" 80 src="$src"
	check "full $to: the client sees the origin" peer_is "$to:80" "$(lab_url "$to" /whoami)"
	check "full $to: both ends by getpeername" says "peer=$to peerport=80 own=$src .*status=200 src=$src .*dst=$to dport=80 via=1.1" \
		probe peer "$to" 80
done
for to in "$O4B" "$O6B"; do
	src=$(gw_of "$to")
	check "inbound $to: the origin sees the gateway" intercepted "$to" 80 src="$src"
	check "inbound $to: the client sees the origin" peer_is "$to:80" "$(lab_url "$to" /whoami)"
	check "inbound $to: both ends by getpeername" says "peer=$to peerport=80 own=$(client_of "$to") .*status=200 src=$src .*dst=$to dport=80 via=1.1" \
		probe peer "$to" 80
done
for mode in outbound none; do
	listen=8082
	[ $mode = outbound ] || listen=8083
	for to in "$O4" "$O6"; do
		src=$(client_of "$to")
		[ $mode = outbound ] || src=$(gw_of "$to")
		via="$(lab_url "$(lan_of "$to")" /whoami $listen)"
		check "$mode $to: absolute-form, the origin sees $src" asked_whoami $listen "$to" "src=$src"
		check "$mode $to: it came through the proxy" asked_whoami $listen "$to" "via=1.1 tiphares"
		from=(--interface "$(client_of $to)")
		check "$mode $to: the client sees the gateway" peer_is "$(lan_of "$to"):$listen" \
			"${from[@]}" --noproxy '' -x "$(lab_url "$(lan_of "$to")" '' $listen)" "$(lab_url "$to" /whoami)"
		check "$mode $to: origin-form by Host" whoami_is "$via" src="$src" dst="$to" "via=1.1 tiphares" \
			-- "${from[@]}" -H "Host: $(of_family "$to" "$to" "[$to]")"
		check "$mode $to: CONNECT, then a request of the client's own" asked_whoami $listen "$to" "src=$src" -p
		check "$mode $to: a tunnel is not touched" asked_whoami $listen "$to" "via= xff=" -p
		check "$mode $to: the tunnel goes to the port that was asked for" says " src=$src .* dport=443 |^src=$src .* dport=443 " \
			fetch -f "${from[@]}" --noproxy '' -p -x "$(lab_url "$(lan_of "$to")" '' $listen)" "$(lab_url "$to" /whoami 443)"
	done
	check "$mode: a host of the routes" whoami_is "http://$G4:$listen/whoami" dst=$O4 host=www.lab.example \
		-- -H 'Host: www.lab.example'
	check "$mode: a host of the routes, IPv6" whoami_is "http://[$G6]:$listen/whoami" dst=$O6 host=six.lab.example \
		-- -H 'Host: six.lab.example'
	# asked to ask itself, it must not go in circles: an error, and only one
	check "$mode: the proxy does not ask itself" says '^(4|5)[0-9][0-9]$' \
		fetch -m 30 -o /dev/null -w '%{http_code}\n' --noproxy '' -x "http://$G4:$listen" "http://$G4:$listen/whoami"
done
check "the daemon ends" daemon_stop
check "without the daemon $O4 sees no Via again" direct "$O4" 80
check "without the daemon $O6B sees no Via again" direct "$O6B" 80

daemon_conf <<-CONF
	ports:
	  - "8088:>"
	  - {name: equals, listen: 8089, mode: "=", match: {ports: [8000]}}
	  - "8092:<"
	  - "8093:X"
CONF
check "the daemon starts with attributes for modes" daemon_start || finish
for to in "$O4" "$O6"; do
	check "8088:> $to is inbound" intercepted "$to" 80 src="$(gw_of "$to")"
	check "mode \"=\" $to is full" intercepted "$to" 8000 src="$(client_of "$to")"
	check "8092:< $to is outbound" asked_whoami 8092 "$to" "src=$(client_of "$to")"
	check "8093:X $to is none" asked_whoami 8093 "$to" "src=$(gw_of "$to")"
done
finish
