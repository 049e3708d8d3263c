# The library's part on packages: what is pending, what is held and why, who has the lock, and the upgrade itself, for apt, dnf (4 and 5),
# yum, zypper, apk, pacman and FreeBSD's pkg and base system. Scripts call tend_detect first.
#
#   tend_pending [cached]        prints records, one a line, fields separated by one tab, "-" for none:
#                                  U name old new origin security    an update; security is yes, no or unknown
#                                  N name new origin                 a package that the upgrade would bring along
#                                  H name why                        an update that will not be made, and why
#                                  S number                          security patches, where they are not told by package
#                                With cached, nothing is fetched. Fails where the package manager does, saying why.
#   tend_pending_facts           turns records on its input into facts; what tend_lists says of them is heeded
#   tend_lists [cached]          reports when the package lists were fetched (index_age, seconds), and sets tend_blind to why they say too little to
#                                call anything up to date: none were ever fetched, or longer ago than $lists_max seconds. "" = they do not
#   tend_conffile_facts          of the records on its input, reports changed configuration files that may conflict (conffiles, conffile.PATH)
#   tend_stale_facts             reports services that run code which is gone from disk (restarts_due, stale.UNIT)
#   tend_conffiles NAME…         prints "path<tab>package" of configuration files of these packages that were changed on the host
#   tend_refresh                 fetches the package lists; fails where one of them could not be had, and reports in tend_left_out what the
#                                configuration lets be left out
#   tend_installed               prints "name version" of everything that is installed, sorted
#   tend_broken                  prints packages that are half-installed or half-configured
#   tend_locks                   prints "pid name file" of each process that holds a lock of the package manager
#   tend_wait_lock SECONDS       waits until nobody does, and says who does meanwhile
#   tend_select                  of the records on its input, prints "name version" of those that scope, packages and exclude choose
#   tend_named_held              of the records on its input, prints "name: why" of those that packages names and that are not upgraded, though they could be
#   tend_refuse                  fails, saying why, where scope, packages and exclude ask for what this package manager cannot do; of the records on its input
#   tend_transaction             of the records on its input, prints "name old new" of exactly what tend_upgrade would do: "-" for the old
#                                version of a package that comes along, and for the new one of a package that would go
#   tend_upgrade [download]      upgrades what scope, packages and exclude choose; or only fetches it
#   tend_conflicts NAME…         like tend_conffiles, of packages that were fetched: only files of which the new version brings another text
#   tend_repair                  finishes what tend_broken names
#   tend_downgrade [try]         goes back to the old versions of the "name old new" lines on its input; or only says whether it could
#   tend_restarts                prints units whose processes run code that is gone from disk
#   tend_reboot_deep             tend_reboot, and what needrestart, dnf and zypper say
#   tend_old_kernels             prints "KiB name" of the kernels that nobody needs, and of what depends on them; the first line may have the size of all
#   tend_beside                  prints the files that package managers leave beside a changed configuration file

tend_pending() {
	case $tend_pm in
	apt) tend_pending_apt ;;
	dnf | dnf5 | yum) tend_pending_dnf "${1:-}" ;;
	zypper) tend_pending_zypper "${1:-}" ;;
	apk) tend_pending_apk ;;
	pacman) tend_pending_pacman "${1:-}" ;;
	pkg) tend_pending_pkg "${1:-}" ;;
	*) tend_fail "no package manager that tend knows is on this host" ;;
	esac
}

# apt-get(8). "kept back" and "deferred due to phasing" are apt 2's words, "Not upgrading" and "Not upgrading yet due to phasing" apt 3's.
# A simulation takes no lock and needs no root. Pins are those of apt_preferences(5) to a version, or with a negative priority. Where packages are kept back, a full upgrade is simulated too: what it would remove is why.
tend_pending_apt() {
	tend_out=$(apt-get -s --with-new-pkgs upgrade 2>&1) || { printf '%s\n' "$tend_out" >&2; return 1; }
	tend_full=''
	case $tend_out in
	*'kept back'* | *'Not upgrading:'*) tend_full=$(apt-get -s dist-upgrade 2>/dev/null) || tend_full='' ;;
	esac
	{
		printf '@@ pins\n'
		cat /etc/apt/preferences /etc/apt/preferences.d/* 2>/dev/null
		printf '\n@@ hold\n%s\n@@ upgrade\n%s\n@@ full\n%s\n' "$(apt-mark showhold 2>/dev/null)" "$tend_out" "$tend_full"
	} | awk '
		BEGIN { OFS = "\t" }
		/^@@ / { section = $2; list = ""; next }
		section == "pins" && /^Package:/ { sub(/^Package: */, ""); pinned = $0 }
		section == "pins" && /^Pin:/ { sub(/^Pin: */, ""); pin = $0 }
		section == "pins" && /^Pin-Priority:/ {
			if (pinned != "*" && (pin ~ /^version / || $2 < 0)) {
				n = split(pinned, names, " ")
				for (i = 1; i <= n; i++) print "H", names[i], "pinned in /etc/apt/preferences: " pin ", priority " $2
			}
			pinned = pin = ""
		}
		section == "hold" && NF { hold[$1] = 1 }
		section == "full" && /^Inst / { could[$2] = 1 }
		section == "full" && /^Remv / { gone = gone " " $2 }
		section != "upgrade" { next }
		/^Inst / {
			name = $2; old = $3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : "-"
			s = substr($0, index($0, "(") + 1); sub(/\).*/, "", s)
			new = s; sub(/ .*/, "", new); sub(/^[^ ]* */, "", s); sub(/ *\[[^]]*\]$/, "", s)
			if (s == "") s = "-"
			if (old == "-") print "N", name, new, s
			else print "U", name, old, new, s, s ~ /-security(,|$)/ ? "yes" : "no"
			next
		}
		/^[^ ]/ { list = /kept back:|^Not upgrading:/ ? "kept" : /due to phasing:/ ? "phased" : "" }
		/^ / && list != "" { for (i = 1; i <= NF; i++) why[$i] = list }
		END {
			for (p in why) {
				if (p in hold) reason = "held back with apt-mark hold"
				else if (why[p] == "phased") reason = "phased: it is released step by step, and not yet to this host"
				else if ((p in could) && gone != "") reason = "kept back: it needs packages removed:" gone
				else if (p in could) reason = "kept back: a full upgrade would make it"
				else reason = "kept back: what it depends on cannot be had"
				print "H", p, reason
				delete hold[p]
			}
			for (p in hold) print "H", p, "held back with apt-mark hold; nothing newer is known"
		}'
}

