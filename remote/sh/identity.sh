# Which boot is this?
t_boot
t_say B "$t_b"
t_say F end
