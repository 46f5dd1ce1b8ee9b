# SPDX-License-Identifier: GPL-2.0-only
"""H62, G55: who is slow is ended, who is not is not; short times in the configuration, long patience here."""
from case import (END, HOST, MUST, PRODUCT, SHOULD, Answer, Drip, Get, GetInterim, Head, Mark, Outcome, PeerEnd, Q, R, Request, Send, SendSome, Stall, Wait,
                  case)

GET = "GET $U/a HTTP/1.1\r\n" + END
POST = "POST $U/a HTTP/1.1\r\n" + HOST
SLOW = {"profile": "slow", "seconds": 40}
NOTHING = Outcome([], (), "closed")
TIMEOUT = [Outcome([R(408)], (), "closed"), NOTHING]


def slow(name, ref, level, client, origin, outcomes, point="H62", **more):
    case(f"slow/{name}", point, ref, level, client, origin, outcomes, **{**SLOW, **more})


# ---- one absolute time for a head ------------------------------------------------------------------------------------

slow("head-half", "9110 15.5.9", PRODUCT, ["GET $U/a HTTP/1.1\r\nHost: "], [], TIMEOUT)
slow("head-first-octet", "9110 15.5.9", PRODUCT, ["G"], [], TIMEOUT)
slow("head-empty-lines", "9110 15.5.9", PRODUCT, ["\r\n\r\n"], [], TIMEOUT, either=2)
slow("head-drip-fields", "9110 15.5.9", PRODUCT, [Drip("GET $U/a HTTP/1.1\r\n" + HOST, "X-A: b\r\n", 0.3)], [], TIMEOUT)
slow("head-drip-octets", "9110 15.5.9", PRODUCT, [Drip("GET $U/a HTTP/1.1\r\n" + HOST + "X-A: ", "b", 0.1)], [], TIMEOUT)
slow("head-drip-request-line", "9110 15.5.9", PRODUCT, [Drip("GET $U/", "a", 0.1)], [], TIMEOUT)
slow("head-drip-second-request", "9110 15.5.9", PRODUCT, [GET, Get(R(200)), Drip("GET $U/b HTTP/1.1\r\n" + HOST + "X-A: ", "b", 0.1)], [],
     [Outcome([R(200), R(408)], [Q("GET", "/a")], "closed"), Outcome([R(200)], [Q("GET", "/a")], "closed")])
slow("nothing-at-all", "9112 9.5", PRODUCT, [], [], [NOTHING, *TIMEOUT], either=True)
slow("idle-after-response", "9112 9.5", PRODUCT, [GET, Get(R(200))], [], [Outcome([R(200)], [Q("GET", "/a")], "closed")])

# ---- bodies of requests ----------------------------------------------------------------------------------------------

