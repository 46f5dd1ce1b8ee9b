#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""genl.py set [KEY=VALUE...] | own [KEY=VALUE...] | del [NAME...] | get: the module's port table, by hand.

set and own take one port: name mode listen dports ifnames sources except_sources destinations source_port on_failure
on_overload mark, lists with commas; own replaces the table and stays its owner until it reads the end of its input.
get prints the names in their order. Exit code: 0 done, 1 the kernel refused (its sentence on the standard error).
"""
import ipaddress
import os
import socket
import struct
import sys

CTRL_GETFAMILY, PORT_SET, PORT_DEL, PORT_GET = 3, 2, 3, 4
A_FLAGS, A_PORT = 5, 6
REPLACE, OWN = 1, 2
P = {"name": 1, "mode": 3, "listen": 4, "dports": 5, "ifnames": 6, "sources": 7, "destinations": 8,
     "except_sources": 9, "except_destinations": 10, "source_port": 11, "on_failure": 12, "on_overload": 13, "mark": 14}


def attr(kind, data):
    raw = struct.pack("HH", 4 + len(data), kind) + data
    return raw + b"\0" * (-len(raw) % 4)


def nest(kind, data):
    return attr(kind | 0x8000, data)


def attrs(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from("HH", data)
        yield kind & 0x3fff, data[4:size]
        data = data[size + 3 & ~3:]


def prefix(text):
    net = ipaddress.ip_network(text)
    family = socket.AF_INET if net.version == 4 else socket.AF_INET6
    return attr(1, struct.pack("BBH16s", family, net.prefixlen, 0, net.network_address.packed))


def port_attr(key, value):
    if key == "name":
        return attr(P[key], value.encode() + b"\0")
    if key == "listen":
        return attr(P[key], struct.pack("H", int(value)))
    if key == "mark":
        return attr(P[key], struct.pack("I", int(value, 0)))
    if key == "dports":
        return attr(P[key], b"".join(struct.pack("H", int(v)) for v in value.split(",")))
    if key == "ifnames":
        return nest(P[key], b"".join(attr(1, v.encode() + b"\0") for v in value.split(",")))
    if "sources" in key or "destinations" in key:
        return nest(P[key], b"".join(prefix(v) for v in value.split(",")))
    return attr(P[key], struct.pack("B", int(value)))


def port(words):
    return nest(A_PORT, b"".join(port_attr(*w.split("=", 1)) for w in words)) if words else b""


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(270, 11, 1)    # extended acknowledgements
        self.sock.bind((0, 0))
        self.sock.settimeout(30)
        found = self.ask(16, CTRL_GETFAMILY, attr(2, b"tiphares\0"), 0)
        self.family = struct.unpack("H", dict(attrs(found[0]))[1])[0]

    def ask(self, family, cmd, data, flags):
        """Payloads of the answer's messages."""
        size = 20 + len(data)
        self.sock.send(struct.pack("IHHIIBBH", size, family, 5 | flags, 1, 0, cmd, 1, 0) + data)
        answers = []
        while True:
            got = self.sock.recv(1 << 20)
            while got:
                size, kind, flags = struct.unpack_from("IHH", got)
                if kind == 2 and struct.unpack_from("i", got, 16)[0]:
                    self.refused(got[:size], flags)
                if kind in (2, 3):
                    return answers
                answers.append(got[20:size])
                got = got[size + 3 & ~3:]

    @staticmethod
    def refused(msg, flags):
        err, size = struct.unpack_from("iI", msg, 16)
        skip = 36 if flags & 0x100 else 20 + (size + 3 & ~3)
        said = dict(attrs(msg[skip:])).get(1, b"").rstrip(b"\0").decode() if flags & 0x200 else ""
        sys.exit("%s: %s" % (os.strerror(-err), said))

    def request(self, cmd, data, flags=0):
        return self.ask(self.family, cmd, data, flags)


def main(command, words):
    nl = Netlink()
    if command == "set":
        nl.request(PORT_SET, port(words))
    elif command == "own":
        nl.request(PORT_SET, attr(A_FLAGS, struct.pack("I", REPLACE | OWN)) + port(words))
        print("owner", flush=True)
        sys.stdin.read()
    elif command == "del":
        nl.request(PORT_DEL, b"".join(port(["name=" + w]) for w in words))
    elif command == "get":
        for answer in nl.request(PORT_GET, b"", 0x300):
            print(dict(attrs(dict(attrs(answer))[A_PORT]))[1].rstrip(b"\0").decode())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:])
