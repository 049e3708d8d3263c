# Signal the job's process group. Given: t_sig TERM or KILL.
#
# TERM ends the step and not its supervisor, which records how it ended. KILL ends both, so the record is made here, once the group
# is certainly empty. A job that has not begun is given up, so that a start still on its way finds nothing to do.
t_boot
t_where
t_say B "$t_b"
t_look
case $t_st in
absent | unclaimed)
	mkdir -p "$t_d" 2>/dev/null && ln -s void "$t_d/run" 2>/dev/null
	t_look
	t_say X 0 "$t_st" - -
	;;
running)
	# shellcheck disable=SC2086
	set -- $t_run
	if [ "$2" -gt 1 ] 2>/dev/null; then t_p=-$2; else t_p=$1; fi
	t_oneline "$(kill "-$t_sig" "$t_p" 2>&1)"
	if [ "$t_sig" = KILL ]; then
		t_i=0
		while [ $t_i -lt 50 ] && t_alive "$1" "$2" "$3"; do
			t_i=$((t_i + 1))
			sleep 0.1 2>/dev/null || sleep 1
		done
		if ! t_alive "$1" "$2" "$3" && ln -s 137 "$t_d/exit" 2>/dev/null; then ln -s - "$t_d/done" 2>/dev/null; fi
	fi
	t_say X 0 running - "${t_line:--}"
	;;
*) t_say X 0 "$t_st" "${t_x:--}" - ;;
esac
