# The library of shell functions that runbooks' scripts may use. A rendered script carries the functions that it names and no others.
#
# Everything here is POSIX shell, and runs in dash, bash --posix, busybox sh, FreeBSD's sh and tend's own lab shell: no descriptors above 2,
# no local, no arrays, no process substitution, no kill; awk reads standard input only. All names start with tend_.
#
#   tend_check NAME STATE VALUE UNIT THRESHOLD TEXT   reports a check (see emit.go)
#   tend_fact KEY VALUE                               reports a fact
#   tend_grade VALUE WARN CRIT                        sets tend_state for whole numbers where more is worse; a limit of 0 or "" is off
#   tend_nagios NAME COMMAND…                         runs a Nagios plugin and reports its verdict as the check NAME, its key=value lines as facts
#   tend_have COMMAND                                 whether there is such a command
#   tend_detect                                       sets tend_kernel tend_os tend_version tend_pretty tend_end tend_family tend_pm
#   tend_variant NAME…                                sets tend_variant to the first of them that fits the host, or ends the script
#   tend_container                                    whether this is a container, whose kernel and clock are another's
#   tend_fail TEXT                                    says why, and ends the script as failed
#   tend_root                                         whether root's tools can be had; sets tend_as to what goes before them ("sudo -n", or
#                                                     nothing). It uses sudo only where the parameter sudo is yes.
#   tend_reboot                                       sets tend_due (yes, no, unknown) and tend_why, by what can be seen without root
#   tend_keeps                                        reports whether the host can keep a detached step, of this user (detach) and of root
#                                                     (detach.root): "yes", or "no: " and why. A run's own look, before it starts anything, decides.
#   tend_eol                                          prints the table of distributions' ends of support
#   tend_unseen PATH                                  prints the directories on the way to PATH, a pattern of the shell, that this user may not look into
#   tend_files PATTERN                                prints the files that a pattern of the shell names, by root's eyes where tend_root can have
#                                                     them; and "? DIR" for each directory on the way that may not be looked into
#   tend_parts_of DISK                                of names on its input, a line each, prints those of a disk and of its partitions
#   tend_newest PATH                                  prints when the newest file below PATH was written (seconds since 1970), where there is one; and
#                                                     "? DIR" for a directory there that may not be looked into

# One line, no tabs: what a check or a fact may hold. Sets tend_text.
tend_flat() {
	tend_text=$*
	case $tend_text in
	*'	'* | *'
'*) tend_text=$(printf '%s' "$tend_text" | tr '\t\n' '  ') ;;
	esac
}

tend_fact() {
	tend_flat "$2"
	printf '%s=%s\n' "$1" "$tend_text"
}

tend_check() {
	tend_flat "$6"
	printf '@check\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$tend_text"
}

tend_grade() {
	tend_state=OK
	if [ "${2:-0}" -gt 0 ] && [ "$1" -ge "$2" ]; then tend_state=WARN; fi
	if [ "${3:-0}" -gt 0 ] && [ "$1" -ge "$3" ]; then tend_state=CRIT; fi
}

tend_have() {
	command -v "$1" >/dev/null 2>&1
}

tend_fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

# The first line up to the "|" is the plugin's text, the rest is performance data; a line KEY=VALUE is the fact own.NAME.KEY. Source: the Monitoring Plugins' development guidelines.
tend_nagios() {
	tend_name=$1
	shift
	tend_out=$("$@" </dev/null 2>&1)
	case $? in
	0) tend_state=OK ;;
	1) tend_state=WARN ;;
	2) tend_state=CRIT ;;
	*) tend_state=UNKNOWN ;;
	esac
	printf '%s\n' "$tend_out" | while IFS= read -r tend_v; do
		tend_k=${tend_v%%=*}
		case $tend_k in "$tend_v" | '' | *[!A-Za-z0-9_.-]*) continue ;; esac
		case $tend_v in
		*';'* | *'|'*) ;;
		*) tend_fact "own.$tend_name.$tend_k" "${tend_v#*=}" ;;
		esac
	done
	tend_out=${tend_out%%
*}
	tend_check "$tend_name" "$tend_state" '' '' '' "${tend_out%%|*}"
}

tend_container() {
	[ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /proc/vz ]
}

