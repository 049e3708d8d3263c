package ui

import (
	"fmt"
	"strings"
	"time"

	"tend/fleet"
	"tend/inventory"
)

// fleetScreen is the tree of sites, racks and hosts with their states.
type fleetScreen struct {
	cfg      Config
	fleet    *fleet.Fleet
	marks    map[inventory.HostID]bool
	tree     *tree
	list     list
	rows     []row
	drawn    uint64 // the fleet's version that rows was made from
	dirty    bool
	filter   string
	problems bool
	anchor   int // of a range being marked; -1 = none
	shown    int // hosts that the filter lets through
	manual   func() map[inventory.HostID]waitingFor
}

func newFleetScreen(c *console) *fleetScreen {
	return &fleetScreen{cfg: c.cfg, fleet: c.fleet, marks: c.marks, tree: newTree(c.cfg.Inventory, c.fleet), dirty: true, anchor: -1, manual: c.manualSteps}
}

// refresh makes the rows anew where something they depend on has changed, and keeps the cursor on what it was on.
func (s *fleetScreen) refresh() {
	if v := s.fleet.Version(); s.dirty || v != s.drawn && (s.tree.byState || s.tree.hosts != nil) {
		on, had := s.cursor()
		s.tree.hosts, s.dirty, s.drawn = s.wanted(), false, v
		s.rows = s.tree.rows(s.rows)
		s.shown = len(s.tree.inv.Hosts)
		if s.tree.hosts != nil {
			s.shown = len(s.tree.all())
		}
		if had {
			s.find(on)
		}
		s.list.n = len(s.rows)
	}
}

func (s *fleetScreen) cursor() (row, bool) {
	if s.list.at < 0 || s.list.at >= len(s.rows) {
		return row{}, false
	}
	return s.rows[s.list.at], true
}

// find puts the cursor on a row; where it is folded away, on the rack or site that holds it.
func (s *fleetScreen) find(on row) {
	best := -1
	for i, r := range s.rows {
		if r == on {
			s.list.at = i
			return
		}
		if on.kind != siteRow && r.kind != hostRow && strings.HasPrefix(on.path()+"/", r.path()+"/") {
			best = i
		}
	}
	if best >= 0 {
		s.list.at = best
	}
}

// wanted says which hosts the filter lets through; nil = all.
func (s *fleetScreen) wanted() func(int) bool {
	match := filter(s.filter, s.fleet.Values)
	if match == nil && !s.problems {
		return nil
	}
	hosts := s.tree.inv.Hosts
	return func(i int) bool {
		return (!s.problems || s.fleet.At(i).State.Problem()) && (match == nil || match(&hosts[i]))
	}
}

// targets are the hosts that a verb acts on: the marks, else what the cursor is on; and how a selector says it.
func (s *fleetScreen) targets() (ids []inventory.HostID, sel string) {
	hosts := s.tree.inv.Hosts
	for i := range hosts {
		if s.marks[hosts[i].Name] {
			ids = append(ids, hosts[i].Name)
		}
	}
	if len(ids) > 0 {
		return ids, selectHosts(ids)
	}
	r, ok := s.cursor()
	if !ok {
		return nil, ""
	}
	for _, i := range s.tree.under(r) {
		ids = append(ids, hosts[i].Name)
	}
	switch {
	case r.kind == hostRow || s.tree.hosts != nil:
		return ids, selectHosts(ids)
	case r.kind == rackRow:
		return ids, r.path()
	}
	return ids, "site=" + r.site
}

// View draws only the rows that show.
func (s *fleetScreen) View(a area) frame {
	s.refresh()
	all := s.fleet.All()
	f := frame{name: "FLEET", scope: s.scope(), prod: s.anyProd(), right: s.counts(), subEnd: tally(a.pen, all)}
	f.sub = "filter: none"
	if s.filter != "" || s.problems {
		f.sub = "filter: " + a.text(s.filterWords()) + "  (" + plural(s.shown, "host") + ")"
	}
	lw := a.w
	if a.wide() {
		lw = a.w * 3 / 5
	}
	body := []string{s.heading(a, lw)}
	from, to := s.list.window(len(s.rows), a.h-1)
	for i := from; i < to; i++ {
		body = append(body, s.line(a, i, lw))
	}
	if len(s.rows) == 0 {
		body = append(body, "", "  no host matches; esc clears the filter")
	}
	if a.wide() {
		rw := a.w - lw - 3
		body = a.beside(body, s.detail(a, rw), lw, rw, a.h)
	}
	f.body, f.status = body, s.about(a)
	return f
}

func (s *fleetScreen) scope() string {
	if s.filter != "" || s.problems {
		return "filtered"
	}
	return "all sites"
}

func (s *fleetScreen) filterWords() string {
	words := s.filter
	if s.problems {
		words = strings.TrimSpace("problems " + words)
	}
	return words
}

func (s *fleetScreen) counts() string {
	right := plural(s.fleet.Len(), "host")
	if n := len(s.marks); n > 0 {
		right += fmt.Sprintf("  %d marked", n)
	}
	if s.tree.byState {
		return right + "  sort:state"
	}
	return right + "  sort:name"
}

// anyProd: the fleet as a whole is production where any host is.
func (s *fleetScreen) anyProd() bool {
	for i := range s.tree.inv.Hosts {
		if s.tree.inv.Hosts[i].Prod {
			return true
		}
	}
	return false
}

