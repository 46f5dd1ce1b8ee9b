#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# this project's build, with the nft datapath
. "$BENCH/peer.inc"
cat >"$PEER_STATE/tiphares.yaml" <<-YAML
	datapath: nft
	user: nobody
	workers: $WORKERS
	ports:
	  - {name: bench, listen: $PROXY_PORT, mode: full, protocol: ${PROTOCOL:-http}, match: {ports: [80], interfaces: [lan0]}}
	http: {idle_timeout: 300s}
	limits: {per_client: 100000}
	log: {access: {to: /dev/null}, level: warning}
	admin: {socket: $PEER_STATE/admin.sock}
YAML
"$BENCH_BUILD/tipharesd" -c "$PEER_STATE/tiphares.yaml" --foreground >"$PEER_STATE/out" 2>&1 &
wait_listen || { cat "$PEER_STATE/out"; exit 1; }
