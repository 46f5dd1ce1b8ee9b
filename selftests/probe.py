#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""probe.py COMMAND ...: looks where curl can't. Answers are key=value words on one line.

Clients
  peer ADDR PORT [--bind A[,P]]             getpeername and getsockname of a connection, and what /whoami says
  reuse ADDR PORT --bind A,P [-n N]         N connections one after the other from the same address and port
  odd ADDR PORT mptcp|tfo                    one request by MPTCP, or with the request in the SYN
  half ADDR PORT PATH [--bind A]            sends a request, shuts its side down, reads the answer to its end
  odd ADDR PORT mptcp|tfo [--bind A]        one request by MPTCP, or with the request in the SYN
  hold ADDR PORT PATH [--bind A] [--until F]  reads a long answer; a line per second; ends with it, or when file F
                                            exists; octets, the longest gap, and how it ended
  tick ADDR PORT --until F [--bind A]       a request on one connection every 50 ms till file F exists;
                                            "begun=1" when the first is answered
  swarm ADDR PORT --from A,A,... [-c 64] [-n 10]  clients at once, each with its own connection and N requests;
                                            counts answers that name another client's address.
                                            X-Probe tells the origin whose request it is
  connect ADDR PORT [-n N] [--hold F]       N connections at once; how many are made, refused, unanswered
  agent ASK ANSWER                          reads "NUMBER ADDR PORT FROM" lines (FROM: ADDR[,PORT]) from a pipe, asks
                                            /whoami each time, writes "NUMBER STATUS BODY ownport=PORT"; saves a
                                            start per question
  syn SRC SPORT ADDR PORT                   one bare SYN through a raw socket; what comes back
  ack SRC SPORT ADDR PORT                   the same with a bare ACK
  trace udp|tcp ADDR PORT HOPS              one datagram or SYN that may make so many hops; who says that it has ended,
                                            or "reached"
Servers
  serve echo|banner|late|reset|silent|deaf PORT [--file F]  echo octets; speak first, then echo; a 1 MiB HTTP answer
                                            after the client's FIN; reset at once; swallow and say nothing; listen and
                                            never accept. Peers go to F.
