# SPDX-License-Identifier: GPL-2.0-only
"""A1-A3, A7, A10-A14 from the other side: heads of responses."""
from case import GATEWAY_ERROR, MUST, PRODUCT, SHOULD, EachOctet, Outcome, Pieces, Q, R, reply

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
SEEN = [Q("GET", "/r")]
BAD = [Outcome([R(GATEWAY_ERROR | {500})], SEEN, None)]


def bad(name, point, ref, level, raw, also=(), **more):
    reply(name, point, ref, level, raw, R(502), also=[*BAD, *also], **more)


def cleaned(body=b"ok", **want):
    return Outcome([R(200, body=body, **want)], SEEN, None)


reply("message/response-plain", "A1", "9112 2.2", MUST, OK + "X-A: b\r\n\r\nok", R(200, body=b"ok", fields={"X-A": "b"}))
reply("message/response-octet-by-octet", "A1", "9112 2.2", MUST, EachOctet(OK + "X-A: b\r\n\r\nok"),
      R(200, body=b"ok", fields={"X-A": "b"}))
reply("message/response-split-cr-lf", "A1", "9112 2.2", MUST, Pieces("HTTP/1.1 200 OK\r", "\nContent-Length: 2\r", "\n\r", "\n", "o", "k"),
      R(200, body=b"ok"))
for name, raw in {"status-line": "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", "field": "HTTP/1.1 200 OK\r\nContent-Length: 2\nX-A: b\r\n\r\nok",
                  "all": "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "last": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok"}.items():
    bad(f"message/response-bare-lf-{name}", "A1", "9112 2.2", MUST, raw, [cleaned()])
bad("message/response-lf-hides-a-response", "A1", "9112 2.2", MUST,
    OK + "X-A: b\n\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", [cleaned(None)])
for name, text in {"value": "b\rc", "first": "\rb", "last": "b\r", "hides-a-field": "b\rSet-Cookie: x"}.items():
    bad(f"message/response-bare-cr-{name}", "A2", "9112 2.2", MUST, OK + f"X-A: {text}\r\n\r\nok", [cleaned(lacks=["\rc"])])
bad("message/response-bare-cr-status-line", "A2", "9112 2.2", MUST, "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok", [cleaned()])
bad("message/response-value-nul", "A3", "9110 5.5", MUST, OK + "X-A: b\0c\r\n\r\nok", [cleaned(lacks=["\0"])])
for octet in [*range(1, 9), 11, 12, 14, 27, 31, 127]:
    bad(f"message/response-value-ctl-{octet:02x}", "A3", "9110 5.5", PRODUCT, OK + f"X-A: b{chr(octet)}c\r\n\r\nok",
        [cleaned(lacks=[chr(octet)])])
HIGH = "".join(map(chr, range(0x80, 0x100)))
reply("message/response-obs-text", "A14", "9110 5.5", MUST, OK + f"X-A: {HIGH}\r\n\r\nok", R(200, body=b"ok", fields={"X-A": HIGH}))
reply("message/response-ows", "A14", "9112 5.1", MUST, OK + "X-A:\t b \t\r\n\r\nok", R(200, body=b"ok", fields={"X-A": "b"}))
reply("message/response-empty-value", "A14", "9110 5.5", MUST, OK + "X-A:\r\nX-B: \r\n\r\nok",
      R(200, body=b"ok", fields={"X-A": "", "X-B": ""}))

reply("message/response-version-1.0", "A7", "9112 2.3", MUST, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
      R(200, body=b"ok", has=["HTTP/1.1 200 "]))
reply("message/response-version-1.2", "A7", "9110 6.2", SHOULD, "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
      R(200, body=b"ok", has=["HTTP/1.1 200 "]))

reply("message/response-90-fields", "A10", "9110 5.4", MUST, OK + "".join(f"X-{n}: v{n}\r\n" for n in range(90)) + "\r\nok",
      R(200, body=b"ok", fields={f"X-{n}": f"v{n}" for n in range(90)}))
reply("message/response-150-fields", "A10", "9110 5.4", MUST, OK + "".join(f"X-{n}: v{n}\r\n" for n in range(150)) + "\r\nok",
      R(200, body=b"ok", fields={f"X-{n}": f"v{n}" for n in range(150)}), peers=False)
reply("message/response-value-of-60000", "A10", "9110 5.4", PRODUCT, OK + "X-A: " + "b" * 60000 + "\r\n\r\nok",
      R(200, body=b"ok", fields={"X-A": "b" * 60000}), peers=False)
for name, text in {"value": "X-A: " + "b" * 100000 + "\r\n", "fields": "".join(f"X-{n}: v\r\n" for n in range(3000)),
                   "name": "N" * 100000 + ": b\r\n"}.items():
    bad(f"message/response-too-large-{name}", "A10", "9110 5.4", MUST, OK + text + "\r\nok")
bad("message/response-head-without-end", "A10", "9110 5.4", MUST, OK + "X-A: " + "b" * 400000)

for name, text in {"sp": "X-A : b", "tab": "X-A\t: b", "two": "X-A  : b"}.items():
    reply(f"message/response-blank-before-colon-{name}", "A11", "9112 5.1", MUST, OK + text + "\r\n\r\nok",
          R(200, body=b"ok", fields={"X-A": "b"}), also=BAD)
reply("message/response-blank-before-colon-length", "A11", "9112 5.1", MUST, "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
      R(200, body=b"ok", framing=["length", "chunked"]), also=[*BAD, Outcome([R(200, body=b"ok")], SEEN, "closed")])
reply("message/response-blank-before-colon-encoding", "A11", "9112 5.1", MUST,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", R(200, body=b"ok"), also=BAD)

for name, text in {"sp": "X-A: b\r\n c\r\n", "tab": "X-A: b\r\n\tc\r\n", "encoding": "Transfer-Encoding:\r\n chunked\r\n",
                   "length": "Content-Length:\r\n 2\r\n"}.items():
    bad(f"message/response-folded-{name}", "A12", "9112 5.2", MUST, "HTTP/1.1 200 OK\r\n" + text + "\r\nok", [Outcome([R(200)], SEEN, None)]
        if name in ("sp", "tab", "length") else ())
for name, text in {"no-name": ": b", "no-colon": "X-A", "sp-inside": "X A: b", "nul": "X\0A: b", "high": "X\xe9: b",
                   "paren": "X(A): b", "first-line-blank": " X-A: b"}.items():
    raw = "HTTP/1.1 200 OK\r\n" + text + "\r\nContent-Length: 2\r\n\r\nok"
    bad(f"message/response-name-{name}", "A13", "9110 5.1", MUST, raw, [cleaned(lacks=[text])])
