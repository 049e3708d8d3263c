package shell

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// maxScript bounds a script read from a file or from standard input.
const maxScript = 8 << 20

// Program is sh (or bash, as kind says) as an executable.
func Program(kind Kind, cache *Cache) kernel.Program {
	return func(p *kernel.Proc, args []string) int {
		k := kind
		if strings.HasSuffix(args[0], "bash") {
			k = Bash
		}
		s := New(p, k, cache, strings.TrimPrefix(args[0], "-"))
		return s.main(args)
	}
}

// main parses sh's command line: [-options] [-c command [name [arg...]]] [-s | file] [arg...].
func (s *Shell) main(args []string) int {
	rest := args[1:]
	command, stdin := false, false
	for len(rest) > 0 && len(rest[0]) > 1 && (rest[0][0] == '-' || rest[0][0] == '+') {
		a := rest[0]
		rest = rest[1:]
		if a == "--" {
			break
		}
		s.batch = s.batch || a == "+i"
		if strings.HasPrefix(a, "--") {
			continue // --login, --norc, --posix
		}
		flags := a[:1]
		for _, c := range a[1:] {
			switch c {
			case 'c':
				command = true
			case 's':
				stdin = true
			case 'l', 'i':
			default:
				flags += string(c)
			}
		}
		if len(flags) > 1 {
			n, ok := s.setOptions(flags, rest)
			if !ok {
				s.note(s.name + ": 0: Illegal option " + a)
				return 2
			}
			rest = rest[n:]
		}
	}
	switch {
	case command:
		return s.mainCommand(rest)
	case stdin || len(rest) == 0:
		s.params = rest
		return s.mainStdin()
	}
	return s.mainFile(rest)
}

func (s *Shell) mainCommand(rest []string) int {
	if len(rest) == 0 {
		s.note(s.name + ": 0: -c requires an argument")
		return 2
	}
	if len(rest) > 1 {
		s.name, s.params = rest[1], rest[2:]
	}
	return s.Run(rest[0])
}

func (s *Shell) mainFile(rest []string) int {
	text, err := s.p.Sys.FS.ReadFile(s.p.Cred, s.p.Cwd, rest[0])
	if err != nil {
		if s.kind == Bash {
			s.note(s.name + ": " + rest[0] + ": " + err.Error())
			return 127
		}
		s.line = 0
		s.complain("cannot open " + rest[0] + ": " + noFile(err))
		return 2
	}
	s.name, s.params = rest[0], rest[1:]
	return s.Run(string(text))
}

func noFile(err error) string {
	if err == vfs.ENOENT {
		return "No such file"
	}
	return err.Error()
}

// input is a script that comes through standard input: what has come so far, and how far commands have read it. What stands after
// the command that runs is that command's standard input, as with a real shell: a command that reads swallows the script. Reading
// beyond what has come waits for more, and what comes late is run late.
type input struct {
	mu      sync.Mutex
	src     kernel.File
	release func()
	text    string
	pos     int
	eof     bool
}

func (in *input) Read(p *kernel.Proc, b []byte) (int, error) {
	in.mu.Lock()
	if in.pos == len(in.text) && !in.eof {
		in.mu.Unlock()
		if !in.more(p) {
			return 0, nil
		}
		in.mu.Lock()
	}
	defer in.mu.Unlock()
	n := copy(b, in.text[in.pos:])
	in.pos += n
	return n, nil
}

// more waits for what comes next; false at the end, or when p ends.
func (in *input) more(p *kernel.Proc) bool {
	buf := make([]byte, 32<<10)
	n, err := in.src.Read(p, buf)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.text += string(buf[:n])
	in.eof = in.eof || n == 0 || err != nil
	return n > 0
}

// from is what has come behind offset off: whole lines only, until the end has come.
func (in *input) from(off int) (text string, eof bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	text = in.text[off:]
	if !in.eof {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	return text, in.eof
}

func (*input) Write(*kernel.Proc, []byte) (int, error) { return 0, vfs.EBADF }
func (in *input) Close()                               { in.release() }

func (in *input) seek(pos int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pos = pos
}

func (in *input) at() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.pos
}

