# SPDX-License-Identifier: GPL-2.0-only
"""The proxies that the cases can be played against: tipharesd, and peers, to see that the cases are fair."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

# What differs from the defaults: times are long where a case must not run into them, short where it must. Numbers are
# seconds on a machine of usual speed. "port" and "route" stand in each port, and in each route but the barrier's; "mode"
# is that of an intercepting port.
PROFILES = {
    "main": {"http": {"header_timeout": "100s", "idle_timeout": "100s", "response_timeout": "100s"}},
    "slow": {"http": {"header_timeout": 3, "idle_timeout": 5, "response_timeout": 3, "connect_timeout": 3, "client_rate": "0B"}},
    "small": {"http": {"header_limit": "4KiB", "header_fields": "16", "header_timeout": "100s",
                       "idle_timeout": "100s", "response_timeout": "100s"}},
    "forwarded": {"http": {"forwarded": "rfc7239"}},
    "xff": {"http": {"forwarded": "x-forwarded-for"}},
    "novia": {"http": {"via": "off"}},
    "senders": {"http": {"forwarded": "rfc7239", "header_timeout": 3}, "port": {"proxy_protocol": "[SENDER]"}, "mode": "inbound"},
    "tls": {"http": {"header_timeout": 3}, "port": {"protocol": "tls"}},
    "rates": {"http": {"idle_timeout": 2, "response_timeout": 20, "tunnel_timeout": 2, "client_rate": "400B", "origin_rate": "400B"}},
    "paced": {"http": {"idle_timeout": 2, "client_rate": "0B", "origin_rate": "0B"}},
    "announce1": {"route": {"proxy_protocol": "v1"}},
    "announce2": {"route": {"proxy_protocol": "v2"}},
}


# What a profile's cases, all of them as reverse and as forward proxy, must have counted, and what they must not:
# docs/http-decisions.md says which bound is counted where.
COUNTED = {
    "main": ("requests_refused responses_refused responses_truncated client_aborts retries loops_refused tunnels answers upstream_connect_errors",
             "timeouts_header timeouts_idle timeouts_client timeouts_response timeouts_tunnel slow_clients slow_origins tls_refused proxy_headers_refused"),
    "slow": ("timeouts_header timeouts_idle timeouts_client timeouts_response timeouts_connect", "slow_clients slow_origins timeouts_tunnel"),
    "small": ("requests_refused", "responses_refused timeouts_header"),
    "rates": ("slow_clients slow_origins timeouts_tunnel", "timeouts_header"),
    "paced": ("", "slow_clients slow_origins"),
    "senders": ("proxy_headers proxy_headers_refused timeouts_header", "tls_refused"),
    "tls": ("tls_hellos tls_refused timeouts_header", "proxy_headers_refused requests_refused"),
}

COMPLAINT = re.compile(r"Sanitizer|runtime error:|^==\d+== ")


class Target:
    """A proxy under test. places: of all cases that it will meet."""
    name = "?"
    modes = ("reverse",)
    decided = False		# only the first outcome of a case counts

    def __init__(self, work, env):
        self.work, self.env, self.process = work, env, None
        self.frozen, self.stopped = threading.Lock(), []	# one case at a time

    def start(self, places):
        raise NotImplementedError

    def launch(self, argv, endpoint, seconds=30):
        log = open(os.path.join(self.work, f"{self.name}.log"), "ab")
        with self.env.net.inside("gateway"):
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.work)
        log.close()
        end = time.monotonic() + seconds * self.env.scale
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if self.serves(endpoint):
                return
            time.sleep(0.02)
        raise SystemExit(f"{self.name} does not start: {self.tail()}")

    def serves(self, endpoint):
        """Does it accept? Where it intercepts, an answer tells that it was there."""
        try:
            with self.env.net.connect(endpoint, time.monotonic() + 1) as sock:
                if not self.env.transparent:
                    return True
                sock.settimeout(5)
                sock.sendall(f"GET / HTTP/1.1\r\nHost: {endpoint[0]}\r\nConnection: close\r\n\r\n".encode())
                return b"\r\nDate: " in b"".join(iter(lambda: sock.recv(4096), b""))
        except ConnectionResetError:
            return self.resets
        except OSError:
            return False

    resets = False	# what is no hello

    def tail(self, lines=8):
        with open(os.path.join(self.work, f"{self.name}.log"), errors="replace", encoding="utf-8") as log:
            return "".join(log.readlines()[-lines:])

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]

    def freeze(self):
        self.frozen.acquire()
        self.stopped = self.workers()
        for pid in self.stopped:
            os.kill(pid, signal.SIGSTOP)
        while not all(is_stopped(pid) for pid in self.stopped):
            time.sleep(0.001)

    def thaw(self):
        """Also after a failure: nobody else may wait for ever."""
        for pid in self.stopped:
            os.kill(pid, signal.SIGCONT)
        if self.stopped:
            self.stopped = []
            self.frozen.release()

    def complaints(self):
        """What a sanitizer or valgrind said, if anything."""
        with open(os.path.join(self.work, f"{self.name}.log"), errors="replace", encoding="utf-8") as log:
            said = [line.strip() for line in log if COMPLAINT.search(line)]
        return said[:20]

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """Return: what is wrong with the way it ended, or None."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return "did not end on SIGTERM"
        return None if self.process.returncode in self.good_ends else f"ended with {self.process.returncode}"

    good_ends = (0,)

    def write(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="latin-1") as out:
            out.write(text)
        return path


