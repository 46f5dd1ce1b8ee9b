# SPDX-License-Identifier: GPL-2.0-only
"""C24-C27, C29, C30: where a request's body ends. Every body here holds a request that must never be seen."""
from case import CLIENT_ERROR, HOST, MUST, PRODUCT, SHOULD, Outcome, Q, R, forwarded, refused

POST = "POST $U/a HTTP/1.1\r\n" + HOST
TE = "Transfer-Encoding: chunked\r\n"
HIDDEN = "GET $U/smuggled HTTP/1.1\r\n" + HOST + "\r\n"
CHUNKS = "5\r\nhello\r\n0\r\n\r\n"


def hostile(name, point, ref, level, fields, body, also=(), **more):
    refused(f"framing/{name}", point, ref, level, POST + fields + "\r\n" + body, tail=False, also=also, **more)


# ---- C24: both -------------------------------------------------------------------------------------------------------

# As good by the RFC: Transfer-Encoding alone counts and is forwarded, and the connection ends after the response.
TE_WINS = [Outcome([R(200)], [Q("POST", "/a", body=b"", fields={"Content-Length": lambda v: v in ([], ["0"])})], "closed")]
for name, fields in {
        "cl-te": "Content-Length: %d\r\n" + TE, "te-cl": TE + "Content-Length: %d\r\n",
        "case": "CONTENT-LENGTH: %d\r\nTRANSFER-ENCODING: CHUNKED\r\n", "apart": "Content-Length: %d\r\nX-A: b\r\nX-B: c\r\n" + TE,
        "blanks": "Content-Length:\t %d\t\r\nTransfer-Encoding:\tchunked\t\r\n"}.items():
    hostile(f"{name}", "C24", "9112 6.1", MUST, fields % (5 + 60), "0\r\n\r\n" + HIDDEN, [
        Outcome([R(200)], [Q("POST", "/a", body=b"")], "closed")])
    hostile(f"{name}-short", "C24", "9112 6.1", MUST, fields % 4, "5c\r\n" + "GET $U/smuggled".ljust(92) + "\r\n0\r\n\r\n",
            [Outcome([R(200)], [Q("POST", "/a")], "closed")])
    hostile(f"{name}-equal", "C24", "9112 6.1", MUST, fields % len(CHUNKS), CHUNKS, [Outcome([R(200)], [Q("POST", "/a", body=b"hello")], "closed")])
for name, fields in {
        "cl-te-identity": "Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "cl-te-empty": "Content-Length: 5\r\nTransfer-Encoding:\r\n",
        "cl-te-gzip": "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "cl-te-x": "Content-Length: 5\r\nTransfer-Encoding: x\r\n",
        "cl-0-te": "Content-Length: 0\r\n" + TE, "two-cl-te": "Content-Length: 5\r\nContent-Length: 5\r\n" + TE,
        "bad-cl-te": "Content-Length: x\r\n" + TE, "huge-cl-te": "Content-Length: 99999999999999999999\r\n" + TE}.items():
    hostile(name, "C24", "9112 6.1", MUST, fields, "0\r\n\r\n" + HIDDEN, [Outcome([R(200)], [Q("POST", "/a", body=b"")], "closed")],
            status={400, 501})

# ---- C25: transfer codings -------------------------------------------------------------------------------------------

for name, value in {
        "not-last": "chunked, gzip", "identity-last": "chunked, identity", "only-identity": "identity", "only-gzip": "gzip",
        "twice": "chunked, chunked", "twice-spaced": "chunked , chunked", "x-last": "chunked, x", "unknown": "xchunked", "prefix": "chunke",
        "suffix": "chunkedd", "vt": "chunked\x0b", "vt-first": "\x0bchunked", "ff": "chunked\x0c", "ff-first": "\x0cchunked",
        "nul": "chunked\0", "nul-first": "\0chunked", "nbsp": "chunked\xa0", "nbsp-first": "\xa0chunked", "nel": "chunked\x85",
        "quoted": '"chunked"', "quoted-half": 'chunked"', "single-quoted": "'chunked'", "blank-inside": "chu nked", "semicolon": "chunked;",
        "parameter": "chunked;a=b", "parameter-q": "chunked;q=0", "equals": "chunked=1", "comment": "chunked (x)", "slash": "chunked/1.0",
        "two-words": "chunked x", "words-first": "x chunked", "colon": ": chunked", "empty": "", "comma": ",", "cr": "chunked\r",
        "cr-first": "\rchunked", "plus": "+chunked", "control": "chunked\x01", "backspace": "chunkedx\x08", "high": "chunked\xff",
        "wide": "chunked\xe2\x80\x8b", "false": "false", "deflate": "deflate", "semicolon-list": "gzip;chunked", "kelvin": "chun\xe2\x84\xaaed"}.items():
    hostile(f"te-{name}", "C25", "9112 6.3", MUST, f"Transfer-Encoding: {value}\r\n", "0\r\n\r\n" + HIDDEN, status={400, 501})
