# SPDX-License-Identifier: GPL-2.0-only
"""B16-B23: forms of the target, what is forwarded of it, the original destination, loops, Max-Forwards."""
from case import (CLIENT_ERROR, END, HOST, MUST, PRODUCT, SHOULD, Outcome, Q, R, answered, forwarded, refused)

EXPLICIT = ("reverse", "forward")

# ---- B16: absolute-form ----------------------------------------------------------------------------------------------

forwarded("target/absolute", "B16 B17", "9112 3.2.2", MUST, "GET http://$HOST/a?b HTTP/1.1\r\n" + END,
          Q("GET", "/a?b", fields={"Host": "$HOST"}))
forwarded("target/absolute-scheme-case", "B16", "9110 4.2.3", MUST, "GET HTTP://$HOST/a HTTP/1.1\r\n" + END,
          Q("GET", "/a", fields={"Host": "$HOST"}))
forwarded("target/absolute-host-differs", "B16", "9112 3.2.2", MUST, "GET http://$HOST/a HTTP/1.1\r\nHost: other.test\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$HOST"}), also=[Outcome([R(CLIENT_ERROR)], (), None)])
forwarded("target/absolute-post", "B16", "9112 3.2.2", MUST,
          "POST http://$HOST/a HTTP/1.1\r\nHost: other.test\r\nContent-Length: 2\r\n\r\nab",
          Q("POST", "/a", body=b"ab", fields={"Host": "$HOST"}), also=[Outcome([R(CLIENT_ERROR)], (), None)])
refused("target/absolute-no-host-field", "B16", "9112 3.2", MUST, "GET http://$HOST/a HTTP/1.1\r\n\r\n")
refused("target/absolute-two-hosts", "B16", "9112 3.2", MUST, "GET http://$HOST/a HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n")
refused("target/absolute-bad-host-field", "B16", "9112 3.2", MUST, "GET http://$HOST/a HTTP/1.1\r\nHost: a b\r\n\r\n")
for scheme in ("https://$HOST/a", "ftp://$HOST/a", "ws://$HOST/a", "mailto:a@$HOST", "file:///etc/hosts", "http:/a", "http:a",
               "javascript:a", "//$HOST", "htp://$HOST/a", "http//$HOST/a"):
    if scheme != "//$HOST":
        refused(f"target/scheme-{scheme.replace('$HOST', 'host').replace('/', '_')}", "B16", "9112 3.2", SHOULD,
                f"GET {scheme} HTTP/1.1\r\n" + END, also=[Outcome([R(CLIENT_ERROR | {502, 503, 301, 302})], (), None)], tail=False)

# ---- B17: bad authorities --------------------------------------------------------------------------------------------

for name, target in {
        "empty-host": "http:///a", "empty-host-port": "http://:80/a", "only-scheme": "http://", "query-only": "http://?a",
        "port-letters": "http://c.test:http/a", "port-zero": "http://c.test:0/a", "port-65536": "http://c.test:65536/a",
        "port-huge": "http://c.test:4294967376/a", "port-sign": "http://c.test:+80/a", "port-twice": "http://c.test:80:80/a",
        "open-bracket": "http://[::1/a", "v6-letters": "http://[zz]/a", "v6-bare": "http://::1/a",
        "blank-encoded": "http://%20/a", "two-at": "http://a@b@$HOST/a", "backslash": "http://$HOST\\evil.test/a"}.items():
    refused(f"target/authority-{name}", "B17", "9110 4.2.1", MUST if name.startswith("empty") else SHOULD, f"GET {target} HTTP/1.1\r\n" + END,
            status={400, 502} if name == "blank-encoded" else 400, tail=False, modes=EXPLICIT, peers=name.startswith("empty"))
for name, target in {"user": "http://user@$HOST/a", "user-password": "http://user:pw@$HOST/a", "empty-user": "http://@$HOST/a",
                     "host-as-user": "http://evil.test:80@$HOST/a"}.items():
    refused(f"target/userinfo-{name}", "B17", "9110 4.2.4", SHOULD, f"GET {target} HTTP/1.1\r\n" + END, tail=False,
            also=[Outcome([R(200)], [Q("GET", "/a", lacks=["user", "@"])], "open")])

# ---- B18: forms and methods ------------------------------------------------------------------------------------------

for name, line in {"get-authority": "GET $HOST", "get-authority-port": "GET c.test:80", "post-authority": "POST $HOST:80",
                   "get-asterisk": "GET *", "post-asterisk": "POST *", "head-asterisk": "HEAD *", "asterisk-path": "OPTIONS *a",
                   "two-asterisks": "OPTIONS **", "relative": "GET a/b", "dot": "GET ./a", "query": "GET ?a", "percent": "GET %2Fa"}.items():
    refused(f"target/form-{name}", "B18", "9110 7.1", MUST if name.startswith(("get-", "post-", "head-")) else SHOULD, line +
            " HTTP/1.1\r\n" + END, also=[Outcome([R({405, 404, 301})], (), None)], tail=False)
