package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// sim is a run without an engine: it does what Next says, and ends steps as it is told. Its own books of who is down are kept from
// the events alone, by other rules than Next's.
type sim struct {
	t      rapid.TB
	s      *journal.State
	now    time.Time
	events []journal.Body
	seq    uint64
	hurt   map[inventory.HostID]bool // its last step that ended, ended badly
	tried  map[inventory.HostID]bool // an operator had it tried again, or skipped
	closed int
}

func newSim(t rapid.TB, p runbooks.Plan) *sim {
	m := &sim{t: t, s: journal.NewState(), now: time.Unix(1_800_000_000, 0).UTC(), hurt: map[inventory.HostID]bool{}, tried: map[inventory.HostID]bool{}}
	m.apply(journal.PlanAccepted{Plan: p})
	return m
}

func (m *sim) apply(bodies ...journal.Body) {
	for _, b := range bodies {
		if m.closed > 0 {
			m.t.Fatalf("%s after the run was closed", b.Kind())
		}
		m.before(b)
		m.seq++
		m.s.Apply(journal.Event{Run: "r", Seq: m.seq, At: m.now, Body: b})
		m.events = append(m.events, b)
		m.after(b)
	}
}

// before checks what must be true when a step starts or a wave opens.
func (m *sim) before(b journal.Body) {
	switch b := b.(type) {
	case journal.StepStarted:
		h := m.s.Host(b.Host)
		st := h.Steps[m.s.StepIndex(b.Step)]
		switch {
		case m.s.Paused || m.s.Abort != "":
			m.t.Fatalf("%s started while paused or aborted", b.Host)
		case h.Phase == journal.Ended:
			m.t.Fatalf("%s started after it ended", b.Host)
		case h.Steps[h.Step].Running || b.Attempt != st.Attempt+1:
			m.t.Fatalf("%s %s attempt %d started behind attempt %d", b.Host, b.Step, b.Attempt, st.Attempt)
		case st.Attempt > 0 && !m.tried[b.Host] && !m.safe(b, st):
			m.t.Fatalf("%s %s was repeated after it was %s", b.Host, b.Step, st.Outcome)
		case h.Wave > m.s.Wave:
			m.t.Fatalf("%s started before wave %d was opened", b.Host, h.Wave)
		}
		if h.Phase == journal.Waiting {
			m.spared(b.Host)
		}
		if m.s.Tally.Bad() > budget(m.s.Plan().Policy.MaxFailures, len(m.s.Hosts)) && h.Phase == journal.Waiting {
			m.t.Fatalf("%s was admitted with %d failed", b.Host, m.s.Tally.Bad())
		}
	case journal.WaveOpened:
		for _, h := range m.s.Hosts {
			if h.Wave < b.Wave && h.Phase != journal.Ended {
				m.t.Fatalf("wave %d opened while %s has not ended", b.Wave, h.ID)
			}
		}
	}
}

func (m *sim) safe(b journal.StepStarted, st journal.StepState) bool {
	step := m.s.Plan().Steps[m.s.StepIndex(b.Step)]
	return step.Risk == runbooks.Read || st.Again || step.Repeat && st.Outcome == journal.Failed
}

// after checks the limits that must hold all the time.
func (m *sim) after(b journal.Body) {
	switch b := b.(type) {
	case journal.StepEnded:
		m.hurt[b.Host] = !b.Outcome.Good()
	case journal.RunClosed:
		m.closed++
	}
	running := 0
	for i := range m.s.Hosts {
		if h := &m.s.Hosts[i]; h.Step < len(h.Steps) && h.Steps[h.Step].Running {
			running++
		}
	}
	limit := m.s.Plan().Policy.Parallel
	if limit == 0 {
		limit = runbooks.DefaultParallel
	}
	if running > limit || len(m.tried) == 0 && m.s.Tally.AtWork > limit {
		m.t.Fatalf("%d steps run and %d hosts are at work, %d may be", running, m.s.Tally.AtWork, limit)
	}
	if m.s.Plan().Risk == runbooks.Disrupt {
		for _, g := range m.s.Plan().Groups {
			if down, outside := m.down(g), m.outside(g); down+outside > max(g.MaxDown, outside) {
				m.t.Fatalf("group %s has %d down, %d may be", g.Name, down, g.MaxDown)
			}
		}
	}
}

// outside is how many members are down that the plan does not touch.
func (m *sim) outside(g inventory.Group) (n int) {
	for _, d := range m.s.Plan().Down {
		if slices.Contains(g.Hosts, d.Host) && m.s.Host(d.Host) == nil {
			n++
		}
	}
	return n
}

// mending is how many members were down before the run, and wait for it.
func (m *sim) mending(g inventory.Group) (n int) {
	for _, d := range m.s.Plan().Down {
		if h := m.s.Host(d.Host); h != nil && h.Phase == journal.Waiting && slices.Contains(g.Hosts, d.Host) {
			n++
		}
	}
	return n
}

