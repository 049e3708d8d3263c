package fleet

import (
	"time"

	"tend/inventory"
	"tend/journal"
)

// Apply folds one event. It is total, and may be given runs in any order: what is older than what is known changes nothing.
func (f *Fleet) Apply(e journal.Event) {
	f.heard(e.At)
	switch b := e.Body.(type) {
	case journal.PlanAccepted:
		r := run{runbook: b.Plan.Runbook, dry: b.Plan.Dry}
		if n := len(b.Plan.Steps); n > 0 {
			r.last = b.Plan.Steps[n-1].ID
		}
		f.runs[e.Run] = r
	case journal.HostReached:
		f.with(b.Host, func(h *host) { f.see(h, e.At) })
	case journal.StepStarted:
		f.started(e, b)
	case journal.StepEnded:
		f.with(b.Host, func(h *host) { f.ended(h, e, b) })
	case journal.FactsRead:
		f.with(b.Host, func(h *host) {
			f.see(h, e.At)
			known := make([]journal.Known, 0, len(b.Facts))
			for _, fact := range b.Facts {
				known = append(known, journal.Known{Host: b.Host, Fact: fact, At: e.At, Run: e.Run, Step: b.Step})
			}
			h.facts.learn(f.limit(), known...)
		})
	case journal.RunClosed:
		delete(f.runs, e.Run)
	}
}

// heard lets time pass up to something that happened. What lies far ahead of the clock comes from a machine whose clock was wrong: it does
// not make everything else old.
func (f *Fleet) heard(at time.Time) {
	if at.After(f.now) && f.can(at) {
		f.now = at
	}
}

// limit is the latest time that anything can be dated by a clock that is right; zero while nobody has told the time.
func (f *Fleet) limit() time.Time {
	if f.told.IsZero() {
		return time.Time{}
	}
	return f.told.Add(journal.Ahead)
}

// can reports whether a clock that is right can have dated it so.
func (f *Fleet) can(at time.Time) bool { return f.told.IsZero() || !at.After(f.limit()) }

// Known takes in what earlier runs learnt. Many facts at once cost one judgement and one count a host, and the less where a host's stand together.
func (f *Fleet) Known(known ...journal.Known) {
	touched := make(map[int]bool)
	for len(known) > 0 {
		n := 1
		for n < len(known) && known[n].Host == known[0].Host {
			n++
		}
		if i, ok := f.index[known[0].Host]; ok {
			if !touched[i] {
				touched[i] = true
				f.hosts[i].count(-1) // it is back in the sums when all of it is known
			}
			f.learn(&f.hosts[i], known[:n])
		}
		known = known[n:]
	}
	for i := range touched {
		f.judge(i)
		f.hosts[i].count(+1)
		f.version++
	}
}

func (f *Fleet) learn(h *host, known []journal.Known) {
	for i := range known {
		at := known[i].At
		f.heard(at)
		f.see(h, at)
	}
	h.facts.learn(f.limit(), known...)
}

// Ended takes in how a host's part in an earlier run ended.
func (f *Fleet) Ended(id inventory.HostID, last Last) {
	f.heard(last.At)
	last.Running = false
	f.with(id, func(h *host) {
		if ran(last.Outcome) {
			f.see(h, last.At)
		}
		f.part(h, last)
		f.conclude(h, last)
	})
}

// Ran takes in a host's part in an earlier run, as a journal's index tells it. It says nothing of the reason.
func (f *Fleet) Ran(r journal.HostRun) {
	l := Last{Run: r.Run, Runbook: r.Runbook, At: r.Started}
	if l.Outcome.UnmarshalText([]byte(r.Outcome)) != nil || r.Outcome == "waiting" {
		return
	}
	if r.Outcome == "running" {
		l.Running = true
		f.with(r.Host, func(h *host) { f.part(h, l) })
		return
	}
	f.Ended(r.Host, l)
}

