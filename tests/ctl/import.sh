#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# import.sh BUILD: what tipharesctl import-ats makes of other proxies' configurations: tipharesd --check takes it, and
# says that it means what was meant. TAP.
set -u
build=$1 dir=$(mktemp -d) n=0 failed=0
trap 'rm -rf "$dir"' EXIT

result() {	# RC NAME
	n=$((n + 1))
	[ "$1" = 0 ] && { echo "ok $n $2"; return; }
	failed=1
	sed 's/^/# /' "$dir/out"
	echo "not ok $n $2"
}
# means NAME 'ROW'... < FILE: each row (an extended regex) is what --check prints of a port, and there are no others
means() {
	local name=$1 row rc=0; shift
	cat >"$dir/in"
	"$build/tipharesctl" import-ats "$dir/in" >"$dir/yaml" 2>"$dir/out" || rc=1
	"$build/tipharesd" --check -c "$dir/yaml" >"$dir/table" 2>>"$dir/out" || rc=1
	cat "$dir/yaml" "$dir/table" >>"$dir/out"
	for row; do grep -qE "^$row" "$dir/table" || { echo "missing: $row" >>"$dir/out"; rc=1; }; done
	[ "$(grep -c '^port-' "$dir/table")" = $# ] || { echo "other ports" >>"$dir/out"; rc=1; }
	result $rc "$name"
}
# and_says NAME REGEX: so does a comment of the last one
and_says() {
	cp "$dir/yaml" "$dir/out"
	grep -qE "^ *#.*$2" "$dir/yaml"
	result $? "$1"
}
# refuses NAME REGEX < FILE
refuses() {
	local rc=0
	cat >"$dir/in"
	"$build/tipharesctl" import-ats "$dir/in" >"$dir/out" 2>&1 && rc=1
	grep -qE "$2" "$dir/out" || rc=1
	result $rc "$1"
}

echo "TAP version 13"
means "records.config: server_ports" 'port-8080 +none +http +8080' \
	'port-8081 +full +http +8081 +80 ' 'port-8082 +inbound ' 'port-8083 +outbound +http +10\.0\.0\.1:8083' \
	'port-8084 +full ' 'port-8443 +none +tls' 'port-8085 +inbound +tcp' 'port-8086 +outbound +http +\[fd00::1\]:8086' <<'EOT'
# comment
CONFIG proxy.config.http.server_ports STRING 8080 8080:ipv6 8081:tr-full 8082:tr-in 8083:tr-out:ip-in=10.0.0.1 8084:tr-in:tr-out 8443:ssl 8085:blind:tr-in:pp 8086:tr-out:ip-in=[fd00::1]:ipv6
CONFIG proxy.config.http.keep_alive_no_activity_timeout_in INT 120
CONFIG proxy.config.net.connections_throttle INT 30000
CONFIG proxy.config.cache.ram_cache.size INT 1000
EOT
and_says "an option without an equal is a remark" 'pp has no equal'
and_says "a setting without an equal is a remark" 'proxy.config.cache.ram_cache.size INT 1000'
and_says "what matches must be looked at" 'adapt it'
grep -q '^  idle_timeout: 120s$' "$dir/yaml" && grep -q '^  sessions: 30000$' "$dir/yaml"
result $? "limits that have an equal are taken"
means "records.config: the older server_port and server_other_ports" 'port-8080 +full' 'port-8090 +inbound' \
	'port-8091 +outbound' 'port-8092 +none' <<'EOT'
CONFIG proxy.config.http.server_port_attr STRING =
CONFIG proxy.config.http.server_port INT 8080
CONFIG proxy.config.http.server_other_ports STRING 8090:> 8091:< 8092:X
EOT
means "records.yaml" 'port-8080 +full' 'port-8081 +none' <<'EOT'
records:
  accept_threads: 1
  http:
    server_ports: "8080:tr-full 8081"
    connect_attempts_timeout: 30
EOT
and_says "records.yaml: what has no equal" 'accept_threads: 1'
means "squid.conf" 'port-3128 +none +http +3128' 'port-3129 +full +http +3129 +80' 'port-3130 +inbound' \
	'port-3131 +full +tls +3131 +443' 'port-80 +none +http +192\.0\.2\.1:80' 'port-3132 +none +http +\[fd00::2\]:3132' <<'EOT'
http_port 3128
http_port 3129 tproxy
http_port 3130 intercept
https_port 3131 tproxy ssl-bump cert=/etc/x.pem
http_port 192.0.2.1:80 accel defaultsite=www.example.com
http_port [fd00::2]:3132
acl localnet src 10.0.0.0/8
http_access allow localnet
EOT
and_says "squid: options are remarks" 'ssl-bump has no equal'
and_says "squid: the rest is named" 'http_access allow localnet'
refuses "a file that says nothing about ports" 'says nothing about ports' <<'EOT'
cache_mem 256 MB
EOT
refuses "an empty file" 'says nothing about ports' </dev/null
refuses "a port that is none" 'nothing about ports' <<'EOT'
http_port http
EOT
echo "1..$n"
exit $failed
