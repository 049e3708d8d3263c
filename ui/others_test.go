package ui

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"tend/inventory"
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
