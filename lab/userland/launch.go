package userland

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Env prints the environment, or runs a command in a changed one.
func Env(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+iu:0C:S:v", map[string]byte{"ignore-environment": 'i', "unset": 'u', "null": '0', "chdir": 'C'})
	if !ok {
		return t.bad(125)
	}
	env := slices.Clone(p.Env)
	if t.has("i") || len(t.args) > 0 && t.args[0] == "-" {
		env = nil
		if !t.has("i") {
			t.args = t.args[1:]
		}
	}
	for _, u := range t.all('u') {
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, u+"=") })
	}
	for len(t.args) > 0 && strings.Contains(t.args[0], "=") {
		name, _, _ := strings.Cut(t.args[0], "=")
		env = append(slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") }), t.args[0])
		t.args = t.args[1:]
	}
	if len(t.args) == 0 {
		for _, e := range env {
			if t.has("0") {
				t.printf("%s\x00", e)
			} else {
				t.printf("%s\n", e)
			}
		}
		return t.end()
	}
	if dir := t.val('C'); dir != "" {
		p.Cwd = vfs.Clean(p.Cwd, dir)
	}
	p.Env = env
	return p.ExecOr("env", t.args)
}

// Printenv prints variables.
func Printenv(p *kernel.Proc, args []string) int {
	if len(args) == 1 {
		return Env(p, []string{"env"})
	}
	status := 0
	for _, name := range args[1:] {
		if v := p.Getenv(name); v != "" {
			fmt.Fprintln(p.Stdout(), v)
		} else {
			status = 1
		}
	}
	return status
}

// Setsid runs a command as the leader of a new session.
func Setsid(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+cfw", map[string]byte{"ctty": 'c', "fork": 'f', "wait": 'w'})
	if !ok || len(t.args) == 0 {
		return t.bad(1)
	}
	if p.PGID() != p.PID && !t.has("f") {
		p.Setsid()
		return p.ExecOr("setsid", t.args)
	}
	child, err := p.Fork(t.args)
	if err != nil {
		t.fail("fork: %s", errText(err))
		return 1
	}
	child.Setsid()
	child.Go(func() int { return child.ExecOr("setsid", t.args) })
	if t.has("w") {
		status, _ := p.WaitFor(child)
		return status
	}
	return 0
}

// Nohup runs a command that ignores SIGHUP.
func Nohup(p *kernel.Proc, args []string) int {
	if len(args) < 2 {
		p.Stderr().Write([]byte("nohup: missing operand\nTry 'nohup --help' for more information.\n"))
		return 125
	}
	p.Handle(kernel.SIGHUP, kernel.Ignore)
	if p.IsTTY(1) {
		f, err := p.Open("nohup.out", vfs.Write|vfs.Create|vfs.Append, 0o600)
		if err != nil {
			fmt.Fprintf(p.Stderr(), "nohup: failed to open 'nohup.out': %s\n", errText(err))
			return 125
		}
		p.SetFD(1, f)
	}
	if p.IsTTY(2) {
		p.Dup(1, 2)
	}
	return p.ExecOr("nohup", args[1:])
}

// Nice and ionice run a command as it is.
func Nice(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+n:c:t0123456789", nil)
	if !ok {
		return t.bad(125)
	}
	if len(t.args) == 0 {
		t.printf("0\n")
		return t.end()
	}
	return p.ExecOr(t.name, t.args)
}

// Timeout ends a command that takes too long: 124, or 128+9 after -k or with -s KILL.
func Timeout(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+s:k:v", map[string]byte{"signal": 's', "kill-after": 'k', "foreground": 'v', "preserve-status": 'v', "verbose": 'v'})
	if !ok {
		return t.bad(125)
	}
	if len(t.args) < 2 {
		t.fail("missing operand")
		return t.bad(125)
	}
	limit, ok := Span(t.args[0])
	if !ok {
		t.fail("invalid time interval '%s'", t.args[0])
		return 125
	}
	sig := kernel.SIGTERM
	if s := t.val('s'); s != "" {
		if sig, ok = kernel.ParseSignal(s); !ok {
			t.fail("%s: invalid signal", s)
			return 125
		}
	}
	child, err := p.Fork(t.args[1:])
	if err != nil {
		t.fail("fork system call failed: %s", errText(err))
		return 125
	}
	child.Setpgid()
	child.Go(func() int { return child.ExecOr("timeout", t.args[1:]) })
	if limit == 0 {
		status, _ := p.WaitFor(child)
		return status
	}
	status, timedOut := t.awaitChild(child, limit, sig)
	if timedOut && sig != kernel.SIGKILL && status != 137 {
		return 124
	}
	return status
}

