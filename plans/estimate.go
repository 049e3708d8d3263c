package plans

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Times are how long hosts took in past runs, by runbook. The zero value knows nothing.
type Times struct {
	hosts map[string][]time.Duration // of single hosts, sorted
	runs  map[string]int
}

// Add takes the times of one past run: from the first step's start to the host's end, of hosts that went through it well. A dry run is
// another piece of work, and says nothing about this one.
func (t *Times) Add(s *journal.State) {
	book := s.Plan().Runbook
	if s.Plan().Dry {
		return
	}
	var took []time.Duration
	for i := range s.Hosts {
		if d, ok := spent(&s.Hosts[i]); ok {
			took = append(took, d)
		}
	}
	if len(took) == 0 {
		return
	}
	if t.hosts == nil {
		t.hosts, t.runs = map[string][]time.Duration{}, map[string]int{}
	}
	t.runs[book]++
	t.hosts[book] = append(t.hosts[book], took...)
	slices.Sort(t.hosts[book])
}

// spent is how long a host was at work.
func spent(h *journal.HostState) (time.Duration, bool) {
	if h.Phase != journal.Ended || !h.Outcome.Good() {
		return 0, false
	}
	var began time.Time
	for _, st := range h.Steps {
		if !st.Started.IsZero() && (began.IsZero() || st.Started.Before(began)) {
			began = st.Started
		}
	}
	return h.Ended.Sub(began), !began.IsZero() && h.Ended.After(began)
}

// Hosts is how many hosts' times are known of a runbook.
func (t *Times) Hosts(runbook string) int { return len(t.hosts[runbook]) }

// at is the time that this share of the hosts did not exceed: 0.5 is the median. ok is false where no host is known.
func (t *Times) at(runbook string, share float64) (time.Duration, bool) {
	all := t.hosts[runbook]
	if len(all) == 0 {
		return 0, false
	}
	return all[min(int(share*float64(len(all))), len(all)-1)], true
}

// Estimate is how long a plan would take. What has never run is not known (law 6 of the house).
type Estimate struct {
	Time time.Duration `json:"time_ns"` // of the runs that are known, at the median host's pace
	// Slow is the same at the pace of the slowest tenth of hosts.
	Slow    time.Duration `json:"slow_ns"`
	Unknown []string      `json:"unknown,omitempty"` // runbooks of which no host's time is known
	Asks    int           `json:"asks,omitempty"`    // pauses that wait for a person
	Basis   []string      `json:"basis,omitempty"`   // "patch: median of 34 hosts in 3 runs"
}

// String is the estimate in words, with what it stands on.
func (e Estimate) String() string {
	s := "about " + spell(e.Time)
	if spell(e.Slow) != spell(e.Time) {
		s += ", " + spell(e.Slow) + " where hosts are slow"
	}
	if len(e.Unknown) > 0 {
		known := s
		s = "unknown: no host has been through " + strings.Join(e.Unknown, ", ")
		if e.Time > 0 {
			s += "; the rest " + known
		}
	}
	if e.Asks > 0 {
		s += fmt.Sprintf(", and %d times a person's approval", e.Asks)
	}
	if len(e.Basis) > 0 {
		s += " (" + strings.Join(e.Basis, "; ") + ")"
	}
	return s
}

// spell writes a duration as people say it: 40 s, 12 min, 2 h 5 min.
func spell(d time.Duration) string {
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%d s", (d+time.Second-1)/time.Second)
	case d < 100*time.Minute:
		return fmt.Sprintf("%d min", (d+time.Minute-1)/time.Minute)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}

// Estimate adds up the rounds that each run needs, at the time that a host took in the past.
func (r *Resolved) Estimate(t *Times) Estimate {
	var e Estimate
	for i := range r.Plans {
		e.add(&r.Plans[i], nil, t)
	}
	return e
}

// EstimateRun is how long one run would take.
func EstimateRun(p *runbooks.Plan, t *Times) Estimate {
	var e Estimate
	e.add(p, nil, t)
	return e
}

// add counts a run in, or only its work on some hosts.
func (e *Estimate) add(p *runbooks.Plan, only map[inventory.HostID]bool, t *Times) {
	n, waves := rounds(p, only)
	pauses := max(waves-1, 0)
	if d, ok := pause(p.Policy.Pause); ok {
		e.Time += time.Duration(pauses) * d
		e.Slow += time.Duration(pauses) * d
	} else if p.Policy.Pause == "manual" {
		e.Asks += pauses
	}
	per, ok := t.at(p.Runbook, 0.5)
	if !ok {
		if !slices.Contains(e.Unknown, p.Runbook) {
			e.Unknown = append(e.Unknown, p.Runbook)
		}
		return
	}
	slow, _ := t.at(p.Runbook, 0.9)
	e.Time += time.Duration(n) * per
	e.Slow += time.Duration(n) * slow
	basis := fmt.Sprintf("%s: median of %s in %s", p.Runbook, count(t.Hosts(p.Runbook), "host"), count(t.runs[p.Runbook], "run"))
	if !slices.Contains(e.Basis, basis) {
		e.Basis = append(e.Basis, basis)
	}
}

// pause reads a policy's pause, which Resolve has checked.
func pause(s string) (time.Duration, bool) {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		days, err := strconv.Atoi(n)
		return time.Duration(days) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// rounds is how often the run, or its work on some hosts, takes hosts one after the other, and in how many waves. It goes through the waves
// as the engine does, with hosts that all take one round: as many at once as `parallel` and every group of theirs let. nil = all hosts.
func rounds(p *runbooks.Plan, only map[inventory.HostID]bool) (total, waves int) {
	q := queue{width: p.Policy.Parallel}
	if q.width == 0 {
		q.width = runbooks.DefaultParallel
	}
	if p.Risk == runbooks.Disrupt {
		q.groups(p)
	}
	for _, w := range p.Waves {
		var wave []inventory.HostID
		for _, h := range w.Hosts {
			if only == nil || only[h] {
				wave = append(wave, h)
			}
		}
		if len(wave) > 0 {
			total, waves = total+q.rounds(wave), waves+1
		}
	}
	return total, waves
}

// queue is who may go at once.
type queue struct {
	width int
	room  []int                      // of each group
	of    map[inventory.HostID][]int // a host's groups
}

func (q *queue) groups(p *runbooks.Plan) {
	q.of = map[inventory.HostID][]int{}
	out := map[inventory.HostID]bool{}
	for _, d := range p.Down {
		out[d.Host] = true
	}
	for _, h := range p.Hosts { // who is down and in the plan is mended before the others
		delete(out, h.Name)
	}
	for i, g := range p.Groups {
		room := g.MaxDown
		for _, h := range g.Hosts {
			q.of[h] = append(q.of[h], i)
			if out[h] {
				room--
			}
		}
		q.room = append(q.room, max(room, 1)) // a plan without any room is refused
	}
}

// rounds is how many it takes until every host of a wave has gone.
func (q *queue) rounds(wave []inventory.HostID) int {
	n := 0
	for ; len(wave) > 0; n++ {
		room := slices.Clone(q.room)
		at, wait := 0, wave[:0:0]
		for _, h := range wave {
			if at == q.width || slices.ContainsFunc(q.of[h], func(g int) bool { return room[g] == 0 }) {
				wait = append(wait, h)
				continue
			}
			at++
			for _, g := range q.of[h] {
				room[g]--
			}
		}
		wave = wait
	}
	return n
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
