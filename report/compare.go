package report

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Snapshot is what is known of hosts at one moment: what a run found on them, or what all runs had found by then.
type Snapshot struct {
	Name  string // "261122-2213-k7f3", or a time
	order []inventory.HostID
	of    map[inventory.HostID]*standing
}

// standing is a host in a snapshot.
type standing struct {
	outcome string // of a run
	facts   map[string]runbooks.Fact
	outputs map[runbooks.StepID]*said
	seen    map[source]bool // whose facts are here already: the newest
}

// source is what learnt a fact: a fact that a newer reading of the same source does not have is gone.
type source struct {
	runbook string
	step    runbooks.StepID
}

// said is the output of a step's latest attempt, up to maxSaid bytes.
type said struct {
	attempt int
	text    []byte
	cut     bool
}

const maxSaid = 256 << 10

func newSnapshot(name string) *Snapshot {
	return &Snapshot{Name: name, of: map[inventory.HostID]*standing{}}
}

func (s *Snapshot) host(id inventory.HostID) *standing {
	h := s.of[id]
	if h == nil {
		h = &standing{facts: map[string]runbooks.Fact{}, outputs: map[runbooks.StepID]*said{}, seen: map[source]bool{}}
		s.of[id] = h
		s.order = append(s.order, id)
	}
	return h
}

// Len is how many hosts it knows.
func (s *Snapshot) Len() int { return len(s.order) }

// OfRun is what a run found, with its output.
func OfRun(events iter.Seq2[journal.Event, error]) (*Snapshot, error) {
	s, st := newSnapshot(""), journal.NewState()
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		st.Apply(e)
		switch b := e.Body.(type) {
		case journal.PlanAccepted:
			for _, h := range b.Plan.Hosts { // in the plan's order
				s.host(h.Name)
			}
		case journal.OutputRead:
			s.host(b.Host).output(b)
		}
	}
	if st.Run == "" {
		return nil, ErrNoPlan
	}
	s.Name = string(st.Run)
	for i := range st.Hosts {
		h := s.host(st.Hosts[i].ID)
		h.outcome, h.facts = outcome(&st.Hosts[i]), st.Hosts[i].Facts
	}
	return s, nil
}

func outcome(h *journal.HostState) string {
	if h.Phase != journal.Ended {
		return "not ended"
	}
	return h.Outcome.String()
}

func (h *standing) output(b journal.OutputRead) {
	o := h.outputs[b.Step]
	if o == nil || b.Attempt > o.attempt {
		o = &said{attempt: b.Attempt}
		h.outputs[b.Step] = o
	}
	room := min(len(b.Data), maxSaid-len(o.text))
	o.text = append(o.text, b.Data[:room]...)
	o.cut = o.cut || room < len(b.Data)
}

// AsOf begins a snapshot of a moment; Take is then given runs, the newest first.
func AsOf(at time.Time) *Snapshot { return newSnapshot(at.Local().Format("2006-01-02 15:04")) }

// Take adds what a run had learnt by then of the hosts that are wanted. Runs come newest first: what is known stays.
func (s *Snapshot) Take(events iter.Seq2[journal.Event, error], until time.Time, wanted func(inventory.HostID) bool) error {
	type reading struct {
		host inventory.HostID
		src  source
	}
	runbook, found := "", map[reading]map[string]runbooks.Fact{}
	for e, err := range events {
		if err != nil {
			return err
		}
		switch b := e.Body.(type) {
		case journal.PlanAccepted:
			runbook = b.Plan.Runbook
		case journal.FactsRead:
			if e.At.After(until) || !wanted(b.Host) {
				continue
			}
			r := reading{b.Host, source{runbook, b.Step}}
			if found[r] == nil {
				found[r] = map[string]runbooks.Fact{}
			}
			for _, f := range b.Facts {
				found[r][f.Key] = f
			}
		}
	}
	for r, facts := range found {
		h := s.host(r.host)
		if h.seen[r.src] {
			continue
		}
		h.seen[r.src] = true
		for k, f := range facts {
			if _, newer := h.facts[k]; !newer {
				h.facts[k] = f
			}
		}
	}
	return nil
}

