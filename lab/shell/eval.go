package shell

import (
	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
)

func (s *Shell) stmts(list []*syntax.Stmt) {
	for _, st := range list {
		if s.stopped() {
			return
		}
		s.stmt(st)
	}
}

func (s *Shell) stmt(st *syntax.Stmt) {
	if s.opt.noexec && !s.interactive {
		return
	}
	tail := s.tail
	s.tail = false
	if l := int(st.Pos().Line()); l > 0 && s.inFunc == 0 {
		s.line = l
	}
	switch {
	case st.Background:
		s.background(st)
	case len(st.Redirs) > 0 && !isCall(st):
		s.redirected(st)
	default:
		s.tail = tail && !st.Negated
		s.cmd(st.Cmd, st.Redirs)
		s.tail = false
	}
	if st.Negated {
		if !s.exiting && !s.returning {
			s.last = boolStatus(s.last != 0)
		}
	} else if s.last != 0 && s.opt.errexit && s.noErr == 0 && !isList(st) && !s.stopped() && !st.Background {
		s.exiting = true
	}
	if s.p.HasPending() {
		s.runTraps()
	}
}

func isCall(st *syntax.Stmt) bool {
	_, ok := st.Cmd.(*syntax.CallExpr)
	return ok || st.Cmd == nil
}

func isList(st *syntax.Stmt) bool {
	b, ok := st.Cmd.(*syntax.BinaryCmd)
	return ok && (b.Op == syntax.AndStmt || b.Op == syntax.OrStmt)
}

func boolStatus(ok bool) int {
	if ok {
		return 0
	}
	return 1
}

// redirected runs a compound command with its redirections undone afterwards.
func (s *Shell) redirected(st *syntax.Stmt) {
	ops, err := s.redirs(st.Redirs)
	if err != nil {
		s.fail(err)
		return
	}
	save := s.p.Save()
	if s.apply(s.p, ops) {
		s.cmd(st.Cmd, nil)
	} else {
		s.last = s.redirStatus()
	}
	s.p.Restore(save)
}

func (s *Shell) cmd(c syntax.Command, redirs []*syntax.Redirect) {
	switch c := c.(type) {
	case nil:
		s.simple(&syntax.CallExpr{}, redirs)
	case *syntax.CallExpr:
		s.simple(c, redirs)
	case *syntax.Block:
		s.stmts(c.Stmts)
	case *syntax.Subshell:
		s.subshell(c.Stmts)
	case *syntax.BinaryCmd:
		s.binaryCmd(c)
	case *syntax.IfClause:
		s.ifClause(c)
	case *syntax.WhileClause:
		s.while(c)
	case *syntax.ForClause:
		s.forClause(c)
	case *syntax.CaseClause:
		s.caseClause(c)
	case *syntax.FuncDecl:
		s.define(c)
	default:
		s.bashCmd(c)
	}
}

func (s *Shell) define(c *syntax.FuncDecl) {
	if s.shared || s.funcs == nil {
		own := make(map[string]*syntax.Stmt, len(s.funcs)+4)
		for k, v := range s.funcs {
			own[k] = v
		}
		s.funcs, s.shared = own, false
	}
	s.funcs[c.Name.Value] = c.Body
	s.last = 0
}

func (s *Shell) binaryCmd(c *syntax.BinaryCmd) {
	if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
		s.pipeline(c)
		return
	}
	s.noErr++
	s.stmt(c.X)
	s.noErr--
	if !s.stopped() && (s.last == 0) == (c.Op == syntax.AndStmt) {
		s.stmt(c.Y)
	}
}

// condition runs a list whose failure is an answer and no error.
func (s *Shell) condition(list []*syntax.Stmt) bool {
	s.noErr++
	s.stmts(list)
	s.noErr--
	return s.last == 0
}

func (s *Shell) ifClause(c *syntax.IfClause) {
	for ; c != nil; c = c.Else {
		if len(c.Cond) > 0 {
			ok := s.condition(c.Cond)
			if s.stopped() {
				return
			}
			if !ok {
				continue
			}
		}
		s.stmts(c.Then)
		return
	}
	s.last = 0
}

func (s *Shell) while(c *syntax.WhileClause) {
	s.loops++
	defer func() { s.loops-- }()
	status := 0
	for {
		ok := s.condition(c.Cond)
		if s.leaveLoop() {
			return
		}
		if ok == c.Until {
			s.last = status
			return
		}
		s.stmts(c.Do)
		status = s.last
		if s.leaveLoop() {
			return
		}
	}
}

