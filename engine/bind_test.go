package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// syncs is a journal that counts what it makes durable, and that the next AppendThen which has something bound to it may be told to lose.
type syncs struct {
	*journal.Memory
	n, bound int
	lose     error
}

func (s *syncs) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	s.n++
	return s.Memory.Append(ctx, run, bodies...)
}

func (s *syncs) AppendThen(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error) {
	s.n++
	if s.lose != nil {
		for i, b := range bodies {
			if then([]journal.Event{{Run: run, Seq: uint64(100 + i), Body: b}}) != nil {
				return nil, s.lose
			}
		}
	}
	return s.Memory.AppendThen(ctx, run, bodies, func(events []journal.Event) []journal.Body {
		more := then(events)
		s.bound += len(more)
		return more
	})
}

// TestAStepCostsOneSync: a step's end and the beginning of the host's next step are one append; and what the journal holds is what was done.
func TestAStepCostsOneSync(t *testing.T) {
	const steps = 12
	many := looks(steps)
	synctest.Test(t, func(t *testing.T) {
		book := &syncs{Memory: journal.NewMemory("ops@test", nil)}
		s := begun(t, book, plan(1, many...))
		book.n = 0
		if err := New(book, &uneven{}, nil, Options{}).Run(context.Background(), s, nil); err != nil || s.Result != journal.Passed {
			t.Fatal(err, s.Result)
		}
		// The wave, the first step, an append for each end, and the run's close.
		if limit := steps + 3; book.n > limit || book.bound != steps-1 {
			t.Errorf("%d steps cost %d syncs, at most %d are due; %d beginnings were bound to an end", steps, book.n, limit, book.bound)
		}
		again := journal.NewState()
		for _, e := range all(t, book.Memory, s.Run) {
			again.Apply(e)
		}
		if essence(again) != essence(s) || again.Seq != s.Seq {
			t.Errorf("read back:\n%swas\n%s", essence(again), essence(s))
		}
	})
}

// TestBoundToWhatIsLost: where a step's end cannot be saved, the step that was bound to it never begins, and the error names the end alone.
func TestBoundToWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(nil)
		book := &syncs{Memory: journal.NewMemory("ops@test", nil), lose: errors.New("the disk is gone")}
		s := begun(t, book, plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "b", Risk: runbooks.Read}))
		err := New(book, w, w, Options{}).Run(context.Background(), s, nil)
		var e *NotSaved
		if !errors.As(err, &e) || !slices.ContainsFunc(e.Lost, func(l string) bool { return strings.Contains(l, "a ended") }) || len(e.Left) > 0 {
			t.Fatalf("%v", err)
		}
		if w.runs["h00 a"] != 1 || w.runs["h00 b"] != 0 {
			t.Errorf("ran %v", w.runs)
		}
		for _, ev := range all(t, book.Memory, s.Run) {
			if b, ok := ev.Body.(journal.StepStarted); ok && b.Step == "b" {
				t.Error("a step is recorded that never began")
			}
		}
	})
}

// TestManyEndsShareASync: where many steps are in flight, ends that come one by one wait a moment for each other.
func TestManyEndsShareASync(t *testing.T) {
	const hosts, steps = 64, 10
	many := looks(steps)
	synctest.Test(t, func(t *testing.T) {
		book := &syncs{Memory: journal.NewMemory("ops@test", nil)}
		p := plan(hosts, many...)
		p.Policy.Parallel = hosts
		s := begun(t, book, p)
		book.n = 0
		if err := New(book, &uneven{}, nil, Options{}).Run(context.Background(), s, nil); err != nil || s.Result != journal.Passed {
			t.Fatal(err, s.Result)
		}
		if limit := hosts * steps / 4; book.n > limit {
			t.Errorf("%d steps cost %d syncs, want at most %d", hosts*steps, book.n, limit)
		}
	})
}

// looks are so many steps that only read.
func looks(n int) []runbooks.Step {
	many := make([]runbooks.Step, n)
	for i := range many {
		many[i] = runbooks.Step{ID: runbooks.StepID("s" + string(rune('a'+i))), Risk: runbooks.Read}
	}
	return many
}

// uneven are hands whose steps take as long as a warm command, no two quite the same.
type uneven struct {
	idle
	nth atomic.Int64
}

func (u *uneven) Carry(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	time.Sleep(10*time.Millisecond + time.Duration(u.nth.Add(1)*733%5000)*time.Microsecond)
	return u.idle.Carry(ctx, o, sink)
}