// tally is a roll in words, worst last; what is not known is named.
func tally(p *pen, r fleet.Roll) string {
	parts := []string{p.paint(good, fmt.Sprintf("OK:%d", r.Count(fleet.OK)))}
	for _, st := range []fleet.State{fleet.Warn, fleet.Fail, fleet.Down} {
		part := fmt.Sprintf("%s:%d", st, r.Count(st))
		if r.Count(st) > 0 {
			part = p.paint(fleetToken(st), part)
		}
		parts = append(parts, part)
	}
	if n := r.Count(fleet.Unknown) + r.Count(fleet.Never); n > 0 {
		parts = append(parts, p.paint(unsure, fmt.Sprintf("UNKNOWN:%d", n)))
	}
	return strings.Join(parts, "  ")
}

// The widths of the tree's numbers.
const numberWidth = 6

func (s *fleetScreen) numbers(w int) (nameW int, pending bool) {
	pending = w >= 72
	nameW = w - 2 - 7*numberWidth
	if pending {
		nameW -= 9
	}
	return nameW, pending
}

func (s *fleetScreen) heading(a area, w int) string {
	nameW, pending := s.numbers(w)
	line := "  " + a.pad("NAME", nameW)
	for _, h := range []string{"HOSTS", "OK", "WARN", "FAIL", "DOWN", "UNKN"} {
		line += a.padLeft(h, numberWidth)
	}
	if pending {
		line += a.padLeft("PENDING", 9)
	}
	return a.paint(head, line+a.padLeft("SEEN", numberWidth))
}

func (s *fleetScreen) line(a area, i, w int) string {
	r := s.rows[i]
	cursor := i == s.list.at
	lead := " "
	if cursor {
		lead = ">"
	} else if s.anchor >= 0 && between(i, s.anchor, s.list.at) {
		lead = "|"
	}
	if r.kind == hostRow {
		return s.hostLine(a, r, lead, w, cursor)
	}
	return s.rollLine(a, r, lead, w, cursor)
}

func between(i, a, b int) bool { return i >= min(a, b) && i <= max(a, b) }

func (s *fleetScreen) hostLine(a area, r row, lead string, w int, cursor bool) string {
	h := s.fleet.At(r.host)
	if s.marks[h.ID] {
		lead += "*"
	} else {
		lead += " "
	}
	seen := "never"
	if !h.Seen.IsZero() {
		seen = fleet.Age(a.now.Sub(h.Seen))
	}
	nameW := min(s.nameWidth(w), 30)
	indent := "      "
	if r.rack == "" {
		indent = "    "
	}
	name := a.pad(indent+a.text(string(h.ID)), nameW)
	reason := a.pad(a.text(s.reason(h, a.now)), max(w-2-nameW-9-numberWidth, 0))
	state := a.pad(h.State.String(), 7)
	if cursor {
		return a.chosen(lead+name+" "+state+" "+reason+a.padLeft(seen, numberWidth), w)
	}
	return lead + name + " " + a.paint(fleetToken(h.State), state) + " " + reason + a.padLeft(seen, numberWidth)
}

func (s *fleetScreen) nameWidth(w int) int {
	nameW, _ := s.numbers(w)
	return max(nameW, 16)
}

// reason says what is wrong; where nothing is, what waits.
func (s *fleetScreen) reason(h fleet.Host, now time.Time) string {
	switch {
	case h.Last.Running:
		return h.Last.Runbook + " " + string(h.Last.Step) + " runs"
	case h.Reason != "":
		return h.Why(now)
	case h.Reboot:
		return "restart is due"
	case h.Pending > 0:
		return plural(h.Pending, "update") + " pending"
	}
	return ""
}

func (s *fleetScreen) rollLine(a area, r row, lead string, w int, cursor bool) string {
	nameW, pending := s.numbers(w)
	roll := s.fleet.Site(r.site)
	indent, name := " ", r.site
	if r.kind == rackRow {
		roll, indent, name = s.fleet.Rack(r.site, r.rack), "   ", r.rack
	}
	box := a.open
	if s.tree.hosts == nil && s.tree.shut[r.path()] {
		box = a.shut
	}
	line := lead + s.markOf(r) + a.pad(indent[1:]+box+" "+a.text(name), nameW)
	number := func(n int, t token) string {
		text := "."
		if n != 0 {
			text = fmt.Sprint(n)
		}
		text = a.padLeft(text, numberWidth)
		if cursor || n == 0 {
			return text
		}
		return a.paint(t, text)
	}
	line += number(roll.Hosts, plain) + number(roll.Count(fleet.OK), good) + number(roll.Count(fleet.Warn), warn) +
		number(roll.Count(fleet.Fail), bad) + number(roll.Count(fleet.Down), bad) + number(roll.Count(fleet.Unknown)+roll.Count(fleet.Never), unsure)
	if pending {
		line += a.padLeft(sumDot(roll.Pending), 9)
	}
	line += a.padLeft(ago(roll.Seen(), a.now), numberWidth)
	if cursor {
		return a.chosen(line, w)
	}
	return line
}

// markOf is the mark of a rack or a site: all of its hosts are marked, or some, which a fold would hide.
func (s *fleetScreen) markOf(r row) string {
	if len(s.marks) == 0 {
		return " "
	}
	under, n := s.tree.under(r), 0
	for _, i := range under {
		if s.marks[s.tree.inv.Hosts[i].Name] {
			n++
		}
	}
	switch n {
	case 0:
		return " "
	case len(under):
		return "*"
	}
	return ":"
}

// sumDot is a sum as a column has it.
func sumDot(s fleet.Sum) string {
	if text := s.String(); text != "0" {
		return text
	}
	return "."
}

// ago is the age of something, "never" where it never was.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return fleet.Age(now.Sub(t))
}
