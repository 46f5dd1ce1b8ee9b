# SPDX-License-Identifier: GPL-2.0-only
"""E37-E43: Via, what is forwarded unchanged, Date, Proxy-Status, Forwarded, authentication."""
import re

from case import END, HOST, MUST, PRODUCT, SHOULD, Outcome, Q, R, answered, case, forwarded, refused, reply

GET = "GET $U/a HTTP/1.1\r\n" + HOST
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

# ---- E37: Via --------------------------------------------------------------------------------------------------------


def via(received, *before):
    """A predicate: what stood before, in order, then one entry of the proxy's own."""
    def check(values):
        entries = [entry.strip() for value in values for entry in value.split(",")]
        own = entries[-1].split(" ") if entries else []
        return entries[:-1] == list(before) and len(own) >= 2 and own[0] in (received, "HTTP/" + received)
    return check


forwarded("fields/via-request", "E37", "9110 7.6.3", MUST, GET + "\r\n", Q("GET", "/a", fields={"Via": via("1.1")}))
forwarded("fields/via-request-1.0", "E37", "9110 7.6.3", MUST, "GET $U/a HTTP/1.0\r\n" + END, Q("GET", "/a", fields={"Via": via("1.0")}), end="closed")
forwarded("fields/via-appended", "E37", "9110 7.6.3", MUST, GET + "Via: 1.0 fred\r\n\r\n", Q("GET", "/a", fields={"Via": via("1.1", "1.0 fred")}))
forwarded("fields/via-odd", "E37", "9110 7.6.3", MUST, GET + "Via: ,, 1.1 (a, b)\r\nVia:\r\n\r\n",
          Q("GET", "/a", fields={"Via": lambda v: v[:2] == [",, 1.1 (a, b)", ""] and v[2].startswith("1.1 ") and len(v) == 3}), hostile=True, peers=False)
forwarded("fields/via-order", "E37", "9110 7.6.3", MUST, GET + "Via: 1.0 fred, 1.1 p.example\r\nVia: 1.1 barney (x)\r\n\r\n",
          Q("GET", "/a", fields={"Via": via("1.1", "1.0 fred", "1.1 p.example", "1.1 barney (x)")}))
forwarded("fields/via-no-names", "E37", "9110 7.6.3", SHOULD, GET + "\r\n",
          Q("GET", "/a", fields={"Via": lambda v: not re.search(r"\d+\.\d+\.\d+\.\d+|localhost|:\d", ",".join(v))}))
