package engine

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// one is the single action of type A in the list.
func one[A Action](t *testing.T, list []Action) (found A) {
	t.Helper()
	n := 0
	for _, a := range list {
		if b, ok := a.(A); ok {
			found = b
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d of %T in %+v", n, found, list)
	}
	return found
}

func ended(h, step string, n int, o journal.Outcome) journal.StepEnded {
	return journal.StepEnded{Host: inventory.HostID(h), Step: runbooks.StepID(step), Attempt: n, Outcome: o}
}

func started(h, step string, n int) journal.StepStarted {
	return journal.StepStarted{Host: inventory.HostID(h), Step: runbooks.StepID(step), Attempt: n}
}

// TestNextChangesNothing asks Next at every point of random runs: the state stays as it was, and so does the answer.
func TestNextChangesNothing(t *testing.T) {
	p := waves(plan(6, runbooks.Step{ID: "a", Risk: runbooks.Read, Retries: 1, When: "pending>0 site=s1"}, runbooks.Step{ID: "b"}), 2, 4)
	p.Risk, p.Groups = runbooks.Disrupt, []inventory.Group{{Name: "g", MaxDown: 1, Hosts: p.Waves[0].Hosts}}
	p.Policy = runbooks.Policy{Parallel: 2, MaxFailures: "1", Pause: "1m"}
	m := newSim(t, p)
	i := 0
	m.play(func(b journal.StepStarted) journal.StepEnded {
		i++
		return ended(string(b.Host), string(b.Step), b.Attempt, []journal.Outcome{journal.OK, journal.OK, journal.Failed, journal.OK}[i%4])
	}, func(n int) int { return (i * 7) % n }, func() {
		again := journal.NewState()
		for seq, b := range m.events {
			again.Apply(journal.Event{Run: "r", Seq: uint64(seq + 1), Body: b})
		}
		before := fmt.Sprintf("%+v", m.s)
		first := Next(m.s, m.now)
		if second := Next(m.s, m.now); !reflect.DeepEqual(first, second) {
			t.Fatalf("two answers: %+v and %+v", first, second)
		}
		if fmt.Sprintf("%+v", m.s) != before || !reflect.DeepEqual(m.s.Plan(), again.Plan()) {
			t.Fatal("Next changed the state")
		}
	})
	if len(m.events) < 20 {
		t.Fatalf("only %d events", len(m.events))
	}
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		text    string
		n, want int
	}{
		{"", 50, math.MaxInt}, {"100%", 50, math.MaxInt}, {"150%", 3, math.MaxInt}, {"3", 50, 3}, {"0", 50, 0}, {"10%", 50, 5}, {"10%", 9, 0},
		{"99%", 1, 0}, {"0%", 100, 0}, {" 7 ", 9, 7}, {"three", 9, 0}, {"-1", 9, 0},
	} {
		if got := budget(c.text, c.n); got != c.want {
			t.Errorf("budget(%q, %d) = %d, want %d", c.text, c.n, got, c.want)
		}
	}
}

func TestBackOff(t *testing.T) {
	for failed, want := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		if got := backOff(failed); got != want {
			t.Errorf("after %d: %s, want %s", failed, got, want)
		}
	}
	if backOff(100) != time.Minute || backOff(-1) != 0 {
		t.Errorf("%s, %s", backOff(100), backOff(-1))
	}
}

func TestSkippedStepsSayWhatIsNotKnown(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "a", When: "reboot=yes"}, runbooks.Step{ID: "b", When: "site=s9"}, runbooks.Step{ID: "c"}))
	m.apply(journal.WaveOpened{})
	list := Next(m.s, m.now)
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	a, b := list[0].(End), list[1].(End)
	if a.Outcome != journal.Skipped || a.Reason != `when = "reboot=yes" does not match: not known of this host: reboot` {
		t.Errorf("%+v", a)
	}
	if b.Reason != `when = "site=s9" does not match` {
		t.Errorf("%+v", b)
	}
	if c := one[Start](t, list); c.Step != "c" {
		t.Errorf("%+v", c)
	}
}

func TestStepSeesTheFactsOfTheStepsBefore(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b", When: "pending>3"}))
	m.apply(journal.WaveOpened{}, started("h00", "a", 1),
		journal.FactsRead{Host: "h00", Step: "a", Facts: []runbooks.Fact{{Key: "pending", Value: "4"}}}, ended("h00", "a", 1, journal.OK))
	if s := one[Start](t, Next(m.s, m.now)); s.Step != "b" {
		t.Errorf("%+v", s)
	}
}

