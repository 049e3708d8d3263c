# A step that only reads: run here and now, its two streams as one, in the order in which it wrote them. Its text is a word, not part
# of this script: what it leaves open cannot swallow our last line, and a command that reads standard input cannot eat it.
PATH=${PATH:-/bin:/usr/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH
cd "${HOME:-/}" 2>/dev/null || cd /
printf '\n%s A\n' "$t_n"
( eval "$t_body" ) </dev/null 2>&1
t_x=$?
# As in sup.sh: ksh93 and yash have numbers of their own for a signal.
if [ "$t_x" -ge 384 ]; then t_x=$((t_x - 256)); elif [ "$t_x" -ge 256 ]; then t_x=$((t_x - 128)); fi
printf '\n%s E %s\n' "$t_n" "$t_x"
