#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""count.py LAB MORE GUARD OUT: from what count.sh left, figures for one request and one connection; 1 where one is too high.

Each is the difference of two runs over MORE. GUARD has lines "name figure"; a figure may be exceeded by 3 %, one that is
0 by nothing but what the clock brings.
"""
import collections
import glob
import re
import sys

ALLOC = {"malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"}


def grind(lab, name):
    """Instructions and allocations of the process that has sessions."""
    for path in glob.glob(f"{lab}/{name}.grind.*"):
        text = open(path, encoding="utf-8", errors="replace").read()
        if "session_run" not in text:
            continue
        names = dict(re.findall(r"\((\d+)\) (\S+)", "\n".join(re.findall(r"^c?fn=.*$", text, re.M))))
        allocs, callee = 0, ""
        for line in text.splitlines():
            if line.startswith("cfn="):
                callee = names.get(re.match(r"cfn=\((\d+)\)", line).group(1), "")
            elif line.startswith("calls=") and callee.split("'")[0] in ALLOC:
                allocs += int(line[6:].split()[0])
        return {"instructions": int(re.search(r"^(?:totals|summary): (\d+)", text, re.M).group(1)), "allocations": allocs}
    raise SystemExit(f"count: no worker in {lab}/{name}.grind.*")


def trace(lab, name):
    """System calls by name, of the thread that has sessions."""
    calls = collections.defaultdict(collections.Counter)
    for line in open(f"{lab}/{name}.strace", encoding="utf-8", errors="replace"):
        m = re.match(r"(\d+) +(\w+)\(", line)
        if m:
            calls[m.group(1)][m.group(2)] += 1
    return max(calls.values(), key=lambda c: c["recvfrom"])


def figures(lab, more):
    out = {}
    for what in ("keep", "close"):
        one = "request" if what == "keep" else "connection"
        base, with_more = grind(lab, "grind-base"), grind(lab, f"grind-{what}")
        for key, value in with_more.items():
            out[f"{one} {key}"] = (value - base[key]) / more
        base, with_more = trace(lab, "trace-base"), trace(lab, f"trace-{what}")
        diff = {key: (value - base[key]) / more for key, value in with_more.items()}
        out[f"{one} system_calls"] = sum(diff.values())
        for key, value in sorted(diff.items()):
            if value >= 0.01:
                out[f"{one} {key}"] = value
    return out


def main():
    lab, more, guard, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    found = figures(lab, more)
    with open(path, "w", encoding="utf-8") as out:
        for key, value in found.items():
            out.write(f"{key}\t{value:.2f}\n")
    bad = 0
    limits = dict(line.rsplit(None, 1) for line in open(guard, encoding="utf-8") if line.strip() and line[0] != "#")
    for key, value in found.items():
        limit = float(limits[key]) if key in limits else None
        high = limit is not None and value > limit * 1.03 + 0.05
        bad |= high
        print(f"{key:32} {value:10.2f}" + (f"  at most {limit:.2f}" if limit is not None else "") + ("  TOO HIGH" if high else ""))
    for key in limits:
        if key not in found:
            print(f"{key}: not measured")
            bad = 1
    return int(bad)


sys.exit(main())
