package userland

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
)

// Kill sends signals: -s NAME, -NAME, -N, -l, and pids, -pids for groups.
func Kill(p *kernel.Proc, args []string) int {
	sig, rest := kernel.SIGTERM, args[1:]
	if len(rest) == 0 {
		p.Stderr().Write([]byte("kill: usage: kill [-s sigspec | -signum | -sigspec] [pid]...\n"))
		return 2
	}
	if rest[0] == "-l" || rest[0] == "-L" {
		return killList(p, rest[1:])
	}
	if a := rest[0]; len(a) > 1 && a[0] == '-' {
		name := a[1:]
		rest = rest[1:]
		if name == "s" || name == "n" {
			if len(rest) == 0 {
				return 2
			}
			name, rest = rest[0], rest[1:]
		}
		if a != "--" {
			s, ok := kernel.ParseSignal(name)
			if !ok {
				fmt.Fprintf(p.Stderr(), "kill: %s: invalid signal specification\n", name)
				return 1
			}
			sig = s
		}
	}
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	status := 0
	for _, a := range rest {
		pid, err := strconv.Atoi(a)
		if err != nil {
			fmt.Fprintf(p.Stderr(), "kill: Illegal number: %s\n", a)
			status = 2
			continue
		}
		if err := p.Sys.Kill(p, pid, sig); err != nil {
			fmt.Fprintf(p.Stderr(), "kill: (%d): %s\n", pid, errText(err))
			status = 1
		}
	}
	return status
}

func killList(p *kernel.Proc, args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(p.Stdout(), strings.Join(kernel.SignalNames(), " "))
		return 0
	}
	for _, a := range args {
		n, _ := strconv.Atoi(a)
		if n > 128 {
			n -= 128
		}
		fmt.Fprintln(p.Stdout(), kernel.Signal(n).Name())
	}
	return 0
}

type psColumn struct {
	name, head string
}

var psHeads = map[string]string{"pid": "PID", "ppid": "PPID", "pgid": "PGID", "sid": "SID", "sess": "SESS", "stat": "STAT", "state": "S", "s": "S",
	"args": "COMMAND", "command": "COMMAND", "cmd": "CMD", "comm": "COMMAND", "user": "USER", "euser": "EUSER", "uid": "UID", "tty": "TT", "tt": "TT",
	"time": "TIME", "etime": "ELAPSED", "etimes": "ELAPSED", "rss": "RSS", "vsz": "VSZ", "pcpu": "%CPU", "%cpu": "%CPU", "pmem": "%MEM", "%mem": "%MEM",
	"lstart": "STARTED", "start": "STARTED", "stime": "STIME", "nice": "NI", "ni": "NI", "ruser": "RUSER", "group": "GROUP", "pgrp": "PGRP", "ucmd": "CMD", "wchan": "WCHAN"}

