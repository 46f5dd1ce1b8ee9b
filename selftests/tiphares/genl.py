#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""genl.py set [KEY=VALUE...] | own [KEY=VALUE...] | del [NAME...] | get: the module's port table, by hand.
genl.py info | explain KEY=VALUE... | bypass add|replace|del|flush|get|count KIND [ENTRY...] | bypass limit N | events
genl.py serve ASK ANSWER

set and own take one port: name mode listen dports ifnames sources except_sources destinations source_port on_failure
on_overload mark sample dry_run shed_high shed_low, lists with commas; own replaces the table and stays its owner until
it reads the end of its input, of which each line is a heartbeat: "beat [promise=MS] [overload=0|1]", answered by "beat".
get prints the names in their order. explain takes source destination sport dport ifindex and prints the verdict and the
port. KIND is static, dynamic or never, an ENTRY source=P,destination=P,port=N,ttl=MS,reason=N or "-N", which is N
entries for 198.18.0.0/15 and 2001:db8::/32. events prints what is notified until it is killed. serve reads these
commands, one in a line, from the pipe ASK; what each prints goes into the pipe ANSWER, and then "= " and its exit code.
Exit code: 0 done, 1 the kernel refused (its sentence on the standard error).
"""
import contextlib
import ipaddress
import os
import socket
import struct
import sys

CTRL_GETFAMILY, INFO, PORT_SET, PORT_DEL, PORT_GET = 3, 1, 2, 3, 4
OWNER_NTF, BEAT, STATE_NTF, LOOP_NTF, ADD, DEL, LIST, FLUSH, BYPASS_NTF, END_NTF, EXPLAIN = range(8, 19)
A_OWNER, A_FLAGS, A_PORT, A_HEARTBEAT, A_OVERLOAD, A_STATE, A_TUPLE, A_VERDICT = 4, 5, 6, 9, 10, 11, 12, 13
A_BYPASS, A_KIND, A_LIMIT, A_COUNT = 14, 15, 16, 17
REPLACE, OWN = 1, 2
KINDS = ["static", "dynamic", "never"]
P = {"name": 1, "mode": 3, "listen": 4, "dports": 5, "ifnames": 6, "sources": 7, "destinations": 8,
     "except_sources": 9, "except_destinations": 10, "source_port": 11, "on_failure": 12, "on_overload": 13, "mark": 14,
     "sample": 15, "dry_run": 16, "shed_high": 17, "shed_low": 18, "bridges": 20}
STATE = 19
B = {"source": 1, "destination": 2, "port": 3, "ttl": 4, "reason": 5, "hits": 6, "end": 7}
T = {"source": 1, "destination": 2, "sport": 3, "dport": 4, "ifindex": 5}
FORMS = {2: "H", 4: "I", 1: "B", 8: "Q"}


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


def prefix(text, kind=1):
    net = ipaddress.ip_network(text)
    family = socket.AF_INET if net.version == 4 else socket.AF_INET6
    return attr(kind, struct.pack("BBH16s", family, net.prefixlen, 0, net.network_address.packed))


def prefix_text(raw):
    family, length, _, addr = struct.unpack("BBH16s", raw)
    return "%s/%d" % (ipaddress.ip_address(addr[:4] if family == socket.AF_INET else addr), length)


def number(raw):
    return struct.unpack(FORMS[len(raw)], raw)[0]


def port_attr(key, value):
    if key == "name":
        return attr(P[key], value.encode() + b"\0")
    if key in ("listen", "sample", "shed_high", "shed_low"):
        return attr(P[key], struct.pack("H", int(value)))
    if key == "mark":
        return attr(P[key], struct.pack("I", int(value, 0)))
    if key == "dports":
        return attr(P[key], b"".join(struct.pack("H", int(v)) for v in value.split(",")))
    if key in ("ifnames", "bridges"):
        return nest(P[key], b"".join(attr(1, v.encode() + b"\0") for v in value.split(",")))
    if "sources" in key or "destinations" in key:
        return nest(P[key], b"".join(prefix(v) for v in value.split(",")))
    return attr(P[key], struct.pack("B", int(value)))


def port(words):
    return nest(A_PORT, b"".join(port_attr(*w.split("=", 1)) for w in words)) if words else b""


def entry(word):
    data = b""
    for key, value in (w.split("=", 1) for w in word.split(",")):
        data += prefix(value, B[key]) if key in ("source", "destination") else \
            attr(B[key], struct.pack({"port": "H", "ttl": "I", "reason": "B"}[key], int(value)))
    return nest(A_BYPASS, data)


def many(count):
    """So many of both families, of hosts and of networks."""
    form = struct.Struct("HHHHBBH16s")
    for i in range(count):
        kind, family, length, addr = B["destination"], socket.AF_INET, 32, struct.pack(">I12x", 0xc6120000 + i)
        if i % 4 == 3:
            family, length, addr = socket.AF_INET6, 128, struct.pack(">I8xI", 0x20010db8, i)
        elif i % 4 == 2:
            kind, family, length, addr = B["source"], socket.AF_INET6, 96, struct.pack(">I4xI4x", 0x20010db8, i)
        yield form.pack(28, A_BYPASS | 0x8000, 24, kind, family, length, 0, addr)


def entries(words):
    return b"".join(b"".join(many(int(w[1:]))) if w[0] == "-" else entry(w) for w in words)


def entry_text(raw):
    found = dict(attrs(raw))
    words = ["%s=%s" % (k, prefix_text(found[B[k]])) for k in ("source", "destination") if B[k] in found]
    words += ["%s=%d" % (k, number(found[B[k]])) for k in ("port", "reason", "hits", "end") if B[k] in found]
    return " ".join(words)


def tuple_attr(words):
    data = b""
    for key, value in (w.split("=", 1) for w in words):
        data += prefix(value, T[key]) if key in ("source", "destination") else \
            attr(T[key], struct.pack("I" if key == "ifindex" else "H", int(value)))
    return nest(A_TUPLE, data)


def name_of(port_nest):
    return dict(attrs(port_nest))[1].rstrip(b"\0").decode()


def event_text(cmd, raw):
    found = dict(attrs(raw))
    if cmd == STATE_NTF:
        if A_PORT in found:
            return "state %s %d" % (name_of(found[A_PORT]), number(dict(attrs(found[A_PORT]))[STATE]))
        return "state %d" % number(found[A_STATE])
    if cmd == OWNER_NTF:
        return "owner %s" % ("yes" if number(found[A_OWNER]) else "no")
    if cmd == LOOP_NTF:
        tuple_ = dict(attrs(found[A_TUPLE]))
        return "loop %s %s" % (prefix_text(tuple_[1]), prefix_text(tuple_[2]))
    if cmd in (BYPASS_NTF, END_NTF):
        text = entry_text(found[A_BYPASS]) if A_BYPASS in found else ""
        return ("%s %s %s" % ("bypass" if cmd == BYPASS_NTF else "end", KINDS[number(found[A_KIND])], text)).rstrip()
    return "port"


class Netlink:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(270, 11, 1)    # extended acknowledgements
        self.sock.bind((0, 0))
        self.sock.settimeout(30)
        self.sock.setsockopt(socket.SOL_SOCKET, 32, 1 << 26)   # SO_SNDBUFFORCE: long lists
        found = self.ask(16, CTRL_GETFAMILY, attr(2, b"tiphares\0"), 0)
        found = dict(attrs(found[0]))
        self.family = number(found[1])
        self.group = number(dict(attrs(dict(attrs(found[7]))[1]))[2])

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

    def hear(self):
        self.sock.settimeout(None)
        self.sock.setsockopt(270, 1, self.group)
        print("listening", flush=True)
        while True:
            got = self.sock.recv(1 << 20)
            while got:
                size = number(got[:4])
                print(event_text(got[16], got[20:size]), flush=True)
                got = got[size + 3 & ~3:]

    def request(self, cmd, data, flags=0):
        return self.ask(self.family, cmd, data, flags)


def bypass(nl, what, which="", *words):
    if what == "limit":
        nl.request(ADD, attr(A_KIND, b"\1") + attr(A_LIMIT, struct.pack("I", int(which))))
        return
    kind = attr(A_KIND, bytes([KINDS.index(which)])) if which else b""
    if what == "count":
        print(len(nl.request(LIST, kind, 0x300)))
    elif what == "get":
        for answer in nl.request(LIST, kind, 0x300):
            found = dict(attrs(answer))
            print(KINDS[number(found[A_KIND])], entry_text(found[A_BYPASS]))
    elif what == "flush":
        nl.request(FLUSH, kind)
    else:
        flags = attr(A_FLAGS, struct.pack("I", REPLACE)) if what == "replace" else b""
        nl.request({"add": ADD, "replace": ADD, "del": DEL}[what], kind + flags + entries(words))


def main(command, words):
    nl = Netlink()
    if command == "set":
        nl.request(PORT_SET, port(words))
    elif command == "own":
        nl.request(PORT_SET, attr(A_FLAGS, struct.pack("I", REPLACE | OWN)) + port(words))
        print("owner", flush=True)
        for line in sys.stdin:
            said = dict(w.split("=") for w in line.split()[1:])
            nl.request(BEAT, (attr(A_HEARTBEAT, struct.pack("I", int(said["promise"]))) if "promise" in said else b"") +
                       (attr(A_OVERLOAD, struct.pack("B", int(said["overload"]))) if "overload" in said else b""))
            print("beat", flush=True)
    elif command == "del":
        nl.request(PORT_DEL, b"".join(port(["name=" + w]) for w in words))
    elif command == "get":
        for answer in nl.request(PORT_GET, b"", 0x300):
            print(name_of(dict(attrs(answer))[A_PORT]))
    elif command == "info":
        found = dict(attrs(nl.request(INFO, b"")[0]))
        print(" ".join("%s=%d" % (k, number(found[a])) for k, a in (
            ("heartbeat", A_HEARTBEAT), ("state", A_STATE), ("limit", A_LIMIT), ("entries", A_COUNT))))
    elif command == "explain":
        found = dict(attrs(nl.request(EXPLAIN, tuple_attr(words))[0]))
        print(" ".join([found[A_VERDICT].rstrip(b"\0").decode()] + ([name_of(found[A_PORT])] if A_PORT in found else []) +
                       ([entry_text(found[A_BYPASS])] if A_BYPASS in found else [])))
    elif command == "bypass":
        bypass(nl, *words)
    elif command == "events":
        nl.hear()
    else:
        sys.exit(__doc__)


def serve(ask, answer):
    # both ends are held: a question between two opens would be lost
    with os.fdopen(os.open(ask, os.O_RDWR)) as asked, os.fdopen(os.open(answer, os.O_RDWR), "w") as out:
        print("ready", file=out, flush=True)
        for line in iter(asked.readline, ""):
            code = 0
            with contextlib.redirect_stdout(out):
                try:
                    main(line.split()[0], line.split()[1:])
                except SystemExit as end:
                    print(end.code)
                    code = 1
                print("= %d" % code, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:])
