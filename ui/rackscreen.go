package ui

import (
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"tend/fleet"
	"tend/inventory"
	"tend/runbooks"
)

func itoa(n int) string { return strconv.Itoa(n) }

// rackScreen is a rack as the engineer stands before it: the highest unit on top.
type rackScreen struct {
	inv        *inventory.Inventory
	fleet      *fleet.Fleet
	library    []runbooks.Runbook
	site, rack string
	list       list
	units      []rackUnit
}

// rackUnit is one line of the elevation: a host from its lowest unit, or room.
type rackUnit struct {
	unit, height int
	host         int // -1 = empty
}

func newRackScreen(c *console, site, rack string) *rackScreen {
	s := &rackScreen{inv: c.cfg.Inventory, fleet: c.fleet, library: c.cfg.Library, site: site, rack: rack}
	high := 0
	for _, st := range s.inv.Sites {
		for _, r := range st.Racks {
			if st.Name == site && r.Name == rack {
				high = r.Units
			}
		}
	}
	s.build(high)
	return s
}

// build lays the hosts out; those that have no unit stand below, and room is one line however high it is.
func (s *rackScreen) build(high int) {
	var loose []rackUnit
	for i, h := range s.inv.Hosts {
		if h.Site != s.site || h.Rack != s.rack {
			continue
		}
		u := rackUnit{unit: h.Unit, height: max(h.Height, 1), host: i}
		if h.Unit == 0 {
			loose = append(loose, u)
			continue
		}
		s.units = append(s.units, u)
		high = max(high, h.Unit+u.height-1)
	}
	slices.SortStableFunc(s.units, func(a, b rackUnit) int { return b.unit - a.unit })
	var all []rackUnit
	at := high
	for _, u := range s.units {
		if top := u.unit + u.height - 1; top < at {
			all = append(all, rackUnit{unit: top + 1, height: at - top, host: -1})
		}
		all = append(all, u)
		at = u.unit - 1
	}
	if at > 0 {
		all = append(all, rackUnit{unit: 1, height: at, host: -1})
	}
	s.units = append(all, loose...)
}

// Binds are the rack's verbs.
func (s *rackScreen) Binds() []bind {
	verbs := []bind{
		{keys: "enter l", name: "open", help: "the host", foot: true, do: func() action {
			if u := s.cursor(); u.host >= 0 {
				id := s.inv.Hosts[u.host].Name
				return func(c *console) tea.Cmd { return c.openHost(id) }
			}
			return say("nothing is mounted there")
		}},
		{keys: "r", name: "runbook", help: "run a runbook on the host", foot: true, do: func() action {
			u := s.cursor()
			if u.host < 0 {
				return say("nothing is mounted there")
			}
			ids := []inventory.HostID{s.inv.Hosts[u.host].Name}
			return func(c *console) tea.Cmd { return c.run(push(newPicker(c, ids, selectHosts(ids)))) }
		}},
	}
	verbs = append(verbs, bind{keys: "b", name: "locate", help: "make the host's light blink: the runbook called locate", why: s.noLocate, do: func() action {
		rb, _ := runbookNamed(s.library, "locate")
		return planFor(rb, Wish{Runbook: rb.Name, Select: selectHosts([]inventory.HostID{s.inv.Hosts[s.cursor().host].Name})})
	}})
	return append(verbs, s.list.binds()...)
}

// noLocate says why no light can be made to blink.
func (s *rackScreen) noLocate() string {
	if _, ok := runbookNamed(s.library, "locate"); !ok {
		return "there is no runbook called locate"
	}
	if s.cursor().host < 0 {
		return "nothing is mounted there"
	}
	return ""
}

func runbookNamed(library []runbooks.Runbook, name string) (runbooks.Runbook, bool) {
	for _, rb := range library {
		if rb.Name == name {
			return rb, true
		}
	}
	return runbooks.Runbook{}, false
}

func (s *rackScreen) cursor() rackUnit {
	if s.list.at < 0 || s.list.at >= len(s.units) {
		return rackUnit{host: -1}
	}
	return s.units[s.list.at]
}

// View is the elevation; the state stands in words beside each unit.
func (s *rackScreen) View(a area) frame {
	roll := s.fleet.Rack(s.site, s.rack)
	f := frame{name: "RACK", scope: s.site + "/" + s.rack, right: plural(roll.Hosts, "host"), subEnd: tally(a.pen, roll), sub: "front, highest unit first"}
	f.body = []string{a.paint(head, "    UNIT  HOST                  STATE    SEEN  WHAT")}
	from, to := s.list.window(len(s.units), a.h-1)
	for i := from; i < to; i++ {
		f.body = append(f.body, s.line(a, s.units[i], i == s.list.at))
	}
	if u := s.cursor(); u.host >= 0 {
		f.status = a.text(hostWords(s.fleet, s.inv.Hosts[u.host].OS, s.fleet.At(u.host)))
		f.prod = s.inv.Hosts[u.host].Prod
	}
	return f
}

func (s *rackScreen) line(a area, u rackUnit, cursor bool) string {
	where := fmt.Sprintf("U%02d", u.unit)
	if u.height > 1 {
		where = fmt.Sprintf("U%02d-%02d", u.unit, u.unit+u.height-1)
	}
	if u.unit == 0 {
		where = "  -"
	}
	lead := "  "
	if cursor {
		lead = "> "
	}
	if u.host < 0 {
		line := lead + a.padLeft(where, 6) + "  " + "(empty)"
		if cursor {
			return a.chosen(line, a.w)
		}
		return a.paint(dim, line)
	}
	h := s.fleet.At(u.host)
	left := lead + a.padLeft(where, 6) + "  " + a.pad(a.text(string(h.ID)), 21) + " "
	state := a.pad(h.State.String(), 7)
	what := a.text(h.Why(a.now))
	if face := s.inv.Hosts[u.host].Face; face != "" {
		what = a.text(face) + " " + what
	}
	right := " " + a.padLeft(ago(h.Seen, a.now), 5) + "  " + what
	if cursor {
		return a.chosen(left+state+right, a.w)
	}
	return left + a.paint(fleetToken(h.State), state) + right
}
