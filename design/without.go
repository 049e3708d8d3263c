package design

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// Fate is what becomes of a group or a service.
type Fate int

// The fates, in rising order.
const (
	Stands  Fate = iota // it bears the loss
	Strains             // it works, with less than it is meant to have: more than max_down is gone, or a part has fallen
	Falls               // it does not work any more
)

var fates = [...]string{"stands", "strains", "falls"}

// String is the fate in one word.
func (f Fate) String() string { return fates[min(max(int(f), 0), len(fates)-1)] }

// MarshalText writes the word.
func (f Fate) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Impact is what the loss of a part would do, by the declared design: nothing is measured. The lists name only what is touched, what
// falls first.
type Impact struct {
	Without  string             `json:"without"`  // the selector
	Lost     []inventory.HostID `json:"lost"`     // those that the selector means; of a selector of feeds, those that have no other feed
	Cut      []inventory.HostID `json:"cut"`      // they stand, but tend reaches them through a lost jump host only
	Groups   []GroupImpact      `json:"groups"`   // those that lose a member, what falls first
	Services []ServiceImpact    `json:"services"` // those that lose a host, or that a fallen part or dependency touches; what falls first
}

// GroupImpact is what becomes of a group.
type GroupImpact struct {
	Group   string             `json:"group"`            // its name
	Fate    Fate               `json:"fate"`             // "stands", "strains" (it works, with more than max_down gone) or "falls"
	Members int                `json:"members"`          // how many it has
	Left    int                `json:"left"`             // how many of them stand
	Quorum  int                `json:"quorum,omitempty"` // 0 = not declared
	MaxDown int                `json:"max_down"`         // how many may be down at once for work
	Lost    []inventory.HostID `json:"lost"`             // its members among the lost
	Line    int                `json:"line,omitempty"`   // of the inventory, counted from 1
}

// Spare is how many more members may be lost before the group falls; negative once it has.
func (g GroupImpact) Spare() int { return g.Left - max(g.Quorum, 1) }

// ServiceImpact is what becomes of a service, and why.
type ServiceImpact struct {
	Service string        `json:"service"`          // its name
	Fate    Fate          `json:"fate"`             // "stands", "strains" (a part of it, or what it depends on, does not stand) or "falls"
	Hosts   int           `json:"hosts"`            // how many bear it
	Left    int           `json:"left"`             // how many of them stand
	Why     []string      `json:"why"`              // the reasons for its fate; [] = it stands
	RTO     time.Duration `json:"rto_ns,omitempty"` // the time within which it is promised back; none = nothing is promised
	Owner   string        `json:"owner,omitempty"`  // who to ask
	Line    int           `json:"line,omitempty"`   // of the inventory, counted from 1
}

// Falls reports whether a group or a service would fall.
func (i Impact) Falls() bool {
	return slices.ContainsFunc(i.Groups, func(g GroupImpact) bool { return g.Fate == Falls }) ||
		slices.ContainsFunc(i.Services, func(s ServiceImpact) bool { return s.Fate == Falls })
}

// AtStake is the shortest RTO among the services that fall, and whose it is: how long there is until the first promise is broken.
func (i Impact) AtStake() (service string, rto time.Duration) {
	for _, s := range i.Services {
		if s.Fate == Falls && s.RTO > 0 && (rto == 0 || s.RTO < rto) {
			service, rto = s.Service, s.RTO
		}
	}
	return service, rto
}

// loss is one Without.
type loss struct {
	inv      *inventory.Inventory
	lost     map[inventory.HostID]bool
	groups   map[string]Fate
	services map[string]*ServiceImpact
}

// Without says what would fall without the hosts that the selectors mean, all lost together; v answers for facts, nil knows none. A selector
// of feeds, feed=A, means what hangs on feed A alone: a host with two feeds bears the loss of one.
func Without(inv *inventory.Inventory, v inventory.Values, sels ...inventory.Selector) Impact {
	l := &loss{inv: inv, lost: map[inventory.HostID]bool{}, groups: map[string]Fate{}, services: map[string]*ServiceImpact{}}
	out := Impact{Without: together(sels), Lost: []inventory.HostID{}, Cut: []inventory.HostID{}, Groups: []GroupImpact{}, Services: []ServiceImpact{}}
	for _, h := range inv.Hosts {
		if goes(h, sels, v) {
			l.lost[h.Name] = true
			out.Lost = append(out.Lost, h.Name)
		}
	}
	out.Cut = append(out.Cut, l.cut()...)
	for _, g := range inv.Groups {
		gi := l.group(g)
		l.groups[g.Name] = gi.Fate
		if len(gi.Lost) > 0 {
			out.Groups = append(out.Groups, gi)
		}
	}
	for _, s := range inv.Services {
		if si := l.service(s.Name); si.Fate != Stands || si.Left < si.Hosts {
			out.Services = append(out.Services, *si)
		}
	}
	slices.SortStableFunc(out.Groups, func(a, b GroupImpact) int { return cmp.Compare(b.Fate, a.Fate) })
	slices.SortStableFunc(out.Services, func(a, b ServiceImpact) int { return cmp.Compare(b.Fate, a.Fate) })
	return out
}

