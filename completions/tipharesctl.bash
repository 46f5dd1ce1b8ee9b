# SPDX-License-Identifier: GPL-2.0-only
# bash completion for tipharesctl and tipharesd

_tiphares_ports() {
	tipharesctl --json ports 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p'
}

# as --help lists them
_tiphares_commands() {
	tipharesctl --help 2>/dev/null | awk '/^commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }'
}

_tipharesctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev='' word command='' i
	[ "$COMP_CWORD" -gt 0 ] && prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	if [ "$prev" = --admin ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--admin) i=$((i + 1)) ;;
		-*) ;;
		*) command=$word; break ;;
		esac
	done
	# "key=" may be a word of its own: = divides words
	case $prev$cur in
	port=*) mapfile -t COMPREPLY < <(compgen -W "$(_tiphares_ports)" -- "${cur#=}"); return ;;
	mode=*) mapfile -t COMPREPLY < <(compgen -W 'full inbound outbound none' -- "${cur#=}"); return ;;
	sort=*) mapfile -t COMPREPLY < <(compgen -W 'age in out bytes requests' -- "${cur#=}"); return ;;
	esac
	case $command in
	'') word="$(_tiphares_commands) --json --admin --probe --version --help" ;;
	port)
		case $prev in
		port) word='set del' ;;
		set | del) word=$(_tiphares_ports) ;;
		*) word='listen= mode= ports= interfaces= bridges= sources= destinations= except_sources=
			except_destinations= source_port= on_failure= on_overload= mark=' ;;
		esac ;;
	flows) word='client= destination= port= state= sort= limit=' ;;
	events) word='all client= port= count=' ;;
	top) word='interval= frames=' ;;
	explain) word='interface=' ;;
	doctor) word='--probe' ;;
	log-level) word='error warning info debug' ;;
	rules | stats) word='all' ;;
	bypass) word='list add del flush source= destination= port= ttl=' ;;
	import-ats) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	*) word='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
	case ${COMPREPLY[0]:-} in *=) compopt -o nospace 2>/dev/null ;; esac
}

_tipharesd() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=''
	[ "$COMP_CWORD" -gt 0 ] && prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	-c | --config | --admin) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--datapath) mapfile -t COMPREPLY < <(compgen -W 'auto kmod nft' -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -W \
		'--config --check --foreground --takeover --datapath --admin --dump-keys --version --help' -- "$cur") ;;
	esac
}

complete -F _tipharesctl tipharesctl
complete -F _tipharesd tipharesd
