package ui

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// big is an inventory of n hosts in racks of 40.
func big(tb testing.TB, n int) *inventory.Inventory {
	tb.Helper()
	var b strings.Builder
	for s := range 10 {
		fmt.Fprintf(&b, "[[site]]\nname = \"s%d\"\n", s)
		for r := range n / 400 {
			fmt.Fprintf(&b, "  [[site.rack]]\n  name = \"r%02d\"\n  units = 48\n    [[site.rack.host]]\n    name = \"h%d-%02d-[01-40]\"\n    unit = 1\n", r, s, r)
		}
	}
	inv, err := inventory.Parse("big.toml", []byte(b.String()))
	if err != nil {
		tb.Fatal(err)
	}
	if len(inv.Hosts) != n {
		tb.Fatalf("%d hosts, wanted %d", len(inv.Hosts), n)
	}
	return inv
}

func bigConsole(tb testing.TB, inv *inventory.Inventory) *console {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &work{ctx: ctx}
	tb.Cleanup(func() { cancel(); w.close() })
	c := newConsole(Config{Inventory: inv, Journal: journal.NewMemory("x", nil), Now: time.Now, Tier: Full}, w)
	c.Update(windowSize(80, 24))
	return c
}

// BenchmarkFirstPaint is from the inventory to the first picture, 10,000 hosts.
func BenchmarkFirstPaint(b *testing.B) {
	inv := big(b, 10_000)
	for b.Loop() {
		bigConsole(b, inv).View()
	}
}

// BenchmarkKey is one key and its picture, 10,000 hosts unfolded.
func BenchmarkKey(b *testing.B) {
	inv := big(b, 10_000)
	for name, keys := range map[string][]string{"move": {"j"}, "page": {"ctrl+f"}, "end": {"G", "g"}, "fold": {"-", "+"}, "filter": {"/", "h", "9", "esc"}} {
		b.Run(name, func(b *testing.B) {
			c := bigConsole(b, inv)
			c.Update(keyMsg("+"))
			c.View()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				c.Update(keyMsg(keys[i%len(keys)]))
				c.View()
			}
		})
	}
}

// bigRun is a run over n hosts, each in its first step.
func bigRun(inv *inventory.Inventory, n int) (*watch, []journal.Event) {
	p := runbooks.Plan{Runbook: "patch", Hosts: inv.Hosts[:n], Steps: []runbooks.Step{{ID: "upgrade", Kind: runbooks.Script, Risk: runbooks.Change}, {ID: "verify", Kind: runbooks.Script}}}
	var wave runbooks.Wave
	for _, h := range p.Hosts {
		wave.Hosts = append(wave.Hosts, h.Name)
	}
	p.Waves = []runbooks.Wave{wave}
	w := &watch{run: "r1", state: journal.NewState()}
	seq := uint64(0)
	event := func(b journal.Body) journal.Event {
		seq++
		return journal.Event{Run: "r1", Seq: seq, At: noon, Body: b}
	}
	w.apply(event(journal.PlanAccepted{Plan: p}))
	w.apply(event(journal.WaveOpened{}))
	for _, h := range p.Hosts {
		w.apply(event(journal.StepStarted{Host: h.Name, Step: "upgrade", Attempt: 1}))
	}
	events := make([]journal.Event, 5000) // a second of output
	for i := range events {
		events[i] = event(journal.OutputRead{Host: p.Hosts[i%n].Name, Step: "upgrade", Attempt: 1, Offset: int64(i / n * 64), Data: []byte(fmt.Sprintf("%-63d\n", i))})
	}
	return w, events
}

// spread prints the median and the 99th percentile of what was measured, beside the budgets: what a clock says fails no test, since a busy machine
// would fail it.
func spread(b *testing.B, took []time.Duration, median, p99 time.Duration) {
	slices.Sort(took)
	ms := func(name string, d time.Duration) { b.ReportMetric(float64(d.Microseconds())/1000, name) }
	ms("ms-median", took[len(took)/2])
	ms("ms-median-budget", median)
	ms("ms-p99", took[len(took)*99/100])
	ms("ms-p99-budget", p99)
}

