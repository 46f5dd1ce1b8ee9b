# SPDX-License-Identifier: GPL-2.0-only
"""F48: CONNECT, on ports where the client chooses the next hop."""
from case import (
    CLIENT_ERROR, END, MUST, PRODUCT, SHOULD, Close, Eof, Get, HalfClose, Outcome, Pieces, Q, R, Recv, Reset,
    ResetSeen, answered, case, refused)

ASK = "CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n"
BIG = bytes(range(256)) * 4096
TUNNEL = [Outcome([R(200, fields={"Content-Length": None, "Transfer-Encoding": None})], (), "tunnel")]
OPEN = Get(R(200))


def tunnel(name, client, origin, level=MUST, **more):
    case(f"connect/{name}", "F48", "9110 9.3.6", level, client, origin, TUNNEL, modes=("forward",), **more)


tunnel("tunnel", [ASK + "\r\n", OPEN, "ping", Recv("pong"), Close()], [[Recv("ping"), "pong", Eof()]])
tunnel("1.0", ["CONNECT $ADDR HTTP/1.0\r\n\r\n", OPEN, "ping", Recv("pong"), Close()], [[Recv("ping"), "pong", Eof()]])
tunnel("octets-behind", [ASK + "\r\nping", OPEN, Recv("pong"), Close()], [[Recv("ping"), "pong", Eof()]])
tunnel("origin-speaks-first", [ASK + "\r\n", OPEN, Recv("220 hello\r\n"), "QUIT\r\n", Close()], [["220 hello\r\n", Recv("QUIT\r\n"), Eof()]])
tunnel("not-http", [ASK + "\r\n", OPEN, "\x16\x03\x01\0\r\n\r\n", Recv("\0\n\r"), Close()], [[Recv("\x16\x03\x01\0\r\n\r\n"), "\0\n\r", Eof()]])
tunnel("large", [ASK + "\r\n", OPEN, BIG, Recv(BIG), Close()], [[Recv(BIG), BIG, Eof()]])
tunnel("http-inside", [ASK + "\r\n", OPEN, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", Recv("ok"), Close()], [[Recv("GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), "ok", Eof()]])
tunnel("origin-closes", [ASK + "\r\n", OPEN, Recv("bye"), Eof()], [["bye", Close()]])
tunnel("half-close-client", [ASK + "\r\n", OPEN, "ping", HalfClose(), Recv("pong"), Eof()], [[Recv("ping"), Eof(), "pong", Close()]], SHOULD)
tunnel("half-close-origin", [ASK + "\r\n", OPEN, Recv("hi"), Eof(), "ping", HalfClose()], [["hi", HalfClose(), Recv("ping"), Eof()]], SHOULD)
tunnel("data-before-close-arrives", [ASK + "\r\n", OPEN, Recv(BIG), Eof()], [[BIG, Close()]])
tunnel("fields-ignored", [ASK + "Proxy-Connection: keep-alive\r\nUser-Agent: a\r\nConnection: close\r\n\r\n", OPEN, "ping", Recv("pong"), Close()],
       [[Recv("ping"), "pong", Eof()]])
tunnel("split", [Pieces("CONNECT ", "127.0.0.1"[:0], "$ADDR HTTP/1.1\r\n", "Host: $ADDR\r\n\r", "\n"), OPEN, "ping", Recv("pong"), Close()], [[Recv("ping"), "pong", Eof()]])
tunnel("host-differs", ["CONNECT $ADDR HTTP/1.1\r\nHost: other.test\r\n\r\n", OPEN, "ping", Recv("pong"), Close()], [[Recv("ping"), "pong", Eof()]])

# where a name has a route, the tunnel goes where the route goes
case("connect/by-a-route", "F48", "9110 9.3.6", PRODUCT, ["CONNECT $HOST:80 HTTP/1.1\r\nHost: $HOST:80\r\n\r\n", OPEN, "ping", Recv("pong"), Close()],
     [[Recv("ping"), "pong", Eof()]], TUNNEL, modes=("reverse",), peers=False)
for name, target in {"no-port": "$ADDRESS", "empty-port": "$ADDRESS:", "port-zero": "$ADDRESS:0", "port-65536": "$ADDRESS:65536", "port-letters": "$ADDRESS:http",
                     "port-sign": "$ADDRESS:+80", "port-huge": "$ADDRESS:4294975296", "no-host": ":8000", "path": "/", "absolute": "http://$ADDR/", "asterisk": "*",
                     "userinfo": "a@$ADDR", "slash": "$ADDR/", "query": "$ADDR?a", "only-port": "8000", "open-bracket": "[::1:8000", "v6-bare": "::1:8000x",
                     "two": "$ADDR,$ADDR", "port-twice": "$ADDR:80"}.items():
    refused(f"connect/target-{name}", "F48", "9110 9.3.6", MUST if "port" in name else SHOULD, f"CONNECT {target} HTTP/1.1\r\n" + END, modes=("reverse", "forward"),
            tail=False, also=[Outcome([R(CLIENT_ERROR | {502, 503})], (), None)])
for name, fields in {"length": "Content-Length: 5\r\n", "chunked": "Transfer-Encoding: chunked\r\n"}.items():
    refused(f"connect/with-{name}", "F48", "9110 9.3.6", PRODUCT, ASK + fields + "\r\nhello", modes=("forward",), tail=False)
answered("connect/refused-connection", "F48", "9110 9.3.6", MUST, "CONNECT $DEAD HTTP/1.1\r\nHost: $DEAD\r\n\r\n", {502, 503}, modes=("forward",), end=None)
case("connect/pipelined-behind-a-refused-one", "F48", "9110 9.3.6", MUST, ["CONNECT $DEAD HTTP/1.1\r\nHost: $DEAD\r\n\r\nGET $U/b HTTP/1.1\r\n" + END],
     outcomes=[Outcome([R({502, 503}), R(200)], [Q("GET", "/b")], "open"), Outcome([R({502, 503})], (), "closed")], modes=("forward",), either=2)
case("connect/behind-another-request", "F48", "9110 9.3.6", MUST, ["GET $U/b HTTP/1.1\r\n" + END + ASK + "\r\n", Get(R(200)), Get(R(200)), "ping", Recv("pong"), Close()],
     [[], [Recv("ping"), "pong", Eof()]], [Outcome([R(200), R(200)], [Q("GET", "/b")], "tunnel")], modes=("forward",))
case("connect/reset-by-origin", "F48", "9110 9.3.6", PRODUCT, [ASK + "\r\n", OPEN, "ping", ResetSeen()], [[Recv("ping"), Reset()]], TUNNEL,
     modes=("forward",))