for name, lines in {
        "then-identity": TE + "Transfer-Encoding: identity\r\n", "twice": TE + TE, "then-gzip": TE + "Transfer-Encoding: gzip\r\n",
        "then-x": TE + "Transfer-Encoding: x\r\n", "identity-only-twice": "Transfer-Encoding: identity\r\n" * 2}.items():
    hostile(f"te-lines-{name}", "C25", "9112 6.3", MUST, lines, "0\r\n\r\n" + HIDDEN, status={400, 501})
for name, value in {"gzip": "gzip, chunked", "identity": "identity, chunked", "deflate": "deflate, chunked", "x": "x, chunked",
                    "compress": "compress , chunked", "parameter": "x;a=b, chunked"}.items():
    hostile(f"te-unknown-{name}", "C25", "9112 6.1", SHOULD, f"Transfer-Encoding: {value}\r\n", "0\r\n\r\n" + HIDDEN, status=501)
hostile("te-lines-empty-then-chunked", "C25", "9110 5.6.1", PRODUCT, "Transfer-Encoding:\r\nTransfer-Encoding: gzip\r\n", "0\r\n\r\n" + HIDDEN,
        status={400, 501})
for name, fields in {
        "lower": "transfer-encoding: chunked\r\n", "upper": "TRANSFER-ENCODING: CHUNKED\r\n", "mixed": "tRANSFER-eNCODING: cHUNKED\r\n",
        "tabs": "Transfer-Encoding:\t\tchunked\t\r\n", "no-blank": "Transfer-Encoding:chunked\r\n", "leading-comma": "Transfer-Encoding: , chunked\r\n",
        "trailing-comma": "Transfer-Encoding: chunked,\r\n", "commas": "Transfer-Encoding: ,\t, ,chunked , ,\r\n"}.items():
    forwarded(f"framing/te-good-{name}", "C24 C25", "9112 6.1", MUST, POST + fields + "\r\n" + CHUNKS + "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n",
              [Q("POST", "/a", body=b"hello"), Q("GET", "/b")],
              also=[Outcome([R({400, 501})], (), "closed")] if "comma" in name else ())

# ---- C26: HTTP/1.0 ---------------------------------------------------------------------------------------------------

TEN = "POST $U/a HTTP/1.0\r\n" + HOST
for name, fields in {"te": TE, "te-cl": TE + "Content-Length: 5\r\n", "te-keep-alive": TE + "Connection: keep-alive\r\n",
                     "te-identity": "Transfer-Encoding: identity\r\n", "te-gzip": "Transfer-Encoding: gzip, chunked\r\n"}.items():
    refused(f"framing/1.0-{name}", "C26", "9112 6.1", MUST, TEN + fields + "\r\n0\r\n\r\n" + HIDDEN, tail=False, status={400, 501},
            also=[Outcome([R(200)], [Q("POST", "/a")], "closed")])
forwarded("framing/1.0-length", "C26", "9112 6.3", MUST, TEN + "Content-Length: 5\r\n\r\nhello", Q("POST", "/a", body=b"hello"), end="closed")
forwarded("framing/1.0-no-length", "C26", "9112 6.3", MUST, TEN + "\r\nhello", Q("POST", "/a", body=b""), end="closed")

# ---- C27: Content-Length ---------------------------------------------------------------------------------------------