func TestHostOnWhichNothingWasWantedIsSkipped(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "a", When: "site=s9"}))
	m.play(nil, nil, nil)
	if h := m.s.Hosts[0]; h.Outcome != journal.Skipped || m.s.Result != journal.Passed {
		t.Errorf("%s, %s", h.Outcome, m.s.Result)
	}
}

func TestWaveWaitsForApproval(t *testing.T) {
	p := waves(plan(2, runbooks.Step{ID: "a"}), 1, 1)
	p.Policy.Pause = "manual"
	m := newSim(t, p)
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), ended("h00", "a", 1, journal.OK))
	if ask := one[Ask](t, Next(m.s, m.now.Add(time.Hour))); ask.Wave != 1 || ask.Why != "wave 1 waits for approval" {
		t.Errorf("%+v", ask)
	}
	m.apply(journal.Decided{Decision: journal.Approve, Wave: 1})
	if open := one[Open](t, Next(m.s, m.now)); open.Wave != 1 {
		t.Errorf("%+v", open)
	}
}

func TestWavePausesBehindTheLastEnd(t *testing.T) {
	p := waves(plan(3, runbooks.Step{ID: "a"}), 2, 1)
	p.Policy.Pause = "5m"
	m := newSim(t, p)
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), started("h01", "a", 1), ended("h01", "a", 1, journal.OK))
	m.now = m.now.Add(time.Minute)
	m.apply(ended("h00", "a", 1, journal.OK))
	over := m.now.Add(5 * time.Minute)
	list := Next(m.s, over.Add(-1))
	if wake := one[Wake](t, list); !wake.At.Equal(over) {
		t.Errorf("wakes at %s, want %s", wake.At, over)
	}
	if why := one[Ask](t, list).Why; !strings.HasSuffix(why, " begins at "+over.Format("Mon 15:04:05 MST")+" (pause = 5m)") { // a run that stands still says why
		t.Errorf("says %q", why)
	}
	one[Open](t, Next(m.s, over))
	m.apply(journal.Decided{Decision: journal.Approve, Wave: 1})
	one[Open](t, Next(m.s, m.now))
}

func TestGroupThatBlocksForGoodIsNamed(t *testing.T) {
	p := plan(4, runbooks.Step{ID: "a", Risk: runbooks.Disrupt})
	p.Risk = runbooks.Disrupt
	p.Groups = []inventory.Group{{Name: "pg-main", MaxDown: 1, Hosts: p.Waves[0].Hosts[:3]}, {Name: "rack", MaxDown: 9, Hosts: p.Waves[0].Hosts}}
	m := newSim(t, p)
	m.apply(journal.WaveOpened{})
	m.apply(started("h01", "a", 1), ended("h01", "a", 1, journal.Failed))
	m.apply(started("h03", "a", 1), ended("h03", "a", 1, journal.OK))
	want := "group pg-main allows 1 down, and down already: h01 (failed); 2 hosts were not started"
	if c := one[Close](t, Next(m.s, m.now)); c.Result != journal.Stopped || c.Reason != want {
		t.Errorf("%s: %s", c.Result, c.Reason)
	}
}

