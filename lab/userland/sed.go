package userland

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// sed is one run: the pattern space, the hold space and the input.
type sed struct {
	*tool
	cmds    []*sedCmd
	silent  bool
	pattern string
	hold    string
	line    int
	lastRe  *regexp.Regexp
	subbed  bool
	after   []string
	quit    bool
	deleted bool
	restart bool // D: again without reading
	w       *bufio.Writer
	files   map[string]kernel.File

	in      []string // operands still to be read
	r       *bufio.Reader
	next    string
	nextNL  bool
	hasNext bool
	nl      bool
	done    bool
}

// Sed is the stream editor: -n -e -f -E -r -i[SUFFIX] -s.
func Sed(p *kernel.Proc, args []string) int {
	args, inPlace, suffix := takeInPlace(args)
	t, ok := start(p, args, "ne:f:Ersuz", map[string]byte{"quiet": 'n', "silent": 'n', "expression": 'e', "file": 'f', "regexp-extended": 'E', "separate": 's'})
	if !ok {
		return t.bad(1)
	}
	script, ok := t.sedScript()
	if !ok {
		return 1
	}
	if strings.HasPrefix(script, "#n\n") {
		t.opts = append(t.opts, option{'n', ""})
	}
	run := func(files []string, w io.Writer) *sed {
		cmds, err := parseSed(script, t.has("Er"))
		if err != nil {
			t.fail("%s", err)
			return nil
		}
		s := &sed{tool: t, cmds: cmds, silent: t.has("n"), in: files, w: bufio.NewWriter(w), files: map[string]kernel.File{}}
		s.run()
		s.w.Flush()
		for _, f := range s.files {
			f.Close()
		}
		return s
	}
	if !inPlace {
		files := t.args
		if len(files) == 0 {
			files = []string{"-"}
		}
		if s := run(files, t.out); s == nil {
			return 1
		}
		return t.end()
	}
	for _, f := range t.args {
		var b strings.Builder
		before := t.status
		if s := run([]string{f}, &b); s == nil {
			return 1
		}
		if t.status == before {
			t.replaceFile(f, suffix, b.String())
		}
	}
	return t.end()
}

// sedScript joins -e and -f, or takes the first operand.
func (t *tool) sedScript() (script string, ok bool) {
	script = strings.Join(t.all('e'), "\n")
	for _, f := range t.all('f') {
		b, err := t.p.Sys.FS.ReadFile(t.p.Cred, t.p.Cwd, f)
		if err != nil {
			t.fail("couldn't open file %s: %s", f, errText(err))
			return "", false
		}
		script += "\n" + string(b)
	}
	if len(t.all('e'))+len(t.all('f')) > 0 {
		return script, true
	}
	if len(t.args) == 0 {
		t.p.Stderr().Write([]byte("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n"))
		return "", false
	}
	script, t.args = t.args[0], t.args[1:]
	return script, true
}

func takeInPlace(args []string) (rest []string, ok bool, suffix string) {
	for i, a := range args {
		if i > 0 && (strings.HasPrefix(a, "-i") || strings.HasPrefix(a, "--in-place")) {
			ok = true
			suffix = strings.TrimPrefix(strings.TrimPrefix(a, "--in-place"), "=")
			if strings.HasPrefix(a, "-i") {
				suffix = a[2:]
			}
			continue
		}
		rest = append(rest, a)
	}
	return rest, ok, suffix
}

func (t *tool) replaceFile(path, suffix, text string) {
	fs, p := t.p.Sys.FS, t.p
	i, err := t.stat(path, true)
	if err != nil {
		return
	}
	if suffix != "" {
		old, _ := fs.ReadFile(p.Cred, p.Cwd, path)
		if f, err := p.Open(path+suffix, vfs.Write|vfs.Create|vfs.Trunc, i.Mode); err == nil {
			f.Write(p, old)
		}
	}
	tmp := path + ".sed" + strconv.Itoa(p.PID)
	f, err := p.Open(tmp, vfs.Write|vfs.Create|vfs.Trunc, i.Mode)
	if err == nil {
		if _, err = f.Write(p, []byte(text)); err == nil {
			fs.Chmod(p.Cred, p.Cwd, tmp, i.Mode)
			err = fs.Rename(p.Cred, p.Cwd, tmp, path)
		}
	}
	if err != nil {
		fs.Remove(p.Cred, p.Cwd, tmp, false)
		t.fail("couldn't edit %s: %s", path, errText(err))
	}
}

// read fetches the next line into s.next, to know whether the one before it is the last.
func (s *sed) read() bool {
	for {
		if s.r == nil {
			if len(s.in) == 0 {
				return false
			}
			name := s.in[0]
			s.in = s.in[1:]
			r, ok := s.open(name)
			if !ok {
				continue
			}
			s.r = bufio.NewReader(r)
		}
		line, err := s.r.ReadString('\n')
		if err != nil {
			s.r = nil
			if err != io.EOF && !s.p.Dead() {
				s.fail("read error: %s", errText(err))
			}
			if line == "" {
				continue
			}
		}
		s.nextNL = strings.HasSuffix(line, "\n")
		s.next = strings.TrimSuffix(line, "\n")
		return true
	}
}

// advance moves to the next line; false at the end.
func (s *sed) advance() (string, bool) {
	if !s.hasNext && !s.done {
		s.hasNext = s.read()
	}
	if !s.hasNext {
		s.done = true
		return "", false
	}
	line := s.next
	s.nl = s.nextNL
	s.line++
	s.hasNext = s.read()
	s.done = !s.hasNext
	return line, true
}

func (s *sed) run() {
	for !s.quit && !s.p.Dead() {
		if !s.restart {
			line, ok := s.advance()
			if !ok {
				return
			}
			s.pattern = line
		}
		s.restart, s.deleted, s.subbed = false, false, false
		s.cycle()
		if !s.silent && !s.deleted {
			s.put(s.pattern)
		}
		for _, a := range s.after {
			s.w.WriteString(a)
		}
		s.after = nil
	}
}

func (s *sed) put(text string) {
	s.w.WriteString(text)
	if s.nl || !s.done {
		s.w.WriteByte('\n')
	}
}

func (s *sed) addr(a *sedAddr) bool {
	switch a.kind {
	case 'n':
		return s.line == a.n
	case '$':
		return s.done
	case '~':
		return a.step > 0 && s.line >= a.n && (s.line-a.n)%a.step == 0 || s.line == a.n
	}
	re := a.re
	if a.empty {
		re = s.lastRe
	}
	s.lastRe = re
	return re != nil && re.MatchString(s.pattern)
}

// selects applies the addresses of a command, with the memory of its range.
func (s *sed) selects(c *sedCmd) bool {
	ok := true
	switch {
	case c.a == nil:
	case c.b == nil:
		ok = s.addr(c.a)
	case c.active:
		switch {
		case c.b.kind == 'n' || c.b.kind == '+':
			c.active = s.line < c.until
			ok = s.line <= c.until
		default:
			c.active = !s.addr(c.b)
		}
	default:
		if ok = s.addr(c.a); ok {
			c.active = true
			switch c.b.kind {
			case 'n':
				c.until = c.b.n
				c.active = s.line < c.until
			case '+':
				c.until = s.line + c.b.n
				c.active = s.line < c.until
			}
		}
	}
	return ok != c.negate
}
