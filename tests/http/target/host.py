# SPDX-License-Identifier: GPL-2.0-only
"""B15: Host."""
from case import HOST, MUST, PRODUCT, SHOULD, Q, answered, forwarded, refused

# In these, Host decides where a request goes: origin-form.
ORIGIN_FORM = ("reverse", "transparent")

refused("target/no-host", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.1\r\n\r\n")
refused("target/no-host-but-fields", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.1\r\nAccept: */*\r\n\r\n")
for name, lines in {
        "equal": HOST + HOST, "different": HOST + "Host: evil.test\r\n", "different-first": "Host: evil.test\r\n" + HOST,
        "case": HOST + "hOST: evil.test\r\n", "apart": HOST + "Accept: */*\r\nX-A: b\r\nHost: evil.test\r\n",
        "second-empty": HOST + "Host:\r\n", "first-empty": "Host:\r\n" + HOST, "three": HOST * 3,
        "in-connection": HOST + "Connection: host\r\nHost: evil.test\r\n"}.items():
    refused(f"target/two-hosts-{name}", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.1\r\n" + lines + "\r\n")
    if name in ("equal", "different"):
        refused(f"target/two-hosts-1.0-{name}", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.0\r\n" + lines + "\r\n")
for name, value in {
        "list": "$HOST, evil.test", "blank": "$HOST evil.test", "path": "$HOST/b", "query": "$HOST?b", "fragment": "$HOST#b",
        "userinfo": "evil.test@$HOST", "userinfo-2": "$HOST@evil.test", "scheme": "http://$HOST", "backslash": "$HOST\\b",
        "port-letters": "c.test:http", "port-sign": "c.test:+80", "port-minus": "c.test:-80", "port-blank": "c.test: 80",
        "port-65536": "c.test:65536", "port-huge": "c.test:99999999999999999999", "port-zero": "c.test:0", "port-twice": "c.test:80:80",
        "port-hex": "c.test:0x50", "open-bracket": "[::1", "close-bracket": "::1]", "v6-bare": "::1", "v6-letters": "[xyz]",
        "v6-empty": "[]", "v6-port-glued": "[::1]80", "v6-zone": "[fe80::1%eth0]", "v6-twice": "[::1][::1]",
        "quote": '"c.test"', "tab": "c.\ttest", "high": "c\xe9.test", "only-port": ":80", "angle": "<c.test>",
        "caret": "c^.test", "pipe": "c|.test", "braces": "{c.test}"}.items():
    refused(f"target/host-{name}", "B15", "9112 3.2", MUST if name not in ("port-zero", "high") else SHOULD,
            f"GET $U/a HTTP/1.1\r\nHost: {value}\r\n\r\n", status=400)
refused("target/host-empty", "B15", "9110 4.2.1", PRODUCT, "GET $U/a HTTP/1.1\r\nHost:\r\n\r\n", modes=ORIGIN_FORM)
refused("target/host-empty-blanks", "B15", "9110 4.2.1", PRODUCT, "GET $U/a HTTP/1.1\r\nHost: \t \r\n\r\n", modes=ORIGIN_FORM)

forwarded("target/host-unchanged", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.1\r\nHost: $HOST\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST"}))
forwarded("target/host-name-case", "B15", "9112 3.2", MUST, "GET $U/a HTTP/1.1\r\nhOsT: $HOST\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST"}))
forwarded("target/host-upper-case", "B15", "9110 4.2.3", MUST, "GET /a HTTP/1.1\r\nHost: $UPPER\r\n\r\n", Q("GET", "/a"),
          modes=("reverse",))
forwarded("target/host-with-port", "B15", "9110 7.2", MUST, "GET /a HTTP/1.1\r\nHost: $HOST:8000\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST:8000"}), modes=("reverse",), peers=False)
forwarded("target/host-empty-port", "B15", "9110 7.2", PRODUCT, "GET /a HTTP/1.1\r\nHost: $HOST:\r\n\r\n", Q("GET", "/a"),
          modes=("reverse",), peers=False)
forwarded("target/host-trailing-dot", "B15", "9110 7.2", PRODUCT, "GET /a HTTP/1.1\r\nHost: $HOST.\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST."}), modes=("reverse",), peers=False)
answered("target/host-unknown", "B15", "9110 7.2", PRODUCT, "GET /a HTTP/1.1\r\nHost: no-such-host.test\r\n\r\n",
         {404, 421, 502, 503, 504}, modes=("reverse",), end=None, peers=False)
forwarded("target/no-host-1.0", "B15", "9112 3.2", PRODUCT, "GET /a HTTP/1.0\r\n\r\n",
          Q("GET", "/a", fields={"Host": lambda values: len(values) == 1}), end="closed", modes=("transparent",))
refused("target/no-host-1.0-nowhere", "B15", "9112 3.2", PRODUCT, "GET /a HTTP/1.0\r\n\r\n", status=400, modes=("reverse",),
        tail=False, peers=False)
forwarded("target/no-host-1.0-absolute", "B16", "9112 3.2.2", MUST, "GET http://$HOST/a HTTP/1.0\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST"}), end="closed")
