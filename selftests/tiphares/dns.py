#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""dns.py ADDR PORT LOG NAME=ADDR[,ADDR...][@TTL]...: a DNS server that knows these names; each question is a line in LOG.

A name without an address is known and has none; "silent" anywhere in a name: no answer at all; others do not exist."""
import ipaddress
import socket
import struct
import sys

A, AAAA, SOA = 1, 28, 6


def table(words):
    known = {}
    for word in words:
        name, _, rest = word.partition("=")
        addresses, _, ttl = rest.partition("@")
        known[name.lower()] = ([ipaddress.ip_address(a) for a in addresses.split(",") if a], int(ttl or 60))
    return known


def question(data):
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii", "replace"))
        at += 1 + data[at]
    kind, = struct.unpack_from("!H", data, at + 1)
    return ".".join(labels).lower(), kind, data[12:at + 5]


def answer(data, known):
    name, kind, asked = question(data)
    addresses, ttl = known.get(name, (None, 0))
    records = b""
    count = 0
    for address in addresses or ():
        if kind == (A if address.version == 4 else AAAA):
            records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(address.packed)) + address.packed
            count += 1
    flags = 0x8180 if addresses is not None else 0x8183
    return name, kind, data[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + asked + records


def main():
    addr, port, path, known = sys.argv[1], int(sys.argv[2]), sys.argv[3], table(sys.argv[4:])
    sock = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((addr, port))
    with open(path, "a", buffering=1, encoding="ascii") as log:
        log.write("ready\n")
        while True:
            data, peer = sock.recvfrom(4096)
            name, kind, reply = answer(data, known)
            log.write(f"{name} {'A' if kind == A else 'AAAA' if kind == AAAA else kind}\n")
            if "silent" not in name:
                sock.sendto(reply, peer)


main()