reply("fields/via-response", "E37", "9110 7.6.3", PRODUCT, OK + "\r\nok", R(200, fields={"Via": via("1.1")}), close=False)
reply("fields/via-response-1.0", "E37", "9110 7.6.3", PRODUCT, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", R(200, fields={"Via": via("1.0")}))
reply("fields/via-response-appended", "E37", "9110 7.6.3", PRODUCT, OK + "Via: 1.1 a, 1.0 b\r\n\r\nok", R(200, fields={"Via": via("1.1", "1.1 a", "1.0 b")}),
      close=False)
forwarded("fields/via-off", "E37", "9110 7.6.3", PRODUCT, GET + "Via: 1.1 fred\r\n\r\n", Q("GET", "/a", fields={"Via": "1.1 fred"}), profile="novia")

# ---- E38, E39: unchanged ---------------------------------------------------------------------------------------------

UNCHANGED = {
    "unknown": "X-Whatever: a, b;c=\"d\"",
    "authorization": "Authorization: Basic YTpi",
    "authorization-list": "Authorization: Digest username=\"a\", realm=\"b\", uri=\"/a\", response=\"c\"",
    "cache-control": "Cache-Control: no-cache=\"a\", max-age=0,  no-store , x=y",
    "pragma": "Pragma: no-cache",
    "if-none-match": "If-None-Match: W/\"a\", \"b\"",
    "if-match": "If-Match: *",
    "if-modified-since": "If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT",
    "if-unmodified-since": "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT",
    "if-range": "If-Range: \"a\"",
    "range": "Range: bytes=0-4,6-",
    "referer": "Referer: http://a.test/b?c#d",
    "user-agent": "User-Agent: a/1.0 (b; c) d/2",
    "cookie": "Cookie: a=b; c=\"d e\"; f",
    "accept": "Accept: text/html;q=0.5, */*;q=0",
    "accept-encoding": "Accept-Encoding: gzip, br;q=0.1",
    "content-type": "Content-Type: multipart/form-data; boundary=\"a b\"",
    "content-encoding": "Content-Encoding: gzip",
    "date": "Date: Tue, 15 Nov 1994 08:12:31 GMT",
    "from": "From: a@b.test",
    "origin": "Origin: null",
    "forwarded": "Forwarded: for=192.0.2.1;proto=http",
    "x-forwarded-for": "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
    "x-forwarded-proto": "X-Forwarded-Proto: https",
    "digest": "Digest: sha-256=abc=",
    "prefer": "Prefer: respond-async",
    "spaces-inside": "X-A: a  b   c",
    "link": "Link: <http://a.test/>; rel=\"next\"",
    "http2-settings": "X-HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
}
for name, line in UNCHANGED.items():
    field, value = line.split(": ", 1)
    forwarded(f"fields/request-keeps-{name}", "E39" if name != "unknown" else "E38", "9110 7.7", MUST, GET + line + "\r\n\r\n",
              Q("GET", "/a", fields={field: value}))
RESPONSE_UNCHANGED = {
    "unknown": "X-Whatever: a, b;c=\"d\"", "server": "Server: a/1.0 (b)", "date": "Date: Tue, 15 Nov 1994 08:12:31 GMT",
    "cache-control": "Cache-Control: private=\"a\",  max-age=5", "expires": "Expires: 0", "etag": "ETag: W/\"a,b\"",
    "last-modified": "Last-Modified: Sat, 29 Oct 1994 19:43:31 GMT", "age": "Age: 5", "vary": "Vary: Accept-Encoding, *",
    "location": "Location: http://a.test/b?c#d", "content-type": "Content-Type: text/html; charset=x", "content-encoding": "Content-Encoding: gzip",
    "content-range": "Content-Range: bytes 0-1/5", "accept-ranges": "Accept-Ranges: none", "set-cookie": "Set-Cookie: a=b; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
    "warning": "Warning: 110 a \"b\"", "link": "Link: <a>; rel=b", "hsts": "Strict-Transport-Security: max-age=5",
    "csp": "Content-Security-Policy: default-src 'self'; x", "allow": "Allow: GET, , HEAD", "proxy-status": "Proxy-Status: inner.example; error=dns_error",
}
for name, line in RESPONSE_UNCHANGED.items():
    field, value = line.split(": ", 1)
    reply(f"fields/response-keeps-{name}", {"unknown": "E38", "proxy-status": "E39 E41"}.get(name, "E39"), "9110 7.7", MUST if name not in ("server", "date") else SHOULD,
          OK + line + "\r\n\r\nok", R(200, body=b"ok", fields={field: value}), close=False)
for status, line in ((401, "WWW-Authenticate: Digest realm=\"a, b\", nonce=\"c\", Basic realm=\"d\""), (405, "Allow: GET, FOO"), (407, "Proxy-Authenticate: Basic realm=\"a\""),
                     (416, "Content-Range: bytes */5"), (503, "Retry-After: 5"), (301, "Location: //a.test/../b")):
    field, value = line.split(": ", 1)
    reply(f"fields/response-{status}-keeps-{field.lower()}", "E39", "9110 11.6.1", MUST, f"HTTP/1.1 {status} X y\r\nContent-Length: 2\r\n{line}\r\n\r\nok",
          R(status, body=b"ok", fields={field: value}), close=False)
reply("fields/reason-kept", "E39", "9112 4", PRODUCT, "HTTP/1.1 200 All fine, really (yes)\r\nContent-Length: 0\r\n\r\n",
      R(200, has=["HTTP/1.1 200 All fine, really (yes)\r\n"]), close=False, peers=False)
reply("fields/no-transform", "E39", "9110 7.7", MUST, OK + "Cache-Control: no-transform\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\nok",
      R(200, body=b"ok", fields={"Content-Encoding": "gzip"}), close=False)
forwarded("fields/order-of-same-name", "E38", "9110 5.3", MUST, GET + "X-A: 1\r\nX-B: x\r\nX-A: 2\r\nx-a: 3\r\n\r\n",
          Q("GET", "/a", fields={"X-A": lambda v: [i.strip() for x in v for i in x.split(",")] == ["1", "2", "3"], "X-B": "x"}))
reply("fields/order-of-set-cookie", "E38", "9110 5.3", MUST, OK + "Set-Cookie: a=1\r\nX-B: x\r\nSet-Cookie: b=2\r\nSet-Cookie: a=3; Path=/\r\n\r\nok",
      R(200, fields={"Set-Cookie": ["a=1", "b=2", "a=3; Path=/"]}), close=False)
forwarded("fields/names-that-mean-nothing-here", "E38", "9110 5.1", MUST, GET + "HTTP/1.1: x\r\n".replace("/", "-") + "GET: /smuggled\r\nStatus: 500\r\n200: OK\r\n__proto__: y\r\n\r\n",
          Q("GET", "/a", fields={"HTTP-1.1": "x", "GET": "/smuggled", "Status": "500", "200": "OK", "__proto__": "y"}), hostile=True)
reply("fields/many-set-cookie", "E38", "9110 5.3", MUST, OK + "".join(f"Set-Cookie: a={n}, b\r\n" for n in range(150)) + "\r\nok",
      R(200, fields={"Set-Cookie": [f"a={n}, b" for n in range(150)]}), close=False, hostile=True, peers=False)
forwarded("fields/equal-lines-kept", "E38", "9110 5.3", MUST, GET + "X-A: 1\r\nX-A: 1\r\n\r\n",
          Q("GET", "/a", fields={"X-A": lambda v: [i.strip() for x in v for i in x.split(",")] == ["1", "1"]}))

# ---- E40: Date -------------------------------------------------------------------------------------------------------

DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")
reply("fields/date-added", "E40", "9110 6.6.1", MUST, OK + "\r\nok", R(200, fields={"Date": lambda v: len(v) == 1 and bool(DATE.fullmatch(v[0]))}), close=False)
reply("fields/date-kept", "E40", "9110 7.7", SHOULD, OK + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nok", R(200, fields={"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}),
      close=False)