def is_stopped(pid):
    """A thread goes on for a while after the signal was sent."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as stat:
            if stat.read().rpartition(")")[2].split()[0] not in "Tt":
                return False
    return True


def more(settings, section):
    """Further keys of a mapping that is being written."""
    return "".join(f", {key}: {value}" for key, value in settings.get(section, {}).items())


class Tiphares(Target):
    name = "tiphares"
    modes = ("reverse", "forward", "transparent")
    decided = True

    def __init__(self, work, env, profile="main"):
        super().__init__(work, env)
        self.profile, self.name = profile, f"tiphares-{profile}"
        self.resets = PROFILES[profile].get("port", {}).get("protocol") == "tls"

    def counters(self):
        """The daemon's own, by their names."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(f"{self.work}/{self.profile}.sock")
            sock.sendall(b"GET /v1/stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        stats = json.loads(answer[answer.index(b"{"):answer.rindex(b"}") + 1])
        return {one["name"]: one["value"] for one in stats["counters"] if one["scope"] == "daemon" and not one["port"]}

    def miscounted(self):
        counters, (more_than_none, none) = self.counters(), COUNTED.get(self.profile, ("", ""))
        yield from (f"{name} is {counters.get(name)}, and should have grown" for name in more_than_none.split() if not counters.get(name))
        yield from (f"{name} is {counters.get(name)}, and should be 0" for name in none.split() if counters.get(name) != 0)

    def start(self, places):
        proxy = self.env.proxy(self.profile)
        settings = PROFILES[self.profile]
        lines = [f"datapath: {self.env.datapath}", "workers: 2", "user: nobody", f"admin: {{socket: {self.work}/{self.profile}.sock}}",
                 "log: {access: {to: off}, level: info}", "ports:"]
        port = more(settings, "port").replace("SENDER", self.env.sender)
        if self.env.transparent:
            mode = settings.get("mode", "full")
            lines.append(f"  - {{name: {mode}, listen: 8080, mode: {mode}, match: {{ports: [{proxy[1]}]}}{port}}}")
        else:
            lines.append(f"  - {{name: web, listen: \"{proxy[0]}:{proxy[1]}\", mode: none{port}}}")
            # the origins are here, where a client of a forward proxy has no business by default
            lines.append("access: [{allow: {destination: [127.0.0.0/8, 0.0.0.0, \"::1\", \"::\"]}}, {allow: all}]")
        for section, keys in settings.items():
            if section in ("port", "route", "mode"):
                continue
            values = {k: f"{v * self.env.scale}s" if isinstance(v, int) else v for k, v in keys.items()}
            lines.append(f"{section}: {{{', '.join(f'{k}: {v}' for k, v in values.items())}}}")
        routes = [route for place in places for route in place.routes]
        if routes and not self.env.transparent:
            lines.append("routes:")
            lines += [f"  - {{host: {host}, to: [{', '.join(f'{a}:{p}' for a, p in to)}]"
                      f"{more(settings, 'route') if host != 'barrier.test' else ''}}}" for host, to in routes]
        path = self.write(f"{self.profile}.yaml", "\n".join(lines) + "\n")
        self.launch([*self.env.daemon, "-c", path, "--foreground"], proxy)


class Nginx(Target):
    name = "nginx"

    def start(self, places):
        proxy = self.env.proxy("main")
        hosts = [route for place in places for route in place.routes]
        servers = []
        for n, (host, to) in enumerate(hosts):
            members = "".join(f"server {a}:{p};" for a, p in to)
            servers.append(f"upstream u{n} {{{members} keepalive 4;}}\n"
                           f"server {{listen {proxy[0]}:{proxy[1]}; server_name {host}; location / {{"
                           f"proxy_pass http://u{n}; proxy_http_version 1.1; proxy_set_header Host $http_host;"
                           f"proxy_set_header Connection ''; proxy_buffering off; proxy_request_buffering off;}}}}\n")
        conf = (f"daemon off; pid {self.work}/nginx.pid; error_log {self.work}/nginx-error.log; worker_processes 2;\n"
                "events {worker_connections 4000;}\nhttp {access_log off; client_max_body_size 0; server_names_hash_max_size 16384;"
                f"client_body_temp_path {self.work}/b; proxy_temp_path {self.work}/p; fastcgi_temp_path {self.work}/f;"
                f"uwsgi_temp_path {self.work}/u; scgi_temp_path {self.work}/s; client_header_timeout 100s;\n"
                f"server {{listen {proxy[0]}:{proxy[1]} default_server; return 404;}}\n" + "".join(servers) + "}\n")
        self.launch(["nginx", "-c", self.write("nginx.conf", conf), "-e", f"{self.work}/nginx-error.log"], proxy)


class Haproxy(Target):
    name = "haproxy"
    good_ends = (0, 143, -15)

    def start(self, places):
        proxy = self.env.proxy("main")
        hosts = [route for place in places for route in place.routes]
        uses, backends = [], []
        for n, (host, to) in enumerate(hosts):
            uses.append(f"{host} b{n}\n")
            members = "".join(f"  server s{i} {a}:{p}\n" for i, (a, p) in enumerate(to))
            backends.append(f"backend b{n}\n{members}")
        table = self.write("haproxy.map", "".join(uses))
        conf = ("defaults\n  mode http\n  timeout client 100s\n  timeout server 100s\n  timeout connect 5s\n"
                f"  timeout http-request 100s\nfrontend f\n  bind {proxy[0]}:{proxy[1]}\n"
                f"  use_backend %[req.hdr(host),lower,map({table})]\n" + "".join(backends))
        self.launch(["haproxy", "-f", self.write("haproxy.cfg", conf)], proxy)


def bind_lock(sock, endpoint):
    """Is the address ours for this run? The socket is the proof, and frees itself."""
    try:
        sock.bind(endpoint)
        sock.listen(1)
        return True
    except OSError:
        return False


def find_block():
    """A part of 127/8 that no other run uses: its second octet, and the socket that reserves it."""
    for octet in range(16, 250):
        sock = socket.socket()
        if bind_lock(sock, (f"127.{octet}.254.1", 8999)):
            return octet, sock
        sock.close()
    raise SystemExit("no part of 127/8 is free")
