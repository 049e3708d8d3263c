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

// TestRunAtFullSpeed: 2,000 hosts and 5,000 lines a second, a key every few milliseconds: no key waits 50 ms for its picture. A
// machine that is busy with something else gets three tries.
func TestRunAtFullSpeed(t *testing.T) {
	inv := big(t, 10_000)
	var median, p99 time.Duration
	for range 3 {
		median, p99 = fullSpeed(t, inv)
		t.Logf("key to view with 2,000 hosts and 5,000 lines a second: median %v, p99 %v", median, p99)
		if median < 16*time.Millisecond && p99 < 50*time.Millisecond || raceOn {
			return
		}
	}
	t.Errorf("median %v and p99 %v, the budgets are 16 and 50 ms", median, p99)
}

func fullSpeed(t *testing.T, inv *inventory.Inventory) (median, p99 time.Duration) {
	c := bigConsole(t, inv)
	w, events := bigRun(inv, 2000)
	c.watches["r1"] = w
	w.feed = newFeed(c.work.ctx, &c.work.wg, readNothing, eventCost)
	c.stack = append(c.stack, newRunScreen(c, w))
	var took []time.Duration
	for second := range 3 {
		for pull := range 4 {
			w.feed.mu.Lock()
			w.feed.buf = append(w.feed.buf, events[pull*1250:(pull+1)*1250]...)
			w.feed.mu.Unlock()
			for range 10 {
				start := time.Now()
				c.Update(pullMsg{})
				c.View()
				c.Update(keyMsg([]string{"j", "k", "tab"}[second]))
				c.View()
				took = append(took, time.Since(start))
			}
		}
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// TestPagerAtFullSpeed: 100 MB of output arrive while keys are pressed; none of them waits, and memory stays bounded.
func TestPagerAtFullSpeed(t *testing.T) {
	c := bigConsole(t, big(t, 400))
	w, _ := bigRun(c.cfg.Inventory, 1)
	p := newTextPager("OUTPUT", "x", "")
	p.state, p.wanted, p.follow = w.state, map[inventory.HostID]bool{w.state.Hosts[0].ID: true}, true
	p.feed = newFeed(c.work.ctx, &c.work.wg, readNothing, eventCost)
	c.stack = append(c.stack, p)
	piece := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 320)) // 32,000 bytes, as SSH hands them over
	var took []time.Duration
	for i := range 100_000_000 / len(piece) {
		p.feed.mu.Lock()
		p.feed.buf = append(p.feed.buf, journal.Event{Run: "r1", At: noon, Body: journal.OutputRead{Host: w.state.Hosts[0].ID, Step: "upgrade", Attempt: 1, Offset: int64(i * len(piece)), Data: piece}})
		p.feed.mu.Unlock()
		if i%16 == 0 {
			start := time.Now()
			c.Update(pullMsg{})
			c.View()
			c.Update(keyMsg([]string{"k", "b", "G", "f"}[i/16%4]))
			c.View()
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("key to view while 100 MB arrive: median %v, p99 %v; %d MB held, %d lines left", took[len(took)/2], p99, p.store.bytes>>20, p.store.dropped)
	if p.store.bytes > storeBytes || p.store.dropped == 0 {
		t.Errorf("%d bytes held, %d lines left", p.store.bytes, p.store.dropped)
	}
	if p99 > 100*time.Millisecond && !raceOn {
		t.Errorf("p99 is %v", p99)
	}
}

func readNothing(ctx context.Context) iter.Seq2[journal.Event, error] {
	return func(func(journal.Event, error) bool) { <-ctx.Done() }
}

// slow passes 960 bytes a second, as a line of 9600 baud does.
type slow struct {
	file
	x *terminal
}

func (s slow) Write(p []byte) (int, error) {
	for from := 0; from < len(p); from += 48 {
		end := min(from+48, len(p))
		time.Sleep(time.Duration(end-from) * time.Second / 960)
		if _, err := s.file.Write(p[from:end]); err != nil {
			return from, err
		}
	}
	return len(p), nil
}

// TestSerialLine: 9600 baud, a run that prints all the time: a move of the cursor is there within 300 ms in the median, and costs less
// than 200 bytes; the pager opens within two seconds.
func TestSerialLine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a serial line does")
	}
	x := newTerminal(t, 80, 24)
	cfg := realConfig(t)
	cfg.Env, cfg.Input, cfg.Output = []string{"TERM=vt220"}, x.tty, slow{x.tty, x}
	go func() { x.over <- Run(context.Background(), cfg) }()
	x.see(">  [-] nyc1"[:2])
	x.see("? help")
	var took []time.Duration
	was := len(x.bytes())
	for i := range 8 {
		x.keys([]string{"j", "k"}[i%2])
		start := time.Now()
		marks := []string{">   [+] r01", "> [-] nyc1"}
		x.see(marks[i%2])
		waitFor(t, func() bool { return !strings.Contains(x.text(), marks[(i+1)%2]) })
		took = append(took, time.Since(start))
	}
	per := (len(x.bytes()) - was) / len(took)
	slices.Sort(took)
	t.Logf("a move of the cursor at 9600 baud: median %v, most %v, %d bytes", took[len(took)/2], took[len(took)-1], per)
	if took[len(took)/2] > 300*time.Millisecond && !raceOn {
		t.Errorf("the median move takes %v, the budget is 300 ms", took[len(took)/2])
	}
	if per > 200 {
		t.Errorf("a move of the cursor costs %d bytes, the budget is 200", per)
	}
	x.keys("jr")
	x.see("RUNBOOKS")
	start := time.Now()
	x.keys("v")
	x.see("(end)")
	if d := time.Since(start); d > 2*time.Second && !raceOn {
		t.Errorf("the pager opens after %v, the budget is 2 s", d)
	} else {
		t.Logf("the pager opens after %v", d)
	}
	x.keys("\x03\x03")
	if err := x.left(); err != nil {
		t.Fatal(err)
	}
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
