package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/ssh"
	"tend/ui"
)

// settings are the operator's own, from $XDG_CONFIG_HOME/tend/config.toml; none is as good as an empty file.
func (a *app) settings() (ui.Settings, error) {
	dir, err := a.configDir()
	if err != nil {
		return ui.Settings{}, err
	}
	path := filepath.Join(dir, "config.toml")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ui.ParseSettings(nil)
	}
	if err != nil {
		return ui.Settings{}, bad(err)
	}
	s, err := ui.ParseSettings(data)
	if err != nil {
		return s, bad(fmt.Errorf("%s: %w", path, err))
	}
	return s, nil
}

// lastRuns yields every host's part in the latest run of each runbook.
func (s *shelf) lastRuns(ctx context.Context) iter.Seq2[journal.HostRun, error] {
	ix, err := s.index()
	if err != nil {
		return func(yield func(journal.HostRun, error) bool) { yield(journal.HostRun{}, err) }
	}
	return ix.LastRuns(ctx)
}

// shell opens a session on a host for the screen: over the same road as runs take, noted in the journal as opened and closed.
func (a *app) shell(book *shelf, inv *inventory.Inventory) ui.Shell {
	return func(ctx context.Context, id inventory.HostID, reason string, in io.Reader, out io.Writer) error {
		h, ok := inv.Host(id)
		if !ok {
			return fmt.Errorf("no host is named %q", id)
		}
		if err := a.note(ctx, book, id, strings.TrimSpace("opened a shell "+reason)); err != nil {
			return err
		}
		client := ssh.New(a.sshOptions(inv))
		defer client.Close()
		end := "closed the shell"
		err := a.session(ctx, client, h, in, out)
		if err != nil {
			end += ": " + quote.Line(err.Error())
		}
		return errors.Join(err, a.note(context.WithoutCancel(ctx), book, id, end))
	}
}
