package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tend/quote"
)

// pagedCommands print what may be longer than a screen, and ask nothing.
var pagedCommands = strings.Split(`check,compare,fleet,status,report,runs,host show,inventory list,inventory diff,journal list,journal search,journal show,plan show,plan diff,plan calendar,runbook list,runbook show`, ",")

// pageLong puts a pager behind the commands that print much.
func (a *app) pageLong(c *cobra.Command) {
	if run, name := c.RunE, strings.TrimPrefix(c.CommandPath(), "tend "); run != nil && slices.Contains(pagedCommands, name) {
		c.RunE = func(c *cobra.Command, args []string) error {
			return a.paged(c.Context(), func() error { return run(c, args) })
		}
	}
	for _, sub := range c.Commands() {
		a.pageLong(sub)
	}
}

// paged sends what do prints through the pager, where it goes to a terminal that can have one. Leaving the pager early is no error.
func (a *app) paged(ctx context.Context, do func() error) error {
	command := a.pager()
	if command == "" {
		return do()
	}
	r, w, err := os.Pipe()
	if err != nil {
		return do()
	}
	p := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	p.Stdin, p.Stdout, p.Stderr, p.Env = r, a.out, a.err, os.Environ()
	if a.getenv("LESS") == "" {
		p.Env = append(p.Env, "LESS=FRX") // as git does: leave at once what fits on the screen, and clear nothing
	}
	if err := p.Start(); err != nil {
		return errors.Join(do(), r.Close(), w.Close())
	}
	_ = r.Close()
	// An interrupt is the pager's: whoever ended first would leave the other at a broken terminal.
	signal.Ignore(syscall.SIGINT)
	defer signal.Reset(syscall.SIGINT)
	out := a.out
	a.out, a.cols = w, columns(out)
	err = do()
	a.out, a.cols = out, 0
	_ = w.Close()
	if waited := p.Wait(); waited != nil && err == nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("the pager %s: %w", quote.Line(command), waited)
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// pager is the command to page with, or nothing: $PAGER, else less where it is installed. An empty PAGER and "cat" mean none.
func (a *app) pager() string {
	if a.noPager || !terminal(a.out) || a.getenv("ACCESSIBLE") != "" || slices.Contains([]string{"", "dumb"}, a.getenv("TERM")) {
		return ""
	}
	for _, kv := range os.Environ() {
		if v, set := strings.CutPrefix(kv, "PAGER="); set && (v == "" || v == "cat") {
			return ""
		}
	}
	if p := a.getenv("PAGER"); p != "" {
		return p
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// edit opens a file in $VISUAL or $EDITOR, else vi, and waits.
func (a *app) edit(ctx context.Context, path string) error {
	if !terminal(a.in) || !terminal(a.out) {
		return usage("do it at a terminal, or give the text on the command line", "an editor needs a terminal")
	}
	program := cmp.Or(a.getenv("VISUAL"), a.getenv("EDITOR"), "vi")
	word, err := quote.Word(path)
	if err != nil {
		return err
	}
	p := exec.CommandContext(ctx, "/bin/sh", "-c", program+" "+word)
	p.Stdin, p.Stdout, p.Stderr = a.in, a.out, a.err
	if err := p.Run(); err != nil {
		return usage("set EDITOR to one that there is", "the editor %s: %w", quote.Line(program), err)
	}
	return nil
}