tend_detect() {
	tend_kernel=$(uname -s)
	tend_os=unknown tend_version='' tend_pretty='' tend_like='' tend_end='' tend_family=unknown tend_pm=none
	tend_release /etc/os-release || tend_release /usr/lib/os-release || :
	case " $tend_os $tend_like " in
	*' debian '* | *' ubuntu '*) tend_family=debian ;;
	*' fedora '* | *' rhel '* | *' centos '* | *' amzn '* | *' ol '*) tend_family=rhel ;;
	*' suse '* | *' opensuse '* | *' sles '* | *' opensuse-'*) tend_family=suse ;;
	*' alpine '*) tend_family=alpine ;;
	*' arch '*) tend_family=arch ;;
	*' freebsd '*) tend_family=freebsd ;;
	esac
	[ "$tend_kernel" != FreeBSD ] || tend_family=freebsd
	tend_manager
}

# Reads the file; nothing of it is executed.
tend_release() {
	[ -r "$1" ] || return 1
	while IFS='=' read -r tend_k tend_v; do
		tend_v=${tend_v#[\"\']}
		tend_v=${tend_v%[\"\']}
		case $tend_k in
		ID) tend_os=$tend_v ;;
		VERSION_ID) tend_version=$tend_v ;;
		PRETTY_NAME) tend_pretty=$tend_v ;;
		ID_LIKE) tend_like=$tend_v ;;
		SUPPORT_END) tend_end=$tend_v ;;
		esac
	done <"$1"
}

# The family's own manager comes first: dnf can be installed on Debian, and is not what keeps it.
tend_manager() {
	case $tend_family in
	debian) set -- apt ;;
	rhel) set -- dnf5 dnf yum ;;
	suse) set -- zypper ;;
	alpine) set -- apk ;;
	arch) set -- pacman ;;
	freebsd) set -- pkg ;;
	*) set -- apt dnf5 dnf yum zypper apk pacman pkg ;;
	esac
	for tend_pm in "$@" none; do
		case $tend_pm in
		none) return 0 ;;
		apt) ! tend_have apt-get || return 0 ;;
		*) ! tend_have "$tend_pm" || return 0 ;;
		esac
	done
}

tend_variant() {
	tend_detect
	tend_lower=linux
	[ "$tend_kernel" != FreeBSD ] || tend_lower=freebsd
	for tend_variant in "$tend_pm" "$tend_family" "$tend_lower" default; do
		case " $* " in *" $tend_variant "*) return ;; esac
	done
	tend_fail "this step knows $*, and this host is ${tend_pretty:-$tend_os} with the package manager $tend_pm"
}

tend_root() {
	tend_as=''
	[ "$(id -u)" != 0 ] || return 0
	[ "${sudo:-no}" = yes ] && tend_have sudo && sudo -n true 2>/dev/null || return 1
	tend_as='sudo -n'
}

