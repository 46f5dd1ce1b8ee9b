# SPDX-License-Identifier: GPL-2.0-only
"""Sockets in the network namespaces of client, proxy and origin; natively all three are the same."""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import termios
import time

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
POLL = 0.002


class Net:
    """client, gateway, origin: names of namespaces in /run/netns, or None for our own."""

    def __init__(self, client=None, gateway=None, origin=None):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.spaces = {role: name and os.open(f"/run/netns/{name}", os.O_RDONLY)
                       for role, name in (("client", client), ("gateway", gateway), ("origin", origin))}

    @contextlib.contextmanager
    def inside(self, role):
        space = self.spaces[role]
        if space:
            self._enter(space)
        try:
            yield
        finally:
            if space:
                self._enter(self.home)

    @staticmethod
    def _enter(space):
        if _libc.setns(space, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def connect(self, endpoint, deadline, rcvbuf=None, source=None):
        with self.inside("client"):
            sock = socket.socket()
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            sock.bind((source, 0))
        sock.settimeout(max(deadline - time.monotonic(), 0.1))
        sock.connect(endpoint)
        return sock

    def listen(self, endpoint, backlog):
        with self.inside("origin"):
            sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(endpoint)
        sock.listen(backlog)
        return sock

    def drained(self, sock, deadline):
        """Waits until the proxy has read all that was sent on sock; False if it did not."""
        try:
            local, remote = _key(sock.getpeername()), _key(sock.getsockname())
        except OSError:
            return False
        while True:
            unacked = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]
            if not unacked and not self._queued(local, remote):
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)

    def _queued(self, local, remote):
        with self.inside("gateway"), open("/proc/thread-self/net/tcp", encoding="ascii") as table:
            lines = table.readlines()
        for line in lines:
            row = line.split()
            if row[1] == local and row[2] == remote:
                return int(row[4].split(":")[1], 16)
        return 0


def _key(endpoint):
    octets = socket.inet_aton(endpoint[0])
    return f"{int.from_bytes(octets, 'little'):08X}:{endpoint[1]:04X}"
