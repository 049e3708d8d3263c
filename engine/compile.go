package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Match says whether a host, with the facts that it emitted in this run, is selected.
type Match func(h inventory.Host, facts inventory.Values) bool

// Window says whether a host may be touched now, and when that changes next (zero = never again).
type Window interface {
	At(now time.Time) (open bool, change time.Time)
}

// Rules are the parts of a plan's meaning that other packages own. Zero fields stand for the real ones.
type Rules struct {
	// Select reads a selector, as it stands in a step's When.
	Select func(expr string) (Match, error)
	// Window reads a host's maintenance window as it stands for a run that was accepted then; nil, or a nil Window, means at any
	// time. It is not asked where the plan's windows do
	// not bind: the plan only reads, or its operator said why it works outside of them.
	Window func(h inventory.Host, accepted time.Time) (Window, error)
	// Accepted is when the run was; Run fills it in.
	Accepted time.Time
}

// Compiled is a plan with all its texts read: what Next needs to decide in one walk over the hosts. It is read-only after Compile.
type Compiled struct {
	plan     *runbooks.Plan
	parallel int
	budget   int // how many hosts may fail; math.MaxInt = any number
	pause    pause
	waves    [][]int // hosts by their place in the plan
	when     []Match // by step; nil = always
	windows  []Window
	groups   []group
	member   [][]int // groups by host; nil where groups do not bind
	was      []bool  // by host: it counted as down before the run; nil where nobody did
}

type group struct {
	name    string
	maxDown int
	hosts   []int
	outside []string // members that are down and not in the plan, in words
}

type pause struct {
	manual bool
	length time.Duration
}

// Compile reads the plan's selectors, limits and groups. It refuses what Resolve refuses, in the same words where it can.
func Compile(p *runbooks.Plan, r Rules) (*Compiled, error) {
	c := &Compiled{plan: p, parallel: p.Policy.Parallel, budget: budget(p.Policy.MaxFailures, len(p.Hosts))}
	if c.parallel <= 0 {
		c.parallel = runbooks.DefaultParallel
	}
	at := newPlaces(p.Hosts)
	var err error
	if c.pause, err = readPause(p.Policy.Pause); err != nil {
		return nil, err
	}
	if c.when, err = readWhen(p.Steps, r.Select); err != nil {
		return nil, err
	}
	if p.Windowed() {
		if c.windows, err = readWindows(p, r); err != nil {
			return nil, err
		}
	}
	for _, w := range p.Waves {
		c.waves = append(c.waves, at.of(w.Hosts))
	}
	c.bind(at)
	return c, nil
}

// bind makes the groups' limits hold: only what takes a host down is limited by them.
func (c *Compiled) bind(at *places) {
	if c.plan.Risk != runbooks.Disrupt || len(c.plan.Groups) == 0 {
		return
	}
	c.member = make([][]int, len(c.plan.Hosts))
	for _, d := range c.plan.Down {
		if i, ok := at.at[d.Host]; ok {
			if c.was == nil {
				c.was = make([]bool, len(c.plan.Hosts))
			}
			c.was[i] = true
		}
	}
	for g, gr := range c.plan.Groups {
		outside := c.outside(gr, at)
		c.groups = append(c.groups, group{name: gr.Name, maxDown: gr.MaxDown, hosts: at.of(gr.Hosts), outside: outside})
		for _, h := range c.groups[g].hosts {
			c.member[h] = append(c.member[h], g)
		}
	}
}

// outside names the group's members that are down though the run does not touch them.
func (c *Compiled) outside(g inventory.Group, at *places) []string {
	var out []string
	for _, d := range c.plan.Down {
		if _, ours := at.at[d.Host]; !ours && slices.Contains(g.Hosts, d.Host) {
			out = append(out, fmt.Sprintf("%s (%s)", d.Host, d.Why))
		}
	}
	return out
}

// why is why a host counted as down before the run.
func (c *Compiled) why(h inventory.HostID) string {
	for _, d := range c.plan.Down {
		if d.Host == h {
			return d.Why
		}
	}
	return ""
}