// Difference is one thing that is different on some hosts, in the same way.
type Difference struct {
	Kind  string             `json:"kind"`           // "hosts", "outcome", "check", "package", "fact" or "output"
	Key   string             `json:"key,omitempty"`  // of the check, package or fact, or the step of an output; none of "hosts" and "outcome"
	Was   string             `json:"was"`            // "not known" where it was not read; of "hosts", "here" or "not here"
	Is    string             `json:"is"`             // in the same words
	Diff  string             `json:"diff,omitempty"` // of an output: lines with -, + or a space in front
	Hosts []inventory.HostID `json:"hosts"`          // where it is different in just this way
}

// kinds are the kinds of difference in the order in which one wants to know.
var kinds = []string{"hosts", "outcome", "check", "package", "fact", "output"}

// Compare lists what is different in the second, what is so on most hosts first within each kind.
func Compare(was, is *Snapshot) []Difference {
	c := comparison{at: map[folded]int{}}
	for _, id := range was.order {
		if is.of[id] == nil {
			c.add(id, Difference{Kind: "hosts", Was: "here", Is: "not here"})
			continue
		}
		c.host(id, was.of[id], is.of[id])
	}
	for _, id := range is.order {
		if was.of[id] == nil {
			c.add(id, Difference{Kind: "hosts", Was: "not here", Is: "here"})
		}
	}
	slices.SortStableFunc(c.all, func(a, b Difference) int {
		return cmp.Or(slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), len(b.Hosts)-len(a.Hosts), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is))
	})
	return c.all
}

// folded is a difference without its hosts: equal ones are said once.
type folded struct{ kind, key, was, is, diff string }

type comparison struct {
	all []Difference
	at  map[folded]int
}

func (c *comparison) add(id inventory.HostID, d Difference) {
	k := folded{d.Kind, d.Key, d.Was, d.Is, d.Diff}
	i, seen := c.at[k]
	if !seen {
		i = len(c.all)
		c.at[k] = i
		c.all = append(c.all, d)
	}
	c.all[i].Hosts = append(c.all[i].Hosts, id)
}

func (c *comparison) host(id inventory.HostID, was, is *standing) {
	if was.outcome != is.outcome {
		c.add(id, Difference{Kind: "outcome", Was: was.outcome, Is: is.outcome})
	}
	keys := slices.Sorted(maps.Keys(was.facts))
	for k := range is.facts {
		if _, both := was.facts[k]; !both {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		x, old := was.facts[k]
		y, now := is.facts[k]
		if a, b := factText(x, old), factText(y, now); a != b {
			c.add(id, Difference{Kind: kindOf(k, x.Check || y.Check), Key: k, Was: a, Is: b})
		}
	}
	for _, step := range slices.Sorted(maps.Keys(was.outputs)) {
		if y := is.outputs[step]; y != nil {
			c.output(id, step, was.outputs[step], y)
		}
	}
}

func (c *comparison) output(id inventory.HostID, step runbooks.StepID, x, y *said) {
	if string(x.text) == string(y.text) && x.cut == y.cut {
		return
	}
	c.add(id, Difference{Kind: "output", Key: string(step), Was: x.words(), Is: y.words(), Diff: diff(lines(x.text), lines(y.text))})
}

func (o *said) words() string {
	n := len(lines(o.text))
	if o.cut {
		return fmt.Sprintf("more than %d lines", n)
	}
	return fmt.Sprintf("%d lines", n)
}

func lines(text []byte) []string {
	s := strings.ToValidUTF8(strings.TrimSuffix(string(text), "\n"), "\ufffd")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func kindOf(key string, check bool) string {
	switch {
	case check:
		return "check"
	case strings.HasPrefix(key, "changed."), strings.HasPrefix(key, "update."):
		return "package"
	}
	return "fact"
}

// factText is a fact as it is compared: a check's verdict and value, anything else's value. A check's own words are left out: they repeat
// both.
func factText(f runbooks.Fact, known bool) string {
	switch {
	case !known:
		return "not known"
	case f.Check:
		return strings.TrimSpace(checkVerdict(f.State) + " " + f.Value + f.Unit)
	}
	return f.Value
}

func checkVerdict(s runbooks.CheckState) string {
	switch s {
	case runbooks.CheckOK:
		return "OK"
	case runbooks.CheckWarn:
		return "WARN"
	case runbooks.CheckCrit:
		return "CRIT"
	}
	return "UNKNOWN"
}
