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
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
TCP_CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING = 7, 8, 9, 11
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

    def try_connect(self, endpoint):
        """Begins to connect from where the origin is, and does not wait for it."""
        with self.inside("origin"):
            sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(endpoint)
        return sock

    def listen(self, endpoint, backlog):
        with self.inside("origin"):
            sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(endpoint)
        sock.listen(backlog)
        return sock

    @staticmethod
    def acked(sock, deadline):
        """Waits until all that was sent on sock is in the other side's kernel."""
        while struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        return True

    def drained(self, sock, deadline):
        """Waits until the proxy has read all that was sent on sock; False if it did not, or reset the connection."""
        try:
            local, remote = sock.getpeername(), sock.getsockname()
        except OSError:
            return False
        with self.inside("gateway"):
            diag = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        with diag:
            while True:
                if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE:
                    return False
                unacked = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]
                if not unacked and _queued(diag, local, remote) <= 0:
                    return True
                if time.monotonic() > deadline:
                    return False
                time.sleep(POLL)


def _queued(diag, local, remote):
    """Octets that the owner of a TCP socket has not read; 0 if there is no such socket."""
    addresses = b"".join(socket.inet_aton(endpoint[0]) + b"\0" * 12 for endpoint in (local, remote))
    request = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0xffffffff) + \
        struct.pack("!HH", local[1], remote[1]) + addresses + struct.pack("=III", 0, 0xffffffff, 0xffffffff)
    diag.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, 1, 0, 0) + request)
    answer = diag.recv(4096)
    if struct.unpack_from("=H", answer, 4)[0] != SOCK_DIAG_BY_FAMILY:
        return 0
    fin = answer[17] in (CLOSE_WAIT, LAST_ACK, CLOSING)	# counts as an octet
    return struct.unpack_from("=I", answer, 72)[0] - fin