Exit code: 0 done, 1 not as it should be, 2 usage.
"""
import argparse
import errno
import os
import select
import socket
import struct
import sys
import threading
import time

LIMIT = 60.0


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def connect(args, bind=None, timeout=LIMIT):
    sock = socket.socket(family(args.addr), socket.SOCK_STREAM)
    sock.settimeout(timeout)
    bind = bind or getattr(args, "bind", None)
    if bind:
        addr, _, port = bind.partition(",")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((addr, int(port or 0)))
    sock.connect((args.addr, args.port))
    return sock


def request(args, path, close=False, who=None):
    host = f"[{args.addr}]" if ":" in args.addr else args.addr
    head = f"GET {path} HTTP/1.1\r\nHost: {host}:{args.port}\r\nUser-Agent: probe\r\n"
    if who:
        head += f"X-Probe: {who}\r\n"
    return (head + ("Connection: close\r\n" if close else "") + "\r\n").encode()


class Answers:
    """Reads answers with a Content-Length, one after the other, from a connection."""

    def __init__(self, sock):
        self.sock, self.buf = sock, b""

    def fill(self):
        more = self.sock.recv(65536)
        if not more:
            raise ConnectionError("closed within an answer")
        self.buf += more

    def next(self):
        while b"\r\n\r\n" not in self.buf:
            self.fill()
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        length = int(fields["content-length"])
        while len(self.buf) < length:
            self.fill()
        body, self.buf = self.buf[:length], self.buf[length:]
        return int(lines[0].split()[1]), body


def words(text):
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def show(**values):
    print(" ".join(f"{key}={value}" for key, value in values.items()), flush=True)


def cmd_peer(args):
    sock = connect(args)
    peer, own = sock.getpeername(), sock.getsockname()
    sock.sendall(request(args, "/whoami"))
    status, body = Answers(sock).next()
    seen = words(body.decode())
    show(peer=peer[0], peerport=peer[1], own=own[0], ownport=own[1], status=status,
         src=seen.get("src"), sport=seen.get("sport"), dst=seen.get("dst"), dport=seen.get("dport"),
         via=seen.get("via") or "none")
    return 0


def cmd_odd(args):
    fam = family(args.addr)
    data = request(args, "/whoami", close=True)
    sock = socket.socket(fam, socket.SOCK_STREAM, 262 if args.kind == "mptcp" else 0)
    sock.settimeout(LIMIT)
    if args.bind:
        sock.bind((args.bind, 0))
    if args.kind == "tfo":  # MSG_FASTOPEN: the request is in the SYN
        sock.sendto(data, 0x20000000, (args.addr, args.port))
    else:
        sock.connect((args.addr, args.port))
        sock.sendall(data)
    status, body = Answers(sock).next()
    show(status=status, seen=body.decode().strip())
    return 0 if status == 200 else 1


def reconnect(args):
    """Our own end of the connection before may still wait for the last acknowledgement."""
    end = time.monotonic() + 10
    while True:
        try:
            return connect(args)
        except OSError as err:
            if err.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                raise
            time.sleep(0.01)


def cmd_reuse(args):
    done = 0
    for _ in range(args.n):
        try:
            sock = reconnect(args)
            sock.sendall(request(args, "/whoami", close=True))
            status, _body = Answers(sock).next()
            while sock.recv(4096):  # the other side closes first: it keeps the TIME_WAIT, we may connect again
                pass
            sock.close()
        except OSError as err:
            show(done=done, error=str(err).replace(" ", "_"))
            return 1
        done += status == 200
    show(done=done)
    return 0 if done == args.n else 1


def cmd_half(args):
    sock = connect(args)
    sock.sendall(request(args, args.path, close=True))
    sock.shutdown(socket.SHUT_WR)
    got = b""
    end = "eof"
    while True:
        try:
            more = sock.recv(65536)
        except OSError as err:
            end = type(err).__name__
            break
        if not more:
            break
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    status = head.split()[1].decode() if head else "none"
    show(status=status, body=len(body), end=end)
    return 0 if end == "eof" and status == "200" else 1


def cmd_hold(args):
    sock = connect(args)
    sock.settimeout(0.2)
    sock.sendall(request(args, args.path, close=True))
    total, gap, end = 0, 0.0, "eof"
    last = told = time.monotonic()
    while True:
        now = time.monotonic()
        if args.until and os.path.exists(args.until):
            end = "stopped"
            break
        if now - told >= 1:
            told = now
            show(octets=total, own=sock.getsockname()[1])
        try:
            more = sock.recv(1 << 18)
        except socket.timeout:
            if now - last > LIMIT:
                end = "silent"
                break
            continue
        except OSError as err:
            end = type(err).__name__
            break
        if not more:
            break
        now = time.monotonic()
        gap, last = max(gap, now - last), now
        total += len(more)
    show(octets=total, gap_ms=int(gap * 1000), end=end)
    return 0 if end in ("eof", "stopped") else 1


def cmd_tick(args):
    sock = connect(args)
    answers, count, gap = Answers(sock), 0, 0.0
    end = "stopped"
    try:
        while not os.path.exists(args.until):
            begin = time.monotonic()
            sock.sendall(request(args, "/whoami", who="tick"))
            answers.next()
            gap = max(gap, time.monotonic() - begin)
            count += 1
            if count == 1:
                show(begun=1)
            time.sleep(0.05)
    except OSError as err:
        end = type(err).__name__
    show(answers=count, gap_ms=int(gap * 1000), end=end)
    return 0 if end == "stopped" and count else 1


def cmd_swarm(args):
    sources = args.sources.split(",")
    count = {"answers": 0, "foreign": 0, "errors": 0}
    lock, gate = threading.Lock(), threading.Barrier(args.c)
    notes = []

    def client(index):
        own = sources[index % len(sources)]
        ready = False
        try:
            sock = connect(args, bind=own)
            answers = Answers(sock)
            gate.wait(LIMIT)
            ready = True
            for number in range(args.n):
                sock.sendall(request(args, f"/whoami?{index}.{number}", who=own))
                status, body = answers.next()
                seen = words(body.decode())
                right = status == 200 and seen.get("uri") == f"/whoami?{index}.{number}"
                with lock:
                    count["answers"] += right
                    if not right or (not args.masked and seen.get("src") != own):
                        count["foreign"] += 1
                        notes.append(f"{own}: {status} {seen.get('src')} {seen.get('uri')}")
            sock.close()
        except (OSError, ValueError, KeyError, threading.BrokenBarrierError) as err:
            if not ready:
                gate.abort()
            with lock:
                count["errors"] += 1
                notes.append(f"{own}: {type(err).__name__} {err}")

    threads = [threading.Thread(target=client, args=(i,)) for i in range(args.c)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for note in notes[:10]:
        print("#", note)
    show(**count)
    return 0 if count["answers"] == args.c * args.n and not count["foreign"] and not count["errors"] else 1


def cmd_connect(args):
    socks, waiting = [], {}
    for _ in range(args.n):
        sock = socket.socket(family(args.addr), socket.SOCK_STREAM)
        sock.setblocking(False)
        if args.bind:
            sock.bind((args.bind, 0))
        sock.connect_ex((args.addr, args.port))
        socks.append(sock)
        waiting[sock.fileno()] = sock
    poll = select.poll()
    for fd in waiting:
        poll.register(fd, select.POLLOUT)
    made = refused = 0
    end = time.monotonic() + args.wait
    while waiting and time.monotonic() < end:
        for fd, _event in poll.poll(100):
            error = waiting.pop(fd).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            poll.unregister(fd)
            made, refused = made + (not error), refused + bool(error)
    show(made=made, refused=refused, unanswered=len(waiting))
    while args.hold and not os.path.exists(args.hold):
        time.sleep(0.05)
    return 0


def ask_one(args, addr, port, source):
    args.addr, args.port = addr, int(port)
    try:
        sock = connect(args, bind=source, timeout=30)
        sock.sendall(request(args, "/whoami", close=True))
        status, body = Answers(sock).next()
        own = sock.getsockname()[1]
        sock.close()
        return f"{status} {body.decode().strip()} ownport={own}"
    except (OSError, ValueError, KeyError) as err:
        return f"none {type(err).__name__} {err}"


def cmd_agent(args):
    ask = os.fdopen(os.open(args.ask, os.O_RDWR), "r", encoding="ascii")
    with open(args.answer, "w", encoding="ascii") as out:
        out.write("0 ready\n")
    while True:
        number, addr, port, source = ask.readline().split()
        answer = ask_one(args, addr, port, source)
        with open(args.answer, "w", encoding="ascii") as out:
            out.write(f"{number} {answer} \n")


FLAGS = ((2, "SYN"), (16, "ACK"), (4, "RST"), (1, "FIN"), (8, "PSH"))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(args, fam, flags):
    src, dst = socket.inet_pton(fam, args.src), socket.inet_pton(fam, args.addr)
    ack = 0 if flags == 2 else 0x01020304
    head = struct.pack("!HHIIBBHHH", args.sport, args.port, 0x11223344, ack, 5 << 4, flags, 8192, 0, 0)
    pseudo = src + dst + (struct.pack("!BBH", 0, 6, len(head)) if fam == socket.AF_INET else struct.pack("!IHBB", len(head), 0, 0, 6))
    return head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]


def raw(args, flags):
    fam = family(args.addr)
    sock = socket.socket(fam, socket.SOCK_RAW, socket.IPPROTO_TCP)
    sock.bind((args.src, 0))
    sock.sendto(segment(args, fam, flags), (args.addr, 0))
    end = time.monotonic() + args.wait
    while time.monotonic() < end:
        if not select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
            break
        data, peer = sock.recvfrom(65536)
        if fam == socket.AF_INET:
            data = data[(data[0] & 15) * 4:]
        sport, dport, _seq, _ack, _off, got = struct.unpack("!HHIIBB", data[:14])
        if (peer[0], sport, dport) == (args.addr, args.port, args.sport):
            show(answer="+".join(name for bit, name in FLAGS if got & bit))
            return 0
    show(answer="none")
    return 0


def cmd_syn(args):
    return raw(args, 2)


def cmd_ack(args):
    return raw(args, 16)


def errors_of(sock):
    """Addresses in the socket's queue of errors."""
    while True:
        try:
            _data, messages, _flags, _name = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return
        for _level, _kind, data in messages:
            if data[4] in (2, 3):  # ICMP, ICMPv6
                fam = struct.unpack("H", data[16:18])[0]
                begin, size = (20, 4) if fam == socket.AF_INET else (24, 16)
                yield socket.inet_ntop(fam, data[begin:begin + size])


