# What has become of the job?
t_boot
t_where
t_say B "$t_b"
t_look
t_say X 0 "$t_st" "${t_x:--}" -
