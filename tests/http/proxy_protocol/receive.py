# SPDX-License-Identifier: GPL-2.0-only
"""J64: the PROXY header that a configured sender's connection must begin with; Forwarded tells what was made of it."""
import struct

from case import (
    END, HOST, MUST, PRODUCT, As, Drained, Get, HalfClose, Outcome, PeerEnd, Pieces, Q, R, Send, Wait, case)

REF = "PROXY protocol"
SENDER = As("$SENDER")
GET = "GET $U/a HTTP/1.1\r\n" + END
SMUGGLED = "GET $U/smuggled HTTP/1.1\r\n" + END
V1 = "PROXY TCP4 192.0.2.7 198.51.100.9 4711 80\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FROM4 = bytes([192, 0, 2, 7, 198, 51, 100, 9]) + struct.pack("!HH", 4711, 80)
FROM6 = bytes.fromhex("20010db8" + "00" * 11 + "07" + "20010db8" + "00" * 11 + "09") + struct.pack("!HH", 4711, 80)


def v2(family=0x11, body=FROM4, command=0x21, length=None):
    return SIGNATURE + struct.pack("!BBH", command, family, len(body) if length is None else length) + body


def tlv(kind, value, length=None):
    return struct.pack("!BH", kind, len(value) if length is None else length) + value


def crc32c(data):
    crc = 0xffffffff
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def summed(wrong=0):
    header = v2(body=FROM4 + tlv(3, b"\0" * 4) + tlv(0xe0, b"own"))
    at = header.index(tlv(3, b"\0" * 4)) + 3
    return header[:at] + struct.pack("!I", crc32c(header) ^ wrong) + header[at + 4:]


def both(header, text):
    """Octets and a text with words in it."""
    return (header if isinstance(header, bytes) else header.encode("latin-1")) + text.encode("latin-1")


def client_is(want):
    """"$SENDER": the connection's own address."""
    return "for=$SENDER" if want == "$SENDER" else lambda values: len(values) == 1 and want in values[0]


def accepted(name, header, want, level=MUST):
    case(f"proxy_protocol/{name}", "J64", REF, level, [SENDER, both(header, GET)],
         outcomes=[Outcome([R(200)], [Q("GET", "/a", fields={"Forwarded": client_is(want)})], "open")],
         profile="senders", peers=False)


def refused(name, header, level=MUST, steps=()):
    case(f"proxy_protocol/{name}", "J64", REF, level, [SENDER, both(header, SMUGGLED), *steps],
         outcomes=[Outcome([], (), "closed")], profile="senders", peers=False)


# ---- version 1 -------------------------------------------------------------------------------------------------------

accepted("v1-tcp4", V1, "192.0.2.7")
accepted("v1-tcp6", "PROXY TCP6 2001:db8::7 2001:db8::9 4711 80\r\n", "2001:db8::7")
accepted("v1-tcp6-longest", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "ffff:ffff")
accepted("v1-tcp6-mapped", "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.9 4711 80\r\n", "192.0.2.7")
accepted("v1-unknown", "PROXY UNKNOWN\r\n", "$SENDER")
accepted("v1-unknown-with-rest", "PROXY UNKNOWN ffff:f...f:ffff whatever 65535 65535\r\n", "$SENDER")
for name, header in {
        "lf-alone": V1.replace("\r\n", "\n"), "lower-case": V1.replace("PROXY", "proxy"), "family-case": V1.replace("TCP4", "tcp4"), "udp": V1.replace("TCP4", "UDP4"),
        "no-family": "PROXY\r\n", "nothing-behind": "PROXY TCP4\r\n", "one-port": "PROXY TCP4 192.0.2.7 198.51.100.9 4711\r\n",
        "two-blanks": V1.replace("TCP4 ", "TCP4  "), "blank-behind": V1.replace("\r\n", " \r\n"), "tab": V1.replace(" 4711", "\t4711"),
        "fifth-word": V1.replace("\r\n", " 1\r\n"), "octet-256": V1.replace("192.0.2.7", "192.0.2.256"), "three-octets": V1.replace("192.0.2.7", "192.0.2"),
        "leading-zero": V1.replace("192.0.2.7", "192.0.02.7"), "hex-octet": V1.replace("192.0.2.7", "0xc0.0.2.7"), "name": V1.replace("192.0.2.7", "a.test"),
        "v6-in-tcp4": V1.replace("192.0.2.7", "2001:db8::7"), "v4-in-tcp6": V1.replace("TCP4", "TCP6"), "zone": "PROXY TCP6 fe80::1%lo fe80::2 1 2\r\n",
        "port-65536": V1.replace(" 80", " 65536"), "port-sign": V1.replace(" 80", " +80"), "port-zeros": V1.replace(" 80", " 080"), "port-hex": V1.replace(" 80", " 0x50"),
        "port-empty": V1.replace(" 4711 80", "  80"), "port-huge": V1.replace(" 80", " 4294967376"), "cr-inside": V1.replace("TCP4 ", "TCP4\r "),
        "nul": V1.replace("192.0.2.7", "192.0.2.7\0"), "over-107": "PROXY UNKNOWN " + "x" * 100 + "\r\n", "empty-line-first": "\r\n" + V1, "blank-first": " " + V1,
        "twice": V1 + V1}.items():
    if name == "twice":		# the second one is what the client sent
        case("proxy_protocol/v1-twice", "J64", REF, PRODUCT, [SENDER, V1 + V1 + SMUGGLED], outcomes=[Outcome([R(400)], (), "closed")],
             modes=("reverse",), profile="senders", peers=False)
    else:
        refused(f"v1-{name}", header)

