# Remove what the job left here. A tombstone stays, one symlink under this boot's identity: a start that was sent twice and comes
# late finds it. Those of earlier boots are of no use, since no start lives through a reboot.
t_boot
t_where
t_say B "$t_b"
t_look
case $t_st in
running | unclaimed)
	t_say X 0 "$t_st" - -
	exit 0
	;;
absent | gone | hidden)
	t_say X 0 "$t_st" - -
	exit 0
	;;
esac
# What the step left behind still holds its output: whoever collects that would fill the disk with a file that nobody can see. The
# supervisor goes on reading, into nothing, so that the daemon never feels it.
if [ "$t_st" = draining ]; then
	t_run=$(readlink "$t_d/run")
	# shellcheck disable=SC2086
	set -- $t_run
	if [ -r /proc/self/stat ]; then
		for t_p in /proc/[0-9]*; do
			t_stat "$t_p" && [ "$t_pgid" = "${2:-0}" ] || continue
			[ "$(readlink "$t_p/fd/1" 2>/dev/null)" = "$t_d/out" ] && kill -9 "$t_pid" 2>/dev/null
		done
	else
		for t_p in $(ps -A -o pid= -o pgid= -o args= 2>/dev/null | awk -v g="${2:-0}" '$2 == g && $3 == "cat" && NF == 3 { print $1 }'); do
			kill -9 "$t_p" 2>/dev/null
		done
	fi
fi
mkdir -p "$t_root/gone/$t_b" 2>/dev/null
ln -s - "$t_root/gone/$t_b/$t_id" 2>/dev/null
rm -rf "$t_d" 2>/dev/null
for t_p in "$t_root"/gone/*; do
	[ "$t_p" = "$t_root/gone/$t_b" ] || rm -rf "$t_p"
done
if [ -d "$t_d" ]; then t_refuse place "$t_d could not be removed"; fi
t_say X 0 gone - -
