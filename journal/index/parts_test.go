package index_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
)

// needles are runs r0, r1, ... of ten outputs each, of which every fourth has a needle.
func needles(t *testing.T, b both, from, to int) {
	t.Helper()
	for r := from; r < to; r++ {
		bodies := []journal.Body{journaltest.Plan("x", "a")}
		for i := range 10 {
			bodies = append(bodies, output("a", fmt.Sprintf("hay %d%s", i, map[bool]string{true: " needle"}[i%4 == 0])))
		}
		run := journal.RunID(fmt.Sprintf("r%d", r))
		add(t, b, run, append(bodies, journal.RunClosed{Result: journal.Passed})...)
		do(t, b.Release(run))
	}
	do(t, b.x.CatchUp(t.Context()))
}

func places(hits []index.Hit) (all []string) {
	for _, h := range hits {
		all = append(all, fmt.Sprintf("%s:%d", h.Run, h.Seq))
	}
	return all
}

// TestPatience: a search whose patience is over hands over what it has and says how far it looked; going on there finds everything, once and
// in the same order. Where there is nothing it comes to an end, too, and is not called done before.
func TestPatience(t *testing.T) {
	b := open(t)
	b.x.PartsOf(11) // a run's
	needles(t, b, 0, 6)
	for text, want := range map[string]int{"needle": 18, "need*": 18, `"hay needle"`: 0, "hay": 60} {
		whole := search(t, b.x, index.Search{Text: text, Limit: 100})
		if len(whole.Hits) != want || whole.Next != 0 || !whole.Unseen.IsZero() {
			t.Fatalf("%s without a limit: %d hits, %+v", text, len(whole.Hits), whole)
		}
		var got []string
		q := index.Search{Text: text, Limit: 100, Patience: 1}
		for n := 5; n >= 0; n-- {
			found := search(t, b.x, q)
			got = append(got, places(found.Hits)...)
			if n == 0 && (found.Next != 0 || !found.Unseen.IsZero()) {
				t.Errorf("%s: at the end %+v", text, found)
			}
			if n > 0 && (found.Next == 0 || time.Since(found.Unseen) > time.Minute || found.More) {
				t.Fatalf("%s: with %d parts left: %+v", text, n, found)
			}
			q.Before = found.Next
		}
		if !slices.Equal(got, places(whole.Hits)) {
			t.Errorf("%s: %q, want %q", text, got, places(whole.Hits))
		}
	}
	found := search(t, b.x, index.Search{Text: "hay", Limit: 5, Patience: 1})
	if len(found.Hits) != 5 || !found.More || !found.Unseen.IsZero() || found.Next != found.Hits[4].Cursor {
		t.Errorf("a page that is full: %+v", found)
	}
}

// TestPartsAreLetGo: with the runs whose words they hold; what comes later is still found first.
func TestPartsAreLetGo(t *testing.T) {
	b := open(t)
	b.x.PartsOf(5)
	needles(t, b, 0, 4)
	before, err := b.x.Parts()
	do(t, err)
	for _, r := range []string{"r0", "r1", "r3"} { // r3 is the newest
		do(t, os.Remove(filepath.Join(b.dir, string(origin), r+".jsonl")))
	}
	runs(t, b.x, journal.Query{})
	after, err := b.x.Parts()
	do(t, err)
	if len(after) > len(before)-2 || after[0] != before[0] {
		t.Errorf("parts %q, before %q", after, before)
	}
	if docs, worded, err := b.x.Held(); err != nil || docs != 11 || worded != docs {
		t.Errorf("%d docs, the words of %d, %v", docs, worded, err)
	}
	if got := places(search(t, b.x, index.Search{Text: "needle"}).Hits); !slices.Equal(got, []string{"r2:10", "r2:6", "r2:2"}) {
		t.Errorf("found %q", got)
	}
	needles(t, b, 4, 5)
	if got := places(search(t, b.x, index.Search{Text: "needle", Limit: 4}).Hits); !slices.Equal(got, []string{"r4:10", "r4:6", "r4:2", "r2:10"}) {
		t.Errorf("found %q", got)
	}
	do(t, b.x.Close())
	x := reopen(t, b.dir, b.Segments)
	if got := places(search(t, x, index.Search{Text: "hay", Run: "r2"}).Hits); len(got) != 10 {
		t.Errorf("of r2: %q", got)
	}
}
