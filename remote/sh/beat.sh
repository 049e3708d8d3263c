# The run's own lease on this host, for scripts that start something. Given: t_lease its path, t_who_is whose it must be ('' = none is
# asked for), t_key the run's name as part of a file's name.

# uptime: seconds since boot, no wall clock; '' where the system does not tell.
t_uptime() {
	t_up=''
	{ IFS=' .' read -r t_up t_rest </proc/uptime; } 2>/dev/null
}

# beat: that the holder is here. Nobody's right hangs on it.
t_beat() {
	t_uptime
	ln -s "$t_b ${t_up:--}" "$t_lease.$t_n" 2>/dev/null && t_yield && mv -f "$t_lease.$t_n" "$t_lease.$t_key" 2>/dev/null || rm -f "$t_lease.$t_n"
}

# ownerof: the number of the user who made the lease, into t_owner.
t_ownerof() {
	set -f
	# shellcheck disable=SC2046
	set -- $(ls -ldn "$t_lease" 2>/dev/null)
	set +f
	t_owner=${3:--}
}

# yield: the beat of a step as root is given to whoever holds the lease. The directory is sticky: nobody else could put the next one in its
# place, or remove it at the run's end.
t_yield() {
	t_who
	[ "$t_uid" = 0 ] || return 0
	t_ownerof
	[ "$t_owner" = 0 ] || chown -h "$t_owner" "$t_lease.$t_n" 2>/dev/null
}

# holds: is the host still this run's? Its lease may have been broken by a decision, and the host may be another run's since.
t_holds() {
	[ -n "$t_who_is" ] || return 0
	case $(readlink "$t_lease" 2>/dev/null) in "$t_who_is "*) return 0 ;; esac
	return 1
}

# held: refuse where it is not; else tell that we were here.
t_held() {
	t_holds || t_refuse lease "the lease of this run was broken, and another run may be at work here"
	[ -z "$t_who_is" ] || t_beat
}
