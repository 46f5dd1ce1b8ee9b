# SPDX-License-Identifier: GPL-2.0-only
"""F44-F46: Expect, final responses before the body, interim responses."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Answer, Close, Drained, Get, GetInterim, Head, Mark,
    NotReset, Outcome, PeerEnd, Q, R, Request, Rest, Send, Wait, case, forwarded, refused, reply)

POST = "POST $U/a HTTP/1.1\r\n" + HOST
EXPECT = "Expect: 100-continue\r\n"
FIVE = "Content-Length: 5\r\n"
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"

# ---- F44 -------------------------------------------------------------------------------------------------------------

for name, framing, body in (("length", FIVE, "hello"), ("chunked", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")):
    case(f"expect/continue-{name}", "F44", "9110 10.1.1", MUST, [POST + EXPECT + framing + "\r\n", GetInterim(100), body],
         [[Head(), CONTINUE, Rest(), Answer()]], [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
    case(f"expect/client-does-not-wait-{name}", "F44", "9110 10.1.1", MUST, [POST + EXPECT + framing + "\r\n" + body],
         [[Head(), CONTINUE, Rest(), Answer()]], [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
    case(f"expect/final-417-{name}", "F44", "9110 10.1.1", MUST, [POST + EXPECT + framing + "\r\n", Get(R(417)), body],
         [[Head(), "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", Rest()]], [Outcome([R(417)], None, None)])
    for status in (200, 401, 413, 500):
        case(f"expect/final-{status}-{name}", "F44", "9110 10.1.1", MUST, [POST + EXPECT + framing + "\r\n", Get(R(status, body=b"no")), body],
             [[Head(), f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nno", Rest()]], [Outcome([R(status)], None, "closed"), Outcome([R(status)], None, "open")],
             peers=status >= 400)
forwarded("expect/forwarded", "F44", "9110 10.1.1", MUST, [POST + EXPECT + FIVE + "\r\n", Wait("head"), "hello"],
          Q("POST", "/a", body=b"hello", fields={"Expect": lambda v: v in ([], ["100-continue"])}))
forwarded("expect/case", "F44", "9110 10.1.1", MUST, [POST + "Expect: 100-Continue\r\n" + FIVE + "\r\n", Wait("head"), "hello"], Q("POST", "/a", body=b"hello"))
case("expect/origin-answers-without-100", "F44", "9110 10.1.1", MUST, [POST + EXPECT + FIVE + "\r\nhello"], [[Request(), Answer()]],
     [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
case("expect/two-100", "F46", "9110 15.2", MUST, [POST + EXPECT + FIVE + "\r\n", GetInterim(100), "hello"], [[Head(), CONTINUE * 2, Rest(), Answer()]],
     [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
forwarded("expect/1.0-ignored", "F44", "9110 10.1.1", MUST, "POST $U/a HTTP/1.0\r\n" + HOST + EXPECT + FIVE + "\r\nhello",
          Q("POST", "/a", body=b"hello", fields={"Expect": None}), [R(200, interim=[])], end="closed",
          also=[Outcome([R(200, interim=[])], [Q("POST", "/a", body=b"hello")], "closed")])
forwarded("expect/get-without-body", "F44", "9110 10.1.1", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + EXPECT + "\r\n", Q("GET", "/a"),
          also=[Outcome([R(417)], (), None)])
forwarded("expect/length-zero", "F44", "9110 10.1.1", MUST, POST + EXPECT + "Content-Length: 0\r\n\r\n", Q("POST", "/a", body=b""))
for name, value in {"unknown": "x", "unknown-value": "100-continue=yes", "list": "100-continue, x", "parameter": "100-continue;a=b", "close": "100-continu",
                    "longer": "100-continued", "empty": "", "status": "100", "underscore": "100_continue", "quoted": '"100-continue"'}.items():
    refused(f"expect/value-{name}", "F44", "9110 10.1.1", PRODUCT, [POST + f"Expect: {value}\r\n" + FIVE + "\r\nhello"], status=417, tail=False,
            also=[Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
for name, lines in {"twice": EXPECT * 2, "twice-differs": EXPECT + "Expect: x\r\n"}.items():
    case(f"expect/lines-{name}", "F44", "9110 10.1.1", PRODUCT, [POST + lines + FIVE + "\r\nhello"],
         outcomes=[Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open") if name == "twice" else Outcome([R(417)], (), "closed"),
                   Outcome([R(417)], (), "closed"), Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open"), Outcome([R(400)], (), "closed")])
refused("expect/smuggle-blank-line", "F44", "9110 10.1.1", MUST, POST + "Expect:\r\n 100-continue\r\n" + FIVE + "\r\nhello", status={400, 417},
        also=[Outcome([R(200), R(200)], None, None)], tail=False)
refused("expect/smuggle-y-100", "F44", "9110 10.1.1", PRODUCT, POST + "Expect: y 100-continue\r\n" + FIVE + "\r\nhello", status=417, tail=False,
        also=[Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])

# ---- F45: a final response, and a body that may still come -----------------------------------------------------------

SMUGGLE = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
for name, fields in {"expect": EXPECT, "plain": ""}.items():
    for method in ("POST", "GET", "PUT"):
        # The origin answers and reads no body: what the client sends then is body, never a request.
        case(f"expect/0-cl-{name}-{method.lower()}", "F45", "9112 11.2", MUST,
             [f"{method} $U/a HTTP/1.1\r\n" + HOST + fields + f"Content-Length: {len(SMUGGLE)}\r\n\r\n", Get(R(200, body=b"ok")), SMUGGLE, Drained()],
             [[Head(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Rest()]], [Outcome([R(200)], None, "closed"), Outcome([R(200)], None, "open")], either=2)
    # ... and the upstream connection that is still owed a body is not given to another request.
    case(f"expect/owed-body-other-client-{name}", "F45", "9112 11.2", MUST,
         [POST + fields + FIVE + "\r\n", Get(R(200, body=b"ok")), Send("GET $U/b HTTP/1.1\r\n" + END, conn="b"), Get(R(200, of="/b"), conn="b")],
         [[Head(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", PeerEnd()]], checks=[lambda run: apart(run)])


def apart(run):
    conns = {msg.target: msg.conn for msg in run.requests}
    return None if conns.get("/a") != conns.get("/b") else "both requests came on one connection"


case("expect/early-answer-rest-of-body-drained-or-closed", "F45", "9112 9.6", MUST,
     [POST + "Content-Length: 200000\r\n\r\n" + "x" * 1000, Get(R(413, body=b"no")), "x" * 1000],
     [[Head(), "HTTP/1.1 413 Big\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", Close()]], [Outcome([R(413)], None, "closed")], peers=False)
case("expect/early-answer-is-not-lost", "F45 H61", "9112 9.6", SHOULD, [POST + "Content-Length: 3000000\r\n\r\n", b"x" * 3000000],
     [[Head(), "HTTP/1.1 413 Big\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", Close()]], [Outcome([R(413, body=b"no")], None, None)], hostile=False)

for name, fields in {"close": "Connection: close\r\n", "keep": ""}.items():
    # Octets that come when our side is closed already must not destroy the response that is on its way.
    case(f"expect/early-answer-then-body-{name}", "F45", "9112 9.6", SHOULD, [POST + "Content-Length: 3000\r\n\r\n", Wait("end"), "x" * 1000, NotReset(), "x" * 1000, NotReset()],
         [[Head(), "HTTP/1.1 413 Big\r\nContent-Length: 2\r\n" + fields + "\r\nno", PeerEnd()]], [Outcome([R(413, body=b"no")], None, "fin")], peers=False, hurried=True)

# ---- F46: interim responses ------------------------------------------------------------------------------------------

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
reply("expect/interim-103", "F46", "9110 15.2", MUST, "HTTP/1.1 103 Early Hints\r\nLink: <a>; rel=b\r\n\r\n" + OK, R(200, body=b"ok", interim=[103]), close=False)
reply("expect/interim-102-twice", "F46", "9110 15.2", MUST, "HTTP/1.1 102 Processing\r\n\r\n" * 2 + OK, R(200, body=b"ok", interim=[102, 102]), close=False)
reply("expect/interim-unknown", "F46", "9110 15.2", MUST, "HTTP/1.1 199 X\r\n\r\n" + OK, R(200, body=b"ok", interim=[199]), close=False)
reply("expect/interim-100-unasked", "F46", "9110 15.2", MUST, CONTINUE + OK, R(200, body=b"ok"), close=False)
reply("expect/interim-many", "F46", "9110 15.2", MUST, "HTTP/1.1 102 Processing\r\n\r\n" * 20 + OK, R(200, body=b"ok", interim=[102] * 20), close=False)
reply("expect/interim-fields-forwarded", "F46", "9110 15.2", SHOULD, ["HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nX-A: b\r\n\r\n" + OK], R(200, body=b"ok"), close=False,
      checks=[lambda run: None if run.clients["a"].responses[0].interim[0].all("Link") == ["<a>"] else "Link is missing"])
reply("expect/interim-hop-by-hop", "F46", "9110 7.6.1", MUST, ["HTTP/1.1 103 Early Hints\r\nConnection: X-A\r\nX-A: b\r\n\r\n" + OK], R(200, body=b"ok"), close=False,
      checks=[lambda run: "X-A came" if any(m.all("X-A") for m in run.clients["a"].responses[0].interim) else None])
reply("expect/interim-not-to-1.0", "F46", "9110 15.2", MUST, "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + OK, R(200, body=b"ok", interim=[]),
      send="GET $U/r HTTP/1.0\r\n" + END, end="closed", close=False)
reply("expect/interim-100-not-to-1.0", "F46", "9110 15.2", MUST, CONTINUE + OK, R(200, body=b"ok", interim=[]), send="GET $U/r HTTP/1.0\r\n" + END,
      end="closed", close=False)
for name, fields in {"length": "Content-Length: 5\r\n", "chunked": "Transfer-Encoding: chunked\r\n", "length-of-next": f"Content-Length: {len(OK)}\r\n",
                     "both": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"}.items():
    reply(f"expect/interim-has-no-body-{name}", "F46", "9110 15.2", MUST, f"HTTP/1.1 103 Early Hints\r\n{fields}\r\n" + OK, R(200, body=b"ok"), end=None, close=False,
          also=[Outcome([R(GATEWAY_ERROR)], [Q("GET", "/r")], None)])
reply("expect/interim-is-forwarded-at-once", "F46", "9110 15.2", SHOULD, ["HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", Wait("got"), OK], R(200, body=b"ok"),
      send=["GET $U/r HTTP/1.1\r\n" + END, GetInterim(103), Mark("got")], close=False)
reply("expect/interim-endless", "F46", "9110 15.2", SHOULD, "HTTP/1.1 102 Processing\r\n\r\n" * 5000 + OK, R(502), end=None,
      also=[Outcome([R(200)], [Q("GET", "/r")], None)], peers=False)
reply("expect/interim-then-nothing", "F46", "9112 8", MUST, "HTTP/1.1 102 Processing\r\n\r\n", R(GATEWAY_ERROR), end=None)
reply("expect/interim-then-garbage", "F46", "9112 4", MUST, "HTTP/1.1 102 Processing\r\n\r\nhello\r\n\r\n", R(502), end=None, also=[
    Outcome([R(GATEWAY_ERROR | {500})], [Q("GET", "/r")], None)])
