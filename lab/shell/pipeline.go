package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
)

// stages lists the commands of a pipeline and whether each sends its errors along (|&).
func stages(c *syntax.BinaryCmd, out []*syntax.Stmt, all []bool) ([]*syntax.Stmt, []bool) {
	add := func(st *syntax.Stmt, both bool) {
		if b, ok := st.Cmd.(*syntax.BinaryCmd); ok && (b.Op == syntax.Pipe || b.Op == syntax.PipeAll) && !st.Negated && len(st.Redirs) == 0 {
			out, all = stages(b, out, all)
			all[len(all)-1] = both
			return
		}
		out, all = append(out, st), append(all, both)
	}
	add(c.X, c.Op == syntax.PipeAll)
	add(c.Y, false)
	return out, all
}

// pipeline runs every stage as a process; the last one in this goroutine.
func (s *Shell) pipeline(c *syntax.BinaryCmd) {
	list, both := stages(c, nil, nil)
	procs := make([]*kernel.Proc, 0, len(list))
	var in kernel.File
	for i, st := range list {
		child, err := s.p.Fork(s.p.Args())
		if err != nil {
			if in != nil {
				in.Close()
			}
			s.forkError(err)
			break
		}
		if in != nil {
			child.SetFD(0, in)
			in = nil
		}
		sub := s.fork(child)
		sub.noErr = 0
		run := func() int {
			sub.body([]*syntax.Stmt{st})
			return sub.Finish()
		}
		procs = append(procs, child)
		if i == len(list)-1 {
			s.last = child.Do(run)
			break
		}
		r, w := kernel.Pipe()
		child.SetFD(1, w)
		if both[i] {
			child.Dup(1, 2)
		}
		in = r
		child.Go(run)
	}
	s.await(procs)
}

// await waits for the earlier stages; with pipefail the last failure counts.
func (s *Shell) await(procs []*kernel.Proc) {
	failed := 0
	for _, p := range procs {
		status, ok := s.wait(p)
		if !ok {
			return
		}
		if status != 0 {
			failed = status
		}
	}
	if s.opt.pipefail && failed != 0 {
		s.last = failed
	}
}

// wait waits for a child, through caught signals, whose traps run afterwards.
func (s *Shell) wait(p *kernel.Proc) (int, bool) {
	select {
	case <-p.Done():
		return p.Status(), true
	case <-s.p.Done():
		return 0, false
	}
}

// background starts a command and goes on.
func (s *Shell) background(st *syntax.Stmt) {
	child, err := s.p.Fork(s.p.Args())
	if err != nil {
		s.forkError(err)
		return
	}
	if !s.interactive {
		child.SetFD(0, kernel.Null())
	}
	if s.opt.monitor || s.interactive {
		child.Setpgid()
	} else {
		child.Handle(kernel.SIGINT, kernel.Ignore)
		child.Handle(kernel.SIGQUIT, kernel.Ignore)
	}
	sub := s.fork(child)
	sub.noErr = 0
	fg := *st
	fg.Background = false
	var text strings.Builder
	syntax.NewPrinter(syntax.SingleLine(true)).Print(&text, &fg)
	s.jobs = append(s.jobs, &job{child, text.String()})
	s.lastBg = child.PID
	if s.interactive {
		s.note("[" + formatInt(int64(len(s.jobs))) + "] " + formatInt(int64(child.PID)))
	}
	child.Go(func() int {
		sub.body([]*syntax.Stmt{&fg})
		return sub.Finish()
	})
	s.last = 0
}

func (s *Shell) note(text string) { s.p.Stderr().Write([]byte(text + "\n")) }
