# One run at a time may change this host. Given: t_lease the lease's path, t_claim the run's claim (one word a field, spaces between),
# t_who_is the part of it that says whose it is, t_do what to do, t_seen (break) the lease that the decision was about.
#
# The lease is a symlink in a directory that every user may write and that outlives a reboot; its target is the claim. It is made
# once, by ln -s, and never changed, so that whoever made it holds it. The beat beside it tells when the holder was last here (beat.sh).

# read: the lease into t_have, '' where there is none.
t_read() {
	t_have=''
	if [ -h "$t_lease" ]; then t_have=$(readlink "$t_lease"); fi
}

t_mine() {
	case $t_have in "$t_who_is "*) return 0 ;; esac
	return 1
}

# key WORDS: the run's name in a lease that is not ours, into t_key, as part of a file's name. Whoever made the lease may have put a
# path into it.
t_keyof() {
	set -f
	# shellcheck disable=SC2048,SC2086
	set -- $*
	set +f
	t_key=${2:-x}
	case $t_key in */*) t_key=x ;; esac
}

# keep: a new lease must outlive a power cut, since its absence is to prove that the run never ordered anything here. t_kept is "fresh",
# or "volatile" where it lies in memory. Old ones of sync(1) know no arguments and write everything, which does as well.
t_keep() {
	t_kept=fresh t_p=${t_lease%/*}
	case $(df -P "$t_p" 2>/dev/null | awk 'NR == 2 { print $1 }') in tmpfs | ramfs | none | mfs | "") t_kept=volatile ;; esac
	sync "$t_p" 2>/dev/null || sync 2>/dev/null || t_kept=volatile
}

# take VALUE: remove the lease if it is VALUE. It is moved aside first, since between a look and an rm it could become another's.
t_take() {
	mv "$t_lease" "$t_lease.$t_n" 2>/dev/null || return 1
	t_got=$(readlink "$t_lease.$t_n")
	rm -f "$t_lease.$t_n"
	[ "$t_got" = "$1" ] && return 0
	ln -s "$t_got" "$t_lease" 2>/dev/null
	return 1
}

# tell: L state, holder's uid, seconds since its last beat ("rebooted": it was in another boot), and the claim.
t_tell() {
	t_say_it=$1
	t_uptime
	t_owner='-' t_age='-'
	if [ -n "$t_have" ]; then
		t_ownerof
		t_keyof "$t_have"
		t_last=$(readlink "$t_lease.$t_key" 2>/dev/null)
		if [ -n "$t_last" ]; then
			t_beatboot=${t_last%% *}
			t_last=${t_last##* }
			# Anyone may have made it, and bash runs commands that it finds in arithmetic.
			case $t_last$t_up in *[!0-9]*) t_last='' ;; esac
			if [ "$t_beatboot" != "$t_b" ]; then t_age=rebooted
			elif [ -n "$t_last" ] && [ -n "$t_up" ]; then t_age=$((t_up - t_last)); fi
		fi
	fi
	t_say L "$t_say_it" "$t_owner" "$t_age" "${t_have:--}"
}

t_boot
t_say B "$t_b"
t_read
case $t_do in
acquire)
	if [ -h "$t_lease.broken.$t_key" ]; then
		t_tell broken
		t_say X 0 done 0 -
		exit 0
	fi
	if [ -z "$t_have" ]; then
		t_oneline "$(ln -s "$t_claim $t_b" "$t_lease" 2>&1)"
		t_read
		if [ "$t_have" = "$t_claim $t_b" ]; then
			t_keep
			t_beat
			t_tell "$t_kept"
			t_say X 0 done 0 -
			exit 0
		fi
		[ -n "$t_have" ] || t_refuse lease "${t_line:-$t_lease could not be made}"
	fi
	if t_mine; then
		t_beat
		t_tell mine
	else t_tell other; fi
	;;
renew)
	if t_mine; then
		t_beat
		t_tell mine
	elif [ -n "$t_have" ]; then t_tell other
	else t_tell none; fi
	;;
release)
	# The run has ended and asks for the host no more: of a lease of its own that was broken nobody need know.
	set -- "$t_lease.broken.$t_key"
	if t_mine && t_take "$t_have"; then set -- "$@" "$t_lease.$t_key"; fi
	rm -f "$@" 2>/dev/null
	t_read
	if [ -z "$t_have" ]; then t_tell none
	elif t_mine; then t_refuse lease "$t_lease could not be removed"
	else t_tell other; fi
	;;
inspect)
	if [ -n "$t_have" ]; then t_tell other; else t_tell none; fi
	;;
break)
	if [ "$t_have" = "$t_seen" ]; then
		t_keyof "$t_have"
		t_ownerof
		# So that the run whose lease it was does not simply take it again.
		if t_take "$t_seen"; then
			rm -f "$t_lease.$t_key"
			# It is given to that run's user, who can remove it at the run's end.
			ln -s "$t_b" "$t_lease.broken.$t_key" 2>/dev/null && chown -h "$t_owner" "$t_lease.broken.$t_key" 2>/dev/null
		fi
	fi
	t_read
	if [ "$t_have" = "$t_seen" ] && [ -n "$t_have" ]; then t_refuse lease "$t_lease could not be removed"; fi
	if [ -n "$t_have" ]; then t_tell other; else t_tell none; fi
	;;
esac
t_say X 0 done 0 -