// awaitChild waits up to limit, then signals the child's group; after -k it kills.
func (t *tool) awaitChild(child *kernel.Proc, limit timeSpan, sig kernel.Signal) (status int, timedOut bool) {
	if waitUpTo(t.p, child, limit) {
		return child.Status(), false
	}
	if t.p.Dead() {
		child.Signal(kernel.SIGTERM)
		return 143, false
	}
	t.p.Sys.Kill(t.p, -child.PGID(), sig)
	if k := t.val('k'); k != "" {
		d, _ := Span(k)
		if !waitUpTo(t.p, child, d) {
			t.p.Sys.Kill(t.p, -child.PGID(), kernel.SIGKILL)
		}
	}
	select {
	case <-child.Done():
	case <-t.p.Done():
	}
	return child.Status(), true
}

// Xargs builds command lines from standard input: -0 -d -n -I -r -P -L.
func Xargs(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+0d:n:I:rP:L:ts:a:x", map[string]byte{"null": '0', "no-run-if-empty": 'r', "max-args": 'n', "max-procs": 'P', "delimiter": 'd', "replace": 'I'})
	if !ok {
		return t.bad(1)
	}
	command := t.args
	if len(command) == 0 {
		command = []string{"echo"}
	}
	in, _ := io.ReadAll(io.LimitReader(p.Stdin(), 16<<20))
	items := t.xargsItems(string(in))
	p.SetFD(0, kernel.Null())
	if repl := t.val('I'); repl != "" {
		for _, item := range items {
			line := make([]string, len(command))
			for i, c := range command {
				line[i] = strings.ReplaceAll(c, repl, item)
			}
			if !t.xargsRun(line) {
				break
			}
		}
		return t.end()
	}
	n := 5000
	for _, c := range []byte{'n', 'L'} {
		if v := t.val(c); v != "" {
			n, _ = strconv.Atoi(v)
			n = max(n, 1)
		}
	}
	if len(items) == 0 && !t.has("r") {
		t.xargsRun(command)
	}
	for len(items) > 0 {
		k := min(n, len(items))
		if !t.xargsRun(append(slices.Clone(command), items[:k]...)) {
			break
		}
		items = items[k:]
	}
	return t.end()
}

// xargsRun runs one line; its failure makes 123, and 255 ends it all with 124.
func (t *tool) xargsRun(line []string) bool {
	t.out.Flush()
	status := t.p.Run("xargs", line, nil)
	switch {
	case t.p.Dead():
		return false
	case status == 127 || status == 126:
		t.status = status
		return false
	case status == 255:
		t.status = 124
		return false
	case status != 0:
		t.status = 123
	}
	return true
}

func (t *tool) xargsItems(in string) []string {
	switch {
	case t.has("0"):
		return splitItems(in, "\x00")
	case t.has("d"):
		d, _ := unescape(t.val('d'), false)
		return splitItems(in, d)
	case t.has("I"):
		var out []string
		for _, l := range splitItems(in, "\n") {
			if l = strings.TrimLeft(l, " \t"); l != "" {
				out = append(out, l)
			}
		}
		return out
	}
	var out []string
	var b strings.Builder
	quote, has := byte(0), false
	for i := 0; i < len(in); i++ {
		c := in[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				b.WriteByte(c)
			}
		case c == '\'' || c == '"':
			quote, has = c, true
		case c == '\\' && i+1 < len(in):
			i++
			b.WriteByte(in[i])
			has = true
		case c == ' ' || c == '\t' || c == '\n':
			if has {
				out = append(out, b.String())
				b.Reset()
				has = false
			}
		default:
			b.WriteByte(c)
			has = true
		}
	}
	if has {
		out = append(out, b.String())
	}
	return out
}

func splitItems(in, sep string) []string {
	in = strings.TrimSuffix(in, sep)
	if in == "" {
		return nil
	}
	return strings.Split(in, sep)
}
