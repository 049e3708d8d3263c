package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/inventory"
	"tend/journal"
	"tend/journal/asciicast"
	"tend/journal/segments"
	"tend/quote"
	"tend/ssh"
	"tend/ui"
)

func (a *app) shellCmd() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "shell HOST", Short: "Open an interactive session on a host, in the journal and, where that is the policy, recorded", Args: cobra.ExactArgs(1),
		Long: `Open a login shell on a host, over the same road as runs take. The journal says who opened it, when, why, and how it ended. Where the inventory says
record_shell = true of the host, or config.toml says record_shells = true under [journal], what the terminal shows is recorded, and its hash stands in
the journal: tend journal shells, "tend journal replay" shows it; what is typed is not recorded.

The exit code is 0 once the shell has ended, whatever it ended with: the journal has that. It is 1 where there was no connection, or it was lost.`,
		ValidArgsFunction: a.completeHost,
		Example:           "  tend shell db-0712 --reason 'CHG-4711: look at the array'",
		RunE: func(c *cobra.Command, args []string) error {
			inv, err := a.load()
			if err != nil {
				return err
			}
			h, ok := inv.Host(inventory.HostID(args[0]))
			switch {
			case !ok:
				return usage("tend inventory list shows them", "no host is named %q", args[0])
			case reason == "" && (h.Prod || h.RequireReason):
				return usage("--reason 'why'", "a shell on %s needs a reason", h.Name)
			case !terminal(a.in):
				return usage("tend exec runs one command without one", "a shell needs a terminal")
			}
			ctx, stop := untilSignal(c.Context()) // the terminal is made what it was
			defer stop()
			err = a.withBook(func(book *shelf) error { return a.shell(book, inv)(ctx, h.Name, reason, a.in, a.out) })
			if ctx.Err() != nil {
				return &fault{code: 3, err: err}
			}
			return err
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "`why`; hosts of production, and those with require_reason, want one")
	return c
}

// shell opens a session on a host: over the same road as runs take, in the journal as opened and closed, and recorded where that is the
// policy of the host or of the operator. The patterns of [journal] redact are kept out of the recording.
func (a *app) shell(book *shelf, inv *inventory.Inventory) ui.Shell {
	return func(ctx context.Context, id inventory.HostID, reason string, in io.Reader, out io.Writer) error {
		h, ok := inv.Host(id)
		if !ok {
			return fmt.Errorf("no host is named %q", id)
		}
		if tty, ok := in.(*os.File); ok { // what is typed ahead may be a passphrase
			if restore, err := muted(tty); err == nil {
				defer restore()
			}
		}
		own, err := a.settings()
		if err != nil {
			return err
		}
		if _, err := book.RecoverShells(ctx); err != nil {
			return err
		}
		keep := redactorOf(own.Journal.Redact)
		sh, err := book.OpenShell(ctx, journal.ShellOpened{Session: journal.NewRunID(a.now()), Host: id, By: a.who(), Reason: keep.String(quote.Line(reason)),
			Recorded: h.RecordShell || own.Journal.RecordShells})
		if err != nil {
			return err
		}
		client := ssh.New(a.sshOptions(inv))
		defer client.Close()
		res, err := a.session(ctx, client, h, in, out, sh, keep)
		why := ""
		if err != nil {
			why = keep.String(quote.Line(err.Error()))
		}
		return errors.Join(err, sh.Close(context.WithoutCancel(ctx), res.Exit, why))
	}
}

// redactorOf keeps out of the record what the operator's patterns match.
func redactorOf(patterns []string) *journal.Redactor {
	var all []*regexp.Regexp
	for _, p := range patterns {
		if re, err := regexp.Compile(p); err == nil { // the settings were checked when they were read
			all = append(all, re)
		}
	}
	return journal.NewRedactor(all...)
}

// session lends this terminal to a login shell on the host, until that ends.
func (a *app) session(ctx context.Context, client *ssh.Client, h inventory.Host, in io.Reader, out io.Writer, sh *segments.Shell, keep *journal.Redactor) (ssh.Result, error) {
	tty, ok := in.(*os.File)
	if !ok {
		tty, ok = a.in.(*os.File)
	}
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return ssh.Result{}, usage("", "a shell needs a terminal")
	}
	fd := int(tty.Fd())
	cols, rows, err := term.GetSize(fd)
	if err != nil {
		return ssh.Result{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	rec, err := a.record(sh, h, asciicast.Term{Cols: cols, Rows: rows, Type: a.getenv("TERM")}, keep)
	if err != nil {
		return ssh.Result{}, err
	}
	if sh.Recorded() {
		fmt.Fprintf(out, "what this terminal shows is recorded (tend journal replay %s)\r\n", sh.Session())
	}
	keys, err := newKeyboard(tty) // what is typed after the session is the screen's
	if err != nil {
		return ssh.Result{}, err
	}
	defer keys.Stop()
	raw, err := term.MakeRaw(fd)
	if err != nil {
		return ssh.Result{}, err
	}
	defer func() { _ = term.Restore(fd, raw) }()
	sizes, stop := resizes(fd, rec.Resize)
	defer stop()
	p := ssh.PTY{Term: a.getenv("TERM"), Rows: rows, Cols: cols, Resize: sizes}
	res, err := client.Shell(ctx, h, "", p, keys, recorded{out, rec, cancel})
	if rerr := context.Cause(ctx); rerr != nil && errors.Is(rerr, journal.ErrNotSaved) {
		return res, fmt.Errorf("the shell was ended: %w", rerr)
	}
	if err != nil {
		return res, errors.Join(err, rec.End())
	}
	return res, rec.Exit(res.Exit)
}

// record begins the recording; the one of a shell that is not recorded goes nowhere.
func (a *app) record(sh *segments.Shell, h inventory.Host, t asciicast.Term, keep *journal.Redactor) (*asciicast.Recorder, error) {
	return asciicast.Record(sh, asciicast.Header{Term: t, Title: "shell on " + string(h.Name)}, a.now, keep.Settle)
}

// recorded shows nothing that is not in the recording. Where that cannot be written, the shell ends.
type recorded struct {
	out io.Writer
	rec *asciicast.Recorder
	end context.CancelCauseFunc
}

func (r recorded) Write(b []byte) (int, error) {
	if _, err := r.rec.Write(b); err != nil {
		r.end(err)
		return 0, err
	}
	return r.out.Write(b)
}

// resizes tells the terminal's size, and notes it, whenever it changes, until stop.
func resizes(fd int, note func(cols, rows int)) (<-chan ssh.Size, func()) {
	sizes, changed, done := make(chan ssh.Size), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changed, syscall.SIGWINCH)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(sizes)
		for {
			select {
			case <-done:
				return
			case <-changed:
			}
			cols, rows, err := term.GetSize(fd)
			if err != nil {
				continue
			}
			note(cols, rows)
			select {
			case sizes <- ssh.Size{Rows: rows, Cols: cols}:
			case <-done:
				return
			}
		}
	})
	return sizes, func() {
		signal.Stop(changed)
		close(done)
		wait.Wait()
	}
}
