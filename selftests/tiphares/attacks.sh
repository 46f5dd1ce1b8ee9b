#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Clients that want to use the proxy up: one that opens everything, slow heads, endless heads, a flood of SYNs. Memory
# stays bounded, other clients are served all the while, and each attack is visible in a counter of its own.
#
#   attackers: the client's addresses but the last  ----  gateway, full on :80  ----  origin
#   everybody else: the last one                          per_client 40
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
# a backlog that a flood of a moment fills
in_gw sysctl -qw net.ipv4.tcp_syncookies=1 net.core.somaxconn=$(by_size 256 128)
daemon_conf <<-CONF
	workers: 2
	limits: {per_client: 40, sessions: 2000, memory: 32MiB}
	http: {header_timeout: $(by_size 3s 10s), header_limit: 16KiB}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
CONF
check "the daemon starts" daemon_start || finish
worker=$(worker_pid)
last4=${CLIENT4[-1]} last6=${CLIENT6[-1]}
rss() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$worker/status"; }
quiet=$(rss)

# attack KIND ADDRESS PORT NUMBER FROM...: connections from each; ends when the proxy has closed them all
cat >"$LAB/attack.py" <<'PY'
import select, socket, sys, time
kind, to, port, number = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in to else socket.AF_INET
poll, open_ = select.poll(), {}
for source in sys.argv[5:]:
    for _ in range(number):
        s = socket.socket(family)
        s.bind((source, 0))
        try:
            s.connect((to, port))
        except OSError:
            continue
        s.setblocking(False)
        open_[s.fileno()] = s
        poll.register(s, select.POLLIN | select.POLLHUP | select.POLLERR)
print("opened", len(open_), flush=True)
bomb = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: " + b"a" * 4000 + b"\r\n"
began = time.monotonic()
while open_ and time.monotonic() - began < 120:
    for fd, s in list(open_.items()):
        try:
            s.send(bomb if kind == "bomb" else b"G" if kind == "slow" else b"")
            if kind == "bomb":
                s.send(b"X-Filler: " + b"a" * 60000 + b"\r\n")
        except BlockingIOError:
            pass
        except OSError:
            poll.unregister(s)
            open_.pop(fd).close()
    kind = kind if kind == "slow" else "wait"
    for fd, event in poll.poll(200):
        try:
            data = open_[fd].recv(4096)
        except OSError:
            data = b""
        if not data:
            poll.unregister(open_[fd])
            open_.pop(fd).close()
    time.sleep(0.1)
print("left", len(open_), flush=True)
PY
attack() { in_client python3 "$LAB/attack.py" "$@" >"$LAB/attack.out" 2>&1; }
everybody_else() {
	whoami_is "$(lab_url $O4 /whoami)" "via=1.1 tiphares" "src=$last4" -- --interface "$last4" &&
		whoami_is "$(lab_url $O6 /whoami)" "via=1.1 tiphares" "src=$last6" -- --interface "$last6"
}
counted() { [ "$(counter "$1" "$2")" -ge "$3" ] || { echo "$2 is $(counter "$1" "$2"), wanted at least $3"; return 1; }; }
bounded() { local now; now=$(rss); [ "$now" -le $((quiet + 48 * 1024)) ] || { echo "$now KiB, at first $quiet"; return 1; }; }
begun() { wait_for 'grep -q ^opened "$LAB/attack.out"' 60; }
under_attack() {	# NAME COUNTER AT-LEAST
	check "$1: it has begun" begun
	check "$1: everybody else is served" everybody_else
	check "$1: memory is bounded" bounded
	wait $attacker
	check "$1: counted" wait_for "counted '' $2 $3" 20
	check "$1: nothing of it is left" wait_for '[ "$(counter "" sessions)" = 0 ]' 30
}

: >"$LAB/attack.out"
attack open $O4 80 120 "$C4" & attacker=$!
under_attack "one address opens everything" sessions_refused_per_client 80
check "it had as many as it may" test "$(counter "" timeouts_header)" -ge 1

many=$(by_size 20 6)
: >"$LAB/attack.out"
attack slow $O4 80 $((many * 2)) "${CLIENT4[@]:0:$many}" & attacker=$!
under_attack "slow heads" timeouts_header $((many * many))

: >"$LAB/attack.out"
attack bomb $O6 80 20 "${CLIENT6[@]:0:4}" & attacker=$!
under_attack "endless heads" requests_refused 80

# a flood: SYNs from addresses that nobody has, which are never answered
cat >"$LAB/flood.py" <<'PY'
import random, socket, struct, sys
to, number = socket.inet_aton(sys.argv[1]), int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
for _ in range(number):
    source = socket.inet_aton("10.71.1.%d" % random.randint(64, 250))
    def tcp(check):
        return struct.pack("!HHIIBBHHH", sport, 80, seq, 0, 5 << 4, 2, 1024, check, 0)
    sport, seq = random.randint(1024, 65535), random.getrandbits(32)
    segment = tcp(checksum(source + to + struct.pack("!HH", 6, 20) + tcp(0)))
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, to)
    s.sendto(head + segment, (sys.argv[1], 0))
PY
cookies() { in_gw nstat -asz TcpExtSyncookiesSent | awk '$1 == "TcpExtSyncookiesSent" { print $2 }'; }
accepted=$(counter "" sessions_accepted)
check "a flood of SYNs" in_client python3 "$LAB/flood.py" $O4 "$(by_size 3000 600)"
check "the flood: everybody else is served" everybody_else
check "the flood: memory is bounded" bounded
check "the flood: cookies were sent, where there was no room" test "$(cookies)" -ge 1
check "the flood: no session came of it" test "$(counter "" sessions_accepted)" -le $((accepted + 2))
# without cookies the kernel would drop everybody's SYNs; the module sees that coming
if [ "$TIPH_DATAPATH" = kmod ]; then
	in_gw sysctl -qw net.ipv4.tcp_syncookies=0
	forwarded=$(counter web overload_open)
	check "a flood of SYNs, no cookies" in_client python3 "$LAB/flood.py" $O4 "$(by_size 3000 600)"
	for to in $O4 $O6; do
		last=$(of_family $to "$last4" "$last6")
		check "no cookies: everybody else is served, $to" whoami_is "$(lab_url $to /whoami)" "src=$last" -- --interface "$last"
	done
	check "no cookies: what there was no room for was forwarded" test "$(counter web overload_open)" -gt "$forwarded"
	check "no cookies: no session came of it" test "$(counter "" sessions_accepted)" -le $((accepted + 6))
	in_gw sysctl -qw net.ipv4.tcp_syncookies=1
fi
# more connections from one address to one origin than the kernel has ports to choose from
in_gw sysctl -qw net.ipv4.ip_local_port_range="50000 50009"
many=$(by_size 25 14)
downloads=()
for ((i = 0; i < many; i++)); do
	fetch -o /dev/null "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1 & downloads+=($!)
done
check "no source port is left: all $many are served" wait_for \
	'ctl --json flows | in_json "sum(f[\"bytes_out\"] > 1000 for f in j[\"flows\"]) == $many"' 60
check "no source port is left: from the client's own" counted '' source_ports_exhausted $((many - 10))
check "no source port is left: everybody else is served" everybody_else
for d in "${downloads[@]}"; do end_job "$d"; done
check_eq "one and the same worker stood all of it" "$worker" "$(worker_pid)"
finish
