package plans

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tend/inventory"
)

// Slot is one coming window of a plan.
type Slot struct {
	Plan   string    `json:"plan"`              // its name
	Goal   string    `json:"goal"`              // what it is for
	Window string    `json:"window,omitempty"`  // "" = always open
	Opens  time.Time `json:"opens"`             // when the window does, which may be past; where none binds, now or the plan's first day
	Shuts  time.Time `json:"shuts,omitzero"`    // zero = it never closes
	Hosts  int       `json:"hosts"`             // that it binds
	Clash  []Clash   `json:"clashes,omitempty"` // plans that would work on the same groups or hosts at the same time

	*work
}

// Touches are the slot's hosts, in the order of their names.
func (s Slot) Touches() []inventory.HostID { return slices.Sorted(maps.Keys(s.blast)) }

// Index is the place of the slot's plan among those that the calendar was made of.
func (s Slot) Index() int { return s.plan }

// work is what a plan touches in one of its windows. The slots of that window share it.
type work struct {
	plan   int // its index: two plans may have one name, in two directories
	blast  map[inventory.HostID]bool
	groups map[string]bool
}

// meeting is what two works have in common.
type meeting struct {
	groups []string
	hosts  []inventory.HostID
}

// Clash is another plan whose window overlaps, and what both touch.
type Clash struct {
	Plan   string             `json:"plan"`             // the other's name
	Groups []string           `json:"groups,omitempty"` // that both would work in
	Hosts  []inventory.HostID `json:"hosts,omitempty"`  // that both would work on
	other  int
}

// Calendar lists the coming windows of the plans between now and until, in their order, and marks those in which two plans would work
// on one group, or on one host, at the same time. A plan's hosts are taken by the window that binds them, a slot for each opening; hosts
// without any stand as one slot, open from now on.
func Calendar(all []Resolved, now, until time.Time) []Slot {
	var out []Slot
	for i := range all {
		out = append(out, all[i].slots(i, now, until)...)
	}
	slices.SortStableFunc(out, func(a, b Slot) int { return cmp.Or(a.Opens.Compare(b.Opens), cmp.Compare(a.Plan, b.Plan)) })
	known := map[[2]*work]meeting{} // windows come again and again, and fleets are large
	for i := range out {
		for k := range out {
			x, y := &out[i], &out[k]
			if x.plan == y.plan || !overlap(x, y) {
				continue
			}
			m, ok := known[[2]*work{x.work, y.work}]
			if !ok {
				m = meeting{both(x.groups, y.groups), both(x.blast, y.blast)}
				known[[2]*work{x.work, y.work}] = m
			}
			x.meet(y, m)
		}
	}
	return out
}

// maxSlots is how many openings of one window a calendar shows at most: one that is open every hour says enough with these.
const maxSlots = 100

func (r *Resolved) slots(plan int, now, until time.Time) []Slot {
	var slots []Slot
	for _, h := range r.Hosts() {
		i := slices.IndexFunc(slots, func(s Slot) bool { return s.Window == h.Window })
		if i < 0 {
			i = len(slots)
			slots = append(slots, Slot{Plan: r.Name, Goal: r.Goal, Window: h.Window, work: &work{plan, map[inventory.HostID]bool{}, map[string]bool{}}})
		}
		slots[i].Hosts++
		slots[i].blast[h.Name] = true
		for _, g := range h.Groups {
			slots[i].groups[g] = true
		}
	}
	begin, end := now, until
	if from := r.begin(); from.After(begin) {
		begin = from
	}
	last := r.end()
	if !last.IsZero() && last.Before(end) {
		end = last
	}
	var out []Slot
	for _, s := range slots {
		out = append(out, s.openings(begin, end, last)...)
	}
	return out
}

// openings are the slot's times between begin and end. last is the plan's end, zero = it has none.
func (s Slot) openings(begin, end, last time.Time) []Slot {
	w, err := inventory.ParseWindow(s.Window)
	if err != nil || !begin.Before(end) {
		return nil // Parse has refused what is no window
	}
	if w.Always() {
		s.Window, s.Opens, s.Shuts = "", begin, last
		return []Slot{s}
	}
	var out []Slot
	for t := begin; len(out) < maxSlots; t = s.Shuts {
		s.Opens, s.Shuts = w.Next(t)
		if s.Opens.IsZero() || !s.Opens.Before(end) {
			break
		}
		out = append(out, s)
	}
	return out
}

func overlap(a, b *Slot) bool {
	return (b.Shuts.IsZero() || a.Opens.Before(b.Shuts)) && (a.Shuts.IsZero() || b.Opens.Before(a.Shuts))
}

// meet notes what both slots touch, once a plan.
func (s *Slot) meet(o *Slot, m meeting) {
	if len(m.groups)+len(m.hosts) == 0 {
		return
	}
	i := slices.IndexFunc(s.Clash, func(k Clash) bool { return k.other == o.plan })
	if i < 0 {
		i = len(s.Clash)
		s.Clash = append(s.Clash, Clash{Plan: o.Plan, other: o.plan})
	}
	c := &s.Clash[i]
	c.Groups, c.Hosts = union(c.Groups, m.groups), union(c.Hosts, m.hosts)
}

func both[K cmp.Ordered](a, b map[K]bool) []K {
	var out []K
	for k := range maps.Keys(a) {
		if b[k] {
			out = append(out, k)
		}
	}
	return out
}

func union[K cmp.Ordered](a, b []K) []K {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
