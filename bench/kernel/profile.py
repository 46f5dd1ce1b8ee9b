#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""profile.py BUILD KEY WHAT ROW: where the instructions of a row go, function by function.

After bench.sh, which builds what is needed. ROW is as in its table: "v4 SYN, taken". QEMU tells each instruction that the
guest executes; those of a packet are counted by the function they are in. "at" is how often that one was begun.
"""
import base64
import bisect
import collections
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "../../selftests/vm/run.sh")
ENOUGH = 40 << 20	# octets of QEMU's log


def wait_for(what, tries=6000):
    for _ in range(tries):
        found = what()
        if found:
            return found
        time.sleep(0.1)
    sys.exit("profile: it did not come to that")


def log_lines(path):
    with open(path, errors="replace") as f:
        return f.read().replace("\r", "").split("\n")


def started(path):
    """The symbols, once the packets are under way."""
    if not os.path.exists(path):
        return None
    lines = log_lines(path)
    if not any(line.startswith("profile\t") for line in lines):
        return None
    packed = [line.split("\t")[1] for line in lines if line.startswith("symbols\t")][0]
    table = []
    for line in zlib.decompress(base64.b64decode(packed)).decode().splitlines():
        words = line.split()
        table.append((int(words[0], 16), words[2]))
    return sorted(table)


def record(monitor, path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(monitor)

        def say(command):
            s.sendall(command.encode() + b"\n")
            time.sleep(0.05)

        for command in "singlestep on", "logfile " + path, "log exec,nochain":
            say(command)
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > ENOUGH)
        say("log none")
        say("quit")


def functions(path, table):
    """The function of each instruction, and whether it is its first."""
    starts = [a for a, _ in table]
    for line in open(path, errors="replace"):
        m = re.search(r"\[[0-9a-f]+/([0-9a-f]{16})/", line)
        if m:
            at = int(m.group(1), 16)
            i = bisect.bisect_right(starts, at) - 1
            yield table[i][1], at == starts[i]


def packets(path, table):
    """What is between the two looks at the clock: lists of (function, is its first instruction), a list a packet."""
    one, out = None, []
    for name, first in functions(path, table):
        if first and name == "netif_receive_skb":
            one = []
        elif first and name in ("end_here", "inject_one"):
            if one is not None:
                out.append(one)
            one = None
        if one is not None:
            one.append((name, first))
    return out


def main(build, key, what, row):
    folder = os.path.join(build, "vm", "bench-profile")
    result = os.path.join(folder, "result.log")
    if os.path.exists(result):
        os.remove(result)
    with tempfile.TemporaryDirectory() as work:
        monitor, trace = work + "/monitor", work + "/trace"
        env = dict(os.environ, TIPH_BUILD=os.path.abspath(build), TIPH_PROFILE=row,
                   TIPH_KMOD="%s/kmod-%s/tiphares.ko" % (os.path.abspath(build), key))
        vm = subprocess.Popen([RUN, "--icount", "--kernel", key, "--name", "bench-profile", "--quiet", "--timeout", "600",
                               "--qemu", "-monitor", "--qemu", "unix:%s,server,nowait" % monitor, HERE + "/guest.sh", what,
                               "%s/inject-%s/inject.ko" % (os.path.abspath(build), key)], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            table = wait_for(lambda: started(result) or vm.poll() is not None)
            if not isinstance(table, list):
                sys.exit("profile: no row of that name: " + result)
            record(monitor, trace)
            vm.wait()
        finally:
            vm.terminate()
        found = packets(trace, table)
    # what no interrupt came into: the shortest
    least = min(len(p) for p in found)
    one = next(p for p in found if len(p) == least)
    count = collections.Counter(name for name, _ in one)
    begun = collections.Counter(name for name, first in one if first)
    print("%s, %s: %d instructions, least of %d packets" % (what, row, least, len(found)))
    for name, n in count.most_common():
        print("%6d  at %d  %s" % (n, begun[name], name))


main(*sys.argv[1:])
