# The library's part on drift: what a host is made of, kept once as the baseline, and what departs from it since.
#
#   tend_drift_kinds              prints the kinds, a word each: packages units ports users sudoers sysctl mounts files
#   tend_state KIND               prints what there is of a kind now: "NAME<tab>VALUE" lines, sorted
#   tend_baseline_keep KIND       makes what there is now the baseline of a kind, of files those under $drift_files where that is given; files
#                                 and sudoers are kept as copies as well
#   tend_drift KIND…              reports what departs, as facts: drift.KIND=how many, drift.KIND/NAME=was -> is (60 a kind), departures=all
#                                 of them, and, where every kind was looked at, drift=all of them, or unknown where none is seen and some kind
#                                 has no baseline
#   tend_departure_words TEXT     of what tend_drift printed, reports the check departs: WARN with how many of each kind and the first names
#   tend_baseline_digest          prints the baseline's checksum
#   tend_departs KIND             prints what departs: "NAME<tab>WAS<tab>IS", with (none) where one is not there

tend_drift_kinds() {
	printf '%s\n' packages units ports users sudoers sysctl mounts files
}

tend_state() {
	case $1 in
	packages) tend_installed | awk 'NF { v = $2; if ($1 == name) { all = all "," v; next } if (name != "") print name "\t" all; name = $1; all = v } END { if (name != "") print name "\t" all }' ;;
	units) tend_state_units ;;
	ports) tend_state_ports ;;
	users) tend_state_users ;;
	sudoers) tend_sums /etc/sudoers /etc/sudoers.d /usr/local/etc/sudoers /usr/local/etc/sudoers.d ;;
	sysctl) tend_state_sysctl ;;
	mounts) if [ -r /proc/mounts ]; then cat /proc/mounts; else mount -p; fi | awk '
		$1 ~ /^\// && $3 !~ /^(squashfs|iso9660)$/ || $3 ~ /^(nfs|nfs4|cifs|zfs|btrfs)$/ {
			o = ""; n = split($4, all, ","); for (i = 1; i <= n; i++) if (all[i] ~ /^(ro|rw|noexec|nosuid|nodev|sync)$/) o = o "," all[i]
			print $2 "\t" $1 " " $3 " " substr(o, 2)
		}' ;;
	files) if [ -r /var/lib/tend/baseline.d/paths ]; then cat /var/lib/tend/baseline.d/paths; else printf '/etc\n'; fi | tend_sums_of ;;
	esac | sort -u
}

# What is started at boot. Whether it runs just now is health's question.
tend_state_units() {
	if [ -d /run/systemd/system ]; then
		systemctl list-unit-files --no-legend --plain --no-pager 2>/dev/null | awk '$1 ~ /\.(service|socket|timer|mount|path)$/ && $2 ~ /^(enabled|disabled|masked)$/ { print $1 "\t" $2 }'
	elif tend_have rc-update; then
		rc-update show 2>/dev/null | awk '{ v = ""; for (i = 3; i <= NF; i++) v = v " " $i; if (v != "") print $1 "\tenabled in" v }'
	elif tend_have service; then
		service -e 2>/dev/null | awk '{ n = $1; sub(/.*\//, "", n); print n "\tenabled" }'
	fi
}

# Ports that the kernel hands out to whoever asks (ip_local_port_range) are no part of a design. Below 32768 all are, as a wider range, which
# busy proxies have, holds the ports of many services.
tend_state_ports() {
	tend_lo=32768 tend_hi=65535
	[ ! -r /proc/sys/net/ipv4/ip_local_port_range ] || read -r tend_lo tend_hi </proc/sys/net/ipv4/ip_local_port_range
	[ "$tend_lo" -ge 32768 ] || tend_lo=32768
	if tend_p=$(ss -Hltnu 2>/dev/null); then
		printf '%s\n' "$tend_p" | awk -v lo="$tend_lo" -v hi="$tend_hi" 'NF >= 5 { proto = $1; a = $5; p = a; sub(/.*:/, "", p); sub(/:[0-9*]*$/, "", a); sub(/%.*/, "", a); if (p + 0 > 0 && (p + 0 < lo || p + 0 > hi + 0)) print proto "/" p "\t" a }'
	else
		netstat -an 2>/dev/null | awk -v lo="$tend_lo" -v hi="$tend_hi" '/LISTEN/ { a = $4; p = a; sub(/.*[.:]/, "", p); sub(/[.:][0-9*]*$/, "", a); if (p + 0 > 0 && (p + 0 < lo || p + 0 > hi + 0)) print "tcp/" p "\t" a }'
	fi | sort -u | awk -F '\t' '$1 == name { all = all " " $2; next } { if (name != "") print name "\t" all; name = $1; all = $2 } END { if (name != "") print name "\t" all }'
}

