package ui

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
)

// Shell opens an interactive session on a host: a real terminal over the same road as runs take, journalled as opened and closed. It
// returns when the session is over.
type Shell func(ctx context.Context, host inventory.HostID, reason string, in io.Reader, out io.Writer) error

// session lends the terminal to a shell; it is what the framework suspends the screen for.
type session struct {
	run  func(in io.Reader, out io.Writer) error
	in   io.Reader
	out  io.Writer
	over func() // before the framework reads keys again
	met  *panicMsg
}

// Run is called while the screen is away.
func (s *session) Run() (err error) {
	defer s.over()
	defer func() {
		if r := recover(); r != nil {
			s.met = &panicMsg{cause: r, stack: debug.Stack()}
			err = errors.New("a fault of the console's own")
		}
	}()
	return s.run(s.in, s.out)
}

// SetStdin and its siblings are given the terminal.
func (s *session) SetStdin(r io.Reader)  { s.in = r }
func (s *session) SetStdout(w io.Writer) { s.out = w }
func (s *session) SetStderr(io.Writer)   {}

// openShell opens a session on the host; on production it wants to know why.
func openShell(cfg Config, h inventory.Host) action {
	open := func(reason string) action {
		return func(c *console) tea.Cmd {
			run := func(io.Reader, io.Writer) error { return cfg.Shell(c.work.ctx, h.Name, reason, cfg.Input, cfg.Output) }
			return c.lend(&session{run: run}, func(err error) action {
				if err != nil && !errors.Is(err, context.Canceled) {
					return warnOf("shell on " + string(h.Name) + ": " + withHint(err))
				}
				return say("back from " + string(h.Name))
			})
		}
	}
	why := " is PROD. Reason:"
	switch {
	case h.RequireReason:
		why = " has require_reason. Reason:"
	case !h.Prod:
		return open("")
	}
	return ask(&prompt{label: string(h.Name) + why, field: newField(""), enter: func(reason string) action {
		if reason = strings.TrimSpace(reason); reason == "" {
			return say("no reason, no shell")
		}
		return open(reason)
	}})
}

// noShell says why no session can be opened.
func noShell(cfg Config) func() string {
	return func() string {
		switch {
		case cfg.Readonly:
			return "this console is read-only (--readonly)"
		case cfg.Shell == nil:
			return "no shell can be opened from here"
		}
		return ""
	}
}
