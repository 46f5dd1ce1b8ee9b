# SPDX-License-Identifier: GPL-2.0-only
"""One run of one case: the client, the scripted origin, what happened, in one record."""
import re
import threading
import time

import wire

SENTINEL = "/sentinel"
FORBIDDEN = "smuggled"	# no request with it in its target may ever reach an origin


class Failure(Exception):
    """A step did not find what it had to."""


class Events:
    """Counted facts that steps wait for: conn, head, request, end, and what Mark() names."""

    def __init__(self):
        self.cond = threading.Condition()
        self.counts = {}

    def emit(self, name):
        with self.cond:
            self.counts[name] = self.counts.get(name, 0) + 1
            self.cond.notify_all()

    def count(self, name):
        with self.cond:
            return self.counts.get(name, 0)

    def wait(self, name, count, deadline):
        with self.cond:
            there = self.cond.wait_for(lambda: self.counts.get(name, 0) >= count,
                                       max(deadline - time.monotonic(), 0))
        if not there:
            raise wire.Late(f"waited in vain for {name} number {count}")


class OriginConn:
    """One connection that the proxy made to the origin."""

    def __init__(self, run, sock, index, peer):
        self.run, self.index, self.peer = run, index, peer
        self.stream = wire.Stream(sock)
        self.open = None	# request of which only the head was read

    def read_head(self):
        """The next request's head, recorded; None at the end of the connection."""
        if self.open:
            self.read_rest()
        try:
            msg = wire.read_request_head(self.stream, self.run.deadline)
        except wire.Ended as end:
            self.run.note_stub(bytes(self.stream.raw[-200:]), str(end))
            return None
        if msg is None:
            return None
        msg.conn = self.index
        msg.complete = msg.framing == "none"
        self.open = msg
        self.run.note_request(msg)
        return msg

    def read_rest(self):
        msg, self.open = self.open, None
        wire.read_body(msg, self.stream, self.run.deadline)
        if msg.complete:
            self.run.events.emit("request")
        return msg

    def request(self):
        return self.read_rest() if self.read_head() else None

    def send(self, data):
        return self.stream.send(data, self.run.deadline)

    def play(self, steps):
        for step in steps:
            if step.origin(self) is False:
                return
        while True:
            msg = self.request()
            if msg is None or not msg.complete:
                break
            self.send(default_reply(msg))
        self.run.events.emit("end")
        self.stream.close()


def default_reply(msg):
    body = f"[{msg.method} {msg.target}]".encode("latin-1")
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: text/plain\r\n\r\n".encode()
    return head if msg.method == "HEAD" else head + body