// flood is a console that shows a run over 2,000 hosts, and a second of its output: 5,000 lines.
func flood(tb testing.TB) (*console, *watch, []journal.Event) {
	inv := big(tb, 10_000)
	c := bigConsole(tb, inv)
	w, events := bigRun(inv, 2000)
	c.watches["r1"] = w
	w.feed = newFeed(c.work.ctx, &c.work.wg, readNothing, eventCost)
	c.stack = append(c.stack, newRunScreen(c, w))
	return c, w, events
}

func arrive(f *feed[journal.Event], events ...journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buf = append(f.buf, events...)
}

// BenchmarkRunAtFullSpeed is one key and its picture while 2,000 hosts print 5,000 lines a second, forty keys a second.
func BenchmarkRunAtFullSpeed(b *testing.B) {
	c, w, events := flood(b)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		if i%10 == 0 {
			pull := i / 10 % 4
			arrive(w.feed, events[pull*1250:(pull+1)*1250]...)
		}
		start := time.Now()
		c.Update(pullMsg{})
		c.View()
		c.Update(keyMsg([]string{"j", "k", "tab"}[i/40%3]))
		c.View()
		took = append(took, time.Since(start))
	}
	spread(b, took, 16*time.Millisecond, 50*time.Millisecond)
}

// TestKeysComeBetween: however much has arrived and however slow the machine is, a pull whose time is over takes 256 events more at most and
// then lets keys have their turn; and output alone makes no group anew, so that no line of it costs a picture.
func TestKeysComeBetween(t *testing.T) {
	c, w, events := flood(t)
	s := c.top().(*runScreen)
	s.refresh()
	groups := &s.groups[0]
	arrive(w.feed, events...)
	over := func() time.Time { return noon }
	for turn, more := 0, true; more; turn++ {
		was := w.version
		if _, more = w.pull(c.fleet, noon, over); w.version-was > 256 {
			t.Fatalf("%d events before a key has its turn", w.version-was)
		}
		if turn > len(events)/256 {
			t.Fatal("the backlog is never over")
		}
		at := s.list.at
		c.Update(keyMsg([]string{"j", "k"}[turn%2]))
		c.View()
		if s.mode == folded && len(s.groups) > 1 && s.list.at == at {
			t.Fatal("the key was not heard")
		}
	}
	if w.state.Seq != events[len(events)-1].Seq {
		t.Errorf("taken up to event %d of %d", w.state.Seq, events[len(events)-1].Seq)
	}
	if &s.groups[0] != groups {
		t.Error("lines of output made the groups anew")
	}
}

// outputPager follows one host's output.
func outputPager(tb testing.TB) (*console, *pager) {
	c := bigConsole(tb, big(tb, 400))
	w, _ := bigRun(c.cfg.Inventory, 1)
	p := newTextPager("OUTPUT", "x", "")
	p.state, p.wanted, p.follow = w.state, map[inventory.HostID]bool{w.state.Hosts[0].ID: true}, true
	p.feed = newFeed(c.work.ctx, &c.work.wg, readNothing, eventCost)
	c.stack = append(c.stack, p)
	return c, p
}

var piece = []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 320)) // 32,000 bytes, as SSH hands them over

// pieces are n pieces of the host's output, the first of which is the i-th.
func pieces(p *pager, i, n int) []journal.Event {
	var events []journal.Event
	for ; n > 0; i, n = i+1, n-1 {
		events = append(events, journal.Event{Run: "r1", At: noon, Body: journal.OutputRead{Host: p.state.Hosts[0].ID, Step: "upgrade", Attempt: 1, Offset: int64(i * len(piece)), Data: piece}})
	}
	return events
}

