package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// desk is a run in a bubble, with an operator at it.
type desk struct {
	t    *testing.T
	book *journal.Memory
	w    *world
	e    *Engine
	s    *journal.State
	say  chan Word
	stop context.CancelFunc
	done chan error
}

// atDesk starts a run of the plan. It must be called in a bubble.
func atDesk(t *testing.T, p runbooks.Plan, w *world, opt Options) *desk {
	d := &desk{t: t, book: journal.NewMemory("ops@test", nil), w: w, say: make(chan Word), done: make(chan error, 1)}
	d.s = begun(t, d.book, p)
	d.e = New(d.book, w, w, opt)
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go func() { d.done <- d.e.Run(ctx, d.s, d.say) }()
	t.Cleanup(stop)
	return d
}

func (d *desk) decide(k journal.Decision, host string) {
	d.say <- Word{Decided: journal.Decided{Decision: k, Host: inventory.HostID(host), By: journal.Who{User: "ops"}}}
	synctest.Wait()
}

// after lets the bubble's time pass.
func (d *desk) after(t time.Duration) { time.Sleep(t); synctest.Wait() }

func (d *desk) end() error {
	d.t.Helper()
	err := <-d.done
	if d.w.twice != nil {
		d.t.Error(d.w.twice)
	}
	return err
}

func (d *desk) story() []string { return story(all(d.t, d.book, d.s.Run)) }

func remarks(events []journal.Event) (list []string) {
	for _, e := range events {
		if b, ok := e.Body.(journal.Remarked); ok {
			list = append(list, strings.TrimSpace(string(b.Host)+" "+b.Text))
		}
	}
	return list
}

func minute(inventory.HostID, string, int) act { return act{takes: time.Minute} }

func stuck(inventory.HostID, string, int) act { return act{stuck: true, output: "working\n"} }

func TestAbortLetsStepsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(3, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
		p.Policy.Parallel = 2
		d := atDesk(t, p, newWorld(minute), Options{})
		d.after(time.Second)
		d.decide(journal.Abort, "")
		if err := d.end(); err != nil {
			t.Fatal(err)
		}
		if got := outcomes(d.s); !slices.Equal(got[:2], []string{"aborted", "aborted"}) || d.s.Tally.Waiting != 1 {
			t.Errorf("%v, %d waiting", got, d.s.Tally.Waiting)
		}
		if d.s.Result != journal.WasAborted || d.s.Reason != "aborted; 1 host was not started" || len(d.w.signals) != 0 {
			t.Errorf("%s %q %v", d.s.Result, d.s.Reason, d.w.signals)
		}
		if d.s.Hosts[0].Steps[0].Outcome != journal.OK || d.w.runs["h00 b"] != 0 {
			t.Errorf("%+v %v", d.s.Hosts[0].Steps[0], d.w.runs)
		}
	})
}

func TestAbortHardSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(h inventory.HostID, step string, _ int) act {
			return act{stuck: true, deaf: h == "h01"}
		})
		p := plan(3, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
		p.Steps[0].Risk = runbooks.Change
		d := atDesk(t, p, w, Options{})
		d.after(time.Second)
		d.decide(journal.Abort, "")
		d.after(time.Hour / 12)
		d.decide(journal.AbortHard, "")
		if err := d.end(); err != nil {
			t.Fatal(err)
		}
		if got := outcomes(d.s); !slices.Equal(got, []string{"aborted", "unknown", "aborted"}) || d.s.Result != journal.WasAborted {
			t.Errorf("%v %s", got, d.s.Result)
		}
		if r := d.s.Hosts[0].Steps[0].Reason; r != "the run was aborted; its process group was signalled and ended with exit 143" {
			t.Errorf("%q", r)
		}
		want := "the run was aborted; job 261122-2213-k7f3-a-h01-1 was signalled, and may still run on the host"
		if r := d.s.Hosts[1].Steps[0].Reason; r != want {
			t.Errorf("%q", r)
		}
		if slices.Contains(w.forgot, "261122-2213-k7f3-a-h01-1") || len(w.forgot) != 2 {
			t.Errorf("what may still run must be left to be found: forgot %v", w.forgot)
		}
	})
}

