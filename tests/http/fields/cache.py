# SPDX-License-Identifier: GPL-2.0-only
"""I63: there is no cache: what would be kept, revalidated or answered by one goes its way as it is."""
from case import HOST, MUST, Outcome, Q, R, Request, Send, Wait, case, forwarded, reply

GET = "GET $U/a HTTP/1.1\r\n" + HOST
KEPT = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nCache-Control: public, max-age=31536000\r\nETag: \"1\"\r\nContent-Length: 1\r\n\r\n"

case("fields/cache-keeps-nothing", "I63", "9111 3", MUST, [(GET + "\r\n") * 2], [[Request(), KEPT + "1", Request(), KEPT + "2"]],
     [Outcome([R(200, body=b"1"), R(200, body=b"2")], [Q("GET", "/a"), Q("GET", "/a")], "open")])
case("fields/cache-keeps-nothing-for-others", "I63", "9111 3", MUST,
     [GET + "Authorization: Basic YTpi\r\n\r\n" + GET + "\r\n"], [[Request(), KEPT + "1", Request(), KEPT + "2"]],
     [Outcome([R(200, body=b"1"), R(200, body=b"2")], [Q("GET", "/a", fields={"Authorization": "Basic YTpi"}), Q("GET", "/a", fields={"Authorization": None})], "open")])
case("fields/cache-keeps-nothing-cut", "I63", "9111 3.3", MUST, [GET + "\r\n", Send(GET + "\r\n", "b")], [[Request(), KEPT.replace("Length: 1", "Length: 2") + "1", Wait("head", 2), Send("2")]] * 2,
     [Outcome([R(200, body=b"12")], [Q("GET", "/a"), Q("GET", "/a")], "open")], hostile=True)
for name, line in {"if-none-match": 'If-None-Match: "1"', "if-modified-since": "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", "if-match": 'If-Match: "2"',
                   "if-range": 'If-Range: "1"', "only-if-cached": "Cache-Control: only-if-cached", "no-cache": "Pragma: no-cache"}.items():
    forwarded(f"fields/cache-request-{name}", "I63", "9110 13.2.1", MUST, GET + line + "\r\n\r\n", Q("GET", "/a", has=[line]))
for name, lines in {"age": "Age: 99999999", "vary": "Vary: *", "no-store": "Cache-Control: no-store", "stale": "Warning: 110 - \"stale\"\r\nExpires: 0",
                    "private": "Cache-Control: private=\"Set-Cookie\", no-cache=\"A\"", "bad-age": "Age: -1, x"}.items():
    reply(f"fields/cache-response-{name}", "I63", "9111 5", MUST, f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{lines}\r\n\r\nok", R(200, body=b"ok", has=lines.split("\r\n")), hostile="bad" in name)
reply("fields/cache-not-modified-passes", "I63", "9110 15.4.5", MUST, 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n', R(304, body=b"", has=['ETag: "1"']),
      send=GET + 'If-None-Match: "1"\r\n\r\n', target="/a")
