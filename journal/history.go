package journal

import (
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// Spent is what one step of a run took, over its hosts. Only attempts whose end is on record count.
type Spent struct {
	Run     RunID            `json:"run"`
	Runbook string           `json:"runbook"`
	Step    runbooks.StepID  `json:"step"`
	At      time.Time        `json:"at"` // when the run started
	Hosts   int              `json:"hosts"`
	Failed  int              `json:"failed"`
	Total   time.Duration    `json:"total"` // added up over the hosts
	Longest time.Duration    `json:"longest"`
	Slowest inventory.HostID `json:"slowest,omitempty"`
}

// Stood is time in which a run stood still for a person.
type Stood struct {
	Run     RunID           `json:"run"`
	Seq     uint64          `json:"seq"` // of the decision that ended it
	Runbook string          `json:"runbook"`
	At      time.Time       `json:"at"` // of that decision
	For     time.Duration   `json:"for"`
	What    string          `json:"what"` // "approval of a wave", "a manual step", "pause"
	Step    runbooks.StepID `json:"step,omitempty"`
	Who     string          `json:"who"`
}

// Typed is a command line that somebody ran by hand.
type Typed struct {
	Run     RunID     `json:"run"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	Command string    `json:"command"`
	Scope   string    `json:"scope"`
	Hosts   int       `json:"hosts"`
}

// Sample is a measured number of a host: how full something was.
type Sample struct {
	Host  inventory.HostID `json:"host"`
	Key   string           `json:"key"` // "disk:/var", "inodes:/var", "memory"
	At    time.Time        `json:"at"`
	Value float64          `json:"value"` // per cent
}

// Awaited is an update that waited on a host. Gone is when the host was first looked at without it; zero = it waits still.
// Published is when any host of the journal was first seen to wait for it: no package manager says when a version came out, and
// this is never earlier than that.
type Awaited struct {
	Host      inventory.HostID `json:"host"`
	Name      string           `json:"name"`
	Version   string           `json:"version"`
	Security  bool             `json:"security,omitempty"`
	First     time.Time        `json:"first"`
	Last      time.Time        `json:"last"`
	Published time.Time        `json:"published"`
	Gone      time.Time        `json:"gone,omitzero"`
}

// Looked is a moment at which a host's pending updates were read.
type Looked struct {
	Host inventory.HostID
	At   time.Time
}

// History is what a run leaves for those who ask how things went over time. One owner mutates it by Apply. What has been written
// elsewhere may be taken out of it: the slices by setting them to nil; Spent only grows.
type History struct {
	Spent   map[runbooks.StepID]*Spent
	Stood   []Stood
	Typed   *Typed
	Samples []Sample
	Updates []Awaited // Gone and Published are for whoever knows more than one run
	Looked  []Looked
	ended   time.Time // when a step last ended
	paused  time.Time
}

// Apply folds an event. before is the run's state without it.
func (h *History) Apply(before *State, e Event) {
	switch b := e.Body.(type) {
	case PlanAccepted:
		if cmd := b.Plan.Params["command"]; b.Plan.Runbook == "exec" && cmd != "" {
			h.Typed = &Typed{Run: e.Run, At: e.At, Who: b.By.User, Command: cmd, Scope: b.Plan.Scope, Hosts: len(b.Plan.Hosts)}
		}
	case StepEnded:
		h.spend(before, e, b)
	case FactsRead:
		h.facts(e, b)
	case Decided:
		h.decided(before, e, b)
	}
}

func (h *History) spend(before *State, e Event, b StepEnded) {
	h.ended = e.At
	host, i := before.Host(b.Host), before.StepIndex(b.Step)
	if host == nil || i < 0 || i >= len(host.Steps) || !host.Steps[i].Running || host.Steps[i].Attempt != b.Attempt {
		return
	}
	if before.Plan().Steps[i].Kind == runbooks.Manual {
		return // that is a person's time, not the step's
	}
	if h.Spent == nil {
		h.Spent = map[runbooks.StepID]*Spent{}
	}
	s := h.Spent[b.Step]
	if s == nil {
		s = &Spent{Run: e.Run, Runbook: before.Plan().Runbook, Step: b.Step, At: before.Started}
		h.Spent[b.Step] = s
	}
	took := max(e.At.Sub(host.Steps[i].Started), 0)
	s.Hosts++
	s.Total += took
	if !b.Outcome.Good() && b.Outcome != Skipped {
		s.Failed++
	}
	if took > s.Longest || s.Slowest == "" {
		s.Longest, s.Slowest = took, b.Host
	}
}

// decided finds what the run stood still for.
func (h *History) decided(before *State, e Event, b Decided) {
	st := Stood{Run: e.Run, Seq: e.Seq, Runbook: before.Plan().Runbook, At: e.At, Who: b.By.User}
	var since time.Time
	switch b.Decision {
	case Pause:
		if h.paused.IsZero() {
			h.paused = e.At
		}
		return
	case Continue:
		since, st.What = h.paused, "pause"
		h.paused = time.Time{}
	case Approve:
		since, st.What = h.ended, "approval of a wave"
		if before.Tally.AtWork > 0 || b.Wave <= before.Approved {
			return // nobody waited: the wave before was still at work, or it was approved already
		}
	case Answer:
		host, i := before.Host(b.Host), before.StepIndex(b.Step)
		if host == nil || i < 0 || i >= len(host.Steps) {
			return
		}
		since, st.What, st.Step = host.Steps[i].Started, "a manual step", b.Step
	}
	if since.IsZero() || !e.At.After(since) {
		return
	}
	st.For = e.At.Sub(since)
	h.Stood = append(h.Stood, st)
}

// measured are the families of checks whose growth ends in a full something.
var measured = []string{"disk:", "inodes:", "memory", "zfs:", "swap"}

func (h *History) facts(e Event, b FactsRead) {
	looked := false
	for _, f := range b.Facts {
		switch {
		case f.Key == "pending" && !f.Check:
			looked = true
		case f.Check && f.Unit == "%":
			h.sample(e, b.Host, f)
		case strings.HasPrefix(f.Key, "update."):
			if u, ok := awaited(f); ok {
				u.Host, u.First, u.Last = b.Host, e.At, e.At
				h.Updates = append(h.Updates, u)
			}
		}
	}
	if looked {
		h.Looked = append(h.Looked, Looked{b.Host, e.At})
	}
}

func (h *History) sample(e Event, host inventory.HostID, f runbooks.Fact) {
	for _, m := range measured {
		if f.Key != m && !(strings.HasSuffix(m, ":") && strings.HasPrefix(f.Key, m)) {
			continue
		}
		if v, err := strconv.ParseFloat(f.Value, 64); err == nil && v >= 0 && v <= 100 {
			h.Samples = append(h.Samples, Sample{Host: host, Key: f.Key, At: e.At, Value: v})
		}
		return
	}
}

// awaited reads "update.NAME" = "OLD -> NEW ORIGIN [security]".
func awaited(f runbooks.Fact) (Awaited, bool) {
	words := strings.Fields(f.Value)
	if len(words) < 3 || words[1] != "->" {
		return Awaited{}, false
	}
	return Awaited{Name: strings.TrimPrefix(f.Key, "update."), Version: words[2], Security: words[len(words)-1] == "security"}, true
}
