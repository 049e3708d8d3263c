package segments_test

import (
	"strings"
	"syscall"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// TestRealFullDisk fills a real, small file system.
func TestRealFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Skipf("cannot mount a small file system here: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	s, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), "r1", journaltest.Plan("health", "a")); err != nil {
		t.Fatal(err)
	}
	acked := 1
	for {
		_, err = s.Append(t.Context(), "r1", journal.OutputRead{Host: "a", Data: make([]byte, 50_000)})
		if err != nil {
			break
		}
		acked++
	}
	refused(t, err, syscall.ENOSPC)
	add(t, s, journal.StepEnded{Host: "a"}, journal.RunClosed{Result: journal.Lost})
	if rep := verify(t, s); !rep.OK() || len(rep.Remarks) > 0 {
		t.Errorf("%v %v", rep.Problems, rep.Remarks)
	}
	if got := strings.Count(kinds(t, fresh(t, dir)), " ") + 1; got != acked+2 {
		t.Errorf("%d events, and %d were acknowledged", got, acked+2)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