forwarded("target/options-asterisk", "B18", "9112 3.2.4", MUST, "OPTIONS * HTTP/1.1\r\n" + END, Q("OPTIONS", "*"),
          modes=("reverse", "transparent"))
forwarded("target/options-asterisk-forward", "B18", "9112 3.2.4", MUST, "OPTIONS * HTTP/1.1\r\n" + END, Q("OPTIONS", "*"),
          modes=("forward",))
forwarded("target/options-empty-path", "B18", "9112 3.2.4", MUST, "OPTIONS http://$HOST HTTP/1.1\r\n" + END, Q("OPTIONS", "*"))
forwarded("target/options-path", "B18", "9112 3.2.4", MUST, "OPTIONS http://$HOST/ HTTP/1.1\r\n" + END, Q("OPTIONS", "/"))
forwarded("target/options-query", "B18", "9112 3.2.4", PRODUCT, "OPTIONS http://$HOST?a HTTP/1.1\r\n" + END, Q("OPTIONS", "/?a"), peers=False)
forwarded("target/empty-path", "B18", "9112 3.2.1", MUST, "GET http://$HOST HTTP/1.1\r\n" + END, Q("GET", "/"))
forwarded("target/empty-path-query", "B18", "9112 3.2.1", MUST, "GET http://$HOST?a=b HTTP/1.1\r\n" + END, Q("GET", "/?a=b"))
forwarded("target/absolute-empty-query", "B18", "9112 3.2.1", MUST, "GET http://$HOST/? HTTP/1.1\r\n" + END, Q("GET", "/?"))

# ---- B19: path and query unchanged -----------------------------------------------------------------------------------

for name, path in {
        "dots": "/a/../b/./c/..", "leading-dots": "/../../etc/passwd", "encoded-dots": "/%2e%2E/%2e/a", "slashes": "//a//b//",
        "double-slash": "//evil.test/x", "encoded-slash": "/a%2Fb%2fc", "case-of-hex": "/%aB%Ab%E2%82%ac", "query": "/a?b=c&d=e?f/g",
        "empty-query": "/a?", "only-query": "/?", "params": "/a;b=c/d;e", "bad-percent": "/a%zz%", "percent-nul": "/a%00b",
        "percent-crlf": "/a%0d%0aX:%20y", "sub-delims": "/~a!$&'()*+,;=:@-._", "tilde": "/%7Ea/~b", "url": "/http://evil.test/x",
        "url-query": "/?u=http://evil.test/", "plus": "/a+b?c+d", "utf8": "/%C3%A9", "trailing-dot": "/a./b.", "encoded-question": "/a%3Fb",
        "encoded-fragment": "/a%23b", "double-encoded": "/a%252Fb", "colon-first": "/:80/a", "at": "/@evil.test"}.items():
    forwarded(f"target/path-{name}", "B19", "9110 7.7", MUST, f"GET $U{path} HTTP/1.1\r\n" + END, Q("GET", path),
              hostile="evil" in path or "dots" in name or "percent" in name)

# ---- B20, B21: the original destination ------------------------------------------------------------------------------

forwarded("target/intercepted-own-host", "B20", "CVE-2009-0801", MUST, "GET /a HTTP/1.1\r\nHost: $ADDR\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$ADDR"}), modes=("transparent",))
forwarded("target/intercepted-other-host", "B20", "CVE-2009-0801", MUST, "GET /a HTTP/1.1\r\nHost: $DEAD\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$DEAD"}), modes=("transparent",), hostile=True)
forwarded("target/intercepted-other-port", "B20", "CVE-2009-0801", MUST, "GET /a HTTP/1.1\r\nHost: $ADDRESS:9\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$ADDRESS:9"}), modes=("transparent",), hostile=True)
forwarded("target/intercepted-unknown-name", "B20", "CVE-2009-0801", MUST, "GET /a HTTP/1.1\r\nHost: no-such-host.test\r\n\r\n",
          Q("GET", "/a"), modes=("transparent",), hostile=True)
forwarded("target/intercepted-absolute-elsewhere", "B20", "CVE-2009-0801", MUST, "GET http://$DEAD/a HTTP/1.1\r\nHost: $HOST\r\n\r\n",
          Q("GET", "/a", fields={"Host": "$DEAD"}), modes=("transparent",), hostile=True)
forwarded("target/intercepted-names-localhost", "B20", "CVE-2009-0801", MUST, "GET /a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
          Q("GET", "/a"), modes=("transparent",), hostile=True)
