#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plays the cases in the folders beside this file against a proxy, one TAP result each."""
import argparse
import concurrent.futures
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "harness"))
sys.dont_write_bytecode = True

import case as cases	# noqa: E402
import net	# noqa: E402
import play	# noqa: E402
import points	# noqa: E402
import targets	# noqa: E402
import wire	# noqa: E402

FOLDERS = ("message", "target", "framing_requests", "chunked", "fields", "expect_1xx_upgrade_connect", "responses",
           "connections", "slow", "proxy_protocol", "client_hello")
ORIGIN_PORT = 8000
PROXY_PORT = 8080
INTERCEPTED_PORT = 8090


class Env:
    """Addresses: natively a block of 127/8, one address for each case; transparent: a network behind the gateway."""

    def __init__(self, args):
        self.transparent = args.mode == "transparent"
        spaces = args.netns.split(",") if args.netns else [None] * 3
        self.net = net.Net(*spaces)
        self.scale = args.scale
        self.daemon, self.datapath = args.under.split() + [args.daemon], args.datapath
        self.profiles = list(targets.PROFILES)
        self.client, self.sender = (args.client, args.sender) if self.transparent else ("127.0.0.1", "127.0.0.2")
        if self.transparent:
            self.prefix, self.lock, self.port = args.network, None, INTERCEPTED_PORT
        else:
            octet, self.lock = targets.find_block()
            self.prefix, self.port = f"127.{octet}", ORIGIN_PORT

    def proxy(self, profile):
        if self.transparent:
            return (f"{self.prefix}.253.1", self.port)
        return (f"{self.prefix}.255.{1 + self.profiles.index(profile)}", PROXY_PORT)

    def place(self, index, mode, profile):
        address = f"{self.prefix}.{index // 250}.{1 + index % 250}"
        origin, barrier = (address, self.port), (f"{self.prefix}.253.1", self.port)
        dead = (f"{self.prefix}.252.{1 + index % 250}", self.port)
        proxy = self.proxy(profile)
        routes = []
        suffix = "" if self.port == 80 else f":{self.port}"
        if mode == "reverse":
            name, alt, gone = f"c{index}.test", f"alt{index}.test", f"dead{index}.test"
            routes = [(name, [origin]), (alt, [dead, origin]), (gone, [dead])]
        else:
            name = alt = address + suffix
            gone = dead[0] + suffix
        absolute = "http://" + name if mode == "forward" else ""
        words = {"$HOST": name, "$U": absolute, "$ALT": alt, "$DEAD": gone, "$ADDR": f"{address}:{self.port}",
                 "$ADDRESS": address, "$PORT": str(self.port), "$SELF": f"{proxy[0]}:{proxy[1]}",
                 "$UPPER": name.upper(), "$V": "http://" + gone if mode == "forward" else "", "$CLIENT": self.client, "$SENDER": self.sender, "$BHOST": "barrier.test" if mode == "reverse" else barrier[0] + suffix,
                 "$BARRIER": f"http://{barrier[0]}{suffix}" if mode == "forward" else ""}
        ordered = sorted(((k.encode(), v.encode()) for k, v in words.items()), key=lambda kv: -len(kv[0]))
        connect = origin if mode == "transparent" else proxy
        place = play.Place(mode, connect, origin, barrier if mode == "transparent" else proxy, ordered)
        place.routes = routes
        return place

    def barrier_routes(self):
        place = play.Place("", None, None, None, ())
        place.routes = [("barrier.test", [(f"{self.prefix}.253.1", self.port)])]
        return place


class Barrier:
    """The origin of requests whose only purpose is to be later than others."""

    class Quiet:
        over = True

        @property
        def deadline(self):
            return time.monotonic() + 3600

        def __init__(self, owner_net):
            self.net, self.events, self.requests = owner_net, play.Events(), []

        def note_request(self, _msg):
            pass

        note_stub = fail = lambda self, *_: None

    def __init__(self, env):
        self.origin = play.Origin(self.Quiet(env.net), (f"{env.prefix}.253.1", env.port), [], 128)


def load(patterns):
    """All cases whose name or file has one of the patterns in it."""
    for folder in FOLDERS:
        where = os.path.join(HERE, folder)
        for name in sorted(os.listdir(where)) if os.path.isdir(where) else ():
            if name.endswith(".py"):
                spec = importlib.util.spec_from_file_location(f"{folder}_{name[:-3]}", os.path.join(where, name))
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
    names = [one.name for one in cases.CASES]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"names used twice: {', '.join(sorted(twice))}")
    return [one for one in cases.CASES if not patterns or any(p in one.name for p in patterns)]


class Tap:
    def __init__(self, out, total, verbose):
        self.out, self.verbose = out, verbose
        self.lock = threading.Lock()
        self.count = 0
        self.by_level = {}
        print(f"TAP version 13\n1..{total}", file=out, flush=True)

    def result(self, title, level, failures, story=()):
        with self.lock:
            self.count += 1
            tally = self.by_level.setdefault(level, [0, 0])
            tally[bool(failures)] += 1
            for line in failures:
                print(f"# {clean(line)}", file=self.out)
            for line in story if failures or self.verbose else ():
                print(f"#   {clean(line)}", file=self.out)
            print(f"{'not ok' if failures else 'ok'} {self.count} {title}", file=self.out, flush=True)

    def summary(self):
        for level, (good, bad) in sorted(self.by_level.items()):
            print(f"# {level}: {good} passed, {bad} failed", file=self.out)