// together names what is lost at once.
func together(sels []inventory.Selector) string {
	var out []string
	for _, s := range sels {
		out = append(out, s.String())
	}
	return strings.Join(out, " and ")
}

// goes reports whether the host is lost: each of its feeds must be.
func goes(h inventory.Host, sels []inventory.Selector, v inventory.Values) bool {
	meant := func(s inventory.Selector) bool { return s.Match(h, v) }
	if !slices.ContainsFunc(sels, meant) {
		return false
	}
	feeds := h.Feeds
	for i := range feeds {
		h.Feeds = feeds[i : i+1]
		if !slices.ContainsFunc(sels, meant) {
			return false
		}
	}
	return true
}

// cut are the hosts that stand behind a lost jump host.
func (l *loss) cut() []inventory.HostID {
	var ids []inventory.HostID
	for _, h := range l.inv.Hosts {
		if !l.lost[h.Name] && slices.ContainsFunc(hopsOf(h), func(hop string) bool { return l.lost[inventory.HostID(hop)] }) {
			ids = append(ids, h.Name)
		}
	}
	return ids
}

func (l *loss) group(g inventory.Group) GroupImpact {
	gi := GroupImpact{Group: g.Name, Members: len(g.Hosts), Quorum: g.Quorum, MaxDown: g.MaxDown, Lost: []inventory.HostID{}, Line: g.Line}
	for _, id := range g.Hosts {
		if l.lost[id] {
			gi.Lost = append(gi.Lost, id)
		}
	}
	gi.Left = gi.Members - len(gi.Lost)
	switch {
	case len(gi.Lost) == 0:
	case gi.Spare() < 0:
		gi.Fate = Falls
	case len(gi.Lost) > g.MaxDown:
		gi.Fate = Strains
	}
	return gi
}

// service works a service out, what it depends on first. It is kept before that is done, so that a circle of hand-made services ends.
func (l *loss) service(name string) *ServiceImpact {
	if si := l.services[name]; si != nil {
		return si
	}
	si := &ServiceImpact{Service: name, Why: []string{}}
	l.services[name] = si
	i := slices.IndexFunc(l.inv.Services, func(s inventory.Service) bool { return s.Name == name })
	if i < 0 {
		return si
	}
	s := l.inv.Services[i]
	si.Hosts, si.RTO, si.Owner, si.Line = len(s.Hosts), s.RTO, s.Owner, s.Line
	for _, id := range s.Hosts {
		if !l.lost[id] {
			si.Left++
		}
	}
	if si.Hosts > 0 && si.Left == 0 {
		si.because(Falls, "no host is left")
	}
	l.parts(s, si)
	for _, d := range s.Depends {
		if on := l.service(d); on.Fate != Stands {
			si.because(on.Fate, fmt.Sprintf("it depends on %s, which %s", d, on.Fate))
		}
	}
	return si
}

func (si *ServiceImpact) because(f Fate, why string) {
	si.Fate = max(si.Fate, f)
	si.Why = append(si.Why, why)
}

// parts looks at the groups that lie wholly within the service. It falls with all of those that have a quorum, and strains where one
// falls or strains.
func (l *loss) parts(s inventory.Service, si *ServiceImpact) {
	hosts := asSet(s.Hosts)
	quorums, fallen := 0, 0
	for _, g := range l.inv.Groups {
		if len(g.Hosts) == 0 || !within(g.Hosts, hosts) {
			continue
		}
		fate := l.groups[g.Name]
		if g.Quorum > 0 {
			quorums++
		}
		if g.Quorum > 0 && fate == Falls {
			fallen++
		}
		if fate != Stands {
			si.because(Strains, fmt.Sprintf("group %s %s", g.Name, fate))
		}
	}
	if quorums > 0 && fallen == quorums && si.Fate != Falls {
		si.because(Falls, "no group with a quorum is left")
	}
}
