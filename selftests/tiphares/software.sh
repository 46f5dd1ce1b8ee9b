#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Software that people use, through the proxy: curl, wget, git, apt, WebSockets of Node, a browser, and slowhttptest.
# `make deps FOR=software` installs it; what is missing is skipped by name.
#
#   client                  gateway                     ----  origin
#   programs, unchanged     full  :80 :8000 :8280 :8290       nginx: 80, 8000; a git repository and an apt archive on 8280
#                           tls   :8281 full                  the same by TLS on 8281
#                           none  8083, asked                 Node on 8290
. "$(dirname "$0")/proxy.inc"
native_for_nft
lab_up
have() { command -v "$1" >/dev/null || { skip "$1: everything" "it is not installed"; false; }; }

site=$LAB/site
mkdir -p "$site/page" "$LAB/sitelog"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=site" -keyout "$LAB/key.pem" -out "$LAB/cert.pem" 2>"$LAB/openssl.out" ||
	die_lab "no certificate: $(cat "$LAB/openssl.out")"
cat >"$LAB/site.conf" <<-CONF
	user root;
	daemon off;
	pid $LAB/sitelog/nginx.pid;
	error_log $LAB/sitelog/error.log warn;
	events { worker_connections 1024; }
	http {
		log_format site 'src=\$remote_addr method=\$request_method uri=\$request_uri status=\$status via=\$http_via agent=\$http_user_agent';
		access_log $LAB/sitelog/access.log site;
		types { text/html html; text/css css; application/javascript js; image/svg+xml svg; }
		client_body_temp_path $LAB/sitelog/body; proxy_temp_path $LAB/sitelog/proxy; fastcgi_temp_path $LAB/sitelog/fastcgi;
		uwsgi_temp_path $LAB/sitelog/uwsgi; scgi_temp_path $LAB/sitelog/scgi;
		ssl_certificate $LAB/cert.pem; ssl_certificate_key $LAB/key.pem;
		server { listen 8280; listen [::]:8280; listen 8281 ssl http2; listen [::]:8281 ssl http2; root $site; client_max_body_size 0;
			location /put/ { dav_methods PUT DELETE; create_full_put_path on; } }
	}
CONF
in_origin nginx -c "$LAB/site.conf" -e "$LAB/sitelog/error.log" >"$LAB/sitelog/out" 2>&1 </dev/null &
wait_for "[ \$(in_origin ss -Hltn 'sport = :8280' | wc -l) -ge 2 ]" 15 || die_lab "no site: $(cat "$LAB/sitelog/out")"
site_log() { cat "$LAB/sitelog/access.log"; }

daemon_conf <<-CONF
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80, 8000, 8280, 8290]}}
	  - {name: tls, listen: 8081, mode: full, protocol: tls, match: {ports: [8281]}}
	  - {name: none, listen: 8083, mode: none}
	http: {header_timeout: 3s, idle_timeout: 3s, client_rate: 1KiB}
CONF
check "the daemon starts" daemon_start || finish

# ---- curl, wget ----------------------------------------------------------------------------------

head -c 3000000 /dev/urandom >"$LAB/upload"
check "curl: an upload" fetch -f -T "$LAB/upload" "$(lab_url $O4 /put/a 8280)"
check "curl: arrived whole" cmp "$LAB/upload" "$site/put/a"
check "curl: an upload of unknown length, with Expect" eval 'fetch -f -H "Expect: 100-continue" -T - "$(lab_url $O6 /put/b 8280)" <"$LAB/upload"'
check "curl: an upload as a form" says '^2' fetch -o /dev/null -w '%{http_code}' -F "file=@$LAB/upload" "$(lab_url $O4 /sink)"
check "curl: a range" eval 'fetch -f -r 1000000-1999999 "$(lab_url $O4 /put/a 8280)" | cmp - <(tail -c +1000001 "$LAB/upload" | head -c 1000000)'
check "curl: two ranges" says 'multipart/byteranges' fetch -f -r 0-9,20-29 -D - -o /dev/null "$(lab_url $O4 /put/a 8280)"
check "curl: a download goes on where it stopped" eval 'head -c 1234567 "$LAB/upload" >"$LAB/part"; fetch -f -C - -o "$LAB/part" "$(lab_url $O4 /put/a 8280)" && cmp "$LAB/part" "$LAB/upload"'
check "curl: only if it changed" says '^304$' fetch -o /dev/null -w '%{http_code}\n' -H "If-None-Match: \"$(fetch -sI "$(lab_url $O4 /put/a 8280)" | sed -n 's/^ETag: "\(.*\)".*/\1/p')\"" "$(lab_url $O4 /put/a 8280)"
check "curl: a hundred at once" eval '[ "$(fetch -Z --parallel-max 50 -o /dev/null -w "%{http_code}\n" "$(lab_url $O4 "/f/1?[1-100]")" | sort | uniq -c | tr -d " \n")" = 100200 ]'
if have wget; then
	check "wget" eval 'in_client wget -q -O - "$(lab_url $O4 /put/a 8280)" | cmp - "$LAB/upload"'
	check "wget: goes on where it stopped" eval 'head -c 99999 "$LAB/upload" >"$LAB/w"; in_client wget -q -c -O "$LAB/w" "$(lab_url $O6 /put/a 8280)" && cmp "$LAB/w" "$LAB/upload"'
	for n in 1 2 3 4 5; do echo "<a href=$n.html>$n</a>" >>"$site/page/links.html"; echo "$n" >"$site/page/$n.html"; done
	check "wget: a page with what it links to" eval 'in_client wget -q -r -l 1 -nH -P "$LAB/mirror" "$(lab_url $O4 /page/links.html 8280)" && [ "$(cat "$LAB"/mirror/page/[1-5].html | tr -d "\n")" = 12345 ]'
