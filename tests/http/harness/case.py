# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary of the case files: steps, expectations, and the shapes that most cases have.

A text may say $HOST (the authority that leads to the case's origin), $U (empty, or http://$HOST where requests are in
absolute-form), $ADDR (the origin's address and port), $DEAD (an authority where nobody listens), $ALT (an authority
with two addresses, the first of them dead), $SELF (the proxy's own address and port), $PORT (the origin's port).
"""
import play
import wire

MUST, SHOULD, PRODUCT = "MUST", "SHOULD", "PRODUCT"
CASES = []
MODES = ("reverse", "forward", "transparent")
HOST = "Host: $HOST\r\n"
END = HOST + "\r\n"
CLIENT_ERROR = set(range(400, 500)) | {501, 505}
GATEWAY_ERROR = {502, 503, 504}


# ---- steps: of the client (a Run), of an origin connection, or of both -----------------------------------------------

class Step:
    def client(self, run):
        raise NotImplementedError(f"{self} is no step of a client")

    def origin(self, conn):
        raise NotImplementedError(f"{self} is no step of an origin")

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class Send(Step):
    """All of it at once; a client that is not taken serious any more (the proxy closed) is no failure."""

    def __init__(self, data, conn="a"):
        self.data, self.conn = data, conn

    def client(self, run):
        run.client(self.conn).send(run.place.expand(self.data))

    def origin(self, conn):
        conn.send(conn.run.place.expand(self.data))


class As(Step):
    """Client: connects from this address, or with such a buffer. Before anything else."""

    def __init__(self, source=None, rcvbuf=None):
        self.source, self.rcvbuf = source, rcvbuf

    def client(self, run):
        run.client(source=self.source and run.place.expand(self.source).decode(), rcvbuf=self.rcvbuf)


class Pieces(Step):
    """Each piece is sent when the proxy has read the one before."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def client(self, run):
        client = run.client()
        client.methods += play.request_methods(run.place.expand(b"".join(
            p.encode("latin-1") if isinstance(p, str) else p for p in self.pieces)))
        for piece in self.pieces:
            client.stream.send(run.place.expand(piece), run.deadline)
            run.net.drained(client.stream.sock, run.deadline)

    def origin(self, conn):
        for piece in self.pieces:
            conn.send(conn.run.place.expand(piece))
            conn.run.net.drained(conn.stream.sock, conn.run.deadline)


def Octets(text):
    """One octet a time. Placeholders must not be cut: only for texts without them."""
    data = text.encode("latin-1") if isinstance(text, str) else text
    return Pieces(*(data[i:i + 1] for i in range(len(data))))


class EachOctet(Step):
    """One octet a time, after the placeholders were filled in."""

    def __init__(self, text):
        self.text = text

    def client(self, run):
        Octets(run.place.expand(self.text)).client(run)
        run.client().methods = play.request_methods(run.place.expand(self.text))

    def origin(self, conn):
        Octets(conn.run.place.expand(self.text)).origin(conn)


class Drip(Step):
    """Sends a text again and again, one each interval, until the proxy answers or ends the connection, at most so many
    times."""

    def __init__(self, begin, again, interval=0.1, times=1 << 30):
        self.begin, self.again, self.interval, self.times = begin, again, interval, times

    def client(self, run):
        client = run.client()
        client.send(run.place.expand(self.begin))
        self._drip(client.stream, run.place.expand(self.again), run)

    def origin(self, conn):
        conn.send(conn.run.place.expand(self.begin))
        self._drip(conn.stream, conn.run.place.expand(self.again), conn.run)

    def _drip(self, stream, data, run):
        have, count = len(stream.raw), 0
        while stream.send(data, run.deadline) and not stream.eof and len(stream.raw) == have:
            count += 1
            if count == self.times:
                return
            if wire.time.monotonic() > run.deadline:
                raise wire.Late("the proxy bears the drip for ever")
            try:
                stream.more(wire.time.monotonic() + self.interval)
            except wire.Late:
                pass


class Sip(Step):
    """Client: reads so many octets each interval, until the proxy has ended the connection or all of it is there."""

    def __init__(self, octets, interval=0.1):
        self.octets, self.interval = octets, interval

    def client(self, run):
        stream = run.client().stream
        while stream.more(run.deadline, self.octets):
            wire.time.sleep(self.interval)