# A directory must be searched to go through it, and read where what comes next is a pattern. Root may do both.
tend_unseen() {
	tend_head='' tend_rest=${1#/}
	while :; do
		tend_next=${tend_rest%%/*}
		for tend_d in ${tend_head:-/}; do
			[ -d "$tend_d" ] || continue
			case $tend_next in
			*[\*\?\[]*) [ -x "$tend_d" ] && [ -r "$tend_d" ] || printf '%s\n' "$tend_d" ;;
			*) [ -x "$tend_d" ] || printf '%s\n' "$tend_d" ;;
			esac
		done
		case $tend_rest in
		*/*) tend_head=$tend_head/$tend_next tend_rest=${tend_rest#*/} ;;
		*) return 0 ;;
		esac
	done
}

tend_files() {
	tend_dirs=$(tend_unseen "$1")
	if [ -n "$tend_dirs" ] && tend_root; then
		$tend_as sh -c 'for f in $1; do [ ! -e "$f" ] || printf "%s\n" "$f"; done' sh "$1"
		return
	fi
	for tend_f in $1; do
		if [ -e "$tend_f" ] || [ -h "$tend_f" ]; then printf '%s\n' "$tend_f"; fi
	done
	[ -z "$tend_dirs" ] || printf '%s\n' "$tend_dirs" | sed 's/^/? /'
}

tend_newest() {
	tend_format='-c %Y'
	[ "$(uname -s)" != FreeBSD ] || tend_format='-f %m'
	{
		find "$1" -type f -exec stat $tend_format {} + 2>/dev/null ||
			find "$1" -type d -exec sh -c 'for d; do [ -r "$d" ] && [ -x "$d" ] || printf "? %s\n" "$d"; done' sh {} + 2>/dev/null
	} | awk '/^[0-9]+$/ && $1 + 0 > newest { newest = $1 } /^\? / && !n++ { hidden = $0 } END { if (newest) print newest; if (n) print hidden }'
}

# A reboot is due where the system says so, where a newer kernel of the running flavour lies in /boot, or where the running one's
# modules are gone. Sources: Debian's and Ubuntu's /run/reboot-required, SUSE's /run/reboot-needed, freebsd-version(1).
tend_reboot() {
	tend_due=no tend_why=''
	if [ "$(uname -s)" = FreeBSD ]; then
		tend_k=$(freebsd-version -k 2>/dev/null) tend_v=$(uname -r)
		[ -z "$tend_k" ] || [ "$tend_k" = "$tend_v" ] || tend_due=yes tend_why="kernel $tend_k is installed, $tend_v runs"
		return 0
	fi
	tend_container && return 0
	for tend_f in /run/reboot-required /var/run/reboot-required /run/reboot-needed; do
		[ -e "$tend_f" ] || continue
		tend_due=yes tend_why="$tend_f"
		[ ! -r "$tend_f.pkgs" ] || tend_why="$tend_f for $(sort -u "$tend_f.pkgs" | tr '\n' ' ')" tend_why=${tend_why% }
		break
	done
	tend_v=$(uname -r)
	tend_k=$(tend_newest_kernel "$tend_v")
	[ -z "$tend_k" ] || tend_due=yes tend_why="${tend_why:+$tend_why; }kernel $tend_k is installed, $tend_v runs"
	if [ -d "/lib/modules" ] && [ ! -d "/lib/modules/$tend_v" ] && [ -n "$(ls /lib/modules)" ] && [ -z "$tend_k" ]; then
		tend_due=yes tend_why="${tend_why:+$tend_why; }the modules of the running kernel $tend_v are gone"
	fi
}

# Prints the newest kernel in /boot of the running kernel's flavour, where it is newer. The flavour is what follows the numbers, so that a
# -cloud or -rt kernel is not held against another; of Red Hat's and its kin's without the release that it was built for (el9_3, el9_4).
tend_newest_kernel() {
	for tend_f in /boot/vmlinuz-*; do
		[ ! -e "$tend_f" ] || printf '%s\n' "${tend_f#/boot/vmlinuz-}"
	done | awk -v running="$1" '
		function flavour(s) { sub(/^[0-9][0-9.]*(-[0-9.]+)*/, "", s); sub(/^[-.]/, "", s); sub(/^(el|fc|amzn)[0-9][0-9_]*/, "", s); return s }
		function newer(a, b,   x, y, i, n, m) {
			n = split(a, x, /[^0-9]+/); m = split(b, y, /[^0-9]+/)
			for (i = 1; i <= n || i <= m; i++) if (x[i] + 0 != y[i] + 0) return x[i] + 0 > y[i] + 0
			return 0
		}
		flavour($0) == flavour(running) && newer($0, best == "" ? running : best) { best = $0 }
		END { if (best != "") print best }'
}

tend_keeps() {
	tend_lack='' tend_launch='' tend_kills=no tend_p=${HOME:-/}/.local/state/tend
	for tend_f in mkdir rmdir ln readlink rm wc tail head cat sleep id; do tend_have "$tend_f" || tend_lack="$tend_lack $tend_f"; done
	for tend_f in nohup perl daemon setsid; do ! tend_have "$tend_f" || tend_launch=$tend_f; done
	if [ -d /run/systemd/system ] && tend_have busctl; then
		case $(busctl --timeout=3 get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null) in
		*true*) tend_kills=yes ;;
		esac
	fi
	[ "$(id -u)" != 0 ] || tend_p=/var/lib/tend
	while [ ! -d "$tend_p" ] && [ -n "$tend_p" ]; do tend_p=${tend_p%/*}; done
	tend_why=''
	if [ -n "$tend_lack" ]; then tend_why="these commands are missing:$tend_lack"
	elif [ -z "$tend_launch" ] && ! tend_root_launches; then tend_why='no setsid, systemd-run, daemon, perl or nohup: nothing can outlive the connection'
	elif [ ! -w "${tend_p:-/}" ]; then tend_why="${tend_p:-/} cannot be written"
	elif [ "$(df -Pk "${tend_p:-/}" 2>/dev/null | awk 'NR > 1 { print $(NF-2); exit }')" = 0 ]; then tend_why="the file system of ${tend_p:-/} is full"
	elif [ $tend_kills = yes ] && ! tend_root_launches && { [ "$(id -u)" = 0 ] || [ ! -e "/var/lib/systemd/linger/$(id -un)" ]; }; then
		tend_why='logind kills what a user leaves behind (KillUserProcesses=yes, no linger)'
	fi
	[ "$(id -u)" = 0 ] || tend_fact detach "${tend_why:+no: }${tend_why:-yes}"
	if [ "$(id -u)" != 0 ]; then
		tend_why=''
		if [ -n "$tend_lack" ]; then tend_why="these commands are missing:$tend_lack"
		elif [ -z "$tend_launch" ] && ! tend_have systemd-run; then tend_why='no setsid, systemd-run, daemon, perl or nohup: nothing can outlive the connection'
		elif [ $tend_kills = yes ] && ! tend_have systemd-run; then tend_why='logind kills what a user leaves behind (KillUserProcesses=yes), and there is no systemd-run'
		fi
	fi
	tend_fact detach.root "${tend_why:+no: }${tend_why:-yes}"
}

# systemd starts steps of root outside of the login's session.
tend_root_launches() {
	[ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && tend_have systemd-run
}

# Distribution, version, last day of support, and the last day of free long-term support where there is one.
# Source: the distributions' life-cycle pages as collected by endoflife.date, read on 2026-08-22. SUPPORT_END in a host's own
# os-release outranks this table.
tend_eol() {
	cat <<'TABLE'
debian 13 2028-08-09 2030-06-30
debian 12 2026-07-11 2028-06-30
debian 11 2024-08-14 2026-08-31
debian 10 2022-09-10 2024-06-30
debian 9 2020-07-18 2022-07-01
ubuntu 26.04 2031-04-30
ubuntu 25.10 2026-07-01
ubuntu 25.04 2026-01-17
ubuntu 24.10 2025-07-10
ubuntu 24.04 2029-05-31
ubuntu 22.04 2027-04-01
ubuntu 20.04 2025-05-31
ubuntu 18.04 2023-05-31
ubuntu 16.04 2021-04-02
rhel 10 2035-05-31
rhel 9 2032-05-31
rhel 8 2029-05-31
rhel 7 2024-06-30
almalinux 10 2035-05-31
almalinux 9 2032-05-31
almalinux 8 2029-05-31
rocky 10 2035-05-31
rocky 9 2032-05-31
rocky 8 2029-05-31
ol 9 2032-06-30
ol 8 2029-07-31
ol 7 2024-12-31
centos 10 2030-05-31
centos 9 2027-05-31
centos 8 2024-05-31
centos 7 2024-06-30
fedora 44 2027-06-02
fedora 43 2026-12-09
fedora 42 2026-05-27
fedora 41 2025-12-15
fedora 40 2025-05-13
amzn 2023 2029-06-30
amzn 2 2026-06-30
alpine 3.24 2028-06-01
alpine 3.23 2027-11-01
alpine 3.22 2027-05-01
alpine 3.21 2026-11-01
alpine 3.20 2026-04-01
alpine 3.19 2025-11-01
alpine 3.18 2025-05-09
opensuse-leap 16.0 2027-10-31
opensuse-leap 15.6 2026-04-30
opensuse-leap 15.5 2024-12-31
sles 16.0 2027-11-30
sles 15.7 2031-07-31
sles 15.6 2025-12-31
sles 15.5 2024-12-31
sles 12.5 2024-10-31
freebsd 15.1 2027-03-31
freebsd 15.0 2026-09-30
freebsd 14.4 2026-12-31
freebsd 14.3 2026-06-30
freebsd 13.5 2026-04-30
arch - never
opensuse-tumbleweed - never
TABLE
}

# Prints the files of a kind (crash, tmp, rotated, journal: its archived part) that nobody touched for so many days, one a line, or with a third argument of -delete
# removes them: find itself does, since a path that is passed on could be made to lead elsewhere meanwhile.
tend_old_files() {
	case $1 in
	crash) find /var/crash /var/lib/systemd/coredump /var/lib/apport/coredump -xdev -type f -mtime "+$2" ${3:--print} ;;
	tmp) find /tmp /var/tmp -xdev -type f -mtime "+$2" -atime "+$2" ! -path '*/systemd-private-*' ${3:--print} ;;
	journal) find /var/log/journal /run/log/journal -xdev -type f -mtime "+$2" -name '*@*.journal*' ${3:--print} ;;
	rotated) find /var/log -xdev -type f -mtime "+$2" \( -name '*.gz' -o -name '*.xz' -o -name '*.bz2' -o -name '*.zst' -o -name '*.[0-9]' \) ${3:--print} ;;
	esac 2>/dev/null
}