# dnf(8), dnf5-check-upgrade(8), yum(8): 100 = updates, 0 = none. A name that is long is alone on its line in yum 3. Security is told by
# advisories; where a repository has none at all, it is unknown.
tend_pending_dnf() {
	tend_c=''
	[ "$1" != cached ] || tend_c=-C
	if [ "$tend_pm" = dnf ] && [ -n "$tend_c" ]; then # it ends well without lists, and says so only where it may speak
		tend_out=$(dnf -C check-update 2>&1)
	else
		tend_out=$($tend_pm -q $tend_c check-update 2>/dev/null)
	fi
	tend_rc=$?
	[ $tend_rc = 0 ] || [ $tend_rc = 100 ] || { printf '%s check-update failed (exit %s)\n' "$tend_pm" "$tend_rc" >&2; return 1; }
	case $tend_out in *'no cache for'*) printf '%s\n' "$tend_out" | grep 'no cache for' >&2; return 1 ;; esac
	case $tend_pm in
	dnf5) tend_sec=$(dnf5 -q $tend_c advisory list --security 2>/dev/null) && tend_any=$(dnf5 -q $tend_c advisory list --all 2>/dev/null | head -n 3) ;;
	dnf) tend_sec=$(dnf -q $tend_c updateinfo --list security 2>/dev/null) && tend_any=$(dnf -q $tend_c updateinfo --list --all 2>/dev/null | head -n 3) ;;
	*) tend_sec=$(yum -q $tend_c updateinfo list security 2>/dev/null) && tend_any=$(yum -q $tend_c updateinfo list all 2>/dev/null | head -n 3) ;;
	esac || tend_any=''
	{
		printf '@@ installed\n'
		[ $tend_rc = 0 ] || rpm -qa --qf '%{NAME}.%{ARCH} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n'
		printf '@@ locks\n'
		$tend_pm -q $tend_c versionlock list 2>/dev/null
		printf '@@ excludes\n'
		grep -hE '^[ \t]*(exclude|excludepkgs)[ \t]*=' /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo 2>/dev/null
		printf '@@ advisories %s\n%s\n@@ updates\n%s\n' "${tend_any:+known}" "$tend_sec" "$tend_out"
	} | awk '
		BEGIN { OFS = "\t" }
		/^@@ / { section = $2; if ($2 == "advisories") known = $3 != ""; next }
		section == "installed" { have[$1] = $2 }
		section == "locks" && /^Package name:/ { print "H", $3, "locked with versionlock" }
		section == "locks" && NF == 1 && /-[0-9*]/ { n = $1; sub(/-([0-9]+:)?[0-9*][^-]*(-[^-]*)?$/, "", n); print "H", n, "locked with versionlock" }
		section == "excludes" { sub(/^[^=]*=[ \t]*/, ""); n = split($0, x, /[ ,\t]+/); for (i = 1; i <= n; i++) if (x[i] != "") print "H", x[i], "excluded in the configuration of dnf" }
		section == "advisories" {
			for (i = 2; i <= NF; i++) if ($i ~ /-[^-]+-[^-]+\.[a-z0-9_]+$/) {
				arch = $i; sub(/.*\./, "", arch); n = $i; sub(/-[^-]+-[^-]+$/, "", n); fixed[n "." arch] = 1; known = 1
			}
		}
		section != "updates" || stop { next }
		/^[Oo]bsolet/ { stop = 1; next }
		NF == 1 && $1 ~ /\./ { long = $1; next }
		NF == 2 && long != "" { $0 = long " " $0 }
		{ long = "" }
		NF == 3 && $1 ~ /\.[a-z0-9_]+$/ && $2 ~ /[0-9].*-/ {
			if (seen[$1]++) next
			print "U", $1, ($1 in have) ? have[$1] : "-", $2, $3, ($1 in fixed) ? "yes" : known ? "no" : "unknown"
		}'
}

# zypper(8). Security is a matter of patches, not of packages.
tend_pending_zypper() {
	tend_c=''
	[ "$1" != cached ] || tend_c=--no-refresh
	tend_out=$(zypper -n -q $tend_c list-updates 2>&1) || { printf '%s\n' "$tend_out" >&2; return 1; }
	tend_sec=$(zypper -n -q $tend_c list-patches --category security 2>/dev/null)
	printf '@@ locks\n%s\n@@ patches\n%s\n@@ updates\n%s\n' "$(zypper -n -q locks 2>/dev/null)" "$tend_sec" "$tend_out" | awk -F '|' '
		function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
		BEGIN { OFS = "\t" }
		/^@@ / { split($0, w, " "); section = w[2]; header = 0; next }
		NF < 4 { next }
		!header { header = 1; for (i = 1; i <= NF; i++) col[section, trim($i)] = i; next }
		section == "locks" { print "H", trim($col["locks", "Name"]), "locked with zypper addlock" }
		section == "patches" && trim($col["patches", "Name"]) != "Name" { patches++ } # those of zypper itself stand in a table of their own
		section == "updates" {
			print "U", trim($col["updates", "Name"]), trim($col["updates", "Current Version"]), trim($col["updates", "Available Version"]), trim($col["updates", "Repository"]), "unknown"
		}
		END { print "S", patches + 0 }'
}

# apk-version(8). The index knows no security class.
tend_pending_apk() {
	tend_out=$(apk version -l '<' 2>&1) || { printf '%s\n' "$tend_out" >&2; return 1; }
	{ printf '%s\n@@ world\n' "$tend_out"; cat /etc/apk/world 2>/dev/null; } | awk '
		BEGIN { OFS = "\t" }
		/^@@ / { world = 1; next }
		world && /[=<>~]/ { n = $1; sub(/[=<>~@].*/, "", n); print "H", n, "pinned in /etc/apk/world: " $1; next }
		$2 == "<" { n = $1; sub(/-[^-]*-r[0-9]+$/, "", n); print "U", n, substr($1, length(n) + 2), $3, "-", "unknown" }'
}

# checkupdates(8): 0 updates, 2 none; pacman -Qu: 1 none, and 1 on errors, whose words tell. Never -Sy alone on its own lists: a partial upgrade
# is not supported.
tend_pending_pacman() {
	if [ "$1" != cached ] && tend_have checkupdates; then
		tend_out=$(checkupdates 2>&1)
		tend_rc=$?
		[ $tend_rc = 0 ] || [ $tend_rc = 2 ] || { printf '%s\n' "$tend_out" >&2; return 1; }
	else
		tend_d=$(tend_pacman_lists cached)
		tend_out=$(pacman -Qu ${tend_d:+--dbpath "$tend_d"} 2>&1)
		case $tend_out in
		*'error: '* | *'does not exist (use'*) printf '%s\n' "$tend_out" >&2 && return 1 ;;
		esac
	fi
	printf '%s\n' "$tend_out" | awk '
		BEGIN { OFS = "\t" }
		$3 != "->" { next }
		$5 == "[ignored]" { print "H", $1, "ignored in pacman.conf"; next }
		{ print "U", $1, $2, $4, "-", "unknown" }'
}

# Prints the directory of lists to go by, where pacman's own, which may be older, are not: those that checkupdates(8) has fetched, or without it those of
# tend_refresh; with "cached", the latter only.
tend_pacman_lists() {
	tend_l=/var/lib/tend/pacman
	if tend_have checkupdates; then
		[ "${1:-}" != cached ] || return 0
		tend_l=${CHECKUPDATES_DB:-${TMPDIR:-/tmp}/checkup-db-$(id -u)}
	fi
	if [ -d "$tend_l/sync" ] && [ ! /var/lib/pacman/sync -nt "$tend_l/sync" ]; then printf '%s\n' "$tend_l"; fi
}

