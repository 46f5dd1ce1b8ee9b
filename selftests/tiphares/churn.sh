#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything at once, for a bounded number of times: ports set and removed, owners that go, namespaces made and
# destroyed, connections intercepted, spoofed and cut off, packets out of order in every sense, the module being
# unloaded whenever nobody owns it. Nobody gets through with all of it; what counts is what is left behind: nothing.
#
#   client: client x2, noise  ----  gateway: ports x2, proxy; netns, unload  ----  origin: nginx
. "$(dirname "$0")/proxy.inc"
[ "$TIPH_DATAPATH" = kmod ] || skip_all "the nft datapath has no module of ours"
helper=$(dirname "$(readlink -f "$0")")/churn_helper
noise=$(dirname "$(readlink -f "$0")")/noise_helper
rounds=${TIPH_CHURN:-$([ "${TIPH_KERNEL:-}" = debug ] && echo 150 || by_size 1000 600)}
seed=${TIPH_SEED:-$((RANDOM + 1))}
file=$(mod_file)

lab_up
mod_load
diag "TIPH_CHURN=$rounds TIPH_SEED=$seed repeats this"

# While other hooks exist, the kernel's jumps around netfilter are not patched at each commit. An emulated machine of two
# processors can hang at such a patch: it goes on executing the breakpoint that was there for a moment (RCU stall, both
# processors at nf_hook()'s jump, which the memory shows already replaced).
nft -f - <<-NFT || die_lab "nft"
	table inet $NS-keep {
		chain pre { type filter hook prerouting priority 0; }
		chain out { type filter hook output priority 0; }
	}
NFT
lab_exit_more() { nft delete table inet "$NS-keep" 2>/dev/null; }

workers=() names=()
work() {	# NAME CMD...
	names+=("$1"); shift
	"$@" >>"$LAB/churn.log" 2>&1 </dev/null &
	workers+=($!)
}
$(nsenter_of gw) "$helper" proxy 1000000 "$seed" >>"$LAB/churn.log" 2>&1 </dev/null & proxy=$!
$(nsenter_of gw) "$helper" unload 1000000 "$((seed + 1))" "$file" >>"$LAB/churn.log" 2>&1 </dev/null & unload=$!
work "ports set, removed and owned" $(nsenter_of gw) "$helper" ports "$rounds" "$((seed + 2))"
work "ports, by another" $(nsenter_of gw) "$helper" ports "$rounds" "$((seed + 3))"
work "connections, IPv4" $(nsenter_of client) "$helper" client "$((rounds * 10))" "$((seed + 4))" $O4:80
work "connections, IPv6" $(nsenter_of client) "$helper" client "$((rounds * 10))" "$((seed + 5))" "[$O6]:80"
work "namespaces" "$helper" netns "$((rounds / 10))" "$((seed + 6))"
work "noise" $(nsenter_of client) "$noise" "$((rounds * 25))" "$((seed + 7))" "$C4" $O4 "${CLIENT4[1]}" $O4B "$C4" $G4 "$C6" $O6 "${CLIENT6[1]}" $O6B
for i in "${!workers[@]}"; do
	check "${names[i]}: each step ended as it may" wait "${workers[i]}"
done
kill -TERM $proxy $unload
check "the proxy: each step ended as it may" wait $proxy
check "the module: unloading and loading ended as they may" wait $unload
diag "$(grep '^# ' "$LAB/churn.log" | cut -c 3-)"

# who did nothing proves nothing
did() { grep -q "^# $1: [1-9]" "$LAB/churn.log"; }
check "there was something going on" eval 'did ports && did proxy && did client && did netns && did noise'
check "the module was unloaded at times, and refused it at times" grep -qE '^# unload: [1-9][0-9]* done, [1-9]' "$LAB/churn.log"
mod_load
mod_loaded=1
check "nothing holds the module" wait_for '[ "$(cat /sys/module/tiphares/refcnt)" = 0 ]' 20
check "it works after all this" eval 'daemon_conf <<<"ports: [{name: full, listen: 8080, mode: full, match: {ports: [80]}}]" && daemon_start'
check "IPv4 is intercepted" intercepted $O4 80 src="$C4"
check "IPv6 is intercepted" intercepted $O6 80 src="$C6"
check_not "rmmod is refused while it is owned" rmmod tiphares
finish
