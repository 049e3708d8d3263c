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
mkdir -p "$t_root/gone/$t_b" 2>/dev/null
ln -s - "$t_root/gone/$t_b/$t_id" 2>/dev/null
rm -rf "$t_d" 2>/dev/null
for t_p in "$t_root"/gone/*; do
	[ "$t_p" = "$t_root/gone/$t_b" ] || rm -rf "$t_p"
done
if [ -d "$t_d" ]; then t_refuse place "$t_d could not be removed"; fi
t_say X 0 gone - -