# pkg-upgrade(8), pkg-audit(8), freebsd-update(8).
tend_pending_pkg() {
	tend_c=''
	[ "$1" != cached ] || tend_c=-U
	tend_out=$(pkg upgrade -n $tend_c 2>&1)
	case $tend_out in
	*UPGRADED* | *'up to date'* | *INSTALLED* | *REINSTALLED*) ;;
	*) printf '%s\n' "$tend_out" >&2 && return 1 ;;
	esac
	tend_sec=$(pkg audit -q 2>/dev/null)
	tend_rc=$?
	{
		printf '@@ locked\n'
		pkg query -e '%k = 1' '%n' 2>/dev/null
		printf '@@ audit %s\n%s\n@@ upgrade\n%s\n@@ base\n' "$tend_rc" "$tend_sec" "$tend_out"
		! freebsd-update updatesready >/dev/null 2>&1 || printf '%s %s\n' "$(freebsd-version -u)" "$(freebsd-version -k)"
	} | awk '
		BEGIN { OFS = "\t" }
		/^@@ / { section = $2; if ($2 == "audit") known = $3 < 2; next }
		section == "locked" && NF { print "H", $1, "locked with pkg lock" }
		section == "audit" && NF { n = $1; sub(/-[^-]*$/, "", n); bad[n] = 1 }
		section == "base" && NF { print "U", "FreeBSD-base", $1, "fetched", "freebsd-update", "yes" }
		section == "upgrade" && /INSTALLED:/ { mode = /REINSTALLED/ ? "" : "N"; next }
		section == "upgrade" && /UPGRADED:/ { mode = "U"; next }
		section == "upgrade" && /^[A-Z]/ { mode = ""; next }
		section == "upgrade" && mode == "U" && $3 == "->" { n = $1; sub(/:$/, "", n); print "U", n, $2, $4, $5 == "" ? "-" : $5, !known ? "unknown" : (n in bad) ? "yes" : "no" }
		section == "upgrade" && mode == "N" && NF >= 2 { n = $1; sub(/:$/, "", n); print "N", n, $2, $3 == "" ? "-" : $3 }'
}

# Where the lists say too little, what is found counts, and none is not said.
tend_pending_facts() {
	awk -F '\t' -v blind_lists="${tend_blind:-}" '
		$1 == "U" { n++; if ($6 == "yes") sec++; if ($6 == "unknown") blind = 1; print "update." $2 "=" $3 " -> " $4 " " $5 ($6 == "yes" ? " security" : "") }
		$1 == "N" { new++ }
		$1 == "H" { held++; print "held." $2 "=" $3 }
		$1 == "S" { patches = $2; told = 1 }
		END {
			if (told) sec = patches
			if (n || blind_lists == "") print "pending=" n + 0
			print "held=" held + 0
			if (n || blind_lists == "") print "new_packages=" new + 0
			if ((told || !blind) && (sec || blind_lists == "")) print "security=" sec + 0
			print "security_known=" (blind && !told ? "no" : "yes")
		}'
}

# The file or directory of each manager whose date says when it last fetched its lists: apt works in partial, and leaves it as it was where nothing
# could be had; dnf dates repomd.xml anew where a repository has not changed, zypper the repository's directory, apk the index. pacman
# gives each list the server's date, but makes its files in that directory; pkg gives its catalogue the server's date, and nothing else.
tend_lists() {
	tend_blind='' tend_at=''
	case $tend_pm in
	apt) tend_f=/var/lib/apt/lists/partial && set -- /var/lib/apt/lists/*_Packages* ;;
	dnf | dnf5 | yum) tend_f='' && set -- /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml /var/cache/yum/*/*/*/repomd.xml ;;
	zypper) tend_f='' && set -- /var/cache/zypp/raw/*/ ;;
	apk) tend_f='' && set -- /var/cache/apk/APKINDEX.* /etc/apk/cache/APKINDEX.* /var/lib/apk/APKINDEX.* ;;
	pacman)
		tend_f=$(tend_pacman_lists "${1:-}")
		tend_f=${tend_f:-/var/lib/pacman}/sync
		set -- "$tend_f"/*.db
		;;
	pkg)
		set -- /var/db/pkg/repo-*.sqlite /var/db/pkg/repos/*/db
		[ -e "$1" ] || [ -e "$2" ] || tend_blind='the package lists were never fetched'
		return 0
		;;
	*) return 0 ;;
	esac
	tend_any=no
	for tend_n; do [ ! -e "$tend_n" ] || tend_any=yes; done
	if [ $tend_any = no ]; then
		tend_blind='the package lists were never fetched'
		return 0
	fi
	[ -z "$tend_f" ] || set -- "$tend_f"
	tend_at=$(stat -c %Y "$@" 2>/dev/null | sort -n | tail -n 1)
	[ -n "$tend_at" ] || { tend_blind='it cannot be told when the package lists were fetched' && return 0; }
	tend_at=$(($(date +%s) - tend_at))
	tend_fact index_age "$tend_at"
	[ "$tend_at" -le "${lists_max:-172800}" ] || tend_blind="the package lists were fetched $((tend_at / 3600)) hours ago: what was released since is not known"
}

# Without root, files and processes of others cannot be looked into: what was found counts then, and that there is none only root says.
tend_count() { # key, lines, why none is not said
	tend_n=$(printf '%s\n' "$2" | awk 'NF { n++ } END { print n + 0 }')
	if [ "$tend_n" -gt 0 ] || { [ -z "${3:-}" ] && tend_root; }; then tend_fact "$1" "$tend_n"; fi
}

tend_conffile_facts() {
	case $tend_pm in
	apt | dnf | dnf5 | yum | zypper | pacman | apk) ;;
	*) return 0 ;;
	esac
	tend_root || :
	tend_list=$(tend_conffiles $(awk -F '\t' '$1 == "U" { print $2 }'))
	printf '%s\n' "$tend_list" | awk -F '\t' 'NF == 2 && ++n <= 100 && $1 !~ /[ =]/ { print "conffile." $1 "=" $2 ": changed on this host, and may conflict" }'
	tend_count conffiles "$tend_list" "${tend_blind:-}"
}

tend_stale_facts() {
	tend_root || :
	[ -d /run/systemd/system ] || tend_have needrestart || return 0
	tend_list=$(tend_restarts)
	printf '%s\n' "$tend_list" | awk 'NF && ++n <= 100 { print "stale." $1 "=runs old code" }'
	tend_count restarts_due "$tend_list"
}