# Of the certificates in a file (a chain, a bundle, one), what ends first: prints "SECONDS DATE TEXT", the seconds that are left, the day and whose
# it is. SECONDS is "?" where one of them cannot be read and none of the others has ended; nothing is printed where there is no certificate.
# tend_as is what goes before a command that needs root. What is not PEM goes to openssl as it is.
tend_cert_end() {
	tend_v=$($tend_as cat "$1" 2>/dev/null | tend_each_cert)
	[ -n "$tend_v" ] || tend_v=$($tend_as openssl x509 -noout -enddate -subject -in "$1" 2>/dev/null) || :
	printf '%s\n' "$tend_v" | tend_first_end
}

# Reads PEM and asks openssl about each certificate in it, since x509 looks at the first and no further. What lies between them (a key, words) is
# passed over.
tend_each_cert() {
	tend_pem=''
	while IFS= read -r tend_l || [ -n "$tend_l" ]; do
		case $tend_l in
		*-----BEGIN*CERTIFICATE-----*) tend_pem=$tend_l ;;
		*-----END*CERTIFICATE-----*)
			printf '%s\n%s\n' "$tend_pem" "$tend_l" | openssl x509 -noout -enddate -subject 2>/dev/null || printf 'unreadable\n'
			tend_pem=''
			;;
		*) [ -z "$tend_pem" ] || tend_pem="$tend_pem
