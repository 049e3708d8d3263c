package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// jumpy is a clock of the wall that can be set, while the time that passes goes on in it: what time.Now is under date(1) and ntpd(8).
type jumpy struct {
	made, begun time.Time // made has both readings: time in a bubble has but one
	by          atomic.Int64
}

func (c *jumpy) set(by time.Duration) { c.by.Store(int64(by / time.Second)) }

// Now writes the jump into the wall's seconds alone, which lie above 30 bits of nanoseconds (time.Time's first word): nothing in Go
// sets one reading without the other.
func (c *jumpy) Now() time.Time {
	t := c.made.Add(time.Since(c.begun))
	*(*uint64)(unsafe.Pointer(&t)) += uint64(c.by.Load()) << 30
	return t
}

func (c *jumpy) Timer(d time.Duration) (<-chan time.Time, func() bool) { return wall{}.Timer(d) }

// bubble calls f in one, with a clock that can be set there.
func bubble(t *testing.T, f func(t *testing.T, c *jumpy)) {
	t.Helper()
	c := &jumpy{made: time.Now()}
	synctest.Test(t, func(t *testing.T) {
		c.begun = time.Now()
		f(t, c)
	})
}

// TestJumpyClock: the clock of these tests does what it says.
func TestJumpyClock(t *testing.T) {
	for _, by := range jumps {
		bubble(t, func(t *testing.T, c *jumpy) {
			before := c.Now()
			c.set(by)
			time.Sleep(time.Minute)
			after := c.Now()
			if wall, passed := after.Round(0).Sub(before.Round(0)), after.Sub(before); wall != by+time.Minute || passed != time.Minute {
				t.Fatalf("set by %s, the wall clock is %s on, and %s passed", by, wall, passed)
			}
		})
	}
}

// jumps are what the wall clock is set forward and back by.
var jumps = []time.Duration{0, 24 * time.Hour, -24 * time.Hour}

// lasted runs a plan whose clock is set two minutes after its begin, and says how long it really took.
func lasted(t *testing.T, by time.Duration, p runbooks.Plan, w *world, rules func(*jumpy) Rules) (took time.Duration, s *journal.State) {
	t.Helper()
	bubble(t, func(t *testing.T, c *jumpy) {
		book := journal.NewMemory("ops@test", c.Now)
		s = begun(t, book, p)
		opt := Options{Clock: c}
		if rules != nil {
			opt.Rules = rules(c)
		}
		start := time.Now()
		time.AfterFunc(2*time.Minute, func() { c.set(by) })
		if err := New(book, w, w, opt).Run(t.Context(), s, nil); err != nil {
			t.Error(err)
		}
		took = time.Since(start)
	})
	return took, s
}

// TestClockJumps: whatever the wall clock is set to meanwhile, a soak and the pause between two waves last as long as they should, a step
// has its time and no more, and a failed one is tried again when it is due.
func TestClockJumps(t *testing.T) {
	pause := waves(plan(2, runbooks.Step{ID: "a"}), 1, 1)
	pause.Policy.Pause = "30m"
	flaky := func(_ inventory.HostID, _ string, nth int) act {
		return act{takes: 119500 * time.Millisecond, exit: 2 - min(nth, 2)}
	}
	for name, c := range map[string]struct {
		plan   runbooks.Plan
		does   func(inventory.HostID, string, int) act
		took   time.Duration
		result journal.Result
	}{
		"a soak":            {plan(1, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: 30 * time.Minute}), nil, 30 * time.Minute, journal.Passed},
		"between waves":     {pause, nil, 30*time.Minute + 2*time.Second, journal.Passed},
		"a step's own time": {plan(1, runbooks.Step{ID: "a", Timeout: 10 * time.Minute}), stuck, 10 * time.Minute, journal.SomeFailed},
		"a person's time":   {plan(1, runbooks.Step{ID: "a", Kind: runbooks.Manual, Timeout: 10 * time.Minute}), nil, 10 * time.Minute, journal.SomeFailed},
		"another try":       {plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read, Retries: 1}), flaky, 240 * time.Second, journal.Passed},
	} {
		for _, by := range jumps {
			took, s := lasted(t, by, c.plan, newWorld(c.does), nil)
			if took < c.took || took > c.took+time.Second || s.Result != c.result {
				t.Errorf("%s, the clock set by %s: %s after %s, want %s after %s", name, by, s.Result, took, c.result, c.took)
			}
		}
	}
}

// TestClockJumpsAndWindows: a window is a time of day. Where the clock is set into it, the run begins within a minute; where it is set
// back, it waits for the hour as the clock has it.
func TestClockJumpsAndWindows(t *testing.T) {
	opensIn := 3 * time.Hour
	for by, want := range map[time.Duration]time.Duration{0: opensIn, opensIn: 2 * time.Minute, -time.Hour: opensIn + time.Hour} {
		took, s := lasted(t, by, plan(1, runbooks.Step{ID: "a"}), newWorld(nil), func(c *jumpy) Rules {
			from := c.Now().Round(0).Add(opensIn)
			return Rules{Window: func(inventory.Host, time.Time) (Window, error) { return hours{from, from.Add(time.Hour)}, nil }}
		})
		if took < want || took > want+glance+time.Second || s.Result != journal.Passed {
			t.Errorf("the clock set by %s: %s after %s, want %s", by, s.Result, took, want)
		}
	}
}

// TestClockSetBackBetweenTwoRunners: a run that is taken up again does not wait for the clock to come round, and its soak is whole.
func TestClockSetBackBetweenTwoRunners(t *testing.T) {
	for _, by := range jumps {
		bubble(t, func(t *testing.T, c *jumpy) {
			book := journal.NewMemory("ops@test", c.Now)
			s := begun(t, book, plan(1, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: 30 * time.Minute}))
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
			defer stop()
			if err := New(book, newWorld(nil), nil, Options{Clock: c}).Run(ctx, s, nil); err == nil {
				t.Fatal("the first runner came to the end")
			}
			c.set(by)
			if _, err := book.Append(t.Context(), s.Run, journal.RunnerStarted{Resumed: true}); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			s = refold(t, book, s.Run)
			if err := New(book, newWorld(nil), nil, Options{Clock: c}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
				t.Fatal(err, s.Result)
			}
			want := map[bool]time.Duration{true: 30 * time.Minute, false: 20 * time.Minute}[by < 0]
			if took := time.Since(start); by <= 0 && (took < want || took > want+time.Second) {
				t.Errorf("the clock set by %s: the rest took %s, want %s", by, took, want)
			}
		})
	}
}