// TestWhoIsDown: a host is down from its admission until it ended well, whatever is decided about it meanwhile.
func TestWhoIsDown(t *testing.T) {
	skip := journal.Decided{Decision: journal.SkipHost, Host: "h00"}
	abort := []journal.Body{journal.Decided{Decision: journal.Abort}, ended("h00", "b", 0, journal.Aborted)}
	first := []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.OK)} // a reads only
	both := append(slices.Clone(first), started("h00", "b", 1), ended("h00", "b", 1, journal.OK))
	for _, c := range []struct {
		name string
		done []journal.Body
		want bool
	}{
		{"waiting", nil, false},
		{"at work", first[:1], true},
		{"between two steps", first, true},
		{"through", append(slices.Clone(both), started("h00", "c", 1), ended("h00", "c", 1, journal.Warned)), false},
		{"failed", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Failed)}, true},
		{"unknown", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Unknown)}, true},
		{"unreachable", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Unreachable)}, true},
		{"unreachable, then skipped", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Unreachable), skip}, true},
		{"skipped before it began", []journal.Body{skip}, false},
		{"skipped untouched", append(slices.Clone(first), skip), false},
		{"skipped after a change", append(slices.Clone(both), skip), true},
		{"aborted while it looked", []journal.Body{started("h00", "a", 1), abort[0], ended("h00", "a", 1, journal.Aborted)}, false},
		{"a look failed, then skipped", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Failed), skip}, true},
		{"aborted untouched", append(slices.Clone(first), abort...), false},
		{"aborted after a change", append(slices.Clone(both), abort[0], ended("h00", "c", 0, journal.Aborted)), true},
		{"tried again", []journal.Body{started("h00", "a", 1), ended("h00", "a", 1, journal.Failed), journal.Decided{Decision: journal.Retry, Host: "h00"}}, true},
		{"failed, step skipped, through", append(slices.Clone(both), started("h00", "c", 1), ended("h00", "c", 1, journal.Failed),
			journal.Decided{Decision: journal.SkipStep, Host: "h00"}), false},
	} {
		m := newSim(t, plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "b"}, runbooks.Step{ID: "c"}))
		m.apply(journal.WaveOpened{})
		m.apply(c.done...)
		if got := Down(&m.s.Hosts[0]); got != c.want {
			t.Errorf("%s: down = %t", c.name, got)
		}
	}
}

func TestBudgetSpentStopsWithReason(t *testing.T) {
	p := plan(5, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
	p.Policy = runbooks.Policy{Parallel: 2, MaxFailures: "0"}
	m := newSim(t, p)
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), started("h01", "a", 1), ended("h00", "a", 1, journal.Failed), ended("h01", "a", 1, journal.OK))
	if s := one[Start](t, Next(m.s, m.now)); s.Host != "h01" || s.Step != "b" {
		t.Errorf("what runs must finish: %+v", s)
	}
	m.apply(started("h01", "b", 1), ended("h01", "b", 1, journal.OK))
	if c := one[Close](t, Next(m.s, m.now)); c.Result != journal.Stopped || c.Reason != `1 failed, and max_failures = "0"; 3 hosts were not started` {
		t.Errorf("%+v", c)
	}
}

func TestPausedRunStaysOpenWhileSomethingIsBad(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "a"}))
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), journal.Decided{Decision: journal.Pause}, ended("h00", "a", 1, journal.Failed))
	one[Ask](t, Next(m.s, m.now))
	m.apply(journal.Decided{Decision: journal.Retry, Host: "h00"}, journal.Decided{Decision: journal.Continue})
	if s := one[Start](t, Next(m.s, m.now)); s.Attempt != 2 {
		t.Errorf("%+v", s)
	}
}

// TestPausedRunThatIsWell: it waits while hosts of it wait, and no longer.
func TestPausedRunThatIsWell(t *testing.T) {
	m := newSim(t, plan(2, runbooks.Step{ID: "a"}))
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), journal.Decided{Decision: journal.Pause}, ended("h00", "a", 1, journal.OK))
	one[Ask](t, Next(m.s, m.now))
	m.apply(journal.Decided{Decision: journal.Continue}, started("h01", "a", 1), journal.Decided{Decision: journal.Pause}, ended("h01", "a", 1, journal.OK))
	if c := one[Close](t, Next(m.s, m.now)); c.Result != journal.Passed {
		t.Errorf("%+v", c)
	}
	m = newSim(t, plan(1, runbooks.Step{ID: "a"}))
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), journal.Decided{Decision: journal.Pause}, journal.Decided{Decision: journal.Abort})
	if list := Next(m.s, m.now); len(list) != 1 {
		t.Errorf("aborted, and waits for somebody: %+v", list)
	}
}

// TestFailureThatMayPass: it passes where no try is left: at once where the step may not be done twice.
func TestFailureThatMayPass(t *testing.T) {
	for _, c := range []struct {
		step    runbooks.Step
		attempt int
		want    journal.Outcome
	}{
		{runbooks.Step{Retries: 1}, 1, journal.Warned},
		{runbooks.Step{Retries: 1, Repeat: true}, 1, journal.Failed},
		{runbooks.Step{Retries: 1, Repeat: true}, 2, journal.Warned},
		{runbooks.Step{Retries: 1, Risk: runbooks.Read}, 1, journal.Failed},
		{runbooks.Step{Retries: 1, Risk: runbooks.Read}, 2, journal.Warned},
	} {
		if c.step.Risk != runbooks.Read {
			c.step.Risk = runbooks.Change
		}
		c.step.OnFailure = "go-on"
		if got := failure(&c.step, &journal.StepState{Attempt: c.attempt}); got != c.want {
			t.Errorf("%+v, try %d: %s", c.step, c.attempt, got)
		}
	}
}

