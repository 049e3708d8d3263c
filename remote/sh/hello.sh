# What must be known of a host before anything is started on it: which boot this is, who we are, and whether a detached step
# can live here. Read only.
t_boot
t_where
t_say B "$t_b"
t_who
t_say F uid "$t_uid"
t_say F root "$t_root"
t_system=none t_kill=no t_linger=no
if [ -d "$t_systemd" ]; then
	t_system=systemd
	# logind kills what a user leaves behind where KillUserProcesses is set, sudo or not (logind.conf(5)).
	# A D-Bus that hangs must not hang us.
	t_c=''
	command -v timeout >/dev/null 2>&1 && t_c='timeout 3'
	t_kill=$($t_c busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null)
	case $t_kill in
	*true*) t_kill=yes ;;
	*false*) t_kill=no ;;
	*) t_kill=unknown ;;
	esac
	[ -e "/var/lib/systemd/linger/$(id -un)" ] && t_linger=yes
fi
t_say F system "$t_system"
t_say F killuser "$t_kill"
t_say F linger "$t_linger"
t_lack=''
for t_c in mkdir rmdir ln readlink rm wc tail head cat sleep id; do
	command -v "$t_c" >/dev/null 2>&1 || t_lack="$t_lack $t_c"
done
# Where /proc does not tell of processes, ps must: that of Linux is there and can do nothing without /proc, and a step at work would look dead.
if [ ! -r "$t_proc/self/stat" ]; then
	command -v awk >/dev/null 2>&1 || t_lack="$t_lack awk"
	[ -n "$(ps -A -o pid= 2>/dev/null)" ] || t_lack="$t_lack ps"
fi
t_say F lack "$t_lack"
t_how=none
if [ "$t_uid" = 0 ] && [ "$t_system" = systemd ] && command -v systemd-run >/dev/null 2>&1; then t_how=systemd-run
else
	for t_c in setsid daemon perl nohup; do
		if command -v "$t_c" >/dev/null 2>&1; then
			t_how=$t_c
			break
		fi
	done
fi
t_say F launcher "$t_how"
# The nearest directory that exists: writable? Never made here. Whether there is room, the start itself finds out.
t_p=$t_root
while [ ! -d "$t_p" ] && [ -n "$t_p" ]; do t_p=${t_p%/*}; done
t_p=${t_p:-/}
if [ -w "$t_p" ] && [ -x "$t_p" ]; then t_say F writable yes; else t_say F writable no; fi
t_say F end