fi

# ---- git, apt ------------------------------------------------------------------------------------

if have git; then
	git init -q "$LAB/work" && (
		cd "$LAB/work" || exit
		for n in 1 2 3 4 5; do
			head -c 200000 /dev/urandom >"file$n"
			git add . && git -c user.name=a -c user.email=a@b commit -qm "$n"
		done
		git clone -q --bare . "$site/repo.git" && git -C "$site/repo.git" update-server-info
	) >"$LAB/git.out" 2>&1
	check "git: clone" in_client env GIT_CONFIG_NOSYSTEM=1 HOME="$LAB" git clone -q "$(lab_url $O4 /repo.git 8280)" "$LAB/clone"
	check "git: has the same commit" test "$(git -C "$LAB/clone" rev-parse HEAD)" = "$(git -C "$LAB/work" rev-parse HEAD)"
	check "git: by an explicit proxy" in_client env GIT_CONFIG_NOSYSTEM=1 HOME="$LAB" git -c "http.proxy=http://$G4:8083" clone -q "$(lab_url $O4 /repo.git 8280)" "$LAB/clone2"
	check "git: nothing is missing" git -C "$LAB/clone2" fsck --strict --no-dangling
fi
if have dpkg-scanpackages; then
	mkdir -p "$LAB/deb/DEBIAN" "$site/apt" "$LAB"/apt/{lists/partial,cache/archives/partial,etc}
	printf 'Package: through-it\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: a\n' >"$LAB/deb/DEBIAN/control"
	cp "$LAB/upload" "$LAB/deb/octets"
	dpkg-deb -b "$LAB/deb" "$site/apt/through-it_1_all.deb" >"$LAB/apt/out" 2>&1
	(cd "$site/apt" && dpkg-scanpackages . 2>/dev/null >Packages && gzip -k Packages)
	echo "deb [trusted=yes] http://$O4:8280/apt ./" >"$LAB/apt/etc/sources.list"
	: >"$LAB/apt/status"
	apt_it() {
		(cd "$LAB/apt" && in_client apt-get -q -o Dir::Etc="$LAB/apt/etc" -o Dir::State::lists="$LAB/apt/lists" -o Dir::Cache="$LAB/apt/cache" \
			-o Dir::State::status="$LAB/apt/status" -o APT::Sandbox::User=root -o Acquire::http::Proxy="http://$G4:8083" "$@")
	}
	check "apt: update, by an explicit proxy" apt_it update
	check "apt: download" apt_it download through-it
	check "apt: the package is whole" cmp "$LAB/apt/through-it_1_all.deb" "$site/apt/through-it_1_all.deb"
	check "apt: came through the proxy" says 'uri=/apt/.*deb status=200 via=1.1 tiphares agent=Debian APT' site_log
fi

# ---- WebSockets ----------------------------------------------------------------------------------

