#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain_random.py DATAPATH SOCKET CONF CLIENT_NS ROUNDS TUPLES SEED: is what explain says what then happens?

Run in the gateway's namespace. Each round has ports and bypass entries made by chance, which the daemon is given by a
reload and by its admin interface, and then TUPLES connections made by chance: explain is asked about each, a SYN of it is
sent, and the datapath's counters tell what became of it. Verdict and port must be the same, and a bypass entry that is
named must be one that is there and covers the connection.
"""
import collections
import ctypes
import http.client
import ipaddress
import json
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import genl  # noqa: E402

DPORTS = [80, 81, 443, 3128, 8000]
UNKNOWN = 9     # a destination port that no port has
SOURCES = ["10.71.1.0/24", "172.20.0.0/16", "fd71:1::/64", "fd71:20::/48"]
DESTINATIONS = ["10.71.2.0/24", "198.51.100.0/24", "203.0.113.0/28", "fd71:2::/64", "2001:db8:5::/48"]
OWN = ["10.71.1.1", "10.71.2.1", "fd71:1::1", "fd71:2::1"]
# what a SYN is counted as; packets that follow from it are counted by other names
SYN = {"intercepted", "unmatched", "local", "unroutable", "bridged", "bypass_static", "bypass_dynamic", "sampled_out", "dry_run",
       "repeated", "redirected", "loop"} | {a + b for a in ("hung_", "failure_", "busy_", "overload_")
                                          for b in ("open", "closed", "reset")}


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)

    def ask(self, path, method="GET", may_fail=False):
        self.request(method, path)
        answer = self.getresponse()
        body = json.loads(answer.read())
        if answer.status >= 300 and not may_fail:
            sys.exit("%s: %d %s" % (path, answer.status, body))
        return body


class Module:
    """Counters of tiphares.ko."""

    def __init__(self):
        self.nl = genl.Netlink()

    def read(self):
        found = {}
        for msg in self.nl.request(5, b"", 0x300):
            attrs = dict(genl.attrs(msg))
            port = genl.name_of(attrs[genl.A_PORT]) if genl.A_PORT in attrs else ""
            for _, counter in genl.attrs(attrs[7]):
                c = dict(genl.attrs(counter))
                found[c[2].rstrip(b"\0").decode(), port] = genl.number(c[3])
        return found


class Nft:
    """Named counters of the table "inet tiphares"."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.bind((0, 0))
        self.sock.settimeout(30)

    def read(self):
        found = {}
        data = genl.attr(1, b"tiphares\0") + genl.attr(3, struct.pack(">I", 1))
        self.sock.send(struct.pack("IHHIIBBH", 20 + len(data), 10 << 8 | 19, 0x301, 1, 0, 1, 0, 0) + data)
        while True:
            got = self.sock.recv(1 << 20)
            while got:
                size, kind = struct.unpack_from("IH", got)
                if kind == 3:
                    return found
                if kind == 2:
                    sys.exit("nft counters: %s" % os.strerror(-struct.unpack_from("i", got, 16)[0]))
                a = dict(genl.attrs(got[20:size]))
                name, _, port = a[2].rstrip(b"\0").decode().partition(".")
                found[name, port] = struct.unpack(">Q", dict(genl.attrs(a[4]))[2])[0]
                got = got[size + 3 & ~3:]


def packet_socket(ns, interface):
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(there, 0):
        sys.exit("no namespace %s" % ns)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    if libc.setns(here, 0):
        sys.exit("no way back from %s" % ns)
    return sock


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(macs, src, dst, sport, dport, rng):
    """A SYN."""
    a, b = src.packed, dst.packed
    seq = rng.getrandbits(32)

    def tcp(check):
        return struct.pack(">HHIIBBHHH", sport, dport, seq, 0, 5 << 4, 2, 65535, check, 0)
    check = checksum(a + b + struct.pack(">II", 20, 6) + tcp(0))
    if src.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + a + b
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    else:
        head = struct.pack(">IHBB", 6 << 28, 20, 6, 64) + a + b
    return macs + struct.pack(">H", 0x0800 if src.version == 4 else 0x86dd) + head + tcp(check)


