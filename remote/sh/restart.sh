# For root: restart the host a second from now, so that this answer still gets through. Never both a `reboot` and a `shutdown`: each next one only
# where the one before failed at once.
t_how=''
for t_c in systemctl shutdown reboot; do
	command -v "$t_c" >/dev/null 2>&1 || continue
	[ "$t_c" != systemctl ] || [ -d "$t_systemd" ] || continue
	t_how="$t_how $t_c"
done
[ -n "$t_how" ] || t_refuse tool "no systemctl, shutdown or reboot was found"
t_restart() {
	sleep 1
	for t_c in $t_how; do
		case $t_c in
		systemctl) systemctl --no-block reboot && return ;;
		shutdown) shutdown -r now && return ;;
		reboot) reboot && return ;;
		esac
	done
}
t_boot
t_say B "$t_b"
t_held
# A timer of systemd's own, where it can be had: logind may kill what a closing session leaves behind.
case $t_how in
*systemctl*) systemd-run --quiet --on-active=1s systemctl --no-block reboot </dev/null >/dev/null 2>&1 && t_how='' ;;
esac
[ -z "$t_how" ] || t_restart </dev/null >/dev/null 2>&1 &
t_say X 0 done 0 -