cat >"$LAB/server.js" <<'JS'
const http = require("http"), crypto = require("crypto");
// frames of up to 64 KiB from a client, echoed without a mask
function serve(socket, head) {
	let data = head;
	const step = () => {
		for (;;) {
			if (data.length < 6) return;
			let length = data[1] & 127, at = 2;
			if (length === 126) { if (data.length < 8) return; length = data.readUInt16BE(2); at = 4; }
			if (data.length < at + 4 + length) return;
			const mask = data.subarray(at, at + 4), body = Buffer.from(data.subarray(at + 4, at + 4 + length));
			for (let i = 0; i < length; i++) body[i] ^= mask[i & 3];
			const first = data[0];
			data = data.subarray(at + 4 + length);
			socket.write(Buffer.concat([length < 126 ? Buffer.from([first, length]) : Buffer.from([first, 126, length >> 8, length & 255]), body]));
			if ((first & 15) === 8) { socket.end(); return; }
		}
	};
	socket.on("data", (more) => { data = Buffer.concat([data, more]); step(); });
	socket.on("error", () => {});
	step();
}
const server = http.createServer((request, response) => { response.end("via " + request.headers.via + "\n"); });
server.on("upgrade", (request, socket, head) => {
	const accept = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
	socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Via: ${request.headers.via}\r\n\r\n`);
	serve(socket, head);
});
server.listen(8290, "::");
JS
cat >"$LAB/client.js" <<'JS'
const socket = new WebSocket(process.argv[2]), want = 200;
let got = 0;
const text = (n) => `${n} ` + "x".repeat((n * 97) % 20000);
socket.onopen = () => { for (let n = 0; n < want; n++) socket.send(text(n)); };
socket.onmessage = (event) => {
	if (event.data !== text(got++)) { console.log(`message ${got} differs`); process.exit(1); }
	if (got === want) socket.close(1000);
};
socket.onclose = (event) => { console.log(`got=${got} code=${event.code}`); process.exit(got === want ? 0 : 1); };
socket.onerror = () => { console.log("error"); };
JS
if have node; then
	in_origin node "$LAB/server.js" >"$LAB/node.out" 2>&1 </dev/null & node=$!
	wait_for "in_origin ss -Hltn 'sport = :8290' | grep -q ." 20 || die_lab "no Node: $(cat "$LAB/node.out")"
	check "Node answers through the proxy" says '^via 1.1 tiphares$' fetch "$(lab_url $O4 / 8290)"
	for to in "$O4" "[$O6]"; do
		check "200 messages by WebSocket, $to" says '^got=200 code=1000$' in_client node --experimental-websocket --no-warnings "$LAB/client.js" "ws://$to:8290/"
	done
	check "they were tunnels" test "$(counter "" tunnels)" -ge 2
	end_job $node
fi

# ---- a browser -----------------------------------------------------------------------------------

browser=$(command -v chromium || command -v chromium-browser)
if [ -z "$browser" ]; then
	skip "chromium: a page with a hundred parts" "it is not installed"
else
	{
		echo '<!DOCTYPE html><html><head><title>loading</title></head><body>'
		for ((n = 0; n < 98; n++)); do
			echo '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' >"$site/page/i$n.svg"
			echo "<img src=\"i$n.svg\" onload=\"loaded++\">"
		done
		echo '<script src="a.js"></script><script src="b.js"></script></body></html>'
	} | sed 's,<head>,<head><script>var loaded = 0;</script>,' >"$site/page/index.html"
	echo 'var a = 1;' >"$site/page/a.js"
	echo 'window.onload = () => { document.title = "parts " + (loaded + a + 1); };' >"$site/page/b.js"
	browse() { in_client env HOME="$LAB" timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$LAB/profile" --virtual-time-budget=60000 --dump-dom "$@" 2>"$LAB/browser.err"; }
	check "chromium: a page with a hundred parts" says '<title>parts 100</title>' browse "$(lab_url $O4 /page/index.html 8280)"
	check "chromium: each came through the proxy" eval '[ "$(site_log | grep -c "uri=/page/\(i[0-9]*.svg\|[ab].js\) status=200 via=1.1 tiphares")" -ge 100 ]'
	was=$(counter "" tls_hellos)
	check "chromium: the same by TLS" says '<title>parts 100</title>' browse --ignore-certificate-errors "https://$O4:8281/page/index.html"
	check "chromium: its hellos were read" test "$(counter "" tls_hellos)" -gt "$was"
	check "chromium: and nothing else" eval '[ "$(site_log | grep -c "src=$C4 .*uri=/page/\(i[0-9]*.svg\|[ab].js\) status=200 via=- ")" -ge 100 ]'
fi

# ---- slowhttptest --------------------------------------------------------------------------------

if have slowhttptest; then
	slow() { in_client slowhttptest -c 60 -r 60 -u "$(lab_url $O4 "$1" 8000)" -p 2 -l 12 "${@:2}" >"$LAB/slow.out" 2>&1; cat "$LAB/slow.out"; }
	was=$(counter "" timeouts_header)
	slow /f/1M -H -i 1 >/dev/null & job=$!
	check "slowhttptest: others are served while heads drip" wait_for 'flows_are 60 && intercepted $O4 80' 20
	wait $job
	check "slowhttptest: dripping heads are ended" test "$(($(counter "" timeouts_header) - was))" -ge 60
	slow /sink -B -i 1 -s 100000 >/dev/null & job=$!
	check "slowhttptest: others are served while bodies drip" wait_for '[ "$(ctl --json flows | grep -c "\"state\": \"exchange\"")" -ge 50 ] && intercepted $O4 80' 20
	wait $job
	check "slowhttptest: dripping bodies are ended" test "$(($(counter "" slow_clients) + $(counter "" timeouts_client)))" -ge 60
	slow /f/1M -X -w 1 -y 2 -n 1 -z 1 -k 1 >/dev/null & job=$!
	check "slowhttptest: others are served while readers sip" wait_for 'intercepted $O4 80' 20
	wait $job
	check "slowhttptest: nothing is left" wait_for 'flows_are 0' 30
fi
check "all the while it was one process" test "$(ctl --json status | sed -n 's/.*"worker_restarts": \([0-9]*\).*/\1/p')" = 0
finish