reply("fields/date-added-204", "E40", "9110 6.6.1", MUST, "HTTP/1.1 204 No\r\n\r\n", R(204, fields={"Date": lambda v: len(v) == 1}), close=False)
reply("fields/date-added-when-named", "E40", "9110 6.6.1", PRODUCT, OK + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: Date\r\n\r\nok",
      R(200, fields={"Date": lambda v: len(v) == 1}), close=False, hostile=True)
reply("fields/date-in-interim-is-not-added", "E40", "9110 6.6.1", PRODUCT, "HTTP/1.1 103 X\r\nDate: x\r\n\r\n" + OK + "Date: x\r\nDate: y\r\n\r\nok",
      R(200, interim=[103], fields={"Date": ["x", "y"]}), close=False, hostile=True)

# ---- E41: Proxy-Status -----------------------------------------------------------------------------------------------


def proxy_status(*types):
    return lambda v: len(v) == 1 and re.fullmatch(r"[A-Za-z][\w.:/*-]*; ?error=(" + "|".join(types) + ")(;.*)?", v[0]) is not None


refused("fields/proxy-status-bad-request", "E41", "9209 2.3", PRODUCT, "GE(T $U/a HTTP/1.1\r\n" + END, peers=False,
        checks=[lambda run: own_status(run, "http_request_error")])
answered("fields/proxy-status-refused-connection", "E41", "9209 2.3", PRODUCT, "GET $V/a HTTP/1.1\r\nHost: $DEAD\r\n\r\n", 502, modes=("reverse", "forward"),
         end=None, peers=False, checks=[lambda run: own_status(run, "connection_refused", "destination_unavailable")])
reply("fields/proxy-status-bad-response", "E41", "9209 2.3", PRODUCT, "HTTP/1.1 200\r\nbad\r\n\r\n", R(502, fields={"Proxy-Status": proxy_status("http_protocol_error")}),
      end=None, peers=False)
reply("fields/proxy-status-no-response", "E41", "9209 2.3", PRODUCT, [], R(502, fields={"Proxy-Status": proxy_status(
    "connection_terminated", "http_response_incomplete")}), end=None, peers=False)
reply("fields/proxy-status-large-response", "E41", "9209 2.3", PRODUCT, OK + "X-A: " + "b" * 100000 + "\r\n\r\nok",
      R(502, fields={"Proxy-Status": proxy_status("http_response_header_section_size", "http_protocol_error")}), end=None, peers=False)
reply("fields/proxy-status-not-for-the-origins", "E41", "9209 2", PRODUCT, "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n",
      R(502, fields={"Proxy-Status": None}), close=False, peers=False)


def own_status(run, *types):
    values = run.clients["a"].responses[0].all("Proxy-Status")
    return None if proxy_status(*types)(values) else f"Proxy-Status: {values}"


def silent(run):
    """An answer of the proxy's own tells nothing about its inside."""
    for msg in run.clients["a"].responses:
        text = msg.head + msg.body
        for word in (run.place.origin[0], run.place.connect[0] if run.place.mode != "transparent" else "\0"):
            if word.encode() in text:
                return f"the answer has {word} in it"
    return None


answered("fields/error-page-tells-nothing", "E41", "9209 3", SHOULD, "GET $V/a HTTP/1.1\r\nHost: $DEAD\r\n\r\n", {502, 503, 504}, modes=("reverse",), end=None,
         checks=[silent])
for accept in ("text/html", "*/*", "image/png"):
    answered(f"fields/error-page-{accept.replace('/', '-')}", "E41", "9110 15.6.3", PRODUCT, f"GET $V/a HTTP/1.1\r\nHost: $DEAD\r\nAccept: {accept}\r\n\r\n",
             502, modes=("reverse", "forward"), end=None, peers=False,
             checks=[lambda run: None if len(run.clients["a"].responses[0].all("Content-Type")) == 1 and run.clients["a"].responses[0].body else "no page"])
