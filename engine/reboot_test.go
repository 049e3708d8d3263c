package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// changedKey is the road's refusal of a changed host key.
type changedKey struct{}

func (changedKey) Error() string   { return "the host key has changed" }
func (changedKey) Permanent() bool { return true }
func (changedKey) Hint() string    { return "compare the fingerprints" }

func rebootPlan() runbooks.Plan {
	p := plan(1, runbooks.Step{ID: "reboot", Kind: runbooks.Reboot, Risk: runbooks.Disrupt, Timeout: 10 * time.Minute})
	p.Risk = runbooks.Disrupt
	return p
}

func TestReboot(t *testing.T) {
	for _, c := range []struct {
		name  string
		world func(*world)
		out   journal.Outcome
		boots int
		why   string
	}{
		{"comes back", func(w *world) { w.linger = 20 * time.Second }, journal.OK, 1, ""},
		{"never comes back", func(w *world) { w.dead["h00"] = true }, journal.Failed, 1,
			"timed out after 10m0s: the restart was ordered, and the host has not come back: no route to host"},
		{"does not go down", func(w *world) { w.down, w.linger = time.Hour, time.Hour }, journal.Failed, 1,
			"timed out after 10m0s: the restart was ordered, and the host still answers as the same boot"},
		{"is another host then", func(w *world) {
			w.bootErr = func(inventory.HostID) error {
				if w.boots["h00"] > 0 {
					return changedKey{}
				}
				return nil
			}
		}, journal.Failed, 1, "after the restart: the host key has changed"},
		{"is another host now", func(w *world) { w.bootErr = func(inventory.HostID) error { return changedKey{} } }, journal.Failed, 0,
			"the host key has changed"},
		{"is away", func(w *world) { w.bootErr = func(inventory.HostID) error { return errors.New("no route to host") } }, journal.Unreachable, 0,
			"no route to host"},
	} {
		w := newWorld(nil)
		c.world(w)
		s, events, err := carried(t, rebootPlan(), w, Options{})
		if err != nil {
			t.Fatal(err)
		}
		st := s.Hosts[0].Steps[0]
		if st.Outcome != c.out || st.Reason != c.why || w.boots["h00"] != c.boots {
			t.Errorf("%s: %s %q, %d restarts", c.name, st.Outcome, st.Reason, w.boots["h00"])
		}
		if strings.Contains(c.why, "key") && (st.Hint == "" || events[len(events)-1].At.Sub(events[0].At) > time.Minute) {
			t.Errorf("%s: hint %q after %s", c.name, st.Hint, events[len(events)-1].At.Sub(events[0].At))
		}
	}
}

// watched records when the restart was ordered, and what was durable then.
type watched struct {
	*world
	book  *journal.Memory
	t     *testing.T
	known []string
}

func (w *watched) Restart(ctx context.Context, h inventory.Host) error {
	for _, e := range all(w.t, w.book, "261122-2213-k7f3") {
		if b, ok := e.Body.(journal.FactsRead); ok {
			w.known = append(w.known, b.Facts[0].Key+"="+b.Facts[0].Value)
		}
	}
	return w.world.Restart(ctx, h)
}

func TestIdentityIsDurableBeforeTheRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{world: newWorld(nil), book: journal.NewMemory("o", nil), t: t}
		s := begun(t, w.book, rebootPlan())
		if err := New(w.book, w.world, w, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		if strings.Join(w.known, " ") != "reboot.before=boot0" {
			t.Errorf("known at the restart: %q", w.known)
		}
	})
}

// TestTwoRebootsInOnePlan: the traces of the first do not pass for those of the second, wherever the runner dies.
func TestTwoRebootsInOnePlan(t *testing.T) {
	p := plan(1, runbooks.Step{ID: "one", Kind: runbooks.Reboot}, runbooks.Step{ID: "two", Kind: runbooks.Reboot})
	for n := range 14 {
		for _, absence := range []time.Duration{0, time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(nil)
				w.linger = 10 * time.Second
				s, _ := survived(t, p, w, absence, n)
				if s.Result != journal.Passed || w.boots["h00"] != 2 {
					t.Errorf("killed after event %d: %s, %d restarts", n, s.Result, w.boots["h00"])
				}
			})
		}
	}
}

func TestAbortHardInMidReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := atDesk(t, rebootPlan(), newWorld(nil), Options{})
		d.after(10 * time.Second)
		d.decide(journal.AbortHard, "")
		if err := d.end(); err != nil || d.s.Result != journal.WasAborted {
			t.Fatal(err, d.s.Result)
		}
		if st := d.s.Hosts[0].Steps[0]; st.Outcome != journal.Aborted || !strings.HasPrefix(st.Reason, "the run was aborted: the restart was ordered") {
			t.Errorf("%s %q", st.Outcome, st.Reason)
		}
	})
}

func TestGroupStopsBehindAHostThatDoesNotComeBack(t *testing.T) {
	p := plan(3, runbooks.Step{ID: "reboot", Kind: runbooks.Reboot, Risk: runbooks.Disrupt})
	p.Risk = runbooks.Disrupt
	p.Groups = []inventory.Group{{Name: "pg-main", MaxDown: 1, Hosts: p.Waves[0].Hosts}}
	w := newWorld(nil)
	w.dead["h00"] = true
	s, _, err := carried(t, p, w, Options{})
	want := "group pg-main allows 1 down, and down already: h00 (failed); 2 hosts were not started"
	if err != nil || s.Result != journal.Stopped || s.Reason != want || len(w.boots) != 1 {
		t.Errorf("%v %s %q %v", err, s.Result, s.Reason, w.boots)
	}
}

// TestOrderedRestartIsNotOrderedAgain: a host that takes long to go down is left alone by the next runner, which knows of the order.
func TestOrderedRestartIsNotOrderedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(nil)
		w.linger, w.down = 5*time.Minute, 6*time.Minute
		d := atDesk(t, rebootPlan(), w, Options{})
		d.after(10 * time.Second)
		d.e.Halt()
		if err := d.end(); !errors.Is(err, ErrLeftOpen) {
			t.Fatal(err)
		}
		s := refold(t, d.book, d.s.Run)
		if err := New(d.book, w, w, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed || w.boots["h00"] != 1 {
			t.Errorf("%v, %s, %d restarts", err, s.Result, w.boots["h00"])
		}
	})
}

// frozen is a world whose connections freeze as the host goes down: the order to restart never returns, nor does the next question.
type frozen struct {
	*world
	asked int
}

func (f *frozen) Restart(ctx context.Context, h inventory.Host) error {
	_ = f.world.Restart(ctx, h)
	<-ctx.Done()
	return ctx.Err()
}

func (f *frozen) Identity(ctx context.Context, h inventory.Host) (string, error) {
	if f.asked++; f.asked == 2 {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return f.world.Identity(ctx, h)
}

// mute is a world whose host goes down and answers nothing any more: each question ends with its own time.
type mute struct {
	*world
	asked int
}

func (m *mute) Identity(ctx context.Context, h inventory.Host) (string, error) {
	if m.asked++; m.asked > 1 {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return m.world.Identity(ctx, h)
}

// TestMuteHostIsNotSaidToAnswer: a host that never came back, and whose silence every question had to sit out.
func TestMuteHostIsNotSaidToAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &mute{world: newWorld(nil)}
		book := journal.NewMemory("o", nil)
		s := begun(t, book, rebootPlan())
		if err := New(book, w, w, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		var reasons string
		for e := range book.Events(t.Context(), s.Run, 0, false) {
			if b, ok := e.Body.(journal.StepEnded); ok {
				reasons += b.Reason + "\n"
			}
		}
		if !strings.Contains(reasons, "has not come back: no answer within 1m0s") {
			t.Error(reasons)
		}
	})
}

func TestFrozenConnectionDoesNotHoldAReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &frozen{world: newWorld(nil)}
		book := journal.NewMemory("o", nil)
		s := begun(t, book, rebootPlan())
		if err := New(book, w, w, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed || w.boots["h00"] != 1 {
			t.Errorf("%v, %s, %d restarts", err, s.Result, w.boots["h00"])
		}
		if took := s.Closed.Sub(s.Started); took > 3*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}
