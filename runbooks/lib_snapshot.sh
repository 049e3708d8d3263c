# The library's part on before and after: what a disruptive step must leave as it was.
#
#   tend_snapshot                 prints "kind name" lines: failed units, listening ports, mounts, default routes, the kernel, the boot; and "moves PORT
#                                 PROGRAM" of ports that the kernel hands out to whoever asks: lo where they listen on this host alone, ? for whom is not told
#   tend_snapshot_keep NAME       keeps a snapshot on the host, in /var/lib/tend/NAME
#   tend_compare NAME SECONDS     waits until the host has settled and looks as it did, SECONDS at most; then reports the checks units,
#                                 ports, mounts and routes, each CRIT (or what tend_loss says) where something was lost; and the check new, WARN
#                                 where there are ports, mounts, routes that were not there before
#   tend_service VERB NAME        known, running, restart, reload, start, stop: by systemd, OpenRC or rc
#   tend_stays NAME               whether a service runs, and was not begun anew since it was started; sets tend_ill to what is wrong, and prints its last messages
#   tend_settle SECONDS           waits until systemd has started everything, SECONDS at most; sets tend_running

tend_snapshot() {
	if [ -d /run/systemd/system ]; then
		systemctl --failed --plain --no-legend 2>/dev/null | awk '{ u = $1 ~ /^[A-Za-z0-9]/ ? $1 : $2; if (u != "") print "unit", u }'
	fi
	if tend_p=$(ss -Hltnp 2>/dev/null) || tend_p=$(netstat -an 2>/dev/null); then
		printf '%s\n' "$tend_p" | awk -v range="$(cat /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null || printf '32768 60999')" '
			BEGIN { split(range, r) }
			!/LISTEN/ { next }
			{ p = $4; sub(/.*[.:]/, "", p) }
			p !~ /^[0-9]+$/ { next }
			{ print "port", p }
			p + 0 < r[1] + 0 || p + 0 > r[2] + 0 { next }
			{ o = "?" }
			match($0, /users:\(\("[^"]*"/) { o = substr($0, RSTART + 9, RLENGTH - 10); gsub(/[ \t]/, "_", o) }
			$4 ~ /^(127\.|\[::1\]|::1\.)|%lo:/ { o = "lo" }
			{ print "moves", p, o }'
	fi
	if [ -r /proc/mounts ]; then cat /proc/mounts; else mount -p; fi | awk '$1 ~ /^\// && $3 !~ /^(squashfs|iso9660)$/ || $3 ~ /^(nfs|cifs|zfs|btrfs)/ { print "mount", $2 }'
	if tend_have ip; then
		{ ip route show default; ip -6 route show default; } 2>/dev/null | awk '{ print "route", $1, $2, $3 }'
	else
		netstat -rn 2>/dev/null | awk '$1 == "default" { print "route default via", $2 }'
	fi
	printf 'kernel %s\nboot %s\n' "$(uname -r)" "$(tend_boot)"
}

# What changes with each boot. boot_id is the host's own within LXC, so that PID 1's start time goes with it (proc(5), field 22).
tend_boot() {
	if [ -r /proc/sys/kernel/random/boot_id ]; then
		read -r tend_b </proc/sys/kernel/random/boot_id
		printf '%s %s\n' "$tend_b" "$(sed 's/.*) //' /proc/1/stat 2>/dev/null | cut -d ' ' -f 20)"
	else
		sysctl -n kern.boottime 2>/dev/null | awk '{ sub(/,/, "", $4); print $4 }'
	fi
}

tend_snapshot_keep() {
	mkdir -p /var/lib/tend && chmod 700 /var/lib/tend || return
	tend_snapshot | sort -u >"/var/lib/tend/$1.new" && mv "/var/lib/tend/$1.new" "/var/lib/tend/$1"
}

tend_settle() {
	tend_running=unknown
	[ -d /run/systemd/system ] || return 0
	tend_s=0
	while :; do
		tend_running=$(systemctl is-system-running 2>/dev/null)
		case $tend_running in
		initializing | starting) ;;
		*) return 0 ;;
		esac
		[ $tend_s -lt "$1" ] || return 1
		sleep 2
		tend_s=$((tend_s + 2))
	done
}