// Ps lists processes: -A -e -a -u USER -p PIDS -C NAME -o COLUMNS, and BSD's aux.
func Ps(p *kernel.Proc, args []string) int {
	var bsd string
	if len(args) > 1 && args[1] != "" && args[1][0] != '-' {
		bsd = args[1]
		args = append([]string{args[0]}, args[2:]...)
	}
	t, ok := start(p, args, "Aeafljwwxo:O:p:u:U:C:t:g:s:hHT", map[string]byte{"pid": 'p', "no-headers": 'h', "no-heading": 'h', "sort": 'O', "format": 'o', "user": 'u', "ppid": 'P', "forest": 'H'})
	if !ok {
		return t.bad(1)
	}
	cols := psColumns(t.all('o'))
	switch {
	case len(cols) > 0:
	case strings.Contains(bsd, "u"):
		cols = psColumns([]string{"user,pid,pcpu,pmem,vsz,rss,tty,stat,start,time,args"})
	case t.has("f"):
		cols = psColumns([]string{"user,pid,ppid,pcpu,stime,tty,time,cmd"})
	default:
		cols = psColumns([]string{"pid,tty,time,comm"})
	}
	var rows [][]string
	for _, i := range t.psSelect(bsd) {
		row := make([]string, len(cols))
		for k, c := range cols {
			row[k] = psField(p, c.name, i)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.status = 1
	}
	t.psPrint(cols, rows)
	return t.end()
}

func psColumns(specs []string) []psColumn {
	var cols []psColumn
	for _, spec := range specs {
		for spec != "" {
			var item string
			item, spec, _ = strings.Cut(spec, ",")
			for _, word := range strings.Fields(item) {
				name, head, custom := strings.Cut(word, "=")
				if custom && spec != "" {
					head += "," + spec // a heading takes the rest of its argument
					spec = ""
				}
				if !custom {
					head = psHeads[name]
				}
				cols = append(cols, psColumn{name: name, head: head})
			}
		}
	}
	return cols
}

func (t *tool) psSelect(bsd string) []kernel.Info {
	p := t.p
	list := p.Sys.List()
	all := t.has("Ae") || strings.Contains(bsd, "a") || strings.Contains(bsd, "x")
	keep := func(i kernel.Info) bool {
		return all || i.UID == p.Cred.UID && i.TTY == tty(p) || t.has("x") && i.UID == p.Cred.UID
	}
	in := func(vals []string, s string) bool {
		for _, v := range vals {
			if slices.Contains(strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }), s) {
				return true
			}
		}
		return false
	}
	if t.has("puUCgs") && !all {
		keep = func(i kernel.Info) bool {
			users := append(t.all('u'), t.all('U')...)
			return in(t.all('p'), strconv.Itoa(i.PID)) || in(users, userName(p, i.UID)) || in(users, strconv.Itoa(i.UID)) ||
				in(t.all('C'), comm(i)) || in(append(t.all('g'), t.all('s')...), strconv.Itoa(i.SID))
		}
	}
	out := slices.DeleteFunc(list, func(i kernel.Info) bool { return !keep(i) })
	switch key := strings.TrimLeft(t.val('O'), "-+"); key {
	case "pcpu", "%cpu":
		slices.SortStableFunc(out, func(a, b kernel.Info) int { return int(b.CPU - a.CPU) })
	case "rss", "pmem", "%mem":
		slices.SortStableFunc(out, func(a, b kernel.Info) int { return int((b.RSS - a.RSS) >> 10) })
	}
	return out
}

func tty(p *kernel.Proc) string {
	if p.TTY() == nil {
		return "?"
	}
	return p.TTY().Name
}

func comm(i kernel.Info) string {
	if len(i.Args) == 0 {
		return ""
	}
	name := strings.Fields(i.Args[0] + " ")
	if len(name) == 0 {
		return ""
	}
	c := strings.TrimSuffix(strings.TrimPrefix(base(name[0]), "-"), ":")
	return c[:min(15, len(c))]
}

func psField(p *kernel.Proc, col string, i kernel.Info) string {
	switch col {
	case "pid":
		return strconv.Itoa(i.PID)
	case "ppid":
		return strconv.Itoa(i.PPID)
	case "pgid", "pgrp":
		return strconv.Itoa(i.PGID)
	case "sid", "sess":
		return strconv.Itoa(i.SID)
	case "stat":
		return i.Stat
	case "state", "s":
		return i.Stat[:1]
	case "args", "command", "cmd":
		return strings.Join(i.Args, " ")
	case "comm", "ucmd":
		return comm(i)
	case "user", "euser", "ruser":
		return userName(p, i.UID)
	case "uid":
		return strconv.Itoa(i.UID)
	case "tty", "tt":
		return i.TTY
	case "time":
		return clockTime(i.CPU)
	case "etimes":
		return strconv.Itoa(int(p.Now().Sub(i.Start).Seconds()))
	case "etime":
		return elapsed(p.Now().Sub(i.Start))
	case "rss":
		return strconv.FormatInt(i.RSS>>10, 10)
	case "vsz":
		return strconv.FormatInt(i.RSS>>9, 10)
	case "pcpu", "%cpu":
		return fmt.Sprintf("%.1f", 100*i.CPU.Seconds()/max(1, p.Now().Sub(i.Start).Seconds()))
	case "pmem", "%mem":
		return "0.1"
	case "lstart":
		return i.Start.UTC().Format("Mon Jan _2 15:04:05 2006")
	case "start", "stime":
		return i.Start.UTC().Format("Jan02")
	case "nice", "ni":
		return "0"
	case "group":
		return userName(p, i.UID)
	}
	return "-"
}

