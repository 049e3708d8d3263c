package userland

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"github.com/benhoyt/goawk/interp"
	"github.com/benhoyt/goawk/parser"

	"tend/lab/kernel"
)

// fileMark stands in front of each file's lines where awk reads several, so that FILENAME and FNR can be kept: the
// interpreter itself may open nothing. markRule consumes it.
const (
	fileMark = "\x01lab-file\x01"
	markRule = "/^\x01lab-file\x01/ { FILENAME = substr($0, 11); FNR = 0; NR--; next }\n"
)

// Awk runs a program with goawk, which is given no file and no command of the machine beneath: operands are read by the lab
// and handed over as standard input; getline from a file, output to a file, pipes and system() are refused.
func Awk(cache *AwkCache) kernel.Program {
	return func(p *kernel.Proc, args []string) int {
		t, ok := start(p, args, "+F:v:f:", nil)
		if !ok {
			return t.bad(2)
		}
		src := ""
		for _, f := range t.all('f') {
			b, err := p.Sys.FS.ReadFile(p.Cred, p.Cwd, f)
			if err != nil {
				t.fail("can't open file %s", f)
				return 2
			}
			src += string(b) + "\n"
		}
		if len(t.all('f')) == 0 {
			if len(t.args) == 0 {
				t.fail("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]")
				return 2
			}
			src, t.args = t.args[0], t.args[1:]
		}
		return t.awk(cache, src)
	}
}

// AwkCache keeps parsed programs.
type AwkCache struct {
	mu sync.Mutex
	m  map[string]*parser.Program
}

func (c *AwkCache) parse(src string) (*parser.Program, error) {
	c.mu.Lock()
	prog := c.m[src]
	c.mu.Unlock()
	if prog != nil {
		return prog, nil
	}
	prog, err := parser.ParseProgram([]byte(src), nil)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) > 500 {
		c.m = map[string]*parser.Program{}
	}
	c.m[src] = prog
	return prog, nil
}

func (t *tool) awk(cache *AwkCache, src string) int {
	var files, assigns []string
	for _, a := range t.args {
		if name, _, ok := strings.Cut(a, "="); ok && validVar(name) {
			assigns = append(assigns, a)
		} else {
			files = append(files, a)
		}
	}
	// A single file needs its name only where the program asks for it.
	marked := len(files) > 1 || len(files) == 1 && strings.Contains(src, "FILENAME")
	if marked {
		src = markRule + src
	}
	prog, err := cache.parse(src)
	if err != nil {
		t.fail("%s", err)
		return 2
	}
	var stdin io.Reader = t.p.Stdin()
	if len(files) > 0 {
		stdin = &awkInput{t: t, files: files, marked: marked}
	}
	vars := []string{}
	for _, v := range append(t.all('v'), assigns...) {
		name, val, ok := strings.Cut(v, "=")
		if !ok {
			t.fail("invalid -v argument: %s", v)
			return 2
		}
		val, _ = unescape(val, false)
		vars = append(vars, name, val)
	}
	if t.has("F") {
		fs, _ := unescape(t.val('F'), false)
		if fs == "t" {
			fs = "\t"
		}
		vars = append(vars, "FS", fs)
	}
	return t.awkRun(prog, stdin, vars, assigns)
}

func (t *tool) awkRun(prog *parser.Program, stdin io.Reader, vars, assigns []string) int {
	in, err := interp.New(prog)
	if err != nil {
		t.fail("%s", err)
		return 2
	}
	environ := []string{}
	for _, e := range t.p.Env {
		k, v, _ := strings.Cut(e, "=")
		environ = append(environ, k, v)
	}
	var ctx context.Context = t.p
	status, err := in.ExecuteContext(ctx, &interp.Config{Stdin: stdin, Output: t.out, Error: t.p.Stderr(), Argv0: t.name,
		Vars: vars, Environ: environ, NoExec: true, NoFileWrites: true, NoFileReads: true, NewlineOutput: interp.RawNewlineMode})
	if err != nil && !t.p.Dead() {
		t.fail("%s", err)
		status = 2
	}
	t.status = 0
	if e := t.end(); e != 0 {
		return e
	}
	return status
}

func validVar(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// awkInput reads the operands one after another, with a mark line before each where they have to be told apart.
type awkInput struct {
	t      *tool
	files  []string
	marked bool
	cur    io.Reader
	head   []byte
	cut    bool // the last byte given was no newline
}

func (a *awkInput) Read(b []byte) (int, error) {
	for {
		if len(a.head) > 0 {
			n := copy(b, a.head)
			a.head = a.head[n:]
			return n, nil
		}
		if a.cur == nil {
			if len(a.files) == 0 {
				return 0, io.EOF
			}
			name := a.files[0]
			a.files = a.files[1:]
			r, ok := a.t.open(name)
			if !ok {
				a.t.status = 2
				continue
			}
			a.cur = r
			if a.marked {
				a.head = []byte(fileMark + name + "\n")
			}
			if a.cut {
				a.head = append([]byte("\n"), a.head...)
				a.cut = false
			}
			continue
		}
		n, err := a.cur.Read(b)
		if err != nil {
			if f, ok := a.cur.(fileReader); ok {
				f.f.Close()
			}
			a.cur = nil
		}
		if n > 0 {
			a.cut = !bytes.HasSuffix(b[:n], []byte("\n"))
			return n, nil
		}
	}
}