answered("fields/error-page-head", "E41", "9110 9.3.2", MUST, "HEAD $V/a HTTP/1.1\r\nHost: $DEAD\r\n\r\n", {502, 503, 504}, modes=("reverse", "forward"), end=None)
answered("fields/error-date", "E40", "9110 6.6.1", SHOULD, "GET $V/a HTTP/1.1\r\nHost: $DEAD\r\n\r\n", {502, 503, 504}, modes=("reverse", "forward"), end=None,
         checks=[lambda run: None if run.clients["a"].responses[0].all("Date") else "no Date"], peers=False)

# ---- E42: Forwarded --------------------------------------------------------------------------------------------------

forwarded("fields/forwarded-off", "E42", "7239 4", PRODUCT, GET + "\r\n", Q("GET", "/a", fields={"Forwarded": None, "X-Forwarded-For": None}), peers=False)
for name, lines in {"none": "", "forged": "Forwarded: for=10.9.9.9\r\n", "forged-twice": "Forwarded: for=a\r\nForwarded: for=b, for=c\r\n",
                    "named": "Connection: Forwarded\r\nForwarded: for=10.9.9.9\r\n", "forged-xff": "X-Forwarded-For: 10.9.9.9\r\n"}.items():
    forwarded(f"fields/forwarded-on-{name}", "E42", "7239 5.2", PRODUCT, GET + lines + "\r\n",
              Q("GET", "/a", fields={"Forwarded": "for=$CLIENT", "X-Forwarded-For": None}), profile="forwarded", hostile=name != "none")
    forwarded(f"fields/xff-on-{name}", "E42", "7239 7.4", PRODUCT, GET + lines.replace("Forwarded: for=", "X-Forwarded-For: ").replace(
        "X-X-", "X-").replace("Connection: Forwarded", "Connection: X-Forwarded-For") + "\r\n",
              Q("GET", "/a", fields={"X-Forwarded-For": "$CLIENT", "Forwarded": None}), profile="xff", hostile=name != "none")

# ---- E43: authentication of others -----------------------------------------------------------------------------------

reply("fields/407-passed", "E43", "9110 11.7.1", MUST, "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
      R(407, fields={"Proxy-Authenticate": "Basic realm=\"x\""}), close=False)
forwarded("fields/proxy-authorization-for-another", "E43", "9110 11.7.2", PRODUCT, GET + "Proxy-Authorization: Basic YTpi\r\n\r\n",
          Q("GET", "/a", fields={"Proxy-Authorization": lambda v: v in ([], ["Basic YTpi"])}))

# ---- error pages: HTML for whoever asks for it by name ---------------------------------------------------------------

HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
for name, accept, want in (
        ("none", "", TEXT), ("any", "Accept: */*\r\n", TEXT), ("text", "Accept: text/*\r\n", TEXT), ("html", "Accept: text/html\r\n", HTML),
        ("browser", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n", HTML), ("case", "ACCEPT: Text/HTML;Level=1\r\n", HTML),
        ("second-line", "Accept: image/png\r\nAccept: text/html;q=0.1\r\n", HTML), ("zero", "Accept: text/html;q=0, */*\r\n", TEXT),
        ("zero-decimals", "Accept: text/html; q=0.000\r\n", TEXT), ("text-preferred", "Accept: text/plain, text/html;q=0.9\r\n", TEXT),
        ("html-preferred", "Accept: text/plain;q=0.3,text/html;q=0.9\r\n", HTML), ("longer-name", "Accept: text/html5\r\n", TEXT), ("x-accept", "X-Accept: text/html\r\n", TEXT)):
    for method in ("GET", "HEAD"):
        case(f"fields/error-page-{name}-{method.lower()}", "E41", "9110 12.5.1", PRODUCT, [f"{method} $V/a HTTP/1.1\r\nHost: $DEAD\r\n{accept}\r\n"],
             outcomes=[Outcome([R(502, fields={"Content-Type": want, "Proxy-Status": "tiphares; error=connection_refused"},
                                  body=None if method == "GET" else b"")], (), "open")],
             modes=("reverse", "forward"), peers=False,
             checks=[lambda run, html=want == HTML: page(run.clients["a"].responses[0].body, html)] if method == "GET" else [])


def page(body, html):
    """Short, whole, and nothing of the inside in it."""
    if html != (body.startswith(b"<!DOCTYPE html>") and body.endswith(b"</html>\n")):
        return f"not {'HTML' if html else 'text'}: {body!r}"
    if b"502 Bad Gateway" not in body or b"the origin refuses connections" not in body or len(body) > 600 or b"127." in body:
        return f"not what a person should read: {body!r}"
    return None
