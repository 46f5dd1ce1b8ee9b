# SPDX-License-Identifier: GPL-2.0-only
"""C28, C31: bodies where none is expected, and requests that are never completed."""
from case import (CLIENT_ERROR, HOST, MUST, PARTIAL, PRODUCT, Drained, HalfClose, Head, Outcome, Pieces, Q, R, Reset, Seen, Wait, case,
                  forwarded)

NEXT = "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n"
REFUSED = [Outcome([R(CLIENT_ERROR)], (), "closed")]
TE = "Transfer-Encoding: chunked\r\n"

# ---- C28 -------------------------------------------------------------------------------------------------------------

for method in ("GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "PUT", "PATCH", "FOO", "POST"):
    also = REFUSED if method in ("GET", "HEAD", "TRACE", "OPTIONS", "DELETE") else ()
    forwarded(f"framing/body-length-{method.lower()}", "C28", "9112 6.3", MUST,
              f"{method} $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n1234" + NEXT,
              [Q(method, "/a", body=b"GET /smuggled HTTP/1.1\r\n\r\n1234"), Q("GET", "/b")], also=also, hostile=True)
    forwarded(f"framing/body-chunked-{method.lower()}", "C28", "9112 6.3", MUST,
              f"{method} $U/a HTTP/1.1\r\n" + HOST + TE + "\r\n1e\r\nGET /smuggled HTTP/1.1\r\n\r\n1234\r\n0\r\n\r\n" + NEXT,
              [Q(method, "/a", body=b"GET /smuggled HTTP/1.1\r\n\r\n1234"), Q("GET", "/b")], also=also, hostile=True)
    forwarded(f"framing/no-body-{method.lower()}", "C28", "9112 6.3", MUST, f"{method} $U/a HTTP/1.1\r\n" + HOST + "\r\n" + NEXT,
              [Q(method, "/a", body=b""), Q("GET", "/b")], also=[Outcome([R({411, 400, 501})], (), None), Outcome([R(411), R(200)], [Q("GET", "/b")], None)]
              if method in ("POST", "PUT", "PATCH") else ())
    forwarded(f"framing/length-zero-{method.lower()}", "C28", "9112 6.3", MUST, f"{method} $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 0\r\n\r\n" + NEXT,
              [Q(method, "/a", body=b""), Q("GET", "/b")])
for method in ("POST", "PUT"):
    forwarded(f"framing/length-zero-kept-{method.lower()}", "C28", "9110 8.6", PRODUCT, f"{method} $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 0\r\n\r\n",
              Q(method, "/a", body=b"", fields={"Content-Length": "0"}))

# ---- bodies of many sizes, forwarded whole ---------------------------------------------------------------------------

for size in (1, 2, 1000, 16383, 16384, 16385, 65536, 300000, 2000000):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    forwarded(f"framing/body-of-{size}", "C28", "9112 6.2", MUST, [f"POST $U/a HTTP/1.1\r\n{HOST}Content-Length: {size}\r\n\r\n", data, NEXT],
              [Q("POST", "/a", body=data, framing=["length", "chunked"]), Q("GET", "/b")])
forwarded("framing/body-split-from-head", "C28 C31", "9112 6.2", MUST,
          [Pieces("POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\n\r\n", "he", "llo" + NEXT)], [Q("POST", "/a", body=b"hello"), Q("GET", "/b")])
forwarded("framing/body-like-a-head", "C28", "9112 6.2", MUST,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 60\r\n\r\n" + "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".ljust(60) + NEXT,
          [Q("POST", "/a", body=b"\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".ljust(60)), Q("GET", "/b")])

# ---- C31: truncated requests -----------------------------------------------------------------------------------------

CUT = {
    "length": ("Content-Length: 10\r\n\r\n", "hello"),
    "length-none": ("Content-Length: 10\r\n\r\n", ""),
    "chunk": (TE + "\r\n", "a\r\nhello"),
    "chunk-size": (TE + "\r\n", "5\r\nhello\r\n5"),
    "chunk-crlf": (TE + "\r\n", "5\r\nhello"),
    "last-chunk": (TE + "\r\n", "5\r\nhello\r\n"),
    "last-chunk-size": (TE + "\r\n", "5\r\nhello\r\n0\r\n"),
    "trailers": (TE + "\r\n", "5\r\nhello\r\n0\r\nX-A: b\r\n"),
    "final-cr": (TE + "\r\n", "5\r\nhello\r\n0\r\n\r"),
    "nothing": (TE + "\r\n", ""),
}
for name, (fields, body) in CUT.items():
    begin = "POST $U/a HTTP/1.1\r\n" + HOST + fields
    case(f"framing/cut-{name}-fin", "C31 D35" if "chunk" in name else "C31", "9112 8", MUST, [begin, Wait("head"), body, Drained(), HalfClose(), Wait("end")],
         [[Head()]], [Outcome([], PARTIAL, "closed"), Outcome([R(CLIENT_ERROR | {500, 502, 504})], PARTIAL, "closed")])
    case(f"framing/cut-{name}-rst", "C31", "9112 8", MUST, [begin, Wait("head"), body, Drained(), Reset(), Wait("end"), Seen(PARTIAL)],
         [[Head()]], hostile=True)
for name, text in {"request-line": "GET $U/a HT", "fields": "GET $U/a HTTP/1.1\r\nHost: $HO", "before-empty-line": "GET $U/a HTTP/1.1\r\n" + HOST,
                   "cr": "GET $U/a HTTP/1.1\r\n" + HOST + "\r"}.items():
    case(f"framing/cut-head-{name}", "C31", "9112 8", MUST, [text, Drained(), HalfClose()],
         outcomes=[Outcome([], (), "closed"), Outcome([R(CLIENT_ERROR)], (), "closed")])