tend_compare() {
	tend_settle "$2" || :
	if [ ! -r "/var/lib/tend/$1" ]; then
		for tend_k in units ports mounts routes; do
			tend_check "$tend_k" UNKNOWN '' '' '' 'the snapshot from before is gone, so nothing can be compared'
		done
		return 0
	fi
	tend_s=0
	while :; do
		tend_now=$(tend_snapshot | sort -u)
		tend_lost=$(printf '%s\n' "$tend_now" | tend_differences "$1")
		[ -n "$tend_lost" ] && [ $tend_s -lt "$2" ] || break
		sleep 5
		tend_s=$((tend_s + 5))
	done
	for tend_k in unit:units port:ports mount:mounts route:routes; do
		tend_l=$(printf '%s\n' "$tend_lost" | awk -v k="${tend_k%%:*}" '$1 == k { sub(/^[^ ]* /, ""); l = l (l == "" ? "" : ", ") $0 } END { print l }')
		case $tend_k:$tend_l in
		*:) tend_check "${tend_k#*:}" OK '' '' '' 'as before' ;;
		unit:*) tend_check units "${tend_loss:-CRIT}" '' '' '' "failed since: $tend_l" ;;
		*) tend_check "${tend_k#*:}" "${tend_loss:-CRIT}" '' '' '' "gone since: $tend_l" ;;
		esac
	done
	tend_l=$(printf '%s\n' "$tend_now" | tend_appeared "$1" | tr '\n' ';')
	if [ -z "$tend_l" ]; then tend_check new OK '' '' '' 'nothing'; else tend_check new WARN '' '' '' "not there before: ${tend_l%;}"; fi
}

# Of the snapshot on its input: failed units that had not failed before, and of the other kinds what was there before and is no more.
tend_differences() {
	{ cat "/var/lib/tend/$1" 2>/dev/null; printf '@@\n'; cat; } | tend_between gone
}

tend_appeared() {
	{ cat "/var/lib/tend/$1"; printf '@@\n'; cat; } | tend_between new
}

# A program that asks the kernel for any port has another one after each start: it is still there, and nothing is new, where it listens on as many.
# What listens on this host alone in that range are the tunnels of somebody who is logged in.
tend_between() {
	awk -v what="$1" '
		/^@@/ { now = 1; next }
		{ if (now) after[$0] = 1; else before[$0] = 1 }
		$1 == "moves" && $3 == "lo" && !(("port " $2) in owner) { owner["port " $2] = "lo" }
		$1 == "moves" && $3 != "lo" { owner["port " $2] = $3 }
		function moved(l,   k) {
			if (!(l in owner)) return 0
			if (owner[l] == "lo") return 1
			if (what == "gone" && come[owner[l]] > 0) return come[owner[l]]--
			if (what == "new" && went[owner[l]] > 0) return went[owner[l]]--
			return 0
		}
		END {
			for (l in after) if (!(l in before) && l in owner) come[owner[l]]++
			for (l in before) if (!(l in after) && l in owner) went[owner[l]]++
			if (what == "gone") {
				for (l in after) if (l ~ /^unit / && !(l in before)) print l
				for (l in before) if (l ~ /^(port|mount|route) / && !(l in after) && !moved(l)) print l
			} else for (l in after) if (l ~ /^(port|mount|route) / && !(l in before) && !moved(l)) print l
		}' | sort
}

# One verb for the service managers of systemctl(1), rc-service(8) and service(8).
tend_service() {
	if [ -d /run/systemd/system ]; then
		case $1 in
		known) systemctl cat "$2" >/dev/null 2>&1 ;;
		running) systemctl is-active --quiet "$2" ;;
		*) systemctl "$1" "$2" ;;
		esac
	elif tend_have rc-service; then
		case $1 in
		known) rc-service -e "${2%.service}" ;;
		running) rc-service "${2%.service}" status >/dev/null 2>&1 ;;
		*) rc-service "${2%.service}" "$1" ;;
		esac
	else
		case $1 in
		known) service "$2" rcvar >/dev/null 2>&1 || [ -x "/etc/init.d/$2" ] ;;
		running) service "$2" status >/dev/null 2>&1 ;;
		*) service "$2" "$1" ;;
		esac
	fi
}

# Many start well and end a moment later; systemd may have begun them anew meanwhile, and counts that (NRestarts of systemctl(1), which a start
# by hand sets to 0).
tend_stays() {
	tend_ill='' tend_n=''
	[ ! -d /run/systemd/system ] || tend_n=$(systemctl show -p NRestarts --value "$1" 2>/dev/null)
	case $tend_n in *[!0-9]* | '') tend_n=0 ;; esac
	if [ "$tend_n" -gt 0 ]; then # whether it runs at this very moment is chance
		tend_ill="ends and is begun anew: $tend_n times since"
	elif ! tend_service running "$1"; then
		tend_ill='does not run'
	fi
	[ -n "$tend_ill" ] || return 0
	! tend_have journalctl || journalctl --no-pager -n 20 -u "$1" 2>/dev/null
	return 1
}
