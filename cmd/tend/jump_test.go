package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestRealJumpHostOfTheInventory: a host behind another host of the inventory; the journal names the road.
func TestRealJumpHostOfTheInventory(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv, inner := sshtest.Start(t, sshtest.Config{}), sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 1, "")
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("inventory.toml", string(text)+fmt.Sprintf("[[site.rack.host]]\nname = \"inner\"\naddr = %q\nport = %d\nunit = 9\njump = [\"real-1\"]\nidentity = [%q]\nknown_hosts = [%q]\n",
		inner.Addr, inner.Port, inner.Key, inner.KnownHosts))
	s.ok("exec", "inner", "--yes", "--", "true")
	if show := s.ok("journal", "show", "last", "--json"); !strings.Contains(show, `"via":["`) {
		t.Error("the journal does not name the road")
	}
	if out := s.ok("host", "show", "inner"); !strings.Contains(out, "real-1") || !strings.Contains(out, "inventory") {
		t.Errorf("host show says\n%s", out)
	}
}
