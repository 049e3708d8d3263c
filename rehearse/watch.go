package rehearse

import (
	"slices"
	"strings"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Run is what a rehearsed run came to.
type Run struct {
	Runbook string         `json:"runbook"`          // its name
	Scope   string         `json:"scope"`            // the selector as typed
	Digest  string         `json:"digest"`           // of the rehearsed plan; its hosts' addresses are the twin's, so it is not the real one's
	Result  string         `json:"result"`           // in the words of tend journal list: "passed"
	Reason  string         `json:"reason,omitempty"` // of that result
	Took    time.Duration  `json:"took_ns"`          // of rehearsed time
	Hosts   int            `json:"hosts"`            // how many its plan has
	Counts  map[string]int `json:"counts"`           // hosts by how they ended; "untouched" were never begun
	Failed  []Failure      `json:"failed,omitempty"` // the hosts that did not end well
	Groups  []Group        `json:"groups,omitempty"` // those that it worked in; none where it takes nothing down
	Asked   []Asked        `json:"asked,omitempty"`  // what people would have been asked
}

// Failure is a host that did not end well.
type Failure struct {
	Host    inventory.HostID `json:"host"`             // its name
	Step    runbooks.StepID  `json:"step"`             // in which it ended
	Outcome string           `json:"outcome"`          // "failed", "refused", "unreachable" or "unknown"
	Reason  string           `json:"reason,omitempty"` // of that outcome
	At      time.Duration    `json:"at_ns"`            // of rehearsed time, since the run began
}

// Group is what the run did to a group: the most members that were down at one time.
type Group struct {
	Name    string             `json:"name"`             // its name
	Members int                `json:"members"`          // how many it has
	MaxDown int                `json:"max_down"`         // how many may be down at once
	Quorum  int                `json:"quorum,omitempty"` // how many must be up; 0 = not declared
	Before  int                `json:"down_before"`      // how many were down before the run
	Worst   int                `json:"worst"`            // the most that were down at once
	At      time.Duration      `json:"at_ns"`            // when that was, in rehearsed time since the run began
	Who     []inventory.HostID `json:"who,omitempty"`    // the members that were down then
}

// Held reports whether the run kept to the group's limit: those that were down before it are not its doing.
func (g Group) Held() bool { return g.Worst <= max(g.MaxDown, g.Before) }

// Quorate reports whether enough members were up at every moment; a group that declares no quorum always is.
func (g Group) Quorate() bool { return g.Quorum == 0 || g.Members-g.Worst >= g.Quorum }

// Asked is a question that somebody would have been asked, and that the rehearsal answered.
type Asked struct {
	At   time.Duration    `json:"at_ns"`          // of rehearsed time, since the run began
	Host inventory.HostID `json:"host,omitempty"` // none = the question is about the whole run
	Text string           `json:"text"`           // the question, or what there was to do
}

// Watch folds the events of one rehearsed run.
type Watch struct {
	run    Run
	state  *journal.State
	groups map[inventory.HostID][]int // places in run.Groups, by host
	hosts  [][]inventory.HostID       // members, by group
	before map[inventory.HostID]bool  // down before the run, and not mended by it yet
}

// NewWatch is ready for the run's first event.
func NewWatch() *Watch {
	return &Watch{state: journal.NewState(), groups: map[inventory.HostID][]int{}, before: map[inventory.HostID]bool{}}
}

// Apply folds one event, and returns what somebody must decide now for the run to go on; nil = nothing.
func (w *Watch) Apply(e journal.Event) *journal.Decided {
	w.state.Apply(e)
	at := e.At.Sub(w.state.Started)
	switch b := e.Body.(type) {
	case journal.PlanAccepted:
		w.open(&b.Plan)
	case journal.StepStarted:
		w.count(b.Host, at) // nobody goes down otherwise
		return w.manual(b, at)
	case journal.StepEnded:
		w.ended(b, at)
	case journal.Remarked:
		return w.remarked(b, at)
	case journal.RunClosed:
		w.run.Took = at
	}
	return nil
}

func (w *Watch) open(p *runbooks.Plan) {
	w.run.Runbook, w.run.Scope, w.run.Digest, w.run.Hosts = p.Runbook, p.Scope, p.Digest, len(p.Hosts)
	for _, d := range p.Down {
		w.before[d.Host] = true
	}
	if p.Risk != runbooks.Disrupt {
		return
	}
	for i, g := range p.Groups {
		r := Group{Name: g.Name, Members: len(g.Hosts), MaxDown: g.MaxDown, Quorum: g.Quorum}
		for _, h := range g.Hosts {
			w.groups[h] = append(w.groups[h], i)
			if slices.ContainsFunc(p.Down, func(d runbooks.DownMember) bool { return d.Host == h }) {
				r.Before++
			}
		}
		w.run.Groups, w.hosts = append(w.run.Groups, r), append(w.hosts, g.Hosts)
	}
}

// count looks how many members of the host's groups are down now, as the engine counts them.
func (w *Watch) count(host inventory.HostID, at time.Duration) {
	for _, i := range w.groups[host] {
		g := &w.run.Groups[i]
		var who []inventory.HostID
		for _, m := range w.hosts[i] {
			if h := w.state.Host(m); h != nil && engine.Down(h) || w.before[m] {
				who = append(who, m)
			}
		}
		if len(who) > g.Worst {
			g.Worst, g.At, g.Who = len(who), at, who
		}
	}
}

func (w *Watch) ended(b journal.StepEnded, at time.Duration) {
	h := w.state.Host(b.Host)
	if h == nil || h.Phase != journal.Ended {
		return // it is tried again, or goes on
	}
	switch h.Outcome {
	case journal.OK, journal.Warned:
		delete(w.before, b.Host)
	case journal.Failed, journal.Refused, journal.Unreachable, journal.Unknown:
		w.run.Failed = append(w.run.Failed, Failure{b.Host, b.Step, b.Outcome.String(), b.Reason, at})
	}
}

// manual answers a step that a person would have done: done, with something for each question.
func (w *Watch) manual(b journal.StepStarted, at time.Duration) *journal.Decided {
	k := w.state.StepIndex(b.Step)
	if k < 0 || w.state.Plan().Steps[k].Kind != runbooks.Manual {
		return nil
	}
	step := &w.state.Plan().Steps[k]
	w.run.Asked = append(w.run.Asked, Asked{at, b.Host, strings.TrimSpace(step.Words)})
	answers := map[string]string{}
	for _, q := range step.Asks {
		w.run.Asked = append(w.run.Asked, Asked{at, b.Host, q.Text})
		answers[q.Name] = "rehearsed"
		if q.Type == "yes" {
			answers[q.Name] = "yes"
		}
		if told, _ := w.state.Facts(b.Host, q.Is); told != "" {
			answers[q.Name] = told
		}
	}
	return &journal.Decided{Decision: journal.Answer, Host: b.Host, Step: b.Step, OK: true, Answers: answers, By: self, Reason: "rehearsed"}
}

// remarked lets the next wave begin where an operator would have been asked.
func (w *Watch) remarked(b journal.Remarked, at time.Duration) *journal.Decided {
	if b.Host != "" || !strings.HasSuffix(b.Text, "waits for approval") {
		return nil
	}
	w.run.Asked = append(w.run.Asked, Asked{At: at, Text: b.Text})
	return &journal.Decided{Decision: journal.Approve, Wave: w.state.Wave + 1, By: self, Reason: "rehearsed"}
}

// self answers what a person would be asked.
var self = journal.Who{User: "rehearsal"}

// Run is what is known so far.
func (w *Watch) Run() Run {
	r := w.run
	r.Result, r.Reason = w.state.Result.String(), w.state.Reason
	r.Counts = map[string]int{}
	for i := range w.state.Hosts {
		h := &w.state.Hosts[i]
		switch {
		case h.Phase == journal.Ended:
			r.Counts[h.Outcome.String()]++
		case h.Phase == journal.Waiting:
			r.Counts["untouched"]++
		default:
			r.Counts["at work"]++
		}
	}
	return r
}

// Result is how the run ended.
func (w *Watch) Result() journal.Result { return w.state.Result }
