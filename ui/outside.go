package ui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"tend/inventory"
	"tend/journal"
)

// hangUpWait is how long a program that has the terminal may take to save what it has, when the console has to end.
const hangUpWait = time.Second

// readRun reads a run for a screen of its own.
func (c *console) readRun(j journal.Journal, id journal.RunID) *feed[journal.Event] {
	return newFeed(c.work.ctx, &c.work.wg, func(ctx context.Context) iter.Seq2[journal.Event, error] {
		return j.Events(ctx, id, 0, true)
	}, eventCost)
}

// exportOutput writes all output of some hosts of a run to a file, from the journal.
func exportOutput(j journal.Journal, path string, run journal.RunID, wanted map[inventory.HostID]bool, names bool) action {
	return func(c *console) tea.Cmd {
		c.note = note{text: "writing " + path + " ..."}
		return c.work.do(func(ctx context.Context) tea.Msg {
			n, err := export(ctx, j, path, run, wanted, names)
			if err != nil {
				return then(warnOf("not written whole: " + err.Error()))
			}
			return then(say(fmt.Sprintf("%d bytes written to %s", n, path)))
		})
	}
}

// export writes the raw bytes into a new file: what a host printed is for a file as it came. Several hosts are told apart by headings.
func export(ctx context.Context, j journal.Journal, path string, run journal.RunID, wanted map[inventory.HostID]bool, names bool) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return writeOutput(ctx, j, f, run, wanted, names)
}

func writeOutput(ctx context.Context, j journal.Journal, to io.Writer, run journal.RunID, wanted map[inventory.HostID]bool, names bool) (n int64, err error) {
	w := bufio.NewWriter(to)
	defer func() {
		if e := w.Flush(); err == nil {
			err = e
		}
	}()
	var last inventory.HostID
	for e, err := range j.Events(ctx, run, 0, false) {
		if err != nil {
			return n, err
		}
		out, ok := e.Body.(journal.OutputRead)
		if !ok || !wanted[out.Host] {
			continue
		}
		if names && out.Host != last {
			last = out.Host
			m, _ := fmt.Fprintf(w, "\n== %s %s ==\n", out.Host, out.Step)
			n += int64(m)
		}
		m, err := w.Write(out.Data)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// openEditor hands the terminal to $EDITOR, or $PAGER, with a copy of a text.
func openEditor(write func(context.Context, *os.File) error) action {
	return func(c *console) tea.Cmd {
		get := lookup(c.cfg.Env)
		prog := strings.Fields(cmp.Or(get("VISUAL"), get("EDITOR"), get("PAGER")))
		if len(prog) == 0 {
			c.note = note{text: "neither EDITOR nor PAGER is set", bad: true}
			return nil
		}
		c.note = note{text: "making a copy for " + prog[0] + " ..."}
		return c.work.do(func(ctx context.Context) tea.Msg {
			name, err := tempFile(ctx, write)
			if err != nil {
				return then(warnOf("no copy could be made: " + err.Error()))
			}
			return then(func(c *console) tea.Cmd {
				return c.lend(c.program(ctx, prog, name), func(err error) action {
					if err = errors.Join(err, os.Remove(name)); err != nil {
						return warnOf(prog[0] + ": " + err.Error())
					}
					return say("back from " + prog[0])
				})
			})
		})
	}
}

// program is the terminal lent to a program with a file. It gets the terminal itself: what the framework reads through is no file, and would
// be copied into a pipe, which an editor takes for no terminal, and which is read until one more key comes after the program has ended.
func (c *console) program(ctx context.Context, prog []string, file string) *session {
	return &session{run: func(io.Reader, io.Writer) error {
		cmd := exec.CommandContext(ctx, prog[0], append(prog[1:], file)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.cfg.Input, c.cfg.Output, c.cfg.Output
		cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGHUP) }, hangUpWait
		defer modesOf(c.cfg.Input)()
		return cmd.Run()
	}}
}

// tempFile writes a file that only its owner reads.
func tempFile(ctx context.Context, write func(context.Context, *os.File) error) (string, error) {
	f, err := os.CreateTemp("", "tend-output-*.txt")
	if err != nil {
		return "", err
	}
	if err = errors.Join(write(ctx, f), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// noteOn writes a note into the journal.
func noteOn(run journal.RunID, host inventory.HostID) action {
	return func(c *console) tea.Cmd {
		if c.cfg.Note == nil || c.cfg.Readonly {
			c.note = note{text: "notes cannot be written from here", bad: true}
			return nil
		}
		c.prompt = &prompt{label: "note:", field: newField(""), enter: func(text string) action {
			if strings.TrimSpace(text) == "" {
				return say("an empty note is none")
			}
			return func(c *console) tea.Cmd {
				write, n := c.cfg.Note, journal.Noted{Run: run, Host: host, Text: text, By: c.cfg.Who}
				return c.work.do(func(ctx context.Context) tea.Msg {
					if err := write(ctx, n); err != nil {
						return then(warnOf("the note was not written: " + withHint(err)))
					}
					return then(say("noted"))
				})
			}
		}}
		return nil
	}
}

// modesOf makes a terminal again what it is now: a program that was killed did not.
func modesOf(tty any) (restore func()) {
	f, ok := tty.(interface{ Fd() uintptr })
	if !ok {
		return func() {}
	}
	was, err := term.GetState(f.Fd())
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(f.Fd(), was) }
}
