package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// simple runs assignments, redirections and a command name with its arguments.
func (s *Shell) simple(c *syntax.CallExpr, redirs []*syntax.Redirect) {
	tail := s.tail
	s.tail = false
	s.substituted = false
	args, err := s.fields(s.unalias(c.Args))
	var ops []redirOp
	if err == nil {
		ops, err = s.redirs(redirs)
	}
	if err != nil {
		s.fail(err)
		return
	}
	if len(args) == 0 {
		s.bare(c, ops)
		return
	}
	if s.opt.xtrace {
		s.trace(c.Assigns, args)
	}
	if body, ok := s.funcs[args[0]]; ok && !special[args[0]] {
		s.inShell(c.Assigns, ops, false, func() { s.function(body, args) })
		return
	}
	if b := s.builtin(args[0]); b != nil {
		s.runBuiltin(c.Assigns, ops, args, b)
		return
	}
	s.external(c.Assigns, ops, args, tail)
}

// bare is a command without a name: its assignments stay. Its status is that of the last command substitution, or 0; until it is
// done $? is still the status from before.
func (s *Shell) bare(c *syntax.CallExpr, ops []redirOp) {
	defer func(before int) {
		if !s.substituted && s.last == before && !s.exiting {
			s.last = 0
		}
	}(s.last)
	for _, a := range c.Assigns {
		if err := s.assign(a, false); err != nil {
			s.fail(err)
			return
		}
		if s.opt.xtrace {
			s.note(s.get("PS4") + a.Name.Value + "=" + s.get(a.Name.Value))
		}
	}
	if len(ops) > 0 {
		save := s.p.Save()
		if !s.apply(s.p, ops) {
			s.last, s.substituted = s.redirStatus(), true
		}
		s.p.Restore(save)
	}
}

// assign performs one assignment; where export is set the variable is exported too.
func (s *Shell) assign(a *syntax.Assign, export bool) error {
	name := a.Name.Value
	if a.Array != nil || a.Index != nil {
		return s.assignArray(a)
	}
	val, err := s.assignValue(a)
	if err != nil {
		return err
	}
	if err := s.set(name, val); err != nil {
		return err
	}
	if v := s.vars.m[name]; export && !v.exported {
		v.exported = true
		s.put(name, v)
		s.env = nil
	}
	return nil
}

// assignValue expands the value; a tilde counts after "=" and after each unquoted ":".
func (s *Shell) assignValue(a *syntax.Assign) (string, error) {
	val, err := s.word(a.Value)
	if err != nil {
		return "", err
	}
	if a.Append {
		val = s.get(a.Name.Value) + val
	}
	return val, nil
}

// inShell runs fn in this process with temporary assignments and redirections.
func (s *Shell) inShell(assigns []*syntax.Assign, ops []redirOp, keep bool, fn func()) {
	restore := map[string]saved{}
	for _, a := range assigns {
		v, ok := s.vars.m[a.Name.Value]
		restore[a.Name.Value] = saved{v, ok}
		if err := s.assign(a, !keep); err != nil {
			s.fail(err)
			return
		}
	}
	if len(ops) == 0 {
		fn()
	} else {
		save := s.p.Save()
		if s.apply(s.p, ops) {
			fn()
		} else {
			s.last = s.redirStatus()
		}
		s.p.Restore(save)
	}
	if !keep {
		s.restoreVars(restore)
	}
}

func (s *Shell) runBuiltin(assigns []*syntax.Assign, ops []redirOp, args []string, b builtin) {
	if args[0] == "exec" {
		s.exec(assigns, ops, args[1:])
		return
	}
	ok := false
	s.inShell(assigns, ops, special[args[0]], func() {
		ok = true
		s.last = b(s, args)
	})
	if !ok && special[args[0]] && !s.interactive && s.kind != Bash {
		s.exiting = true // POSIX: a redirection error with a special built-in ends the shell
	}
}

