package ui

import (
	"context"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

// TestRunsOfOthers: what is started elsewhere is followed, and what came and went elsewhere shows in the fleet.
func TestRunsOfOthers(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("261122-1210-patc")
	d.Pull().Pull().See("FLEET", "at work: patch 4/15")
	d.health("261122-1220-heal")
	d.now = d.now.Add(2 * time.Minute)
	d.Pull().Pull().See("OK:5", "DOWN:1")
	if d.c.watches["261122-1220-heal"] != nil {
		t.Error("a run that is over is still held")
	}
}

// TestShell: production wants a reason, and the session gets it; a console that only looks has none.
func TestShell(t *testing.T) {
	var got []string
	d := newDriver(t, 80, 24, func(c *Config) {
		c.Shell = func(_ context.Context, h inventory.HostID, reason string, _ io.Reader, _ io.Writer) error {
			got = append(got, string(h)+"/"+reason)
			return nil
		}
	})
	d.Press("j", "enter", "j", "enter").See("HOST db-01").Press("s").See("db-01 is PROD. Reason:").Press("enter").See("no reason, no shell")
	d.Press("s").Type("disk light").Press("enter")
	d.Press("esc").Press(":").Type("host app-01").Press("enter", "s")
	if want := []string{"db-01/disk light", "app-01/"}; !slices.Equal(got, want) {
		t.Errorf("sessions %q, want %q", got, want)
	}
	d = newDriver(t, 80, 24, func(c *Config) { c.Readonly = true })
	d.Press(":").Type("host app-01").Press("enter", "s").See("shell is not possible here")
}

// recordings are two shells, of which one was recorded.
type recordings struct{ played *[]journal.RunID }

func (r recordings) List(_ context.Context, host inventory.HostID) ([]ShellEntry, error) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	all := []ShellEntry{
		{ID: "261122-1200-aaaa", Host: "db-01", User: "kim", Reason: "disk light", Opened: at, End: "exit 0 after 2m3s", Recorded: true},
		{ID: "261122-1100-bbbb", Host: "app-01", User: "ops", Opened: at, End: "exit 1 after 3s"},
	}
	return slices.DeleteFunc(all, func(e ShellEntry) bool { return host != "" && e.Host != host }), nil
}

func (r recordings) Lines(context.Context, journal.RunID) iter.Seq2[ShellLine, error] {
	return func(yield func(ShellLine, error) bool) {
		_ = yield(ShellLine{At: time.Date(2026, 11, 22, 12, 0, 5, 0, time.UTC), Text: "$ cat /proc/mdstat\x1b[31m"}, nil) &&
			yield(ShellLine{Text: "md0 : active raid1"}, nil)
	}
}

func (r recordings) Replay(_ context.Context, id journal.RunID, _ io.Reader, _ io.Writer) error {
	*r.played = append(*r.played, id)
	return nil
}

// TestShells: what shells there were, what one of them showed as text, and played; one that was not recorded says so.
func TestShells(t *testing.T) {
	var played []journal.RunID
	d := newDriver(t, 80, 24, func(c *Config) { c.Shells = recordings{&played} })
	d.Press("J", "X").See("SHELLS all hosts").See("2 shells").See("disk light").See("exit 1 after 3s")
	d.Press("enter").See("SHELL db-01 kim").See("$ cat /proc/mdstat").See("md0 : active raid1")
	d.Press("p").Press("esc").See("SHELLS").Press("j", "enter").See("it was not recorded").Press("k", "p")
	if want := []journal.RunID{"261122-1200-aaaa", "261122-1200-aaaa"}; !slices.Equal(played, want) {
		t.Errorf("played %v, want %v", played, want)
	}
	d.Press("esc", "esc").Press(":").Type("host app-01").Press("enter", "X").See("SHELLS app-01").See("1 shell")
	d = newDriver(t, 80, 24, func(*Config) {})
	d.Press("J", "X").See("no shells are kept here")
	d.Press("esc")
}
