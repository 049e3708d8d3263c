# The supervisor: sh sup DIR NONCE BOOT TOMBSTONE UMASK tend:JOB. In its own session, on nobody's terminal; it outlives every connection.
# One compound command: what a full disk cut off does nothing.
{
umask 077 2>/dev/null
d=$1 n=$2 b=$3 gone=$4 um=$5 l='' pid=$$ pgid=0 start=0
# Its own number, group and start time: from /proc without a fork (field 22, after the last ") "), else from ps.
{ IFS= read -r l </proc/self/stat; } 2>/dev/null
if [ -n "$l" ]; then
	pid=${l%% *}
	l=${l##*") "}
	set -f
	set -- $l
	set +f
	pgid=$3 start=${20}
else
	pgid=$(ps -o pgid= -p "$pid" 2>/dev/null | tr -d ' ')
fi
# The claim. Whoever loses it was one start too many.
if ! ln -s "$pid ${pgid:-0} $start $b" "$d/run" 2>/dev/null; then
	rm -f "$d/cmd.$n" "$d/sup.$n" "$d/env.$n"
	exit 0
fi
# A start that comes after the job was done and cleaned up finds a tombstone.
if [ -h "$gone" ]; then
	rm -rf "$d"
	exit 0
fi
# A signal to the group is for the step: we record how it ended. Caught, not ignored, so that the step does not inherit it.
trap : HUP INT TERM 2>/dev/null
# What this shell itself would say ("Terminated") is not the step's output.
{
	trap : HUP INT TERM 2>/dev/null
	(
		# Tried in a shell of its own first: a variable that is read-only here would end this one.
		if [ -f "$d/env.$n" ] && (. "$d/env.$n") >/dev/null 2>&1; then . "$d/env.$n"; fi
		cd "${HOME:-/}" 2>/dev/null || cd /
		[ -z "$um" ] || umask "$um"
		exec sh "$d/cmd.$n" </dev/null 2>&1
	)
	x=$?
	# Where a signal ended it, that is 128 and the signal; ksh93 says 256 and the signal, yash 384.
	if [ "$x" -ge 384 ]; then x=$((x - 256)); elif [ "$x" -ge 256 ]; then x=$((x - 128)); fi
	ln -s "$x" "$d/exit"
	# The script may hold secrets: it goes as soon as it is not needed. This shell has read all of itself, so the supervisor's text may
	# go too: it makes room for two records where the disk has no inode left.
	rm -f "$d/cmd.$n" "$d/env.$n" "$d/sup.$n"
	[ -h "$d/exit" ] || ln -s "$x" "$d/exit"
} 2>/dev/null | {
	trap '' HUP INT TERM 2>/dev/null
	# On a full disk the output is cut and says so; the step never feels it. After the step's end whoever still holds its output
	# keeps us here. In a subshell, so that the output file is open in cat alone: forget.sh may kill what writes to it.
	(exec cat >>"$d/out") 2>/dev/null || {
		ln -s - "$d/cut" 2>/dev/null
		cat >/dev/null
	}
	ln -s - "$d/done" 2>/dev/null
}
exit 0
}
