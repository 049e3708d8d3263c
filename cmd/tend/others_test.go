package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/journal"
	"tend/journal/segments"
	"tend/runbooks"
)

// TestRunsOfOthers: a run that a colleague is at work on in a shared journal, or this user in another session, is alive though no socket of
// ours leads to it; nobody is told to take it up, and what cannot be steered from here says whose it is.
func TestRunsOfOthers(t *testing.T) {
	s := bareSite(t)
	if err := os.WriteFile(filepath.Join(s.dir, "inventory.toml"), []byte("[[site]]\nname = \"s\"\n[[site.host]]\nname = \"h\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := s.journal()
	begin := func(origin journal.OriginID, run journal.RunID) *segments.Segments {
		t.Helper()
		book, err := segments.Open(dir, origin)
		if err == nil {
			_, err = book.Append(t.Context(), run, journal.PlanAccepted{Plan: runbooks.Plan{Runbook: "patch"}})
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { book.Close() })
		return book
	}
	const theirs, ours = "261122-2213-aaaa", "261122-2213-bbbb"
	kim := begin("kim@jump", theirs)
	own := begin((&app{}).origin(), ours)
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"runs", 0, theirs + "  alive, of kim@jump"},
		{"runs", 0, ours + "  alive, begun in another session"},
		{"status", 1, "tend attach " + theirs + " shows it; kim@jump steers it"},
		{"status", 1, "tend attach " + ours + ", or tend resume " + ours},
		{"runs --json", 0, `"alive":true}`},
		{"abort " + theirs, 2, "is of kim@jump: nobody else steers it"},
		{"resume " + theirs, 2, "is of kim@jump: nobody else steers it"},
		{"abort " + ours, 2, "is at work, and does not listen here"},
	} {
		s.says(c.code, []string{c.want}, strings.Fields(c.args)...)
	}
	env := map[string]string{"XDG_STATE_HOME": filepath.Join(s.dir, "state"), "XDG_RUNTIME_DIR": s.dir}
	screen := &runs{a: &app{getenv: func(k string) string { return env[k] }}, book: &shelf{Segments: own}}
	if err := screen.Decide(t.Context(), theirs, journal.Decided{Decision: journal.Pause}); err == nil || !strings.Contains(err.Error(), "is of kim@jump") {
		t.Errorf("the console says %v", err)
	}
	if alive, err := screen.Alive(t.Context()); err != nil || len(alive) != 2 {
		t.Errorf("the console takes %v for alive: %v", alive, err)
	}
	kim.Close()
	own.Close()
	s.says(0, []string{theirs + "  left behind by kim@jump"}, "runs")
	s.says(1, []string{"tend journal show " + theirs + "; kim@jump takes it up with tend resume"}, "status")
	s.says(0, []string{ours + "  left behind: tend resume"}, "runs")
	s.says(3, []string{"kim@jump takes it up with tend resume"}, "attach", theirs)
}
