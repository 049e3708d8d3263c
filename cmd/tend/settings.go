package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"

	"tend/journal"
	"tend/runbooks"
	"tend/ui"
)

// settings are the operator's own, from $XDG_CONFIG_HOME/tend/config.toml; none is as good as an empty file.
func (a *app) settings() (ui.Settings, error) {
	dir, err := a.configDir()
	if err != nil {
		return ui.Settings{}, err
	}
	path := filepath.Join(dir, "config.toml")
	data, err := runbooks.ReadFile(path)
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
