# SPDX-License-Identifier: GPL-2.0-only
"""Sockets that remember every octet, and a reader of HTTP/1.1 that forgives nothing.

What the proxy sends, to origins and to clients, is read by this reader and by nothing else. It is written from
the grammar of RFC 9110 and 9112 and shares no code with the daemon. A message that it can't read is Malformed; one
that stops before its end is Ended.
"""
import select
import socket
import struct
import time

TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789"
                  b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGIT = frozenset(b"0123456789")
HEX = frozenset(b"0123456789abcdefABCDEF")
HOST = TOKEN | frozenset(b":[]()!,;=%") - frozenset(b"#^`|\"")
LINE_MAX = 1 << 20


class Malformed(Exception):
    """The proxy sent what is not HTTP/1.1."""


class Ended(Exception):
    """The connection ended before the message did."""

    def __init__(self, what, reset):
        super().__init__(f"{'reset' if reset else 'closed'} in {what}")
        self.reset = reset


class Late(Exception):
    """What was waited for did not come in time."""


class Stream:
    """A connected socket; reads while it sends, so that neither side can block the other for ever."""

    def __init__(self, sock):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.raw = bytearray()
        self.pos = 0
        self.eof = False
        self.reset = False
        self.send_failed = False
        self.sent = 0

    def more(self, deadline, limit=1 << 16):
        """Reads once; False at the end of the stream."""
        while not self.eof:
            try:
                data = self.sock.recv(limit)
            except BlockingIOError:
                if not self.ready(select.POLLIN, deadline):
                    raise Late("nothing more came") from None
                continue
            except OSError:
                self.eof = self.reset = True
                return False
            if not data:
                self.eof = True
                return False
            self.raw += data
            return True
        return False

    def send(self, data, deadline):
        """Sends all of it, unless the other side is gone: False then."""
        view = memoryview(data)
        while view:
            try:
                done = self.sock.send(view[:1 << 18])
                view = view[done:]
                self.sent += done
                continue
            except BlockingIOError:
                pass
            except OSError:
                self.send_failed = True
                return False
            ready = self.ready(select.POLLOUT | (0 if self.eof else select.POLLIN), deadline)
            if not ready:
                raise Late(f"the other side does not take more than {self.sent} octets")
            if ready & select.POLLIN:
                self.more(deadline)
        return True

    def ready(self, events, deadline):
        """Waits for one of the events; 0 when the time is over."""
        left = min(deadline - time.monotonic(), 3600)
        if left <= 0:
            return 0
        poll = select.poll()
        poll.register(self.sock, events)
        return sum(mask for _, mask in poll.poll(left * 1000))

    def half_close(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.send_failed = True

    def close(self):
        self.sock.close()

    def abort(self):
        """Ends the connection with a reset."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.sock.close()

    # reading, from self.pos on

    def pending(self):
        return bytes(self.raw[self.pos:])

    def at_end(self, deadline):
        """Is there nothing more to come? Waits until that is known."""
        while self.pos == len(self.raw):
            if not self.more(deadline):
                return True
        return False

    def exactly(self, count, what, deadline):
        while len(self.raw) - self.pos < count:
            if not self.more(deadline):
                raise Ended(what, self.reset)
        data = bytes(self.raw[self.pos:self.pos + count])
        self.pos += count
        return data

    def line(self, what, deadline):
        """One line without its CR LF."""
        start = self.pos
        while True:
            end = self.raw.find(b"\n", start)
            if end >= 0:
                break
            if len(self.raw) - self.pos > LINE_MAX:
                raise Malformed(f"{what}: a line without end")
            start = len(self.raw)
            if not self.more(deadline):
                raise Ended(what, self.reset)
        data = bytes(self.raw[self.pos:end])
        self.pos = end + 1
        if not data.endswith(b"\r"):
            raise Malformed(f"{what}: LF without CR: {data[-80:]!r}")
        return data[:-1]


class Message:
    """A request or a response as it was read."""

    def __init__(self):
        self.start = b""
        self.head = b""
        self.fields = []
        self.body = b""
        self.chunks = []
        self.trailers = []
        self.framing = "none"
        self.complete = False
        self.ended = ""
        self.interim = []

    def all(self, name):
        name = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self.fields if key.lower() == name]

    def list(self, name):
        return [item.strip(" \t") for value in self.all(name) for item in value.split(",") if item.strip(" \t")]

    def __str__(self):
        state = "" if self.complete else f", incomplete ({self.ended})"
        return f"{self.start.decode('latin-1')} [{self.framing}, {len(self.body)} octets{state}]"


class Request(Message):
    method = target = version = ""
    conn = 0


class Response(Message):
    status = 0
    reason = version = ""


def _text(value):
    return all(octet == 9 or octet >= 32 and octet != 127 for octet in value)


def field_line(line, what):
    if line[:1] in (b" ", b"\t"):
        raise Malformed(f"{what}: a folded line: {line[:60]!r}")
    name, colon, value = line.partition(b":")
    if not colon or not name or not TOKEN.issuperset(name):
        raise Malformed(f"{what}: no field line: {line[:60]!r}")
    if not _text(value):
        raise Malformed(f"{what}: control octets in a value: {line[:80]!r}")
    return name, value.strip(b" \t")


def read_fields(stream, what, deadline):
    fields = []
    while True:
        line = stream.line(what, deadline)
        if not line:
            return fields
        fields.append(field_line(line, what))


def content_length(msg, what):
    """None, or the one length it has."""
    values = msg.all("Content-Length")
    if not values:
        return None
    if len(values) > 1 or not values[0] or not set(values[0].encode("latin-1")) <= DIGIT:
        raise Malformed(f"{what}: Content-Length {values}")
    return int(values[0])


def is_chunked(msg, what):
    values = msg.all("Transfer-Encoding")
    if not values:
        return False
    if len(values) > 1 or values[0].lower() != "chunked":
        raise Malformed(f"{what}: Transfer-Encoding {values}")
    if msg.all("Content-Length"):
        raise Malformed(f"{what}: Transfer-Encoding and Content-Length")
    return True


def chunk_size(line, what):
    size, semicolon, extension = line.partition(b";")
    if not size or not HEX.issuperset(size) or len(size) > 16:
        raise Malformed(f"{what}: chunk size line {line[:60]!r}")
    if semicolon and not _text(extension):
        raise Malformed(f"{what}: chunk extension {line[:60]!r}")
    return int(size, 16)


def read_content(stream, length, parts, what, deadline):
    """Content in pieces, so that what came of a truncated one is known."""
    while length:
        if stream.pos == len(stream.raw) and not stream.more(deadline):
            raise Ended(what, stream.reset)
        piece = bytes(stream.raw[stream.pos:stream.pos + length])
        stream.pos += len(piece)
        length -= len(piece)
        parts.append(piece)


def read_chunked(msg, stream, what, deadline):
    parts = []
    try:
        while size := chunk_size(stream.line(what, deadline), what):
            msg.chunks.append(size)
            read_content(stream, size, parts, what, deadline)
            if stream.exactly(2, what, deadline) != b"\r\n":
                raise Malformed(f"{what}: no CR LF behind a chunk")
        msg.trailers = read_fields(stream, what + ", trailers", deadline)
    finally:
        msg.body = b"".join(parts)


def read_length(msg, stream, length, what, deadline):
    parts = []
    try:
        read_content(stream, length, parts, what, deadline)
    finally:
        msg.body = b"".join(parts)


def read_head(msg, stream, what, deadline):
    begin = stream.pos
    msg.start = stream.line(what + ", first line", deadline)
    msg.fields = read_fields(stream, what + ", fields", deadline)
    msg.head = bytes(stream.raw[begin:stream.pos])


def read_request_head(stream, deadline):
    """A request's head; None when the connection ended before it began."""
    if stream.at_end(deadline):
        return None
    msg, what = Request(), "request"
    read_head(msg, stream, what, deadline)
    parts = msg.start.split(b" ")
    if len(parts) != 3 or not parts[0] or not TOKEN.issuperset(parts[0]):
        raise Malformed(f"request line {msg.start[:100]!r}")
    if not parts[1] or any(octet <= 32 or octet == 127 for octet in parts[1]):
        raise Malformed(f"request target {parts[1][:100]!r}")
    if parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Malformed(f"request version {parts[2]!r}")
    msg.method, msg.target, msg.version = (part.decode("latin-1") for part in parts)
    hosts = msg.all("Host")
    if len(hosts) > 1 or not hosts and msg.version == "HTTP/1.1":
        raise Malformed(f"request with Host {hosts}")
    if hosts and not HOST.issuperset(hosts[0].encode("latin-1")):
        raise Malformed(f"request with Host {hosts[0]!r}")
    length = content_length(msg, what)
    msg.framing = "chunked" if is_chunked(msg, what) else "none" if length is None else "length"
    if msg.framing == "chunked" and msg.version == "HTTP/1.0":
        raise Malformed("chunked in an HTTP/1.0 request")
    return msg


def read_body(msg, stream, deadline):
    what = f"body of {msg.start.decode('latin-1')[:60]}"
    try:
        if msg.framing == "chunked":
            read_chunked(msg, stream, what, deadline)
        elif msg.framing == "length":
            read_length(msg, stream, content_length(msg, what), what, deadline)
        elif msg.framing == "close":
            while stream.more(deadline):
                pass
            msg.body = stream.pending()
            stream.pos = len(stream.raw)
            if stream.reset:
                raise Ended(what, True)
        msg.complete = True
    except Ended as end:
        msg.ended = str(end)
    except Late as late:
        msg.ended = str(late)
        raise


def status_line(msg):
    start = msg.start
    if len(start) < 13 or start[:7] != b"HTTP/1." or start[7:8] not in (b"0", b"1") or start[8:9] != b" ":
        raise Malformed(f"status line {start[:80]!r}")
    if not DIGIT.issuperset(start[9:12]) or start[9] == 48 or start[12:13] != b" " or not _text(start[13:]):
        raise Malformed(f"status line {start[:80]!r}")
    msg.version, msg.status, msg.reason = start[:8].decode(), int(start[9:12]), start[13:].decode("latin-1")


def response_framing(msg, method):
    what = f"response {msg.status}"
    length, chunked = content_length(msg, what), is_chunked(msg, what)
    if msg.status < 200 or msg.status == 204 or method == "CONNECT" and msg.status < 300:
        if length is not None or chunked:
            raise Malformed(f"{what} with framing fields")
        return "none"
    if chunked and msg.version == "HTTP/1.0":
        raise Malformed("chunked in an HTTP/1.0 response")
    if method == "HEAD" or msg.status == 304:
        return "none"
    return "chunked" if chunked else "close" if length is None else "length"


def read_response_head(stream, method, deadline):
    """The next response's head, interim or final; None when the connection ended before it."""
    if stream.at_end(deadline):
        return None
    msg = Response()
    read_head(msg, stream, "response", deadline)
    status_line(msg)
    msg.framing = response_framing(msg, method)
    return msg


def read_response(stream, method, deadline):
    """The next final response with its body and the interim ones before it; None: the connection ended."""
    interim = []
    while True:
        msg = read_response_head(stream, method, deadline)
        if msg is None:
            return None
        if msg.status >= 200 or msg.status == 101:
            break
        interim.append(msg)
    msg.interim = interim
    if msg.status == 101:
        msg.complete = True
    else:
        read_body(msg, stream, deadline)
    return msg
