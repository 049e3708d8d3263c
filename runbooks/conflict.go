package runbooks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// ConflictError says that hosts of a plan could never begin, however well everything went, and names a smallest set of limits that is why:
// without any one of them, the others would let the plan through.
type ConflictError struct {
	Runbook string
	Hosts   []inventory.HostID // who could never begin
	Limits  []string           // in words
	mend    bool               // one of the limits is a host that is down
}

// Error names the hosts, and the limits that conflict.
func (e *ConflictError) Error() string {
	why := "since this forbids it: "
	if len(e.Limits) > 1 {
		why = "since these together forbid it: "
	}
	return fmt.Sprintf("%s can never begin on %s, %s%s", e.Runbook, hostList(e.Hosts), why, strings.Join(e.Limits, "; "))
}

// Hint says what to do about it.
func (e *ConflictError) Hint() string {
	if e.mend {
		return "mend who is down and run health on it, leave the group's members out of the scope, or say --assume-up HOST"
	}
	return "change any one of them, or leave these hosts out of the scope"
}

// Mend reports whether it is for a host that counts as down: the operator's word that it is up would let the plan through, or find what else
// forbids it.
func (e *ConflictError) Mend() bool { return e.mend }

// conflict holds a plan's limits against each other: it plays the plan as the engine would carry it out if every step but those that wait
// took no time and ended well, and says what conflicts where a host could not begin even so. Waves are those before mendFirst; now is when
// the run would be accepted, and windows are looked at from then; the zero time = they are not looked at.
func (p Plan) conflict(waves []Wave, now time.Time) error {
	m := newLimits(p, waves, now)
	on := slices.Repeat([]bool{true}, len(m.all))
	if !slices.ContainsFunc(m.all, limit.forbids) || m.feasible(on) {
		return nil
	}
	m.smallest(on)
	e := &ConflictError{Runbook: p.Runbook}
	for _, i := range m.stuck(on) {
		e.Hosts = append(e.Hosts, p.Hosts[i].Name)
	}
	for i, l := range m.all {
		if on[i] {
			e.Limits = append(e.Limits, l.words)
			e.mend = e.mend || l.kind == isDown
		}
	}
	return e
}

// smallest takes limits away for as long as what is left conflicts: first whole parts of the list, then one by one, until none can go.
func (m *limits) smallest(on []bool) {
	m.shrink(on, 0, len(m.all))
	for again := true; again; {
		again = false
		for i := range on {
			if on[i] {
				on[i] = false
				if m.feasible(on) {
					on[i] = true
				} else {
					again = true
				}
			}
		}
	}
}

func (m *limits) shrink(on []bool, from, to int) {
	was := slices.Clone(on[from:to])
	for i := from; i < to; i++ {
		on[i] = false
	}
	if !m.feasible(on) {
		return
	}
	copy(on[from:to], was)
	if to-from > 1 {
		m.shrink(on, from, (from+to)/2)
		m.shrink(on, (from+to)/2, to)
	}
}

func (m *limits) feasible(on []bool) bool { return len(m.stuck(on)) == 0 }

type limitKind int

const (
	inOrder  limitKind = iota // waves one after the other
	pauses                    // between waves
	tooMany                   // at once
	waiting                   // steps that take time by themselves
	cutOff                    // the last part of a window
	ofGroup                   // max_down
	isDown                    // a member that is down already
	inWindow                  // a maintenance window
)

// limit is one thing that holds a plan back. Those that come first in the list are the first to be left out of what is named.
type limit struct {
	kind  limitKind
	words string
	// group's limit; a window's opening
	room       int
	open, shut time.Time
}

// forbids reports whether there could be no way around the limit: all others only make a run longer.
func (l limit) forbids() bool {
	return l.kind == inWindow || l.kind == isDown || l.kind == ofGroup && l.room <= 0
}

// limits are a plan's, and how its hosts are bound by them: by the places of both.
type limits struct {
	now                          time.Time
	all                          []limit
	order, pause, many, wait, by int // places in all of those that are there once; -1 = there is no such limit
	waves                        [][]int
	pauseTime, cutoff            time.Duration
	parallel                     int
	hosts                        []bounds
	outside                      map[int][]int // by the place of a group's limit: those of its members that are down and not in the plan
}

// bounds are what binds one host.
type bounds struct {
	groups       []int
	window, down int // -1 = none
	length       time.Duration
}

