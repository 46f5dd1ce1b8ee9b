# SPDX-License-Identifier: GPL-2.0-only
"""E36: fields for one connection only are not forwarded, in either direction."""
from case import HOST, MUST, PRODUCT, SHOULD, Outcome, Q, R, forwarded, refused, reply

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

# name: (lines, names of fields that must not arrive, names that must)
LINES = {
    "named": ("Connection: X-A\r\nX-A: b\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "named-before": ("X-A: b\r\nConnection: X-A\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "named-twice": ("X-A: b\r\nX-A: c\r\nConnection: X-A\r\nX-A: d\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "named-other-case": ("Connection: x-A\r\nX-a: b\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "list": ("Connection: X-A, X-B\r\nX-A: b\r\nX-B: c\r\nX-C: d\r\n", ["X-A", "X-B"], ["X-C"]),
    "list-no-blanks": ("Connection: X-A,X-B\r\nX-A: b\r\nX-B: c\r\nX-C: d\r\n", ["X-A", "X-B"], ["X-C"]),
    "list-tabs": ("Connection:\tX-A\t,\tX-B\t\r\nX-A: b\r\nX-B: c\r\nX-C: d\r\n", ["X-A", "X-B"], ["X-C"]),
    "list-empty-elements": ("Connection: ,, X-A , ,X-B,\r\nX-A: b\r\nX-B: c\r\nX-C: d\r\n", ["X-A", "X-B"], ["X-C"]),
    "lines": ("Connection: X-A\r\nX-A: b\r\nConnection: X-B\r\nX-B: c\r\nX-C: d\r\n", ["X-A", "X-B"], ["X-C"]),
    "with-keep-alive": ("Connection: keep-alive, X-A\r\nX-A: b\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "absent": ("Connection: X-A\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "prefix": ("Connection: X-A\r\nX-A: b\r\nX-AB: d\r\nX: e\r\n", ["X-A"], ["X-AB", "X"]),
    "suffix": ("Connection: X-AB\r\nX-AB: b\r\nX-A: d\r\n", ["X-AB"], ["X-A"]),
    "itself": ("Connection: Connection, X-A\r\nX-A: b\r\nX-C: d\r\n", ["X-A"], ["X-C"]),
    "empty": ("Connection:\r\nX-C: d\r\n", [], ["X-C"]),
    "keep-alive": ("Keep-Alive: timeout=5\r\nX-C: d\r\n", ["Keep-Alive"], ["X-C"]),
    "keep-alive-listed": ("Connection: keep-alive\r\nKeep-Alive: timeout=5, max=9\r\nX-C: d\r\n", ["Keep-Alive"], ["X-C"]),
    "proxy-connection": ("Proxy-Connection: keep-alive\r\nX-C: d\r\n", ["Proxy-Connection"], ["X-C"]),
    "upgrade-alone": ("Upgrade: websocket\r\nX-C: d\r\n", ["Upgrade"], ["X-C"]),
    "many": ("Connection: " + ", ".join(f"X-{n}" for n in range(50)) + "\r\n" + "".join(f"X-{n}: b\r\n" for n in range(50)) + "X-C: d\r\n",
             [f"X-{n}" for n in range(50)], ["X-C"]),
    "underscore": ("Connection: X_A\r\nX_A: b\r\nX-A: d\r\n", ["X_A"], ["X-A"]),
}


ODD = ("itself", "many", "underscore", "upgrade-alone", "list-empty-elements")


def gone(names, kept):
    fields = {name: None for name in names}
    fields.update({name: lambda values: bool(values) for name in kept})
    return fields


for name, (lines, names, kept) in LINES.items():
    must = MUST if "X-A" in names or name in ("many", "underscore", "suffix") else SHOULD
    forwarded(f"fields/request-{name}", "E36", "9110 7.6.1", must, "GET $U/a HTTP/1.1\r\n" + HOST + lines + "\r\n",
              Q("GET", "/a", fields={**gone(names, kept), "Connection": lambda v: not any("x-" in item.lower() for item in v)}), hostile=name in ODD)
    reply(f"fields/response-{name}", "E36", "9110 7.6.1", must, OK + lines + "\r\nok", R(200, body=b"ok", fields=gone(names, kept)), close=False,
          hostile=name in ODD)

# "close" ends the connection as well
forwarded("fields/request-named-close", "E36", "9110 7.6.1", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + "Connection: close, X-A\r\nX-A: b\r\n\r\n",
          Q("GET", "/a", fields={"X-A": None}), end="closed")
reply("fields/response-named-close", "E36", "9110 7.6.1", MUST, OK + "Connection: close, X-A\r\nX-A: b\r\n\r\nok",
      R(200, body=b"ok", fields={"X-A": None}), end=None, also=[])

# Fields that no hop may take away on request of the other side.
for name in ("Via", "Host"):
    forwarded(f"fields/request-connection-{name.lower()}", "E36 E37" if name == "Via" else "E36", "9110 7.6.1", MUST,
              "GET $U/a HTTP/1.1\r\n" + HOST + f"Via: 1.1 fred\r\nConnection: {name}\r\n\r\n",
              Q("GET", "/a", fields={"Host": "$HOST", "Via": lambda v: "fred" in ",".join(v)} if name == "Via" else {"Host": "$HOST"}),
              also=[Outcome([R(400)], (), "closed")], hostile=True)
reply("fields/response-connection-via", "E36 E37", "9110 7.6.1", MUST, OK + "Via: 1.1 fred\r\nConnection: Via\r\n\r\nok",
      R(200, fields={"Via": lambda v: "fred" in ",".join(v)}), close=False, hostile=True)
for count in (100, 101, 5000):
    names = ", ".join(f"X-{n}" for n in range(count))
    if count == 100:
        forwarded("fields/request-hundred-options", "E36", "9110 7.6.1", PRODUCT, "GET $U/a HTTP/1.1\r\n" + HOST + f"Connection: {names}\r\nX-99: b\r\n\r\n",
                  Q("GET", "/a", fields={"X-99": None}))
    else:
        refused(f"fields/request-options-{count}", "E36", "9110 7.6.1", PRODUCT, "GET $U/a HTTP/1.1\r\n" + HOST + f"Connection: {names}\r\n\r\n", peers=False)
        reply(f"fields/response-options-{count}", "E36", "9110 7.6.1", PRODUCT, OK + f"Connection: {names}\r\n\r\nok", R(502), end=None, peers=False)

# TE
forwarded("fields/te-without-connection", "E36", "9110 10.1.4", SHOULD, "GET $U/a HTTP/1.1\r\n" + HOST + "TE: trailers\r\n\r\n",
          Q("GET", "/a", fields={"TE": None}))
forwarded("fields/te-other-codings", "E36", "9110 10.1.4", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + "TE: gzip;q=0.5, deflate\r\nConnection: TE\r\n\r\n",
          Q("GET", "/a", fields={"TE": lambda v: not any("gzip" in item for item in v)}))
forwarded("fields/te-is-listed-again", "E36", "9110 10.1.4", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + "TE: trailers\r\nConnection: TE\r\n\r\n",
          Q("GET", "/a", fields={"TE": lambda v: v in ([], ["trailers"])}), checks=[lambda run: te_listed(run)])


def te_listed(run):
    for msg in run.requests:
        if msg.all("TE") and "te" not in [item.lower() for item in msg.list("Connection")]:
            return "TE was forwarded, but Connection does not name it"
    return None


# The proxy's own fields of this kind must be about its own connection.
forwarded("fields/connection-of-client-not-forwarded", "E36", "9110 7.6.1", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + "Connection: keep-alive, foo\r\n\r\n",
          Q("GET", "/a", fields={"Connection": lambda v: "foo" not in ",".join(v)}))
forwarded("fields/transfer-encoding-once", "E36", "9112 6.1", MUST,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
          Q("POST", "/a", body=b"ab", fields={"Transfer-Encoding": lambda v: v in (["chunked"], [])}))
forwarded("fields/trailer-field", "E36", "9110 6.6.2", SHOULD,
          "POST $U/a HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nab\r\n0\r\nX-T: v\r\n\r\n",
          Q("POST", "/a", body=b"ab"), checks=[lambda run: trailer_true(run)])


def trailer_true(run):
    for msg in run.requests:
        if msg.all("Trailer") and not msg.trailers:
            return "Trailer announces what does not come"
    return None