class SendSome(Step):
    """Sends all of it, and marks when the proxy takes no more for the moment, or when all is sent."""

    def __init__(self, data, mark):
        self.data, self.mark = data, mark

    def client(self, run):
        self._send(run.client().stream, run)

    def origin(self, conn):
        self._send(conn.stream, conn.run)

    def _send(self, stream, run):
        view = memoryview(self.data)
        while view:
            if not stream.ready(wire.select.POLLOUT, min(run.deadline, wire.time.monotonic() + 0.5)):
                break
            view = view[stream.sock.send(view[:1 << 18]):]
        run.events.emit(self.mark)
        if not stream.send(view, run.deadline):
            raise play.Failure("the proxy ended the connection")


class Stall(Step):
    """Origin: reads nothing until the proxy ends the connection."""

    def origin(self, conn):
        while not conn.stream.ready(wire.select.POLLHUP | wire.select.POLLRDHUP, conn.run.deadline):
            if wire.time.monotonic() > conn.run.deadline or conn.run.over:
                raise wire.Late("the proxy bears it for ever")
        conn.run.events.emit("end")
        conn.stream.close()
        return False


class Drained(Step):
    """The proxy has read everything that was sent, or has ended the connection."""

    def client(self, run):
        self._wait(run.client().stream, run)

    def origin(self, conn):
        self._wait(conn.stream, conn.run)

    def _wait(self, stream, run):
        if not run.net.drained(stream.sock, run.deadline) and wire.time.monotonic() > run.deadline:
            raise wire.Late("the proxy does not read")


class Acked(Step):
    """Origin: what it sent has reached the proxy's machine, read or not."""

    def origin(self, conn):
        if not conn.run.net.acked(conn.stream.sock, conn.run.deadline):
            raise wire.Late("octets do not arrive")


class NotReset(Step):
    """Client: what it sent after its response was read, not answered with a reset: other kernels than Linux would
    throw away the response too."""

    def client(self, run):
        sock = run.client().stream.sock
        if not run.net.drained(sock, run.deadline):
            raise play.Failure("reset while the client was still sending")


class Wait(Step):
    """Until an event was counted that often: conn, head, request, end at the origin, or a Mark()."""

    def __init__(self, name, count=1):
        self.name, self.count = name, count

    def client(self, run):
        run.events.wait(self.name, self.count, run.deadline)

    def origin(self, conn):
        conn.run.events.wait(self.name, self.count, conn.run.deadline)


class Mark(Step):
    def __init__(self, name):
        self.name = name

    def client(self, run):
        run.events.emit(self.name)

    def origin(self, conn):
        conn.run.events.emit(self.name)


class Freeze(Step):
    """Client: the proxy stands still until Thaw(). What both sides send meanwhile comes to it in one moment."""

    def client(self, run):
        run.place.target.freeze()
        run.frozen = True


class Thaw(Step):
    def client(self, run):
        run.frozen = False
        run.place.target.thaw()


class HalfClose(Step):
    def client(self, run):
        run.client().half_closed = True
        run.client().stream.half_close()

    def origin(self, conn):
        conn.stream.half_close()


class Close(Step):
    """Client: leaves. Origin: half-closes, then waits for the proxy's end: nothing that it sent can be lost."""

    def __init__(self, conn="a"):
        self.conn = conn

    def client(self, run):
        run.client(self.conn).stream.close()

    def origin(self, conn):
        conn.stream.half_close()
        try:
            while conn.stream.more(conn.run.deadline):
                pass
        except (wire.Late, OSError, ValueError):
            pass
        conn.run.events.emit("end")
        conn.stream.close()
        return False


class Reset(Step):
    def client(self, run):
        run.client().stream.abort()

    def origin(self, conn):
        conn.run.net.drained(conn.stream.sock, conn.run.deadline)
        conn.stream.abort()
        conn.run.events.emit("end")
        return False


class PeerEnd(Step):
    """The proxy ends the connection; what it still sends is thrown away, unless nothing may come."""

    def __init__(self, empty=False):
        self.empty = empty

    def client(self, run):
        self._wait(run.client().stream, run)

    def origin(self, conn):
        self._wait(conn.stream, conn.run)
        conn.run.events.emit("end")
        conn.stream.close()
        return False

    def _wait(self, stream, run):
        while stream.more(run.deadline):
            pass
        rest = stream.pending()
        stream.pos = len(stream.raw)
        if self.empty and rest:
            raise play.Failure(f"the proxy sent more: {rest[:80]!r}")