# dpkg-query(1): the checksum is that of the file as it was shipped; a file that differs was changed here, and will conflict if the
# new version ships another one.
tend_conffiles() {
	[ $# -gt 0 ] || return 0
	case $tend_pm in
	apt) tend_conffiles_apt "$@" ;;
	dnf | dnf5 | yum | zypper) tend_conffiles_rpm "$@" ;;
	pacman) pacman -Qii "$@" 2>/dev/null | awk '
		$1 == "Name" { name = $3 }
		$1 == "MODIFIED" { print $2 "\t" name }
		/\[modified\]/ { for (i = 1; i < NF; i++) if ($i ~ /^\// && $(i + 1) == "[modified]") print $i "\t" name }' ;;
	apk) apk audit 2>/dev/null | awk '$1 == "U" { print "/" $2 }' | while read -r tend_f; do
		tend_n=$(apk info -q --who-owns "$tend_f" 2>/dev/null | sed 's/-[^-]*-r[0-9]*$//')
		case " $* " in *" $tend_n "*) printf '%s\t%s\n' "$tend_f" "$tend_n" ;; esac
	done ;;
	esac
}

# rpm(8), "VERIFY OPTIONS": a 5 in the third place says that the digest differs, a c behind it that it is a configuration file.
tend_conffiles_rpm() {
	for tend_n in "$@"; do
		${tend_as:-} rpm -Vc --nodeps --noscripts "$tend_n" 2>/dev/null | awk -v name="$tend_n" '$1 ~ /^..5/ && $2 == "c" { print $3 "\t" name }'
	done
}

# What dpkg compares: the checksum that the installed version came with, against that of the file in the new one.
tend_conflicts() {
	tend_conffiles "$@" | while IFS='	' read -r tend_path tend_n; do
		tend_deb=''
		for tend_f in /var/cache/apt/archives/"${tend_n%%:*}"_*.deb; do
			if [ "$tend_pm" = apt ] && [ -e "$tend_f" ]; then tend_deb=$tend_f; fi
		done
		if [ -n "$tend_deb" ]; then
			tend_new=$(dpkg-deb --fsys-tarfile "$tend_deb" 2>/dev/null | tar -xOf - ".$tend_path" 2>/dev/null | md5sum)
			tend_old=$(dpkg-query -W -f='${Conffiles}\n' "$tend_n" 2>/dev/null | awk -v path="$tend_path" '$1 == path { print $2 }')
			[ "${tend_new%% *}" != "$tend_old" ] || continue
		fi
		printf '%s\t%s\n' "$tend_path" "$tend_n"
	done
}

tend_conffiles_apt() {
	tend_out=$(dpkg-query -W -f='${binary:Package}\n${Conffiles}\n' "$@" 2>/dev/null | awk '
		/^[^ ]/ { package = $1 }
		/^ / && $2 ~ /^[0-9a-f]+$/ && $3 != "obsolete" { print $2 "  " $1 "\t" package }')
	printf '%s\n' "$tend_out" | cut -f 1 | ${tend_as:-} md5sum -c 2>/dev/null | sed -n 's/: FAILED$//p' | while read -r tend_f; do
		printf '%s\n' "$tend_out" | awk -F '\t' -v path="$tend_f" 'substr($1, index($1, "  ") + 2) == path { print path "\t" $2; exit }'
	done
}

# apt-get ends with 0 where a list could not be had, and goes by the old one or by none; dnf does where skip_if_unavailable is set. dnf's
# lists count as new for two days, whatever was released since.
tend_refresh() {
	tend_left_out=''
	case $tend_pm in
	apt)
		tend_out=$(apt-get -q -o DPkg::Lock::Timeout="${lock_wait:-0}" update 2>&1)
		tend_rc=$?
		printf '%s\n' "$tend_out"
		case $tend_rc:$tend_out in
		0:*'Some index files failed to download'*)
			printf '%s\n' "$tend_out" | awk '/^[WE]: Failed to fetch / && !n++ { sub(/^[WE]: /, ""); print }' >&2
			return 1
			;;
		esac
		return $tend_rc
		;;
	dnf | dnf5)
		tend_out=$($tend_pm --refresh makecache 2>&1)
		tend_rc=$?
		printf '%s\n' "$tend_out"
		tend_left_out=$(printf '%s\n' "$tend_out" | sed -n 's/^Ignoring repositories: //p')
		return $tend_rc
		;;
	yum) yum -q clean expire-cache && yum -q makecache ;;
	zypper) zypper -n refresh ;;
	apk) apk update ;;
	pacman)
		if tend_have checkupdates; then
			printf 'checkupdates fetches the lists when it is asked what is pending\n'
			return 0
		fi
		mkdir -p /var/lib/tend/pacman && chmod 700 /var/lib/tend && ln -sfn /var/lib/pacman/local /var/lib/tend/pacman/local || return
		pacman -Sy --noconfirm --dbpath /var/lib/tend/pacman --logfile /dev/null </dev/null
		;;
	pkg) pkg update ;;
	esac
}

tend_installed() {
	case $tend_pm in
	apt) dpkg-query -W -f='${db:Status-Abbrev} ${binary:Package} ${Version}\n' | awk '$1 ~ /^.[iUFWt]/ { print $2, $3 }' ;;
	dnf | dnf5 | yum | zypper) rpm -qa --qf '%{NAME}.%{ARCH} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' | grep -v '^gpg-pubkey' ;;
	apk) apk info -v 2>/dev/null | awk '{ n = $1; sub(/-[^-]*-r[0-9]+$/, "", n); print n, substr($1, length(n) + 2) }' ;;
	pacman) pacman -Q ;;
	pkg) pkg query '%n %v' && printf 'FreeBSD-base %s\n' "$(freebsd-version -u)" ;;
	esac | sort
}

# Of the installed packages on its input and those in a file from before: "name old new" of each that differs. A package that is installed
# in several versions, a kernel, has them with commas between.
tend_changes() {
	{ cat "$1"; printf '@@\n'; cat; } | awk '
		/^@@/ { now = 1; next }
		!now { old[$1] = old[$1] == "" ? $2 : old[$1] "," $2; next }
		{ new[$1] = new[$1] == "" ? $2 : new[$1] "," $2 }
		END {
			for (p in new) if (new[p] != old[p]) print p, old[p] == "" ? "-" : old[p], new[p]
			for (p in old) if (!(p in new)) print p, old[p], "-"
		}' | sort
}

# dpkg --audit exits 0 even where something is broken.
tend_broken() {
	case $tend_pm in
	apt) dpkg-query -W -f='${db:Status-Abbrev} ${binary:Package}\n' | awk '$1 !~ /^(ii|hi|rc|un|pn)$/ { print $2 " (" $1 ")" }' ;;
	dnf | dnf5 | yum | zypper)
		if tend_out=$(rpm -qa --qf '%{NAME}.%{ARCH}\n' 2>/dev/null) && [ -n "$tend_out" ]; then
			printf '%s\n' "$tend_out" | grep -Ev '^(kernel|kmod|gpg-pubkey)' | sort | uniq -d | sed 's/$/ (two versions of it are installed)/'
		else
			printf 'rpm (its database cannot be read)\n'
		fi
		;;
	pacman) [ ! -e /var/lib/pacman/db.lck ] || tend_pacman_runs || printf 'pacman (db.lck was left by one that is gone)\n' ;;
	esac
}

