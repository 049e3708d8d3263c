off=OFF; idle=0
while :; do
  st=$(state); s=$(wc -c <"$d/out" 2>/dev/null || echo 0)
  if [ "$s" -gt "$off" ]; then n=$((s-off)); [ $n -gt 65536 ] && n=65536
    printf '\nNONCE D %s %s\n' "$off" "$n"; tail -c +$((off+1)) "$d/out" | head -c "$n"; off=$((off+n)); idle=0; continue; fi
  case $st in done*|lost*|absent|torn) printf '\nNONCE X %s %s\n' "$off" "$st"; exit 0;;
    draining*) idle=$((idle+1)); [ $idle -ge 3 ] && { printf '\nNONCE X %s %s\n' "$off" "$st"; exit 0; };; esac
  printf '\nNONCE H %s %s\n' "$off" "$st"; sleep 1
done