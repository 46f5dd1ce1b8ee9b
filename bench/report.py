#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""report.py RAW TITLE: the benchmarks' table, in markdown, of lines "round peer name value".

Each cell: median (smallest to largest). In brackets after a name: what it is compared with, as a ratio of medians in the
last column, of tiphares to the best other proxy.
"""
import statistics
import sys

FIGURES = [  # name, title, digits, is less better
    ("keep_proxy", "proxy CPU-s per 100k keep-alive requests", 3, True),
    ("keep_gateway", "gateway CPU-s per 100k keep-alive requests", 3, True),
    ("keep_rate", "keep-alive requests/s", 0, False),
    ("open_p50", "open loop, p50 ms", 2, True),
    ("open_p99", "open loop, p99 ms", 2, True),
    ("open_p999", "open loop, p99.9 ms", 2, True),
    ("close_proxy", "proxy CPU-s per 100k connections", 3, True),
    ("close_gateway", "gateway CPU-s per 100k connections", 3, True),
    ("close_rate", "connections/s", 0, False),
    ("time_wait", "pairs in TIME_WAIT then", 0, None),
    ("late_proxy", "proxy CPU-s per 100k connections beside them", 3, True),
    ("late_gateway", "gateway CPU-s per 100k connections beside them", 3, True),
    ("bulk_proxy", "proxy CPU-s per GiB", 3, True),
    ("bulk_gateway", "gateway CPU-s per GiB", 3, True),
    ("bulk_rate", "MB/s, one download at a time", 0, False),
    ("idle_octets", "octets of memory per idle client", 0, True),
    ("idle_held", "idle clients held", 0, None),
    ("foreign", "origin connections not from the client's address", 0, None),
    ("errors", "failed requests", 0, None),
    ("failed", "rounds that failed", 0, None),
    ("noise", "CPU of others than the lab, %", 1, None),
]


def read(path):
    """{name: {peer: [values]}}, [peers]"""
    values, peers = {}, []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            _, peer, name, value = line.rstrip("\n").split("\t")
            if peer not in peers:
                peers.append(peer)
            if value:
                values.setdefault(name, {}).setdefault(peer, []).append(float(value))
    return values, peers


def cell(values, digits):
    if not values:
        return ""
    low, mid, high = min(values), statistics.median(values), max(values)
    if len(values) == 1 or low == high:
        return f"{mid:.{digits}f}"
    return f"{mid:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def ratio(of_peer, less):
    """tiphares to the best of the other proxies"""
    others = [statistics.median(v) for peer, v in of_peer.items() if peer != "direct" and not peer.startswith("tiphares")]
    if less is None or not others or "tiphares" not in of_peer:
        return ""
    best = min(others) if less else max(others)
    return f"{statistics.median(of_peer['tiphares']) / best:.2f}" if best else ""


def main():
    if len(sys.argv) != 3:
        sys.stderr.write("usage: report.py RAW TITLE\n")
        return 2
    values, peers = read(sys.argv[1])
    peers.sort(key=lambda peer: (peer != "direct", peer.startswith("tiphares"), peer))
    print(sys.argv[2] + ". Median (smallest to largest).\n")
    head = ["figure", *peers, "tiphares to best"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for name, title, digits, less in FIGURES:
        if name in values:
            cells = [cell(values[name].get(peer), digits) for peer in peers]
            print("| " + " | ".join([title, *cells, ratio(values[name], less)]) + " |")
    bad = [p for p in peers if sum(values.get("failed", {}).get(p, [])) or sum(values.get("foreign", {}).get(p, []))]
    if bad:
        print("\nNot fit for comparison, a round failed or an address was wrong: " + ", ".join(bad))
    return 1 if any(p.startswith("tiphares") for p in bad) else 0


sys.exit(main())
