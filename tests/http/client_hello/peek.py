# SPDX-License-Identifier: GPL-2.0-only
"""K65-K68: ports that read a ClientHello and relay; and tunnels, which read nothing.

In reverse mode the name's route says where to, in transparent mode the original destination. A forward proxy's client
asks for a tunnel; the octets in it mean nothing to the proxy.
"""
from case import END, HOST, MUST, PRODUCT, Close, Eof, Get, HalfClose, R, Recv, ResetSeen, case, refused
from hello import (
    ALPN, CLASSIC, ECH, POST_QUANTUM, VERSIONS, Hello, extension, hello, named, record, records, server_name, vector)

ASK = ["CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\n", Get(R(200))]
ANSWER, MORE, LAST = "\x16\x03\x03\0\5\2\0\0\1x", "\x17\x03\x03\0\3abc", "\x17\x03\x03\0\3xyz"
PEEKED = ("reverse", "transparent")


def untouched(run):
    return f"the origin was connected to {run.events.count('conn')} times" if run.events.count("conn") else None


def tunnel(name, point, step, hostile):
    case(f"client_hello/{name}-in-a-tunnel", point, "9110 9.3.6", MUST, [*ASK, step, Recv(ANSWER), MORE, HalfClose(), Recv(LAST), Eof()],
         [[step, ANSWER, Recv(MORE), Eof(), LAST, Close()]], modes=("forward",), peers=False, hostile=hostile)


def relayed(name, point, make, piece=0, hostile=False, modes=PEEKED):
    """Every octet arrives, in both directions, and so does each end."""
    step = Hello(make, piece)
    case(f"client_hello/{name}", point, "8446 5.1", PRODUCT, [step, Recv(ANSWER), MORE, HalfClose(), Recv(LAST), Eof()],
         [[step, ANSWER, Recv(MORE), Eof(), LAST, Close()]], modes=modes, profile="tls", peers=False, hostile=hostile)
    tunnel(name, point, step, hostile)


def not_relayed(name, point, make, modes=PEEKED, steps=(ResetSeen(),), piece=0, **more):
    """The client is reset, and the origin never hears of it; a tunnel does not care."""
    case(f"client_hello/{name}", point, "8446 5.1", PRODUCT, [Hello(make, piece), *steps], modes=modes, profile="tls", peers=False, hostile=True,
         checks=[untouched], **more)
    tunnel(name, point, Hello(make, piece), True)


# ---- K65: in any pieces ----------------------------------------------------------------------------------------------

relayed("plain", "K65 K66 K68", named)
relayed("octet-by-octet", "K65", named, piece=1)
for size in (1, 2, 5, 100):
    relayed(f"records-of-{size}", "K65", lambda name, size=size: named(name, size=size))
relayed("records-of-1-in-odd-segments", "K65", lambda name: named(name, size=1), piece=7)
relayed("post-quantum", "K65", lambda name: named(name, key=POST_QUANTUM))
relayed("post-quantum-in-two-segments", "K65", lambda name: named(name, key=POST_QUANTUM), piece=1400)
relayed("post-quantum-in-records-of-3", "K65", lambda name: named(name, key=POST_QUANTUM, size=3), piece=1000)
relayed("larger-than-a-record", "K65", lambda name: named(name, extension(21, bytes(20000))))
relayed("data-behind-it", "K65", lambda name: named(name) + record(b"early" * 1000, kind=23))
relayed("no-extensions", "K65", lambda name: records(b"\1\0\0\x29\3\3" + bytes(32) + b"\0\0\2\x13\1\1\0"), modes=("transparent",))
not_relayed("empty-record-between", "K65", lambda name: record(named(name)[5:50]) + record(b"") + record(named(name)[50:]))
not_relayed("alert-between", "K65", lambda name: record(named(name)[5:50]) + record(b"\1\0", kind=21) + record(named(name)[50:]))
not_relayed("larger-than-any", "K65", lambda name: named(name, extension(21, bytes(65100)), size=500))
not_relayed("records-that-cost-more-than-they-carry", "K65", lambda name: named(name, extension(21, bytes(12000)), size=1))

