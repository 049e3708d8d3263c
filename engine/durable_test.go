package engine

import (
	"context"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/segments"
	"tend/runbooks"
)

// warm are hands whose every step takes as long as a warm command over a road does.
type warm struct{ idle }

func (w *warm) Carry(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	time.Sleep(13 * time.Millisecond) // 64 at once at about 4,900 commands a second
	return w.idle.Carry(ctx, o, sink)
}

// TestRunInRealSegments carries a run out in the journal as it stands on disk, and reads it back.
func TestRunInRealSegments(t *testing.T) {
	book, err := segments.Open(t.TempDir(), "ops@test")
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	s := begun(t, book, plan(20, runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "b"}))
	if err := New(book, &idle{}, nil, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
		t.Fatal(err, s.Result)
	}
	again := journal.NewState()
	for _, e := range all(t, book, s.Run) {
		again.Apply(e)
	}
	if essence(again) != essence(s) || again.Seq != s.Seq || again.Result != journal.Passed {
		t.Errorf("read back:\n%swas\n%s", essence(again), essence(s))
	}
	if rep, err := book.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("%v %+v", err, rep)
	}
}

// BenchmarkWarmSteps is 1,000 hosts with one step as long as a warm command, 64 at once: with no journal, and with a durable one.
func BenchmarkWarmSteps(b *testing.B) {
	p := plan(1000, runbooks.Step{ID: "a", Risk: runbooks.Read})
	run := func(b *testing.B, rec Recorder) {
		s := begun(b, rec, p)
		if err := New(rec, &warm{}, nil, Options{}).Run(context.Background(), s, nil); err != nil || s.Result != journal.Passed {
			b.Fatal(err, s.Result)
		}
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			run(b, &bare{})
		}
	})
	b.Run("durable", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			book, err := segments.Open(b.TempDir(), "ops@test")
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			run(b, book)
			b.StopTimer()
			if err := book.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}