class Recv(Step):
    """Exactly these octets come next: in a tunnel."""

    def __init__(self, data, conn="a"):
        self.data, self.conn = data, conn

    def client(self, run):
        self._check(run.client(self.conn).stream, run)

    def origin(self, conn):
        self._check(conn.stream, conn.run)

    def _check(self, stream, run):
        want = run.place.expand(self.data)
        got = stream.exactly(len(want), "tunnel", run.deadline)
        if got != want:
            raise play.Failure(f"wanted {want[:80]!r} ({len(want)}), got {got[:80]!r}")


class Eof(Step):
    """The peer's FIN, nothing before it, no reset."""

    def client(self, run):
        self._check(run.client().stream, run)

    def origin(self, conn):
        self._check(conn.stream, conn.run)

    def _check(self, stream, run):
        if not stream.at_end(run.deadline):
            raise play.Failure(f"octets where the end should be: {stream.pending()[:80]!r}")
        if stream.reset:
            raise play.Failure("reset where the end should be")


class ResetSeen(Step):
    """Client: the connection ends with a reset."""

    def client(self, run):
        stream = run.client().stream
        while stream.more(run.deadline):
            pass
        if not stream.reset:
            raise play.Failure("closed where a reset should be")


class Get(Step):
    """Client: the next final response, checked against R() if one is given."""

    def __init__(self, want=None, conn="a"):
        self.want, self.conn = want, conn

    def client(self, run):
        msg = run.client(self.conn).read()
        why = self.want and ("the connection ended" if msg is None else self.want.mismatch(msg, run))
        if why:
            raise play.Failure(f"{why}: {msg}")


class GetInterim(Step):
    """Client: the next response is this interim one."""

    def __init__(self, status=100):
        self.status = status

    def client(self, run):
        client = run.client()
        msg = wire.read_response_head(client.stream, "GET", run.deadline)
        if msg is None or msg.status != self.status:
            raise play.Failure(f"wanted {self.status}, got {msg}")


class Request(Step):
    """Origin: reads a request, checked against Q() if one is given."""

    def __init__(self, want=None):
        self.want = want

    def origin(self, conn):
        msg = conn.request()
        if msg is None:
            conn.run.events.emit("end")
            conn.stream.close()
            return False
        why = self.want and self.want.mismatch(msg, conn.run)
        if why:
            raise play.Failure(f"{why}: {msg}")
        return True


class Head(Step):
    """Origin: reads a request's head and leaves its body where it is."""

    def origin(self, conn):
        if conn.read_head() is None:
            conn.run.events.emit("end")
            conn.stream.close()
            return False
        return True


class Content(Step):
    """Origin: this content of the request whose head was read has come, whatever follows."""

    def __init__(self, count):
        self.count = count

    def origin(self, conn):
        stream = conn.stream
        while len(stream.raw) - stream.pos < self.count:
            if not stream.more(conn.run.deadline):
                raise wire.Ended("a request's body", stream.reset)


class Rest(Step):
    """Origin: reads the body of the request whose head was read."""

    def origin(self, conn):
        conn.read_rest()


class Answer(Step):
    """Origin: the default response to the last request."""

    def origin(self, conn):
        conn.send(play.default_reply(conn.run.requests[-1]))


# ---- expectations ----------------------------------------------------------------------------------------------------

def _has(msg, fields):
    """fields: name -> None (not there), text (the one value), list (the values), or a predicate of the values."""
    for name, want in fields.items():
        got = msg.all(name)
        if want is None:
            good = not got
        elif callable(want):
            good = want(got)
        else:
            good = got == ([want] if isinstance(want, str) else want)
        if not good:
            return f"{name}: {got}, wanted {'a certain one' if callable(want) else want}"
    return None


