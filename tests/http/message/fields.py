# SPDX-License-Identifier: GPL-2.0-only
"""A3, A10-A14: octets of field lines, their number and size, names, folding; requests."""
from case import END, HOST, MUST, PRODUCT, Outcome, Q, R, forwarded, refused

GET = "GET $U/a HTTP/1.1\r\n" + HOST
PASSED = Outcome([R(200)], [Q("GET", "/a")], "open")


def value(name, point, level, text, also=()):
    refused(name, point, "9110 5.5", level, GET + f"X-A: {text}\r\n\r\n", also=also, tail=False)


# ---- A3, A14: octets of a value --------------------------------------------------------------------------------------

value("message/value-nul", "A3", MUST, "b\0c", [Outcome([R(200)], [Q("GET", "/a", lacks=["\0"])], "open")])
value("message/value-nul-only", "A3", MUST, "\0", [Outcome([R(200)], [Q("GET", "/a", lacks=["\0"])], "open")])
value("message/value-nul-last", "A3", MUST, "b\0", [Outcome([R(200)], [Q("GET", "/a", lacks=["\0"])], "open")])
for octet in [*range(1, 9), 11, 12, *range(14, 32), 127]:
    value(f"message/value-ctl-{octet:02x}", "A3", PRODUCT, f"b{chr(octet)}c")
for octet in (9, 32, 0x21, 0x7e):
    forwarded(f"message/value-octet-{octet:02x}", "A3 A14", "9110 5.5", MUST, GET + f"X-A: b{chr(octet)}c\r\n\r\n",
              Q("GET", "/a", fields={"X-A": f"b{chr(octet)}c"}))
HIGH = "".join(map(chr, range(0x80, 0x100)))
forwarded("message/value-obs-text", "A14", "9110 5.5", MUST, GET + f"X-A: {HIGH}\r\n\r\n", Q("GET", "/a", fields={"X-A": HIGH}))
for name, text in {"nel": "a\x85b", "line-separator": "a\xe2\x80\xa8b", "utf16": "\xff\xfea", "overlong-lf": "a\xc0\x8ab",
                   "wide-crlf": "a\xe5\x98\x8d\xe5\x98\x8aSet-Cookie:x"}.items():
    forwarded(f"message/value-{name}", "A14", "9110 5.5", MUST, GET + f"X-A: {text}\r\n\r\n",
              Q("GET", "/a", fields={"X-A": text}), hostile=True)
forwarded("message/value-empty", "A14", "9110 5.5", MUST, GET + "X-A:\r\n\r\n", Q("GET", "/a", fields={"X-A": ""}))
forwarded("message/value-without-sp", "A14", "9110 5.5", MUST, GET + "X-A:b\r\n\r\n", Q("GET", "/a", fields={"X-A": "b"}))
forwarded("message/value-in-ows", "A14", "9112 5.1", MUST, GET + "X-A: \t b c \t \r\n\r\n", Q("GET", "/a", fields={"X-A": "b c"}))
forwarded("message/value-colons", "A14", "9110 5.5", MUST, GET + "X-A: :b::c:\r\n\r\n", Q("GET", "/a", fields={"X-A": ":b::c:"}))

# ---- A10: too much ---------------------------------------------------------------------------------------------------

forwarded("message/150-fields", "A10", "9110 5.4", MUST, GET + "".join(f"X-{n}: v{n}\r\n" for n in range(150)) + "\r\n",
          Q("GET", "/a", fields={f"X-{n}": f"v{n}" for n in range(150)}), peers=False)
forwarded("message/90-fields", "A10", "9110 5.4", MUST, GET + "".join(f"X-{n}: v{n}\r\n" for n in range(90)) + "\r\n",
          Q("GET", "/a", fields={f"X-{n}": f"v{n}" for n in range(90)}))
forwarded("message/value-of-7000", "A10", "9110 5.4", MUST, GET + "X-A: " + "b" * 7000 + "\r\n\r\n",
          Q("GET", "/a", fields={"X-A": "b" * 7000}))
forwarded("message/value-of-60000", "A10", "9110 5.4", PRODUCT, GET + "X-A: " + "b" * 60000 + "\r\n\r\n",
          Q("GET", "/a", fields={"X-A": "b" * 60000}), peers=False)
forwarded("message/name-of-500", "A10", "9110 5.4", MUST, GET + "N" * 500 + ": b\r\nX-A: c\r\n\r\n",
          Q("GET", "/a", fields={"N" * 500: "b", "X-A": "c"}))
for name, text in {
        "value": "X-A: " + "b" * 100000 + "\r\n", "name": "N" * 100000 + ": b\r\n",
        "fields": "".join(f"X-{n}: v\r\n" for n in range(3000)), "one-name": "X-A: b\r\n" * 3000,
        "empty-fields": "A:\r\n" * 3000, "cookies": "Cookie: " + "a=b; " * 20000 + "\r\n",
        "line-without-end": "X-A: " + "b" * 300000}.items():
    refused(f"message/too-large-{name}", "A10", "9110 5.4", MUST, GET + text + "\r\n", status=431)
for count, status in ((12, 200), (17, 431), (40, 431)):
    send = GET + "".join(f"X-{n}: v\r\n" for n in range(count)) + "\r\n"
    if status == 200:
        forwarded("message/limit-fields-within", "A10", "9110 5.4", PRODUCT, send, Q("GET", "/a"), profile="small")
    else:
        refused(f"message/limit-fields-{count}", "A10", "9110 5.4", PRODUCT, send, status=431, profile="small")