// places finds hosts' places in the plan.
type places struct {
	at   map[inventory.HostID]int
	seen []int // by place: the last list that named the host
	list int
}

func newPlaces(hosts []inventory.Host) *places {
	p := &places{at: make(map[inventory.HostID]int, len(hosts)), seen: make([]int, len(hosts))}
	for i := range hosts {
		p.at[hosts[i].Name] = i
	}
	return p
}

// of is the hosts' places, each once; who is not in the plan is not at risk.
func (p *places) of(hosts []inventory.HostID) []int {
	p.list++
	at := make([]int, 0, len(hosts))
	for _, id := range hosts {
		if i, ok := p.at[id]; ok && p.seen[i] != p.list {
			p.seen[i] = p.list
			at = append(at, i)
		}
	}
	return at
}

func readPause(text string) (pause, error) {
	switch text {
	case "":
		return pause{}, nil
	case "manual":
		return pause{manual: true}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return pause{}, fmt.Errorf(`pause %q is neither "manual" nor a duration`, text)
	}
	return pause{length: d}, nil
}

func readWhen(steps []runbooks.Step, sel func(string) (Match, error)) ([]Match, error) {
	if sel == nil {
		sel = selector
	}
	when := make([]Match, len(steps))
	for i, st := range steps {
		if st.When == "" {
			continue
		}
		m, err := sel(st.When)
		if err != nil {
			return nil, fmt.Errorf("step %s: when: %w", st.ID, err)
		}
		when[i] = m
	}
	return when, nil
}

// readWindows asks for the openings that the run works in. One of which only the part behind the cut-off is left when the run is
// accepted is none of them.
func readWindows(p *runbooks.Plan, r Rules) ([]Window, error) {
	if r.Window == nil {
		return nil, nil
	}
	by := p.Policy.CutoffTime()
	windows := make([]Window, len(p.Hosts))
	for i, h := range p.Hosts {
		w, err := r.Window(h, r.Accepted.Add(by))
		if err != nil {
			return nil, fmt.Errorf("%s: window: %w", h.Name, err)
		}
		if w != nil && by > 0 {
			w = cutOff{w, by}
		}
		windows[i] = w
	}
	return windows, nil
}

// cutOff is a window in whose last part nothing is begun.
type cutOff struct {
	Window
	by time.Duration
}

func (c cutOff) At(now time.Time) (open bool, change time.Time) {
	open, change = c.Window.At(now)
	if !open || change.IsZero() {
		return open, change
	}
	if last := change.Add(-c.by); now.Before(last) {
		return true, last
	}
	_, next := c.Window.At(change)
	return false, next
}

// budget is how many of n hosts may fail before nothing new starts. The semantics are those of AWS SSM's MaxErrors: "3" stops at the
// 4th, "10%" of 50 at the 6th. What cannot be read allows none.
func budget(text string, n int) int {
	text = strings.TrimSpace(text)
	if text == "" || text == "100%" {
		return math.MaxInt
	}
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err != nil || v < 0:
		return 0
	case percent && v >= 100:
		return math.MaxInt
	case percent:
		return n * v / 100
	}
	return v
}

// matches evaluates the step's When for a host. Where it does not match, why names the facts that are not known: an unknown fact
// matches nothing.
func (c *Compiled) matches(s *journal.State, host, step int) (ok bool, why string) {
	if taken, tied := c.takenOut(s, host, step); tied && !taken {
		return false, "it was not taken out of " + c.plan.Steps[step].Group
	} else if tied {
		return true, ""
	}
	m := c.when[step]
	if m == nil {
		return true, ""
	}
	var unknown []string
	facts := func(id inventory.HostID, key string) (string, bool) {
		v, known := s.Facts(id, key)
		if !known {
			unknown = append(unknown, key)
		}
		return v, known
	}
	if m(c.plan.Hosts[host], facts) {
		return true, ""
	}
	why = "when = " + strconv.Quote(c.plan.Steps[step].When) + " does not match"
	if len(unknown) > 0 {
		why += ": not known of this host: " + strings.Join(unknown, ", ")
	}
	return false, why
}