class _Expectation:
    """trailers: all of them, (name, value), in order; None: whatever."""

    def _common(self, msg, run, start):
        expand = run.place.expand
        fields = {name: expand(want).decode("latin-1") if isinstance(want, str) else want
                  for name, want in self.fields.items()}
        why = _has(msg, fields)
        if why:
            return f"{start}: {why}"
        if self.body is not None and msg.body != expand(self.body):
            return f"{start}: body of {len(msg.body)} octets {msg.body[:60]!r}, wanted {expand(self.body)[:60]!r}"
        for text in self.has:
            if expand(text) not in msg.head:
                return f"{start}: not in the head: {text!r}"
        for text in self.lacks:
            if expand(text).lower() in msg.head.lower():
                return f"{start}: in the head: {text!r}"
        if self.trailers is not None:
            got = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in msg.trailers]
            if got != list(self.trailers):
                return f"{start}: trailers {got}, wanted {list(self.trailers)}"
        if self.framing is not None and msg.framing not in self.framing:
            return f"{start}: framing {msg.framing}, wanted {self.framing}"
        if self.complete is not None and msg.complete != self.complete:
            return f"{start}: {'in' if not msg.complete else ''}complete"
        return None


class R(_Expectation):
    """A final response. status: a number or a set. of: the target of the request that the default origin answered."""

    def __init__(self, status=200, body=None, fields=None, has=(), lacks=(), framing=None, complete=True,
                 interim=None, of=None, version="HTTP/1.1", trailers=None):
        self.status = {status} if isinstance(status, int) else set(status)
        self.body, self.fields, self.has, self.lacks = body, fields or {}, has, lacks
        self.framing, self.complete, self.interim, self.of, self.version = framing, complete, interim, of, version
        self.trailers = trailers

    def mismatch(self, msg, run):
        if msg.status not in self.status:
            few = sorted(self.status)[:6]
            return f"status {msg.status}, wanted {few[0] if len(few) == 1 else few}"
        if self.version and msg.version != self.version:
            return f"version {msg.version}"
        if self.of is not None and not msg.body.endswith(f" {self.of}]".encode()):
            return f"the response {msg.body[:60]!r} is not that to {self.of}"
        if self.interim is not None and [m.status for m in msg.interim] != list(self.interim):
            return f"interim responses {[m.status for m in msg.interim]}, wanted {list(self.interim)}"
        return self._common(msg, run, f"response {msg.status}")


class Q(_Expectation):
    """A request that the origin must have received."""

    def __init__(self, method="GET", target="/", body=None, fields=None, has=(), lacks=(), framing=None,
                 complete=True, trailers=None):
        self.trailers = trailers
        self.method, self.target, self.body, self.fields = method, target, body, fields or {}
        self.has, self.lacks, self.framing, self.complete = has, lacks, framing, complete

    def mismatch(self, msg, run):
        target = run.place.expand(self.target).decode("latin-1")
        if (msg.method, msg.target) != (self.method, target):
            return f"request {msg.method} {msg.target[:80]}, wanted {self.method} {target[:80]}"
        return self._common(msg, run, f"request {msg.method} {msg.target[:40]}")


PARTIAL = "partial"	# the origin saw at most a request's beginning


class Outcome:
    """What a case may end in: responses at the client, requests at the origin (PARTIAL, None: any), and whether the
    client's connection goes on: open, closed (FIN or RST), fin, tunnel, or None for any."""

    def __init__(self, responses, sees=(), end="open"):
        self.responses, self.end = list(responses), end
        self.sees = sees if sees in (None, PARTIAL) else list(sees)

    def mismatch(self, run):
        got = run.clients["a"].responses
        if len(got) != len(self.responses):
            return f"{len(got)} responses ({', '.join(map(str, got))}), wanted {len(self.responses)}"
        for msg, want in zip(got, self.responses):
            why = want.mismatch(msg, run)
            if why:
                return why
        why = self._seen_otherwise(run)
        if why:
            return why
        ends = {"closed": ("closed", "reset"), "fin": ("closed",)}.get(self.end, (self.end,))
        if self.end and run.end not in ends:
            return f"the client's connection is {run.end}, wanted {self.end}"
        return None


    def _seen_otherwise(self, run):
        seen = run.requests
        if self.sees is None:
            return None
        if self.sees == PARTIAL:
            whole = [str(msg) for msg in seen if msg.complete]
            return f"the origin saw {', '.join(whole)}, wanted nothing whole" if whole else None
        if len(seen) != len(self.sees):
            return f"the origin saw {len(seen)} requests ({', '.join(map(str, seen))}), wanted {len(self.sees)}"
        for msg, want in zip(seen, self.sees):
            why = want.mismatch(msg, run)
            if why:
                return f"at the origin: {why}"
        if run.stubs and not self.sees:
            return f"the origin got a part of a request: {run.stubs}"
        return None