func newLimits(p Plan, waves []Wave, now time.Time) *limits {
	m := &limits{now: now, order: -1, pause: -1, many: -1, wait: -1, by: -1, hosts: make([]bounds, len(p.Hosts)), parallel: p.Policy.Parallel, outside: map[int][]int{}}
	if m.parallel <= 0 {
		m.parallel = DefaultParallel
	}
	at := make(map[inventory.HostID]int, len(p.Hosts))
	for i, h := range p.Hosts {
		at[h.Name] = i
		m.hosts[i] = bounds{window: -1, down: -1, length: p.waits(h.Name)}
	}
	for _, w := range waves {
		var wave []int
		for _, h := range w.Hosts {
			wave = append(wave, at[h])
		}
		m.waves = append(m.waves, wave)
	}
	m.policy(p)
	if p.Risk == Disrupt {
		m.groups(p, at)
	}
	if p.Windowed() && !now.IsZero() {
		m.windows(p)
	}
	return m
}

func (m *limits) add(l limit) int {
	m.all = append(m.all, l)
	return len(m.all) - 1
}

// policy adds the limits that are the run's own.
func (m *limits) policy(p Plan) {
	if n := len(p.Waves); n > 1 {
		m.order = m.add(limit{kind: inOrder, words: fmt.Sprintf("%d waves go one after the other", n)})
		if d, err := parseDuration(p.Policy.Pause); err == nil && d > 0 {
			m.pauseTime = d
			m.pause = m.add(limit{kind: pauses, words: "a pause of " + p.Policy.Pause + " lies between waves"})
		}
	}
	longest := time.Duration(0)
	for _, h := range m.hosts {
		longest = max(longest, h.length)
	}
	if longest > 0 {
		m.many = m.add(limit{kind: tooMany, words: fmt.Sprintf("%d at most are at work at once", m.parallel)})
		m.wait = m.add(limit{kind: waiting, words: fmt.Sprintf("the steps on a host wait for %s", longest)})
	}
	if m.cutoff = p.Policy.CutoffTime(); m.cutoff > 0 && p.Windowed() {
		m.by = m.add(limit{kind: cutOff, words: "nothing begins in the last " + p.Policy.Cutoff + " of a window (cutoff)"})
	}
}

// groups adds the groups, and who is down already.
func (m *limits) groups(p Plan, at map[inventory.HostID]int) {
	places := make([]int, len(p.Groups))
	for g, gr := range p.Groups {
		places[g] = m.add(limit{kind: ofGroup, room: gr.MaxDown, words: fmt.Sprintf("group %s allows %d of its %d members down", gr.Name, gr.MaxDown, len(gr.Hosts))})
		for _, h := range gr.Hosts {
			if i, ours := at[h]; ours {
				m.hosts[i].groups = append(m.hosts[i].groups, places[g])
			}
		}
	}
	for _, d := range p.Down {
		k := m.add(limit{kind: isDown, words: fmt.Sprintf("%s is down already (%s)", d.Host, d.Why)})
		if i, ours := at[d.Host]; ours {
			m.hosts[i].down = k
			continue
		}
		for g, gr := range p.Groups {
			if slices.Contains(gr.Hosts, d.Host) {
				m.outside[places[g]] = append(m.outside[places[g]], k)
			}
		}
	}
}

// windows adds the hosts' windows, each once: a run works in the one that is open when it is accepted, or comes next.
func (m *limits) windows(p Plan) {
	const day = "Mon 2 Jan 15:04"
	seen := map[string]int{}
	for i, h := range p.Hosts {
		k, known := seen[h.Window]
		if !known {
			w, err := inventory.ParseWindow(h.Window) // the inventory was read, so it is one
			if k = -1; err == nil && !w.Always() {
				open, shut := w.Next(m.now.Add(m.cutoff))
				k = m.add(limit{kind: inWindow, open: open, shut: shut, words: fmt.Sprintf("the window %s of %s is open from %s to %s",
					h.Window, hostList(p.within(h.Window)), open.Format(day), shut.Format("Mon 15:04"))})
			}
			seen[h.Window] = k
		}
		m.hosts[i].window = k
	}
}

func (p Plan) within(window string) []inventory.HostID {
	var out []inventory.HostID
	for _, h := range p.Hosts {
		if h.Window == window {
			out = append(out, h.Name)
		}
	}
	return out
}

// waits is how long the host's steps take though every script took no time: those that only wait, and happen on any account.
func (p Plan) waits(h inventory.HostID) time.Duration {
	d := time.Duration(0)
	for _, s := range p.Steps {
		if s.Kind == Wait && s.When == "" {
			d += s.For
		}
	}
	if p.Risk != Disrupt {
		return d
	}
	for _, g := range p.Groups {
		if g.Soak > 0 && g.UndrainProof != "" && slices.Contains(g.Hosts, h) && p.alwaysBack(g.Name) {
			d += g.Soak
		}
	}
	return d
}

// alwaysBack reports whether every member is brought back into the group, and so soaks: whoever is taken out is, and so is everyone where
// nobody is taken out.
func (p Plan) alwaysBack(group string) bool {
	back, always := false, true
	for _, s := range p.Steps {
		if s.Group == group {
			back = back || s.Phase == After
			always = always && s.When == "group="+group
		}
	}
	return back && always
}
