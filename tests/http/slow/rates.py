# SPDX-License-Identifier: GPL-2.0-only
"""H62: who moves octets, but too few of them; and tunnels in which nothing moves. At least 400 octets a second."""
from case import (END, HOST, PRODUCT, As, Drip, Get, Head, Mark, Outcome, PeerEnd, Q, R, Recv, Request, ResetSeen, Sip, Wait, case)

GET = "GET $U/a HTTP/1.1\r\n" + END
POST = "POST $U/a HTTP/1.1\r\n" + HOST
CUT = [Outcome([R({408, 504})], None, "closed"), Outcome([], None, "closed")]
LARGE = b"0123456789abcdef" * 500000


def paced(name, client, origin, outcomes, profile="rates", **more):
    case(f"slow/{name}", "H62", "design", PRODUCT, client, origin, outcomes, profile=profile, peers=False, **{"seconds": 60, **more})


def dripped(profile):
    """An octet each 0.1 s: never idle."""
    return Drip(POST + "Content-Length: 100\r\n\r\n", "x", 0.1, 100) if profile == "paced" else Drip(POST + "Content-Length: 100000\r\n\r\n", "x", 0.1)


paced("body-drips", [dripped("rates")], [[Head(), PeerEnd()]], CUT, either=2)
paced("body-drips-in-chunks", [Drip(POST + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 0.1)], [[Head(), PeerEnd()]], CUT, either=2)
paced("body-drips-and-may", [dripped("paced")], [], [Outcome([R(200)], [Q("POST", "/a", body=b"x" * 100)], None)], "paced")
paced("body-fast-enough", [Drip(POST + "Content-Length: 60000\r\n\r\n", "x" * 1000, 0.1, 60)], [], [Outcome([R(200)], [Q("POST", "/a", body=b"x" * 60000)], None)])
paced("origin-drips-body", [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x", 0.1)]],
      [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed")])
paced("origin-drips-chunks", [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 0.1)]],
      [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed")])
paced("origin-drips-and-may", [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "x", 0.1, 50)]],
      [Outcome([R(200, body=b"x" * 50)], [Q("GET", "/a")], None)], "paced")
paced("origin-fast-enough", [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", "x" * 1000, 0.1, 60)]],
      [Outcome([R(200, body=b"x" * 60000)], [Q("GET", "/a")], None)])
paced("client-sips", [As(rcvbuf=2048), GET, Sip(32, 0.2)],
      [[Request(), f"HTTP/1.1 200 OK\r\nContent-Length: {len(LARGE)}\r\n\r\n", LARGE]],
      [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed"), Outcome([], None, "closed")], either=2)
case("slow/tunnel-idle", "H62", "design", PRODUCT, ["CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\n", Get(R(200)), ResetSeen()], [[PeerEnd()]],
     [Outcome([R(200)], (), None)], modes=("forward",), profile="rates", peers=False)
case("slow/tunnel-that-moves", "H62", "design", PRODUCT,
     ["CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\n", Get(R(200)), Drip("", "x", 0.3, 15), Wait("all")], [[Recv("x" * 15), Mark("all")]],
     [Outcome([R(200)], (), None)], modes=("forward",), profile="rates", peers=False)
