#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""hostile.py COMMAND ...: what a worker that was taken over could try. Answers are key=value words on one line.

  ask PID LOCAL LPORT CLIENT CPORT [POLICY]   stop the worker and ask its parent, on the worker's own channel, for a
                                              socket with the address of the client of that connection. The worker goes
                                              on afterwards
  syn UID SOURCE ADDR PORT                    a transparent socket of that user connects from SOURCE; errno=0: it did
"""
import ctypes
import errno
import os
import signal
import socket
import struct
import sys
import time

WANT_SOCKET, SOCKET = 10, 11
PIDFD_GETFD = 438
MESSAGE = struct.Struct("=IIII H16sH H16sH 16s")


def show(**values):
    print(" ".join(f"{key}={value}" for key, value in values.items()), flush=True)


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def channel_of(pid):
    """The last of the worker's channels is a thread's; the first is the control channel."""
    pidfd, libc = os.pidfd_open(pid), ctypes.CDLL(None, use_errno=True)
    for number in sorted(map(int, os.listdir(f"/proc/{pid}/fd")), reverse=True):
        if not os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"):
            continue
        fd = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        sock = socket.socket(fileno=fd)
        if sock.family == socket.AF_UNIX and sock.type == socket.SOCK_SEQPACKET:
            return sock
        sock.close()
    raise SystemExit("no channel")


def ends(addr, port):
    return family(addr), socket.inet_pton(family(addr), addr).ljust(16, b"\0"), port


def is_stopped(pid):
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as f:
            if f.read().rsplit(")", 1)[1].split()[0] != "T":
                return False
    return True


def ask(args):
    pid, local, lport, client, cport = int(args[0]), args[1], int(args[2]), args[3], int(args[4])
    policy = int(args[5]) if len(args) > 5 else 0
    os.kill(pid, signal.SIGSTOP)
    try:
        while not is_stopped(pid):
            time.sleep(0.01)
        channel = channel_of(pid)
        channel.settimeout(20)
        channel.send(MESSAGE.pack(WANT_SOCKET, 4711, policy, 0, *ends(local, lport), *ends(client, cport), b""))
        data, fds, _flags, _addr = socket.recv_fds(channel, MESSAGE.size, 1)
    finally:
        os.kill(pid, signal.SIGCONT)
    kind, number, err, *_rest = MESSAGE.unpack(data)
    if kind != SOCKET or number != 4711:
        raise SystemExit(f"not an answer: {data!r}")
    if not fds:
        show(errno=errno.errorcode[err])
        return 0
    sock = socket.socket(fileno=fds[0])
    show(errno=0, address=sock.getsockname()[0], port=sock.getsockname()[1])
    return 0


def syn(args):
    uid, source, addr, port = int(args[0]), args[1], args[2], int(args[3])
    os.setresuid(-1, uid, -1)
    sock = socket.socket(family(addr), socket.SOCK_STREAM)
    os.setresuid(-1, 0, -1)
    if family(addr) == socket.AF_INET:
        sock.setsockopt(socket.SOL_IP, 19, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, 75, 1)
    sock.bind((source, 0))
    sock.settimeout(2)
    try:
        sock.connect((addr, port))
    except TimeoutError:
        show(errno="ETIMEDOUT")
        return 0
    except OSError as err:
        show(errno=errno.errorcode[err.errno])
        return 0
    show(errno=0)
    return 0


if __name__ == "__main__":
    COMMANDS = {"ask": ask, "syn": syn}
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:]))
