#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# limits.memory: clients that never finish their requests fill it; nobody new is served then, but intercepted
# connections go straight to the origin, and the process stays as small as it was told to.
#
#   client  ----  gateway                    ----  origin
#                 full :80    none 8083, asked
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
LIMIT=$((16 << 20))
daemon_conf <<-CONF
	workers: 1
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: none, listen: 8083, mode: none}
	http: {header_timeout: 300s, header_limit: 64KiB}
	limits: {memory: 16MiB}
CONF
check "the daemon starts" daemon_start || finish
check "a connection is intercepted" intercepted $O4 80
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(worker_pid)/status"; }
was=$(resident)
cat >"$LAB/fill.py" <<'PY'
import os, socket, sys, time
proxy, go = (sys.argv[1], 8083), sys.argv[2]
held = []
for _ in range(400):
    sock = socket.create_connection(proxy, 60)
    try:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"b" * 60000)
    except OSError:
        pass
    held.append(sock)
print("asked", flush=True)
while not os.path.exists(go):
    time.sleep(0.05)
PY
in_client python3 "$LAB/fill.py" $G4 "$LAB/go" >"$LAB/fill.out" 2>&1 </dev/null & fill=$!
refused() { [ "$(counter "" sessions_refused_memory)" -ge "${1:-1}" ]; }
check "400 clients want 25 MiB: some are refused" wait_for 'refused 50' 60
check "others are held" eval '[ "$(ctl --json flows | grep -c "\"client\":")" -ge 150 ]'
check "tipharesctl says that there is an overload" eval '[ "$(counter "" overloaded)" = 1 ]'
check "an intercepted connection is forwarded" wait_for 'direct $O4 80' 30
check "the same, IPv6" wait_for 'direct $O6 80' 30
check "who asks the proxy is refused" negate fetch -m 10 --noproxy '' -x "http://$G4:8083" "http://$O4/whoami"
check "the process did not grow by more than the limit and a little" test $((($(resident) - was) * 1024)) -lt $((LIMIT + (8 << 20)))
touch "$LAB/go"; wait $fill
check "when they are gone, connections are intercepted again" wait_for 'intercepted $O4 80' 60
check "and the proxy serves who asks it" says "dst=$O4 " fetch --noproxy '' -x "http://$G4:8083" "http://$O4/whoami"
check "all the while it was one process" test "$(ctl --json status | sed -n 's/.*"worker_restarts": \([0-9]*\).*/\1/p')" = 0
finish