for name, value in {
        "plus": "+5", "minus": "-5", "hex": "0x5", "hex-letters": "a", "octal": "0o5", "blank-inside": "5 5", "tab-inside": "5\t5", "word": "five",
        "empty": "", "blanks": " \t ", "semicolon": "5;", "parameter": "5;a=b", "decimal": "5.0", "point": "5.", "exponent": "5e0", "underscore": "5_0",
        "quoted": '"5"', "nul": "5\0", "nul-first": "\x005", "vt": "5\x0b", "vt-first": "\x0b5", "ff": "5\x0c", "nbsp": "5\xa0", "nbsp-first": "\xa05",
        "cr": "5\r", "sign-zero": "-0", "plus-zero": "+0", "arabic": "\xd9\xa5", "superscript": "\xb2", "fullwidth": "\xef\xbc\x95", "slash": "5/5",
        "word-after": "5 octets", "colon": ":5", "equals": "=5", "two-to-64-plus-5": "18446744073709551621", "two-to-63-plus-5": "9223372036854775813",
        "two-to-64": "18446744073709551616", "two-to-32-squared": "340282366920938463463374607431768211461", "nines": "9" * 40, "list-differs": "5, 6",
        "list-differs-last": "5,5,6", "list-word": "5, x", "list-minus": "5, -5", "list-zero": "0, 5", "list-glued": "5,06"}.items():
    hostile(f"cl-{name}", "C27", "9112 6.3", MUST, f"Content-Length: {value}\r\n", "hello" + HIDDEN, status={400, 413})
for name, lines in {
        "differ": "Content-Length: 5\r\nContent-Length: 6\r\n", "differ-zero": "Content-Length: 0\r\nContent-Length: 5\r\n",
        "differ-zero-last": "Content-Length: 5\r\nContent-Length: 0\r\n", "differ-case": "Content-Length: 5\r\ncontent-length: 60\r\n",
        "word": "Content-Length: 5\r\nContent-Length: x\r\n", "empty": "Content-Length: 5\r\nContent-Length:\r\n",
        "minus": "Content-Length: 5\r\nContent-Length: -5\r\n", "apart": "Content-Length: 5\r\nX-A: b\r\nX-B: c\r\nContent-Length: 7\r\n"}.items():
    hostile(f"cl-lines-{name}", "C27", "9112 6.3", MUST, lines, "hello" + HIDDEN)
COLLAPSED = [Outcome([R(200)], [Q("POST", "/a", body=b"hello", framing=["length"])], "open")]
for name, lines in {"lines": "Content-Length: 5\r\nContent-Length: 5\r\n", "list": "Content-Length: 5, 5\r\n", "list-three": "Content-Length: 5,5,5\r\n",
                    "list-empty-element": "Content-Length: 5,\r\n", "list-leading-comma": "Content-Length: ,5\r\n"}.items():
    hostile(f"cl-equal-{name}", "C27", "9112 6.3", PRODUCT, lines, "hello", COLLAPSED)
for name, value, body in (("zero", "0", ""), ("leading-zeros", "0005", "hello"), ("long-zeros", "0" * 30 + "5", "hello"), ("ows", "\t 5 \t", "hello"),
                          ("double-zero", "00", "")):
    forwarded(f"framing/cl-good-{name}", "C27", "9110 8.6", MUST, POST + f"Content-Length: {value}\r\n\r\n{body}" + "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n",
              [Q("POST", "/a", body=body.encode(), fields={"Content-Length": str(len(body))} if name != "zero" else {}), Q("GET", "/b")])

# ---- C29: names that look like framing fields ------------------------------------------------------------------------

IGNORED = [Outcome([R(200), R(CLIENT_ERROR)], [Q("POST", "/a", body=b"")], "closed"), Outcome([R(200)], [Q("POST", "/a", body=b"")], "closed")]
for name, line in {
        "underscore-te": "Transfer_Encoding: chunked", "underscore-cl": "Content_Length: 65", "dot-te": "Transfer.Encoding: chunked",
        "caret-cl": "Content^Length: 65", "tilde-te": "Transfer~Encoding: chunked", "bang-te": "Transfer!Encoding: chunked",
        "upper-underscore": "TRANSFER_ENCODING: chunked", "plus-cl": "Content+Length: 65"}.items():
    hostile(f"name-{name}", "C29", "9110 5.1", PRODUCT, line + "\r\n", "0\r\n\r\nX", IGNORED)
