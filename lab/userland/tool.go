package userland

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// tool is one run of a command: its process, its options, its buffered output and its exit status so far.
type tool struct {
	p      *kernel.Proc
	name   string
	out    *bufio.Writer
	status int
	opts   []option
	args   []string // the operands
}

type option struct {
	c   byte
	val string
}

// start parses args against spec: each letter is an option, one that takes a value is followed by ":". A leading "+" stops at
// the first operand. long maps GNU's long names to letters. ok is false after the complaint about an unknown option.
func start(p *kernel.Proc, args []string, spec string, long map[string]byte) (t *tool, ok bool) {
	t = &tool{p: p, name: base(args[0]), out: bufio.NewWriterSize(p.Stdout(), 4096)}
	posix := strings.HasPrefix(spec, "+")
	spec = strings.TrimPrefix(spec, "+")
	rest := args[1:]
	for len(rest) > 0 {
		a := rest[0]
		switch {
		case a == "--":
			t.args = append(t.args, rest[1:]...)
			return t, true
		case strings.HasPrefix(a, "--"):
			n, ok := t.longOption(a[2:], rest[1:], spec, long)
			if !ok {
				return t, false
			}
			rest = rest[1+n:]
		case len(a) > 1 && a[0] == '-':
			n, ok := t.shortOptions(a[1:], rest[1:], spec)
			if !ok {
				return t, false
			}
			rest = rest[1+n:]
		default:
			if posix {
				t.args = append(t.args, rest...)
				return t, true
			}
			t.args = append(t.args, a)
			rest = rest[1:]
		}
	}
	return t, true
}

func takesValue(spec string, c byte) (known, value bool) {
	i := strings.IndexByte(spec, c)
	if i < 0 || c == ':' {
		return false, false
	}
	return true, i+1 < len(spec) && spec[i+1] == ':'
}

func (t *tool) shortOptions(word string, next []string, spec string) (taken int, ok bool) {
	for i := 0; i < len(word); i++ {
		known, value := takesValue(spec, word[i])
		if !known {
			t.fail("invalid option -- '%c'", word[i])
			return 0, false
		}
		if !value {
			t.opts = append(t.opts, option{word[i], ""})
			continue
		}
		if i+1 < len(word) {
			t.opts = append(t.opts, option{word[i], word[i+1:]})
			return 0, true
		}
		if len(next) == 0 {
			t.fail("option requires an argument -- '%c'", word[i])
			return 0, false
		}
		t.opts = append(t.opts, option{word[i], next[0]})
		return 1, true
	}
	return 0, true
}

func (t *tool) longOption(word string, next []string, spec string, long map[string]byte) (taken int, ok bool) {
	name, val, has := strings.Cut(word, "=")
	c, known := long[name]
	if !known {
		t.fail("unrecognized option '--%s'", word)
		return 0, false
	}
	_, value := takesValue(spec, c)
	if value && !has {
		if len(next) == 0 {
			t.fail("option '--%s' requires an argument", name)
			return 0, false
		}
		t.opts = append(t.opts, option{c, next[0]})
		return 1, true
	}
	t.opts = append(t.opts, option{c, val})
	return 0, true
}

// has reports whether any of the letters was given.
func (t *tool) has(letters string) bool {
	for _, o := range t.opts {
		if strings.IndexByte(letters, o.c) >= 0 {
			return true
		}
	}
	return false
}

// val is the last value of an option, or "".
func (t *tool) val(c byte) (v string) {
	for _, o := range t.opts {
		if o.c == c {
			v = o.val
		}
	}
	return v
}

func (t *tool) all(c byte) (v []string) {
	for _, o := range t.opts {
		if o.c == c {
			v = append(v, o.val)
		}
	}
	return v
}

// last is the last of the given letters that was used, or 0.
func (t *tool) last(letters string) (c byte) {
	for _, o := range t.opts {
		if strings.IndexByte(letters, o.c) >= 0 {
			c = o.c
		}
	}
	return c
}

// fail writes "name: text" to standard error and makes the status at least 1.
func (t *tool) fail(format string, a ...any) {
	t.out.Flush()
	fmt.Fprintf(t.p.Stderr(), "%s: %s\n", t.name, fmt.Sprintf(format, a...))
	t.status = max(t.status, 1)
}

func (t *tool) printf(format string, a ...any) { fmt.Fprintf(t.out, format, a...) }

// end flushes and gives the status; a failed write counts.
func (t *tool) end() int {
	if err := t.out.Flush(); err != nil && err != vfs.EPIPE && !t.p.Dead() {
		fmt.Fprintf(t.p.Stderr(), "%s: write error: %s\n", t.name, errText(err))
		t.status = max(t.status, 1)
	}
	return t.status
}

// bad is the status of a usage error, after its complaint.
func (t *tool) bad(status int) int {
	fmt.Fprintf(t.p.Stderr(), "Try '%s --help' for more information.\n", t.name)
	return status
}

func errText(err error) string {
	if e, ok := err.(vfs.Errno); ok {
		return e.Error()
	}
	return err.Error()
}

// open opens an operand for reading; "-" is standard input. The complaint is made here.
func (t *tool) open(path string) (io.Reader, bool) {
	if path == "-" {
		return t.p.Stdin(), true
	}
	f, err := t.p.Open(path, vfs.Read, 0)
	if err != nil {
		t.fail("%s: %s", path, errText(err))
		return nil, false
	}
	return fileReader{t.p, f, path}, true
}

// fileReader reads an open file as p.
type fileReader struct {
	p    *kernel.Proc
	f    kernel.File
	path string
}

func (r fileReader) Read(b []byte) (int, error) {
	n, err := r.f.Read(r.p, b)
	if n == 0 && err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return n, err
}

// each calls fn with every operand opened, or with standard input where there is none.
func (t *tool) each(fn func(name string, r io.Reader)) {
	names := t.args
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		if t.p.Dead() {
			return
		}
		if r, ok := t.open(name); ok {
			fn(name, r)
			if f, ok := r.(fileReader); ok {
				f.f.Close()
			}
		}
	}
}

// lines calls fn with each line, without its newline; nl says whether it had one. fn returning false ends it.
func (t *tool) lines(name string, r io.Reader, fn func(line []byte, nl bool) bool) {
	br := bufio.NewReaderSize(r, 16<<10)
	var long []byte
	for {
		part, err := br.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			long = append(long, part...)
			continue
		}
		line := part
		if len(long) > 0 {
			line = append(long, part...)
			long = nil
		}
		if len(line) > 0 {
			nl := line[len(line)-1] == '\n'
			if nl {
				line = line[:len(line)-1]
			}
			if !fn(line, nl) {
				return
			}
		}
		if err != nil {
			if err != io.EOF && !t.p.Dead() {
				t.fail("%s: %s", name, errText(err))
			}
			return
		}
	}
}

// slurp reads everything, at most 64 MiB.
func (t *tool) slurp(name string, r io.Reader) []byte {
	b, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil && !t.p.Dead() {
		t.fail("%s: %s", name, errText(err))
	}
	return b
}

func base(path string) string {
	if i := strings.LastIndexByte(strings.TrimRight(path, "/"), '/'); i >= 0 {
		return path[i+1:]
	}
	return path
}

// stat is lstat or stat as the process.
func (t *tool) stat(path string, follow bool) (vfs.Info, error) {
	if follow {
		return t.p.Sys.FS.Stat(t.p.Cred, t.p.Cwd, path)
	}
	return t.p.Sys.FS.Lstat(t.p.Cred, t.p.Cwd, path)
}
