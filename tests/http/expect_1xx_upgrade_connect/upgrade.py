# SPDX-License-Identifier: GPL-2.0-only
"""F47: Upgrade."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Answer, Close, Eof, Get, HalfClose, Head, Outcome, PeerEnd,
    Pieces, Q, R, Recv, Request, Wait, case, forwarded)

GET = "GET $U/a HTTP/1.1\r\n" + HOST
ASK = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"
ASKED = Q("GET", "/a", fields={"Upgrade": "websocket", "Connection": lambda v: "upgrade" in ",".join(v).lower(), "Sec-WebSocket-Version": "13"})
TUNNEL = [Outcome([R(101, fields={"Upgrade": "websocket", "Connection": lambda v: "upgrade" in ",".join(v).lower()})], [ASKED], "tunnel")]
BIG = bytes(range(256)) * 4096

# Where an upgrade is not supported, the request goes on as a plain one: nothing is lost by that.
IGNORED = [Outcome([R(200)], [Q("GET", "/a", fields={"Upgrade": None})], "open")]


def tunnel(name, client, origin, level=MUST, **more):
    case(f"upgrade/{name}", "F47", "9110 7.8", level, client, origin, TUNNEL, peers=False, **more)


tunnel("websocket", [GET + ASK + "\r\n", Get(R(101)), "ping", Recv("pong"), Close()], [[Request(), SWITCH, Recv("ping"), "pong", Eof()]])
tunnel("both-ways-large", [GET + ASK + "\r\n", Get(R(101)), BIG, Recv(BIG), Close()], [[Request(), SWITCH, Recv(BIG), BIG, Eof()]])
tunnel("octets-with-the-101", [GET + ASK + "\r\n", Get(R(101)), Recv("hello"), "ping", Recv("pong"), Close()], [[Request(), SWITCH + "hello", Recv("ping"), "pong", Eof()]])
tunnel("not-http-in-tunnel", [GET + ASK + "\r\n", Get(R(101)), "\0\r\n\r\n\xff", Recv("HTTP/1.1 999\n\r\0"), Close()],
       [[Request(), SWITCH, Recv("\0\r\n\r\n\xff"), "HTTP/1.1 999\n\r\0", Eof()]])
tunnel("request-text-in-tunnel", [GET + ASK + "\r\n", Get(R(101)), "GET /x HTTP/1.1\r\n\r\n", Recv("ok"), Close()],
       [[Request(), SWITCH, Recv("GET /x HTTP/1.1\r\n\r\n"), "ok", Eof()]])
tunnel("origin-closes", [GET + ASK + "\r\n", Get(R(101)), Recv("bye"), Eof()], [[Request(), SWITCH + "bye", Close()]])
tunnel("half-close-client", [GET + ASK + "\r\n", Get(R(101)), "ping", HalfClose(), Recv("pong"), Eof()], [[Request(), SWITCH, Recv("ping"), Eof(), "pong", Close()]], SHOULD)
tunnel("half-close-origin", [GET + ASK + "\r\n", Get(R(101)), Eof(), "ping", HalfClose()], [[Request(), SWITCH, HalfClose(), Recv("ping"), Eof()]], SHOULD)
tunnel("split-101", [GET + ASK + "\r\n", Get(R(101)), Recv("hello"), Close()], [[Request(), Pieces(SWITCH[:20], SWITCH[20:-1], SWITCH[-1:] + "hello"), Eof()]])
tunnel("interim-before-101", [GET + ASK + "\r\n", Get(R(101)), "ping", Recv("pong"), Close()],
       [[Request(), "HTTP/1.1 103 Early Hints\r\n\r\n" + SWITCH, Recv("ping"), "pong", Eof()]])
tunnel("lists-and-case", [GET + ASK.replace("Connection: Upgrade", "connection: keep-alive, UPGRADE") + "\r\n", Get(R(101)), "ping", Recv("pong"), Close()],
       [[Request(), SWITCH, Recv("ping"), "pong", Eof()]])
case("upgrade/octets-before-the-101", "F47", "9110 7.8", MUST, [GET + ASK + "\r\n" + "early", Get(R(101)), Recv("pong"), Close()],
     [[Request(), SWITCH, Recv("early"), "pong", Eof()]], TUNNEL, peers=False)
case("upgrade/one-of-several", "F47", "9110 7.8", MUST, [GET + "Connection: Upgrade\r\nUpgrade: foo/2, websocket\r\n\r\n", Get(R(101)), "ping", Recv("pong"), Close()],
     [[Request(), SWITCH, Recv("ping"), "pong", Eof()]], [Outcome([R(101)], [Q("GET", "/a", fields={"Upgrade": "foo/2, websocket"})], "tunnel")], peers=False)

# ---- no upgrade ------------------------------------------------------------------------------------------------------

for status in (200, 400, 426, 403):
    fields = "Upgrade: foo\r\nConnection: Upgrade\r\n" if status == 426 else ""
    # what is behind the request is HTTP still: it is a request of its own
    case(f"upgrade/refused-{status}", "F47", "9110 7.8", MUST, [GET + ASK + "\r\n" + "GET $U/b HTTP/1.1\r\n" + END],
         [[Request(), f"HTTP/1.1 {status} X\r\n{fields}Content-Length: 2\r\n\r\nno"]],
         [Outcome([R(status, body=b"no"), R(200, of="/b")], [Q("GET", "/a"), Q("GET", "/b")], "open"),
          Outcome([R(status, body=b"no")], None, "closed")])
    case(f"upgrade/refused-{status}-tunnel-tried", "F47", "9110 7.8", MUST, [GET + ASK + "\r\n", Get(R(status)), "\x81\x05hello\r\n\r\n" + "GET $U/smuggled HTTP/1.1\r\n" + END],
         [[Request(), f"HTTP/1.1 {status} X\r\n{fields}Content-Length: 2\r\n\r\nno"]],
         [Outcome([R(status), R(400)], [Q("GET", "/a")], "closed"), Outcome([R(status)], [Q("GET", "/a")], "closed")])
for name, raw in {
        "unasked": (GET, SWITCH), "unasked-plain": (GET, "HTTP/1.1 101 Switching Protocols\r\n\r\n"), "other-protocol": (GET + ASK, SWITCH.replace("websocket", "foo")),
        "no-protocol": (GET + ASK, SWITCH.replace("Upgrade: websocket\r\n", "")), "no-connection": (GET + ASK, SWITCH.replace("Connection: Upgrade\r\n", "")),
        "two-protocols": (GET + ASK, SWITCH.replace("websocket", "websocket, foo")), "not-in-connection": (GET + "Upgrade: websocket\r\n", SWITCH),
        "no-upgrade-field": (GET + "Connection: Upgrade\r\n", SWITCH)}.items():
    request, response = raw
    case(f"upgrade/bad-101-{name}", "F47", "9110 15.2.2", MUST, [request + "\r\n"], [[Request(), response + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", PeerEnd()]],
         [Outcome([R(502)], [Q("GET", "/a")], None), Outcome([R(GATEWAY_ERROR | {500})], [Q("GET", "/a")], None)])
case("upgrade/101-with-length", "F47", "9110 15.2", MUST, [GET + ASK + "\r\n", Get(R(101)), Recv("hello"), Close()],
     [[Request(), SWITCH.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n") + "hello", Eof()]], TUNNEL, peers=False)
case("upgrade/1.0-ignored", "F47", "9110 7.8", MUST, ["GET $U/a HTTP/1.0\r\n" + HOST + ASK + "\r\n"], [[Request(), Answer()]],
     [Outcome([R(200)], [Q("GET", "/a", fields={"Upgrade": None})], "closed")])
for name, value in {"h2c": "h2c", "h2c-list": "websocket, h2c", "h2": "h2", "upper": "H2C"}.items():
    forwarded(f"upgrade/no-{name}", "F47", "9113 3.2", PRODUCT, GET + f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {value}\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
              Q("GET", "/a", fields={"Upgrade": None, "HTTP2-Settings": None}))
case("upgrade/with-body", "F47", "9110 7.8", MUST, ["POST $U/a HTTP/1.1\r\n" + HOST + ASK + "Content-Length: 5\r\n\r\nhello", Get(R(101)), "ping", Recv("pong"), Close()],
     [[Request(), SWITCH, Recv("ping"), "pong", Eof()]], [Outcome([R(101)], [Q("POST", "/a", body=b"hello")], "tunnel")], peers=False)
case("upgrade/101-before-the-body", "F47", "9110 7.8", MUST, ["POST $U/a HTTP/1.1\r\n" + HOST + ASK + "Content-Length: 5\r\n\r\n", Wait("head")],
     [[Head(), SWITCH, PeerEnd()]], [Outcome([R(502)], None, None), Outcome([R(GATEWAY_ERROR | {500})], None, None), Outcome([R(101)], None, "tunnel")])
forwarded("upgrade/pipelined-behind", "F47", "9110 7.8", MUST, GET + ASK + "\r\nGET $U/b HTTP/1.1\r\n" + END, [Q("GET", "/a"), Q("GET", "/b")])
