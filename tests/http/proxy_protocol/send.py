# SPDX-License-Identifier: GPL-2.0-only
"""J64: the PROXY header that a route wants in front of each connection."""
import struct

import play
from case import (
    END, MUST, PRODUCT, Answer, Close, Get, Outcome, Q, R, Recv, Request, Send, Step, case)

REF = "PROXY protocol"
GET_A = "GET $U/a HTTP/1.1\r\n" + END
GET_B = "GET $U/b HTTP/1.1\r\n" + END
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Header(Step):
    """Origin: the header of this client's connection comes first, and nothing in front of it."""

    def __init__(self, version, conn="a"):
        self.version, self.conn = version, conn

    def origin(self, conn):
        deadline = conn.run.deadline
        conn.run.events.wait("sent-" + self.conn, 1, deadline)
        sock = conn.run.clients[self.conn].stream.sock
        client, server = sock.getsockname(), sock.getpeername()
        if self.version == 1:
            want = f"PROXY TCP4 {client[0]} {server[0]} {client[1]} {server[1]}\r\n".encode()
        else:
            want = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(map(int, (client[0] + "." + server[0]).split("."))) + \
                struct.pack("!HH", client[1], server[1])
        got = conn.stream.exactly(len(want), "PROXY header", deadline)
        if got != want:
            raise play.Failure(f"wanted {want!r}, got {got!r}")


class Sent(Send):
    """Client: sends, and its connection is known from here on."""

    def client(self, run):
        run.client(self.conn)
        run.events.emit("sent-" + self.conn)
        super().client(run)


for version in (1, 2):
    def announced(name, client, origin, outcomes=(), level=MUST, number=version, **more):
        case(f"proxy_protocol/send-v{number}-{name}", "J64", REF, level, client, origin, outcomes, modes=("reverse",), profile=f"announce{number}",
             peers=False, **more)

    header = Header(version)
    announced("once-a-connection", [Sent(GET_A + GET_B)], [[header, Request(), Answer(), Request(), Answer()]],
              [Outcome([R(200), R(200)], [Q("GET", "/a"), Q("GET", "/b")], "open")])
    announced("with-a-body", [Sent("POST $U/a HTTP/1.1\r\nHost: $HOST\r\nContent-Length: 3\r\n\r\nabc")], [[header, Request(), Answer()]],
              [Outcome([R(200)], [Q("POST", "/a", body=b"abc")], "open")])
    announced("one-client-a-connection", [Sent(GET_A), Get(R(200)), Sent(GET_B, "b"), Get(R(200, of="/b"), "b"), Sent("GET $U/c HTTP/1.1\r\n" + END), Get(R(200, of="/c"))],
              [[header, Request(), Answer(), Request(Q("GET", "/c")), Answer()], [Header(version, "b"), Request(Q("GET", "/b")), Answer()]])
    announced("again-after-a-retry", [Sent(GET_A), Get(R(200)), Send(GET_B), Get(R(200, of="/b"))],
              [[header, Request(), Answer(), Request(), Close()], [header, Request(Q("GET", "/b")), Answer()]], level=PRODUCT)
    announced("second-address", [Sent("GET /a HTTP/1.1\r\nHost: $ALT\r\n\r\n"), Get(R(200))], [[header, Request(), Answer()]])
    announced("connect", [Sent("CONNECT $HOST:80 HTTP/1.1\r\n" + END), Get(R(200)), Send("ping"), Recv("pong"), Close()],
              [[header, Recv("ping"), "pong"]], [Outcome([R(200)], (), "tunnel")])
