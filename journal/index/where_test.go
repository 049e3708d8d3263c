package index

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhere: beside the journal, unless that is on a network, a group's, or cannot be written.
func TestWhere(t *testing.T) {
	cache := t.TempDir()
	local, nfs4 := func(string) bool { return false }, func(dir string) bool { return !strings.HasPrefix(dir, cache) }
	if got := where("/j", cache, local, true); got != "/j/index.db" {
		t.Errorf("local: %s", got)
	}
	nfs, ro := where("/j", cache, nfs4, true), where("/j", cache, local, false)
	if nfs != ro || !strings.HasPrefix(nfs, filepath.Join(cache, "tend")) {
		t.Errorf("on a network %s, read-only %s", nfs, ro)
	}
	if other := where("/k", cache, nfs4, true); other == nfs {
		t.Error("two journals share an index")
	}
	if got := where("/j", "", nfs4, true); got != "" {
		t.Errorf("without a cache directory: %s", got)
	}
	if got := where("/j", cache, func(string) bool { return true }, true); got != "" {
		t.Errorf("with a home and a cache directory on a network: %s", got)
	}
	dir := t.TempDir()
	if got := Where(filepath.Join(dir, "not", "yet")); got != filepath.Join(dir, "not", "yet", "index.db") {
		t.Errorf("in %s: %s", dir, got)
	}
	group := t.TempDir()
	if err := os.Chmod(group, 0o770|os.ModeSetgid|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if got := Where(group); strings.HasPrefix(got, group) {
		t.Errorf("a group's index lies at %s, where all of it could read", got)
	}
	if onNetwork("/proc") {
		t.Error("/proc is on a network")
	}
}
