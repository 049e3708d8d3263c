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

// up is how long the machine has been up, whatever its clock is set to.
func (c *jumpy) up() time.Duration { return time.Hour + time.Since(c.begun) }

// took says that a runner takes the run up, as its process would.
func (c *jumpy) took(t *testing.T, book *journal.Memory, boot string, resumed bool, before ...journal.Body) *journal.State {
	t.Helper()
	b := journal.RunnerStarted{PID: 1, BootID: boot, Resumed: resumed}
	if boot != "" {
		b.Up = c.up().Milliseconds()
	}
	if _, err := book.Append(t.Context(), "261122-2213-k7f3", append(before, b)...); err != nil {
		t.Fatal(err)
	}
	s := journal.NewState()
	for _, e := range all(t, book, "261122-2213-k7f3") {
		s.Apply(e)
	}
	return s
}

// rest lets a runner soak for 10 of 30 minutes and die, and says how long the next one soaks. The clock is set when so much has passed: in
// the first 10 minutes under the first runner, then where there is none, and behind that under the second.
func rest(t *testing.T, boots [2]string, sets map[time.Duration]time.Duration, p runbooks.Plan, soaked time.Duration) (took time.Duration) {
	t.Helper()
	bubble(t, func(t *testing.T, c *jumpy) {
		defer func(start time.Time) { took = time.Since(start) - soaked - time.Minute }(time.Now())
		for at, by := range sets {
			time.AfterFunc(at, func() { c.set(time.Duration(c.by.Load())*time.Second + by) })
		}
		book, opt := journal.NewMemory("ops@test", c.Now), Options{Clock: c}
		if boots[0] != "" {
			opt.Up = c.up
		}
		p.Digest = p.ComputeDigest()
		s := c.took(t, book, boots[0], false, journal.PlanAccepted{Plan: p, By: journal.Who{User: "ops"}})
		ctx, stop := context.WithTimeout(t.Context(), soaked)
		defer stop()
		if err := New(book, newWorld(nil), nil, opt).Run(ctx, s, nil); err == nil {
			t.Fatal("the first runner came to the end")
		}
		time.Sleep(time.Minute)
		s = c.took(t, book, boots[1], true)
		if err := New(book, newWorld(nil), nil, opt).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
			t.Fatal(err, s.Result)
		}
	})
	return took
}

// TestClockSetBetweenTwoRunners: on one boot of this machine a soak and a pause between waves last as long as they should, whenever the
// clock is set, forward or back, once or twice. Behind a restart there is only the clock: set back, the soak begins anew; set forward, it is over.
func TestClockSetBetweenTwoRunners(t *testing.T) {
	const h = time.Hour
	same, none := [2]string{"b", "b"}, [2]string{}
	soak := plan(1, runbooks.Step{ID: "a"}, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: 30 * time.Minute})
	pause := waves(plan(2, runbooks.Step{ID: "a"}), 1, 1)
	pause.Policy.Pause = "30m"
	for name, c := range map[string]struct {
		boots [2]string
		sets  map[time.Duration]time.Duration // by when
		want  time.Duration                   // what is left of the soak
	}{
		"not set":                       {same, nil, 19 * time.Minute},
		"forward, no runner":            {same, map[time.Duration]time.Duration{10*time.Minute + time.Second: 24 * h}, 19 * time.Minute},
		"back, no runner":               {same, map[time.Duration]time.Duration{10*time.Minute + time.Second: -24 * h}, 19 * time.Minute},
		"a little forward, no runner":   {same, map[time.Duration]time.Duration{10*time.Minute + time.Second: 15 * time.Minute}, 19 * time.Minute},
		"forward under the first":       {same, map[time.Duration]time.Duration{5 * time.Minute: 24 * h}, 19 * time.Minute},
		"back under the first":          {same, map[time.Duration]time.Duration{5 * time.Minute: -24 * h}, 19 * time.Minute},
		"forward under the second":      {same, map[time.Duration]time.Duration{15 * time.Minute: 24 * h}, 19 * time.Minute},
		"back under the second":         {same, map[time.Duration]time.Duration{15 * time.Minute: -24 * h}, 19 * time.Minute},
		"back and mended, no runner":    {same, map[time.Duration]time.Duration{5 * time.Minute: -h, 10*time.Minute + time.Second: h}, 19 * time.Minute},
		"forward and mended, no runner": {same, map[time.Duration]time.Duration{5 * time.Minute: h, 10*time.Minute + time.Second: -h}, 19 * time.Minute},
		"back, the soak, and mended":    {same, map[time.Duration]time.Duration{500 * time.Millisecond: -h, 10*time.Minute + time.Second: h}, 19 * time.Minute},
		"forward, the soak, and mended": {same, map[time.Duration]time.Duration{500 * time.Millisecond: h, 10*time.Minute + time.Second: -h}, 19 * time.Minute},
		"restarted":                     {[2]string{"b", "c"}, nil, 19 * time.Minute},
		"restarted, forward":            {[2]string{"b", "c"}, map[time.Duration]time.Duration{10*time.Minute + time.Second: 24 * h}, 0},
		"restarted, back":               {[2]string{"b", "c"}, map[time.Duration]time.Duration{10*time.Minute + time.Second: -24 * h}, 30 * time.Minute},
		"nobody can tell, not set":      {none, nil, 19 * time.Minute},
		"nobody can tell, forward":      {none, map[time.Duration]time.Duration{10*time.Minute + time.Second: 24 * h}, 0},
		"nobody can tell, back":         {none, map[time.Duration]time.Duration{10*time.Minute + time.Second: -24 * h}, 30 * time.Minute},
	} {
		if took := rest(t, c.boots, c.sets, soak, 10*time.Minute); took < c.want || took > c.want+time.Second {
			t.Errorf("a soak, %s: the rest took %s, want %s", name, took, c.want)
		}
		want := c.want + 2*time.Second // both hosts' steps
		if c.want == 30*time.Minute {
			want -= time.Second // the first host's end is what begins anew
		}
		if took := rest(t, c.boots, c.sets, pause, 10*time.Minute); took < c.want || took > want+time.Second {
			t.Errorf("between waves, %s: the rest took %s, want %s", name, took, want)
		}
	}
}

// TestClockThatIsSetIsSaid: the journal says so, once, and ahead of what is recorded next.
func TestClockThatIsSetIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T, c *jumpy) {
		book := journal.NewMemory("ops@test", c.Now)
		s := begun(t, book, plan(1, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: 30 * time.Minute}, runbooks.Step{ID: "a"}))
		time.AfterFunc(10*time.Minute, func() { c.set(-2 * time.Hour) })
		if err := New(book, newWorld(nil), nil, Options{Clock: c, Up: c.up}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		events := all(t, book, s.Run)
		if r := remarks(events); len(r) != 1 || r[0] != "the clock of this machine was set back by 2h0m0s" {
			t.Fatalf("remarks %q", r)
		}
		for i, e := range events[1:] {
			_, said := e.Body.(journal.Remarked)
			if back := e.At.Before(events[i].At); back != said {
				t.Errorf("%T at %s, behind %s", e.Body, e.At, events[i].At)
			}
		}
	})
}
