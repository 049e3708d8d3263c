package ui

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
	"tend/runbooks"
)

// wire runs the console over 10,000 hosts on a real terminal of the type term, with a clock that the test moves.
func wire(t testing.TB, x *terminal, term string, now func() time.Time) {
	cfg := Config{Inventory: big(t, 10_000), Library: library(), Journal: journal.NewMemory("ops@test", nil), StateDir: t.TempDir(), Env: []string{"TERM=" + term}, Now: now}
	x.run(context.Background(), cfg)
}

// settled waits until nothing has been written for a while, and says how much there is.
func (x *terminal) settled() int {
	x.t.Helper()
	last, since := len(x.bytes()), time.Now()
	for time.Since(since) < 400*time.Millisecond {
		time.Sleep(20 * time.Millisecond) // watching a terminal
		if n := len(x.bytes()); n != last {
			last, since = n, time.Now()
		}
	}
	return last
}

// TestBytesOnTheWire: a move of the cursor in a list of 10,000 hosts costs less than 200 bytes in every tier, and a minute in which nobody does
// anything less than 100.
func TestBytesOnTheWire(t *testing.T) {
	for _, term := range []string{"vt220", "xterm", "xterm-256color"} {
		t.Run(term, func(t *testing.T) {
			x := newTerminal(t, 80, 24)
			start := time.Now()
			wire(t, x, term, func() time.Time { return noon.Add(20 * time.Since(start)) }) // three seconds are a minute
			x.see("? help")
			x.keys("+")
			x.see("h0-00-01")
			was := x.settled()
			for _, at := range []string{"2", "3", "4", "5", "6", "7", "8", "9", "10", "11"} {
				x.keys("j")
				x.see(" " + at + " of 10")
			}
			per := (x.settled() - was) / 10
			t.Logf("%s: a move of the cursor costs %d bytes", term, per)
			if per > 200 {
				t.Errorf("a move of the cursor costs %d bytes", per)
			}
			was = x.settled()
			time.Sleep(3 * time.Second) // what is measured
			n := len(x.bytes()) - was
			t.Logf("%s: an idle minute costs %d bytes", term, n)
			if n > 100 {
				t.Errorf("an idle minute costs %d bytes: %q", n, x.bytes()[was:])
			}
			if err := x.end(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(x.bytes(), "10250") && !strings.Contains(x.bytes(), "10000 hosts") {
				t.Error("it was not the large fleet")
			}
		})
	}
}

// BenchmarkOpen is from the call to the first picture on a real terminal, 10,000 hosts; the inventory is read already.
func BenchmarkOpen(b *testing.B) {
	inv := big(b, 10_000)
	for b.Loop() {
		b.StopTimer()
		x := newTerminal(b, 80, 24)
		cfg := Config{Inventory: inv, Journal: journal.NewMemory("x", nil), StateDir: b.TempDir(), Env: []string{"TERM=xterm-256color"}}
		b.StartTimer()
		x.run(context.Background(), cfg)
		x.see("FLEET all sites")
		b.StopTimer()
		if err := x.end(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkFirstLook opens a run over 10,000 hosts that has ended, until the screen shows how it did.
func BenchmarkFirstLook(b *testing.B) {
	inv := big(b, 10_000)
	j := journal.NewMemory("x", nil)
	plan := runbooks.Plan{Runbook: "health", Risk: runbooks.Read, Hosts: inv.Hosts, Steps: []runbooks.Step{{ID: "checks", Kind: runbooks.Check, Risk: runbooks.Read, Emits: "checks"}}}
	put := func(bodies ...journal.Body) {
		if _, err := j.Append(b.Context(), "r1", bodies...); err != nil {
			b.Fatal(err)
		}
	}
	wave := runbooks.Wave{Name: "all"}
	for _, h := range inv.Hosts {
		wave.Hosts = append(wave.Hosts, h.Name)
	}
	plan.Waves = []runbooks.Wave{wave}
	put(journal.PlanAccepted{Plan: plan}, journal.WaveOpened{})
	for _, h := range inv.Hosts {
		var facts []runbooks.Fact
		for i := range 20 {
			facts = append(facts, runbooks.Fact{Key: "check:" + itoa(i), Value: "41", Unit: "%", Threshold: "85/95", Check: true, State: runbooks.CheckOK}, runbooks.Fact{Key: "fact." + itoa(i), Value: "some value"})
		}
		put(journal.StepStarted{Host: h.Name, Step: "checks", Attempt: 1}, journal.OutputRead{Host: h.Name, Step: "checks", Attempt: 1, Data: []byte("fine\n")},
			journal.FactsRead{Host: h.Name, Step: "checks", Facts: facts}, journal.StepEnded{Host: h.Name, Step: "checks", Attempt: 1, Outcome: journal.OK})
	}
	put(journal.RunClosed{Result: journal.Passed})
	for b.Loop() {
		b.StopTimer()
		x := newTerminal(b, 80, 24)
		cfg := Config{Inventory: inv, Journal: j, Open: "r1", Env: []string{"TERM=xterm-256color"}}
		b.StartTimer()
		x.run(context.Background(), cfg)
		x.see("PASSED")
		b.StopTimer()
		if err := x.end(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// TestFramesAreCapped: how many pictures a second a terminal gets at most, by its tier, and how often what hosts say is taken up.
func TestFramesAreCapped(t *testing.T) {
	for tier, most := range map[Tier]int64{Plain: 8, Basic: 20, Full: 60} {
		p := tea.NewProgram(nil, options(Config{Tier: tier, Input: strings.NewReader(""), Output: io.Discard}, &work{})...)
		if fps := reflect.ValueOf(p).Elem().FieldByName("fps").Int(); fps < 1 || fps > most {
			t.Errorf("%v: %d frames a second, at most %d are wanted", tier, fps, most)
		}
	}
	if a, b := pullEvery(Plain), pullEvery(Full); a != time.Second || b != time.Second/4 {
		t.Errorf("what hosts say is taken up every %v and %v", a, b)
	}
}
