# SPDX-License-Identifier: GPL-2.0-only
"""D32-D35: chunked requests."""
from case import (
    CLIENT_ERROR, HOST, MUST, PARTIAL, PRODUCT, SHOULD, Answer, Content, EachOctet, Head, Mark, Outcome, Pieces,
    Q, R, Rest, Wait, case, forwarded)
from chunks import BAD, ENDLESS, GOOD, LAX

BEGIN = "POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n"
NEXT = "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n"
BOTH = [Q("GET", "/b")]


def good(name, point, ref, level, steps, body, **more):
    forwarded(f"chunked/{name}", point, ref, level, steps, [Q("POST", "/a", body=body, framing=["chunked", "length"]), Q("GET", "/b")], **more)


for name, (raw, body) in GOOD.items():
    good(f"request-{name}", "D33" if "ext" in name else "D34" if "trailer" in name else "D32", "9112 7.1", MUST, BEGIN + raw + NEXT, body)
    if len(raw) < 150:
        good(f"request-{name}-octet-by-octet", "D32", "9112 7.1", MUST, [BEGIN, EachOctet(raw), NEXT], body)
for cut in range(1, 40):
    raw = '5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\n\r\n'
    if cut < len(raw):
        good(f"request-split-at-{cut}", "D32", "9112 7.1", MUST, [BEGIN, Pieces(raw[:cut], raw[cut:] + NEXT)], b"hello!")

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

for name, line in {
        "length": "Content-Length: 50", "encoding": "Transfer-Encoding: gzip", "host": "Host: evil.test", "authorization": "Authorization: Basic x",
        "cookie": "Cookie: a=b", "forwarded": "X-Forwarded-For: 10.0.0.1", "connection": "Connection: X-A", "expect": "Expect: 100-continue",
        "via": "Via: 1.1 evil", "cache-control": "Cache-Control: no-store", "range": "Range: bytes=0-1", "te": "TE: trailers"}.items():
    field = line.split(":")[0]
    case(f"chunked/request-trailer-{name}", "D34", "9110 6.5.1", MUST, [BEGIN + "5\r\nhello\r\n0\r\n" + line + "\r\nX-T: v\r\n\r\n" + NEXT],
         outcomes=[Outcome([R(200), R(200)], [Q("POST", "/a", body=b"hello", lacks=[line], fields={"Trailer": None}), Q("GET", "/b")], "open"),
                   Outcome([R(CLIENT_ERROR)], PARTIAL, "closed")], checks=[lambda run, line=line: no_trailer(run, line)])


def no_trailer(run, line):
    for msg in run.requests:
        for key, value in msg.trailers:
            if key.decode("latin-1").lower() == line.split(":")[0].lower():
                return f"forwarded as a trailer: {key!r}: {value!r}"
    return None


# ---- D35: streaming --------------------------------------------------------------------------------------------------

case("chunked/request-streamed", "D35", "9110 7.6", SHOULD,
     [BEGIN, "5\r\nhello\r\n", Wait("got"), "6\r\n world\r\n", Wait("more"), "0\r\n\r\n"],
     [[Head(), Content(5), Mark("got"), Content(11), Mark("more"), Rest(), Answer()]],
     [Outcome([R(200)], [Q("POST", "/a", body=b"hello world")], "open")])
case("chunked/request-length-streamed", "D35", "9110 7.6", SHOULD,
     ["POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 11\r\n\r\n", Wait("head"), "hello", Wait("got"), " world"],
     [[Head(), Content(5), Mark("got"), Rest(), Answer()]], [Outcome([R(200)], [Q("POST", "/a", body=b"hello world")], "open")])
