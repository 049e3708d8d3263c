package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestNoRunIsOpenedWhereNoneCouldBeReached: a place for sockets that others may enter is refused before the run stands in the journal.
func TestNoRunIsOpenedWhereNoneCouldBeReached(t *testing.T) {
	t.Parallel()
	s := newSite(t, &sshtest.Server{Addr: "127.0.0.1", Port: 1, User: "ops", KnownHosts: "/nowhere/known_hosts"}, 1, "")
	open := filepath.Join(s.dir, "open", "tend")
	if err := os.MkdirAll(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "XDG_RUNTIME_DIR="+filepath.Dir(open))
	if out, errs, code := s.tend("exec", "--yes", "--", "true"); code == 0 || !strings.Contains(out+errs, "chmod 700") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if out := s.ok("journal", "list", "--json"); out != "" {
		t.Errorf("the journal has\n%s", out)
	}
}
