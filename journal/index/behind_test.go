package index_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
	"tend/journal/segments"
	"tend/runbooks"
)

// held is a journal whose words cannot be read on until let go: reading for summaries leaves the output out, and is not held.
type held struct {
	*segments.Segments
	reading, let chan struct{}
}

func (h held) From(ctx context.Context, p journal.Place, skip ...string) iter.Seq2[journal.Placed, error] {
	if len(skip) == 0 {
		h.reading <- struct{}{}
		<-h.let
	}
	return h.Segments.From(ctx, p, skip...)
}

// TestWordsHoldUpNobody: while the words of a large run are being taken in, runs and what is known of hosts are there, and a new run's as well.
func TestWordsHoldUpNobody(t *testing.T) {
	b := open(t)
	put := func(id journal.RunID) {
		if _, err := b.Append(t.Context(), id, journaltest.Plan("health", "a"), journal.WaveOpened{}, journal.StepStarted{Host: "a", Step: "check", Attempt: 1},
			journal.FactsRead{Host: "a", Step: "check", Facts: []runbooks.Fact{{Key: "run", Value: string(id)}}},
			journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.OK}, journal.RunClosed{Result: journal.Passed}); err != nil {
			t.Fatal(err)
		}
	}
	h := held{b.Segments, make(chan struct{}), make(chan struct{})}
	x, err := index.Open(filepath.Join(t.TempDir(), "index.db"), h)
	do(t, err)
	t.Cleanup(func() { x.Close() })
	put("r1")
	ended := make(chan error, 1)
	go func() { ended <- x.CatchUp(t.Context()) }()
	<-h.reading
	known := func() map[inventory.HostID]string {
		out := map[inventory.HostID]string{}
		for k, err := range x.Facts(t.Context()) {
			do(t, err)
			out[k.Host] = k.Fact.Value
		}
		return out
	}
	if got := known(); got["a"] != "r1" {
		t.Errorf("while words are read: %v", got)
	}
	put("r2")
	if list, err := x.Runs(t.Context(), journal.Query{}); err != nil || len(list) != 2 {
		t.Errorf("a new run while words are read: %v, %v", list, err)
	}
	if got := known(); got["a"] != "r2" {
		t.Errorf("what the new run learnt: %v", got)
	}
	close(h.let)
	do(t, <-ended)
}