// spared checks that a member that is taken down can be spared by all its groups. Who was down before the run takes no place more.
func (m *sim) spared(id inventory.HostID) {
	if m.s.Plan().Risk != runbooks.Disrupt || slices.ContainsFunc(m.s.Plan().Down, func(d runbooks.DownMember) bool { return d.Host == id }) {
		return
	}
	for _, g := range m.s.Plan().Groups {
		if n := m.down(g) + m.outside(g) + m.mending(g); slices.Contains(g.Hosts, id) && n >= g.MaxDown {
			m.t.Fatalf("%s is taken down, and group %s has %d down already, %d may be", id, g.Name, n, g.MaxDown)
		}
	}
}

func (m *sim) down(g inventory.Group) (n int) {
	for _, id := range g.Hosts {
		h := m.s.Host(id)
		if h != nil && (h.Phase == journal.AtWork || h.Phase == journal.Ended && m.hurt[id] && h.Outcome != journal.OK && h.Outcome != journal.Warned) {
			n++
		}
	}
	return n
}

// turn does what Next says once. It reports whether anything happened.
func (m *sim) turn(c *Compiled) (acted bool) {
	var wake time.Time
	ask := false
	for _, a := range c.Next(m.s, m.now) {
		switch a := a.(type) {
		case Open:
			m.apply(journal.WaveOpened(a))
			acted = true
		case Start:
			if a.After.After(m.now) {
				m.t.Fatalf("%s is to start at %s, which is later", a.Host, a.After)
			}
			m.apply(journal.StepStarted{Host: a.Host, Step: a.Step, Attempt: a.Attempt})
			acted = true
		case End:
			st := m.s.Host(a.Host).Steps[m.s.StepIndex(a.Step)]
			m.apply(journal.StepEnded{Host: a.Host, Step: a.Step, Attempt: st.Attempt, Outcome: a.Outcome, Reason: a.Reason})
			acted = true
		case Wake:
			if !a.At.After(m.now) {
				m.t.Fatalf("a wake in the past")
			}
			if wake.IsZero() || a.At.Before(wake) {
				wake = a.At
			}
		case Ask:
			ask = true
			if a.Wave >= 0 && !m.busy() {
				m.apply(journal.Decided{Decision: journal.Approve, Wave: a.Wave})
				acted = true
			} else if m.s.Paused && !m.busy() {
				m.apply(journal.Decided{Decision: journal.Continue})
				acted = true
			}
		case Close:
			m.apply(journal.RunClosed(a))
			return true
		}
	}
	if !acted && !m.busy() {
		if wake.IsZero() && !ask {
			m.t.Fatalf("nothing runs and nothing is to happen: %+v", m.s.Tally)
		}
		if !wake.IsZero() {
			m.now = wake
			acted = true
		}
	}
	return acted
}

// busy lists what runs on hosts.
func (m *sim) busy() bool { return len(m.running()) > 0 }

func (m *sim) running() (list []journal.StepStarted) {
	for i := range m.s.Hosts {
		h := &m.s.Hosts[i]
		if h.Step < len(h.Steps) && h.Steps[h.Step].Running {
			step := m.s.Plan().Steps[h.Step]
			if step.Kind == runbooks.Script {
				list = append(list, journal.StepStarted{Host: h.ID, Step: step.ID, Attempt: h.Steps[h.Step].Attempt})
			}
		}
	}
	return list
}

// play runs to the close. ends draws how a step ends; meddle, where it is not nil, may decide something in between.
func (m *sim) play(ends func(journal.StepStarted) journal.StepEnded, pick func(n int) int, meddle func()) {
	c, err := Compile(m.s.Plan(), Rules{})
	if err != nil {
		m.t.Fatal(err)
	}
	for turns := 0; m.closed == 0; turns++ {
		if turns > 20_000 {
			m.t.Fatalf("the run does not end: %+v", m.s.Tally)
		}
		if meddle != nil {
			meddle()
		}
		acted := m.turn(c)
		if m.closed > 0 {
			return
		}
		if list := m.running(); len(list) > 0 && (!acted || pick(2) == 0) {
			m.now = m.now.Add(time.Second)
			m.apply(ends(list[pick(len(list))]))
		}
	}
}

