# SPDX-License-Identifier: GPL-2.0-only
"""A1, A2, A4-A9: line ends, empty lines, the request line."""
from case import (END, HOST, MUST, PRODUCT, SHOULD, CLIENT_ERROR, EachOctet, Outcome, Pieces, Q, R, forwarded, refused)

# ---- A1: line ends ---------------------------------------------------------------------------------------------------

forwarded("message/crlf", "A1 A5", "9112 2.2", MUST, "GET $U/a HTTP/1.1\r\n" + END, Q("GET", "/a", framing=["none"]))
forwarded("message/octet-by-octet", "A1", "9112 2.2", MUST, [EachOctet("GET $U/a HTTP/1.1\r\n" + HOST + "X-A: b\r\n\r\n")],
          Q("GET", "/a", fields={"X-A": "b"}))
forwarded("message/body-octet-by-octet", "A1", "9112 2.2", MUST,
          [EachOctet("POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\n\r\nhello")], Q("POST", "/a", body=b"hello"))
forwarded("message/split-cr-lf", "A1 A2", "9112 2.2", MUST,
          [Pieces("GET $U/a HTTP/1.1\r", "\nHost: $HOST\r", "\n\r", "\n")], Q("GET", "/a"))

NORMAL = Outcome([R(200)], [Q("GET", "/a")], "open")
for name, text in {
        "request-line": "GET $U/a HTTP/1.1\nHost: $HOST\r\n\r\n",
        "field-line": "GET $U/a HTTP/1.1\r\nHost: $HOST\nX-A: b\r\n\r\n",
        "empty-line": "GET $U/a HTTP/1.1\r\nHost: $HOST\r\n\n",
        "all-lines": "GET $U/a HTTP/1.1\nHost: $HOST\n\n",
        "after-field": "GET $U/a HTTP/1.1\r\nHost: $HOST\r\nX-A: b\n\r\n"}.items():
    refused(f"message/bare-lf-{name}", "A1", "9112 2.2", MUST, text, tail=False,
            also=[NORMAL, Outcome([R(200)], [Q("GET", "/a")], "closed")])
for name, text in {
        "lf-cr": "GET $U/a HTTP/1.1\n\rHost: $HOST\n\r\n\r",
        "lf-hides-a-request": "GET $U/a HTTP/1.1\r\nHost: $HOST\r\nX-A: b\n\nGET $U/smuggled HTTP/1.1\r\nX: y\r\n\r\n",
        "lf-hides-a-length": "POST $U/a HTTP/1.1\r\nHost: $HOST\r\nX-A: b\nContent-Length: 40\r\n\r\n"}.items():
    refused(f"message/bare-{name}", "A1", "9112 2.2", MUST, text, also=[
        Outcome([R(200), R(200)], None, None)] if name == "lf-hides-a-request" else ())

# ---- A2: bare CR -----------------------------------------------------------------------------------------------------

for name, text in {
        "in-method": "GE\rT $U/a HTTP/1.1\r\n" + END,
        "in-target": "GET $U/a\rb HTTP/1.1\r\n" + END,
        "after-method": "GET\r$U/a HTTP/1.1\r\n" + END,
        "before-version": "GET $U/a\rHTTP/1.1\r\n" + END,
        "in-version": "GET $U/a HTTP/1\r.1\r\n" + END,
        "in-name": "GET $U/a HTTP/1.1\r\n" + HOST + "X-\rA: b\r\n\r\n",
        "before-colon": "GET $U/a HTTP/1.1\r\n" + HOST + "X-A\r: b\r\n\r\n",
        "hides-a-request": "GET $U/a HTTP/1.1\r\n" + HOST + "X-A: b\r\rGET $U/smuggled HTTP/1.1\r\r\n\r\n",
        "leading": "\rGET $U/a HTTP/1.1\r\n" + END}.items():
    refused(f"message/bare-cr-{name}", "A2", "9112 2.2", MUST, text)
