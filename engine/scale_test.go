package engine

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// bare is a recorder without a memory: what an engine costs without a journal.
type bare struct {
	mu      sync.Mutex
	seq     uint64
	appends int
}

func (b *bare) Append(_ context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.appends++
	events, now := make([]journal.Event, len(bodies)), time.Now()
	for i, body := range bodies {
		b.seq++
		events[i] = journal.Event{Run: run, Seq: b.seq, At: now, Body: body}
	}
	return events, nil
}

// counted is a bare recorder that keeps books of its own of who is down, and holds max_down at every event: an event changes one host, so that
// only the groups of that host are looked at.
type counted struct {
	bare
	s      *journal.State
	groups map[inventory.HostID][]int // by host, places in the plan's groups
	isDown map[inventory.HostID]bool
	down   []int // by group
	most   int   // that a group had down at any time
	broken error
}

func newCounted(p runbooks.Plan) *counted {
	c := &counted{s: journal.NewState(), groups: map[inventory.HostID][]int{}, isDown: map[inventory.HostID]bool{}, down: make([]int, len(p.Groups))}
	for i, g := range p.Groups {
		for _, h := range g.Hosts {
			c.groups[h] = append(c.groups[h], i)
		}
	}
	return c
}

func (c *counted) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	events, err := c.bare.Append(ctx, run, bodies...)
	for _, e := range events {
		c.s.Apply(e)
		switch b := e.Body.(type) {
		case journal.StepStarted:
			c.look(b.Host, false)
		case journal.StepEnded:
			c.look(b.Host, !b.Outcome.Good())
		}
	}
	return events, err
}

// look counts a host as down from its first step on, until it has ended well.
func (c *counted) look(id inventory.HostID, hurt bool) {
	h := c.s.Host(id)
	is, by := h.Phase == journal.AtWork || h.Phase == journal.Ended && hurt, 1
	if is == c.isDown[id] {
		return
	}
	if c.isDown[id] = is; !is {
		by = -1
	}
	for _, i := range c.groups[id] {
		c.down[i] += by
		c.most = max(c.most, c.down[i])
		if g := c.s.Plan().Groups[i]; c.down[i] > g.MaxDown && c.broken == nil {
			c.broken = fmt.Errorf("group %s has %d down, %d may be", g.Name, c.down[i], g.MaxDown)
		}
	}
}

// idle are hands that do nothing, and that fast.
type idle struct{ carried, forgot atomic.Int64 }

func (i *idle) Carry(_ context.Context, _ Order, sink func(int64, []byte) error) (int, error) {
	i.carried.Add(1)
	return 0, sink(0, []byte("ok\n"))
}
func (i *idle) Forget(context.Context, inventory.Host, string) error {
	i.forgot.Add(1)
	return nil
}
func (i *idle) Signal(context.Context, inventory.Host, string, string) error { return nil }

// TestTenThousandHosts carries a run over 10,000 hosts in groups (2,000 with -short), with failures, and holds max_down at every event.
func TestTenThousandHosts(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 2_000
	}
	p := plan(n, runbooks.Step{ID: "a", Risk: runbooks.Read, Retries: 1}, runbooks.Step{ID: "b", Risk: runbooks.Disrupt})
	p = waves(p, 1, 99, 900, n-1000)
	p.Risk, p.Policy = runbooks.Disrupt, runbooks.Policy{Parallel: 200, MaxFailures: "20%", Pause: "5m"}
	for i := 0; i+7 <= n; i += 5 { // each overlaps with the next
		g := inventory.Group{Name: fmt.Sprint("g", i), MaxDown: 2}
		for _, h := range p.Hosts[i : i+7] {
			g.Hosts = append(g.Hosts, h.Name)
		}
		p.Groups = append(p.Groups, g)
	}
	synctest.Test(t, func(t *testing.T) {
		w := chaos(4711)
		does := w.does
		w.does = func(h inventory.HostID, s string, nth int) act { // one host in twelve is drawn a fault, and has it once more
			a := does(h, s, nth)
			if h[len(h)-1] != '7' {
				a.exit, a.err = 0, nil
			}
			a.output = a.output[:min(len(a.output), 10)]
			return a
		}
		rec := newCounted(p)
		s := begun(t, rec, p)
		began := time.Now()
		if err := New(rec, w, w, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		if s.Tally.AtWork != 0 || w.peak > 200 || w.twice != nil || w.peak < 100 {
			t.Errorf("%+v, %d at once, %v", s.Tally, w.peak, w.twice)
		}
		if rec.broken != nil || rec.most != 2 {
			t.Errorf("%v; at most %d of a group were down", rec.broken, rec.most)
		}
		if s.Tally.Bad() < n/200 || s.Tally.By[journal.OK] < n*8/10 {
			t.Errorf("%+v: %s %s", s.Tally, s.Result, s.Reason)
		}
		t.Logf("%s after %s, %d events in %d appends: %s", s.Result, time.Since(began), s.Seq, rec.appends, s.Reason)
	})
}