func TestManualStep(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual}, runbooks.Step{ID: "b"}))
	m.apply(journal.WaveOpened{}, journal.Decided{Decision: journal.Answer, Host: "h00", OK: true})
	m.apply(started("h00", "swap", 1)) // an answer given before the question was asked does not count
	if list := Next(m.s, m.now.Add(100*time.Hour)); len(list) != 0 {
		t.Fatalf("a manual step has no time-out of its own: %+v", list)
	}
	m.apply(journal.Decided{Decision: journal.Answer, Host: "h00", Step: "b", OK: true})
	if list := Next(m.s, m.now); len(list) != 0 {
		t.Fatalf("the answer was for another step: %+v", list)
	}
	m.apply(journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap", Reason: "no spare disk"})
	if e := one[End](t, Next(m.s, m.now)); e.Outcome != journal.Failed || e.Reason != "no spare disk" {
		t.Errorf("%+v", e)
	}
	m.apply(journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap", OK: true})
	if e := one[End](t, Next(m.s, m.now)); e.Outcome != journal.OK {
		t.Errorf("%+v", e)
	}
}

func TestManualStepThatNobodyAnswers(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual, Timeout: time.Hour, OnFailure: "go-on"}))
	m.apply(journal.WaveOpened{}, started("h00", "swap", 1))
	one[Wake](t, Next(m.s, m.now))
	if e := one[End](t, Next(m.s, m.now.Add(time.Hour))); e.Outcome != journal.Warned || e.Reason != "nobody answered within 1h0m0s" {
		t.Errorf("%+v", e)
	}
}

// hours is a window that opens at one time and shuts at another.
type hours struct{ from, to time.Time }

func (w hours) At(now time.Time) (bool, time.Time) {
	switch {
	case now.Before(w.from):
		return false, w.from
	case now.Before(w.to):
		return true, w.to
	}
	return false, time.Time{}
}

