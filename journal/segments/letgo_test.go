package segments_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/segments"
)

// TestAWriterThatLetsGo: between the end of its mark and the end of its lock, a writer's run is waited for and not taken for none.
func TestAWriterThatLetsGo(t *testing.T) {
	dir := t.TempDir()
	writes, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer writes.Close()
	if _, err := writes.Append(t.Context(), "r1", journal.Remarked{Text: "here"}); err != nil {
		t.Fatal(err)
	}
	marks, err := filepath.Glob(filepath.Join(dir, "*", "r1.live"))
	if err != nil || len(marks) != 1 {
		t.Fatalf("marks %v, %v", marks, err)
	}
	if err := os.Remove(marks[0]); err != nil {
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(20*time.Millisecond, func() { released <- writes.Release("r1") })
	reads, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Close()
	runs, err := reads.Runs(t.Context(), journal.Query{})
	if err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
}