class Origin:
    """The origin server of one run: connection number n plays script n, further ones answer everything."""

    def __init__(self, run, endpoint, scripts, backlog=32):
        self.run, self.scripts = run, scripts
        self.conns, self.threads = [], []
        self.listener = run.net.listen(endpoint, max(backlog, 0))
        self.fill = []
        if backlog < 0:		# nobody accepts, and the queue is full: further connections wait for ever
            self.fill = [run.net.try_connect(endpoint) for _ in range(4)]
            backlog = -1
        self.thread = threading.Thread(target=self.accept if backlog >= 0 else lambda: None, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            conn = OriginConn(self.run, sock, len(self.conns), peer)
            self.conns.append(conn)
            self.run.events.emit("conn")
            thread = threading.Thread(target=self.serve, args=(conn,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, conn):
        script = self.scripts[conn.index] if conn.index < len(self.scripts) else []
        try:
            conn.play(script)
        except (wire.Malformed, Failure) as why:
            self.run.fail(f"origin, connection {conn.index + 1}: {why}")
            conn.stream.abort()
        except (wire.Ended, wire.Late, OSError, ValueError) as why:
            if not self.run.over:
                self.run.fail(f"origin, connection {conn.index + 1}: {type(why).__name__}: {why}")
            conn.stream.abort()

    def stop(self):
        try:
            self.listener.shutdown(2)
        except OSError:
            pass
        self.listener.close()
        for sock in self.fill:
            sock.close()
        self.thread.join(5)
        for conn in self.conns:
            try:
                conn.stream.sock.shutdown(2)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(5)
        for conn in self.conns:
            conn.stream.close()


class Client:
    """One connection of a client to the proxy."""

    def __init__(self, run, name, **how):
        self.run, self.name = run, name
        self.stream = wire.Stream(run.net.connect(run.place.connect, run.deadline, **how))
        self.methods = []
        self.responses = []
        self.tunnel = False
        self.half_closed = False

    def send(self, data):
        self.methods += request_methods(data)
        return self.stream.send(data, self.run.deadline)

    def method(self):
        return self.methods[len(self.responses)] if len(self.responses) < len(self.methods) else "GET"

    def read(self):
        """The next final response, recorded; None at the end of the connection, be it after interim ones."""
        msg = wire.read_response(self.stream, self.method(), self.run.deadline)
        if msg:
            self.responses.append(msg)
            self.tunnel = msg.status == 101 or self.methods[len(self.responses) - 1:len(self.responses)] == \
                ["CONNECT"] and msg.status < 300
        return msg


def request_methods(data):
    """Methods of the requests that begin in these octets, in order: a guess good enough for HEAD and CONNECT."""
    return [method.decode() for method in re.findall(rb"(?:\A|\n|(?<=[0-9]))([A-Za-z]+) [^\r\n ]+ HTTP/1\.[01]\r?\n", data)]


class Place:
    """Where a case runs: addresses and names that its texts may use."""

    def __init__(self, mode, connect, origin, barrier, words):
        self.mode, self.connect, self.origin, self.barrier = mode, connect, origin, barrier
        self.words, self.target = words, None

    def expand(self, text):
        data = text.encode("latin-1") if isinstance(text, str) else bytes(text)
        for word, value in self.words:
            data = data.replace(word, value)
        return data


class Run:
    """Everything that happens while a case is played."""

    def __init__(self, case, place, net, seconds):
        self.case, self.place, self.net = case, place, net
        self.deadline = time.monotonic() + seconds
        self.events = Events()
        self.lock = threading.Lock()
        self.requests = []	# of the case, in the order of their heads
        self.sentinels = []
        self.stubs = []		# heads that ended before they were whole
        self.failures = []
        self.clients = {}
        self.over = self.frozen = False
        self.end = "unknown"
        self.trace = []

    def fail(self, why):
        with self.lock:
            self.failures.append(why)

    def note_request(self, msg):
        with self.lock:
            (self.sentinels if msg.target.endswith(SENTINEL) else self.requests).append(msg)
        if FORBIDDEN in msg.target:
            self.fail(f"the origin got a request that nobody made: {msg.start!r}")
        self.events.emit("head")

    def note_stub(self, octets, why):
        with self.lock:
            self.stubs.append((octets, why))

    def client(self, name="a", **how):
        if name not in self.clients:
            self.clients[name] = Client(self, name, **how)
        return self.clients[name]

    def play(self):
        """Return: failures, empty if the case passed."""
        origin = self.origin = None
        try:
            if self.case.listen:
                origin = self.origin = Origin(self, self.place.origin, self.case.origin, self.case.backlog)
            self.play_client()
        except (wire.Malformed, wire.Late, wire.Ended, Failure, OSError) as why:
            self.fail(f"client: {type(why).__name__}: {why}")
        finally:
            self.over = True
            if self.frozen:
                self.place.target.thaw()
            for client in self.clients.values():
                client.stream.close()
            if origin:
                origin.stop()
        return self.failures

    def play_client(self):
        for step in self.case.client:
            step.client(self)
        if self.case.outcomes:
            self.collect()
            self.judge()
        for check in self.case.checks:
            try:
                why = check(self)
            except (IndexError, KeyError, AttributeError) as err:
                why = f"what the check looks at is not there: {err!r}"
            if why:
                self.fail(why)

    def collect(self):
        """Reads the rest of the main connection, and finds out whether it goes on."""
        client = self.client()
        most = max(len(outcome.responses) for outcome in self.case.outcomes)
        ends = {outcome.end for outcome in self.case.outcomes}
        while len(client.responses) < most and client.read():
            pass
        if client.tunnel:
            self.end = "tunnel"
            return
        if client.stream.eof and client.stream.pos == len(client.stream.raw):
            self.end = "reset" if client.stream.reset else "closed"
        elif not self.case.listen or self.case.backlog < 0 or self.case.profile == "slow" and ends == {None}:
            self.end = "unknown"
        elif ends == {"closed"} or client.half_closed:
            while client.read():
                pass
            self.end = "reset" if client.stream.reset else "closed"
        else:
            self.sentinel(client)
        self.barrier()

    def sentinel(self, client):
        """One more request: does the connection go on, and is the next response its own?"""
        client.methods = client.methods[:len(client.responses)]
        if self.case.closes:	# else it would be a race for an idle connection that is being closed
            try:
                self.events.wait("end", 1, min(self.deadline, time.monotonic() + 3))
            except wire.Late:
                pass
        client.send(self.place.expand(f"GET $U{SENTINEL} HTTP/1.1\r\nHost: $HOST\r\n\r\n"))
        answer = client.read()
        if answer is None:
            self.end = "reset" if client.stream.reset else "closed"
        elif answer.status == 200 and answer.body == f"[GET {SENTINEL}]".encode():
            self.end = "open"
            client.responses.pop()
        else:
            self.end = "open"
            self.fail(f"a further request was answered by {answer} {answer.body[:60]!r}")

    def barrier(self):
        """What the proxy forwarded before has reached the origin when a later request of another client has."""
        if not self.place.barrier or not self.case.listen:
            return
        while not self.pass_barrier():
            if self.case.profile != "slow":	# short times may be too short for a busy machine, once
                self.fail("another client was not served")
                return

    def pass_barrier(self):
        stream = wire.Stream(self.net.connect(self.place.barrier, self.deadline))
        try:
            stream.send(self.place.expand("GET $BARRIER/ HTTP/1.1\r\nHost: $BHOST\r\nConnection: close\r\n\r\n"),
                        self.deadline)
            answer = wire.read_response(stream, "GET", self.deadline)
            return answer is not None and answer.status == 200
        except (wire.Ended, wire.Malformed):
            return False
        finally:
            stream.close()

    def judge(self):
        whys = []
        for outcome in self.case.outcomes:
            why = outcome.mismatch(self)
            if not why:
                return
            whys.append(why)
        for why in whys:
            self.fail(why)

    def story(self):
        """What was seen, for a person who looks for the reason of a failure."""
        for client in self.clients.values():
            raw = bytes(client.stream.raw)
            yield f"client {client.name} got {len(raw)} octets{', reset' if client.stream.reset else ''}: {raw[:700]!r}"
        for msg in self.requests:
            yield f"origin, connection {msg.conn + 1}: {msg} {msg.head[:500]!r} {msg.body[:100]!r}"
        for octets, why in self.stubs:
            yield f"origin: no whole head, {why}: {octets!r}"
        yield f"client connection: {self.end}"
