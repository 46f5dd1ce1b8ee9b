#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Squid, its cache off
. "$BENCH/peer.inc"
fill squid.conf.in "$PEER_STATE/squid.conf"
chown -R proxy "$PEER_STATE"
tproxy_rules
# a service name of its own, so that its shared memory is its own
squid -n "bench$$" -f "$PEER_STATE/squid.conf" && wait_listen