func (f *Fleet) with(id inventory.HostID, do func(*host)) {
	if i, ok := f.index[id]; ok {
		f.recount(i, do)
	}
}

// recount changes a host, works out anew how it stands, and keeps the numbers: out of them and back in, once.
func (f *Fleet) recount(i int, change func(*host)) {
	h := &f.hosts[i]
	h.count(-1)
	change(h)
	f.judge(i)
	h.count(+1)
	f.version++
}

// started says what runs on the host. How the host stands is as it was: only an end or a fact changes that.
func (f *Fleet) started(e journal.Event, b journal.StepStarted) {
	i, ok := f.index[b.Host]
	if !ok {
		return
	}
	h := &f.hosts[i]
	l := Last{Run: e.Run, Runbook: f.runs[e.Run].runbook, At: e.At, Running: true, Step: b.Step}
	if was := h.view.Last; was.Run == e.Run && was.Running && was.Outcome == journal.Warned {
		l.Outcome, l.Reason = was.Outcome, was.Reason
	}
	f.part(h, l)
	f.version++
}

// ended concludes the host's part where nothing follows: the step was the plan's last, or it ended badly.
func (f *Fleet) ended(h *host, e journal.Event, b journal.StepEnded) {
	if ran(b.Outcome) {
		f.see(h, e.At)
	}
	r := f.runs[e.Run]
	if was := h.view.Last; was.Run == e.Run && was.Running {
		b.Outcome, b.Reason = sofar(was, b)
	}
	l := Last{Run: e.Run, Runbook: r.runbook, At: e.At, Step: b.Step, Outcome: b.Outcome, Reason: b.Reason}
	if b.Outcome.Good() && b.Step != r.last {
		l.Running = true
		f.part(h, l)
		return
	}
	f.part(h, l)
	if !r.dry { // it looked, and says nothing of how the host stands but what it found there
		f.conclude(h, l)
	}
}

// sofar is how the host stands in its run once a step has ended: where an earlier one warned, it is no better than that, and one that was not
// wanted changes nothing.
func sofar(was Last, b journal.StepEnded) (journal.Outcome, string) {
	warned := was.Outcome == journal.Warned && b.Outcome == journal.OK
	if warned || b.Outcome == journal.Skipped && was.Outcome.Good() {
		return was.Outcome, was.Reason
	}
	return b.Outcome, b.Reason
}

// ran reports whether the outcome proves that the host answered.
func ran(o journal.Outcome) bool {
	return o == journal.OK || o == journal.Warned || o == journal.Failed
}

// see keeps when the host last answered. A time that cannot be says nothing of when.
func (f *Fleet) see(h *host, at time.Time) {
	if at.After(h.view.Seen) && f.can(at) {
		h.view.Seen = at
	}
}

func (f *Fleet) part(h *host, l Last) {
	if h.view.Last.Run == "" || journal.Replaces(l.At, h.view.Last.At, f.limit()) {
		h.view.Last = l
	}
}

// conclude keeps the latest verdict. What an operator skipped or aborted says nothing about the host.
func (f *Fleet) conclude(h *host, l Last) {
	if h.verdict.Run != "" && !journal.Replaces(l.At, h.verdict.At, f.limit()) || l.Outcome == journal.Skipped || l.Outcome == journal.Aborted {
		return
	}
	h.verdict = l
}

// Facts are what is known of the host, checks and others, by key.
func (f *Fleet) Facts(id inventory.HostID) []journal.Known {
	i, ok := f.index[id]
	if !ok {
		return nil
	}
	return sorted(f.hosts[i].facts)
}

func (f *Fleet) facts(id inventory.HostID) facts {
	if i, ok := f.index[id]; ok {
		return f.hosts[i].facts
	}
	return nil
}

// Fresh reports whether something learnt at the time at still counts. What a clock that was wrong has dated does not: nobody knows its age.
func (f *Fleet) Fresh(at time.Time) bool { return f.now.Before(at.Add(f.Patience)) && f.can(at) }