// exec replaces the shell by a command, or makes redirections permanent.
func (s *Shell) exec(assigns []*syntax.Assign, ops []redirOp, args []string) {
	for _, a := range assigns {
		if err := s.assign(a, true); err != nil {
			s.fail(err)
			return
		}
	}
	if !s.apply(s.p, ops) {
		s.last, s.exiting = s.redirStatus(), !s.interactive
		return
	}
	s.last = 0
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	s.traps = nil
	s.last = s.runIn(s.p, args)
	s.exiting = true
}

// function calls a shell function.
func (s *Shell) function(body *syntax.Stmt, args []string) {
	if !s.enter() {
		return
	}
	params, loops, noErr := s.params, s.loops, s.noErr
	s.params, s.loops = args[1:], 0
	s.inFunc++
	s.scopes = append(s.scopes, map[string]saved{})
	s.stmt(body)
	s.restoreVars(s.scopes[len(s.scopes)-1])
	s.scopes = s.scopes[:len(s.scopes)-1]
	s.inFunc--
	s.params, s.loops, s.noErr = params, loops, noErr
	s.returning = false
	s.depth--
}

// external runs a program: in a child, or as this process where nothing comes after it.
func (s *Shell) external(assigns []*syntax.Assign, ops []redirOp, args []string, tail bool) {
	restore := map[string]saved{}
	for _, a := range assigns {
		v, ok := s.vars.m[a.Name.Value]
		restore[a.Name.Value] = saved{v, ok}
		if err := s.assign(a, true); err != nil {
			s.fail(err)
			return
		}
	}
	if tail {
		if s.apply(s.p, ops) {
			s.last = s.runIn(s.p, args)
		} else {
			s.last = s.redirStatus()
		}
		return
	}
	child, err := s.p.Fork(args)
	if err != nil {
		s.forkError(err)
		return
	}
	s.last = child.Do(func() int {
		if !s.apply(child, ops) {
			return s.redirStatus()
		}
		return s.runIn(child, args)
	})
	if len(restore) > 0 {
		s.restoreVars(restore)
	}
}

// runIn finds and runs a program as p.
func (s *Shell) runIn(p *kernel.Proc, args []string) int {
	p.Env = s.environ()
	path, err := p.FindIn(args[0], s.get("PATH"))
	if err == nil {
		var status int
		if status, err = p.ExecPath(path, args); err == nil {
			return status
		}
	}
	if p.Dead() {
		return 1
	}
	return s.notFound(p, args[0], err)
}

func (s *Shell) notFound(p *kernel.Proc, name string, err error) int {
	text, status := name+": "+err.Error(), 126
	switch {
	case err == vfs.ENOENT && s.kind == Bash && !strings.Contains(name, "/"):
		text, status = name+": command not found", 127
	case err == vfs.ENOENT:
		status = 127
		if s.kind != Bash {
			text = name + ": not found"
		}
	}
	// The child's stderr may have been redirected; the shell's complaint goes there too.
	saveP := s.p
	s.p = p
	s.complain(text)
	s.p = saveP
	return status
}

// unalias replaces the first word by its alias; aliases exist only in an interactive shell and where a script makes them.
func (s *Shell) unalias(words []*syntax.Word) []*syntax.Word {
	if len(s.alias) == 0 || len(words) == 0 {
		return words
	}
	text, ok := s.alias[words[0].Lit()]
	if !ok || s.kind == Bash && !s.interactive {
		return words
	}
	sc := s.cache.parse(text, s.lang())
	if len(sc.stmts) != 1 {
		return words
	}
	call, ok := sc.stmts[0].Cmd.(*syntax.CallExpr)
	if !ok {
		return words
	}
	return append(append([]*syntax.Word(nil), call.Args...), words[1:]...)
}

// trace is set -x.
func (s *Shell) trace(assigns []*syntax.Assign, args []string) {
	var b strings.Builder
	b.WriteString(s.get("PS4"))
	for _, a := range assigns {
		b.WriteString(a.Name.Value + "=... ")
	}
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if a == "" || strings.ContainsAny(a, " \t\n'\"$`\\*?[]{}()<>|&;~#") {
			a = "'" + strings.ReplaceAll(a, "'", `'"'"'`) + "'"
		}
		b.WriteString(a)
	}
	s.note(b.String())
}
