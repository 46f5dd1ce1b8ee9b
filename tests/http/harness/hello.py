# SPDX-License-Identifier: GPL-2.0-only
"""ClientHellos, whole and broken, and the steps that send and receive them."""
import struct

import play
from case import Pieces, Step


def vector(data, width=2):
    return len(data).to_bytes(width, "big") + data


def server_name(*names, kind=0):
    return vector(b"".join(bytes([kind]) + vector(name) for name in names))


def extension(kind, data):
    return struct.pack("!H", kind) + vector(data)


ALPN = extension(16, vector(b"".join(vector(name, 1) for name in (b"h2", b"http/1.1"))))
VERSIONS = extension(43, vector(b"\3\4\3\3", 1))
POST_QUANTUM = extension(51, vector(b"\x11\xec" + vector(bytes(1216)) + b"\0\x1d" + vector(bytes(32))))
CLASSIC = extension(51, vector(b"\0\x1d" + vector(bytes(32))))
ECH = extension(0xfe0d, b"\0\0\1\0\1\7" + vector(bytes(32)) + vector(bytes(144)))


def hello(*extensions, length=None):
    body = b"\3\3" + bytes(range(32)) + vector(bytes(32), 1) + vector(b"\x13\x01\x13\x02") + b"\1\0" + vector(b"".join(extensions))
    return b"\1" + (len(body) if length is None else length).to_bytes(3, "big") + body


def record(payload, kind=22, length=None):
    return struct.pack("!BHH", kind, 0x0301, len(payload) if length is None else length) + payload


def records(payload, size=16384):
    return b"".join(record(payload[i:i + size]) for i in range(0, len(payload), size))


def named(name, *more, size=16384, key=CLASSIC):
    """What a client that follows the rules sends for a name."""
    return records(hello(extension(0, server_name(name)), ALPN, VERSIONS, key, *more), size)


class Hello(Step):
    """make(name): octets, in pieces of so many; the name is the case's host, or, where hosts are addresses, another."""

    def __init__(self, make, piece=0):
        self.make, self.piece = make, piece

    def octets(self, run):
        return self.make(run.place.expand("$HOST") if run.place.mode == "reverse" else b"www.hello.test")

    def client(self, run):
        data = self.octets(run)
        size = self.piece or len(data)
        Pieces(*(data[i:i + size] for i in range(0, len(data), size))).client(run)

    def origin(self, conn):
        want = self.octets(conn.run)
        got = conn.stream.exactly(len(want), "hello", conn.run.deadline)
        if got != want:
            raise play.Failure(f"another hello: {got[:60]!r} ({len(got)})")