tend_state_users() {
	awk -F : '!/^#/ && NF > 5 { print $1 "\tuid " $3 " gid " $4 " " $6 " " $7 }' </etc/passwd
	awk -F : '!/^#/ && NF > 2 { print "group:" $1 "\tgid " $3 " " $4 }' </etc/group
}

# Kernel parameters: those that the host's own sysctl.d sets, and those that security guides name. Others change by themselves.
tend_state_sysctl() {
	{
		printf '%s\n' net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv4.conf.all.rp_filter net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.send_redirects \
			net.ipv4.conf.all.accept_source_route net.ipv4.tcp_syncookies net.ipv6.conf.all.disable_ipv6 kernel.randomize_va_space kernel.kptr_restrict kernel.dmesg_restrict \
			kernel.unprivileged_bpf_disabled kernel.yama.ptrace_scope kernel.sysrq kernel.core_pattern kernel.modules_disabled kernel.kexec_load_disabled \
			fs.suid_dumpable fs.protected_hardlinks fs.protected_symlinks fs.file-max vm.swappiness vm.overcommit_memory vm.max_map_count \
			kern.securelevel security.bsd.see_other_uids net.inet.ip.forwarding
		for tend_f in /etc/sysctl.conf /etc/sysctl.d/*.conf; do
			[ ! -r "$tend_f" ] || sed -n 's/^[ 	]*-\{0,1\}\([a-z][A-Za-z0-9_./-]*\)[ 	]*=.*/\1/p' <"$tend_f"
		done
	} | sort -u | tend_values
	if [ -r /proc/cmdline ]; then printf '(boot)\t%s\n' "$(sed 's/BOOT_IMAGE=[^ ]* *//; s/[	 ]*$//' </proc/cmdline)"; fi
}

# The values of kernel parameters. Where they are files, one process reads them all; in these a dot of the name is a slash, and a slash a dot.
# (A shell's own read asks for a byte at a time, and most of these files give no second one.)
tend_values() {
	if [ -d /proc/sys/kernel ]; then
		tend_f='function turned(n) { gsub("/", "\t", n); gsub("[.]", "/", n); gsub("\t", ".", n); return n }'
		set -- $(awk "$tend_f"' { print "/proc/sys/" turned($0) }')
		grep -s '' /dev/null "$@" | awk "$tend_f"'
			function told() { if (name != "") print turned(name) "\t" value }
			{
				cut = index($0, ":"); now = substr($0, 1, cut - 1); sub("^/proc/sys/", "", now); line = substr($0, cut + 1); gsub("\t", " ", line)
				if (now == name) { value = value " " line; next }
				told(); name = now; value = line
			}
			END { told() }'
		return
	fi
	while read -r tend_k; do
		tend_v=$(sysctl -n "$tend_k" 2>/dev/null </dev/null) || continue
		case $tend_v in *[![:print:]]*) tend_v=$(printf '%s' "$tend_v" | tr '\t\n' '  ') ;; esac # few do, and each look is processes
		printf '%s\t%s\n' "$tend_k" "$tend_v"
	done
}

# Checksums of files, but for those that the system writes by itself, and for the tables of users, which are a kind of their own.
tend_sums() {
	for tend_f in "$@"; do
		[ ! -e "$tend_f" ] || find "$tend_f" -xdev -type f -exec cksum {} + 2>/dev/null
	done | awk '
		$3 ~ /\/(mtab|adjtime|resolv\.conf|ld\.so\.cache|machine-id|blkid\.tab|hwdb\.bin|passwd-|shadow-|group-|gshadow-|passwd|group|subuid-|subgid-|\.pwd\.lock|\.updated|subscriptions\.conf|random-seed)$/ { next }
		$3 ~ /(\.swp|~|\.dpkg-new|\.dpkg-tmp|\.rpmnew|\.rpmsave)$/ || $3 ~ /\/(lvm\/(archive|backup|cache)|ssl\/certs|pki\/ca-trust\/extracted|alternatives)\// { next }
		{ sum = $1 " " $2; sub(/^[0-9]+ [0-9]+ /, ""); gsub(/\t/, " "); print $0 "\t" sum }'
}

tend_sums_of() {
	while read -r tend_path; do tend_sums "$tend_path"; done
}

tend_baseline_keep() {
	mkdir -p /var/lib/tend/baseline.d/copies && chmod 700 /var/lib/tend /var/lib/tend/baseline.d || return
	if [ "$1" = files ] && [ -n "$drift_files" ]; then printf '%s\n' $drift_files >/var/lib/tend/baseline.d/paths || return; fi
	tend_state "$1" >"/var/lib/tend/baseline.d/$1.new" && chmod 600 "/var/lib/tend/baseline.d/$1.new" && mv "/var/lib/tend/baseline.d/$1.new" "/var/lib/tend/baseline.d/$1" || return
	case $1 in files | sudoers) cut -f 1 <"/var/lib/tend/baseline.d/$1" | tend_copies ;; esac
}