def cmd_trace(args):
    fam = family(args.addr)
    sock = socket.socket(fam, socket.SOCK_DGRAM if args.kind == "udp" else socket.SOCK_STREAM)
    level, hops, errors = (socket.SOL_IP, socket.IP_TTL, 11) if fam == socket.AF_INET else \
        (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 25)
    sock.setsockopt(level, hops, args.hops)
    sock.setsockopt(level, errors, 1)  # IP_RECVERR, IPV6_RECVERR
    sock.setblocking(False)
    error = sock.connect_ex((args.addr, args.port))
    if args.kind == "udp":
        sock.send(b"trace")
    poll = select.poll()
    poll.register(sock, select.POLLOUT if error == errno.EINPROGRESS else select.POLLERR)
    poll.poll(args.wait * 1000)
    by = list(errors_of(sock))
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if args.kind == "tcp" and not by and error in (0, errno.ECONNREFUSED):
        by = ["reached"]
    show(by=by[0] if by else "nobody")
    return 0


def cmd_serve(args):
    listeners = []
    for fam, addr in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        sock = socket.socket(fam, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if fam == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((addr, args.port))
        sock.listen(args.backlog)
        listeners.append(sock)
    if args.kind == "deaf":
        while True:
            time.sleep(3600)
    while True:
        for sock in select.select(listeners, [], [])[0]:
            conn, peer = sock.accept()
            if args.file:
                with open(args.file, "a", encoding="ascii") as out:
                    out.write(f"src={peer[0]} sport={peer[1]} dst={conn.getsockname()[0]}\n")
            threading.Thread(target=serve_one, args=(args.kind, conn), daemon=True).start()


def serve_one(kind, conn):
    try:
        if kind == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            conn.close()
            return
        if kind == "banner":
            conn.sendall(b"220 ready\r\n")
        while True:
            data = conn.recv(65536)
            if not data:
                if kind == "late":
                    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\nConnection: close\r\n\r\n" + bytes(1 << 20))
                break
            if kind in ("echo", "banner"):
                conn.sendall(data)
        conn.close()
    except OSError:
        pass


def parser():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    subs = top.add_subparsers(dest="command", required=True)

    def add(name, *names):
        sub = subs.add_parser(name)
        for word in names:
            sub.add_argument(word, type=int if word.endswith("port") else str)
        return sub

    for name in ("peer", "reuse", "tick", "connect", "swarm"):
        add(name, "addr", "port")
    for name in ("half", "hold"):
        add(name, "addr", "port", "path")
    odd = add("odd", "addr", "port")
    odd.add_argument("kind", choices=("mptcp", "tfo"))
    odd.add_argument("--bind")
    add("agent", "ask", "answer")
    for name in ("syn", "ack"):
        sub = add(name, "src", "sport", "addr", "port")
        sub.add_argument("--wait", type=float, default=3.0)
    for name in ("peer", "reuse", "half", "hold", "tick", "connect"):
        subs.choices[name].add_argument("--bind")
    subs.choices["reuse"].add_argument("-n", type=int, default=3)
    subs.choices["hold"].add_argument("--until")
    subs.choices["tick"].add_argument("--until", required=True)
    subs.choices["connect"].add_argument("-n", type=int, default=1)
    subs.choices["connect"].add_argument("--hold")
    subs.choices["connect"].add_argument("--wait", type=float, default=5.0)
    trace = subs.add_parser("trace")
    trace.add_argument("kind", choices=("udp", "tcp"))
    trace.add_argument("addr")
    trace.add_argument("port", type=int)
    trace.add_argument("hops", type=int)
    trace.add_argument("--wait", type=float, default=20.0)
    swarm = subs.choices["swarm"]
    swarm.add_argument("--from", dest="sources", required=True)
    swarm.add_argument("-c", type=int, default=64)
    swarm.add_argument("-n", type=int, default=10)
    swarm.add_argument("--masked", action="store_true", help="the origin is not to see the client's address")
    serve = add("serve")
    serve.add_argument("kind", choices=("echo", "banner", "late", "reset", "silent", "deaf"))
    serve.add_argument("port", type=int)
    serve.add_argument("--file")
    serve.add_argument("--backlog", type=int, default=1024)
    return top


def main():
    args = parser().parse_args()
    try:
        return globals()["cmd_" + args.command](args)
    except OSError as err:
        show(error=type(err).__name__, text=str(err).replace(" ", "_"))
        return 1


sys.exit(main())
