# SPDX-License-Identifier: GPL-2.0-only
"""G51, H56-H61: persistence, pipelining, retries, idle upstream connections, half-closed clients."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Acked, Answer, Close, Drained, Freeze, Get, HalfClose, Head, Mark, Outcome,
    PeerEnd, Pieces, Q, R, Request, Reset, Send, Thaw, Wait, case, forwarded, reply)

GET_A = "GET $U/a HTTP/1.1\r\n" + END
GET_B = "GET $U/b HTTP/1.1\r\n" + END
SMUGGLED = "GET $U/smuggled HTTP/1.1\r\n" + END
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# ---- H56: close ------------------------------------------------------------------------------------------------------

for name, lines in {
        "close": "Connection: close\r\n", "case": "connection: CLOSE\r\n", "list": "Connection: keep-alive, close\r\n", "list-first": "Connection: close, keep-alive\r\n",
        "lines": "Connection: keep-alive\r\nConnection: close\r\n", "blanks": "Connection: \t close \t\r\n", "empty-elements": "Connection: ,,close,,\r\n",
        "with-field": "Connection: X-A,close\r\nX-A: b\r\n"}.items():
    forwarded(f"connections/client-{name}", "H56", "9112 9.6", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + lines + "\r\n" + SMUGGLED, Q("GET", "/a"), end="closed")
forwarded("connections/close-announced", "H56", "9112 9.6", SHOULD, "GET $U/a HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n", Q("GET", "/a"),
          [R(200, fields={"Connection": lambda v: "close" in ",".join(v).lower()})], end="closed")
for name, value in {"closed": "closed", "close-parameter": "close;a=b", "x-close": "x-close", "clos": "clos", "quoted": '"close"'}.items():
    forwarded(f"connections/not-close-{name}", "H56", "9110 7.6.1", PRODUCT, "GET $U/a HTTP/1.1\r\n" + HOST + f"Connection: {value}\r\n\r\n", Q("GET", "/a"), hostile=True)
forwarded("connections/persistent-by-default", "H56", "9112 9.3", SHOULD, GET_A, Q("GET", "/a"))
forwarded("connections/keep-alive-named", "H56", "9112 9.3", SHOULD, "GET $U/a HTTP/1.1\r\n" + HOST + "Connection: keep-alive\r\n\r\n", Q("GET", "/a"))
forwarded("connections/1.0-closes", "H56", "9112 9.3", MUST, "GET $U/a HTTP/1.0\r\n" + END + SMUGGLED, Q("GET", "/a"), end="closed")
forwarded("connections/1.0-keep-alive-closes", "H56", "9112 9.3", MUST, "GET $U/a HTTP/1.0\r\n" + HOST + "Connection: keep-alive\r\n\r\n" + SMUGGLED, Q("GET", "/a"),
          end="closed", peers=False)
forwarded("connections/1.0-proxy-connection", "H56", "9112 9.3", MUST, "GET $U/a HTTP/1.0\r\n" + HOST + "Proxy-Connection: keep-alive\r\n\r\n" + SMUGGLED, Q("GET", "/a"),
          end="closed")
reply("connections/origin-close-is-not-ours", "H56", "9112 9.3", PRODUCT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", R(200, body=b"ok"),
      also=[Outcome([R(200)], [Q("GET", "/r")], "closed")])
reply("connections/origin-1.0", "H56", "9112 9.3", MUST, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", R(200, body=b"ok"), end=None)
case("connections/origin-close-is-obeyed", "H56", "9112 9.6", MUST, [GET_A, Get(R(200, body=b"ok")), GET_B, Get(R(200, of="/b"))],
     [[Request(), OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), PeerEnd()]])

# ---- H57: pipelining -------------------------------------------------------------------------------------------------

forwarded("connections/pipeline-of-2", "H57", "9112 9.3.2", MUST, GET_A + GET_B, [Q("GET", "/a"), Q("GET", "/b")], [R(200, of="/a"), R(200, of="/b")])
forwarded("connections/pipeline-of-100", "H57", "9112 9.3.2", MUST, "".join(f"GET $U/{n} HTTP/1.1\r\n" + END for n in range(100)),
          [Q("GET", f"/{n}") for n in range(100)], [R(200, of=f"/{n}") for n in range(100)])
forwarded("connections/pipeline-mixed", "H57", "9112 9.3.2", MUST,
          GET_A + "POST $U/p HTTP/1.1\r\n" + HOST + "Content-Length: 3\r\n\r\n123" + "HEAD $U/h HTTP/1.1\r\n" + END +
          "POST $U/c HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + GET_B,
          [Q("GET", "/a"), Q("POST", "/p", body=b"123"), Q("HEAD", "/h"), Q("POST", "/c", body=b"abc"), Q("GET", "/b")],
          [R(200, of="/a"), R(200, of="/p"), R(200, body=b""), R(200, of="/c"), R(200, of="/b")])
forwarded("connections/pipeline-octet-split", "H57", "9112 9.3.2", MUST, [Pieces(GET_A + "GET $U", "/b HTTP/1.1\r\n" + HOST + "\r", "\n")], [Q("GET", "/a"), Q("GET", "/b")])
forwarded("connections/pipeline-close-in-the-middle", "H57", "9112 9.6", MUST, GET_A + GET_B.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") + SMUGGLED,
          [Q("GET", "/a"), Q("GET", "/b")], end="closed")
forwarded("connections/pipeline-1.0-in-the-middle", "H57", "9112 9.6", MUST, GET_A + "GET $U/b HTTP/1.0\r\n" + END + SMUGGLED, [Q("GET", "/a"), Q("GET", "/b")], end="closed")
case("connections/pipeline-slow-first", "H57", "9112 9.3.2", MUST, [GET_A + GET_B, Wait("head"), Mark("go")],
     [[Request(), Wait("go"), OK]], [Outcome([R(200, body=b"ok"), R(200, of="/b")], [Q("GET", "/a"), Q("GET", "/b")], "open")])
case("connections/pipeline-behind-a-bad-response", "H57", "9112 9.3.2", MUST, [GET_A + GET_B], [[Request(), "garbage\r\n\r\n", Close()]],
     [Outcome([R(502), R(200, of="/b")], [Q("GET", "/a"), Q("GET", "/b")], "open"), Outcome([R(502)], [Q("GET", "/a")], "closed")], either=2)
case("connections/pipeline-behind-a-cut-response", "H57", "9112 9.3.2", MUST, [GET_A + SMUGGLED], [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", Close()]],
     [Outcome([R(200, complete=False)], [Q("GET", "/a")], "closed")])
case("connections/pipeline-behind-a-post-not-sent-with-it", "H57", "9112 9.3.2", SHOULD,
     ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\nab" + GET_B, Wait("request"), Drained(), Mark("go")],
     [[Request(), Wait("go"), OK]], [Outcome([R(200), R(200, of="/b")], [Q("POST", "/a"), Q("GET", "/b")], "open")])




# ---- H58: retries ----------------------------------------------------------------------------------------------------

# The first response leaves an idle connection; the second request meets its end.
for method, body in (("GET", ""), ("HEAD", ""), ("OPTIONS", ""), ("DELETE", ""), ("PUT", ""), ("TRACE", "")):
    case(f"connections/retry-{method.lower()}", "H58", "9110 9.2.2", SHOULD, [GET_A, Get(R(200, of="/a")), f"{method} $U/b HTTP/1.1\r\n" + END],
         [[Request(), Answer(), Head(), Reset()]], [Outcome([R(200), R(200)], [Q("GET", "/a"), Q(method, "/b"), Q(method, "/b")], "open"),
                                                   Outcome([R(200), R(GATEWAY_ERROR)], None, None), Outcome([R(200)], None, "closed")], peers=False)
for method, fields in (("POST", "Content-Length: 2\r\n\r\nab"), ("POST", "Content-Length: 0\r\n\r\n"), ("POST", "\r\n"), ("PATCH", "\r\n"), ("FOO", "\r\n"), ("get", "\r\n"),
                       ("PUT", "Content-Length: 2\r\n\r\nab"), ("LOCK", "\r\n")):
    name = method.lower() + ("-small" if method == "get" else "") + ("-body" if "ab" in fields else "-zero" if "0" in fields else "")
    case(f"connections/no-retry-{name}", "H58", "9110 9.2.2", MUST, [GET_A, Get(R(200, of="/a")), f"{method} $U/b HTTP/1.1\r\n" + HOST + fields],
         [[Request(), Answer(), Head(), Reset()]], [Outcome([R(200), R(502)], [Q("GET", "/a"), Q(method, "/b", complete=None)], None),
                                                   Outcome([R(200), R(GATEWAY_ERROR)], [Q("GET", "/a"), Q(method, "/b", complete=None)], None),
                                                   Outcome([R(200)], [Q("GET", "/a"), Q(method, "/b", complete=None)], "closed")], hurried=True)
    case(f"connections/no-retry-first-{name}", "H58", "9110 9.2.2", MUST, [f"{method} $U/b HTTP/1.1\r\n" + HOST + fields], [[Head(), Reset()]],
         [Outcome([R(502)], [Q(method, "/b", complete=None)], None), Outcome([R(GATEWAY_ERROR)], [Q(method, "/b", complete=None)], None)])
case("connections/no-retry-after-response-octets", "H58", "9110 9.2.2", MUST, [GET_A, Get(R(200)), GET_B], [[Request(), Answer(), Request(), "HTTP/1.1 200 O", Reset()]],
     [Outcome([R(200), R(502)], [Q("GET", "/a"), Q("GET", "/b")], None), Outcome([R(200)], [Q("GET", "/a"), Q("GET", "/b")], "closed"), Outcome([R(200), R(GATEWAY_ERROR)], [Q("GET", "/a"), Q("GET", "/b")], None)])
case("connections/no-retry-after-interim", "H58", "9110 9.2.2", MUST, [GET_A, Get(R(200)), GET_B], [[Request(), Answer(), Request(), "HTTP/1.1 103 Early Hints\r\n\r\n", Reset()]],
     [Outcome([R(200), R(502)], [Q("GET", "/a"), Q("GET", "/b")], None), Outcome([R(200)], [Q("GET", "/a"), Q("GET", "/b")], "closed"), Outcome([R(200), R(GATEWAY_ERROR)], [Q("GET", "/a"), Q("GET", "/b")], None)])
case("connections/at-most-one-retry", "H58", "9110 9.2.2", SHOULD, [GET_A, Get(R(200)), GET_B],
     [[Request(), Answer(), Head(), Reset()], [Head(), Reset()]],
     [Outcome([R(200), R(502)], [Q("GET", "/a"), Q("GET", "/b"), Q("GET", "/b")], None), Outcome([R(200), R(GATEWAY_ERROR)], None, None), Outcome([R(200)], None, "closed")],
     peers=False)
case("connections/no-retry-on-a-new-connection", "H58", "9110 9.2.2", SHOULD, [GET_B], [[Head(), Reset()]], [Outcome([R(502)], [Q("GET", "/b")], None),
     Outcome([R(GATEWAY_ERROR)], None, None), Outcome([R(200)], None, None)])
case("connections/next-address-when-refused", "H58", "9110 9.2.2", PRODUCT, ["GET /a HTTP/1.1\r\nHost: $ALT\r\n\r\n"],
     outcomes=[Outcome([R(200)], [Q("GET", "/a")], "open")], modes=("reverse",))
case("connections/next-address-keeps-the-body", "H58", "9110 9.2.2", PRODUCT, ["POST /a HTTP/1.1\r\nHost: $ALT\r\nContent-Length: 5\r\n\r\nhello" + "POST /b HTTP/1.1\r\nHost: $ALT\r\n"
     "Content-Length: 5\r\n\r\nworld"], outcomes=[Outcome([R(200), R(200)], [Q("POST", "/a", body=b"hello"), Q("POST", "/b", body=b"world")], "open")], modes=("reverse",))

# ---- G51, H59: idle connections --------------------------------------------------------------------------------------

case("connections/reused", "G51 H59 H60", "9112 9.3", PRODUCT, [GET_A, Get(R(200, of="/a")), GET_B, Get(R(200, of="/b"))],
     checks=[lambda run: None if len({msg.conn for msg in run.requests}) == 1 else "a new connection for each request"])
for name, raw in {"response": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "408": "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                  "garbage": "evil", "crlf": "\r\n", "interim": "HTTP/1.1 100 Continue\r\n\r\n"}.items():
    case(f"connections/idle-{name}", "G51", "9112 9.2", MUST, [GET_A, Get(R(200, of="/a")), Wait("end"), GET_B, Get(R(200, of="/b"))],
         [[Request(), Answer(), Drained(), raw, PeerEnd()]], hostile=True, checks=[lambda run: None if run.requests[-1].conn else "the connection was used again"])
case("connections/idle-closed-by-origin", "H59", "9112 9.5", SHOULD, [GET_A, Get(R(200, of="/a")), Wait("end"), "POST $U/b HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\nab",
     Get(R(200, of="/b"))], [[Request(), Answer(), Close()]])
case("connections/idle-reset-by-origin", "H59", "9112 9.5", SHOULD, [GET_A, Get(R(200, of="/a")), Wait("end"), Wait("conn"), "GET $U/b HTTP/1.1\r\n" + END, Get(R(200, of="/b"))],
     [[Request(), Answer(), Reset()]], hostile=True)
case("connections/client-gone-upstream-ends", "H59", "9112 9.5", SHOULD, [GET_A, Wait("head"), Reset(), Wait("end")], [[Request(), PeerEnd()]])
case("connections/client-gone-in-response", "H59", "9112 9.5", SHOULD, [GET_A, Wait("sent"), Reset(), Wait("end")],
     [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", Mark("sent"), PeerEnd()]])
case("connections/client-gone-in-request", "H59", "9112 9.5", SHOULD, ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 100\r\n\r\nhello", Wait("head"), Reset(), Wait("end")],
     [[Head(), PeerEnd()]])

# ---- H59: half-closed clients ----------------------------------------------------------------------------------------

case("connections/half-closed-client", "H59", "9112 9.6", SHOULD, [GET_A, HalfClose()], outcomes=[Outcome([R(200, of="/a")], [Q("GET", "/a")], "closed")])
case("connections/half-closed-client-pipelined", "H59", "9112 9.6", SHOULD, [GET_A + GET_B, HalfClose()],
     outcomes=[Outcome([R(200, of="/a"), R(200, of="/b")], [Q("GET", "/a"), Q("GET", "/b")], "closed")])
case("connections/half-closed-client-body", "H59", "9112 9.6", SHOULD, ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\n\r\nhello", HalfClose()],
     outcomes=[Outcome([R(200, of="/a")], [Q("POST", "/a", body=b"hello")], "closed")])
case("connections/half-closed-client-slow-origin", "H59", "9112 9.6", SHOULD, [GET_A, HalfClose(), Wait("head"), Drained(), Mark("go")],
     [[Request(), Wait("go"), OK]], [Outcome([R(200, body=b"ok")], [Q("GET", "/a")], "closed")])
case("connections/half-closed-client-large-response", "H59", "9112 9.6", SHOULD, [GET_A, HalfClose()],
     [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x" * 1000000]], [Outcome([R(200, body=b"x" * 1000000)], [Q("GET", "/a")], "closed")])
case("connections/half-close-without-request", "H59", "9112 9.6", SHOULD, [HalfClose()], outcomes=[Outcome([], (), "closed")])
case("connections/half-closed-origin-finishes-request", "H59", "9112 9.6", SHOULD, ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 10\r\n\r\nhello", Wait("head"), "world"],
     [[Head(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", HalfClose(), PeerEnd()]], [Outcome([R(200, body=b"ok")], None, None)])

# ---- H60: whose connection it is -------------------------------------------------------------------------------------

for scheme in ("NTLM TlRMTVNTUAABAAAA", "Negotiate YII=", "ntlm TlRMTVNTUAABAAAA"):
    case(f"connections/bound-{scheme.split()[0].lower() + ('-small' if scheme[0] == 'n' else '')}", "H60", "4559 5", SHOULD,
         ["GET $U/a HTTP/1.1\r\n" + HOST + f"Authorization: {scheme}\r\n\r\n", Get(R(401)), Send(GET_B, conn="b"), Get(R(200, of="/b"), conn="b"),
          GET_A, Get(R(200))], [[Request(), f"HTTP/1.1 401 X\r\nWWW-Authenticate: {scheme}\r\nContent-Length: 0\r\n\r\n"]],
         checks=[lambda run: bound(run)], peers=False, hostile=True)


def bound(run):
    """The first client's requests share a connection, the other's is not on it."""
    own = {msg.conn for msg in run.requests if msg.target == "/a"}
    other = {msg.conn for msg in run.requests if msg.target == "/b"}
    return None if len(own) == 1 and not own & other else f"connections {own} and {other}"


case("connections/address-of-client", "H60", "design", PRODUCT, [GET_A, Get(R(200))], modes=("transparent",),
     checks=[lambda run: None if run.origin.conns[0].peer[0] == run.clients["a"].stream.sock.getsockname()[0] else f"the origin saw {run.origin.conns[0].peer[0]}"])

# ---- H61: lingering --------------------------------------------------------------------------------------------------

case("connections/error-is-not-lost", "H61", "9112 9.6", SHOULD, ["GE(T $U/a HTTP/1.1\r\n" + END, b"x" * 1000000], outcomes=[Outcome([R(400)], (), "closed")])
case("connections/error-is-not-lost-chunked", "H61", "9112 9.6", SHOULD,
     ["POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\nZ\r\n", b"x" * 1000000], outcomes=[Outcome([R({400})], None, "closed")])
case("connections/no-reset-after-error", "H61", "9112 9.6", SHOULD, ["GE(T $U/a HTTP/1.1\r\n" + END, Get(R(400)), "x" * 1000, Drained()], outcomes=[Outcome([R(400)], (), "fin")])

# ---- G51: what comes on an idle connection in the moment in which it is taken ----------------------------------------

STALE = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"
POST_B = "POST $U/b HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\nok"
for name, request, step, end in (("octets", GET_B, Send(STALE), Acked()), ("octets-post", POST_B, Send(STALE), Acked()), ("octets-and-end", GET_B, Send(STALE), HalfClose()),
                                 ("end-post", POST_B, HalfClose(), Acked())):
    case(f"connections/idle-surprise-{name}", "G51", "9112 9.2", MUST,
         [GET_A, Get(R(200)), Freeze(), Send(request), Mark("go"), Wait("stale"), Thaw(), Get(R(200, of="/b"))],
         [[Request(), Answer(), Wait("go"), step, end, Mark("stale"), PeerEnd(empty=True)]], peers=False, hostile=True)