# ---- K66: names ------------------------------------------------------------------------------------------------------

relayed("name-in-capitals", "K66", lambda name: named(name.upper()))
relayed("name-with-root-dot", "K66", lambda name: named(name + b"."))
relayed("ech", "K66", lambda name: named(name, ECH))


def nameless(name, make, hostile=True):
    """No name that counts: no route, but the original destination."""
    case(f"client_hello/{name}-no-way", "K66", "6066 3", PRODUCT, [Hello(make), ResetSeen()], modes=("reverse",), profile="tls", peers=False, hostile=True,
         checks=[untouched])
    relayed(name, "K66", make, hostile=hostile, modes=("transparent",))


def sni(data):
    return records(hello(extension(0, data), ALPN, VERSIONS, CLASSIC))


nameless("no-name", lambda name: records(hello(ALPN, VERSIONS, CLASSIC)), hostile=False)
nameless("two-names", lambda name: sni(server_name(name, b"other.test")))
nameless("one-name-twice", lambda name: sni(server_name(name, name)))
nameless("another-kind-of-name", lambda name: sni(server_name(name, kind=1)))
nameless("name-with-nul", lambda name: sni(server_name(name + b"\0.evil.test")))
nameless("name-with-blank", lambda name: sni(server_name(name + b" ")))
nameless("name-with-slash", lambda name: sni(server_name(name + b"/a")))
nameless("name-with-high-octet", lambda name: sni(server_name(b"\xe9." + name)))
nameless("name-is-address", lambda name: sni(server_name(b"127.0.0.1")))
nameless("name-is-v6-address", lambda name: sni(server_name(b"::1")))
nameless("name-is-number", lambda name: sni(server_name(b"2130706433")))
nameless("name-empty", lambda name: sni(server_name(b"")))
nameless("name-is-dot", lambda name: sni(server_name(b".")))
nameless("name-with-empty-label", lambda name: sni(server_name(b"a.." + name)))
nameless("label-of-64", lambda name: sni(server_name(b"a" * 64 + b"." + name)))
nameless("name-of-300", lambda name: sni(server_name(b"a." * 150 + name)))
nameless("names-none", lambda name: sni(vector(b"")))
nameless("name-length-lies", lambda name: sni(vector(b"\0" + (len(name) + 1).to_bytes(2, "big") + name)))
nameless("name-length-cuts", lambda name: sni(vector(b"\0" + (len(name) - 1).to_bytes(2, "big") + name)))
nameless("name-list-cut", lambda name: sni(vector(b"\0" + vector(name))[:-1]))
not_relayed("name-extension-twice", "K66", lambda name: records(hello(extension(0, server_name(name)), extension(0, server_name(b"other.test")), VERSIONS)))

# ---- K67: not TLS, lies, ends ----------------------------------------------------------------------------------------

for name, octets in {
        "http": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "ssh": b"SSH-2.0-OpenSSH_9.2\r\n", "zeros": bytes(50), "sslv2": b"\x80\x2e\1\0\2\0\x15\0\0\0\x10" + bytes(37),
        "alert-first": record(b"\2\x28", kind=21), "data-first": record(b"hello", kind=23), "ccs-first": record(b"\1", kind=20),
        "server-hello": record(b"\2" + hello()[1:]), "record-too-long": b"\x16\3\1\xff\xff\1\0\0\5", "record-empty": record(b""), "ssl-3-major-2": b"\x16\2\0\0\5\1\0\0\1\3"}.items():
    not_relayed(f"not-tls-{name}", "K67", lambda _, octets=octets: octets)