def address_in(rng, net):
    net = ipaddress.ip_network(net)
    bits = net.max_prefixlen - net.prefixlen
    # few addresses, so that entries and connections meet
    return net.network_address + rng.choice([rng.randrange(2, 14), rng.getrandbits(min(bits, 20)) or 2]) % (1 << bits)


def prefix_in(rng, nets):
    net = ipaddress.ip_network(rng.choice(nets))
    length = rng.randint(net.prefixlen, net.max_prefixlen) if rng.random() < 0.7 else net.max_prefixlen
    return str(ipaddress.ip_network("%s/%d" % (address_in(rng, str(net)), length), strict=False))


def some(rng, make, most, chance):
    return [make() for _ in range(rng.randint(1, most))] if rng.random() < chance else []


def make_port(rng, number, every_dport):
    """A port of the configuration, as YAML's JSON."""
    match = {"ports": DPORTS if every_dport else rng.sample(DPORTS, rng.randint(1, 3)),
             "sources": some(rng, lambda: prefix_in(rng, SOURCES), 3, 0.25),
             "destinations": some(rng, lambda: prefix_in(rng, DESTINATIONS), 3, 0.25)}
    except_ = {"sources": some(rng, lambda: prefix_in(rng, SOURCES), 2, 0.3),
               "destinations": some(rng, lambda: prefix_in(rng, DESTINATIONS), 2, 0.3)}
    match = {k: v for k, v in match.items() if v}
    except_ = {k: v for k, v in except_.items() if v}
    if except_:
        match["except"] = except_
    if rng.random() < 0.4:
        match["interfaces"] = rng.sample(["lan0", "wan0", "none0"], rng.randint(1, 2))
    return {"name": "p%d" % number, "listen": 10000 + number % 20000, "mode": rng.choice(["full", "inbound"]), "match": match,
            "sample": rng.choice(["100%", "100%", "50%", "3%"]), "dry_run": rng.random() < 0.25}


def make_entry(rng):
    entry, family = {}, rng.choice([4, 6])

    def of_family(nets):
        return [n for n in nets if ipaddress.ip_network(n).version == family]
    while not entry:
        if rng.random() < 0.6:
            entry["source"] = prefix_in(rng, of_family(SOURCES))
        if rng.random() < 0.6:
            entry["destination"] = prefix_in(rng, of_family(DESTINATIONS))
        if rng.random() < 0.4:
            entry["port"] = rng.choice(DPORTS)
    if len(entry) == 1 and "port" in entry and rng.random() < 0.9:
        return make_entry(rng)      # a whole port is much
    return entry


def covers(entry, src, dst, dport):
    def inside(prefix, address):
        net = prefix and ipaddress.ip_network(prefix)
        return not net or (net.version == address.version and address in net)
    return inside(entry["source"], src) and inside(entry["destination"], dst) and entry["port"] in (None, dport)


def make_round(rng, api, conf, number):
    # names and listeners of its own: those of the round before retire for two seconds, and some SYNs would meet them
    ports = [make_port(rng, number * 5 + i, not number and i == 0) for i in range(rng.randint(1, 5))]
    bypass = {"static": [make_entry(rng) for _ in range(rng.randint(0, 6))],
              "never": some(rng, lambda: prefix_in(rng, DESTINATIONS), 2, 0.5)}
    with open(conf + ".base") as base, open(conf, "w") as out:
        out.write(base.read())
        out.write("ports: %s\nbypass: %s\n" % (json.dumps(ports), json.dumps({k: v for k, v in bypass.items() if v})))
    before = api.ask("/v1/status")
    api.ask("/v1/bypass/flush", "POST")
    api.ask("/v1/reload", "POST")
    end = time.monotonic() + 120
    while True:
        now = api.ask("/v1/status")
        if now["reloads"] > before["reloads"]:
            break
        if now["reload_failures"] > before["reload_failures"] or time.monotonic() > end:
            sys.exit("the daemon does not take %s" % open(conf).read())
        time.sleep(0.02)
    for _ in range(rng.randint(0, 8)):
        entry = make_entry(rng)
        # what the never list forbids is refused, which is right
        api.ask("/v1/bypass/add?" + "&".join("%s=%s" % (k, str(v).replace("/", "%2F").replace(":", "%3A"))
                                             for k, v in entry.items()), "POST", may_fail=True)
    return api.ask("/v1/bypass")["entries"]