// leaveLoop consumes one level of break or continue; true means that the loop ends.
func (s *Shell) leaveLoop() bool {
	if s.breaks > 0 {
		s.breaks--
		s.last = 0
		return true
	}
	if s.continues > 0 {
		s.continues--
		s.last = 0
		return s.continues > 0
	}
	return s.stopped()
}

func (s *Shell) forClause(c *syntax.ForClause) {
	s.loops++
	defer func() { s.loops-- }()
	if loop, ok := c.Loop.(*syntax.CStyleLoop); ok {
		s.cLoop(loop, c.Do)
		return
	}
	it := c.Loop.(*syntax.WordIter)
	items := s.params
	if it.InPos.IsValid() {
		var err error
		if items, err = s.fields(it.Items); err != nil {
			s.fail(err)
			return
		}
	}
	s.last = 0
	for _, item := range items {
		if err := s.set(it.Name.Value, item); err != nil {
			s.fail(err)
			return
		}
		s.stmts(c.Do)
		if s.leaveLoop() {
			return
		}
	}
}

func (s *Shell) caseClause(c *syntax.CaseClause) {
	subject, err := s.word(c.Word)
	if err != nil {
		s.fail(err)
		return
	}
	s.last = 0
	falling := false
	for _, item := range c.Items {
		matched := falling
		for _, w := range item.Patterns {
			if matched {
				break
			}
			pat, err := s.patternWord(w)
			if err != nil {
				s.fail(err)
				return
			}
			matched = Match(pat, subject)
		}
		if !matched {
			continue
		}
		s.stmts(item.Stmts)
		if s.stopped() {
			return
		}
		switch item.Op {
		case syntax.Fallthrough:
			falling = true
		case syntax.Resume:
			falling = false
		default:
			return
		}
	}
}

// subshell runs ( list ) as a process of its own.
func (s *Shell) subshell(list []*syntax.Stmt) {
	if !s.enter() {
		return
	}
	defer func() { s.depth-- }()
	child, err := s.p.Fork(s.p.Args())
	if err != nil {
		s.forkError(err)
		return
	}
	sub := s.fork(child)
	s.last = child.Do(func() int {
		sub.stmts(list)
		return sub.Finish()
	})
}

func (s *Shell) forkError(err error) {
	if !s.p.Dead() {
		s.complain("Cannot fork: " + err.Error())
	}
	s.last, s.exiting = 2, true
}

// substitute runs $( list ) and returns what it wrote, without trailing newlines.
func (s *Shell) substitute(c *syntax.CmdSubst) (string, error) {
	if !s.enter() {
		return "", &fatal{"nesting too deep"}
	}
	defer func() { s.depth-- }()
	child, err := s.p.Fork(s.p.Args())
	if err != nil {
		return "", &fatal{"Cannot fork: " + err.Error()}
	}
	sink := kernel.NewSink()
	child.SetFD(1, sink)
	sub := s.fork(child)
	sub.noErr = 0
	s.last = child.Do(func() int {
		if st := only(c.Stmts); st != nil && s.kind == Bash && st.Cmd == nil && len(st.Redirs) == 1 {
			sub.catFile(st.Redirs[0])
		} else {
			sub.body(c.Stmts)
		}
		return sub.Finish()
	})
	s.substituted = true
	out := sink.Bytes(s.p)
	n := len(out)
	for n > 0 && out[n-1] == '\n' {
		n--
	}
	return string(dropNUL(out[:n])), nil
}

func only(list []*syntax.Stmt) *syntax.Stmt {
	if len(list) == 1 && !list[0].Background && !list[0].Negated {
		return list[0]
	}
	return nil
}

// body runs a list as all that this process does: a lone simple command takes the process over.
func (s *Shell) body(list []*syntax.Stmt) {
	s.tail = only(list) != nil && len(s.traps) == 0
	s.stmts(list)
}

func dropNUL(b []byte) []byte {
	out := b[:0]
	for _, c := range b {
		if c != 0 {
			out = append(out, c)
		}
	}
	return out
}

// catFile is bash's $(<file).
func (s *Shell) catFile(rd *syntax.Redirect) {
	path, err := s.word(rd.Word)
	if err != nil {
		s.fail(err)
		return
	}
	b, err := s.p.Sys.FS.ReadFile(s.p.Cred, s.p.Cwd, path)
	if err != nil {
		s.complain(path + ": " + err.Error())
		s.last = 1
		return
	}
	s.p.Stdout().Write(b)
	s.last = 0
}
