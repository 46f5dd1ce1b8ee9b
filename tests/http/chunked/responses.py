# SPDX-License-Identifier: GPL-2.0-only
"""D32-D35: chunked responses."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Close, EachOctet, Mark, Outcome, Pieces, Q, R, Request,
    Until, Wait, case, reply)
from chunks import BAD, ENDLESS, FORBIDDEN, GOOD, LAX, TRAILERS

BEGIN = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SEEN = [Q("GET", "/r")]
BROKEN = [Outcome([R(200, complete=False)], SEEN, "closed"), Outcome([R(GATEWAY_ERROR | {500})], SEEN, None),
          Outcome([], SEEN, "closed")]

WANTS = HOST + "TE: trailers\r\nConnection: TE\r\n\r\n"


def good(name, point, raw, body, trailers):
    """To a client that takes trailers: they go on; without them is as good by the RFCs."""
    also = [Outcome([R(200, body=body)], SEEN, "open")] if trailers else []
    reply(f"chunked/response-{name}", point, "9112 7.1", MUST, raw, R(200, body=body, trailers=trailers), close=False,
          send="GET $U/r HTTP/1.1\r\n" + WANTS, also=also)


for name, (raw, body) in GOOD.items():
    point, lines = "D33" if "ext" in name else "D34" if "trailer" in name else "D32", TRAILERS.get(name, [])
    good(name, point, BEGIN + raw, body, lines)
    if len(raw) < 150:
        good(name + "-octet-by-octet", point, [BEGIN, EachOctet(raw)], body, lines)
    if lines:
        reply(f"chunked/response-{name}-unwanted", "D34", "9110 6.5.1", MUST, BEGIN + raw, R(200, body=body, trailers=[]), close=False)
    reply(f"chunked/response-{name}-to-1.0", "G54", "9112 6.1", MUST, BEGIN + raw,
          R(200, body=body, framing=["close", "length"], fields={"Transfer-Encoding": None}), send="GET $U/r HTTP/1.0\r\n" + WANTS, end="closed", close=False)
for cut in range(1, 60):
    raw = '5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\nHost: x\r\nX-U:w\r\n\r\n'
    if cut < len(raw):
        good(f"split-at-{cut}", "D32 D34", [Pieces(BEGIN + raw[:cut], raw[cut:])], b"hello!", [("X-T", "v"), ("X-U", "w")])
for name, raw in BAD.items():
    # whatever the client saw of it, it must see that something is missing
    case(f"chunked/response-bad-{name}", "D32", "9112 7.1", MUST, ["GET $U/r HTTP/1.1\r\n" + END],
         [[Request(), BEGIN + raw + "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", Close()]], BROKEN, either=2)
    case(f"chunked/response-bad-{name}-to-1.0", "D32 G54", "9112 8", MUST, ["GET $U/r HTTP/1.0\r\n" + END],
         [[Request(), BEGIN + raw, Close()]], [Outcome([R(200, complete=False)], SEEN, "reset"), *BROKEN[1:]], either=2)
for name, raw in LAX.items():
    case(f"chunked/response-lax-{name}", "D33", "9112 7.1.1", PRODUCT, ["GET $U/r HTTP/1.1\r\n" + END], [[Request(), BEGIN + raw, Close()]],
         [*BROKEN, Outcome([R(200, body=b"hello")], SEEN, None)], either=2)
for name, raw in ENDLESS.items():
    case(f"chunked/response-endless-{name}", "D33" if "ext" in name else "D34", "9112 7.1.1", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END],
         [[Request(), BEGIN + raw, Close()]], BROKEN, either=2)

# ---- D34: trailers ---------------------------------------------------------------------------------------------------

for number, line in enumerate(FORBIDDEN):
    case(f"chunked/response-trailer-{number:02}-{line.partition(':')[0].lower()}", "D34", "9110 6.5.1", MUST, ["GET $U/r HTTP/1.1\r\n" + WANTS],
         [[Request(), BEGIN + f"5\r\nhello\r\n0\r\nX-T: v\r\n{line}\r\nX-U: w\r\n\r\n"]],
         [Outcome([R(200, body=b"hello", lacks=[line, "X-T"], trailers=trailers)], SEEN, "open")
          for trailers in ([("X-T", "v"), ("X-U", "w")], [])] + [BROKEN[0]], hostile=True)

# what is asked for, what is announced, what comes of it
TRAILED = BEGIN.replace("\r\n\r\n", "\r\nTrailer: X-T\r\n\r\n") + "5\r\nhello\r\n0\r\nX-T: v\r\n\r\n"


def wanted(name, head, announced, trailers, raw=TRAILED, version="1.1", method="GET", **more):
    end = {"end": "closed"} if version == "1.0" else {}
    reply(f"chunked/response-trailer-{name}", "D34 E36", "9110 6.5.1", MUST, raw,
          R(200, fields={"Trailer": announced}, trailers=trailers, **{"body": b"hello", **more}), close=False, method=method,
          send=f"{method} $U/r HTTP/{version}\r\n" + HOST + head + "\r\n", also=[Outcome([R(200, trailers=[])], [Q(method, "/r")], end.get("end", "open"))], **end)


wanted("asked", "TE: trailers\r\nConnection: TE\r\n", "X-T", [("X-T", "v")])
wanted("asked-among-others", "TE: deflate;q=0.5, trailers\r\nConnection: keep-alive, te\r\n", "X-T", [("X-T", "v")])
wanted("not-asked", "", None, [])
wanted("asked-for-others", "TE: deflate\r\nConnection: TE\r\n", None, [])
wanted("asked-by-another-hop", "TE: trailers\r\n", None, [])
wanted("asked-with-1.0", "TE: trailers\r\nConnection: TE\r\n", None, [], version="1.0")
wanted("named-by-connection", "TE: trailers\r\nConnection: TE\r\n", None, [], raw=TRAILED.replace("Trailer:", "Connection: x-t\r\nTrailer:"))
wanted("announced-without-chunks", "TE: trailers\r\nConnection: TE\r\n", None, [],
       raw="HTTP/1.1 200 OK\r\nTrailer: X-T\r\nContent-Length: 5\r\n\r\nhello")
wanted("head", "TE: trailers\r\nConnection: TE\r\n", None, [], raw=TRAILED[:TRAILED.index("\r\n\r\n") + 4], method="HEAD", body=b"")
case("chunked/response-trailer-and-no-end", "D34 G52", "9112 8", MUST, ["GET $U/r HTTP/1.1\r\n" + WANTS],
     [[Request(), BEGIN + "5\r\nhello\r\n0\r\nX-T: v\r\n", Close()]], BROKEN, either=2)
case("chunked/response-trailer-then-another", "D34 G51", "9112 9.2", MUST, ["GET $U/r HTTP/1.1\r\n" + WANTS],
     [[Request(), TRAILED + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"]], [Outcome([R(200, body=b"hello")], SEEN, "open")])

# ---- D35: streaming --------------------------------------------------------------------------------------------------

case("chunked/response-streamed", "D35", "9110 7.6", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END, Until("hello"), Mark("got"), Until("world"), Mark("more")],
     [[Request(), BEGIN + "5\r\nhello\r\n", Wait("got"), "6\r\n world\r\n", Wait("more"), "0\r\n\r\n"]],
     [Outcome([R(200, body=b"hello world")], SEEN, "open")])
case("chunked/response-length-streamed", "D35", "9110 7.6", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END, Until("hello"), Mark("got")],
     [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello", Wait("got"), " world"]],
     [Outcome([R(200, body=b"hello world")], SEEN, "open")])
case("chunked/response-head-streamed", "D35", "9110 7.6", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END, Until("\r\n\r\n"), Mark("got")],
     [[Request(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Wait("got"), "hello"]], [Outcome([R(200, body=b"hello")], SEEN, "open")])
case("chunked/response-close-streamed", "D35", "9110 7.6", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END, Until("hello"), Mark("got")],
     [[Request(), "HTTP/1.1 200 OK\r\n\r\nhello", Wait("got"), " world", Close()]], [Outcome([R(200, body=b"hello world")], SEEN, None)])