tend_pacman_runs() {
	ps -A -o comm= 2>/dev/null | grep -q pacman
}

# An upgrade by rpm that was killed leaves both versions in its database: the newest is what lies on disk, as far as it came, and the others
# are only forgotten. dpkg finishes what it began.
tend_repair() {
	case $tend_pm in
	apt)
		DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
		export DEBIAN_FRONTEND NEEDRESTART_SUSPEND
		dpkg --force-confdef --force-confold --configure -a </dev/null || printf 'dpkg could not configure all; apt tries\n'
		apt-get -y -q -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -f install </dev/null || return
		# What was broken off while it was unpacked has to be unpacked again.
		tend_out=$(dpkg-query -W -f='${db:Status-Abbrev} ${binary:Package}\n' | awk '$1 ~ /R$|^.[HF]/ { print $2 }')
		[ -z "$tend_out" ] || apt-get -y -q -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --reinstall install $tend_out </dev/null
		;;
	dnf | dnf5 | yum | zypper)
		rpm -qa >/dev/null 2>&1 || rpm --rebuilddb || return
		for tend_n in $(tend_broken | sed 's/ .*//'); do
			rpm -q "$tend_n" --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' | sort -V | sed '$d' | while read -r tend_old; do
				printf 'forgetting %s\n' "$tend_old"
				rpm -e --justdb --nodeps --noscripts --notriggers "$tend_old" </dev/null
			done
		done
		;;
	pacman) tend_pacman_runs || rm -f /var/lib/pacman/db.lck ;;
	*) printf 'nothing to repair is known for %s\n' "$tend_pm" ;;
	esac
}

