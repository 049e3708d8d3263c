# Send the job's output from byte t_off on, in pieces of t_most bytes at most, then how it ended. Frames: D offset length, the bytes, Z offset; H = still here; X = the end.
# No busy loop: it naps, and forks twice a turn.

# piece LENGTH: the output only grows, so these bytes are there. dd skips by seeking where busybox tail reads from the start.
t_piece() {
	t_say D "$t_off" "$1"
	t_skip=$((t_off / 65536)) t_in=$((t_off % 65536))
	if [ "$t_off" = 0 ] && [ "$1" -lt 65536 ]; then
		head -c "$1" <"$t_d/out"
	elif [ "$t_dd" = no ]; then
		tail -c +"$((t_off + 1))" "$t_d/out" | head -c "$1"
	elif [ "$t_in" = 0 ] && [ "$(($1 % 65536))" = 0 ]; then
		dd if="$t_d/out" bs=65536 skip="$t_skip" count="$(($1 / 65536))"
	else
		dd if="$t_d/out" bs=65536 skip="$t_skip" count=2 | tail -c +"$((t_in + 1))" | head -c "$1"
	fi 2>/dev/null
	t_off=$((t_off + $1))
	t_say Z "$t_off"
}

# send: everything up to the size seen now: to a 64 KiB border first, then by four blocks while there is so much, then the rest.
t_send() {
	t_size=$(wc -c <"$t_d/out" 2>/dev/null)
	t_size=$((${t_size:-0}))
	while [ "$t_off" -lt "$t_size" ]; do
		t_rest=$((t_size - t_off)) t_len=$((65536 - t_off % 65536))
		if [ "$t_len" = 65536 ] && [ "$t_rest" -ge 262144 ]; then t_len=262144
		elif [ "$t_len" -gt "$t_rest" ]; then t_len=$t_rest; fi
		[ "$t_len" -le "$t_most" ] || t_len=$t_most
		t_piece "$t_len"
		t_naps=0 t_quiet=0
	done
}

# end: flags are "cut" (the host's disk was full), "held" (something still holds the output open) and "short" (there is less than was
# read before: the host lost some with its power).
t_end() {
	t_flags=-
	[ -h "$t_d/cut" ] && t_flags=cut
	[ "$t_st" = draining ] && t_flags=$t_flags,held
	[ "$t_off" -gt "$t_size" ] && t_flags=$t_flags,short
	t_say X "$t_off" "$t_st" "${t_x:--}" "$t_flags"
	exit 0
}

t_dd=yes t_naps=0 t_quiet=0 t_drain=0 t_turns=0
command -v dd >/dev/null 2>&1 || t_dd=no
while :; do
	# The state is read before the size: what is recorded as done has all its output.
	if t_ended; then :
	elif [ "$t_quiet" -ge 200 ] || [ ! -d "$t_d" ]; then t_look; fi
	t_send
	case $t_st in
	done | lost-* | absent | gone | void | forsaken) t_end ;;
	draining) [ "$t_drain" -lt 250 ] || t_end ;;
	esac
	if [ "$t_quiet" -ge 200 ]; then
		t_quiet=0
		t_say H "$t_off"
		# About once a minute: who looks at the lease shall see that its holder is here.
		t_turns=$((t_turns + 1))
		if [ $((t_turns % 30)) = 0 ] && [ -n "$t_who_is" ] && t_holds; then t_beat; fi
	fi
	t_nap
	[ "$t_st" != draining ] || t_drain=$((t_drain + t_c))
done