for name, line in {
        "blank-te": "Transfer Encoding: chunked", "vt-te": "Transfer-Encoding\x0b: chunked", "nul-te": "Transfer-Encoding\0: chunked",
        "blank-cl": "Content Length: 65", "nbsp-te": "Transfer-Encoding\xa0: chunked", "ff-te": "\x0cTransfer-Encoding: chunked",
        "quote-te": '"Transfer-Encoding": chunked', "colon-te": ":Transfer-Encoding: chunked", "nul-first-te": "\0Transfer-Encoding: chunked",
        "no-colon-te": "Transfer-Encoding chunked", "equals-te": "Transfer-Encoding= chunked", "bom-te": "\xef\xbb\xbfTransfer-Encoding: chunked",
        "lf-te": "X: y\nTransfer-Encoding: chunked", "cr-te": "X: y\rTransfer-Encoding: chunked", "lfcr-te": "X: y\n\rTransfer-Encoding: chunked",
        "soft-hyphen-te": "Transfer\xc2\xadEncoding: chunked", "long-s-te": "Tran\xc5\xbffer-Encoding: chunked",
        "minus-te": "Transfer\xe2\x88\x92Encoding: chunked"}.items():
    hostile(f"name-{name}", "C29", "9110 5.1", MUST, line + "\r\n", "0\r\n\r\nX", IGNORED + [Outcome([R(200)], [Q("POST", "/a", body=b"")], "open")])
for name, line in {"x-te": "X-Transfer-Encoding: chunked", "te-x": "Transfer-Encoding-X: chunked", "x-cl": "X-Content-Length: 65",
                   "transfer": "Transfer: chunked", "encoding": "Encoding: chunked", "content-encoding": "Content-Encoding: chunked"}.items():
    forwarded(f"framing/name-{name}", "C29", "9110 5.1", MUST, POST + line + "\r\n\r\nGET $U/b HTTP/1.1\r\n" + HOST + "\r\n",
              [Q("POST", "/a", body=b""), Q("GET", "/b")])

# ---- C30: Connection names them --------------------------------------------------------------------------------------

for option in ("Content-Length", "content-length, close", "keep-alive, CONTENT-LENGTH"):
    name = option.lower().replace(", ", "-")
    forwarded(f"framing/connection-{name}", "C30", "9110 7.6.1", MUST, POST + f"Connection: {option}\r\nContent-Length: 5\r\n\r\nhello",
              Q("POST", "/a", body=b"hello"), end="closed" if "close" in option else "open", also=[Outcome([R(400)], (), "closed")], hostile=True)
for option in ("Transfer-Encoding", "transfer-encoding, host", "TRANSFER-ENCODING"):
    name = option.lower().replace(", ", "-") + ("-upper" if option.isupper() else "")
    forwarded(f"framing/connection-{name}", "C30", "9110 7.6.1", MUST, POST + f"Connection: {option}\r\n" + TE + "\r\n" + CHUNKS,
              Q("POST", "/a", body=b"hello", fields={"Host": "$HOST"}), also=[Outcome([R(400)], (), "closed")], hostile=True)
for option in ("Host", "host, close"):
    forwarded(f"framing/connection-{option.lower().replace(', ', '-')}", "C30", "9110 7.6.1", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + f"Connection: {option}\r\n\r\n",
              Q("GET", "/a", fields={"Host": "$HOST"}), end="closed" if "close" in option else "open", also=[Outcome([R(400)], (), "closed")], hostile=True)
for option in ("keep-alive", "X-A, close", "Keep-Alive, content-type"):
    forwarded(f"framing/connection-with-{option.lower().replace(', ', '-')}", "C30", "9110 7.6.1", MUST, POST + f"Connection: {option}\r\nContent-Length: 5\r\n\r\nhello",
              Q("POST", "/a", body=b"hello", framing=["length"]), end="closed" if "close" in option else "open")
