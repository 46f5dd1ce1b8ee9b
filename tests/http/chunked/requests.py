# SPDX-License-Identifier: GPL-2.0-only
"""D32-D35: chunked requests."""
from case import (
    CLIENT_ERROR, HOST, MUST, PARTIAL, PRODUCT, SHOULD, Answer, Content, EachOctet, HalfClose, Head, Mark, Outcome, Pieces,
    Q, R, Rest, Wait, case, forwarded)
from chunks import BAD, ENDLESS, FORBIDDEN, GOOD, LAX, TRAILERS

BEGIN = "POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n"
NEXT = "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n"
BOTH = [Q("GET", "/b")]


def good(name, point, ref, level, steps, body, trailers, **more):
    """Trailers go on; without them is as good by the RFCs."""
    def seen(**also):
        return [Q("POST", "/a", body=body, framing=["chunked", "length"], **also), Q("GET", "/b")]

    forwarded(f"chunked/{name}", point, ref, level, steps, seen(trailers=trailers),
              also=[Outcome([R(200), R(200)], seen(), "open")] if trailers else [], **more)


for name, (raw, body) in GOOD.items():
    lines = TRAILERS.get(name, [])
    good(f"request-{name}", "D33" if "ext" in name else "D34" if "trailer" in name else "D32", "9112 7.1", MUST, BEGIN + raw + NEXT, body, lines)
    if len(raw) < 150:
        good(f"request-{name}-octet-by-octet", "D34" if "trailer" in name else "D32", "9112 7.1", MUST, [BEGIN, EachOctet(raw), NEXT], body, lines)
for cut in range(1, 60):
    raw = '5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\nHost: x\r\nX-U:w\r\n\r\n'
    if cut < len(raw):
        good(f"request-split-at-{cut}", "D32 D34", "9112 7.1", MUST, [BEGIN, Pieces(raw[:cut], raw[cut:] + NEXT)], b"hello!",
             [("X-T", "v"), ("X-U", "w")])

FORWARDED = [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], None)]
for name, raw in BAD.items():
    # the head has reached the origin when the chunks come: it must see that they have no end
    case(f"chunked/request-bad-{name}", "D32", "9112 7.1", MUST, [BEGIN, Wait("head"), raw, "\r\n0\r\n\r\nGET $U/smuggled HTTP/1.1\r\n" + HOST + "\r\n"],
         [[Head()]], [Outcome([R(400)], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR | {500, 502})], PARTIAL, "closed"), Outcome([], PARTIAL, "closed")])
    case(f"chunked/request-bad-{name}-at-once", "D32", "9112 7.1", MUST, [BEGIN + raw + "\r\n0\r\n\r\nGET $U/smuggled HTTP/1.1\r\n" + HOST + "\r\n"],
         outcomes=[Outcome([R(400)], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR | {500, 502})], PARTIAL, "closed"), Outcome([], PARTIAL, "closed")])
for name, raw in LAX.items():
    case(f"chunked/request-lax-{name}", "D33", "9112 7.1.1", PRODUCT, [BEGIN + raw],
         outcomes=[Outcome([R(400)], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR | {500, 502})], PARTIAL, "closed"), *FORWARDED])
for name, raw in ENDLESS.items():
    case(f"chunked/request-endless-{name}", "D33" if "ext" in name else "D34", "9112 7.1.1", SHOULD, [BEGIN + raw],
         outcomes=[Outcome([R(400)], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR | {500, 502})], PARTIAL, "closed"), Outcome([], PARTIAL, "closed")])

# ---- D34: trailers ---------------------------------------------------------------------------------------------------

TWO = [("X-T", "v"), ("X-U", "w")]
for number, line in enumerate(FORBIDDEN):
    case(f"chunked/request-trailer-{number:02}-{line.partition(':')[0].lower()}", "D34", "9110 6.5.1", MUST,
         [BEGIN + f"5\r\nhello\r\n0\r\nX-T: v\r\n{line}\r\nX-U: w\r\n\r\n" + NEXT],
         outcomes=[Outcome([R(200), R(200)], [Q("POST", "/a", body=b"hello", lacks=[line, "X-T"], trailers=trailers), Q("GET", "/b")], "open")
                   for trailers in (TWO, [])] + [Outcome([R(CLIENT_ERROR)], PARTIAL, "closed")], hostile=True)
good("request-trailers-all-forbidden", "D34", "9110 6.5.1", MUST, BEGIN + "0\r\n" + "".join(line + "\r\n" for line in FORBIDDEN) + "\r\n" + NEXT, b"", [])


def announced(name, connection, trailer, outcome):
    """What is announced, and what comes of it."""
    head = BEGIN.replace("\r\n\r\n", f"\r\n{connection}Trailer: X-T, X-U\r\n\r\n")
    case(f"chunked/request-trailer-{name}", "D34 E36", "9110 6.6.2", MUST, [head + "5\r\nhello\r\n0\r\nX-T: v\r\nX-U: w\r\n\r\n" + NEXT],
         outcomes=[Outcome([R(200), R(200)], [Q("POST", "/a", body=b"hello", fields={"Trailer": trailer}, trailers=outcome), Q("GET", "/b")], "open")] +
         [Outcome([R(200), R(200)], [Q("POST", "/a", body=b"hello", trailers=t), Q("GET", "/b")], "open")
          for t in ([], [("X-U", "w")], *([TWO] if not connection else []))])


announced("announced", "", "X-T, X-U", TWO)
announced("named-by-connection", "Connection: X-T\r\n", None, [])
announced("named-by-connection-spelled", "Connection: keep-alive, x-T\r\n", None, [])
forwarded("chunked/request-trailer-announced-without-chunks", "D34", "9110 6.6.2", MUST,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Trailer: X-T\r\nContent-Length: 5\r\n\r\nhello", Q("POST", "/a", body=b"hello", fields={"Trailer": None}),
          also=[Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "open")])
case("chunked/request-trailer-and-no-end", "D34 C31", "9112 8", MUST, [BEGIN, Wait("head"), "0\r\nX-T: v\r\n", HalfClose()], [[Head()]],
     [Outcome([], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR)], PARTIAL, "closed")])

# ---- D35: streaming --------------------------------------------------------------------------------------------------

case("chunked/request-streamed", "D35", "9110 7.6", SHOULD,
     [BEGIN, "5\r\nhello\r\n", Wait("got"), "6\r\n world\r\n", Wait("more"), "0\r\n\r\n"],
     [[Head(), Content(5), Mark("got"), Content(11), Mark("more"), Rest(), Answer()]],
     [Outcome([R(200)], [Q("POST", "/a", body=b"hello world")], "open")])
case("chunked/request-length-streamed", "D35", "9110 7.6", SHOULD,
     ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 11\r\n\r\n", Wait("head"), "hello", Wait("got"), " world"],
     [[Head(), Content(5), Mark("got"), Rest(), Answer()]], [Outcome([R(200)], [Q("POST", "/a", body=b"hello world")], "open")])
