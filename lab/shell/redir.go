package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// redirOp is a redirection with its word expanded.
type redirOp struct {
	fd    int
	path  string
	flags int
	dup   int // another descriptor, or -1
	close bool
	text  []byte // of a here-document
	hdoc  bool
	both  bool // &>
}

func (s *Shell) redirs(list []*syntax.Redirect) ([]redirOp, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]redirOp, 0, len(list))
	for _, rd := range list {
		op, err := s.redir(rd)
		if err != nil {
			return nil, err
		}
		out = append(out, op)
	}
	return out, nil
}

func (s *Shell) redir(rd *syntax.Redirect) (redirOp, error) {
	op := redirOp{fd: 1, dup: -1}
	switch rd.Op {
	case syntax.RdrIn, syntax.RdrInOut, syntax.DplIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
		op.fd = 0
	}
	if rd.N != nil {
		n, err := strconv.Atoi(rd.N.Value)
		if err != nil || n > 9 {
			return op, &fatal{rd.N.Value + ": Bad file descriptor"}
		}
		op.fd = n
	}
	if rd.Op == syntax.Hdoc || rd.Op == syntax.DashHdoc {
		text, err := s.hdoc(rd)
		op.text, op.hdoc = []byte(text), true
		return op, err
	}
	word, err := s.word(rd.Word)
	if err != nil {
		return op, err
	}
	op.path = word
	switch rd.Op {
	case syntax.WordHdoc:
		op.text, op.hdoc = []byte(word+"\n"), true
	case syntax.RdrIn:
		op.flags = vfs.Read
	case syntax.RdrInOut:
		op.flags = vfs.Read | vfs.Write | vfs.Create
	case syntax.RdrOut, syntax.RdrAll:
		op.flags = vfs.Write | vfs.Create | vfs.Trunc
		if s.opt.noclobber {
			op.flags = vfs.Write | vfs.Create | vfs.Excl
		}
	case syntax.RdrClob:
		op.flags = vfs.Write | vfs.Create | vfs.Trunc
	case syntax.AppOut, syntax.AppAll:
		op.flags = vfs.Write | vfs.Create | vfs.Append
	case syntax.DplIn, syntax.DplOut:
		return s.dupOp(op, word)
	default:
		return op, &fatal{"unsupported redirection " + rd.Op.String()}
	}
	op.both = rd.Op == syntax.RdrAll || rd.Op == syntax.AppAll
	return op, nil
}

func (s *Shell) dupOp(op redirOp, word string) (redirOp, error) {
	if word == "-" {
		op.close = true
		return op, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		if s.kind == Bash && op.fd == 1 {
			op.both, op.flags = true, vfs.Write|vfs.Create|vfs.Trunc
			return op, nil
		}
		return op, &fatal{"Syntax error: Bad fd number"}
	}
	op.dup = n
	return op, nil
}

// hdoc is the text of a here-document; a quoted delimiter keeps it as it stands.
func (s *Shell) hdoc(rd *syntax.Redirect) (string, error) {
	if rd.Hdoc == nil {
		return "", nil
	}
	body := rd.Hdoc
	if quotedDelim(rd.Word) {
		text := body.Lit()
		if rd.Op == syntax.DashHdoc {
			text = stripTabs(text)
		}
		return text, nil
	}
	if rd.Op == syntax.DashHdoc {
		body = untabbed(body)
	}
	return s.document(body)
}

func quotedDelim(w *syntax.Word) bool {
	for _, p := range w.Parts {
		l, ok := p.(*syntax.Lit)
		if !ok || strings.Contains(l.Value, `\`) {
			return true
		}
	}
	return false
}

func stripTabs(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, "\t")
	}
	return strings.Join(lines, "")
}

// untabbed copies a <<- body with the leading tabs of its lines gone; expansions keep theirs.
func untabbed(w *syntax.Word) *syntax.Word {
	out := &syntax.Word{}
	start := true
	for _, p := range w.Parts {
		l, ok := p.(*syntax.Lit)
		if !ok {
			out.Parts = append(out.Parts, p)
			start = false
			continue
		}
		lines := strings.SplitAfter(l.Value, "\n")
		for i, line := range lines {
			if start || i > 0 {
				lines[i] = strings.TrimLeft(line, "\t")
			}
		}
		start = strings.HasSuffix(l.Value, "\n")
		out.Parts = append(out.Parts, &syntax.Lit{Value: strings.Join(lines, "")})
	}
	return out
}

// apply performs redirections on a process, in order; false after the complaint of the first that fails.
func (s *Shell) apply(p *kernel.Proc, ops []redirOp) bool {
	for _, op := range ops {
		if err := s.applyOne(p, op); err != nil {
			if !p.Dead() {
				s.complain(s.redirText(op, err))
			}
			return false
		}
	}
	return true
}

func (s *Shell) applyOne(p *kernel.Proc, op redirOp) error {
	switch {
	case op.close:
		p.CloseFD(op.fd)
		return nil
	case op.hdoc:
		p.SetFD(op.fd, kernel.Text(op.text))
		return nil
	case op.dup >= 0:
		return p.Dup(op.dup, op.fd)
	}
	f, err := p.Open(op.path, op.flags, 0o666)
	if err == vfs.EEXIST && op.flags&vfs.Excl != 0 {
		if i, e := p.Sys.FS.Stat(p.Cred, p.Cwd, op.path); e == nil && i.Kind != vfs.Regular {
			f, err = p.Open(op.path, vfs.Write, 0o666) // noclobber spares devices
		}
	}
	if err != nil {
		return err
	}
	p.SetFD(op.fd, f)
	if op.both {
		p.Dup(op.fd, 2)
	}
	return nil
}

func (s *Shell) redirText(op redirOp, err error) string {
	if op.dup >= 0 {
		return strconv.Itoa(op.dup) + ": " + err.Error()
	}
	if s.kind == Bash {
		if err == vfs.EEXIST {
			return op.path + ": cannot overwrite existing file"
		}
		return op.path + ": " + err.Error()
	}
	verb := "cannot open "
	if s.kind == Ash {
		verb = "can't open "
	}
	if op.flags&vfs.Create != 0 {
		verb = strings.Replace(verb, "open", "create", 1)
	}
	text := err.Error()
	if err == vfs.ENOENT {
		text = "No such file"
		if op.flags&vfs.Create != 0 {
			text = "Directory nonexistent"
		}
	}
	return verb + op.path + ": " + text
}

// redirStatus is what a failed redirection counts as.
func (s *Shell) redirStatus() int {
	if s.kind == Dash {
		return 2
	}
	return 1
}
