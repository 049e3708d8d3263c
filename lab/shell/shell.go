package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
)

// Kind is whose manners a shell has.
type Kind int

// The shells of the lab's distributions.
const (
	Dash Kind = iota // Debian's and Ubuntu's sh
	Bash             // everybody's bash, and sh on the others
	Ash              // busybox's and FreeBSD's sh
)

// maxDepth bounds nested functions, substitutions, eval and sourced files.
const maxDepth = 1000

type options struct {
	allexport, errexit, noglob, noexec, nounset, xtrace, verbose, noclobber, monitor, pipefail bool
}

// named finds an option by its letter or its long name.
func (o *options) named(name string) *bool {
	switch name {
	case "a", "allexport":
		return &o.allexport
	case "e", "errexit":
		return &o.errexit
	case "f", "noglob":
		return &o.noglob
	case "n", "noexec":
		return &o.noexec
	case "u", "nounset":
		return &o.nounset
	case "x", "xtrace":
		return &o.xtrace
	case "v", "verbose":
		return &o.verbose
	case "C", "noclobber":
		return &o.noclobber
	case "m", "monitor":
		return &o.monitor
	case "pipefail":
		return &o.pipefail
	}
	return nil
}

func (o *options) flags(interactive bool) string {
	var b strings.Builder
	for _, l := range []string{"a", "e", "f", "m", "n", "u", "v", "x", "C"} {
		if *o.named(l) {
			b.WriteString(l)
		}
	}
	if interactive {
		b.WriteByte('i')
	}
	return b.String()
}

// job is a background command.
type job struct {
	proc *kernel.Proc
	text string
}

// Shell is one shell environment: a top shell, or a subshell of one. It belongs to one goroutine.
type Shell struct {
	p     *kernel.Proc
	cache *Cache
	kind  Kind

	vars   *table
	env    []string // the exported variables, or nil when they have to be collected again
	envHas map[string]bool
	funcs  map[string]*syntax.Stmt
	shared bool // funcs is shared with another shell
	alias  map[string]string
	scopes []map[string]saved

	name        string // $0
	params      []string
	opt         options
	pid, ppid   int // of the top shell, as $$ and $PPID say
	last        int // $?
	lastBg      int
	jobs        []*job
	traps       map[kernel.Signal]string
	trapping    bool
	random      uint32
	optpos      int
	line        int
	batch       bool // +i: no conversation, even on a terminal
	depth       int
	loops       int
	inFunc      int
	inSource    int
	noErr       int // errexit does not apply
	breaks      int
	continues   int
	returning   bool
	exiting     bool
	interactive bool
	substituted bool // a command substitution ran in this simple command
	tail        bool // the next simple command is this process's last: exec it in place
	input       *input
}

// New makes a top shell for p, with its environment as variables.
func New(p *kernel.Proc, kind Kind, cache *Cache, name string) *Shell {
	s := &Shell{p: p, cache: cache, kind: kind, name: name, pid: p.PID, ppid: p.PPID(), line: 1, random: uint32(p.PID)}
	s.vars = newTable(p.Env)
	for k, v := range map[string]string{"PWD": p.Cwd, "IFS": " \t\n", "OPTIND": "1", "PS4": "+ "} {
		s.vars.m[k] = variable{val: v, set: true, exported: k == "PWD" && s.vars.m[k].exported}
	}
	if _, ok := s.lookup("PATH"); !ok {
		s.vars.m["PATH"] = variable{val: kernel.DefaultPath, set: true}
	}
	return s
}

// fork makes the environment of a subshell that runs as p.
func (s *Shell) fork(p *kernel.Proc) *Shell {
	c := *s
	c.p = p
	c.vars = s.vars.share()
	c.shared, s.shared = true, true
	c.scopes = nil
	c.params = s.params
	c.jobs = nil
	c.tail, c.interactive = false, false
	c.traps = nil
	c.loops = 0
	for sig, cmd := range s.traps {
		if cmd == "" {
			if c.traps == nil {
				c.traps = map[kernel.Signal]string{}
			}
			c.traps[sig] = ""
		}
	}
	return &c
}

func (s *Shell) lang() syntax.LangVariant {
	if s.kind == Bash {
		return syntax.LangBash
	}
	return syntax.LangPOSIX
}

// Run executes a text as the whole program of this shell and returns its exit status, EXIT trap included.
func (s *Shell) Run(text string) int {
	s.eval(text)
	return s.Finish()
}

// Finish runs the EXIT trap and gives the status.
func (s *Shell) Finish() int {
	if cmd := s.traps[0]; cmd != "" && !s.p.Dead() {
		delete(s.traps, 0)
		status := s.last
		s.exiting, s.returning, s.breaks, s.continues = false, false, 0, 0
		s.trapping = true
		s.eval(cmd)
		if !s.exiting {
			s.last = status
		}
	}
	s.vars.release()
	return s.last
}

// eval parses and runs text in this environment. A syntax error comes after what stands before it.
func (s *Shell) eval(text string) {
	sc := s.cache.parse(text, s.lang())
	base := s.line
	for _, st := range sc.stmts {
		if s.stopped() {
			return
		}
		s.stmt(st)
	}
	if sc.err != nil && !s.stopped() {
		s.syntaxError(sc.err)
	}
	s.line = base
}

func (s *Shell) syntaxError(err error) {
	line, text := s.line, err.Error()
	if pe, ok := err.(syntax.ParseError); ok {
		line, text = int(pe.Pos.Line()), pe.Text
	}
	if le, ok := err.(syntax.LangError); ok {
		line, text = int(le.Pos.Line()), le.Feature+" unexpected"
	}
	s.line = line
	if s.kind == Bash {
		s.complain("syntax error: " + text)
	} else {
		s.complain("Syntax error: " + text)
	}
	s.last = 2
	s.exiting = !s.interactive
}

// complain writes an error with the shell's name and line.
func (s *Shell) complain(text string) {
	name := s.name
	line := strconv.Itoa(s.line)
	switch {
	case s.interactive:
		line = ""
	case s.kind == Bash:
		line = "line " + line + ": "
	default:
		line += ": "
	}
	s.p.Stderr().Write([]byte(name + ": " + line + text + "\n"))
}

// fail reports an expansion error, which ends a shell that is not interactive, and the line of one that is.
func (s *Shell) fail(err error) {
	s.complain(err.Error())
	s.last = 2
	if s.kind == Bash {
		s.last = 1
	}
	s.exiting, s.returning = !s.interactive, s.interactive
}

// stopped reports whether the current list is to be left.
func (s *Shell) stopped() bool {
	return s.exiting || s.returning || s.breaks > 0 || s.continues > 0 || s.p.Dead()
}

// enter bounds nesting.
func (s *Shell) enter() bool {
	if s.depth++; s.depth <= maxDepth {
		return true
	}
	s.depth--
	s.fail(&fatal{"Maximum function recursion depth (" + strconv.Itoa(maxDepth) + ") reached"})
	return false
}
