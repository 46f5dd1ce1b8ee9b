#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nginx, whose listeners are made transparent for it
. "$BENCH/peer.inc"
fill nginx.conf.in "$PEER_STATE/nginx.conf"
tproxy_rules
"$BENCH_BUILD/bench/listen_transparent" "$PROXY_PORT" NGINX nginx -c "$PEER_STATE/nginx.conf" -e "$PEER_STATE/error.log" &
wait_listen