def clean(text):
    return text.replace("\n", " ").replace("\r", " ")


def play_one(one, place, args, env, decided):
    outcomes = one.outcomes
    if decided:
        one = copy_of(one, outcomes[:one.decided])
    run = play.Run(one, place, env.net, (one.seconds or args.seconds) * args.scale)
    failures = run.play()
    return list(failures), list(run.story())


def copy_of(one, outcomes):
    twin = object.__new__(type(one))
    twin.__dict__.update(one.__dict__, outcomes=outcomes)
    return twin


def make_target(args, env, work, profile):
    if args.target == "tiphares":
        return targets.Tiphares(work, env, profile)
    return {"nginx": targets.Nginx, "haproxy": targets.Haproxy}[args.target](work, env)


def play_profile(profile, todo, args, env, work, tap):
    """todo: (case, place). One proxy for all of them."""
    target = make_target(args, env, work, profile)
    for _, place in todo:
        place.target = target
    target.start([place for _, place in todo] + [env.barrier_routes()])
    try:
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            futures = {pool.submit(play_one, one, place, args, env, target.decided): (one, place)
                       for one, place in todo}
            for future in concurrent.futures.as_completed(futures):
                one, place = futures[future]
                failures, story = future.result()
                tap.result(title(one, place.mode), one.level, failures, story)
        faults = [] if target.alive() else ["the proxy died: " + target.tail()]
        if not faults and args.counters:
            faults = list(target.miscounted())
    finally:
        ended = target.stop()
    faults += target.complaints()
    if ended:
        faults.append(ended + ": " + target.tail())
    tap.result(f"{target.name} lived through it and ended as told", "MUST", faults)


def title(one, mode):
    return f"{one.name} ({mode}) {one.point} {one.level} {one.ref}".replace("#", "")


def select(args):
    modes = [args.mode] if args.mode != "all" else ["reverse", "forward"]
    picked = []
    for one in load(args.patterns):
        for mode in modes:
            if mode in one.modes and (args.target == "tiphares" or one.peers and one.profile == "main"):
                picked.append((one, mode))
    return picked


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", nargs="*", help="only cases with one of these in their name")
    parser.add_argument("--target", default="tiphares", choices=("tiphares", "nginx", "haproxy"))
    parser.add_argument("--mode", default="all", choices=("all", "reverse", "forward", "transparent"))
    parser.add_argument("--daemon", default=os.path.join(HERE, "../../build/tipharesd"))
    parser.add_argument("--under", default="", help="a command that the daemon is started by: valgrind -q")
    parser.add_argument("--jobs", type=int, default=16, help="cases at once")
    parser.add_argument("--seconds", type=float, default=25, help="for one case at most")
    parser.add_argument("--scale", type=int, default=1, help="more time for everything: for slow machines")
    parser.add_argument("--datapath", default="nft", choices=("nft", "kmod"))
    parser.add_argument("--netns", help="transparent: names of the namespaces of client, gateway, origin")
    parser.add_argument("--network", default="10.72", help="transparent: first half of the origins' addresses")
    parser.add_argument("--client", default="10.71.1.10", help="transparent: the client's address")
    parser.add_argument("--sender", default="10.71.1.12", help="transparent: an address of the client that PROXY headers are taken from")
    parser.add_argument("--points", action="store_true", help="only show which points have how many cases")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of passed cases too what was seen")
    args = parser.parse_args()
    if args.target != "tiphares":
        args.mode = "reverse"
    args.daemon = os.path.abspath(args.daemon)
    return args


def main():
    args = arguments()
    picked = select(args)
    if args.list:
        for one, mode in picked:
            print(title(one, mode))
        return 0
    if args.points:
        print("\n".join(points.show(cases.CASES, cases.MODES)))
        return 0
    if not picked:
        raise SystemExit("no such case")
    env = Env(args)
    work = tempfile.mkdtemp(prefix="tiphares-http.")
    os.chmod(work, 0o755)
    profiles = {}
    for index, (one, mode) in enumerate(picked):
        if not one.hurried or args.scale <= 2:
            profiles.setdefault(one.profile, []).append((one, env.place(index, mode, one.profile)))
    left_out = [pair for pair in picked if pair[0].hurried and args.scale > 2]
    whole = not args.patterns and args.target == "tiphares"
    args.counters = whole and args.mode == "all"
    tap = Tap(sys.stdout, len(picked) + len(profiles) + whole, args.verbose)
    for one, mode in left_out:
        tap.result(title(one, mode) + " # SKIP the machine is slower than a time that is built in", one.level, [])
    if whole:
        tap.result("every point has good and hostile cases", "MUST", list(points.missing(cases.CASES, cases.MODES)))
    begin, barrier = time.monotonic(), Barrier(env)
    try:
        for profile, todo in profiles.items():
            play_profile(profile, todo, args, env, work, tap)
    finally:
        barrier.origin.stop()
        shutil.rmtree(work, ignore_errors=True)
    tap.summary()
    print(f"# {len(picked)} cases in {time.monotonic() - begin:.0f} s")
    return 1 if any(bad for _, bad in tap.by_level.values()) else 0


if __name__ == "__main__":
    wire.socket.setdefaulttimeout(None)
    sys.exit(main())
