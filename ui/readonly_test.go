package ui

import (
	"context"
	"reflect"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
)

// TestReadonlyWritesNothing: in a console that only looks no note is written and no step answered for.
func TestReadonlyWritesNothing(t *testing.T) {
	d := newDriver(t, 80, 24, func(c *Config) {
		c.Readonly, c.Note = true, func(context.Context, journal.Noted) error { t.Error("a note was written"); return nil }
	})
	d.c.run(noteOn("r1", ""))
	d.See("notes cannot be written from here")
	if d.c.prompt != nil {
		t.Error("a note is asked for")
	}
	s := &manualScreen{cfg: d.c.cfg, w: &watch{state: journal.NewState()}}
	if s.cannot() == "" {
		t.Error("a manual step can be answered")
	}
}

// TestTmuxHandsTheCopyOn: within tmux the text goes to tmux itself, and through it to the terminal around it.
func TestTmuxHandsTheCopyOn(t *testing.T) {
	cmd, _ := oscCopy(Config{Tier: Full, Env: []string{"TMUX=x"}}, "hello")
	both, ok := cmd().(tea.BatchMsg)
	if !ok || len(both) != 2 {
		t.Fatalf("%T, not both", cmd())
	}
	const want = "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"
	if got := reflect.ValueOf(both[1]()).Field(0).Interface(); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
