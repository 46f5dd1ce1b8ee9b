#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The end of a daemon: what has begun gets a moment, the last octets arrive, nothing new is taken, then nothing is left.
#
#   client: reads late, writes late  ----  gateway: SIGTERM  ----  origin
. "$(dirname "$0")/nft.inc"
nft_scenario
lab_up
# room for a whole answer in the proxy's socket
in_gw sysctl -qw net.ipv4.tcp_wmem="4096 2097152 4194304"
daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: closed, listen: 8081, mode: inbound, match: {ports: [8000]}, on_failure: closed}
	log: {access: {format: json, to: $LAB/access.log}}
CONF
host_state "$LAB/state.before"
# late read|write ADDRESS PORT: half of what has to be done, the rest when $LAB/go is there; the answer's octets
late() {
	in_client /usr/bin/python3 - "$LAB/go" "$@" <<-'PY'
		import os, socket, sys, time
		go, what, addr, port = sys.argv[1:]
		sock = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
		sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
		sock.settimeout(20)
		sock.connect((addr, int(port)))
		head = "Host: a\r\nConnection: close\r\n\r\n"
		if what == "read":
		    sock.sendall(f"GET /f/1M HTTP/1.1\r\n{head}".encode())
		else:
		    sock.sendall(f"POST /sink HTTP/1.1\r\nContent-Length: 2000\r\n{head}".encode() + bytes(1000))
		while not os.path.exists(go):
		    time.sleep(0.01)
		if what == "write":
		    sock.sendall(bytes(1000))
		answer = b""
		while more := sock.recv(65536):
		    answer += more
		head, _, body = answer.partition(b"\r\n\r\n")
		print(head.split(b"\r\n")[0].decode(), len(body), flush=True)
	PY
}
tell_to_end() {
	kill -TERM "$daemon_pid"
	wait_for 'grep -q draining "$LAB/daemon.log"' 20
}
begin() {
	rm -f "$LAB/go"
	: >"$LAB/access.log"
	: >"$LAB/daemon.log"
	check "$to: the daemon starts" daemon_start || finish
}
for to in $O4 $O6; do
	begin
	late read $to 80 >"$LAB/got" 2>&1 & reader=$!
	check "$to: an answer waits to be read" wait_for 'grep -q "\"GET /f/1M .*\"result\":\"ok\"" "$LAB/access.log"' 20
	worker=$(worker_pid)
	check "$to: the daemon is told to end" tell_to_end
	check "$to: the worker ends" wait_for "! kill -0 $worker" 20
	check "$to: the rules outlast it" is_installed
	touch "$LAB/go"
	wait $reader
	check_eq "$to: the answer arrives" "HTTP/1.1 200 OK 1048576" "$(cat "$LAB/got")"
	check "$to: the daemon ends" daemon_stop
	host_is "$LAB/state.before" "$to: nothing is left over"

	begin
	late write $to 8000 >"$LAB/got" 2>&1 & writer=$!
	check "$to: a request is under way" wait_for "ctl --json flows | in_json '[f[\"port\"] for f in j[\"flows\"]] == [\"closed\"]'" 20
	check "$to: the daemon is told to end" tell_to_end
	touch "$LAB/go"
	wait $writer
	check "$to: the request is answered" grep -q '^HTTP/1.1 200 OK ' "$LAB/got"
	check "$to: the daemon ends" daemon_stop
done

# somebody who reads for ever
begin
probe hold $O4 80 /slow/300M >"$LAB/hold" 2>&1 & held=$!
check "an endless download" wait_for 'grep -q octets= "$LAB/hold"' 20
check "it is told to end" tell_to_end
check "nothing new is taken" direct $O6 80
check "nor refused where a failure would be" direct $O4 8000
check "the daemon ends all the same" daemon_stop
wait $held
check "the download is seen to be incomplete" says 'end=ConnectionResetError' cat "$LAB/hold"
check "it is logged" says '"result":"shutdown"' cat "$LAB/access.log"
host_is "$LAB/state.before" "nothing is left over"
finish
