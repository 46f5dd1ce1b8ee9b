# SPDX-License-Identifier: GPL-2.0-only
"""G49, G50, G52-G55: how a response ends, with origins that are broken or mean harm."""
from case import (
    END, GATEWAY_ERROR, HOST, MUST, PRODUCT, SHOULD, Acked, Close, Drained, Get, Mark, Outcome, Q, R, Request,
    Reset, Send, Until, Wait, case, reply)

SEEN = [Q("GET", "/r")]
NOT = Outcome([R(GATEWAY_ERROR | {500})], SEEN, None)
ANY_NOT = [NOT]
TE = "Transfer-Encoding: chunked\r\n"
EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
GET = "GET $U/r HTTP/1.1\r\n" + END


def bad(name, point, ref, level, raw, also=(), **more):
    reply(name, point, ref, level, raw, R(502), end=None, also=[*ANY_NOT, *also], **more)


# ---- G49: lengths ----------------------------------------------------------------------------------------------------

CHUNKS = "5\r\nhello\r\n0\r\n\r\n"
for name, fields in {"cl-te": "Content-Length: 3\r\n" + TE, "te-cl": TE + "Content-Length: 3\r\n", "te-cl-longer": TE + "Content-Length: 3000\r\n",
                     "te-cl-zero": TE + "Content-Length: 0\r\n", "te-cl-equal": TE + f"Content-Length: {len(CHUNKS)}\r\n"}.items():
    reply(f"responses/both-{name}", "G49", "9112 6.3", MUST, f"HTTP/1.1 200 OK\r\n{fields}\r\n{CHUNKS}", R(200, body=b"hello"), end=None, also=ANY_NOT,
          checks=[lambda run: next_conn(run)])
for name, value in {
        "plus": "+5", "minus": "-5", "hex": "0x5", "blank-inside": "5 5", "word": "five", "empty": "", "decimal": "5.0", "semicolon": "5;a", "quoted": '"5"',
        "nul": "5\0", "two-to-64-plus-5": "18446744073709551621", "two-to-63": "9223372036854775808", "nines": "9" * 40, "list-differs": "5, 6",
        "list-word": "5, x", "vt": "5\x0b", "nbsp": "5\xa0", "exponent": "5e0", "underscore": "5_0", "comma": ","}.items():
    bad(f"responses/cl-{name}", "G49", "9112 6.3", MUST, f"HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nhello{EVIL}")
for name, lines in {"differ": "Content-Length: 5\r\nContent-Length: 6\r\n", "zero-first": "Content-Length: 0\r\nContent-Length: 5\r\n",
                    "word": "Content-Length: 5\r\nContent-Length: x\r\n", "empty": "Content-Length: 5\r\nContent-Length:\r\n"}.items():
    bad(f"responses/cl-lines-{name}", "G49", "9112 6.3", MUST, f"HTTP/1.1 200 OK\r\n{lines}\r\nhello{EVIL}")
for name, lines in {"lines": "Content-Length: 5\r\nContent-Length: 5\r\n", "list": "Content-Length: 5, 5\r\n"}.items():
    reply(f"responses/cl-equal-{name}", "G49", "9112 6.3", PRODUCT, f"HTTP/1.1 200 OK\r\n{lines}\r\nhello", R(200, body=b"hello"), close=False, also=ANY_NOT)
for name, value in {"gzip": "gzip", "gzip-chunked": "gzip, chunked", "chunked-gzip": "chunked, gzip", "twice": "chunked, chunked", "x": "x", "vt": "chunked\x0b",
                    "quoted": '"chunked"', "xchunked": "xchunked", "nul": "chunked\0", "nbsp": "\xa0chunked", "semicolon": "chunked;a=b", "empty": "",
                    "identity-chunked": "identity, chunked"}.items():
    raw = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}\r\n\r\n{CHUNKS}"
    also = [Outcome([R(200)], SEEN, None)] if name in ("gzip-chunked", "identity-chunked", "empty") else []
    bad(f"responses/te-{name}", "G49", "9112 6.3", MUST, raw, also)