# /proc/locks names the process and the inode of each lock (proc(5)); ls names the inode of each file. A container over this machine's files
# has the same inodes on a device of its own: the files that the process has open tell them apart, where they may be looked at.
tend_holds() {
	[ -r "/proc/$1/fd" ] || return 0
	for tend_n in "/proc/$1/fd"/*; do
		[ ! "$tend_n" -ef "$2" ] || return 0
	done
	return 1
}

tend_locks() {
	{
		ls -i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock \
			/var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock /lib/apk/db/lock /usr/lib/apk/db/lock 2>/dev/null
		printf '@@\n'
		cat /proc/locks 2>/dev/null
	} | awk '
		/^@@/ { locks = 1; next }
		!locks { path[$1] = $2; next }
		$2 != "->" { split($6, id, ":"); if ((id[3] in path) && $5 > 0) print $5, path[id[3]] }' | sort -u -k 1,1 | while read -r tend_p tend_f; do
		tend_holds "$tend_p" "$tend_f" || continue
		tend_n='?'
		[ ! -r "/proc/$tend_p/comm" ] || read -r tend_n <"/proc/$tend_p/comm"
		printf '%s %s %s\n' "$tend_p" "$tend_n" "$tend_f"
	done
	for tend_f in /run/zypp.pid /var/run/zypp.pid /var/cache/dnf/metadata_lock.pid /var/lib/dnf/rpmdb_lock.pid /var/run/yum.pid; do
		[ -r "$tend_f" ] && read -r tend_p <"$tend_f" && [ -n "$tend_p" ] && [ -d "/proc/$tend_p" ] || continue
		tend_n='?'
		[ ! -r "/proc/$tend_p/comm" ] || read -r tend_n <"/proc/$tend_p/comm"
		printf '%s %s %s\n' "$tend_p" "$tend_n" "$tend_f"
		break
	done
	if [ -e /var/lib/pacman/db.lck ] && tend_pacman_runs; then printf '? pacman /var/lib/pacman/db.lck\n'; fi
}

tend_wait_lock() {
	tend_waited=0
	while tend_who=$(tend_locks) && [ -n "$tend_who" ]; do
		[ $tend_waited -lt "$1" ] || tend_fail "the package manager is still locked after $tend_waited s, by $(printf '%s' "$tend_who" | tr '\n' ';')"
		[ $((tend_waited % 30)) != 0 ] || printf 'waiting for the lock held by process %s\n' "$tend_who"
		sleep 5
		tend_waited=$((tend_waited + 5))
	done
}

# Names may be given with or without their architecture, and as patterns of the shell.
tend_select() {
	while IFS='	' read -r tend_kind tend_n tend_old tend_new tend_origin tend_secure; do
		[ "$tend_kind" = U ] || continue
		[ "${scope:-all}" != security ] || [ "$tend_secure" = yes ] || continue
		[ -z "${packages:-}" ] || tend_among "$tend_n" "$packages" || continue
		! tend_among "$tend_n" "${exclude:-}" || continue
		printf '%s %s\n' "$tend_n" "$tend_new"
	done
}

tend_named_held() {
	while IFS='	' read -r tend_kind tend_n tend_why_held; do
		[ "$tend_kind" = H ] && tend_among "$tend_n" "${packages:-}" && ! tend_among "$tend_n" "${exclude:-}" || continue
		case $tend_why_held in
		*'nothing newer is known') ;;
		*) printf '%s: %s\n' "$tend_n" "$tend_why_held" ;;
		esac
	done
}

tend_among() {
	set -f
	for tend_pattern in $2; do
		case $1 in $tend_pattern | $tend_pattern[:.]*) set +f && return 0 ;; esac
	done
	set +f
	return 1
}

tend_upgrade() {
	case $tend_pm in
	apt) tend_upgrade_apt "${1:-}" ;;
	dnf | dnf5 | yum) tend_upgrade_dnf "${1:-}" ;;
	zypper) tend_upgrade_zypper "${1:-}" ;;
	apk) tend_upgrade_apk "${1:-}" ;;
	pacman) tend_upgrade_pacman "${1:-}" ;;
	pkg) tend_upgrade_pkg "${1:-}" ;;
	*) tend_fail "no package manager that tend knows is on this host" ;;
	esac
}

# Whether everything is to be upgraded, so that the package manager's own command for that can be used.
tend_everything() {
	[ "${scope:-all}" = all ] && [ -z "${packages:-}${exclude:-}" ]
}

tend_no_security() {
	[ "${scope:-all}" != security ] || tend_fail "$tend_pm does not tell security updates from others: use scope=all, or name packages"
}

# What is refused while upgrading would be foretold as nothing to do, or as more than is done.
tend_refuse() {
	tend_records=$(cat)
	case $tend_pm in
	apk) tend_no_security ;;
	pacman) tend_no_security && tend_no_parts ;;
	zypper)
		[ "$tend_os" != opensuse-tumbleweed ] || tend_no_security
		tend_only_whole
		;;
	*) case "$tend_records
" in *'	unknown
'*) tend_no_security ;; esac ;;
	esac
}

tend_no_parts() {
	[ -z "${packages:-}" ] || tend_fail 'pacman supports no partial upgrades: leave packages empty'
}

tend_only_whole() {
	[ "${scope:-all}" != security ] || [ -z "${packages:-}${exclude:-}" ] || tend_fail 'zypper applies security patches whole: leave packages and exclude empty, or use scope=all'
}

# The conf options keep dpkg from asking (without them it stops half-way); needrestart's hook is off, so that services are restarted once,
# at the end, and not by the way.
tend_upgrade_apt() {
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
	export DEBIAN_FRONTEND NEEDRESTART_SUSPEND APT_LISTCHANGES_FRONTEND
	tend_mode=''
	[ "$1" != download ] || tend_mode=--download-only
	case ${conffile:-keep} in
	new) tend_conf=--force-confnew UCF_FORCE_CONFFNEW=1 && export UCF_FORCE_CONFFNEW ;;
	*) tend_conf=--force-confold UCF_FORCE_CONFFOLD=1 && export UCF_FORCE_CONFFOLD ;;
	esac
	# Through its own terminal apt-get hands on what dpkg says, and where dpkg ends sooner than that is read, the last of it is lost.
	set -- -y -q $tend_mode -o Dpkg::Use-Pty=0 -o "DPkg::Lock::Timeout=${lock_wait:-0}" -o Dpkg::Options::=--force-confdef -o "Dpkg::Options::=$tend_conf"
	[ "${conffile:-keep}" != new ] || set -- -y -q $tend_mode -o Dpkg::Use-Pty=0 -o "DPkg::Lock::Timeout=${lock_wait:-0}" -o "Dpkg::Options::=$tend_conf"
	if tend_everything; then
		apt-get "$@" --with-new-pkgs upgrade </dev/null
		return
	fi
	tend_list=$(tend_pending | tend_select | awk '{ print $1 "=" $2 }')
	[ -n "$tend_list" ] || { printf 'nothing is left to upgrade\n'; return 0; }
	tend_simulated=$(tend_simulate_apt) || return
	apt-get "$@" --only-upgrade --no-remove install $tend_list </dev/null
}

# What apt-get would do with tend_list, or with everything where that is empty.
tend_simulate_apt() {
	if [ -z "$tend_list" ]; then
		apt-get -s --with-new-pkgs upgrade
		return
	fi
	tend_out=$(apt-get -s --only-upgrade --no-remove install $tend_list 2>&1) || { printf '%s\n' "$tend_out" >&2; return 1; }
	for tend_n in $(printf '%s\n' "$tend_out" | awk '$1 == "Inst" { print $2 }'); do
		! tend_among "$tend_n" "${exclude:-}" || tend_fail "$tend_n is excluded, and what was chosen cannot be upgraded without it"
	done
	printf '%s\n' "$tend_out"
}

# Where a package manager does not simulate, what was chosen from the records is what is said.
tend_transaction() {
	tend_records=$(cat)
	tend_list='' tend_out=''
	case $tend_pm in
	apt)
		if ! tend_everything; then
			tend_list=$(printf '%s\n' "$tend_records" | tend_select | awk '{ print $1 "=" $2 }')
			[ -n "$tend_list" ] || return 0
		fi
		tend_out=$(tend_simulate_apt) || return
		printf '%s\n' "$tend_out" | awk '
			$1 == "Inst" { n = $2; old = $3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : "-"; sub(/^[^(]*\(/, ""); print n, old, $1 }
			$1 == "Remv" { print $2, substr($3, 2, length($3) - 2), "-" }'
		return
		;;
	dnf | dnf5 | yum) tend_out=$(tend_upgrade_dnf simulate 2>/dev/null) ;;
	zypper)
		tend_out=$(tend_upgrade_zypper simulate 2>/dev/null)
		;;
	apk) tend_out=$(tend_simulate_apk) || return ;;
	pacman) tend_out=$(tend_simulate_pacman) || return ;;
	esac
	tend_chosen=$(printf '%s\n' "$tend_records" | tend_select)
	printf '@@ chosen\n%s\n@@ records\n%s\n@@ simulated\n%s\n' "$tend_chosen" "$tend_records" "$tend_out" | awk '
		function value(key,   s) { s = $0; if (!sub(".* " key "=\"", "", s)) return "-"; sub(/".*/, "", s); return s }
		/^@@ / { section = $2; next }
		section == "chosen" && NF { chosen[++n] = $1 }
		section == "records" && $1 == "U" { old[$2] = $3; new[$2] = $4 }
		section != "simulated" { next }
		/^@ / { told = 1; if (NF == 4) line[++m] = $2 " " ((($3 == "-") && ($2 in old)) ? old[$2] : $3) " " $4; next }
		/Nothing to do/ || /^Transaction Summary/ || /<install-summary/ { told = 1 }
		/^Transaction Summary/ { mode = "" }
		/^[A-Z][A-Za-z\/ ]*:$/ { mode = /^(Installing|Upgrading|Downgrading)/ ? "in" : /^Removing/ ? "out" : ""; long = ""; next }
		/^ / && (mode == "in" || mode == "out") && NF && $1 != "replacing" {
			if (NF == 1) { long = $1; next }
			if (long != "") { $0 = long " " $0; long = "" }
			k = $1 "." $2
			line[++m] = mode == "in" ? k " " ((k in old) ? old[k] : "-") " " $3 : k " " $3 " -"
		}
		/<to-/ { mode = /<to-remove/ ? "xml out" : "xml" }
		/<solvable / && /type="package"/ { line[++m] = mode == "xml" ? value("name") " " value("edition-old") " " value("edition") : value("name") " " value("edition") " -" }
		END {
			if (told) { for (i = 1; i <= m; i++) if (!seen[line[i]]++) print line[i] }
			else for (i = 1; i <= n; i++) print chosen[i], old[chosen[i]], new[chosen[i]]
		}'
}

# Both of these print "@ name old new" a line, "-" for what there is none of, and a bare "@" where they did simulate.
#
# apk(8); the words are those of print_change in apk-tools' src/commit.c. A simulation opens the database to read it only.
tend_simulate_apk() {
	set -- upgrade -s
	if ! tend_everything; then
		tend_list=$(printf '%s\n' "$tend_records" | tend_select | awk '{ print $1 }')
		[ -n "$tend_list" ] || { printf '@ \n'; return 0; }
		set -- "$@" $tend_list
	fi
	tend_out=$(apk "$@" 2>&1 </dev/null) || { printf '%s\n' "$tend_out" >&2; return 1; }
	printf '%s\n' "$tend_out" | awk '
		BEGIN { print "@ " }
		!sub(/^\( *[0-9]+\/[0-9]+\) /, "") { next }
		{ verb = $1; n = $2; sub(/@.*/, "", n); v = substr($0, index($0, "(") + 1); sub(/\).*/, "", v); split(v, w, " -> ") }
		verb == "Installing" { print "@", n, "-", w[1] }
		verb == "Purging" { print "@", n, w[1], "-" }
		verb ~ /^(Upgrading|Downgrading|Replacing)$/ { print "@", n, w[1], w[2] }'
}