# Copies of text files, to be put back. What holds secrets, and what is large, is compared and not copied.
tend_copies() {
	while read -r tend_f; do
		case $tend_f in
		*/shadow | */gshadow | */shadow.* | */subuid | */subgid | *_key | *.key | *.pem | */private/* | */krb5.keytab | *secret*) continue ;;
		esac
		[ -f "$tend_f" ] && [ "$(wc -c <"$tend_f")" -le 65536 ] || continue
		mkdir -p "/var/lib/tend/baseline.d/copies${tend_f%/*}" && cp -p "$tend_f" "/var/lib/tend/baseline.d/copies$tend_f"
	done
}

tend_departs() {
	tend_now=$(tend_state "$1")
	{ cat "/var/lib/tend/baseline.d/$1"; printf '@@\n'; [ -z "$tend_now" ] || printf '%s\n' "$tend_now"; } | awk -F '\t' '
		$0 == "@@" { now = 1; next }
		!now { was[$1] = $2; next }
		{ is[$1] = $2 }
		END {
			for (n in was) if (!(n in is)) print n "\t" (was[n] == "" ? "(empty)" : was[n]) "\t(none)"; else if (was[n] != is[n]) print n "\t" (was[n] == "" ? "(empty)" : was[n]) "\t" is[n]
			for (n in is) if (!(n in was)) print n "\t(none)\t" is[n]
		}' | sort
}

# The version of a package that is there before and after is told apart: patching changes it all the time.
tend_drift() {
	tend_all=0 tend_unkept=''
	for tend_kind in "$@"; do
		if [ ! -r "/var/lib/tend/baseline.d/$tend_kind" ]; then
			tend_unkept=yes
			printf 'no baseline of %s is kept on this host\n' "$tend_kind"
			continue
		fi
		tend_found=$(tend_departs "$tend_kind")
		printf '%s\n' "$tend_found" | awk -F '\t' -v kind="$tend_kind" '
			NF < 3 { next }
			{ k = kind; if (kind == "packages" && $2 != "(none)" && $3 != "(none)") k = "versions"
			  n[k]++; if (n[k] > 60) next
			  name = $1; gsub(/[ =]/, "_", name); if (length(name) > 150) name = substr(name, 1, 150)
			  print "drift." k "/" name "=" substr($2, 1, 1500) " -> " substr($3, 1, 1500) }
			END { print "drift." kind "=" n[kind] + 0; if (kind == "packages") print "drift.versions=" n["versions"] + 0 }'
		tend_all=$((tend_all + $(printf '%s\n' "$tend_found" | awk -F '\t' -v kind="$tend_kind" 'NF >= 3 && !(kind == "packages" && $2 != "(none)" && $3 != "(none)") { n++ } END { print n + 0 }')))
	done
	printf 'departures=%s\n' "$tend_all"
	if [ ! -d /var/lib/tend/baseline.d ]; then
		printf 'drift=unknown\n'
	elif [ $# -ge 8 ] && [ -n "$tend_unkept" ] && [ $tend_all = 0 ]; then # that nothing departs is not known
		printf 'drift=unknown\nbaseline.digest=%s\n' "$(tend_baseline_digest)"
	else
		[ $# -lt 8 ] || printf 'drift=%s\n' "$tend_all"
		printf 'baseline.digest=%s\n' "$(tend_baseline_digest)"
	fi
}

tend_departure_words() {
	tend_words=$(printf '%s\n' "$1" | awk '
		/^no baseline of / { sub(/^no baseline of /, ""); sub(/ is kept on this host$/, ""); blind = blind (blind == "" ? "" : ", ") $0 }
		/^departures=/ { sub(/^departures=/, ""); all = $0 + 0 }
		!/^drift\./ || /^drift\.versions/ { next }
		{ key = $0; sub(/^drift\./, "", key); sub(/=.*/, "", key) }
		key !~ /\// { v = $0; sub(/.*=/, "", v); if (v > 0) counts = counts ", " v + 0 " " key; next }
		++n <= 3 { names = names ", " key }
		END {
			if (all) printf "WARN %d %s: %s%s", all, substr(counts, 3), substr(names, 3), (n > 3 ? " and more" : "")
			else if (blind == "") printf "OK 0 as the baseline says"
			if (blind != "") printf "%s", (all ? "; " : "UNKNOWN - ") "no baseline of " blind " is kept on this host: commission keeps one"
		}')
	tend_rest=${tend_words#* }
	tend_n=${tend_rest%% *}
	[ "$tend_n" != - ] || tend_n=''
	tend_check departs "${tend_words%% *}" "$tend_n" '' '' "${tend_rest#* }"
}

tend_baseline_digest() {
	for tend_k in $(tend_drift_kinds); do
		[ ! -r "/var/lib/tend/baseline.d/$tend_k" ] || cat "/var/lib/tend/baseline.d/$tend_k"
	done | cksum | tr ' ' '-'
}
