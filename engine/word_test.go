package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// crowd lets n people decide the same at the same time, and says what each was told.
func (d *desk) crowd(n int, what journal.Decided) []error {
	told := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		w := what
		w.By = journal.Who{User: fmt.Sprint("user", i), From: "console1"}
		wg.Go(func() {
			heard := make(chan error, 1)
			d.say <- Word{Decided: w, Told: func(err error) { heard <- err }}
			told[i] = <-heard
		})
	}
	wg.Wait()
	return told
}

// TestOfManyWhoDecideTheSameOneIsToldThatItCounts: the others are told whose does, and only that one is in the journal.
func TestOfManyWhoDecideTheSameOneIsToldThatItCounts(t *testing.T) {
	manual := plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual}, runbooks.Step{ID: "b"})
	byHand := waves(plan(2, runbooks.Step{ID: "a"}), 1, 1)
	byHand.Policy.Pause = "manual"
	more := plan(2, runbooks.Step{ID: "a"})
	fails := func(h inventory.HostID, _ string, nth int) act {
		if h == "h00" && nth == 1 {
			return act{exit: 7}
		}
		return act{takes: time.Hour}
	}
	fast := func(h inventory.HostID, _ string, _ int) act { // the retry fails at once, too: who decided about the first try did not see that
		if h == "h00" {
			return act{exit: 7}
		}
		return act{takes: time.Hour}
	}
	for name, c := range map[string]struct {
		plan runbooks.Plan
		does func(inventory.HostID, string, int) act
		what journal.Decided
		runs map[string]int
		why  string
	}{
		"answer":     {manual, nil, journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap", OK: true}, map[string]int{"h00 b": 1}, "h00 waits for no answer: it was answered already"},
		"retry":      {more, fails, journal.Decided{Decision: journal.Retry, Host: "h00", Step: "a", Attempt: 1}, map[string]int{"h00 a": 2}, "h00"},
		"retry fast": {more, fast, journal.Decided{Decision: journal.Retry, Host: "h00", Step: "a", Attempt: 1}, map[string]int{"h00 a": 2}, "h00"},
		"skip":       {more, fails, journal.Decided{Decision: journal.SkipHost, Host: "h00"}, map[string]int{"h00 a": 1}, "h00"},
		"skip step":  {more, fails, journal.Decided{Decision: journal.SkipStep, Host: "h00"}, map[string]int{"h00 a": 1}, "h00"},
		"approve":    {byHand, nil, journal.Decided{Decision: journal.Approve, Wave: 1}, map[string]int{"h01 a": 1}, "wave 1 was approved already"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := atDesk(t, c.plan, newWorld(c.does), Options{})
				d.after(time.Minute)
				winner := ""
				told := d.crowd(20, c.what)
				if c.does != nil { // the run is still at work: a straggler
					d.after(time.Minute)
					told = append(told, d.crowd(1, c.what)...)
				}
				for i, err := range told {
					if err == nil && winner == "" {
						winner = fmt.Sprint("user", i)
					} else if err == nil {
						t.Errorf("user%d is told that it counts, as %s was", i, winner)
					}
				}
				if winner == "" {
					t.Fatalf("nobody is told that it counts: %v", told)
				}
				for i, err := range told {
					var late *journal.TooLate
					switch {
					case err == nil:
					case !errors.As(err, &late), late.By.User != winner, !strings.HasPrefix(late.Text, c.why), !strings.Contains(err.Error(), ", by "+winner+" (console1) at 2000-"):
						t.Errorf("user%d is told %q, and %s counts", i, err, winner)
					}
				}
				if err := d.end(); err != nil {
					t.Fatal(err)
				}
				for what, n := range c.runs {
					if d.w.runs[what] != n {
						t.Errorf("%s ran %d times, want %d", what, d.w.runs[what], n)
					}
				}
				recorded := 0
				for _, e := range all(t, d.book, d.s.Run) {
					if b, ok := e.Body.(journal.Decided); ok {
						if recorded++; b.By.User != winner {
							t.Errorf("recorded: %+v, want that of %s", b, winner)
						}
					}
				}
				if recorded != 1 {
					t.Errorf("%d decisions are recorded", recorded)
				}
			})
		})
	}
}

// TestDecisionThatIsNotSavedIsNotSaidToCount: nobody is told that what is not durable counts.
func TestDecisionThatIsNotSavedIsNotSaidToCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, w := &failing{journal.NewMemory("ops@test", nil), 1000}, newWorld(nil)
		d := &desk{t: t, w: w, say: make(chan Word), done: make(chan error, 1)}
		d.s = begun(t, book, plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual}))
		go func() { d.done <- New(book, w, w, Options{}).Run(t.Context(), d.s, d.say) }()
		d.after(time.Minute)
		book.good = 0
		for i, err := range d.crowd(1, journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap", OK: true}) {
			if !errors.As(err, new(*NotSaved)) {
				t.Errorf("user%d: %v", i, err)
			}
		}
		if err := d.end(); !errors.As(err, new(*NotSaved)) {
			t.Fatal(err)
		}
	})
}