SPACED = Outcome([R(200)], [Q("GET", "/a", lacks=["b\rc"])], "open")
for name, text in {
        "in-value": "X-A: b\rc\r\n",
        "leads-value": "X-A: \rb\r\n",
        "ends-value": "X-A: b\r\r\n",
        "hides-a-field": "X-A: b\rTransfer-Encoding: chunked\r\n",
        "hides-a-length": "X-A: b\rContent-Length: 5\r\n"}.items():
    refused(f"message/bare-cr-{name}", "A2", "9110 5.5", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + text + "\r\n",
            tail=False, also=[SPACED])
refused("message/bare-cr-ends-lines", "A2", "9112 2.2", MUST, "GET $U/a HTTP/1.1\rHost: $HOST\r\r\r\n\r\n")

# ---- A4: empty lines before a request --------------------------------------------------------------------------------

forwarded("message/empty-line-first", "A4", "9112 2.2", SHOULD, "\r\nGET $U/a HTTP/1.1\r\n" + END, Q("GET", "/a"))
forwarded("message/empty-line-between", "A4", "9112 2.2", SHOULD,
          "GET $U/a HTTP/1.1\r\n" + END + "\r\nGET $U/b HTTP/1.1\r\n" + END, [Q("GET", "/a"), Q("GET", "/b")])
forwarded("message/crlf-behind-a-body", "A4", "9112 2.2", MUST,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Content-Length: 3\r\n\r\nabc\r\nGET $U/b HTTP/1.1\r\n" + END,
          [Q("POST", "/a", body=b"abc"), Q("GET", "/b")])
forwarded("message/crlf-behind-chunks", "A4", "9112 2.2", MUST,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\r\nGET $U/b HTTP/1.1\r\n"
          + END, [Q("POST", "/a", body=b"abc"), Q("GET", "/b")])
refused("message/many-empty-lines", "A4", "9112 2.2", PRODUCT, "\r\n" * 2000 + "GET $U/a HTTP/1.1\r\n" + END,
        also=[Outcome([R(200)], [Q("GET", "/a")], "open")], tail=False)
refused("message/empty-line-of-lf", "A4", "9112 2.2", PRODUCT, "\nGET $U/a HTTP/1.1\r\n" + END, tail=False,
        also=[Outcome([R(200)], [Q("GET", "/a")], "open")])
refused("message/empty-line-with-a-blank", "A4", "9112 2.2", MUST, " \r\nGET $U/a HTTP/1.1\r\n" + END)

# ---- A5: white space behind the first line ---------------------------------------------------------------------------

for name, text in {
        "sp": " X-A: b\r\n", "tab": "\tX-A: b\r\n", "sp-framing": " Transfer-Encoding: chunked\r\n",
        "sp-length": " Content-Length: 30\r\n", "sp-only": " \r\n", "two": " X-A: b\r\n Y: c\r\n",
        "sp-host": " Host: evil.test\r\n"}.items():
    refused(f"message/first-line-then-{name}", "A5", "9112 2.2", MUST, "GET $U/a HTTP/1.1\r\n" + text + END,
            also=[Outcome([R(200), R(CLIENT_ERROR | {200, 404})], None, None)])

# ---- A6: nothing behind a refused request is processed ---------------------------------------------------------------

forwarded("message/good-then-good", "A6", "9112 2.2", MUST, "GET $U/a HTTP/1.1\r\n" + END + "GET $U/b HTTP/1.1\r\n" + END, [Q("GET", "/a"), Q("GET", "/b")])
forwarded("message/good-then-bad", "A6", "9112 2.2", MUST,
          "GET $U/a HTTP/1.1\r\n" + END + "GE(T $U/b HTTP/1.1\r\n" + END + "GET $U/smuggled HTTP/1.1\r\n" + END,
          Q("GET", "/a"), [R(200), R(CLIENT_ERROR)], "closed")