for length, status in ((3500, 200), (4200, 431), (9000, 431)):
    send = GET + "X-A: " + "b" * length + "\r\n\r\n"
    if status == 200:
        forwarded("message/limit-octets-within", "A10", "9110 5.4", PRODUCT, send, Q("GET", "/a"), profile="small")
    else:
        refused(f"message/limit-octets-{length}", "A10", "9110 5.4", PRODUCT, send, status=431, profile="small")
refused("message/limit-target", "A10", "9112 3", PRODUCT, "GET $U/" + "a" * 5000 + " HTTP/1.1\r\n" + END, status=414,
        profile="small")

# ---- A11: white space before the colon -------------------------------------------------------------------------------

for name, text in {
        "sp": "X-A : b", "tab": "X-A\t: b", "two": "X-A  : b", "host": "Host : evil.test", "length": "Content-Length : 44",
        "encoding": "Transfer-Encoding : chunked", "encoding-tab": "Transfer-Encoding\t: chunked",
        "connection": "Connection : close"}.items():
    refused(f"message/blank-before-colon-{name}", "A11", "9112 5.1", MUST, GET + text + "\r\n\r\n")

# ---- A12: folding ----------------------------------------------------------------------------------------------------

forwarded("message/not-folded", "A12", "9112 5.2", MUST, GET + "X-A: b,\r\nX-A: c\r\nX-B:\t\r\nX-C: d\r\n\r\n",
          Q("GET", "/a", fields={"X-A": ["b,", "c"], "X-B": "", "X-C": "d"}))
UNFOLDED = [Outcome([R(200)], [Q("GET", "/a", fields={"X-A": lambda values: len(values) == 1 and values[0].split() == ["b", "c"]})],
                    "open")]
for name, text in {"sp": "X-A: b\r\n c\r\n", "tab": "X-A: b\r\n\tc\r\n", "empty-first": "X-A:\r\n b c\r\n",
                   "two-lines": "X-A: b\r\n \r\n c\r\n"}.items():
    refused(f"message/folded-{name}", "A12", "9112 5.2", MUST, GET + text + "\r\n", also=UNFOLDED, tail=False)
for name, text in {
        "encoding": "Transfer-Encoding:\r\n chunked\r\n", "encoding-tab": "Transfer-Encoding:\r\n\tchunked\r\n",
        "encoding-value": "Transfer-Encoding: identity\r\n , chunked\r\n", "length": "Content-Length:\r\n 31\r\n",
        "length-digits": "Content-Length: 3\r\n 1\r\n", "hidden-encoding": "X-A: b\r\n Transfer-Encoding: chunked\r\n",
        "hidden-length": "X-A: b\r\n Content-Length: 31\r\n", "last": "X-A: b\r\n \r\n"}.items():
    refused(f"message/folded-{name}", "A12", "9112 5.2", MUST, "POST $U/a HTTP/1.1\r\n" + HOST + text + "\r\n" +
            "0\r\n\r\nGET $U/smuggled HTTP/1.1\r\n\r\n", tail=False,
            also=[Outcome([R(200)], [Q("POST", "/a")], None), Outcome([R(200), R(400)], [Q("POST", "/a")], "closed")])
refused("message/folded-host", "A12", "9112 5.2", MUST, "GET $U/a HTTP/1.1\r\nHost:\r\n $HOST\r\n\r\n", tail=False,
        also=[PASSED])

# ---- A13: names ------------------------------------------------------------------------------------------------------

for name, text in {"no-name": ": b", "no-colon": "X-A", "no-colon-value": "X-A b", "sp-inside": "X A: b", "only-colon": ":",
                   "only-sp": " ", "utf8": "X-\xc3\xa9: b", "nbsp": "X-A\xa0: b", "nel": "X-A\x85: b"}.items():
    refused(f"message/name-{name}", "A13", "9110 5.1", MUST, GET + text + "\r\n\r\n", tail=False,
            also=[Outcome([R(200)], [Q("GET", "/a", lacks=["\r\nX"])], "open")] if name not in ("only-sp", "only-colon") else ())
for octet in "\"(),/;<=>?@[\\]{}":
    refused(f"message/name-delimiter-{ord(octet):02x}", "A13", "9110 5.6.2", MUST, GET + f"X{octet}A: b\r\n\r\n",
            tail=False, also=[Outcome([R(200)], [Q("GET", "/a", lacks=["\r\nX"])], "open")])
for octet in [0, *range(1, 9), 11, 12, *range(14, 32), 127, 0x80, 0xff]:
    refused(f"message/name-octet-{octet:02x}", "A13", "9110 5.6.2", MUST, GET + f"X{chr(octet)}A: b\r\n\r\n")
forwarded("message/name-all-token-octets", "A13", "9110 5.6.2", MUST, GET + "!#$%&'*+-.^_`|~09AZaz: b\r\n\r\n",
          Q("GET", "/a", fields={"!#$%&'*+-.^_`|~09AZaz": "b"}))
forwarded("message/name-underscore", "A13", "9110 5.1", MUST, GET + "X_A: b\r\n\r\n", Q("GET", "/a", fields={"X_A": "b"}))
forwarded("message/name-of-one", "A13", "9110 5.1", MUST, GET + "A: b\r\n\r\n", Q("GET", "/a", fields={"A": "b"}))
