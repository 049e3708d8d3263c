package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/ui"
)

// TestCalendarPage: the console's calendar shows windows and collisions of the plans beside the inventory; a broken one hides no other.
func TestCalendarPage(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"HOME": dir, "XDG_STATE_HOME": filepath.Join(dir, "state"), "XDG_CONFIG_HOME": filepath.Join(dir, "config")}
	a := &app{getenv: func(k string) string { return env[k] }, inventory: filepath.Join(dir, "inventory.toml"),
		now: func() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("inventory.toml", "[[site]]\nname = \"s\"\n[[site.host]]\nname = \"web-[1-2]\"\naddr = \"127.0.0.[1-2]\"\nwindow = \"Tue 01:00-05:00 UTC\"\n[[group]]\nname = \"web\"\nmembers = \"web-*\"\nmax_down = 1\n")
	page := func() ui.Sheet {
		t.Helper()
		s, err := a.sheet(nil, ui.Plain)(context.Background(), "calendar", "")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := page(); len(s.Rows) != 0 || !strings.Contains(s.None, "tend plan new") {
		t.Errorf("without plans: %+v", s)
	}
	write("plans/README.md", "no plan")
	if s := page(); !strings.Contains(s.None, "tend plan new") {
		t.Errorf("with an empty directory: %+v", s)
	}
	plan := func(scope string) string {
		return "goal = \"new openssl\"\nscope = \"" + scope + "\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n"
	}
	write("plans/all.toml", plan("web-1,web-2"))
	write("plans/one.toml", plan("web-1"))
	write("plans/bad.toml", "gaol = \"x\"\n")
	s := page()
	var text strings.Builder
	var meets, touched int
	for _, r := range s.Rows {
		text.WriteString(r.Text + "\n")
		if strings.HasPrefix(r.Text, "Tue 01 Dec 01:00 UTC  4 h 0 min  2 ") && r.Bad && strings.Contains(r.Detail, "all collides with one: group web, web-1") {
			meets++
			touched = len(r.Hosts)
		}
	}
	if meets != 1 || touched != 2 || !strings.Contains(text.String(), "  plans/bad.toml:1:1") || s.Rows[0].Text != "CANNOT BE READ" {
		t.Errorf("%d collisions, of %d hosts\n%s", meets, touched, text.String())
	}
	if h := s.Rows[len(s.Rows)-1].Hosts; len(h) == 0 || h[0] != inventory.HostID("web-1") {
		t.Errorf("the last line touches %v", h)
	}
}
