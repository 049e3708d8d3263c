package engine

import (
	"fmt"
	"slices"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// orders are Next's actions, turned into events and workers.
type orders struct {
	r      *run
	bodies []journal.Body
	starts []*attempt
	asked  string
	// settled says that Next has nothing to add once these are done: it starts all that may start, so steps that only began change nothing.
	settled bool
}

func (o *orders) add(a Action) {
	r := o.r
	switch a.(type) {
	case Open, End, Close:
		o.settled = false
	}
	switch a := a.(type) {
	case Open:
		o.bodies = append(o.bodies, journal.WaveOpened(a))
	case Start:
		o.start(a)
	case Follow:
		if at := r.s.Index(a.Host); r.active[at] == nil {
			o.adopt(at, r.s.StepIndex(a.Step))
		}
	case End:
		st := r.s.Host(a.Host).Steps[r.s.StepIndex(a.Step)]
		o.bodies = append(o.bodies, journal.StepEnded{Host: a.Host, Step: a.Step, Attempt: st.Attempt, Outcome: a.Outcome, Exit: -1, Reason: a.Reason})
	case Wake:
		if r.wake.IsZero() || a.At.Before(r.wake) {
			r.wake = a.At
		}
	case Ask:
		o.asked = a.Why
	case Close:
		if r.hold() {
			o.asked = fmt.Sprintf("%s unknown: retry, skip or abort", count(r.s.Tally.By[journal.Unknown], "host is", "hosts are"))
			return
		}
		o.bodies = append(o.bodies, journal.RunClosed(a))
	}
}

func (o *orders) start(a Start) {
	r := o.r
	at, k := r.s.Index(a.Host), r.s.StepIndex(a.Step)
	step := &r.s.Plan().Steps[k]
	body := journal.StepStarted{Host: a.Host, Step: a.Step, Attempt: a.Attempt}
	if step.Kind == runbooks.Manual || step.Kind == runbooks.Wait {
		o.bodies, o.settled = append(o.bodies, body), false // Next says until when it waits
		return
	}
	script, err := r.script(step, a.Host)
	if err != nil {
		o.settled = false
		o.bodies = append(o.bodies, body, journal.StepEnded{Host: a.Host, Step: a.Step, Attempt: a.Attempt, Outcome: journal.Failed,
			Reason: "the script cannot be made: " + err.Error()})
		return
	}
	if step.Kind != runbooks.Reboot && step.Risk != runbooks.Read && detaches(r.s.Plan(), at) {
		body.Job = jobName(r.s.Run, a.Step, a.Host, a.Attempt)
	}
	o.bodies = append(o.bodies, body)
	now := r.e.opt.Clock.Now()
	t := r.attempt(at, k, body, script)
	t.deadline = now.Add(t.limit() + r.e.opt.Slack)
	o.starts = append(o.starts, t)
}

// detaches reports whether a host of the plan keeps its steps: without a shell nothing can be detached, and some are attached by decision.
func detaches(p *runbooks.Plan, at int) bool {
	return p.Hosts[at].Shell != "none" && !slices.Contains(p.Attached, p.Hosts[at].Name)
}

// adopt takes up a step that an earlier runner started.
func (o *orders) adopt(at, k int) {
	r := o.r
	step, h := &r.s.Plan().Steps[k], &r.s.Hosts[at]
	st := h.Steps[k]
	script, err := r.script(step, h.ID)
	lost := journal.StepEnded{Host: h.ID, Step: step.ID, Attempt: st.Attempt, Outcome: journal.Unknown, Exit: -1}
	switch {
	case err != nil:
		lost.Reason = "the runner ended while it ran, and its script cannot be made again: " + err.Error()
	case step.Kind == runbooks.Reboot || st.Job != "":
		body := journal.StepStarted{Host: h.ID, Step: step.ID, Attempt: st.Attempt, Job: st.Job}
		t := r.attempt(at, k, body, script)
		t.resume(st, h.Facts, r.e.opt.Clock.Now())
		o.starts = append(o.starts, t)
		o.bodies = append(o.bodies, journal.Remarked{Host: h.ID, Step: step.ID, Text: "taken up again where the last runner left it"})
		return
	case step.Risk == runbooks.Read:
		lost.Again, lost.Reason = true, "the runner ended while it ran; it only reads, and is done again"
	default:
		lost.Reason = "the runner ended while it ran, and nothing on the host tells how it ended"
	}
	o.bodies, o.settled = append(o.bodies, lost), false
}

// script is what goes to sh; "" for a reboot.
func (r *run) script(step *runbooks.Step, host inventory.HostID) (string, error) {
	if step.Kind == runbooks.Reboot {
		return "", nil
	}
	text, err := r.e.opt.Render(r.s.Plan(), step.ID, host)
	return r.header + text, err
}

func (r *run) attempt(at, k int, b journal.StepStarted, script string) *attempt {
	a := &attempt{
		e: r.e, box: &r.box, at: at, host: r.s.Plan().Hosts[at], step: &r.s.Plan().Steps[k], n: b.Attempt, free: r.s.Hosts[at].Steps[k].Free,
		job: b.Job, script: script, over: make(chan struct{}), saved: make(chan bool, 1),
	}
	a.tap = newTap(a, &r.box, 0, 0)
	a.tap.mask.secrets = r.secrets
	return a
}
