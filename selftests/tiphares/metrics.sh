#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The metrics as Prometheus sees them: promtool's rules, a real server that scrapes, and the dashboard's questions.
#
#	client  ----  gateway, full on :80, metrics on 127.0.0.1:9180, Prometheus  ----  origin
. "$(dirname "$0")/proxy.inc"
native_for_nft
[ -d "${TIPH_EXAMPLES:=$TIPH_SELFTESTS/examples}/prometheus" ] || TIPH_EXAMPLES=$(dirname "$TIPH_SELFTESTS")/examples
lab_up
daemon_conf <<-CONF
	workers: 2
	admin: {socket: $LAB/admin.sock, metrics: "127.0.0.1:9180"}
	ports:
	  - {name: web, listen: 8080, mode: full, match: {ports: [80]}}
	  - {name: "a.b-c_D", listen: 8081, mode: none}
CONF
check "the daemon starts" daemon_start || finish
metrics() { in_gw curl -sf --noproxy '*' http://127.0.0.1:9180/metrics; }
# value NAME{LABELS}: as it stands there
value() { metrics | sed -n "s/^tiphares_$1 //p"; }

check "a request" intercepted $O4 80
check "a large one" same_proxied "$(lab_url $O6 /f/1M)" 1M
# what the datapath counted is at most a second old
check "verdicts by port" wait_for '[ "$(value "datapath_verdicts_total{port=\"web\",verdict=\"intercepted\"}")" -ge 2 ]' 10
metrics >"$LAB/metrics"
check "promtool has nothing to say" promtool check metrics <"$LAB/metrics"
check "promtool says nothing at all" test -z "$(promtool check metrics <"$LAB/metrics" 2>&1)"
check "requests are counted by port" test "$(value 'port_requests_total{port="web"}')" = 2
check "octets are called bytes" test "$(value client_sent_bytes_total)" -gt 1000000

# histograms: what each exchange took lies in one bucket, and the buckets add up
for h in connect first_octet exchange; do
	check "$h: two exchanges" test "$(value "${h}_duration_seconds_count{port=\"web\"}")" = 2
	check "$h: the last bucket has them all" test "$(value "${h}_duration_seconds_bucket{port=\"web\",le=\"+Inf\"}")" = 2
	check "$h: nothing on a port that nobody used" test "$(value "${h}_duration_seconds_count{port=\"a.b-c_D\"}")" = 0
done
fetch -o /dev/null -m 2 "$(lab_url $O4 /slow/300M)" >/dev/null 2>&1
check "a slow one is in a bucket of its own" wait_for '[ "$(value "exchange_duration_seconds_bucket{port=\"web\",le=\"1\"}")" = 2 ] && [ "$(value "exchange_duration_seconds_bucket{port=\"web\",le=\"5\"}")" = 3 ]' 10
check "its time is in the sum" /usr/bin/python3 -c 'import sys; sys.exit(not 1 < float(sys.argv[1]) < 60)' "$(value 'exchange_duration_seconds_sum{port="web"}')"

# the rules that come along, and a Prometheus that uses them
cp "$TIPH_EXAMPLES"/prometheus/* "$LAB/"
check "the alert rules are rules" promtool check rules "$LAB/alerts.yml"
check "the alert rules alert" promtool test rules "$LAB/alerts-test.yml"
sed -i 's/scrape_interval: 15s/scrape_interval: 1s\n  evaluation_interval: 1s/' "$LAB/prometheus.yml"
sed -i 's/for: 1m/for: 1s/' "$LAB/alerts.yml"
in_gw prometheus --config.file="$LAB/prometheus.yml" --storage.tsdb.path="$LAB/tsdb" --web.listen-address=127.0.0.1:9090 >"$LAB/prometheus.log" 2>&1 </dev/null &
prometheus=$!
# ask EXPRESSION: what the server answers
ask() { in_gw curl -sf --noproxy '*' -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1"; }
answer_has() { ask "$1" | in_json "j['status'] == 'success' and len(j['data']['result']) >= ${2:-1}"; }
check "Prometheus scrapes it" wait_for 'answer_has "up{job=\"tiphares\"} == 1"' 30
check "and has what was counted" wait_for 'answer_has "tiphares_port_requests_total{port=\"web\"} == 3"' 10

# every question of the dashboard is one, about metrics that are there
dashboard_works() {
	/usr/bin/python3 - "$LAB/grafana-dashboard.json" "$LAB/metrics" >"$LAB/questions" <<-'PY' || return
		import json, re, sys
		have = set(re.findall(r"^# TYPE (\S+)", open(sys.argv[2]).read(), re.M))
		for panel in json.load(open(sys.argv[1]))["panels"]:
		    for target in panel["targets"]:
		        for name in re.findall(r"tiphares_\w+", target["expr"]):
		            if re.sub("_bucket$", "", name) not in have:
		                sys.exit(f"{panel['title']}: there is no {name}")
		        print(target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*"))
	PY
	[ "$(wc -l <"$LAB/questions")" -ge 10 ] || { echo "few questions"; return 1; }
	while read -r q; do answer_has "$q" 0 || { echo "not a question: $q"; return 1; }; done <"$LAB/questions"
}
check "the dashboard's questions are some" dashboard_works
check "the dashboard shows the requests" wait_for 'answer_has "sum by (port) (rate(tiphares_port_requests_total{instance=~\".*\"}[1m]))" 2' 30
check "the daemon ends when told to" daemon_stop
check "then the alert fires" wait_for 'answer_has "ALERTS{alertname=\"TipharesDown\",alertstate=\"firing\"}"' 30
kill $prometheus; wait $prometheus 2>/dev/null
finish
