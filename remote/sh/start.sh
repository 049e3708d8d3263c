# Begin the job, unless it began before or that cannot be known; then falls through to the follower.
#
# Given: t_body the script, t_len its bytes, t_sup the supervisor, t_first "yes" where this order was certainly never sent
# before, t_was the boot identity before it was first sent ('' = not known). t_keep says who may launch: "any"; "system" where logind
# kills what is not a unit; "user" where, besides, it must be the user's own systemd (which lingers).
#
# What makes a start happen at most once is not the directory but `run`, which the supervisor claims with ln -s before it does
# anything else. So any number of starts, late ones too, may race here; each delivers its own copy of the script under its own
# nonce, and one supervisor wins. Between mkdir and launch nothing is written to standard output: a dead link would end us there.

# may we start? After a reboot "absent" proves nothing: the directory may have been lost with the power. PID 1's start time is 0 where
# the eyes that read it may not look at PID 1 (hidepid); then the boot_id alone must do.
t_may() {
	[ "$t_first" = yes ] && return 0
	[ -n "$t_was" ] || return 1
	[ "$t_was" = "$t_b" ] && return 0
	case $t_was/$t_b/ in *+0/*) [ "${t_was%+*}" = "${t_b%+*}" ] && return 0 ;; esac
	return 1
}

# forsake: whatever start may still be on its way, it shall find the claim taken. False where someone claimed it first.
t_forsake() {
	mkdir -p "$t_d" 2>/dev/null && ln -s forsaken "$t_d/run" 2>/dev/null
}

# deliver: not every printf says when the disk is full, so the script's size is looked at. A cut supervisor runs nothing.
t_deliver() {
	t_oneline "$({ mkdir -p "$t_d" && printf %s "$t_sup" >"$t_d/sup.$t_n" && printf %s "$t_body" >"$t_d/cmd.$t_n" && : >>"$t_d/out"; } 2>&1)"
	t_size=$(wc -c <"$t_d/cmd.$t_n" 2>/dev/null)
	[ "$((${t_size:-0}))" = "$t_len" ]
}

# why: what stood in the way of deliver, into t_line. A shell's own printf may say "I/O error" of a full disk, or nothing; cat says which error it is.
t_why() {
	[ -f "$t_d/sup.$t_n" ] || return 0
	t_said=$(printf %s "$t_sup$t_body" 2>/dev/null | cat 2>&1 >"$t_d/sup.$t_n")
	[ -z "$t_said" ] || t_oneline "$t_said"
}

# withdraw: take back what this start delivered; the directory goes only if no other start has put anything there.
t_withdraw() {
	rm -f "$t_d/cmd.$t_n" "$t_d/sup.$t_n" "$t_d/env.$t_n"
	[ -s "$t_d/out" ] || [ -h "$t_d/run" ] || rm -f "$t_d/out"
	rmdir "$t_d" 2>/dev/null
}

# launch: in a session of its own, and as nobody's child: whoever kills the tree of processes below sshd does not find it there.
t_launch() {
	set -- "$t_d/sup.$t_n" "$t_d" "$t_n" "$t_b" "$t_root/gone/$t_b/$t_id" "$t_um" "tend:$t_id"
	if [ -d "$t_systemd" ] && t_who && command -v systemd-run >/dev/null 2>&1 && { [ "$t_uid" = 0 ] || [ "$t_keep" = user ]; }; then
		# A unit starts with an almost empty environment: hand ours on. KillMode=process, else a daemon that the step leaves behind
		# would be killed with the unit. --collect came with systemd 236.
		export -p >"$t_d/env.$t_n" 2>/dev/null
		t_user=''
		if [ "$t_uid" != 0 ]; then
			t_user=--user
			XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$t_uid}
			export XDG_RUNTIME_DIR
		fi
		for t_c in --collect ''; do
			# shellcheck disable=SC2086
			systemd-run $t_user --quiet $t_c --unit="tend-$t_id-$t_n" -p KillMode=process sh "$@" </dev/null >/dev/null 2>&1 && return
		done
	fi
	[ "$t_keep" = any ] || return 1
	if command -v setsid >/dev/null 2>&1; then
		(setsid sh "$@" </dev/null >/dev/null 2>&1 &)
	elif command -v daemon >/dev/null 2>&1; then
		daemon -f sh "$@" </dev/null >/dev/null 2>&1
	elif command -v perl >/dev/null 2>&1; then
		perl -MPOSIX=setsid -e 'fork and exit; setsid; exec @ARGV' sh "$@" </dev/null >/dev/null 2>&1
	else
		(nohup sh "$@" </dev/null >/dev/null 2>&1 &)
	fi
}

# claimed: wait until a supervisor has claimed the job, about 10 s, or not at all where every launcher has said that it failed; then
# give the job up, if it can still be given up.
t_claimed() {
	t_naps=0 t_quiet=0
	until [ -h "$t_d/run" ]; do
		if [ "$t_quiet" -ge "$t_patience" ]; then
			ln -s void "$t_d/run" 2>/dev/null && return 1
		fi
		t_nap
		[ "$t_c" -lt 100 ] || t_say H 0
	done
}

t_begin() {
	if ! t_deliver; then
		t_why
		t_withdraw
		t_refuse place "${t_line:-the script could not be written whole to $t_d}"
	fi
	t_patience=1000
	t_launch || t_patience=0
	if ! t_claimed; then
		t_withdraw
		t_refuse launch "no launcher could start a process that outlives the connection"
	fi
	t_st=started
}

t_boot
t_where
t_say B "$t_b"
t_look
case $t_st in
absent | unclaimed)
	if [ "$t_first" = yes ] || { t_may && t_holds; }; then
		t_held
		t_begin
	elif t_forsake; then
		t_st=forsaken
	else
		t_look
	fi
	;;
esac
t_say S "$t_st"
case $t_st in absent | unclaimed | hidden | gone | void | forsaken)
	t_say X 0 "$t_st" - -
	exit 0
	;;
esac
