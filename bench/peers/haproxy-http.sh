#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# HAProxy, HTTP mode
. "$BENCH/peer.inc"
export MODE=${MODE:-http} OPTION=${OPTION:-timeout http-keep-alive 300s}
fill haproxy.cfg.in "$PEER_STATE/haproxy.cfg"
tproxy_rules
haproxy -D -f "$PEER_STATE/haproxy.cfg" && wait_listen
