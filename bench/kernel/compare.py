#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""compare.py BASELINE DIR WHAT...: the table of what bench.sh measured, and TAP: a result for each row and machine.

What costs more than the baseline by more than 2 % is not ok, nor is a row that the baseline has not or that comes to
another end. Where the kernel is not the baseline's, there is nothing to compare with, and the results are skipped.
"""
import os
import sys

LIMIT = 1.02


def read_rows(path):
    kernel, rows = None, {}
    with open(path) as f:
        for line in f:
            words = line.rstrip("\n").split("\t")
            if words[0] == "kernel":
                kernel = words[1]
            elif len(words) == 6 and words[0] in ("v4", "v6"):
                rows[words[0], words[1]] = int(words[2]), words[3], int(words[4]), int(words[5])
    return kernel, rows


def read_baseline(path):
    kernel, rows = None, {}
    if os.path.exists(path):
        with open(path) as f:
            for line in f:
                words = line.rstrip("\n").split("\t")
                if words[0] == "kernel":
                    kernel = words[1]
                elif len(words) == 5:
                    rows[tuple(words[:3])] = int(words[3]), words[4]
    return kernel, rows


def write_baseline(path, kernel, found, base):
    """Of what was not measured this time, what is known of the same kernel stays."""
    rows = {key: row for key, row in base.items() if key[0] not in found}
    for what, of_what in found.items():
        rows.update({(what, *key): row[:2] for key, row in of_what.items()})
    with open(path, "w") as f:
        f.write("# SPDX-License-Identifier: GPL-2.0-only\n"
                "# Instructions a packet, as `make bench-kernel BASELINE=renew` wrote them.\n"
                "kernel\t%s\n" % kernel)
        for key in sorted(rows, key=lambda key: key[0]):
            f.write("%s\t%s\t%s\t%d\t%s\n" % (*key, *rows[key]))


def table(found):
    """A column a machine, in blocks of those that have rows in common; each packet's end beside its cost."""
    while found:
        first = set(next(iter(found.values())))
        block = dict(list((what, rows) for what, rows in found.items() if first & set(rows))[:6])
        block_table(block)
        found = {what: rows for what, rows in found.items() if what not in block}


def block_table(found):
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    width = max(len(n[1]) for n in names) + 3
    print("# " + " " * width + "".join("%24s" % what for what in found))
    for family, name in names:
        cells = []
        for rows in found.values():
            cost, end, _, _ = rows.get((family, name), ("-", "", 0, 0))
            cells.append("%24s" % ("%s %s" % (cost, end)))
        print("# %s %s" % (family, name.ljust(width - 3)) + "".join(cells))


def main(baseline, folder, *whats):
    found, kernels, results = {}, set(), []
    for what in whats:
        kernel, rows = read_rows(os.path.join(folder, what + ".rows"))
        with open(os.path.join(folder, what + ".rc")) as f:
            rc = f.read().strip()
        good = rc == "0" and bool(rows)
        results.append((good, "%s: the machine ran to its end" % what, "" if good else "run.sh ended with " + rc))
        if rows:
            found[what] = rows
            kernels.add(kernel)
    kernel = kernels.pop() if len(kernels) == 1 else None
    known, base = read_baseline(baseline)
    for what, rows in found.items():
        for (family, name), (cost, end, at_least, of) in rows.items():
            label = "%s: %s %s: %d" % (what, family, name, cost)
            before = base.get((what, family, name))
            if known != kernel:
                results.append((True, label + " # SKIP the baseline is of another kernel: %s" % known, ""))
            elif not before:
                results.append((False, label, "not in the baseline"))
            else:
                good = cost <= before[0] * LIMIT and end == before[1]
                results.append((good, label, "" if good else "baseline: %d %s; now %s, %d of %d packets" % (
                    *before, end, at_least, of)))
    print("TAP version 13\n1..%d" % len(results))
    for n, (good, name, why) in enumerate(results, 1):
        if why:
            print("# " + why)
        print("%s %d %s" % ("ok" if good else "not ok", n, name))
    if found:
        print("# Linux %s" % kernel)
        table(found)
    if os.environ.get("TIPH_BASELINE") == "renew" and kernel and all(r[0] for r in results[:len(whats)]):
        write_baseline(baseline, kernel, found, base if known == kernel else {})
        print("# wrote " + baseline)
    return 0 if all(r[0] for r in results) else 1


sys.exit(main(*sys.argv[1:]))