class Until(Step):
    """Client: this text has come, wherever; nothing is consumed."""

    def __init__(self, text):
        self.text = text

    def client(self, run):
        stream, want = run.client().stream, run.place.expand(self.text)
        while want not in stream.raw[stream.pos:]:
            if not stream.more(run.deadline):
                raise wire.Ended(f"what should hold {want!r}", stream.reset)


class Seen(Step):
    """Client: what the origin saw so far."""

    def __init__(self, sees):
        self.sees = sees

    def client(self, run):
        why = Outcome([], self.sees, None)._seen_otherwise(run)
        if why:
            raise play.Failure(why)


# ---- cases -----------------------------------------------------------------------------------------------------------

class Case:
    """name: folder/name. point: of the checklist (points.py), a letter and a number; or several. ref: where the requirement stands.
    client: steps, a text is sent. origin: a list of steps for each connection. outcomes: the first is Tiphares's
    decision, the others are as good by the RFCs; either: so many of the first are (True: all), where timing decides.
    hostile: does somebody break a rule? Not told, it is so where the first outcome refuses, cuts or ends something.
    hurried: both ends must be faster than a time that is built in (a second or two): not for slow machines.
    modes: where it makes sense. profile: of the daemon's configuration. checks: of the Run, each returns what is wrong
    or None."""

    def __init__(self, name, point, ref, level, client, origin=(), outcomes=(), modes=MODES, profile="main",
                 listen=True, backlog=32, seconds=None, peers=True, checks=(), either=False, hostile=None, hurried=False):
        self.name, self.point, self.ref, self.level = name, point, ref, level
        self.client = [Send(step) if isinstance(step, (str, bytes)) else step for step in client]
        self.origin = [[Send(step) if isinstance(step, (str, bytes)) else step for step in steps] for steps in origin]
        self.closes = any(isinstance(step, (Close, Reset)) for steps in self.origin for step in steps)
        self.outcomes = list(outcomes)
        self.modes, self.profile = modes, profile
        self.listen, self.backlog, self.seconds, self.peers = listen, backlog, seconds, peers
        self.hurried = hurried
        self.hostile = self.refuses() if hostile is None else hostile
        self.checks, self.decided = list(checks), len(self.outcomes) if either is True else int(either) or 1


    def refuses(self):
        if not self.outcomes:
            return False
        first = self.outcomes[0]
        return not first.responses or first.sees == PARTIAL or any(min(want.status) >= 400 or want.complete is False for want in first.responses)


def case(*args, **kwargs):
    CASES.append(Case(*args, **kwargs))


def _steps(send):
    return list(send) if isinstance(send, (list, tuple)) else [send]


def refused(name, point, ref, level, send, status=400, tail=True, also=(), **more):
    """The request is answered with an error, the connection ends, and the origin sees nothing: neither it nor
    the request that is pipelined behind it. also: outcomes that are as good by the RFCs."""
    steps = _steps(send)
    if tail:
        steps.append("GET $U/smuggled HTTP/1.1\r\n" + END)
    peers = Outcome([R(CLIENT_ERROR)], (), "closed")
    case(name, point, ref, level, steps, outcomes=[Outcome([R(status)], (), "closed"), peers, Outcome([], (), "closed"), *also],
         **more)


def answered(name, point, ref, level, send, status, also=(), end="open", **more):
    """The proxy answers a request that it understood but does not forward."""
    case(name, point, ref, level, _steps(send), outcomes=[Outcome([R(status)], (), end), *also], **more)


def forwarded(name, point, ref, level, send, sees, got=None, end="open", origin=(), also=(), **more):
    """Each request reaches the origin once, as described, and is answered once."""
    sees = [sees] if isinstance(sees, Q) else list(sees)
    got = [R(200) for _ in sees] if got is None else [got] if isinstance(got, R) else list(got)
    case(name, point, ref, level, _steps(send), origin=origin, outcomes=[Outcome(got, sees, end), *also], **more)


def reply(name, point, ref, level, raw, got, end="open", send="GET $U/r HTTP/1.1\r\n" + END, close=True, also=(),
          method="GET", target="/r", **more):
    """The origin answers with these octets (text, or steps), then closes unless close is False."""
    steps = [Request()] + _steps(raw) + ([Close()] if close else [])
    got = [got] if isinstance(got, R) else list(got)
    case(name, point, ref, level, _steps(send), origin=[steps],
         outcomes=[Outcome(got, [Q(method, target)], end), *also], **more)
