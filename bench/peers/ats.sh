#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Apache Traffic Server, its cache off, origin connections not shared between clients
. "$BENCH/peer.inc"
root=$PEER_STATE/root
mkdir -p "$root"/{etc,cache,run,log,data}
{
	printf '%s\n' "prefix: $root" "sysconfdir: $root/etc" "datadir: $root/data" "localstatedir: $root/run" \
		"runtimedir: $root/run" "logdir: $root/log" "cachedir: $root/cache"
	traffic_layout info | awk -F ': ' '
		$1 == "BINDIR" { print "exec_prefix: " $2; print "bindir: " $2; print "sbindir: " $2 }
		$1 == "LIBDIR" { print "libdir: " $2 }
		$1 == "PLUGINDIR" { print "libexecdir: " $2 }
		$1 == "INCLUDEDIR" { print "includedir: " $2 }'
} >"$root/runroot.yaml"
fill ats.records.in "$root/etc/records.config"
echo "$root/cache 256M" >"$root/etc/storage.config"
for f in plugin remap ssl_multicert hosting volume parent cache splitdns; do : >"$root/etc/$f.config"; done
# without this file every client is refused
printf '%s\n' "ip_allow:" "  - apply: in" "    ip_addrs: [0/0, ::/0]" "    action: allow" "    methods: ALL" >"$root/etc/ip_allow.yaml"
chown -R trafficserver: "$PEER_STATE"
tproxy_rules
traffic_server --run-root="$root" >"$PEER_STATE/out" 2>&1 &
wait_listen
