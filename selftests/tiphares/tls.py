#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tls.py COMMAND ADDR PORT ...: clients that decide octet by octet what they send. Answers are key=value words.

  get ADDR PORT PATH [--name N] [--records N] [--pieces N]   a request over TLS; the ClientHello in records of N octets,
                                       in segments of N octets; who has answered, and its certificate's fingerprint
  raw ADDR PORT PART...                sends the parts, one after the other, and tells what came: got=HEX end=eof|reset|open
      text:T hex:H                     T with \\r and \\n; octets in hexadecimal
      answer:N                         waits for N octets first
      fin                              shuts the sending side down
      wait:FILE                        waits till FILE exists
      close                            ends; else reads on to the end, or till --wait seconds are over
  hello N [--records N]                a ClientHello for the name N, in hexadecimal
  [--bind A]
Exit code: 0 done, 1 not as it should be, 2 usage.
"""
import argparse
import hashlib
import os
import socket
import ssl
import sys
import time

LIMIT = 60.0


def connect(args):
    sock = socket.socket(socket.AF_INET6 if ":" in args.addr else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(LIMIT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if args.bind:
        sock.bind((args.bind, 0))
    sock.connect((args.addr, args.port))
    return sock


def show(**values):
    print(" ".join(f"{key}={value}" for key, value in values.items()), flush=True)


class Tls:
    """A client whose octets go through our hands."""

    def __init__(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def hello(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def repack(octets, size):
    """One record as many."""
    if not size:
        return octets
    payload = octets[5:]
    out = b""
    for i in range(0, len(payload), size):
        part = payload[i:i + size]
        out += octets[:3] + len(part).to_bytes(2, "big") + part
    return out


def until_done(sock, tls, step):
    while True:
        try:
            result = step()
            sock.sendall(tls.outgoing.read())
            return result
        except ssl.SSLWantReadError:
            sock.sendall(tls.outgoing.read())
            more = sock.recv(65536)
            if not more:
                raise ConnectionError("closed")
            tls.incoming.write(more)


def cmd_get(args):
    sock, tls = connect(args), Tls(args.name)
    first = repack(tls.hello(), args.records)
    size = args.pieces or len(first)
    for i in range(0, len(first), size):
        sock.sendall(first[i:i + size])
    until_done(sock, tls, tls.tls.do_handshake)
    request = f"GET {args.path} HTTP/1.1\r\nHost: {args.name or args.addr}\r\nConnection: close\r\n\r\n".encode()
    until_done(sock, tls, lambda: tls.tls.write(request))
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"\n"):
        more = until_done(sock, tls, lambda: tls.tls.read(65536))
        if not more:
            break
        answer += more
    seal = hashlib.sha256(tls.tls.getpeercert(binary_form=True)).hexdigest()
    print(f"hello={len(first)} alpn={tls.tls.selected_alpn_protocol()} seal={seal}", answer.split(b"\r\n\r\n", 1)[1].decode(), flush=True)
    return 0


def octets_of(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def raw(args, sock, got):
    for part in args.parts:
        kind, _, value = part.partition(":")
        if kind == "text":
            sock.sendall(octets_of(value))
        elif kind == "hex":
            sock.sendall(bytes.fromhex(value))
        elif kind == "answer":
            while len(got) < int(value):
                more = sock.recv(65536)
                if not more:
                    return "eof"
                got += more
        elif kind == "fin":
            sock.shutdown(socket.SHUT_WR)
        elif kind == "wait":
            end = time.monotonic() + LIMIT
            while not os.path.exists(value) and time.monotonic() < end:
                time.sleep(0.02)
        elif kind == "close":
            return "closed"
        else:
            raise SystemExit(2)
    sock.settimeout(args.wait)
    while True:
        more = sock.recv(65536)
        if not more:
            return "eof"
        got += more


def cmd_raw(args):
    got = bytearray()
    try:
        end = raw(args, connect(args), got)
    except socket.timeout:
        end = "open"
    except ConnectionError:
        end = "reset"
    text = "".join(chr(c) if 32 < c < 127 else "_" for c in got)
    show(got=got.hex(), text=text, octets=len(got), end=end)
    return 0


def cmd_hello(args):
    print(repack(Tls(args.addr).hello(), args.records).hex())
    return 0


def main():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    subs = top.add_subparsers(dest="command", required=True)
    for name in ("get", "raw", "hello"):
        sub = subs.add_parser(name)
        sub.add_argument("addr")
        if name != "hello":
            sub.add_argument("port", type=int)
            sub.add_argument("--bind")
        if name == "get":
            sub.add_argument("path")
            sub.add_argument("--name")
            sub.add_argument("--pieces", type=int, default=0)
        if name == "raw":
            sub.add_argument("parts", nargs="*")
            sub.add_argument("--wait", type=float, default=LIMIT)
        else:
            sub.add_argument("--records", type=int, default=0)
    args = top.parse_args()
    try:
        return globals()["cmd_" + args.command](args)
    except (OSError, ssl.SSLError) as err:
        show(error=type(err).__name__, text=str(err).replace(" ", "_"))
        return 1


sys.exit(main())