func TestNothingNewStartsOutsideTheWindow(t *testing.T) {
	m := newSim(t, plan(2, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"}))
	from, to := m.now.Add(time.Hour), m.now.Add(2*time.Hour)
	c, err := Compile(m.s.Plan(), Rules{Window: func(inventory.Host, time.Time) (Window, error) { return hours{from, to}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.apply(journal.WaveOpened{})
	list := c.Next(m.s, m.now)
	if w, a := one[Wake](t, list), one[Ask](t, list); !w.At.Equal(from) || !strings.HasPrefix(a.Why, "2 hosts are outside the maintenance window, which opens at ") {
		t.Errorf("%+v %+v", w, a)
	}
	if n := len(c.Next(m.s, from)); n != 2 {
		t.Errorf("%d started in the window", n)
	}
	m.apply(started("h00", "a", 1), ended("h00", "a", 1, journal.OK))
	if s := one[Start](t, c.Next(m.s, to)); s.Host != "h00" || s.Step != "b" {
		t.Errorf("a host at work goes on behind the window: %+v", s)
	}
	m.apply(started("h00", "b", 1), ended("h00", "b", 1, journal.OK))
	if cl := one[Close](t, c.Next(m.s, to)); cl.Reason != "the maintenance window is over; 1 host was not started" {
		t.Errorf("%+v", cl)
	}
}

// TestWindowsBindWhatChanges: a plan that only reads, and one whose operator said why, do not wait.
func TestWindowsBindWhatChanges(t *testing.T) {
	shut := func(inventory.Host, time.Time) (Window, error) { return hours{}, nil }
	for _, change := range []func(*runbooks.Plan){func(p *runbooks.Plan) { p.Risk = runbooks.Read }, func(p *runbooks.Plan) { p.OutsideWindow = "told to" }} {
		p := plan(1, runbooks.Step{ID: "a"})
		p.Risk = runbooks.Change
		change(&p)
		m := newSim(t, p)
		c, err := Compile(m.s.Plan(), Rules{Window: shut})
		if err != nil {
			t.Fatal(err)
		}
		m.apply(journal.WaveOpened{})
		one[Start](t, c.Next(m.s, m.now))
	}
}

// TestMembersDownElsewhere: a group whose last spare member is down outside of the run spares none of the run's.
func TestMembersDownElsewhere(t *testing.T) {
	p := plan(2, runbooks.Step{ID: "a"})
	p.Risk = runbooks.Disrupt
	p.Groups = []inventory.Group{{Name: "g", Hosts: []inventory.HostID{"h00", "x"}, MaxDown: 1}}
	p.Down = []runbooks.DownMember{{Host: "x", Why: "unreachable at 01:12"}}
	m := newSim(t, p)
	m.apply(journal.WaveOpened{})
	if st := one[Start](t, Next(m.s, m.now)); st.Host != "h01" {
		t.Errorf("%+v", st)
	}
	m.apply(started("h01", "a", 1), ended("h01", "a", 1, journal.OK))
	want := "group g allows 1 down, and down already: x (unreachable at 01:12); 1 host was not started"
	if cl := one[Close](t, Next(m.s, m.now)); cl.Reason != want {
		t.Errorf("%+v", cl)
	}
}

// TestMembersDownBefore: a member that was down before the run, and is in it, counts as down until the run has ended well on it; it is
// worked on although its group has nobody else to spare.
func TestMembersDownBefore(t *testing.T) {
	p := plan(3, runbooks.Step{ID: "a"})
	p.Risk = runbooks.Disrupt
	p.Groups = []inventory.Group{{Name: "g", Hosts: []inventory.HostID{"h00", "h01", "h02"}, MaxDown: 1}}
	p.Down = []runbooks.DownMember{{Host: "h01", Why: "failed at 01:12"}, {Host: "h02", Why: "unknown at 01:13"}}
	m := newSim(t, p)
	m.apply(journal.WaveOpened{})
	begins := func(host inventory.HostID) {
		t.Helper()
		if st := one[Start](t, Next(m.s, m.now)); st.Host != host {
			t.Fatalf("%s begins, want %s", st.Host, host)
		}
		m.apply(started(string(host), "a", 1))
		for _, a := range Next(m.s, m.now) {
			if st, ok := a.(Start); ok {
				t.Fatalf("%s begins beside %s", st.Host, host)
			}
		}
		m.apply(ended(string(host), "a", 1, journal.OK))
	}
	begins("h01")
	begins("h02")
	begins("h00")

	m = newSim(t, p)
	m.apply(journal.WaveOpened{}, started("h01", "a", 1), ended("h01", "a", 1, journal.Failed))
	want := "group g allows 1 down, and down already: h01 (failed), h02 (unknown at 01:13); 2 hosts were not started"
	if cl := one[Close](t, Next(m.s, m.now)); cl.Reason != want {
		t.Errorf("%+v", cl)
	}
}

// TestMemberThatWasDownAndIsLeftOutStaysDown: the run did nothing about it, so that the group can spare nobody more. Where it ended well, it can.
func TestMemberThatWasDownAndIsLeftOutStaysDown(t *testing.T) {
	p := plan(2, runbooks.Step{ID: "a", Risk: runbooks.Disrupt})
	p.Risk = runbooks.Disrupt
	p.Groups = []inventory.Group{{Name: "g", Hosts: []inventory.HostID{"h00", "h01"}, MaxDown: 1}}
	p.Down = []runbooks.DownMember{{Host: "h01", Why: "failed at 01:12"}}
	m := newSim(t, p)
	m.apply(journal.WaveOpened{}, journal.Decided{Decision: journal.SkipHost, Host: "h01"})
	want := "group g allows 1 down, and down already: h01 (failed at 01:12); 1 host was not started"
	if cl := one[Close](t, Next(m.s, m.now)); cl.Reason != want {
		t.Errorf("%+v", cl)
	}
	for _, well := range []journal.Outcome{journal.OK, journal.Warned} {
		m = newSim(t, p)
		m.apply(journal.WaveOpened{}, started("h01", "a", 1), ended("h01", "a", 1, well))
		if st := one[Start](t, Next(m.s, m.now)); st.Host != "h00" {
			t.Errorf("behind %s: %+v", well, st)
		}
	}
}

// TestCutOff: in the last part of a window nothing new is begun, and what runs goes on.
func TestCutOff(t *testing.T) {
	p := plan(2, runbooks.Step{ID: "a", Risk: runbooks.Change})
	p.Risk, p.Policy.Cutoff, p.Policy.Parallel = runbooks.Change, "45m", 1
	m := newSim(t, p)
	opens := m.now.Add(time.Hour)
	c, err := Compile(m.s.Plan(), Rules{Window: func(inventory.Host, time.Time) (Window, error) { return hours{opens, opens.Add(2 * time.Hour)}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	m.apply(journal.WaveOpened{})
	for minutes, begins := range map[int]bool{0: false, 60: true, 134: true, 135: false, 170: false, 200: false} {
		var began bool
		for _, a := range c.Next(m.s, m.now.Add(time.Duration(minutes)*time.Minute)) {
			_, is := a.(Start)
			began = began || is
		}
		if began != begins {
			t.Errorf("%d minutes on: begins %v", minutes, began)
		}
	}
}

// TestOnlyTheCutOffIsLeft: a run that is accepted behind the cut-off works in the opening after that; what is left of this one is none.
func TestOnlyTheCutOffIsLeft(t *testing.T) {
	p := plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change})
	p.Policy.Cutoff = "45m"
	accepted := time.Date(2026, 11, 22, 4, 30, 0, 0, time.UTC)
	var asked time.Time
	_, err := Compile(&p, Rules{Accepted: accepted, Window: func(_ inventory.Host, at time.Time) (Window, error) { asked = at; return nil, nil }})
	if err != nil || !asked.Equal(accepted.Add(45*time.Minute)) {
		t.Errorf("asks for the window of %s, %v", asked, err)
	}
}

func TestPlanThatCannotBeRead(t *testing.T) {
	for _, change := range []func(*runbooks.Plan){
		func(p *runbooks.Plan) { p.Policy.Pause = "a while" },
		func(p *runbooks.Plan) { p.Steps[0].When = "site==(" },
	} {
		p := plan(1, runbooks.Step{ID: "a"})
		change(&p)
		m := newSim(t, p)
		if c := one[Close](t, Next(m.s, m.now)); c.Result != journal.Stopped || !strings.Contains(c.Reason, "cannot be carried out") {
			t.Errorf("%+v", c)
		}
	}
	if list := Next(journal.NewState(), time.Now()); list != nil {
		t.Errorf("a run without a plan: %+v", list)
	}
}

// many is a state of n hosts in the middle of a run: a third ended, 64 at work, groups of 10.
func many(tb testing.TB, n int) *journal.State {
	p := plan(n, runbooks.Step{ID: "a", Risk: runbooks.Disrupt, When: "site=s1"}, runbooks.Step{ID: "b"})
	p.Risk = runbooks.Disrupt
	for i := 0; i < n; i += 10 {
		p.Groups = append(p.Groups, inventory.Group{Name: fmt.Sprint("g", i), MaxDown: 1, Hosts: p.Waves[0].Hosts[i : i+10]})
	}
	s, seq := journal.NewState(), uint64(0)
	apply := func(b journal.Body) {
		seq++
		s.Apply(journal.Event{Run: "r", Seq: seq, At: time.Unix(int64(seq), 0), Body: b})
	}
	apply(journal.PlanAccepted{Plan: p})
	apply(journal.WaveOpened{})
	for i := range n / 3 {
		id := string(p.Hosts[i].Name)
		for _, step := range []string{"a", "b"} {
			apply(started(id, step, 1))
			apply(ended(id, step, 1, journal.OK))
		}
	}
	for i := range 63 {
		apply(started(string(p.Hosts[n/3+10*i].Name), "a", 1))
	}
	return s
}

func BenchmarkNext10000(b *testing.B) {
	s := many(b, 10_000)
	c, err := Compile(s.Plan(), Rules{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(c.Next(s, s.Last)); n != 64 {
			b.Fatalf("%d actions", n)
		}
	}
}

func BenchmarkNext10000WithCompile(b *testing.B) {
	s := many(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		Next(s, s.Last)
	}
}

func TestClockThatWasSetBackHoldsNothingUp(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read, Retries: 1}))
	m.apply(journal.WaveOpened{}, started("h00", "a", 1), ended("h00", "a", 1, journal.Failed))
	one[Wake](t, Next(m.s, m.now))
	one[Start](t, Next(m.s, m.now.Add(-time.Hour)))
}