func TestTimeOut(t *testing.T) {
	for _, c := range []struct {
		name string
		step runbooks.Step
		deaf bool
		out  journal.Outcome
		why  string
	}{
		{"detached", runbooks.Step{ID: "a", Timeout: time.Minute}, false, journal.Failed, "timed out after 1m0s; ended with exit 143"},
		{"default", runbooks.Step{ID: "a"}, false, journal.Failed, "timed out after 10m0s; ended with exit 143"},
		{"may pass", runbooks.Step{ID: "a", OnFailure: "go-on"}, false, journal.Warned, "timed out after 10m0s; ended with exit 143"},
		{"deaf", runbooks.Step{ID: "a"}, true, journal.Unknown,
			"timed out after 10m0s; job 261122-2213-k7f3-a-h00-1 was signalled, and may still run on the host"},
		{"attached", runbooks.Step{ID: "a", Risk: runbooks.Read, Timeout: time.Second}, false, journal.Failed, "timed out after 1s"},
	} {
		w := newWorld(func(inventory.HostID, string, int) act { return act{stuck: true, deaf: c.deaf} })
		s, _, err := carried(t, plan(1, c.step), w, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if st := s.Hosts[0].Steps[0]; st.Outcome != c.out || st.Reason != c.why {
			t.Errorf("%s: %s %q", c.name, st.Outcome, st.Reason)
		}
	}
}

func TestStopFinishesWhatRunsAndLeavesTheRunOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(2, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
		p.Policy.Parallel = 1
		d := atDesk(t, p, newWorld(minute), Options{})
		d.after(time.Second)
		d.stop()
		err := d.end()
		if !errors.Is(err, ErrLeftOpen) {
			t.Fatal(err)
		}
		if got, want := d.story(), []string{"open 0", "start h00 a #1", "end h00 a #1 ok"}; !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		if r := remarks(all(t, d.book, d.s.Run)); len(r) != 1 || !strings.HasSuffix(r[0], "told to stop") {
			t.Errorf("remarks %q", r)
		}
		s := refold(t, d.book, d.s.Run)
		if err := New(d.book, d.w, d.w, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
			t.Errorf("%v %s", err, s.Result)
		}
		if d.w.runs["h00 a"] != 1 || d.w.runs["h01 b"] != 1 {
			t.Errorf("%v", d.w.runs)
		}
	})
}

func TestHaltLeavesStepsOnTheirHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := atDesk(t, plan(1, runbooks.Step{ID: "a"}), newWorld(minute), Options{})
		d.after(time.Second)
		d.stop()
		synctest.Wait()
		d.e.Halt()
		before := time.Now()
		if err := d.end(); !errors.Is(err, ErrLeftOpen) || time.Since(before) > time.Second {
			t.Fatal(err, time.Since(before))
		}
		if st := d.s.Hosts[0].Steps[0]; !st.Running || len(d.w.signals) > 0 || len(d.w.forgot) > 0 {
			t.Errorf("%+v", st)
		}
		if r := remarks(all(t, d.book, d.s.Run)); len(r) != 1 || !strings.Contains(r[0], "at once") || strings.Contains(r[0], "context") {
			t.Errorf("remarks %q", r)
		}
		s := refold(t, d.book, d.s.Run)
		if err := New(d.book, d.w, d.w, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed || d.w.runs["h00 a"] != 1 {
			t.Errorf("%v %s %v", err, s.Result, d.w.runs)
		}
	})
}

func TestStopBehindTheLastStepClosesTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := atDesk(t, plan(1, runbooks.Step{ID: "a"}), newWorld(minute), Options{})
		d.after(time.Second)
		d.stop()
		if err := d.end(); err != nil || d.s.Result != journal.Passed {
			t.Fatal(err, d.s.Result)
		}
	})
}

func TestPauseContinueRetrySkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(h inventory.HostID, step string, nth int) act {
			if step == "a" && (h == "h00" && nth == 1 || h == "h01") {
				return act{exit: 7}
			}
			return act{takes: time.Minute}
		})
		d := atDesk(t, plan(3, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"}), w, Options{})
		d.after(time.Second) // h00 and h01 have failed, h02 is at work
		d.decide(journal.Pause, "")
		d.decide(journal.Retry, "h00")
		d.decide(journal.SkipStep, "h01")
		d.after(time.Hour)
		if got := strings.Join(d.story(), "\n"); strings.Contains(got, " b ") || strings.Contains(got, "close") {
			t.Errorf("a paused run went on:\n%s", got)
		}
		d.decide(journal.Continue, "")
		if err := d.end(); err != nil {
			t.Fatal(err)
		}
		if got := outcomes(d.s); !slices.Equal(got, []string{"ok", "warn", "ok"}) || d.s.Result != journal.Passed {
			t.Errorf("%v %s", got, d.s.Result)
		}
		if w.runs["h00 a"] != 2 || w.runs["h01 a"] != 1 {
			t.Errorf("%v", w.runs)
		}
		if r := remarks(all(t, d.book, d.s.Run)); !slices.Equal(r, []string{"the run is paused"}) {
			t.Errorf("remarks %q", r)
		}
	})
}