def make_tuple(rng):
    src = address_in(rng, rng.choice(SOURCES))
    own = rng.random() < 0.05
    while True:
        dst = ipaddress.ip_address(rng.choice(OWN)) if own else address_in(rng, rng.choice(DESTINATIONS))
        if dst.version == src.version:
            return src, dst, UNKNOWN if rng.random() < 0.03 else rng.choice(DPORTS)


def moved(counters, before):
    """What was counted since, (name, port): one of the namespace and, where a port decided, one of the port."""
    end = time.monotonic() + 20
    while True:
        now = counters.read()
        # a port that is new begins at 0
        deltas = [k for k, v in now.items() if k[0] in SYN for _ in range(v - before.get(k, 0))]
        names = collections.Counter(name for name, port in deltas if not port) or collections.Counter(
            name for name, port in deltas)
        if names or time.monotonic() > end:
            return now, deltas
        time.sleep(0.001)


def outcome(deltas):
    if len({name for name, _ in deltas}) != 1 or len(deltas) > 2:
        return "counted: %s" % deltas
    return deltas[0][0], max(port for _, port in deltas)


def explain(api, src, dst, dport):
    form = "%%5B%s%%5D:%d" if src.version == 6 else "%s:%d"
    return api.ask("/v1/explain?source=%s&destination=%s&interface=lan0" % (
        str(src).replace(":", "%3A"), form % (str(dst).replace(":", "%3A"), dport)))


def try_one(rng, api, counters, before, send, entries, marker):
    src, dst, dport = make_tuple(rng)
    said = explain(api, src, dst, dport)
    want = said["verdict"], said["port"]
    send(src, dst, dport)
    if dport == UNKNOWN:        # nobody counts it; the next one comes after it
        if want != ("unmatched", ""):
            return before, want, "an unknown destination port: unmatched", said
        said = explain(api, *marker)
        send(*marker)
        now, deltas = moved(counters, before)
        return now, (said["verdict"], said["port"]), outcome(deltas), said
    now, deltas = moved(counters, before)
    got = outcome(deltas)
    if (said["bypass"] is not None) != want[0].startswith("bypass_"):
        got = "a bypass entry, or none: %s" % said["bypass"]
    elif said["bypass"]:
        keys = ("kind", "source", "destination", "port")
        named = {k: said["bypass"][k] for k in keys}
        if not covers(named, src, dst, dport) or named not in [{k: e[k] for k in keys} for e in entries]:
            got = "an entry that is not there, or does not cover it: %s" % named
    return now, want, got, said


def main(datapath, path, conf, ns, rounds, tuples, seed):
    rng = random.Random(int(seed))
    api = Unix(path)
    counters = Module() if datapath == "kmod" else Nft()
    sock = packet_socket(ns, "c0")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as gateway:
        gateway.bind(("lan0", 0))
        macs = gateway.getsockname()[4] + sock.getsockname()[4]

    def send(src, dst, dport):
        sock.send(frame(macs, src, dst, rng.randrange(10000, 65536), dport, rng))
    seen, wrong = collections.Counter(), 0
    marker = ipaddress.ip_address("10.71.1.77"), ipaddress.ip_address(OWN[0]), DPORTS[0]
    for number in range(int(rounds)):
        entries = make_round(rng, api, conf, number)
        before = counters.read()
        for _ in range(int(tuples)):
            before, want, got, said = try_one(rng, api, counters, before, send, entries, marker)
            seen[want[0]] += 1
            if want != got:
                wrong += 1
                print("round %d: explain: %s\nhappened: %s\n%s" % (number, want, got, json.dumps(said)))
                if wrong > 4:
                    print(open(conf).read())
                    sys.exit(1)
    print("%d connections: %s" % (sum(seen.values()), ", ".join("%s %d" % k for k in sorted(seen.items()))))
    # a test that never met the reasons shows nothing
    rare = {"intercepted", "unmatched", "bypass_static", "bypass_dynamic", "sampled_out", "dry_run"} - set(seen)
    if rare:
        print("never met: %s" % " ".join(sorted(rare)))
    sys.exit(1 if wrong or rare else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
