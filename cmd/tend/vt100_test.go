package main

import (
	"path/filepath"
	"strings"
	"testing"

	"os"
)

// TestScreenOfAVT100: on the types of terminal that know no ICH, for which the renderer shifts text in insert mode, a line that changes in its
// midst is whole, there and back.
func TestScreenOfAVT100(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	home := shortDir(t)
	inventory := filepath.Join(home, "inventory.toml")
	if err := os.WriteFile(inventory, []byte("[[site]]\nname = \"s\"\n[[site.host]]\nname = \"web-1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, term := range []string{"vt100", "vt220"} {
		s := newScreen(t, term, home)
		s.open("--inventory", inventory)
		fleet := "space mark  r runbook  enter open  / filter  o problems  : command  ? help"
		s.see(fleet)
		for range 2 {
			s.typed("Y")
			s.see("POSTURE")
			s.until("for the whole footer", func(p string) bool { return strings.Contains(p, "J journal  : command  ? help") })
			s.keys("Escape")
			s.see(fleet)
		}
		s.keys("C-c")
		s.keys("C-c")
		s.ended()
	}
}