forwarded("target/intercepted-before-connect", "B21", "9110 9.3.6", MUST,
          "GET /a HTTP/1.1\r\n" + END + "CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\n", Q("GET", "/a"), [R(200, of="/a"), R(403)], "closed",
          modes=("transparent",), hostile=False)
refused("target/intercepted-connect", "B21 F48", "9110 9.3.6", MUST, "CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\n", status=403,
        modes=("transparent",))
refused("target/intercepted-connect-elsewhere", "B21", "9110 9.3.6", MUST, "CONNECT $DEAD HTTP/1.1\r\nHost: $DEAD\r\n\r\n", status=403,
        modes=("transparent",))

# ---- B22: loops ------------------------------------------------------------------------------------------------------

for name, authority in {
        "own-address": "$SELF", "loopback": "127.0.0.1:8080", "loopback-other": "127.9.9.9:8080", "any": "0.0.0.0:8080",
        "v6-loopback": "[::1]:8080", "v6-any": "[::]:8080", "mapped": "[::ffff:127.0.0.1]:8080",
        "mapped-hex": "[::ffff:7f00:1]:8080", "v6-long": "[0:0:0:0:0:0:0:1]:8080", "mapped-any": "[::ffff:0.0.0.0]:8080"}.items():
    answered(f"target/loop-{name}", "B22", "9110 7.6", MUST, f"GET http://{authority}/a HTTP/1.1\r\nHost: {authority}\r\n\r\n",
             status=508, modes=EXPLICIT, peers=False, end=None)
    answered(f"target/loop-connect-{name}", "B22", "9110 7.6", MUST, f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n",
             status=508, modes=("forward",), peers=False, end=None)
for name, value in {"own": "1.1 tiphares", "own-last": "1.0 fred, 1.1 tiphares", "own-protocol": "HTTP/1.1 tiphares",
                    "own-comment": "1.1 tiphares (x)", "own-case": "1.1 Tiphares"}.items():
    answered(f"target/loop-via-{name}", "B22", "9110 7.6", PRODUCT, "GET $U/a HTTP/1.1\r\n" + HOST + f"Via: {value}\r\n\r\n",
             status=508, modes=EXPLICIT, peers=False, end=None)
    forwarded(f"target/intercepted-via-{name}", "B22", "9110 7.6", PRODUCT,
              "GET /a HTTP/1.1\r\n" + HOST + f"Via: {value}\r\n\r\n", Q("GET", "/a"), modes=("transparent",), hostile=True)
for name, value in {"other": "1.1 tiphares2", "comment": "1.1 fred (tiphares)", "part": "1.1 x.tiphares"}.items():
    forwarded(f"target/no-loop-via-{name}", "B22", "9110 7.6.3", MUST, "GET $U/a HTTP/1.1\r\n" + HOST + f"Via: {value}\r\n\r\n", Q("GET", "/a"))

# ---- B23: Max-Forwards -----------------------------------------------------------------------------------------------

for method in ("OPTIONS", "TRACE"):
    for before, after in (("5", "4"), ("1", "0"), ("010", "9"), ("99999999999999999999", lambda values: len(values) == 1 and values[0].isdigit())):
        forwarded(f"target/max-forwards-{method.lower()}-{before}", "B23", "9110 7.6.2", MUST,
                  f"{method} $U/a HTTP/1.1\r\n" + HOST + f"Max-Forwards: {before}\r\n\r\n", Q(method, "/a", fields={"Max-Forwards": after}))
    answered(f"target/max-forwards-{method.lower()}-0", "B23", "9110 7.6.2", MUST,
             f"{method} $U/a HTTP/1.1\r\n" + HOST + "Max-Forwards: 0\r\n\r\n", {200, 405, 501}, end=None,
             also=[Outcome([R(CLIENT_ERROR)], (), None)])
    for name, value in {"letters": "five", "minus": "-1", "empty": "", "list": "5, 5", "hex": "0x5", "decimal": "1.5"}.items():
        refused(f"target/max-forwards-{method.lower()}-{name}", "B23", "9110 7.6.2", PRODUCT,
                f"{method} $U/a HTTP/1.1\r\n" + HOST + f"Max-Forwards: {value}\r\n\r\n", peers=False)
    forwarded(f"target/max-forwards-{method.lower()}-none", "B23", "9110 7.6.2", MUST, f"{method} $U/a HTTP/1.1\r\n" + END,
              Q(method, "/a", fields={"Max-Forwards": None}))
forwarded("target/max-forwards-get", "B23", "9110 7.6.2", PRODUCT, "GET $U/a HTTP/1.1\r\n" + HOST + "Max-Forwards: 0\r\n\r\n",
          Q("GET", "/a", fields={"Max-Forwards": "0"}))
