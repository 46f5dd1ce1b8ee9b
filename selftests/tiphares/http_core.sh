#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What of http.sh depends most on whose sockets they are, short enough for an emulated machine: connections and
# their ends, original destinations, tunnels, both ways of a body, a ClientHello.
part="connections/ target/intercepted target/host upgrade/ chunked/request-trailer responses/cut responses/surplus expect/ client_hello/p proxy_protocol/v2"
. "$(dirname "$0")/http.sh"
