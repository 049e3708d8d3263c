package segments_test

import (
	"context"
	"iter"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

const origin = journal.OriginID("ops@console1")

// open opens a journal and closes it at the test's end.
func open(t testing.TB, dir string, opts ...segments.Option) *segments.Segments {
	t.Helper()
	s, err := segments.Open(dir, origin, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal { return open(t, t.TempDir()) })
}

// TestConformanceTwo runs the suite where one Segments writes and another, as another process would, reads.
func TestConformanceTwo(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal {
		dir := t.TempDir()
		return two{open(t, dir), open(t, dir)}
	})
}

type two struct {
	*segments.Segments
	reader *segments.Segments
}

func (x two) Events(ctx context.Context, run journal.RunID, after uint64, follow bool) iter.Seq2[journal.Event, error] {
	return x.reader.Events(ctx, run, after, follow)
}

func (x two) Runs(ctx context.Context, q journal.Query) ([]journal.RunSummary, error) {
	return x.reader.Runs(ctx, q)
}
