d=$1; ln -s "$$" "$d/run" || exit 0
{ ( umask "$2"; exec sh "$d/cmd" </dev/null ); ln -s "$?" "$d/exit"; } 2>&1 | { cat >>"$d/out" || ln -s - "$d/cut"; cat >/dev/null; }
ln -s - "$d/done"