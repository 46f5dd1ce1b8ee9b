#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""kmod-coverage.py BUILD [LEAST]: which lines of the module were run, over all machines of the debug kernel.

Takes the counters that selftests/vm/run.sh left in BUILD/coverage, as far as they are of the module in BUILD/kmod-debug.
Prints a table and the lines that no run came to, and leaves TAP in BUILD/ktap/coverage.log: at least LEAST per cent
(90) of all lines have to be run.
"""
import collections
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile


def stamp(octets):
    """What a compilation and its counters have in common."""
    return octets[8:12]


def gather(build, work):
    """The counters of each source file, added up in WORK."""
    objects = os.path.join(build, "kmod-debug/kmod")
    notes = {}
    for name in os.listdir(objects):
        if name.endswith(".gcno"):
            with open(os.path.join(objects, name), "rb") as f:
                notes[name[:-5]] = f.read()
    runs = other = 0
    folder = os.path.join(build, "coverage")
    for run in sorted(os.listdir(folder)):
        with tarfile.open(os.path.join(folder, run)) as tar:
            counters = {os.path.basename(m.name)[:-5]: tar.extractfile(m).read() for m in tar if m.name.endswith(".gcda")}
        of_this = {n: c for n, c in counters.items() if n in notes and stamp(c) == stamp(notes[n])}
        runs += bool(of_this)
        other += not of_this
        for name, octets in of_this.items():
            add(work, name, octets)
    for name, octets in notes.items():
        with open(os.path.join(work, name + ".gcno"), "wb") as f:
            f.write(octets)
    return runs, other, sorted(notes)


def add(work, name, octets):
    target = os.path.join(work, name + ".gcda")
    if not os.path.exists(target):
        with open(target, "wb") as f:
            f.write(octets)
        return
    with tempfile.TemporaryDirectory() as both:
        for part, content in ("a", open(target, "rb").read()), ("b", octets):
            os.mkdir(os.path.join(both, part))
            with open(os.path.join(both, part, "x.gcda"), "wb") as f:
                f.write(content)
        subprocess.run(["gcov-tool-12", "merge", "-o", both + "/sum", both + "/a", both + "/b"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.replace(both + "/sum/x.gcda", target)


def lines(work, names):
    """{file: {line: times}}, of our own files; a header's lines are those of whoever includes it, together."""
    found = collections.defaultdict(lambda: collections.defaultdict(int))
    for name in names:
        run = subprocess.run(["gcov-12", "--json-format", "--stdout", name + ".gcno"], cwd=work, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        out = run.stdout
        if out[:2] == b"\x1f\x8b":
            out = gzip.GzipFile(fileobj=io.BytesIO(out)).read()
        for of_file in json.loads(out)["files"]:
            path = of_file["file"]
            if "/kmod/" not in path or "/compat/" in path or "/include/" in path:
                continue
            for line in of_file["lines"]:
                found[os.path.basename(path)][line["line_number"]] += line["count"]
    return found


def spans(numbers):
    out = []
    for n in sorted(numbers):
        if out and n == out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in out)


def main(build, least="90"):
    with tempfile.TemporaryDirectory() as work:
        runs, other, names = gather(build, work)
        found = lines(work, names)
    every = sum(len(l) for l in found.values())
    run = sum(1 for l in found.values() for n in l.values() if n)
    share = 100.0 * run / every if every else 0
    report = ["TAP version 13", "1..1"]
    report.append("# of %d machines%s" % (runs, ", not of %d, which had another module" % other if other else ""))
    for name in sorted(found):
        missed = [n for n, times in found[name].items() if not times]
        report.append("# %-14s %5d lines %6.1f %%%s" % (name, len(found[name]), 100.0 - 100.0 * len(missed) / len(found[name]),
                                                        "  never: " + spans(missed) if missed else ""))
    good = share >= float(least)
    report.append("%sok 1 lines of the module that were run: %d of %d, %.1f %%, at least %s %%" % (
        "" if good else "not ", run, every, share, least))
    os.makedirs(os.path.join(build, "ktap"), exist_ok=True)
    text = "\n".join(report) + "\n"
    with open(os.path.join(build, "ktap/coverage.log"), "w") as f:
        f.write(text)
    print(text, end="")
    return 0 if good else 1


sys.exit(main(*sys.argv[1:]))
