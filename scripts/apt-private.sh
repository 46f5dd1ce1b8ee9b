# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced. Fetches Debian packages without installing them and without touching the machine's apt:
# an own state directory, whose sources are the machine's Debian mirror and the suites asked for.

cache=${TIPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tiphares}

die() { echo "${0##*/}: $*" >&2; exit 1; }

# mirrors SUITE...: "URI SUITE" of each suite, by the machine's own configuration. A suite that the
# machine does not read lies beside the release that it does.
apt_mirrors() {
	local table codename suite uri
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	table=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
		awk '$2 == "main" && ($3 == "Debian" || $NF ~ /\/debian(-security)?\/?$/) { print $1, $NF }')
	for suite; do
		uri=$(awk -v s="$suite" '$1 == s { print $2; exit }' <<<"$table")
		[ -n "$uri" ] || case $suite in
		*-security) continue ;;
		*) uri=$(awk -v s="${codename:-none}" '$1 == s { print $2; exit }' <<<"$table") ;;
		esac
		[ -n "$uri" ] || die "apt on this machine reads no Debian mirror of $codename"
		echo "$uri $suite"
	done
}

# apt_setup DIR SUITE...: a private apt in DIR; sets apt_opts and apt_dir
apt_setup() {
	local dir=$1 ring=/usr/share/keyrings/debian-archive-keyring.gpg uri suite; shift
	apt_dir=$dir
	mkdir -p "$dir"/{lists/partial,archives/partial} || return
	: >"$dir/sources.list"
	: >"$dir/status"			# nothing counts as installed: the suites alone decide
	apt_mirrors "$@" >"$dir/mirrors" || return
	while read -r uri suite; do
		echo "deb [signed-by=$ring] $uri $suite main" >>"$dir/sources.list"
	done <"$dir/mirrors"
	apt_opts=(-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::status="$dir/status"
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives"
		-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3)
	apt-get -qq "${apt_opts[@]}" update >"$dir/update.log" 2>&1 ||
		{ cat "$dir/update.log" >&2; die "the package lists could not be fetched"; }
}

# apt_closure REGEX PACKAGE...: the packages and what they depend on, as far as the names match
apt_closure() {
	local want=$1 queue seen=' ' p; shift
	queue=("$@")
	while [ ${#queue[@]} -gt 0 ]; do
		p=${queue[0]} queue=("${queue[@]:1}")
		case $seen in *" $p "*) continue ;; esac
		seen+="$p "
		apt-cache "${apt_opts[@]}" show --no-all-versions "$p" >"$apt_dir/show" 2>/dev/null || die "no package $p in these suites"
		echo "$p"
		mapfile -t -O ${#queue[@]} queue < <(sed -n 's/^Depends: //p' "$apt_dir/show" | tr ',|' '\n\n' |
			awk '{ print $1 }' | grep -E "$want" | grep -v -- '-unsigned$')
	done
}

# apt_fetch DIR PACKAGE...: their .deb files into DIR
apt_fetch() {
	local dir=$1; shift
	mkdir -p "$dir" && cd "$dir" || return
	apt-get -qq "${apt_opts[@]}" download "$@" >"$dir/download.log" 2>&1 ||
		{ cat "$dir/download.log" >&2; die "could not download: $*"; }
}

# apt_tree DIR PACKAGE...: the packages and all they depend on, unpacked into DIR and not configured: enough of a
# system to run compilers in by chroot. PACKAGE/SUITE takes it from there.
apt_tree() {
	local dir=$1 deb d; shift
	rm -f "$apt_dir"/archives/*.deb
	apt-get -qq "${apt_opts[@]}" -o APT::Install-Recommends=false --download-only -y install "$@" >"$apt_dir/tree.log" 2>&1 ||
		{ cat "$apt_dir/tree.log" >&2; die "could not download: $*"; }
	mkdir -p "$dir"/{usr,proc,dev,tmp,mnt} || return
	for d in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$d" && ln -sfn "usr/$d" "$dir/$d" || return
	done
	for deb in "$apt_dir"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --keep-directory-symlink || die "cannot unpack ${deb##*/}"
	done
	rm -f "$apt_dir"/archives/*.deb
}