# pacman(8), --print-format; a transaction that is only printed takes no lock. What was never fetched cannot be simulated, and is no failure.
tend_simulate_pacman() {
	set -- -Sup --noconfirm --print-format '@ %n - %v'
	tend_f=$(tend_pacman_lists)
	[ -z "$tend_f" ] || set -- "$@" --dbpath "$tend_f"
	[ -z "${exclude:-}" ] || set -- "$@" --ignore "$(printf '%s' "$exclude" | tr ' ' ',')"
	if tend_out=$(pacman "$@" 2>&1 </dev/null); then
		printf '@ \n%s\n' "$tend_out" | grep '^@ '
		return
	fi
	case $tend_out in *'failed to prepare transaction'*) printf '%s\n' "$tend_out" >&2 && return 1 ;; esac
	return 0
}

# Sources: apt-get(8), dnf(8), dnf5-downgrade(8), zypper(8) on --oldpackage, pacman(8) on -U, freebsd-update(8). apk and pkg keep no old
# versions to go back to.
tend_downgrade() {
	tend_back=$(awk '$2 != "-" && $3 != "-" && $2 !~ /,/ && $3 !~ /,/ { print $1, $2 }')
	[ -n "$tend_back" ] || { printf 'nothing to go back to\n'; return 0; }
	set --  ${1:+try}
	case $tend_pm in
	apt)
		DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
		export DEBIAN_FRONTEND NEEDRESTART_SUSPEND
		apt-get ${1:+-s} -y -q -o Dpkg::Use-Pty=0 -o "DPkg::Lock::Timeout=${lock_wait:-0}" -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
			--allow-downgrades --allow-change-held-packages --no-remove install $(printf '%s\n' "$tend_back" | tr ' ' '=') </dev/null
		;;
	dnf | dnf5 | yum)
		tend_list=$(printf '%s\n' "$tend_back" | awk '{ n = $1; a = $1; sub(/\.[^.]*$/, "", n); sub(/.*\./, "", a); print n "-" $2 "." a }')
		if [ -n "${1:-}" ]; then
			for tend_n in $tend_list; do
				$tend_pm -q list --showduplicates "$tend_n" >/dev/null 2>&1 || { printf '%s cannot be had\n' "$tend_n" >&2; return 1; }
			done
		else
			$tend_pm -y downgrade $tend_list </dev/null
		fi
		;;
	zypper)
		zypper -n install -l --oldpackage ${1:+--dry-run} $(printf '%s\n' "$tend_back" | tr ' ' '=') </dev/null
		;;
	pacman)
		tend_list=''
		for tend_n in $(printf '%s\n' "$tend_back" | tr ' ' '-'); do
			tend_f=$(ls /var/cache/pacman/pkg/"$tend_n"-*.pkg.tar* 2>/dev/null | grep -v '\.sig$' | head -n 1)
			[ -n "$tend_f" ] || { printf '%s is not in the cache of pacman any more\n' "$tend_n" >&2; return 1; }
			tend_list="$tend_list $tend_f"
		done
		[ -n "${1:-}" ] || pacman -U --noconfirm $tend_list </dev/null
		;;
	*) tend_fail "$tend_pm keeps no older versions: there is no undo by versions" ;;
	esac
}

tend_upgrade_dnf() {
	case ${1:-} in
	simulate) set -- --assumeno ;;
	*) set -- -y ${1:+--downloadonly} ;;
	esac
	[ "${scope:-all}" != security ] || set -- "$@" --security
	set -f
	for tend_n in ${exclude:-}; do set -- "$@" "--exclude=$tend_n"; done
	case $tend_pm in
	yum) yum "$@" update ${packages:-} </dev/null ;;
	*) $tend_pm "$@" upgrade ${packages:-} </dev/null ;;
	esac
	tend_rc=$?
	set +f
	return $tend_rc
}

# zypper(8): 102 = done, reboot due; 103 = done, and the package manager itself was renewed: run again; 106 = a repository was skipped;
# 107 = done, but a %post script failed. Patches to zypper itself come first and alone, so that what is only downloaded or simulated ends with
# 103 too, as often as it is asked. What comes after the renewal is asked for beside it (tend_zypper_rest).
tend_upgrade_zypper() {
	tend_x='' tend_only=''
	case ${1:-} in
	simulate) set -- --dry-run && tend_x=-x tend_only=yes ;;
	download) set -- --download-only && tend_only=yes ;;
	*) set -- ;;
	esac
	tend_round=0 tend_list=''
	if [ -n "${packages:-}${exclude:-}" ]; then
		tend_only_whole
		tend_list=$(tend_pending cached | tend_select | awk '{ print $1 }')
		[ -n "$tend_list" ] || { printf 'nothing is left to upgrade\n'; return 0; }
	fi
	while :; do
		if [ -n "$tend_list" ]; then
			zypper $tend_x -n update -l "$@" $tend_list </dev/null
		elif [ "$tend_os" = opensuse-tumbleweed ]; then
			tend_no_security
			zypper $tend_x -n dist-upgrade -l "$@" </dev/null
		elif [ "${scope:-all}" = security ]; then
			zypper $tend_x -n --non-interactive-include-reboot-patches patch -l --category security "$@" </dev/null
		else
			zypper $tend_x -n --non-interactive-include-reboot-patches patch -l --with-update "$@" </dev/null
		fi
		tend_rc=$?
		tend_round=$((tend_round + 1))
		[ $tend_rc = 103 ] && [ $tend_round -lt 4 ] && [ -z "$tend_only" ] || break
		printf 'zypper renewed itself, and is run again\n'
	done
	if [ $tend_rc = 103 ] && [ -n "$tend_only" ]; then
		printf 'zypper will renew itself first, and then be run again\n'
		tend_zypper_rest "$@"
		tend_rc=$?
	fi
	case $tend_rc in
	102) printf 'zypper says that a reboot is due\n' && return 0 ;;
	103) printf 'zypper still wants to be run again\n' && return 1 ;;
	106) printf 'zypper skipped a repository that it could not reach\n' && return 1 ;;
	107) printf 'zypper upgraded, and a %%post script failed\n' && return 1 ;;
	esac
	return $tend_rc
}

# What zypper will do once it has renewed itself, downloaded or simulated before it has: security patches by their names, which zypper does
# not hold back then, and all else as plain updates. 103 only says once more that it renews itself.
tend_zypper_rest() {
	if [ "${scope:-all}" != security ]; then
		zypper $tend_x -n update -l "$@" </dev/null
	else
		tend_list=$(tend_zypper_security)
		[ -n "$tend_list" ] || return 0
		zypper $tend_x -n --non-interactive-include-reboot-patches install -l "$@" $tend_list </dev/null
	fi
	tend_rc=$?
	[ $tend_rc != 103 ] || tend_rc=0
	return $tend_rc
}

# The security patches that are needed here, as "patch:NAME". Those of zypper itself stand in a table of their own.
tend_zypper_security() {
	zypper -n -q --no-refresh list-patches --category security 2>/dev/null | awk -F '|' '
		function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
		NF < 4 { next }
		!header { header = 1; for (i = 1; i <= NF; i++) col[trim($i)] = i }
		trim($col["Name"]) != "Name" { print "patch:" trim($col["Name"]) }'
}

