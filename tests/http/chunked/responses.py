# SPDX-License-Identifier: GPL-2.0-only
"""D32-D35: chunked responses."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Close, EachOctet, Mark, Outcome, Pieces, Q, R, Request,
    Until, Wait, case, reply)
from chunks import BAD, ENDLESS, GOOD, LAX

BEGIN = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SEEN = [Q("GET", "/r")]
BROKEN = [Outcome([R(200, complete=False)], SEEN, "closed"), Outcome([R(GATEWAY_ERROR | {500})], SEEN, None),
          Outcome([], SEEN, "closed")]

for name, (raw, body) in GOOD.items():
    point = "D33" if "ext" in name else "D34" if "trailer" in name else "D32"
    reply(f"chunked/response-{name}", point, "9112 7.1", MUST, BEGIN + raw, R(200, body=body), close=False)
    if len(raw) < 150:
        reply(f"chunked/response-{name}-octet-by-octet", point, "9112 7.1", MUST, [BEGIN, EachOctet(raw)], R(200, body=body), close=False)
    reply(f"chunked/response-{name}-to-1.0", "G54", "9112 6.1", MUST, BEGIN + raw,
          R(200, body=body, framing=["close", "length"], fields={"Transfer-Encoding": None}), send="GET $U/r HTTP/1.0\r\n" + END, end="closed", close=False)
for cut in range(1, 40):
    raw = '5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\n\r\n'
    if cut < len(raw):
        reply(f"chunked/response-split-at-{cut}", "D32", "9112 7.1", MUST, [Pieces(BEGIN + raw[:cut], raw[cut:])], R(200, body=b"hello!"), close=False)
for name, raw in BAD.items():
    # whatever the client saw of it, it must see that something is missing
    case(f"chunked/response-bad-{name}", "D32", "9112 7.1", MUST, ["GET $U/r HTTP/1.1\r\n" + END],
         [[Request(), BEGIN + raw + "\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", Close()]], BROKEN, either=2)
    case(f"chunked/response-bad-{name}-to-1.0", "D32", "9112 8", MUST, ["GET $U/r HTTP/1.0\r\n" + END],
         [[Request(), BEGIN + raw, Close()]], [Outcome([R(200, complete=False)], SEEN, "reset"), *BROKEN[1:]], either=2)
for name, raw in LAX.items():
    case(f"chunked/response-lax-{name}", "D33", "9112 7.1.1", PRODUCT, ["GET $U/r HTTP/1.1\r\n" + END], [[Request(), BEGIN + raw, Close()]],
         [*BROKEN, Outcome([R(200, body=b"hello")], SEEN, None)], either=2)
for name, raw in ENDLESS.items():
    case(f"chunked/response-endless-{name}", "D33" if "ext" in name else "D34", "9112 7.1.1", SHOULD, ["GET $U/r HTTP/1.1\r\n" + END],
         [[Request(), BEGIN + raw, Close()]], BROKEN, either=2)

# ---- D34: trailers ---------------------------------------------------------------------------------------------------


def no_trailer(run, line):
    for msg in run.clients["a"].responses:
        if any(key.decode("latin-1").lower() == line.split(":")[0].lower() for key, _ in msg.trailers):
            return f"forwarded as a trailer: {line}"
    return None


for name, line in {"length": "Content-Length: 50", "encoding": "Transfer-Encoding: gzip", "set-cookie": "Set-Cookie: a=b", "location": "Location: http://evil.test/",
                   "content-type": "Content-Type: text/html", "cache-control": "Cache-Control: public", "connection": "Connection: close",
                   "www-authenticate": "WWW-Authenticate: Basic"}.items():
    for how, fields in (("plain", ""), ("te", "TE: trailers\r\nConnection: TE\r\n")):
        case(f"chunked/response-trailer-{name}-{how}", "D34", "9110 6.5.1", MUST, ["GET $U/r HTTP/1.1\r\n" + HOST + fields + "\r\n"],
             [[Request(), BEGIN + "5\r\nhello\r\n0\r\n" + line + "\r\n\r\n"]],
             [Outcome([R(200, body=b"hello", lacks=[line])], SEEN, "open"), BROKEN[0]], checks=[lambda run, line=line: no_trailer(run, line)])

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