// BenchmarkPagerAtFullSpeed is one key and its picture after half a megabyte has come: 200 of them are 100 MB.
func BenchmarkPagerAtFullSpeed(b *testing.B) {
	c, p := outputPager(b)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		arrive(p.feed, pieces(p, i*16, 16)...)
		start := time.Now()
		c.Update(pullMsg{})
		c.View()
		c.Update(keyMsg([]string{"k", "b", "G", "f"}[i%4]))
		c.View()
		took = append(took, time.Since(start))
	}
	spread(b, took, 16*time.Millisecond, 100*time.Millisecond)
}

// TestPagerIsBounded: of 100 MB of output the pager holds its bound and says how many lines have left; a pull whose time is over takes 256 pieces
// at most; and a picture of a full pager costs what one of a page costs, wherever in it.
func TestPagerIsBounded(t *testing.T) {
	c, p := outputPager(t)
	arrive(p.feed, pieces(p, 0, 1)...)
	p.Pull(0)
	page := testing.AllocsPerRun(5, func() { c.View() })
	for i := 1; i*len(piece) < 100_000_000; i += 1000 {
		arrive(p.feed, pieces(p, i, 1000)...)
		for more, was := true, 1000; more; {
			_, more = p.Pull(0)
			left := len(p.feed.buf)
			if was-left > 256 {
				t.Fatalf("%d pieces before a key has its turn", was-left)
			}
			was = left
		}
	}
	if p.store.bytes > storeBytes || p.store.dropped == 0 || p.store.len()+p.store.dropped < 100_000_000/100 {
		t.Errorf("%d bytes held, %d lines held, %d left", p.store.bytes, p.store.len(), p.store.dropped)
	}
	for _, key := range []string{"G", "b", "k", "g"} {
		c.Update(keyMsg(key))
		if n := testing.AllocsPerRun(5, func() { c.View() }); n > 2*page {
			t.Errorf("after %s a picture of %d lines takes %v allocations, one of a page %v", key, p.store.len(), n, page)
		}
	}
}

// TestPictureCostsAPage: a move of the cursor over 10,000 hosts unfolded makes no more than one over 400 does.
func TestPictureCostsAPage(t *testing.T) {
	cost := func(n int) float64 {
		c := bigConsole(t, big(t, n))
		c.Update(keyMsg("+"))
		c.View()
		return testing.AllocsPerRun(5, func() {
			c.Update(keyMsg("j"))
			c.View()
		})
	}
	if few, many := cost(400), cost(10_000); many > 2*few {
		t.Errorf("%v allocations with 10,000 hosts, %v with 400", many, few)
	}
}

func readNothing(ctx context.Context) iter.Seq2[journal.Event, error] {
	return func(func(journal.Event, error) bool) { <-ctx.Done() }
}

// TestIdle: a console that nobody touches and nothing happens to writes next to nothing.
func TestIdle(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.c.follow("r0")
	d.Pull()
	was := strings.Join(d.Screen(), "\n")
	for range 4 * 59 {
		d.now = d.now.Add(250 * time.Millisecond)
		d.send(pullMsg{})
		if now := strings.Join(d.Screen(), "\n"); now != was {
			t.Fatalf("the picture changes by itself within a minute:\n%s\nwas\n%s", now, was)
		}
	}
	d.now = d.now.Add(2 * time.Second)
	d.send(pullMsg{})
	if now := strings.Join(d.Screen(), "\n"); now == was {
		t.Fatal("the ages stand still for ever")
	}
}

// BenchmarkFold groups a run of 2,000 hosts.
func BenchmarkFold(b *testing.B) {
	w, events := bigRun(big(b, 10_000), 2000)
	for _, e := range events {
		w.apply(e)
	}
	for b.Loop() {
		w.fold()
	}
}

// BenchmarkPull takes up a quarter of a second's events.
func BenchmarkPull(b *testing.B) {
	w, events := bigRun(big(b, 10_000), 2000)
	for i := 0; b.Loop(); i++ {
		w.apply(events[i%len(events)])
	}
}