for name, make in {
        "extensions-overrun": lambda name: records(b"\1\0\0\x2d\3\3" + bytes(32) + b"\0\0\2\x13\1\1\0\xff\xff\0\0"),
        "extension-overruns": lambda name: records(hello(b"\0\0\xff\xff\0\0")),
        "ciphers-overrun": lambda name: records(b"\1\0\0\x29\3\3" + bytes(32) + b"\0\xff\xfe\x13\1\1\0"),
        "session-overruns": lambda name: records(b"\1\0\0\x29\3\3" + bytes(32) + b"\xff\0\2\x13\1\1\0"),
        "shorter-than-it-says-inside": lambda name: records(hello(extension(0, server_name(name)), length=5)),
        "half-an-extension": lambda name: records(hello(extension(0, server_name(name)), b"\0"))}.items():
    not_relayed(f"lies-{name}", "K67", make)
# a length is no reason to keep that much: what never comes runs into its time
not_relayed("lies-16-mib-to-come", "K67", lambda name: record(b"\1\xff\xff\xff" + bytes(100)))
not_relayed("half-and-no-more", "K67", lambda name: named(name)[:100], seconds=40)
case("client_hello/half-and-an-end", "K67", "8446 5.1", PRODUCT, [Hello(lambda name: named(name)[:100]), HalfClose(), ResetSeen()], modes=PEEKED, profile="tls", peers=False,
     hostile=True, checks=[untouched])
case("client_hello/nothing-and-an-end", "K67", "8446 5.1", PRODUCT, [HalfClose(), Eof()], modes=PEEKED, profile="tls", peers=False, hostile=True, checks=[untouched])
case("client_hello/servers-alert-passes", "K67", "8446 6", MUST, [Hello(named), Recv("\x15\3\3\0\2\2\x28"), Eof()], [[Hello(named), "\x15\3\3\0\2\2\x28", Close()]],
     modes=PEEKED, profile="tls", peers=False)
case("client_hello/server-ends-first", "K67", "8446 6.1", PRODUCT, [Hello(named), Recv(ANSWER), Eof(), MORE, HalfClose()],
     [[Hello(named), ANSWER, HalfClose(), Recv(MORE), Eof()]], modes=PEEKED, profile="tls", peers=False)
case("client_hello/end-with-the-hello", "K67", "8446 6.1", PRODUCT, [Hello(named), HalfClose(), Recv(LAST), Eof()], [[Hello(named), Eof(), LAST, Close()]],
     modes=PEEKED, profile="tls", peers=False)
tunnel("name-of-another", "K68", Hello(lambda name: named(b"no-such-host.test")), True)
tunnel("name", "K68", Hello(named), False)
case("client_hello/servers-alert-passes-in-a-tunnel", "K67", "9110 9.3.6", MUST, [*ASK, Hello(named), Recv("\x15\3\3\0\2\2\x28"), Eof()],
     [[Hello(named), "\x15\3\3\0\2\2\x28", Close()]], modes=("forward",), peers=False)

# ---- K68: the name selects no address; HTTP is not read --------------------------------------------------------------

relayed("name-of-others", "K68", lambda name: named(b"no-such-host.test"), hostile=True, modes=("transparent",))
case("client_hello/name-of-others-no-way", "K68", "design", PRODUCT, [Hello(lambda name: named(b"no-such-host.invalid")), ResetSeen()], modes=("reverse",), profile="tls",
     peers=False, hostile=True, checks=[untouched], seconds=40)
for name, text in {"origin-form": "GET /smuggled HTTP/1.1\r\n" + END, "absolute": "GET http://$HOST/smuggled HTTP/1.1\r\n" + END,
                   "connect": "CONNECT $ADDR HTTP/1.1\r\nHost: $ADDR\r\n\r\nGET /smuggled HTTP/1.1\r\n" + HOST + "\r\n"}.items():
    case(f"client_hello/http-{name}", "K68", "design", MUST, [text, ResetSeen()], modes=PEEKED, profile="tls", peers=False, hostile=True, checks=[untouched])
# ... and a port of HTTP reads no hello: it has no line that ends
refused("client_hello/on-a-port-of-http", "K68", "9112 2.2", PRODUCT, [Hello(lambda name: named(name, size=3))], status=408, tail=False, checks=[untouched],
        profile="slow", seconds=40, peers=False)