# ---- version 2 -------------------------------------------------------------------------------------------------------

accepted("v2-tcp4", v2(), "192.0.2.7")
accepted("v2-tcp6", v2(0x21, FROM6), "2001:db8::7")
accepted("v2-local", v2(0, b"", 0x20), "$SENDER")
accepted("v2-local-addresses-ignored", v2(command=0x20), "$SENDER")
accepted("v2-local-skipped-in-full", v2(0, b"x" * 700, 0x20), "$SENDER")
accepted("v2-unspecified", v2(0, b"x" * 30), "$SENDER")
accepted("v2-unix", v2(0x31, b"/run/a".ljust(216, b"\0")), "$SENDER")
accepted("v2-tlv-unknown", v2(body=FROM4 + tlv(0xee, b"value") + tlv(4, b"\0" * 9)), "192.0.2.7")
accepted("v2-tlv-empty", v2(body=FROM4 + tlv(0x05, b"")), "192.0.2.7")
accepted("v2-tlv-large", v2(body=FROM4 + tlv(0xef, b"GET /smuggled HTTP/1.1\r\n\r\n" * 2000)), "192.0.2.7")
accepted("v2-crc", summed(), "192.0.2.7")
for name, header in {
        "version-1": v2(command=0x11), "version-3": v2(command=0x31), "command-2": v2(command=0x22), "family-4": v2(0x41), "udp4": v2(0x12), "stream-3": v2(0x13), "dgram-unix": v2(0x32, b"\0" * 216),
        "short-addresses": v2(body=FROM4[:11]), "short-v6": v2(0x21), "no-addresses": v2(body=b""), "short-unix": v2(0x31, b"\0" * 215),
        "tlv-cut": v2(body=FROM4 + b"\xee\0"), "tlv-overruns": v2(body=FROM4 + tlv(0xee, b"abc", 4)), "tlv-lies": v2(body=FROM4 + tlv(0xee, b"abc", 65535)),
        "crc-wrong": summed(1), "crc-short": v2(body=FROM4 + tlv(3, b"abc")), "crc-twice": v2(body=FROM4 + tlv(3, b"abcd") * 2),
        "signature-cut": SIGNATURE[:11] + b"\r" + v2()[12:]}.items():
    refused(f"v2-{name}", header)
refused("no-header", "")
refused("other-protocol", b"\x16\x03\x01\0\x80\x01")

# ---- pieces, time, ends ----------------------------------------------------------------------------------------------

OCTETS = [v2(0x21, FROM6 + tlv(0xee, b"v"))[i:i + 1] for i in range(56)]
case("proxy_protocol/v1-in-pieces", "J64", REF, MUST, [SENDER, Pieces(*V1[:20], V1[20:], GET)],
     outcomes=[Outcome([R(200)], [Q("GET", "/a", fields={"Forwarded": client_is("192.0.2.7")})], "open")], modes=("reverse",), profile="senders", peers=False)
case("proxy_protocol/v2-in-pieces", "J64", REF, MUST, [SENDER, Pieces(*OCTETS, GET)],
     outcomes=[Outcome([R(200)], [Q("GET", "/a", fields={"Forwarded": client_is("2001:db8::7")})], "open")], modes=("reverse",), profile="senders", peers=False)
case("proxy_protocol/v2-announced-but-not-sent", "J64", REF, MUST, [SENDER, v2(length=65535), PeerEnd(empty=True)], outcomes=[Outcome([], (), "closed")],
     modes=("reverse",), profile="senders", peers=False)
for name, part in {"nothing": b"", "v1-half": b"PROXY TCP4 192", "v2-half": SIGNATURE[:5]}.items():
    case(f"proxy_protocol/slow-{name}", "J64", REF, PRODUCT, [SENDER, part, PeerEnd(empty=True)], outcomes=[Outcome([], (), "closed")],
         modes=("reverse",), profile="senders", peers=False)
    case(f"proxy_protocol/ended-{name}", "J64", REF, PRODUCT, [SENDER, part, HalfClose(), PeerEnd(empty=True)], outcomes=[Outcome([], (), "closed")],
         modes=("reverse",), profile="senders", peers=False)
case("proxy_protocol/nothing-before-the-header", "J64", REF, MUST, [SENDER, V1[:-1], Drained(), Send("\n" + GET), Wait("request"), Get(R(200))],
     modes=("reverse",), profile="senders", peers=False)
case("proxy_protocol/further-requests-have-none", "J64", REF, MUST, [SENDER, V1 + GET + "GET $U/b HTTP/1.1\r\n" + HOST + "\r\n"],
     outcomes=[Outcome([R(200), R(200)], [Q("GET", "/a"), Q("GET", "/b", fields={"Forwarded": client_is("192.0.2.7")})], "open")],
     modes=("reverse",), profile="senders", peers=False)

# ---- others than the sender ------------------------------------------------------------------------------------------

for name, header in {"v1": V1, "v2": v2()}.items():
    case(f"proxy_protocol/{name}-of-anybody", "J64", REF, MUST, [both(header, SMUGGLED)], outcomes=[Outcome([R(400)], (), "closed")],
         profile="senders", peers=False)
    case(f"proxy_protocol/{name}-where-nobody-may", "J64", REF, MUST, [both(header, SMUGGLED)], outcomes=[Outcome([R(400)], (), "closed")], peers=False)
case("proxy_protocol/anybody-needs-none", "J64", REF, MUST, [GET],
     outcomes=[Outcome([R(200)], [Q("GET", "/a", fields={"Forwarded": "for=$CLIENT"})], "open")], profile="senders", peers=False)
