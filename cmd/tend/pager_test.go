package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPagerAndEditor: at a terminal $PAGER gets what is long, and $EDITOR edits an inventory that is replaced only by one that is right.
func TestPagerAndEditor(t *testing.T) {
	scriptsOnly(t)
	home := shortDir(t)
	s := newScreen(t, "xterm-256color", home)
	inv := filepath.Join(home, "inventory.toml")
	write := func(path, text string, mode os.FileMode) {
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(inv, "[[site]]\nname = \"a\"\n[[site.host]]\nname = \"one\"\n", 0o600)
	write(filepath.Join(home, "pager"), "#!/bin/sh\necho\nsed 's/^/paged: /'\n", 0o700)
	// The editor makes the file wrong the first time, and right the second.
	write(filepath.Join(home, "editor"), "#!/bin/sh\nif grep -q oops \"$1\"; then sed 's/oops = 1//; s/\"one\"/\"two\"/' \"$1\" > \"$1.n\"; else { cat \"$1\"; echo 'oops = 1'; } > \"$1.n\"; fi\ncat \"$1.n\" > \"$1\"; rm \"$1.n\"\n", 0o700)
	s.env = append(s.env, "PAGER="+filepath.Join(home, "pager"), "EDITOR="+filepath.Join(home, "editor"), "TEND_INVENTORY="+inv)
	// A dead pane has lost its first line to tmux: what is looked for stands lower.
	s.open("runbook", "list")
	s.see("paged: health")
	s.ended()
	s.open("--no-pager", "inventory", "list")
	s.see("one")
	s.ended()
	s.open("inventory", "edit")
	s.see("oops")
	s.see("Type e to edit on")
	if got := read(t, inv); strings.Contains(got, "oops") {
		t.Fatalf("what is wrong took the place of what was right: %q", got)
	}
	s.keys("e", "Enter")
	s.see("in its place")
	s.ended()
	if got := read(t, inv); !strings.Contains(got, "two") || strings.Contains(got, "oops") {
		t.Errorf("the inventory is %q", got)
	}
	write(filepath.Join(home, "editor"), "#!/bin/sh\necho 'fan 3 rattles' > \"$1\"\n", 0o700)
	s.open("note")
	s.ended()
	s.open("journal", "search", "kind=noted")
	s.see("fan 3 rattles")
	s.ended()
	left, err := filepath.Glob(filepath.Join(home, ".inventory*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}