$tend_l" ;;
		esac
	done
	[ -z "$tend_pem" ] || printf 'unreadable\n'
}

# Reads "notAfter=Nov 22 22:13:00 2027 GMT" and "subject=…", as openssl prints them for each certificate; prints as tend_cert_end does.
tend_first_end() {
	awk -v now="$(date +%s)" '
		/^unreadable/ { n++; bad = n }
		/^notAfter=/ {
			n++; sub(/^notAfter=/, ""); split($0, f, /[ :]+/)
			m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", f[1]) + 2) / 3; y = f[6]
			if (m < 1) { bad = n; next }
			day = y "-" sprintf("%02d-%02d", m, f[2])
			if (m <= 2) y--
			era = int(y / 400); yoe = y - era * 400
			doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + f[2] - 1
			t = (era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468) * 86400 + f[3] * 3600 + f[4] * 60 + f[5] - now
			if (!first || t < left) { first = n; left = t; date = day }
		}
		/^subject=/ { sub(/^subject= */, ""); who[n] = $0 }
		END {
			if (bad && (!first || left > 0)) print "? - certificate " bad " of " n " cannot be read by openssl"
			else if (first) printf "%.0f %s %s\n", left, date, who[first] (n > 1 ? ", certificate " first " of " n : "")
		}'
}

# A disk's serial number: from udev's database (the key S or ID_SERIAL_SHORT of the block device), else from sysfs, else from smartctl.
tend_disk_serial() {
	tend_v=''
	if tend_have lsblk; then tend_v=$(lsblk -dno SERIAL "/dev/$1" 2>/dev/null); fi
	if [ -z "$tend_v" ] && [ -r "/sys/block/$1/device/serial" ]; then read -r tend_v <"/sys/block/$1/device/serial"; fi
	if [ -z "$tend_v" ] && tend_have smartctl; then tend_v=$(smartctl -i "/dev/$1" 2>/dev/null | sed -n 's/^Serial [Nn]umber: *//p'); fi
	printf '%s\n' "$tend_v"
}

# Of names on its input, a line each, prints those of a disk and of its partitions: sda is no part of sdaa, nor nvme1n1 of nvme1n10.
tend_parts_of() {
	while read -r tend_n; do
		tend_rest=${tend_n#/dev/}
		case $tend_rest in "$1"*) tend_rest=${tend_rest#"$1"} ;; *) continue ;; esac
		case $1:$tend_rest in
		*:) printf '%s\n' "$tend_n" && continue ;;
		*[0-9]:p*) tend_rest=${tend_rest#p} ;;
		*[0-9]:*) continue ;;
		esac
		case $tend_rest in '' | *[!0-9]*) ;; *) printf '%s\n' "$tend_n" ;; esac
	done
}

# The md array that a disk, or a partition of it, is in.
tend_disk_array() {
	awk -v d="$1" '$2 == ":" { for (i = 4; i <= NF; i++) { m = $i; sub(/\[.*/, "", m); if (m == d || (index(m, d) == 1 && substr(m, length(d) + 1) ~ (d ~ /[0-9]$/ ? "^p[0-9]+$" : "^[0-9]+$"))) { print $1; exit } } }' /proc/mdstat 2>/dev/null
}

# The ZFS pool that a disk, or a partition of it, is in.
tend_disk_pool() {
	tend_have zpool || return 0
	zpool status -L 2>/dev/null | awk -v d="$1" '$1 == "pool:" { pool = $2 } $1 == d || (index($1, d) == 1 && substr($1, length(d) + 1) ~ (d ~ /[0-9]$/ ? "^p[0-9]+$" : "^[0-9]+$")) { print pool; exit }'
}