// TestWhatIsSoAlreadyIsRecordedOnce: who pauses what is paused, or aborts what was aborted, is told yes, and the journal has it once.
func TestWhatIsSoAlreadyIsRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := atDesk(t, plan(1, runbooks.Step{ID: "a"}), newWorld(func(inventory.HostID, string, int) act { return act{stuck: true, deaf: true} }), Options{})
		d.after(time.Second)
		for _, k := range []journal.Decision{journal.Continue, journal.Pause, journal.Pause, journal.Continue, journal.Continue, journal.Abort, journal.Abort,
			journal.AbortHard, journal.AbortHard, journal.Abort} {
			told := make(chan error, 1)
			d.say <- Word{Decided: journal.Decided{Decision: k}, Told: func(err error) { told <- err }}
			if err := <-told; err != nil {
				t.Errorf("%s: %v", k, err)
			}
		}
		if err := d.end(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range d.story() {
			if word, ok := strings.CutPrefix(line, "decided "); ok {
				got = append(got, word)
			}
		}
		if want := []string{"pause", "continue", "abort", "abort_hard"}; !slices.Equal(got, want) {
			t.Errorf("recorded %q, want %q", got, want)
		}
	})
}

func TestHoldWaitsForTheWordOnUnknownHosts(t *testing.T) {
	lost := func(inventory.HostID, string, int) act { return act{err: errors.New("the host was reinstalled")} }
	for _, c := range []struct {
		decision journal.Decision
		result   journal.Result
		runs     int
	}{{journal.SkipHost, journal.Passed, 1}, {journal.Abort, journal.WasAborted, 1}} {
		synctest.Test(t, func(t *testing.T) {
			d := atDesk(t, plan(1, runbooks.Step{ID: "a"}), newWorld(lost), Options{Hold: true})
			d.after(time.Hour)
			if r := remarks(all(t, d.book, d.s.Run)); !slices.Equal(r, []string{"1 host is unknown: retry, skip or abort"}) {
				t.Errorf("remarks %q", r)
			}
			d.decide(c.decision, "h00")
			if err := d.end(); err != nil || d.s.Result != c.result || d.w.runs["h00 a"] != c.runs {
				t.Errorf("%v %s %v", err, d.s.Result, d.w.runs)
			}
		})
	}
}

func TestManualStepIsAnsweredOverTheChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual, Asks: []runbooks.Ask{{Name: "serial", Type: "text"}}}, runbooks.Step{ID: "b"})
		d := atDesk(t, p, newWorld(nil), Options{})
		d.after(24 * time.Hour)
		d.say <- Word{Decided: journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap", OK: true, Answers: map[string]string{"serial": "X1"}}}
		if err := d.end(); err != nil || d.s.Result != journal.Passed {
			t.Fatal(err)
		}
		want := []string{"open 0", "start h00 swap #1", "decided answer", "end h00 swap #1 ok", "start h00 b #1", "end h00 b #1 ok", "close passed"}
		if got := d.story(); !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

func TestWaitIsTimeAndNothingElse(t *testing.T) {
	s, events, err := carried(t, plan(2, runbooks.Step{ID: "soak", Kind: runbooks.Wait, For: 5 * time.Minute}), newWorld(nil), Options{})
	if err != nil || s.Result != journal.Passed {
		t.Fatal(err)
	}
	if took := events[len(events)-1].At.Sub(events[0].At); took != 5*time.Minute {
		t.Errorf("took %s", took)
	}
}

func TestClosedDecisionsAreNoReasonToSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := atDesk(t, plan(1, runbooks.Step{ID: "a"}), newWorld(minute), Options{Hold: true})
		close(d.say)
		if err := d.end(); err != nil || d.s.Result != journal.Passed {
			t.Fatal(err)
		}
	})
}

func TestAbortClosesARunThatIsToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan(3, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
		p.Policy.Parallel = 2
		d := atDesk(t, p, newWorld(stuck), Options{})
		d.after(time.Second)
		d.stop()
		d.after(time.Second)
		d.decide(journal.AbortHard, "")
		if err := d.end(); err != nil || d.s.Result != journal.WasAborted {
			t.Fatal(err, d.s.Result)
		}
	})
}