func clockTime(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func elapsed(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s >= 86400:
		return fmt.Sprintf("%d-%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
	case s >= 3600:
		return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func (t *tool) psPrint(cols []psColumn, rows [][]string) {
	heads := false
	width := make([]int, len(cols))
	for k, c := range cols {
		heads = heads || c.head != ""
		width[k] = len(c.head)
		for _, r := range rows {
			width[k] = max(width[k], len(r[k]))
		}
	}
	line := func(cells []string) {
		for k, c := range cells {
			if k > 0 {
				t.out.WriteByte(' ')
			}
			switch {
			case k == len(cells)-1:
				t.out.WriteString(c)
			case strings.Contains("pid ppid pgid pgrp sid sess uid rss vsz pcpu pmem %cpu %mem etime etimes time nice ni", cols[k].name):
				t.printf("%*s", width[k], c)
			default:
				t.printf("%-*s", width[k], c)
			}
		}
		t.out.WriteByte('\n')
	}
	if heads && !t.has("h") {
		var names []string
		for _, c := range cols {
			names = append(names, c.head)
		}
		line(names)
	}
	for _, r := range rows {
		line(r)
	}
}

// Pgrep finds processes by name or, with -f, by their whole line; called as pkill it signals them.
func Pgrep(p *kernel.Proc, args []string) int {
	sig := kernel.SIGTERM
	if base(args[0]) == "pkill" && len(args) > 1 && strings.HasPrefix(args[1], "-") {
		if s, ok := kernel.ParseSignal(args[1][1:]); ok {
			sig = s
			args = append([]string{args[0]}, args[2:]...)
		}
	}
	t, ok := start(p, args, "fxlanocu:P:vs:g:t:i", map[string]byte{"full": 'f', "exact": 'x', "list-name": 'l', "count": 'c', "signal": 's'})
	if !ok || len(t.args) == 0 && !t.has("uPg") {
		return t.bad(2)
	}
	pat := ""
	if len(t.args) > 0 {
		pat = t.args[0]
	}
	re, err := compileRegex(pat, true, t.has("i"))
	if err != nil {
		t.fail("%s", err)
		return 2
	}
	n := 0
	for _, i := range p.Sys.List() {
		text := comm(i)
		if t.has("f") {
			text = strings.Join(i.Args, " ")
		}
		m := re.FindString(text)
		ok := re.MatchString(text) && (!t.has("x") || m == text)
		if u := t.val('u'); u != "" && u != userName(p, i.UID) && u != strconv.Itoa(i.UID) {
			ok = false
		}
		if pp := t.val('P'); pp != "" && pp != strconv.Itoa(i.PPID) {
			ok = false
		}
		if i.PID == p.PID || ok == t.has("v") {
			continue
		}
		n++
		switch {
		case t.name == "pkill":
			p.Sys.Kill(p, i.PID, sig)
		case t.has("c"):
		case t.has("a"):
			t.printf("%d %s\n", i.PID, strings.Join(i.Args, " "))
		case t.has("l"):
			t.printf("%d %s\n", i.PID, comm(i))
		default:
			t.printf("%d\n", i.PID)
		}
	}
	if t.has("c") {
		t.printf("%d\n", n)
	}
	if n == 0 {
		t.status = 1
	}
	return t.end()
}

// Sleep waits for lab time: 1, 0.5, 2m, 1h, 1d, infinity.
func Sleep(p *kernel.Proc, args []string) int {
	if len(args) < 2 {
		p.Stderr().Write([]byte("sleep: missing operand\n"))
		return 1
	}
	var total time.Duration
	for _, a := range args[1:] {
		d, ok := Span(a)
		if !ok {
			fmt.Fprintf(p.Stderr(), "sleep: invalid time interval '%s'\n", a)
			return 1
		}
		total += d
	}
	p.Sleep(total)
	return 0
}

// Span reads a number of seconds with an optional unit s, m, h or d.
func Span(s string) (time.Duration, bool) {
	if s == "infinity" || s == "inf" {
		return 100 * 365 * 24 * time.Hour, true
	}
	unit := time.Second
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 's':
			s = s[:n-1]
		case 'm':
			unit, s = time.Minute, s[:n-1]
		case 'h':
			unit, s = time.Hour, s[:n-1]
		case 'd':
			unit, s = 24*time.Hour, s[:n-1]
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 {
		return 0, false
	}
	return time.Duration(f * float64(unit)), true
}
