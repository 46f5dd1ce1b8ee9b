#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""rows.py WHAT: what packets cost in this machine; see guest.sh and inject.c.

Prints the kernel, then a line a row, separated by tabs: family, row, instructions, where the packet came to its end, how
many of the packets took no more, of how many. Where nothing intercepts, what is proxied elsewhere is local.

Of connections, the rows are the median and the least of them, and their end is the number of system calls: connect.c.
"""
import base64
import ctypes
import os
import socket
import struct
import subprocess
import sys
import zlib

import genl

CLIENT = {4: "10.0.0.2", 6: "fd00:a::2"}
GATEWAY = {4: "10.0.0.1", 6: "fd00:a::1"}
ORIGIN = {4: "192.0.2.1", 6: "2001:db8::1"}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
LEVEL = {4: socket.SOL_IP, 6: socket.IPPROTO_IPV6}
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
TRANSPARENT = {4: 19, 6: 75}
SO_LISTEN = 4700
LISTEN = 8080
BYPASSED = {4: "198.18.0.0", 6: "2001:db8::3"}    # genl.py's many have them, as long as they are at least four
CONNECTED = 8000
COUNT = 64
INJECT = "/sys/module/inject/parameters/"


def packet(family, daddr, dport, sport=40000, flags="A", proto="tcp", count=COUNT):
    """Instructions, end, at least, of."""
    with open(INJECT + "run", "w") as f:
        f.write("lan0 %d %s %s %d %s %d %s %d" % (family, proto, CLIENT[family], sport, daddr, dport, flags, count))
    with open(INJECT + "result") as f:
        return f.read().split()


def profile(name, *args, **kwargs):
    """For profile.py: what addresses are called, then the packet of that row again and again."""
    with open("/proc/kallsyms", "rb") as f:
        text = b"".join(line for line in f if line.split()[1] in b"tTwW")
    print("symbols\t%s" % base64.b64encode(zlib.compress(text)).decode())
    print("profile\t" + name, flush=True)
    while True:
        packet(*args, count=100000, **kwargs)


def row(family, name, *args, **kwargs):
    if os.environ.get("TIPH_PROFILE") == "v%d %s" % (family, name):
        profile(name, family, *args, **kwargs)
    print("v%d\t%s\t%s" % (family, name, "\t".join(packet(family, *args, **kwargs))), flush=True)


def ports_set(n, *more):
    """One of them has port 80, and what is said besides."""
    def port(i):
        return genl.port(["name=p%d" % i, "mode=3", "listen=%d" % (LISTEN + i), "dports=%d" % (1000 + i if i else 80)] +
                         list(more if not i else ()))
    genl.Netlink().request(genl.PORT_SET, b"".join(port(i) for i in range(n)))


def listener(what, family):
    sock = socket.socket(FAMILY[family], socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if what.startswith(("tiphares", "connect")):
        sock.bind((LOOPBACK[family], LISTEN))
        sock.setsockopt(LEVEL[family], SO_LISTEN, struct.pack("32s", b"p0"))
    elif what == "none":
        sock.bind(("", 80))
    else:
        sock.setsockopt(LEVEL[family], TRANSPARENT[family], 1)
        sock.bind(("", LISTEN))
    sock.listen(8)
    return sock


def in_client(fn):
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as here, open("/run/netns/client") as there:
        if libc.setns(there.fileno(), 0):
            sys.exit("setns: " + os.strerror(ctypes.get_errno()))
        try:
            return fn()
        finally:
            libc.setns(here.fileno(), 0)


def connect(family, daddr):
    """A client's connection, from its own namespace."""
    sock = in_client(lambda: socket.socket(FAMILY[family], socket.SOCK_STREAM))
    sock.settimeout(60)
    sock.connect((daddr, 80))
    return sock


def sysctl(name, value):
    with open("/proc/sys/net/" + name, "w") as f:
        f.write(value)


def syn_rows(what, family, taken):
    row(family, "SYN, taken", taken, 80, flags="S")
    if family == 4:
        sysctl("ipv4/conf/all/rp_filter", "1")
        row(family, "SYN, taken, rp_filter on", taken, 80, flags="S")
        sysctl("ipv4/conf/all/rp_filter", "0")


def rows(what, family):
    origin = ORIGIN[family]
    taken = GATEWAY[family] if what == "none" else origin
    row(family, "forwarded, UDP", origin, 443, proto="udp", flags="-")
    row(family, "forwarded, other port", origin, 443)
    row(family, "port 80, no socket", origin, 80)

    sock = listener(what, family)
    syn_rows(what, family, taken)
    client = connect(family, taken)
    accepted, peer = sock.accept()
    row(family, "established", taken, 80, sport=peer[1])
    for s in client, accepted, sock:
        s.close()


def bypass_rows(family, entries):
    if entries:
        row(family, "SYN, bypassed", BYPASSED[family], 80, flags="S")


def shed_rows(what, family, ports):
    """One connection that waits is above the mark."""
    if not ports:
        return
    ports_set(ports, "shed_high=100", "shed_low=10")
    sock = listener(what, family)
    waiting = connect(family, ORIGIN[family])
    row(family, "SYN, shed", ORIGIN[family], 80, flags="S")
    waiting.close()
    sock.close()
    ports_set(ports, "shed_high=0", "shed_low=0")


def full_rows(what, family):
    """Behind all others: from a full queue on, ACKs may be those of SYN cookies, and SYNs may be repeated."""
    origin = ORIGIN[family]
    sock = listener(what, family)
    sock.listen(0)
    waiting = connect(family, GATEWAY[family] if what == "none" else origin)    # one more than none
    row(family, "SYN, queue full", origin, 80, flags="S")
    sock.close()
    row(family, "SYN, no listener", origin, 80, flags="S")
    row(family, "SYN, forwarded, again", origin, 80, flags="SR")
    row(family, "port 80, no socket, cookies", origin, 80)
    waiting.close()


def connect_rows(how, family, program):
    """The client's own connection is the authority, where one is asked for."""
    ports_set(1)
    sock = listener("connect", family)
    client = connect(family, ORIGIN[family])
    accepted, peer = sock.accept()
    sysctl("ipv4/ip_local_port_range", "1024 65535")
    for existing in 1, 1000, 30000:
        got = subprocess.run([program, how, str(family), str(accepted.fileno()), peer[0], ORIGIN[family], str(CONNECTED),
                              str(existing), "1001"], check=True, stdout=subprocess.PIPE, pass_fds=[accepted.fileno()])
        least, median, calls = got.stdout.split()
        for name, cost in ("median", median), ("least", least):
            print("v%d\tspoofed connect, %s, beside %d\t%s\t%s_calls\t1\t1" % (
                family, name, existing, cost.decode(), calls.decode()), flush=True)
    for s in client, accepted, sock:
        s.close()


def main(what, program):
    print("kernel\t%s %s" % (os.uname().release, os.uname().version), flush=True)
    what = what.replace("-ct", "")
    kind, *numbers = what.split("-")
    if kind == "connect":
        for family in 4, 6:
            connect_rows(numbers[0], family, program)
        return
    ports, entries = (int(n) for n in (numbers + [0, 0])[:2])
    if ports:
        ports_set(ports)
    if entries:
        genl.bypass(genl.Netlink(), "replace", "static", "-%d" % entries)
    for family in 4, 6:
        rows(what, family)
        bypass_rows(family, entries)
    for family in 4, 6:
        shed_rows(what, family, ports)
        full_rows(what, family)


main(*sys.argv[1:])