CUT = [Outcome([R({408, 504})], None, "closed"), Outcome([], None, "closed")]
slow("body-stops", "9110 15.5.9", PRODUCT, [POST + "Content-Length: 10\r\n\r\nhello"], [[Head(), PeerEnd()]], CUT, either=2)
slow("body-never-begins", "9110 15.5.9", PRODUCT, [POST + "Content-Length: 10\r\n\r\n"], [[Head(), PeerEnd()]], CUT, either=2)
slow("chunk-stops", "9110 15.5.9", PRODUCT, [POST + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"], [[Head(), PeerEnd()]], CUT, either=2)
slow("expect-never-sent", "9110 10.1.1", PRODUCT, [POST + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", GetInterim(100)],
     [[Head(), "HTTP/1.1 100 Continue\r\n\r\n", PeerEnd()]], CUT, either=2)
# A body that comes slowly, but comes, is none of that.
slow("body-slow-but-moving", "9112 9.5", PRODUCT, [Drip(POST + "Content-Length: 40\r\n\r\n", "x", 0.1, 40)], [],
     [Outcome([R(200)], [Q("POST", "/a", body=b"x" * 40)], None)])

# ---- origins ---------------------------------------------------------------------------------------------------------

GATEWAY_TIMEOUT = [Outcome([R(504)], [Q("GET", "/a")], None)]
slow("origin-answers-late", "9110 15.6.5", PRODUCT, [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\n", "X-A: b\r\n", 0.1, 10), "Content-Length: 2\r\n\r\nok"]],
     [Outcome([R(200, body=b"ok")], [Q("GET", "/a")], None)], point="G55")
slow("origin-says-nothing", "9110 15.6.5", SHOULD, [GET], [[Request(), PeerEnd()]], GATEWAY_TIMEOUT, point="G55")
slow("origin-half-head", "9110 15.6.5", SHOULD, [GET], [[Request(), "HTTP/1.1 200 OK\r\nX-A: ", PeerEnd()]], GATEWAY_TIMEOUT, point="G55")
slow("origin-drips-head", "9110 15.6.5", PRODUCT, [GET], [[Request(), Drip("HTTP/1.1 200 OK\r\nX-A: ", "b", 0.2)]],
     [Outcome([R({502, 504})], [Q("GET", "/a")], None)], point="G55")
slow("origin-drips-interim", "9110 15.6.5", PRODUCT, [GET], [[Request(), Drip("", "HTTP/1.1 102 Processing\r\n\r\n", 0.05)]],
     [Outcome([R({502, 504})], [Q("GET", "/a")], None)], point="G55")
slow("origin-only-interim", "9110 15.6.5", SHOULD, [GET], [[Request(), "HTTP/1.1 103 Early Hints\r\n\r\n", PeerEnd()]], GATEWAY_TIMEOUT, point="G55")
slow("origin-body-stops", "9112 8", MUST, [GET], [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", PeerEnd()]],
     [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed")], point="G52")
slow("origin-chunk-stops", "9112 8", MUST, [GET], [[Request(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello", PeerEnd()]],
     [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed")], point="G52")
slow("origin-close-delimited-stops", "9112 8", MUST, ["GET $U/a HTTP/1.0\r\n" + END], [[Request(), "HTTP/1.1 200 OK\r\n\r\nhello", PeerEnd()]],
     [Outcome([R(200, complete=False)], [Q("GET", "/a")], "reset")], point="G52")
slow("origin-does-not-accept", "9110 15.6.5", SHOULD, [GET], [], [Outcome([R({503, 504})], (), None)], point="G55", backlog=-1)
slow("origin-reads-nothing", "9110 15.6.5", SHOULD, [POST + "Content-Length: 30000000\r\n\r\n", Send(b"x" * 30000000)], [[Mark("up"), Stall()]],
     [Outcome([R({503, 504, 408})], None, "closed"), Outcome([], None, "closed")], either=2)

# ---- back-pressure and others ----------------------------------------------------------------------------------------

BIG = b"0123456789abcdef" * 1000000
case("slow/client-reads-late", "H62", "design", PRODUCT, [GET, Wait("full"), Mark("go")],
     [[Request(), f"HTTP/1.1 200 OK\r\nContent-Length: {len(BIG)}\r\n\r\n", SendSome(BIG, "full")]], [Outcome([R(200, body=BIG)], [Q("GET", "/a")], "open")], seconds=60)
case("slow/origin-reads-late", "H62", "design", PRODUCT, [POST + f"Content-Length: {len(BIG)}\r\n\r\n", SendSome(BIG, "full")],
     [[Wait("full"), Request(), Answer()]], [Outcome([R(200)], [Q("POST", "/a", body=BIG)], "open")], seconds=60)
case("slow/others-are-served", "H62", "design", PRODUCT,
     [GET, Wait("full"), *[step for n in range(20) for step in (Send("GET $U/b HTTP/1.1\r\n" + END, conn="b"), Get(R(200, of="/b"), conn="b"))]],
     [[Request(), f"HTTP/1.1 200 OK\r\nContent-Length: {len(BIG)}\r\n\r\n", SendSome(BIG, "full")]], [Outcome([R(200, body=BIG)], None, "open")], seconds=60)