// mainStdin runs what comes through standard input, statement by statement as each is complete.
func (s *Shell) mainStdin() int {
	if s.p.TTY() != nil && s.p.IsTTY(0) && !s.batch {
		return s.converse()
	}
	src, release := s.p.Take(0)
	if src == nil {
		return s.Finish()
	}
	s.input = &input{src: src, release: release}
	s.p.SetFD(0, s.input)
	s.runInput()
	return s.Finish()
}

func (s *Shell) runInput() {
	in, off, line := s.input, 0, 0
	for !s.stopped() && !s.p.Dead() {
		text, eof := in.from(off)
		sc := s.cache.parse(text, s.lang())
		if sc.err != nil && !eof && len(in.text) <= maxScript {
			in.more(s.p) // what has come so far is not whole
			continue
		}
		to, swallowed := s.runPart(text, off, sc.stmts)
		switch {
		case s.stopped():
			return
		case swallowed:
		case sc.err != nil:
			s.syntaxError(sc.err)
			return
		default:
			to = off + len(text)
		}
		line += strings.Count(in.text[off:to], "\n")
		off = to
		if rest, _ := in.from(off); swallowed && rest != "" {
			continue
		}
		if eof {
			return
		}
		if len(in.text) > maxScript { // bounds what a host can be made to hold
			s.note(s.name + ": script too long")
			s.last = 2
			return
		}
		in.more(s.p)
	}
}

// runPart runs the statements of text, which stands at off, and returns how far it came. A statement that read from the script
// swallowed it: what is left must be parsed anew from there.
func (s *Shell) runPart(text string, off int, stmts []*syntax.Stmt) (to int, swallowed bool) {
	to = off
	for i, st := range stmts {
		if s.stopped() {
			return to, false
		}
		to = off + restAfter(text, stmts, i)
		s.input.seek(to)
		s.stmt(st)
		if pos := s.input.at(); pos != to {
			return pos, true
		}
	}
	return to, false
}

// restAfter is the offset of the first line after the one on which statement i ends.
func restAfter(text string, list []*syntax.Stmt, i int) int {
	end := int(list[i].End().Offset())
	for _, next := range list[i+1:] {
		if next.Pos().Line() > list[i].End().Line() {
			start := int(next.Pos().Offset())
			return strings.LastIndexByte(text[:start], '\n') + 1
		}
		end = int(next.End().Offset())
	}
	if nl := strings.IndexByte(text[min(end, len(text)):], '\n'); nl >= 0 {
		return end + nl + 1
	}
	return len(text)
}

// converse is an interactive shell: prompt, line, answer, until the end of input or exit.
func (s *Shell) converse() int {
	s.interactive = true
	for _, sig := range []kernel.Signal{kernel.SIGINT, kernel.SIGTERM, kernel.SIGTSTP} {
		s.p.Handle(sig, kernel.Catch)
	}
	var text string
	for !s.exiting && !s.p.Dead() {
		prompt := "> "
		if text == "" {
			prompt = s.prompt()
		}
		s.p.TTY().Prompt(prompt)
		line, err := s.p.TTY().Line(s.p, false)
		for _, ok := s.p.Caught(); ok; {
			_, ok = s.p.Caught() // ^C at the prompt only ends the line
			text = ""
		}
		if err != nil {
			s.p.Stderr().Write([]byte("exit\n"))
			break
		}
		s.p.TTY().Prompt("")
		if text += string(line); !s.interpret(text) {
			text = ""
		}
	}
	return s.Finish()
}

func (s *Shell) prompt() string {
	user := s.get("USER")
	mark := "$"
	if s.p.Cred.UID == 0 {
		user, mark = "root", "#"
	}
	dir := s.p.Cwd
	if home := s.get("HOME"); home != "" && (dir == home || strings.HasPrefix(dir, home+"/")) {
		dir = "~" + dir[len(home):]
	}
	host, _ := s.p.Sys.FS.ReadFile(s.p.Cred, "/", "/etc/hostname")
	return user + "@" + strings.TrimSpace(string(host)) + ":" + dir + mark + " "
}

// interpret runs one interactive line; true means that the line is not complete yet.
func (s *Shell) interpret(text string) bool {
	_, err := syntax.NewParser(syntax.Variant(s.lang())).Parse(strings.NewReader(text), "")
	if err != nil && syntax.IsIncomplete(err) {
		return true
	}
	s.line = 1
	s.eval(text)
	s.breaks, s.continues, s.returning = 0, 0, false
	return false
}