forwarded("message/good-good-bad", "A6", "9112 2.2", MUST,
          "GET $U/a HTTP/1.1\r\n" + END + "GET $U/b HTTP/1.1\r\n" + END + "\x16\x03\x01\r\n\r\nGET $U/smuggled HTTP/1.1\r\n" + END,
          [Q("GET", "/a"), Q("GET", "/b")], [R(200, of="/a"), R(200, of="/b"), R(CLIENT_ERROR)], "closed")
for name, text in {"tls-hello": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "A" * 60 + "\r\n\r\n", "zeros": "\0" * 40 + "\r\n\r\n",
                   "text": "hello there\r\n\r\n", "ssh": "SSH-2.0-OpenSSH_9.2\r\n\r\n", "smtp": "EHLO a\r\n\r\n",
                   "response": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "colon": ":\r\n\r\n"}.items():
    refused(f"message/not-http-{name}", "A6", "9112 2.2", SHOULD, text)

# ---- A7: versions ----------------------------------------------------------------------------------------------------

forwarded("message/version-1.0", "A7", "9112 2.3", MUST, "GET $U/a HTTP/1.0\r\n" + END,
          Q("GET", "/a", has=["GET /a HTTP/1.1\r\n"]), end="closed")
for minor in "29":
    forwarded(f"message/version-1.{minor}", "A7", "9110 6.2", SHOULD, f"GET $U/a HTTP/1.{minor}\r\n" + END,
              Q("GET", "/a", has=["GET /a HTTP/1.1\r\n"]))
for name, version, status in (
        ("2.0", "HTTP/2.0", 505), ("3.0", "HTTP/3.0", 505), ("0.9", "HTTP/0.9", 505), ("0.1", "HTTP/0.1", 505),
        ("9.9", "HTTP/9.9", 505), ("1", "HTTP/1", 400), ("1.", "HTTP/1.", 400), ("1.1.1", "HTTP/1.1.1", 400),
        ("1.10", "HTTP/1.10", 400), ("01.1", "HTTP/01.1", 400), ("11.1", "HTTP/11.1", 400), ("lower", "http/1.1", 400),
        ("mixed", "Http/1.1", 400), ("space", "HTTP/ 1.1", 400), ("comma", "HTTP/1,1", 400), ("plus", "HTTP/+1.1", 400),
        ("minus", "HTTP/-1.1", 400), ("https", "HTTPS/1.1", 400), ("no-slash", "HTTP1.1", 400), ("hex", "HTTP/1.A", 400),
        ("sp-for-slash", "HTTP 1.1", 400), ("nul", "HTTP/1.1\0", 400), ("wide-digit", "HTTP/1.\xb9", 400),
        ("backslash", "HTTP\\1.1", 400), ("other", "FTP/1.1", 400), ("icy", "ICY/1.1", 400)):
    refused(f"message/version-{name}", "A7", "9112 2.3", MUST if status == 505 else SHOULD,
            f"GET $U/a {version}\r\n" + END, status=status)
refused("message/http-0.9", "A7", "9112 2.3", MUST, "GET $U/a\r\n\r\n")
refused("message/http-0.9-at-once", "A7", "9112 2.3", PRODUCT, ["GET $U/a\r\n", "Host: $HOST\r\n\r\n"])
refused("message/h2-preface", "A7", "9112 2.3", MUST, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status={400, 505})

# ---- A8: splitting the request line ----------------------------------------------------------------------------------

SPLIT = [Outcome([R(200)], [Q("GET", "/a")], "open")]
for name, line in {
        "two-sp": "GET  $U/a HTTP/1.1", "two-sp-version": "GET $U/a  HTTP/1.1", "tab": "GET\t$U/a\tHTTP/1.1",
        "trailing-sp": "GET $U/a HTTP/1.1 ", "trailing-tab": "GET $U/a HTTP/1.1\t", "vt": "GET\x0b$U/a\x0bHTTP/1.1",
        "ff": "GET\x0c$U/a\x0cHTTP/1.1", "leading-sp": " GET $U/a HTTP/1.1", "leading-tab": "\tGET $U/a HTTP/1.1"}.items():
    refused(f"message/request-line-{name}", "A8", "9112 3", SHOULD, line + "\r\n" + END, also=SPLIT, tail=False)