reply("responses/te-identity", "G49", "9112 6.3", PRODUCT, "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello", R(200, body=b"hello"), end=None, also=ANY_NOT)
reply("responses/te-in-1.0", "G49", "9112 6.1", PRODUCT, f"HTTP/1.0 200 OK\r\n{TE}\r\n{CHUNKS}", R(200, body=b"hello"), end=None, also=[
    *ANY_NOT, Outcome([R(200, body=CHUNKS.encode())], SEEN, None)])
for name, line in {"te-lower": "transfer-encoding: CHUNKED", "te-ows": "Transfer-Encoding:\tchunked \t"}.items():
    reply(f"responses/{name}", "G49", "9112 6.1", MUST, f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n{CHUNKS}", R(200, body=b"hello"), close=False)


def next_conn(run):
    """After an ambiguous response the upstream connection is not used again."""
    conns = [msg.conn for msg in run.requests + run.sentinels]
    return None if len(conns) == len(set(conns)) else "the upstream connection was used again"


# ---- G50: responses without a body -----------------------------------------------------------------------------------

for status in (204, 304):
    for name, fields in {"plain": "", "length-zero": "Content-Length: 0\r\n", "length": "Content-Length: 5\r\n", "chunked": TE, "both": "Content-Length: 5\r\n" + TE,
                         "close": "Connection: close\r\n"}.items():
        reply(f"responses/{status}-{name}", "G50", "9112 6.3", MUST, f"HTTP/1.1 {status} X\r\n{fields}\r\n", R(status, framing=["none"], body=b""), end="open",
              close=name == "close", also=[Outcome([R(status)], SEEN, "closed"), *ANY_NOT] if name not in ("plain",) else ())
        # what follows is no response to anything
        reply(f"responses/{status}-{name}-surplus", "G50", "9112 6.3", MUST, f"HTTP/1.1 {status} X\r\n{fields}\r\n{EVIL}", R(status, framing=["none"]), end="open",
              close=False, hostile=True, also=[Outcome([R(status)], SEEN, "closed"), *ANY_NOT])
        reply(f"responses/{status}-{name}-surplus-text", "G50", "9112 6.3", MUST, f"HTTP/1.1 {status} X\r\n{fields}\r\nhello", R(status, framing=["none"]), end="open",
              close=False, hostile=True, also=[Outcome([R(status)], SEEN, "closed"), *ANY_NOT])
HEAD = "HEAD $U/r HTTP/1.1\r\n" + END
for name, fields in {"length": "Content-Length: 5000\r\n", "length-zero": "Content-Length: 0\r\n", "chunked": TE, "nothing": "", "both": "Content-Length: 5\r\n" + TE}.items():
    reply(f"responses/head-{name}", "G50", "9112 6.3", MUST, f"HTTP/1.1 200 OK\r\n{fields}\r\n", R(200, framing=["none"]), send=HEAD, method="HEAD", close=False,
          also=[Outcome([R(200)], [Q("HEAD", "/r")], "closed"), Outcome([R(502)], [Q("HEAD", "/r")], None)] if name == "both" else
          [Outcome([R(200)], [Q("HEAD", "/r")], "closed")])
    reply(f"responses/head-{name}-surplus", "G50", "9112 6.3", MUST, f"HTTP/1.1 200 OK\r\n{fields}\r\n{EVIL}", R(200, framing=["none"]), send=HEAD, method="HEAD",
          close=False, also=[Outcome([R(200)], [Q("HEAD", "/r")], "closed"), Outcome([R(502)], [Q("HEAD", "/r")], None)])
reply("responses/head-length-kept", "G50", "9110 8.6", MUST, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", R(200, fields={"Content-Length": lambda v: v in (["5000"], [])}),
      send=HEAD, method="HEAD", close=False)
reply("responses/304-length-kept", "G50", "9110 8.6", MUST, "HTTP/1.1 304 X\r\nContent-Length: 5000\r\nETag: \"a\"\r\n\r\n",
      R(304, fields={"Content-Length": lambda v: v in (["5000"], []), "ETag": '"a"'}), close=False)
for name, raw in {"length": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "chunked": f"HTTP/1.1 200 OK\r\n{TE}\r\n{CHUNKS}",
                  "zero": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}.items():
    body = b"" if name == "zero" else b"hello"
    reply(f"responses/surplus-{name}", "G50", "9112 6.3", MUST, raw + EVIL, R(200, body=body), close=False, checks=[lambda run: next_conn(run)])
    reply(f"responses/surplus-{name}-text", "G50", "9112 6.3", MUST, raw + "garbage\r\n\r\n", R(200, body=body), close=False, checks=[lambda run: next_conn(run)])
    case(f"responses/surplus-{name}-later", "G51", "9112 9.2", MUST, [GET, Get(R(200, body=body)), Mark("read"), Wait("sent"), "GET $U/b HTTP/1.1\r\n" + END,
                                                                      Get(R(200, of="/b"))], [[Request(), raw, Wait("read"), EVIL, Acked(), Mark("sent")]], hostile=True)
    # the response to the second request is its own
    case(f"responses/surplus-{name}-queue", "G50", "9112 9.2", MUST, [GET, Get(R(200, body=body)), "GET $U/b HTTP/1.1\r\n" + END, Get(R(200, of="/b"))],
         [[Request(), raw + EVIL]], checks=[lambda run: next_conn(run)])
    case(f"responses/surplus-{name}-other-client", "G50", "9112 9.2", MUST,
         [GET, Get(R(200, body=body)), Send("GET $U/b HTTP/1.1\r\n" + END, conn="b"), Get(R(200, of="/b"), conn="b")], [[Request(), raw + EVIL]])

# ---- G52: responses that are cut -------------------------------------------------------------------------------------

LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = f"HTTP/1.1 200 OK\r\n{TE}\r\n"
CUT = {"length": LENGTH + "hello", "length-none": LENGTH, "chunk": CHUNKED + "a\r\nhello", "chunk-crlf": CHUNKED + "5\r\nhello", "last-chunk": CHUNKED + "5\r\nhello\r\n",
       "last-chunk-size": CHUNKED + "5\r\nhello\r\n0", "last-chunk-line": CHUNKED + "5\r\nhello\r\n0\r\n", "trailers": CHUNKED + "5\r\nhello\r\n0\r\nX-T: v\r\n",
       "final-cr": CHUNKED + "5\r\nhello\r\n0\r\n\r", "size": CHUNKED + "5", "no-chunk": CHUNKED}
INCOMPLETE = Outcome([R(200, complete=False)], SEEN, "closed")
EMPTY = Outcome([], SEEN, "closed")
for name, raw in CUT.items():
    for how, end in (("fin", Close()), ("rst", Reset())):
        case(f"responses/cut-{name}-{how}", "G52", "9112 8", MUST, [GET], [[Request(), raw, end]], [INCOMPLETE, NOT, EMPTY], either=2)
        case(f"responses/cut-{name}-{how}-after-head", "G52", "9112 8", MUST, [GET, Until("\r\n\r\n"), Mark("head-there")],
             [[Request(), raw[:raw.index("\r\n\r\n") + 4], Wait("head-there"), raw[raw.index("\r\n\r\n") + 4:], Drained(), end]], [INCOMPLETE])
        case(f"responses/cut-{name}-{how}-to-1.0", "G52", "9112 8", MUST, ["GET $U/r HTTP/1.0\r\n" + END], [[Request(), raw, end]],
             [Outcome([R(200, complete=False)], SEEN, "reset"), NOT, INCOMPLETE, EMPTY], either=3)
case("responses/cut-close-delimited-rst", "G52", "9112 8", MUST, [GET, Until("hello"), Mark("got")],
     [[Request(), "HTTP/1.1 200 OK\r\n\r\nhello", Wait("got"), Reset()]], [Outcome([R(200, complete=False)], SEEN, "closed"), Outcome([R(200, complete=False)], SEEN, "reset")],
     either=True)
case("responses/cut-close-delimited-rst-to-1.0", "G52", "9112 8", MUST, ["GET $U/r HTTP/1.0\r\n" + END, Until("hello"), Mark("got")],
     [[Request(), "HTTP/1.1 200 OK\r\n\r\nhello", Wait("got"), Reset()]], [Outcome([R(200, complete=False)], SEEN, "reset")])

# ---- G53: status lines -----------------------------------------------------------------------------------------------

for name, line in {
        "http-0.9": "hello world", "icy": "ICY 200 OK", "lower": "http/1.1 200 OK", "version-2": "HTTP/2.0 200 OK", "version-0.9": "HTTP/0.9 200 OK", "version-3": "HTTP/3 200",
        "version-none": "HTTP 200 OK", "version-1": "HTTP/1 200 OK", "version-1.10": "HTTP/1.10 200 OK", "two-digits": "HTTP/1.1 20 OK", "four-digits": "HTTP/1.1 2000 OK",
        "letters": "HTTP/1.1 2xx OK", "sign": "HTTP/1.1 +20 OK", "minus": "HTTP/1.1 -200 OK", "hex": "HTTP/1.1 0xC OK", "no-status": "HTTP/1.1 OK", "only-version": "HTTP/1.1",
        "zero": "HTTP/1.1 000 OK", "099": "HTTP/1.1 099 OK", "tab": "HTTP/1.1\t200\tOK", "no-blank": "HTTP/1.1200 OK", "blank-first": " HTTP/1.1 200 OK",
        "reason-nul": "HTTP/1.1 200 O\0K", "reason-cr": "HTTP/1.1 200 O\rK", "reason-ctl": "HTTP/1.1 200 O\x01K", "glued": "HTTP/1.1 200OK",
        "request": "GET / HTTP/1.1", "tls": "\x16\x03\x01\x02\x00", "ssh": "SSH-2.0-OpenSSH_9.2", "smtp": "220 mail ESMTP", "empty-first": "\r\n\r\nHTTP/1.1 200 OK",
        "wide-digits": "HTTP/1.1 \xb2\xb0\xb0 OK", "two-blanks": "HTTP/1.1  200 OK"}.items():
    level = MUST if name in ("http-0.9", "icy", "tls", "ssh", "smtp", "request", "only-version", "no-status") else PRODUCT
    also = [] if level == MUST else [Outcome([R(200)], SEEN, None)]
    bad(f"responses/status-line-{name}", "G53", "9112 4", level, line + "\r\nContent-Length: 2\r\n\r\nok", also)
for name, line, want in (("no-reason-no-blank", "HTTP/1.1 200", 200), ("no-reason", "HTTP/1.1 200 ", 200), ("unknown-status", "HTTP/1.1 299 X", 299),
                         ("599", "HTTP/1.1 599 X", 599), ("999", "HTTP/1.1 999 X", 999), ("600", "HTTP/1.1 600 X", 600), ("high-reason", "HTTP/1.1 200 \xc3\xa9\xff", 200)):
    reply(f"responses/status-line-{name}", "G53", "9112 4", MUST, line + "\r\nContent-Length: 2\r\n\r\nok", R(want, body=b"ok"), close=False,
          also=ANY_NOT if want > 599 else ())
bad("responses/empty-line-first", "G53", "9112 2.2", PRODUCT, "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", [Outcome([R(200)], SEEN, None)])
bad("responses/only-body", "G53", "9112 4", MUST, "<html>hello</html>")
bad("responses/only-empty-lines", "G53", "9112 4", MUST, "\r\n\r\n\r\n")

# ---- G54: ends of bodies, old clients --------------------------------------------------------------------------------

PLAIN = "HTTP/1.1 200 OK\r\n\r\nhello"
reply("responses/close-delimited", "G54", "9112 6.3", MUST, PLAIN, R(200, body=b"hello"), end=None)
reply("responses/close-delimited-empty", "G54", "9112 6.3", MUST, "HTTP/1.1 200 OK\r\n\r\n", R(200, body=b""), end=None)
reply("responses/close-delimited-1.0", "G54", "9112 6.3", MUST, "HTTP/1.0 200 OK\r\n\r\nhello", R(200, body=b"hello"), end=None)
reply("responses/close-delimited-to-1.0", "G54", "9112 6.3", MUST, PLAIN, R(200, body=b"hello", fields={"Transfer-Encoding": None}), send="GET $U/r HTTP/1.0\r\n" + END, end="closed")
reply("responses/close-delimited-keep-alive", "G54", "9112 6.3", MUST, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nhello", R(200, body=b"hello"), end=None)
reply("responses/close-delimited-like-a-response", "G54", "9112 6.3", MUST, "HTTP/1.1 200 OK\r\n\r\n" + EVIL, R(200, body=EVIL.encode()), end=None)
reply("responses/close-delimited-large", "G54", "9112 6.3", MUST, ["HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000000], R(200, body=b"x" * 1000000), end=None)
reply("responses/length-to-1.0", "G54", "9112 6.1", MUST, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", R(200, body=b"hello", framing=["length"]),
      send="GET $U/r HTTP/1.0\r\n" + END, end="closed", close=False)
reply("responses/to-1.0-keep-alive", "H56", "9112 9.3", PRODUCT, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", R(200, body=b"hello"),
      send="GET $U/r HTTP/1.0\r\n" + HOST + "Connection: keep-alive\r\n\r\n", end="closed", close=False, also=[Outcome([R(200)], SEEN, "open")])
for size in (1, 16384, 65536, 300000, 3000000):
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    reply(f"responses/body-of-{size}", "G52 G54", "9112 6.2", MUST, [f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n", data], R(200, body=data), close=False)
    reply(f"responses/chunk-of-{size}", "G54", "9112 7.1", MUST, [CHUNKED + f"{size:x}\r\n", data, "\r\n0\r\n\r\n"], R(200, body=data), close=False)

# ---- G55: nothing ----------------------------------------------------------------------------------------------------

for name, raw in {"nothing": [], "half-status-line": ["HTTP/1.1 2"], "half-head": ["HTTP/1.1 200 OK\r\nContent-Le"], "no-empty-line": ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"]}.items():
    for how, end in (("fin", Close()), ("rst", Reset())):
        case(f"responses/origin-says-{name}-{how}", "G55", "9110 15.6.3", SHOULD, [GET], [[Request(), *raw, end]],
             [Outcome([R(502)], SEEN, None), NOT, Outcome([R({502})], SEEN * 2, None)])
case("responses/origin-closes-at-once", "G55", "9110 15.6.3", SHOULD, [GET], [[Close()]], [Outcome([R(GATEWAY_ERROR)], None, None)])
case("responses/origin-refuses", "G55", "9110 15.6.3", SHOULD, [GET], outcomes=[Outcome([R(502)], (), None), Outcome([R({502, 503, 504})], (), None)], listen=False)
case("responses/origin-closes-before-request-is-sent", "G55", "9110 15.6.3", SHOULD, ["POST $U/r HTTP/1.1\r\n" + HOST + "Content-Length: 500000\r\n\r\n", b"x" * 500000],
     [[Reset()]], [Outcome([R(GATEWAY_ERROR)], None, None)])
