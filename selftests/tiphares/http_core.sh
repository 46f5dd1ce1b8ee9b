#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What of http.sh depends most on whose sockets they are, short enough for an emulated machine: connections and
# their ends, original destinations, tunnels, both ways of a body, a ClientHello.
part="connections/pipeline connections/half connections/idle- connections/bound connections/address connections/reused connections/client-gone target/intercepted
client_hello/p upgrade/w chunked/request-trailer-a responses/cut-length expect/c proxy_protocol/v2-t"
. "$(dirname "$0")/http.sh"