for name, line in {
        "no-target": "GET HTTP/1.1", "no-target-two-sp": "GET  HTTP/1.1", "no-version": "GET $U/a", "only-method": "GET",
        "four-parts": "GET $U/a b HTTP/1.1", "version-twice": "GET $U/a HTTP/1.1 HTTP/1.1", "no-method": "$U/a HTTP/1.1",
        "sp-in-target": "GET $U/a%20 b HTTP/1.1", "nbsp": "GET\xa0$U/a\xa0HTTP/1.1", "nul-in-method": "G\0ET $U/a HTTP/1.1",
        "request-in-target": "GET $U/a HTTP/1.1 GET /smuggled HTTP/1.1"}.items():
    refused(f"message/request-line-{name}", "A8", "9112 3", SHOULD, line + "\r\n" + END)
for octet in [*range(0x01, 0x09), 0x0e, 0x1b, 0x1f, 0x7f, 0x00]:
    refused(f"message/target-ctl-{octet:02x}", "A8", "9112 3.2", SHOULD, f"GET $U/a{chr(octet)}b HTTP/1.1\r\n" + END)
for octet in (0x80, 0xa0, 0xc3, 0xff):
    refused(f"message/target-octet-{octet:02x}", "A8", "9112 3.2", SHOULD, f"GET $U/a{chr(octet)}b HTTP/1.1\r\n" + END)
for name, octet in {"fragment": "#", "quote": '"', "less": "<", "greater": ">"}.items():
    refused(f"message/target-{name}", "A8", "9112 3.2", SHOULD, f"GET $U/a{octet}b HTTP/1.1\r\n" + END,
            also=[Outcome([R(200), R(200)], None, None)], tail=False)
for name, octet in {"backslash": "\\", "caret": "^", "grave": "`", "braces": "{}", "pipe": "|", "brackets": "[]"}.items():
    forwarded(f"message/target-with-{name}", "A8", "9112 3.2", PRODUCT, f"GET $U/a{octet}b HTTP/1.1\r\n" + END,
              Q("GET", f"/a{octet}b"))

# ---- A9: methods and lengths -----------------------------------------------------------------------------------------

for method in ("get", "Get", "FOO", "M-SEARCH", "PROPFIND", "A!#$%&'*+.^_`|~9", "X" * 40):
    forwarded(f"message/method-{method.lower() if method != 'get' else 'small-get'}", "A9", "9110 9.1", MUST,
              f"{method} $U/a HTTP/1.1\r\n" + END, Q(method, "/a"))
refused("message/method-too-long", "A9", "9112 3", SHOULD, "X" * 3000 + " $U/a HTTP/1.1\r\n" + END, status=501,
        also=[Outcome([R(200)], [Q("X" * 3000, "/a")], None)], tail=False)
for octet in "()<>@,;:\\\"/[]?={}":
    refused(f"message/method-delimiter-{ord(octet):02x}", "A9", "9110 9.1", MUST, f"GE{octet}T $U/a HTTP/1.1\r\n" + END)
for octet in (0x01, 0x0b, 0x7f, 0x80, 0xff):
    refused(f"message/method-octet-{octet:02x}", "A9", "9110 9.1", MUST, f"GE{chr(octet)}T $U/a HTTP/1.1\r\n" + END)
for length in (1000, 7900, 8000, 16000):
    forwarded(f"message/target-of-{length}", "A9", "9112 3", SHOULD, "GET $U/" + "a" * (length - 1) + " HTTP/1.1\r\n" + END,
              Q("GET", "/" + "a" * (length - 1)))
refused("message/target-too-long", "A9", "9112 3", MUST, "GET $U/" + "a" * 70000 + " HTTP/1.1\r\n" + END, status=414)
refused("message/target-without-end", "A9", "9112 3", MUST, "GET $U/" + "a" * 300000, status=414, tail=False)
