package shell_test

// scripts are run by the lab's shell and by a real one; each must be deterministic and touch only its working directory.
var scripts = []string{
	`echo hello; printf '%s-%d\n' a 3 b 4`,
	`for i in 1 2 3; do echo $i; done; i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo w$i; done; until false; do break; done`,
	`x='a  b'; echo $x "$x"; set -- $x; echo $#; IFS=:; y=a::b:; set -- $y; echo $#; for z in "$@"; do echo "<$z>"; done`,
	`echo "$@" "$#" "$*"; for a; do echo "[$a]"; done; shift 2; echo "$#"; set --; for a in "$@"; do echo no; done; echo "$#$@"`,
	`IFS=,; set -- a b c; echo "$*"; echo $*; x="$*"; echo "$x"`,
	`f() { local x=1; echo "$x $1"; return 3; }; x=0; f arg; echo $? $x; g() { x=2; }; g; echo $x`,
	`echo ${u:-def} ${u-def2} ${u:+no}x; : ${u:=set}; echo $u; v=; echo "${v:-e}" "${v-n}"; echo ${#u}`,
	`p=/a/b/c.tar.gz; echo ${p##*/} ${p#*/} ${p%.*} ${p%%.*} "${p%"/c.tar.gz"}"`,
	`a=$(echo one; echo two); echo "$a"; echo $(echo x | tr x y)`,
	`cat <<EOF
a $((1+2)) $(echo sub) \$x ${HOME}
EOF
cat <<'EOF'
raw $x \n
EOF
cat <<-EOF
	tab
	stripped
	EOF`,
	`if false; then echo a; elif true; then echo b; else echo c; fi; case foo.txt in *.c) echo c;; *.txt|*.md) echo text;; esac; case x in [!a-w]) echo neg;; esac`,
	`(exit 7); echo $?; ! true; echo $?; true && echo and || echo or; false || echo or2`,
	`set -e; if false; then :; fi; false || true; ! true; echo still; false; echo never`,
	`set -e; f() { false; echo in; }; f || echo caught; x=$(false); echo never`,
	`set -u; echo ${x-ok}; echo $x; echo never`,
	`trap 'echo bye $?' EXIT; echo hi; exit 4`,
	`trap 'echo got' TERM; kill -TERM $$; echo after; trap - TERM; trap 'echo x' USR1; kill -USR1 $$; echo end`,
	`sh -c 'echo $0 $1 $#' name arg; sh -c 'kill -9 $$'; echo $?; sh -c 'exit 300'; echo $?`,
	`sleep 0.05 & p=$!; wait $p; echo $?; (sleep 0.01; exit 5) & wait $!; echo $?; wait; echo $?; wait 99999; echo $?`,
	`echo a >f; echo b >>f; cat f; cat <f | wc -l; { echo o; echo e >&2; } 2>/dev/null; { echo o; echo e >&2; } 2>&1 | sort; echo x 3>f3 1>&3; cat f3`,
	`exec 3>out; echo three >&3; exec 3>&-; cat out; exec 4<out; read l <&4; echo "$l"; exec 4<&-`,
	`printf 'a b c\nd\\e f\n  lead trail  \n' | while read x y; do echo "[$x|$y]"; done; printf 'p:q::r\n' | { IFS=: read a b c d; echo "$a,$b,$c,$d"; }; printf 'x\\y\n' | { read -r l; echo "$l"; }; printf nonl | { read x; echo "$? $x"; }`,
	`mkdir d; touch d/b d/a d/.h; echo d/*; echo d/.h*; echo nomatch*; cd d; echo *; set -f; echo *; pwd | sed 's,.*/,,'`,
	`[ -f d ] || echo nof; touch f; [ -f f -a ! -d f ] && echo isf; test 3 -gt 2 && echo gt; [ "" ] || echo empty; [ a = a ] && [ a != b ] && echo eq; [ -z "$x" ] && echo z; [ ! -e zz ] && echo none; [ -n "" -o 1 -eq 1 ] && echo or`,
	`echo $((7/2)) $((7%3)) $((1<<4)) $((5>3&&2>1)) $((~0)) $(((1+2)*3)) $((x=5)) $x $((x+=2)) $((0x1f)) $((010)) $((1?2:3))`,
	`eval 'a=1; echo $a'; eval "echo \$a"; . /dev/null; echo 'echo sourced $1; return 3; echo no' >s; . ./s; echo $?`,
	`umask 027; umask; umask -S; touch u; ls -l u | cut -c1-10; umask 022`,
	`command -v cd; command -v nosuch; echo $?; type cd | head -1; command -v sh >/dev/null && echo found; nosuchcmd 2>/dev/null; echo $?; ./nofile 2>/dev/null; echo $?`,
	`while getopts ab:c o -a -b val -c rest; do echo "$o $OPTARG"; done; echo $OPTIND; OPTIND=1; getopts x o -y 2>/dev/null; echo $o`,
	`x=1; (x=2; echo $x); echo $x; { x=3; }; echo $x; echo y | { read x; echo $x; }; echo $x; x=9 sh -c 'echo $x'; echo $x`,
	`export A=1 B; B=2; sh -c 'echo $A $B'; unset A; sh -c 'echo ${A-unset}'; readonly R=1; (R=2) 2>/dev/null; echo $?; env -i FOO=bar sh -c 'echo $FOO $HOME'`,
	`echo 'a
b
c' | { read first; echo "$first"; cat; }; seq 5 | head -2; seq 3 | tail -1; yes | head -1; seq 10 | sed -n '3,5p;$p'`,
	`ln -s target l; readlink l; ln -s other l 2>/dev/null; echo $?; [ -h l ] && echo link; [ -e l ] || echo dangling; echo hi >target; cat l; rm l; ls`,
	`echo "a'b\"c" 'd\e'; echo "\\ \$ \x"; echo a\ b\	c; echo "multi
line"; echo -n no; echo; echo 'x\ty'`,
	`i=0; until [ -h run ] || [ $i -ge 50 ]; do i=$((i+1)); [ $i = 3 ] && ln -s "$$" run; done; echo $i; [ "$(readlink run)" = "$$" ] && echo same`,
	`a=1 b=2; echo $a$b; c=$a$b d="$c"x; echo $d; set -- "a b" c; printf '<%s>' "$@" "x$@y" "$*"; echo; set -- ; printf '<%s>' "x$@y"; echo`,
	`f() { echo "$#: $*"; }; f "" a ""; f $nothing; f "$nothing"; f ''$nothing; f "$@"`,
	`x=abc; echo ${x#"a"} ${x%c} ${x#?} ${x%%*}. ; y='*'; echo "$y" "${x#$y}" "${x#"$y"}"; z='a*c'; case abc in $z) echo glob;; esac; case abc in "$z") echo lit;; *) echo nolit;; esac`,
	`{ echo out; exit 3; echo no; }; echo never`,
	`(trap 'echo sub' EXIT; echo in); echo out; trap 'echo top' EXIT`,
	`sed 's/\(a\)b*/[\1]/g;s/x/y/;/del/d' <<E
abbb xab
del
x
E
echo abc | sed -E 's/(b)(c)?/<\2\1>/;y/a/A/'; printf '1\n2\n3\n' | sed -e '1!G;h;$!d'; printf 'a\nb\n' | sed '$!N;s/\n/+/'; echo k=v | sed 's/^[^=]*=//'`,
	`printf 'b 2\na 10\nc 1\n' | sort -k2n; printf 'x\nx\ny\n' | uniq -c | sed 's/^ *//'; echo a:b:c | cut -d: -f2-; echo abcdef | cut -c2-4; echo Hello | tr a-z A-Z | tr -d L; printf 'a  b\n' | tr -s ' '`,
	`printf 'a 1\nb 2\n' | awk '{s+=$2} END{print s, NR}'; awk -v p=7 'BEGIN{print p*2; printf "%05.2f|%-5s|\n", 3.14159, "ab"}'; echo a,b | awk -F, '{print $2","$1}'; printf '1 x\n' >f1; printf '1 y\n' >f2; awk 'NR==FNR{a[$1]=$2;next}{print a[$1],$2,FILENAME}' f1 f2`,
	`grep -c a <<E
a
b
ab
E
echo foo123 | grep -oE '[0-9]+'; echo x | grep -q y; echo $?; printf 'A\nb\n' | grep -iv a; grep -F 'a.b' <<E
axb
a.b
E
grep zz /no/such/file 2>/dev/null; echo $?`,
	`printf '%s\n' a b c | xargs echo; printf 'a\0b c\0' | xargs -0 -n1 echo; echo 1 2 3 | xargs -n 2; printf '' | xargs -r echo no; printf 'p q\n' | xargs -I{} echo '<{}>'`,
	`mkdir -p x/y/z; touch x/a.txt x/y/b.txt; find x -name '*.txt' | sort; find x -type d | sort; find x -maxdepth 1 -type f; find x -name b.txt -exec echo found {} \;; rm -rf x; [ -d x ] || echo gone`,
	`echo one >a; cp a b; mv b c; cat c; ln a h; stat -c %h a; stat -c '%a %s %F' a; chmod 600 a; stat -c %a a; chmod u+x,g=r a; stat -c %a a; mkdir m; mv c m; ls m; rmdir m 2>/dev/null; echo $?`,
	`timeout 0.05 sleep 5; echo $?; timeout 5 echo in; (sleep 0.2; echo late) & kill $!; wait $! 2>/dev/null; echo $?`,
	`expr 1 + 2 '*' 3; expr abc : 'a\(.*\)'; expr a = b; echo $?; basename /a/b.c .c; dirname /a/b/c; dirname x; seq 2 2 6 | paste -sd,; printf 'x' | sha256sum; printf 'x' | base64; echo eA== | base64 -d; echo; printf 'AB' | od -An -tx1`,
	`printf '%5d|%-5d|%05d|%x|%o|%c|%%|%s\n' 42 42 42 255 8 abc str; printf '%b' 'a\tb\n'; printf '\101\n'; printf '%.2s|%5.1f\n' abcdef 2.25; printf '%s %s\n' only; printf 'no newline'`,
	`date -u -d @0 +%Y-%m-%dT%H:%M:%SZ; date -u -d '2024-02-29 12:00:00' +%s; date -u -d @86400 '+%a %b %e %j'`,
	`nohup sh -c 'echo nohup' 2>/dev/null; env X=1 sh -c 'echo $X'; setsid sh -c 'echo s'; sh -c 'exec echo replaced; echo no'; exec sh -c 'echo last; exit 9'`,
	`{
echo block
exit 0
}
syntax error ( here`,
	`a='x y'; b=$a; echo "$b"; c=~; echo $c; echo ~/z; d="~"; echo $d; echo a=~; e=*; echo "$e"`,
	`set -- -a -b; echo "$1"; set -o nounset; echo "${y-}"; set +u; echo "$y."`,
	`n=0; f() { n=$((n+1)); [ $n -lt 50 ] && f; }; f; echo $n; while :; do while :; do break 2; done; echo no; done; echo out`,
	`x=$(cat <<E
in subst
E
); echo "$x"; echo "$(printf '%s' "a")$(printf '%s' 'b c')"; echo "$(echo "nested $(echo "deep")")"`,
	`>empty; wc -c <empty; : >e2; [ -s empty ] || echo zero; cat nosuch 2>/dev/null || echo failed; cat <nosuch 2>/dev/null; echo $?; echo x >nodir/f; echo $?`,
	`p() { printf '%s\n' "$1"; }; p 'it'"'"'s'; p "a\"b"; p "tab	end"`,
	`set -- 1 2 3 4 5 6 7 8 9 10 11; echo $10 ${10} ${11}; echo $(( ${#} * 2 )); echo "${@}"; echo "${*}"`,
	`alias ll='echo aliased'
ll x; unalias ll
ll 2>/dev/null; echo $?`,
	`echo a | cat | cat | tr a b; false | true; echo $?; true | false; echo $?; (echo p1; echo p2) | (read a; read b; echo $b $a)`,
	`cd /; pwd; cd tmp; pwd; cd ..; pwd; cd /no/such/place 2>/dev/null; echo $?; OLD=$PWD; cd /tmp && cd - >/dev/null; [ "$PWD" = "$OLD" ] && echo back`,
	`printf 'k1=v1\nk2=v2\n' >kv; while IFS='=' read -r k v; do echo "$k -> $v"; done <kv; IFS='|'; read -r a b c <<E
x||z
E
echo "$a.$b.$c"; printf '0123456789' | tail -c +4 | head -c 3; echo`,
	`kill -0 $$ && echo alive; kill -l 15; kill -0 99999999 2>/dev/null; echo $?; kill -s TERM 99999999 2>/dev/null; echo $?`,
	`x=5; echo "${x:+"quoted $x"}" ${z:-'single q'} "${z:-a "b" c}" ${z:-$x$x}; set -- ${z:-a b "c d"}; echo $#`,
	`f() { return 3; }; if f; then :; else echo "st $?"; fi; f || echo "or $?"; ! f && echo neg; f; echo $?; while f; do :; done; echo $?`,
	`{ echo 1; { echo 2 >&2; } 2>&1; } | cat; (echo a; exit 3) | cat; echo $?; x=$(exit 6) || echo "sub $?"; y=$(echo v; exit 2); echo "$? $y"`,
	`case "$1" in one) case "$2" in two*) echo nested;; esac;; esac; case a in (a) echo paren;; esac; case "" in "") echo nothing;; esac; case x in y) ;; esac; echo $?`,
	`set -- a b; set -- "$@" c; echo $#; for x in $(seq 3) "q r"; do printf '%s,' "$x"; done; echo; while read -r l; do set -- $l; echo $2; done <<E
a b c
d e f
E`,
	`t=$(mktemp) && echo data >"$t" && cat "$t" && rm -f "$t" && [ ! -e "$t" ] && echo removed; d=$(mktemp -d); [ -d "$d" ] && rmdir "$d" && echo ok`,
	`ls nosuch >/dev/null 2>&1; echo $?; ls -1a . | head -2; mkdir z; (cd z && touch 1 2 10 && ls | sort -n | tr '\n' ' '); echo; du -s z >/dev/null && echo du`,
	`sleep 30 & p=$!; kill $p; wait $p; echo $?; sh -c 'trap "echo term; exit 3" TERM; kill -TERM $$; sleep 1; echo no'; echo $?`,
	`printf 'a\tb\n' | awk -F'\t' '{print $2}'; echo 'x=1;y=2' | awk -F'[=;]' '{print $2+$4}'; printf '3\n1\n2\n' | awk '{a[NR]=$1} END{for(i=NR;i>0;i--)printf "%s ",a[i]; print ""}'; awk 'BEGIN{exit 4}'; echo $?; echo abc | awk '{print substr($0,2,1), length($0), toupper($0), index($0,"c")}'; awk 'BEGIN{split("a:b",x,":"); print x[2]; print match("foobar","o+"), RSTART, RLENGTH; s="aaa"; gsub(/a/,"b",s); print s; printf "%d %s\n", "3x", 1e6}'`,
	`false; x=$?; echo $x; (exit 5); y=$? z=$(echo v); echo $y $? $z; (exit 3); a=$? b=$?; echo $a$b $?; false; >t; echo $?; x=$(false); echo $?; false; x=1 y=$(true); echo $?`,
	`if (exit 9); then :; else rc=$?; echo $rc; fi; f() { return 103; }; if false; then :; elif false; then :; else f; fi; rc=$?; echo $rc; while :; do f; rc=$?; break; done; echo $rc`,
}