// BenchmarkHostStep is what a step on a host costs beyond the road and the journal, at 10,000 hosts.
func BenchmarkHostStep(b *testing.B) {
	const n = 10_000
	p := plan(n, runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "b"}, runbooks.Step{ID: "c"}, runbooks.Step{ID: "d"})
	b.ReportAllocs()
	steps := 0
	for b.Loop() {
		rec, h := &bare{}, &idle{}
		s := begun(b, rec, p)
		if err := New(rec, h, nil, Options{}).Run(context.Background(), s, nil); err != nil || s.Result != journal.Passed {
			b.Fatal(err, s.Result)
		}
		if h.forgot.Load() != 3*n || h.carried.Load() != 4*n {
			b.Fatal("steps are missing")
		}
		steps += 4 * n
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(steps), "µs/step")
}

func TestJobNames(t *testing.T) {
	plain := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	seen := map[string]string{}
	for _, h := range []string{"db-1", "db/1", "db_1", "böse", "a b", strings.Repeat("x", 200), strings.Repeat("x", 199) + "y", "..", "-rf", ""} {
		for _, step := range []runbooks.StepID{"up", "up-grade"} {
			name := jobName("261122-2213-k7f3", step, inventory.HostID(h), 12)
			if !plain.MatchString(name) || len(name) > maxJob {
				t.Errorf("%q", name)
			}
			if other, twice := seen[name]; twice {
				t.Errorf("%q and %q are both %s", other, h, name)
			}
			seen[name] = h
		}
	}
	if got := jobName("261122-2213-k7f3", "upgrade", "db-0712", 1); got != "261122-2213-k7f3-upgrade-db-0712-1" {
		t.Error(got)
	}
	if got := jobName("-x", "a", "b", 1); strings.HasPrefix(got, "-") || got == jobName("x", "a", "b", 1) {
		t.Error(got)
	}
}

// TestEverythingGoesByTheClock: with a clock of its own, a run of an hour takes no time.
func TestEverythingGoesByTheClock(t *testing.T) {
	c := &hand{now: time.Unix(1_800_000_000, 0)}
	book := journal.NewMemory("o", c.Now)
	s := begun(t, book, plan(1, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: time.Hour}, runbooks.Step{ID: "a"}))
	start := c.Now()
	if err := New(book, &idle{}, nil, Options{Clock: c}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
		t.Fatal(err, s.Result)
	}
	if took := s.Closed.Sub(start); took < time.Hour || took > 2*time.Hour {
		t.Errorf("took %s", took)
	}
}

// hand is a clock that goes forward whenever somebody waits for it, and only then.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (c *hand) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *hand) Timer(d time.Duration) (<-chan time.Time, func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d == glance { // the soak, look by look: nothing else is that long
		c.now = c.now.Add(d)
		ch <- c.now
	}
	return ch, func() bool { return true }
}
