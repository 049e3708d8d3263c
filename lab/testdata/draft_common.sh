um=$(umask); set -u; umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin; export PATH
id=ID; d=ROOT/$id
boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null || echo none; }
alive() { # leader is ours, or leader gone but its process group still has members (a pid in use as pgid is not reused)
  if ps -A -o pid= -o pgid= -o stat= -o args= >/dev/null 2>&1; then a=-A; else a=; fi
  ps $a -o pid= -o pgid= -o stat= -o args= 2>/dev/null | awk -v p="$1" -v t="tend:$id" '$1==p&&$3!~/Z/{l=1; if(index($0,t))o=1} $2==p&&$1!=p&&$3!~/Z/{g=1} END{exit !(o||(g&&!l))}'; }
state() {
  [ -d "$d" ] || { if [ -d "${d%/*}" ] && [ ! -x "${d%/*}" ]; then echo unknown; else echo absent; fi; return; }
  x=$(readlink "$d/exit") && { if [ -h "$d/done" ]; then echo "done $x"; else echo "draining $x"; fi; return; }
  b=$(readlink "$d/boot") || { echo torn; return; }
  p=$(readlink "$d/run") || { echo unclaimed; return; }
  [ "$b" = "$(boot)" ] || { echo lost-reboot; return; }
  if alive "$p"; then echo "running $p"; return; fi
  x=$(readlink "$d/exit") && { echo "done $x"; return; }
  echo "lost-killed $p"; }