// drawPlan draws a plan with overlapping groups, waves, retries, pauses and a budget.
func drawPlan(t *rapid.T) runbooks.Plan {
	n := rapid.IntRange(1, 14).Draw(t, "hosts")
	var steps []runbooks.Step
	for i := range rapid.IntRange(1, 4).Draw(t, "steps") {
		steps = append(steps, runbooks.Step{
			ID:      runbooks.StepID(fmt.Sprint("s", i)),
			Risk:    rapid.SampledFrom([]runbooks.Risk{runbooks.Read, runbooks.Change, runbooks.Disrupt}).Draw(t, "risk"),
			Retries: rapid.IntRange(0, 2).Draw(t, "retries"),
			Repeat:  rapid.Bool().Draw(t, "repeat"),
			When:    rapid.SampledFrom([]string{"", "", "site=s1", "site=s2", "h0*", "pending>0"}).Draw(t, "when"),
			Kind:    rapid.SampledFrom([]runbooks.Kind{runbooks.Script, runbooks.Script, runbooks.Script, runbooks.Wait}).Draw(t, "kind"),
			For:     time.Minute,
		})
	}
	p := plan(n, steps...)
	var sizes []int
	for left := n; left > 0; {
		k := rapid.IntRange(1, left).Draw(t, "wave")
		sizes, left = append(sizes, k), left-k
	}
	p = waves(p, sizes...)
	p.Risk = rapid.SampledFrom([]runbooks.Risk{runbooks.Disrupt, runbooks.Disrupt, runbooks.Change}).Draw(t, "plan risk")
	p.Policy = runbooks.Policy{
		Parallel:    rapid.IntRange(1, 6).Draw(t, "parallel"),
		MaxFailures: rapid.SampledFrom([]string{"", "0", "1", "3", "10%", "50%", "100%"}).Draw(t, "max failures"),
		Pause:       rapid.SampledFrom([]string{"", "manual", "5m"}).Draw(t, "pause"),
	}
	for g := range rapid.IntRange(0, 4).Draw(t, "groups") {
		gr := inventory.Group{Name: fmt.Sprint("g", g), MaxDown: rapid.IntRange(1, 3).Draw(t, "max down")}
		for _, h := range p.Hosts {
			if rapid.Bool().Draw(t, "member") {
				gr.Hosts = append(gr.Hosts, h.Name)
			}
		}
		for x := range rapid.IntRange(0, 2).Draw(t, "others") {
			gr.Hosts = append(gr.Hosts, inventory.HostID(fmt.Sprint("x", x)))
		}
		p.Groups = append(p.Groups, gr)
	}
	for x := range rapid.IntRange(0, 2).Draw(t, "down outside") {
		p.Down = append(p.Down, runbooks.DownMember{Host: inventory.HostID(fmt.Sprint("x", x)), Why: "unreachable"})
	}
	for _, h := range p.Hosts {
		if rapid.IntRange(0, 5).Draw(t, "down before") == 0 {
			p.Down = append(p.Down, runbooks.DownMember{Host: h.Name, Why: "failed"})
		}
	}
	return p
}

// drawEnd draws how a step ends: well more often than not.
func drawEnd(t *rapid.T) func(journal.StepStarted) journal.StepEnded {
	all := []journal.Outcome{journal.OK, journal.OK, journal.OK, journal.OK, journal.Warned, journal.Failed, journal.Unreachable, journal.Unknown}
	return func(b journal.StepStarted) journal.StepEnded {
		o := rapid.SampledFrom(all).Draw(t, "end")
		return journal.StepEnded{Host: b.Host, Step: b.Step, Attempt: b.Attempt, Outcome: o, Again: o == journal.Unreachable}
	}
}

func drawPick(t *rapid.T) func(int) int {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
}

func TestLimitsHoldWhateverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newSim(t, drawPlan(t))
		m.play(drawEnd(t), drawPick(t), nil)
		if m.s.Tally.AtWork != 0 {
			t.Fatalf("closed with %d hosts at work", m.s.Tally.AtWork)
		}
		if m.s.Tally.Waiting > 0 && (m.s.Result != journal.Stopped || m.s.Reason == "") {
			t.Fatalf("%d hosts wait, and the run closed as %s: %q", m.s.Tally.Waiting, m.s.Result, m.s.Reason)
		}
		if m.s.Tally.Waiting == 0 && m.s.Tally.Bad() == 0 && m.s.Result != journal.Passed {
			t.Fatalf("all is well, and the run closed as %s", m.s.Result)
		}
	})
}

// TestLimitsHoldWhateverIsDecided meddles: an operator pauses, retries, skips and aborts at any time.
func TestLimitsHoldWhateverIsDecided(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newSim(t, drawPlan(t))
		left := 12
		m.play(drawEnd(t), drawPick(t), func() {
			if left == 0 || rapid.IntRange(0, 3).Draw(t, "meddle") > 0 {
				return
			}
			left--
			d := journal.Decided{Host: m.s.Hosts[rapid.IntRange(0, len(m.s.Hosts)-1).Draw(t, "whom")].ID}
			d.Decision = rapid.SampledFrom([]journal.Decision{journal.Pause, journal.Continue, journal.Retry, journal.Retry, journal.SkipHost,
				journal.SkipStep, journal.Abort, journal.Answer}).Draw(t, "decision")
			if d.Decision == journal.Retry || d.Decision == journal.SkipStep {
				m.tried[d.Host] = true
			}
			m.apply(d)
		})
	})
}

// TestBudgetIsExactOneAtATime: with one host at a time, the run stops at exactly one failure more than may be.
func TestBudgetIsExactOneAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.Policy.Parallel, p.Groups = 1, nil
		p.Policy.MaxFailures = rapid.SampledFrom([]string{"0", "1", "2", "10%", "34%"}).Draw(t, "max failures")
		m := newSim(t, p)
		m.play(drawEnd(t), drawPick(t), nil)
		limit := budget(p.Policy.MaxFailures, len(p.Hosts))
		if bad := m.s.Tally.Bad(); bad > limit+1 || m.s.Tally.Waiting > 0 && bad != limit+1 {
			t.Fatalf("%d failed, %d may: %d wait", bad, limit, m.s.Tally.Waiting)
		}
	})
}
