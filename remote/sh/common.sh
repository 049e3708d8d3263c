# Every script begins with this. It runs as one compound command on the standard input of `exec /bin/sh -s`: a script that the
# link cut short is a syntax error and runs nothing at all.
#
# Written for dash, bash, busybox sh and FreeBSD's sh; it runs in mksh, ksh93 and yash, too. No descriptor above 2, no local variables, no arrays. All names begin with
# t_, so that a step's own names never meet them. What is printed on standard output and concerns us begins with the nonce $t_n.
#
# Given: t_n nonce, t_id job, t_root job root or "" for the usual one, t_proc where boot identity is read and t_systemd whose presence
# says that systemd runs (/proc and /run/systemd/system but in tests).

# The login's own umask, also where a second script follows in the same shell.
t_um=${t_um:-$(umask 2>/dev/null)}
set -u
umask 077 2>/dev/null
# A login over SSH without a profile may lack these; a step inherits the longer path, which does it no harm.
PATH=${PATH:-/bin:/usr/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH

# say WORDS: one line for the console. Begins with a newline, since a noisy profile may have left half a line.
t_say() { printf '\n%s %s\n' "$t_n" "$*"; }

# refuse KIND WORDS: nothing was done, and why.
t_refuse() {
	t_say R "$@"
	exit 0
}

# oneline WORDS: a tool's complaint as one line, into t_line. Globbing is off, so that a "*" in it stays one.
t_oneline() {
	set -f
	# shellcheck disable=SC2048,SC2086
	set -- $*
	t_line=$*
	set +f
}

# stat PID: reads /proc/PID/stat without a fork into t_pid t_state t_pgid t_start. The name in it may hold spaces and brackets, so
# everything up to the last ") " goes (proc_pid_stat(5): field 3 state, 5 process group, 22 start time). The quotes are for ksh93.
t_stat() {
	t_pid='' t_state='' t_pgid='' t_start='' t_l=''
	{ IFS= read -r t_l <"$1/stat"; } 2>/dev/null
	[ -n "$t_l" ] || return 1
	t_pid=${t_l%% *}
	t_l=${t_l##*") "}
	set -f
	# shellcheck disable=SC2086
	set -- $t_l
	set +f
	t_state=${1:-} t_pgid=${3:-} t_start=${20:-}
}

# boot: the boot identity into t_b, one word. boot_id alone does not change when an LXC container restarts, so PID 1's start
# time goes with it. BSDs: the first of the three that there is.
t_boot() {
	t_b=''
	{ IFS= read -r t_b <"$t_proc/sys/kernel/random/boot_id"; } 2>/dev/null
	if [ -n "$t_b" ]; then
		t_stat "$t_proc/1"
		t_b=$t_b+${t_start:-0}
	else
		t_b=$({ sysctl -n kern.boot_id || sysctl -n kern.bootsessionuuid || sysctl -n kern.boottime; } 2>/dev/null | tr -cs '0-9A-Za-z\n.-' _)
	fi
	[ -n "$t_b" ] || t_b=none
}

# who: our number into t_uid, asked for once.
t_who() { [ -n "${t_uid:-}" ] || t_uid=$(id -u); }

# nap: wait, longer each time from 0.02 s, so that a quick step costs little, up to 1 s. Adds the hundredths to t_quiet.
t_naps=0 t_quiet=0
t_nap() {
	case $t_naps in
	0) t_z=0.02 t_c=2 ;; 1) t_z=0.05 t_c=5 ;; 2) t_z=0.1 t_c=10 ;; 3 | 4) t_z=0.2 t_c=20 ;; 5 | 6) t_z=0.5 t_c=50 ;;
	*) t_z=1 t_c=100 ;;
	esac
	# Not every sleep knows fractions.
	sleep "$t_z" 2>/dev/null || { sleep 1 && t_c=100; }
	t_naps=$((t_naps + 1)) t_quiet=$((t_quiet + t_c))
}

# where: the job root into t_root, and the job's directory into t_d. A root of root's own never lies in a user's home.
t_where() {
	if [ -z "$t_root" ]; then
		t_who
		if [ "$t_uid" = 0 ]; then t_root=/var/lib/tend; else t_root=${HOME:-/nonexistent}/.local/state/tend; fi
	fi
	t_d=$t_root/jobs/$t_id
}

# alive PID GROUP START: is the job's supervisor, or anything of its process group, still there? A process number that is in
# use as a group's is not given out again, so members of the group are ours where no stranger holds the number. Zombies are dead.
t_alive() {
	if [ -r /proc/self/stat ]; then
		if t_stat "/proc/$1"; then
			case $t_state in
			Z* | X*) ;;
			*) [ "$t_start" = "$3" ] && return 0 || return 1 ;;
			esac
		fi
		[ "$1" = "$2" ] || return 1
		for t_p in /proc/[0-9]*; do
			t_stat "$t_p" || continue
			[ "$t_pgid" = "$2" ] || continue
			case $t_state in Z* | X*) ;; *) return 0 ;; esac
		done
		return 1
	fi
	# No start times here: the supervisor carries the job's name in its arguments instead.
	ps -A -o pid= -o pgid= -o stat= -o args= 2>/dev/null | awk -v p="$1" -v g="$2" -v t="tend:$t_id" '
		$1 == p && $3 !~ /Z/ { leader = 1; if (index($0, t)) ours = 1 }
		$2 == g && $1 != p && $3 !~ /Z/ { member = 1 }
		END { exit !(ours || (member && !leader && p == g)) }'
}

# look: what has become of the job, into t_st; its exit code into t_x.
#   absent     nothing of it is here            gone       it was here, ended, and was cleaned up
#   hidden     the place cannot be looked into  unclaimed  it was delivered, and nothing has begun it
#   void       given up before it began: it never ran, and never will   forsaken  given up without knowing whether it ran
#   running    its supervisor or its process group is alive
#   draining   it ended; something holds its standard output   done   it ended
#   lost-reboot, lost-killed   it began and its end was not recorded
# `run` holds "PID GROUP START BOOT", written by ln -s: atomic, exclusive, and no data block needed on a full disk.
t_look() {
	t_st=absent t_x=''
	if [ ! -d "$t_d" ]; then
		if [ -h "$t_root/gone/$t_b/$t_id" ]; then t_st=gone
		elif [ -d "$t_root" ] && [ ! -x "$t_root" ]; then t_st=hidden
		elif [ -d "$t_root/jobs" ] && [ ! -x "$t_root/jobs" ]; then t_st=hidden; fi
		return
	fi
	t_ended && return
	if [ ! -h "$t_d/run" ]; then
		t_st=unclaimed
		return
	fi
	[ -n "${t_run:-}" ] || t_run=$(readlink "$t_d/run")
	if [ "$t_run" = void ] || [ "$t_run" = forsaken ]; then
		t_st=$t_run
	elif [ "${t_run##* }" != "$t_b" ]; then
		t_st=lost-reboot
	else
		t_st=running
		# shellcheck disable=SC2086
		t_alive $t_run && return
		# It may have ended between the two looks.
		t_ended && return
		t_st=lost-killed
	fi
}

t_ended() {
	[ -h "$t_d/exit" ] || return 1
	t_st=draining t_x=$(readlink "$t_d/exit")
	[ -h "$t_d/done" ] && t_st=done
	return 0
}
