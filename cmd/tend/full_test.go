package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestRealJournalDiskFull: the disk under the journal fills up in mid-run. The run stops with one clear line, what was shown is still
// there, the journal verifies, and with room again the run is taken up and ended.
func TestRealJournalDiskFull(t *testing.T) {
	scriptsOnly(t)
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	state := filepath.Join(s.dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", state).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no file system can be mounted here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", state).Run() })
	out, errs, code := s.tend("exec", "--yes", "--", "i=0; while [ $i -lt 200 ]; do head -c 20000 /dev/zero | tr '\\0' x; echo; i=$((i+1)); done")
	if code == 0 || !strings.Contains(out+errs, "space") {
		t.Fatalf("exit %d\n%.600s\n%.2000s", code, out, errs)
	}
	if n := strings.Count(strings.TrimSpace(errs), "\n"); n > 1 {
		t.Errorf("more than a line and its hint:\n%.2000s", errs)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=40m", state).CombinedOutput(); err != nil {
		t.Fatalf("remount: %s", out)
	}
	s.ok("journal", "verify")
	out, errs, _ = s.tend("resume", "last")
	if show := s.ok("journal", "list"); !strings.Contains(show, "exec") || strings.Contains(show, "open") {
		t.Errorf("after the resume:\n%s\n%.600s\n%.600s", show, out, errs)
	}
}
