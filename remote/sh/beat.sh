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
	ln -s "$t_b ${t_up:--}" "$t_lease.$t_n" 2>/dev/null && mv -f "$t_lease.$t_n" "$t_lease.$t_key" 2>/dev/null || rm -f "$t_lease.$t_n"
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