tend_upgrade_apk() {
	tend_no_security
	if [ -n "$1" ]; then
		if [ -e /etc/apk/cache ]; then apk cache download; else printf 'apk has no cache to fetch into (setup-apkcache makes one)\n'; fi
		return
	fi
	if tend_everything; then
		apk upgrade </dev/null
		return
	fi
	tend_list=$(tend_pending | tend_select | awk '{ print $1 }')
	[ -n "$tend_list" ] || { printf 'nothing is left to upgrade\n'; return 0; }
	apk upgrade $tend_list </dev/null
}

tend_upgrade_pacman() {
	tend_no_security
	tend_no_parts
	set -- -Syu${1:+w} --noconfirm
	[ -z "${exclude:-}" ] || set -- "$@" --ignore "$(printf '%s' "$exclude" | tr ' ' ',')"
	pacman "$@" </dev/null
}

tend_upgrade_pkg() {
	set -- -y ${1:+-F}
	if tend_everything; then
		pkg upgrade "$@" </dev/null || return
		[ "${2:-}" != -F ] || { PAGER=cat freebsd-update --not-running-from-cron fetch </dev/null; return; }
		! freebsd-update updatesready >/dev/null 2>&1 || freebsd-update install </dev/null
		return
	fi
	tend_list=$(tend_pending | tend_select | awk '$1 != "FreeBSD-base" { print $1 }')
	[ -n "$tend_list" ] || { printf 'nothing is left to upgrade\n'; return 0; }
	pkg upgrade "$@" $tend_list </dev/null
}

# needrestart knows more, as root; else every process that runs a file of the system which is gone from disk. grep and not awk reads
# /proc: mawk gives up when a process ends meanwhile. Services that are never restarted from here are left out by the caller.
tend_restarts() {
	if { [ "$(id -u)" = 0 ] || [ -n "${tend_as:-}" ]; } && tend_have needrestart; then
		${tend_as:-} needrestart -b 2>/dev/null | awk '$1 == "NEEDRESTART-SVC:" { print $2 }' | sort -u
		return
	fi
	${tend_as:-} grep -lE ' r-xp .* /(usr|lib|lib64|bin|sbin|opt)/[^ ]* \(deleted\)$' /proc/[0-9]*/maps 2>/dev/null | while read -r tend_f; do
		cat "${tend_f%maps}cgroup" 2>/dev/null
	done | awk '{ u = $0; sub(/.*\//, "", u); if (u ~ /\.service$/) print u }' | sort -u
}

# needrestart's KSTA 2 and 3 are a newer kernel; needs-restarting -r exits 1 on errors as well, so its words are what counts.
tend_reboot_deep() {
	tend_reboot
	[ "$(id -u)" = 0 ] || return 0
	tend_k=''
	if tend_have needrestart; then
		tend_k=$(needrestart -b -k 2>/dev/null | awk '$1 == "NEEDRESTART-KSTA:" && $2 >= 2 { print "needrestart: a newer kernel is installed" }')
	fi
	case $tend_pm in
	dnf | dnf5 | yum)
		if tend_have needs-restarting; then tend_out=$(needs-restarting -r 2>/dev/null); else tend_out=$($tend_pm -q needs-restarting -r 2>/dev/null); fi
		case $tend_out in *'Reboot is required'*) tend_k="$tend_pm: $(printf '%s\n' "$tend_out" | awk '/^ +\*/ { printf "%s ", $2 }')was updated" ;; esac
		;;
	zypper)
		zypper -n needs-rebooting >/dev/null 2>&1
		[ $? != 102 ] || tend_k='zypper: what was updated needs a reboot'
		;;
	esac
	[ -z "$tend_k" ] || tend_due=yes tend_why="${tend_why:+$tend_why; }$tend_k"
}

tend_beside() {
	find /etc /usr/local/etc -type f \( -name '*.dpkg-dist' -o -name '*.dpkg-new' -o -name '*.dpkg-old' -o -name '*.ucf-dist' -o -name '*.rpmnew' -o \
		-name '*.rpmsave' -o -name '*.apk-new' -o -name '*.pacnew' -o -name '*.pacsave' -o -name '*.pkgnew' \) 2>/dev/null | sort
}

# Prints "KiB path" of the package files that were downloaded and can be downloaded again.
tend_package_cache() {
	case $tend_pm in
	apt) find /var/cache/apt/archives -name '*.deb' -type f -exec du -k {} + ;;
	dnf | dnf5 | yum) find /var/cache/dnf /var/cache/libdnf5 /var/cache/yum -name '*.rpm' -type f -exec du -k {} + ;;
	zypper) find /var/cache/zypp/packages -name '*.rpm' -type f -exec du -k {} + ;;
	apk) find /var/cache/apk -name '*.apk' -type f -exec du -k {} + ;;
	pacman) find /var/cache/pacman/pkg -name '*.pkg.tar*' -type f -exec du -k {} + ;;
	pkg) find /var/cache/pkg -type f -exec du -k {} + ;;
	esac 2>/dev/null
}

# apt-get's words, and dnf 4's (dnf/cli/commands/remove.py): with none to remove it ends with 1, as with any failure, and so it does where it is told not to go on.
tend_old_kernels() {
	case $tend_pm in
	apt)
		tend_out=$(apt-get -s autoremove 2>&1) || { printf '%s
' "$tend_out" >&2; return 1; }
		tend_out=$(printf '%s
' "$tend_out" | awk '$1 == "Remv" && $2 ~ /^linux-(image|headers|modules)/ { print $2 }')
		[ -n "$tend_out" ] || return 0
		{ printf '%s
@@
' "$tend_out"; dpkg-query -W -f='${Package} ${Installed-Size}
' $tend_out 2>/dev/null; } | awk '
			/^@@/ { sizes = 1; next }
			!sizes { name[++n] = $1; next }
			{ kib[$1] = $2 }
			END { for (i = 1; i <= n; i++) print kib[name[i]] + 0, name[i] }'
		;;
	dnf)
		tend_out=$(dnf --assumeno --noautoremove remove --oldinstallonly 2>&1 </dev/null)
		case $tend_out in
		*'No old installonly packages'*) return 0 ;;
		*'Operation aborted'*) ;;
		*) printf '%s
' "$tend_out" >&2 && return 1 ;;
		esac
		printf '%s
' "$tend_out" | awk '
			/^Removing[a-z ]*:$/ { on = 1; next }
			/^[^ ]|^$/ { on = 0 }
			/^Freed space:/ { kib = $3 * ($4 == "G" ? 1048576 : $4 == "M" ? 1024 : $4 == "k" ? 1 : 1 / 1024) }
			on && /^ [^ ]/ { name[++n] = $1 }
			END { for (i = 1; i <= n; i++) print i == 1 ? int(kib) : 0, name[i] }'
		;;
	*) return 1 ;;
	esac
}
