package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The sides of a rack.
const (
	front = "front"
	rear  = "rear"
)

func otherSide(side string) string {
	if side == front {
		return rear
	}
	return front
}

// rackScreen is a rack as the engineer stands before it, or behind it: the highest unit on top.
type rackScreen struct {
	cfg     Config
	console *console
	rack    inventory.Rack
	side    string
	list    list
	units   []rackUnit // of the side
}

// rackUnit is one line of the elevation: a host from its lowest unit, or room.
type rackUnit struct {
	unit, height int
	host         int // -1 = empty
}

func newRackScreen(c *console, site, rack string) *rackScreen {
	s := &rackScreen{cfg: c.cfg, console: c, side: front, rack: inventory.Rack{Name: rack, Site: site}}
	for _, st := range c.cfg.Inventory.Sites {
		for _, r := range st.Racks {
			if st.Name == site && r.Name == rack {
				s.rack = r
			}
		}
	}
	s.units = s.elevation(s.side)
	s.list.at = max(slices.IndexFunc(s.units, func(u rackUnit) bool { return u.host >= 0 }), 0)
	return s
}

// to puts the cursor on a host, on the side where it is.
func (s *rackScreen) to(id inventory.HostID) *rackScreen {
	is := func(u rackUnit) bool { return u.host >= 0 && s.cfg.Inventory.Hosts[u.host].Name == id }
	for range 2 {
		if i := slices.IndexFunc(s.units, is); i >= 0 {
			s.list.at = i
			return s
		}
		s.turn()
	}
	return s
}

// on reports whether the host shows on the side of the rack: what has the full depth shows on both.
func (s *rackScreen) on(h *inventory.Host, side string) bool {
	return h.Site == s.rack.Site && h.Rack == s.rack.Name && (h.Face == "" || h.Face == side)
}

// elevation lays the hosts of a side out; those that have no unit stand below, and room is one line however high it is.
func (s *rackScreen) elevation(side string) []rackUnit {
	high := s.rack.Units
	var placed, loose []rackUnit
	for i := range s.cfg.Inventory.Hosts {
		h := &s.cfg.Inventory.Hosts[i]
		if !s.on(h, front) && !s.on(h, rear) {
			continue
		}
		u := rackUnit{unit: h.Unit, height: max(h.Height, 1), host: i}
		if h.Unit == 0 {
			loose = append(loose, u)
			continue
		}
		high = max(high, h.Unit+u.height-1)
		if s.on(h, side) {
			placed = append(placed, u)
		}
	}
	slices.SortStableFunc(placed, func(a, b rackUnit) int { return b.unit - a.unit })
	var all []rackUnit
	at := high
	for _, u := range placed {
		if top := u.unit + u.height - 1; top < at {
			all = append(all, rackUnit{unit: top + 1, height: at - top, host: -1})
		}
		all = append(all, u)
		at = u.unit - 1
	}
	if at > 0 {
		all = append(all, rackUnit{unit: 1, height: at, host: -1})
	}
	return append(all, loose...)
}

// turn goes around the rack; the cursor stays at its height.
func (s *rackScreen) turn() {
	at := s.cursor()
	s.side = otherSide(s.side)
	s.units = s.elevation(s.side)
	for i, u := range s.units {
		if u.host >= 0 && u.host == at.host || at.unit >= u.unit && at.unit < u.unit+u.height {
			s.list.at = i
			return
		}
	}
}

// Binds are the rack's verbs.
func (s *rackScreen) Binds() []bind {
	empty := func() string {
		if s.cursor().host < 0 {
			return "nothing is mounted there"
		}
		return ""
	}
	one := func() []inventory.HostID { return []inventory.HostID{s.host().Name} }
	verbs := []bind{
		{keys: "a", name: "answer", help: "the step that waits for a person: on the host, else in the rack", foot: true, why: s.noAnswer, do: func() action { return openManual(s.cfg, s.waiting()) }},
		{keys: "enter l", name: "open", help: "the host", foot: true, why: empty, do: func() action {
			id := s.host().Name
			return func(c *console) tea.Cmd { return c.openHost(id) }
		}},
		{keys: "tab", name: "turn", help: "the other side of the rack", foot: true, do: done(s.turn)},
		{keys: "r", name: "runbook", help: "run a runbook on the host", foot: true, why: empty, do: func() action {
			return func(c *console) tea.Cmd { return c.run(push(newPicker(c, one(), selectHosts(one())))) }
		}},
		{keys: "b", name: "locate", help: "make the host's light blink, by the runbook that the inventory names for it", foot: true, why: func() string {
			if why := empty(); why != "" {
				return why
			}
			return noLocate(s.cfg, s.host())
		}, do: func() action { return locate(s.cfg, s.host()) }},
		{keys: "s", name: "shell", help: "an interactive session on the host", why: func() string {
			if why := empty(); why != "" {
				return why
			}
			return noShell(s.cfg)()
		}, do: func() action { return openShell(s.cfg, s.host()) }},
		{keys: "n", name: "note", help: "write a note on the host", why: empty, do: func() action { return noteOn("", s.host().Name) }},
	}
	return append(verbs, s.list.binds()...)
}

// waiting is the manual step of the cursor's host, else the first one of the rack.
func (s *rackScreen) waiting() (w waitingFor) {
	all := s.console.manualSteps()
	if u := s.cursor(); u.host >= 0 {
		if w, ok := all[s.host().Name]; ok {
			return w
		}
	}
	for _, u := range s.units {
		if u.host >= 0 {
			if w, ok := all[s.cfg.Inventory.Hosts[u.host].Name]; ok {
				return w
			}
		}
	}
	return waitingFor{}
}

func (s *rackScreen) noAnswer() string {
	switch {
	case s.cfg.Readonly:
		return "this console is read-only (--readonly)"
	case s.console == nil || s.waiting().watch == nil:
		return "no step waits for a person here"
	}
	return ""
}

// locateName is the runbook that makes a host's light blink.
func locateName(h inventory.Host) string {
	if h.Locate != "" {
		return h.Locate
	}
	return "locate"
}

// noLocate says why no light can be made to blink.
func noLocate(cfg Config, h inventory.Host) string {
	if _, ok := runbookNamed(cfg.Library, locateName(h)); !ok {
		return "there is no runbook called " + locateName(h)
	}
	return ""
}

// locate plans the runbook that makes the host's light blink.
func locate(cfg Config, h inventory.Host) action {
	rb, _ := runbookNamed(cfg.Library, locateName(h))
	return planFor(rb, Wish{Runbook: rb.Name, Select: selectHosts([]inventory.HostID{h.Name})})
}

// noRunbook says why there is no runbook of that name.
func noRunbook(cfg Config, name string) string {
	for _, b := range cfg.Broken {
		if b.Name == name {
			return fmt.Sprintf("runbook %s is refused: %s", name, b.First())
		}
	}
	return fmt.Sprintf("no runbook %q", name)
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

// host is the one that the cursor is on; there is one where the verbs' reasons say nothing.
func (s *rackScreen) host() inventory.Host {
	if u := s.cursor(); u.host >= 0 {
		return s.cfg.Inventory.Hosts[u.host]
	}
	return inventory.Host{}
}

// View is the elevation; the state stands in words beside each unit. A wide screen shows both sides.
func (s *rackScreen) View(a area) frame {
	fl := s.console.fleet
	roll := fl.Rack(s.rack.Site, s.rack.Name)
	f := frame{name: "RACK", scope: s.rack.Site + "/" + s.rack.Name, right: s.side + ", " + plural(roll.Hosts, "host"), subEnd: tally(a.pen, roll), sub: a.text(s.about())}
	lw, rw := a.w, 0
	if a.wide() {
		lw = a.w * 3 / 5
		rw = a.w - lw - 3
	}
	waits := s.console.manualSteps()
	body := []string{a.paint(head, a.pad("    UNIT  HOST                  STATE    SEEN  WHAT", lw))}
	from, to := s.list.window(len(s.units), a.h-1)
	for i := from; i < to; i++ {
		body = append(body, s.line(a, s.units[i], i == s.list.at, lw, waits))
	}
	if rw > 0 {
		body = a.beside(body, s.behind(a, rw, from, waits), lw, rw, a.h)
	}
	f.body = body
	if u := s.cursor(); u.host >= 0 {
		h := s.host()
		f.status, f.prod = a.text(hostWords(fl, h.OS, fl.At(u.host))), h.Prod
	}
	if w := s.waiting(); w.watch != nil {
		f.status = a.paint(warn, a.text(string(w.host())+" waits for a person: "+w.words()+" ("+s.cfg.Settings.key("rack", "answer", "a")+")"))
	}
	return f
}

// about is where the rack stands and what feeds it.
func (s *rackScreen) about() string {
	var words []string
	if s.rack.Row != "" {
		words = append(words, "row "+s.rack.Row)
	}
	if len(s.rack.Feeds) > 0 {
		words = append(words, "feeds "+strings.Join(s.rack.Feeds, " "))
	}
	return strings.Join(words, ", ")
}

// behind is the other side, without a cursor.
func (s *rackScreen) behind(a area, w, from int, waits map[inventory.HostID]waitingFor) []string {
	out := []string{a.paint(head, "    UNIT  "+strings.ToUpper(otherSide(s.side)))}
	units := s.elevation(otherSide(s.side))
	for _, u := range units[min(from, len(units)):] {
		out = append(out, s.line(a, u, false, w, waits))
	}
	return out
}

func (s *rackScreen) line(a area, u rackUnit, cursor bool, w int, waits map[inventory.HostID]waitingFor) string {
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
			return a.chosen(line, w)
		}
		return a.paint(dim, line)
	}
	h := s.console.fleet.At(u.host)
	left := lead + a.padLeft(where, 6) + "  " + a.pad(a.text(string(h.ID)), 21) + " "
	state, tok := a.pad(h.State.String(), 7), fleetToken(h.State)
	what := ""
	if h.State != fleet.Never { // it would say the same again
		what = h.Why(a.now)
	}
	if wf, ok := waits[h.ID]; ok {
		state, tok, what = a.pad("MANUAL", 7), warn, wf.words()
	}
	if face := s.cfg.Inventory.Hosts[u.host].Face; face != "" {
		what = strings.TrimSpace(face + " only  " + what)
	}
	right := " " + a.padLeft(ago(h.Seen, a.now), 5) + "  " + a.text(what)
	if cursor {
		return a.chosen(left+state+right, w)
	}
	return left + a.paint(tok, state) + cut(right, max(w-width(left)-7, 0), a.cut)
}

// waitingFor is a host of a run that waits for a person.
type waitingFor struct {
	watch *watch
	at    int // a place in the run's plan
}

func (w waitingFor) host() inventory.HostID { return w.watch.state.Hosts[w.at].ID }

// words is what is waited for.
func (w waitingFor) words() string {
	h := &w.watch.state.Hosts[w.at]
	step := w.watch.state.Plan().Steps[h.Step]
	if step.Title != "" {
		return step.Title
	}
	return string(step.ID)
}

// manualSteps are the hosts that wait for a person, in whichever run.
func (c *console) manualSteps() map[inventory.HostID]waitingFor {
	out := map[inventory.HostID]waitingFor{}
	for _, w := range c.active() {
		for _, i := range w.manual() {
			out[w.state.Hosts[i].ID] = waitingFor{w, i}
		}
	}
	return out
}

// manual are the hosts of a run that wait for a person.
func (w *watch) manual() []int {
	st := w.state
	if st.Run == "" || st.Result != journal.Open || st.Tally.AtWork == 0 || !slices.ContainsFunc(st.Plan().Steps, func(s runbooks.Step) bool { return s.Kind == runbooks.Manual }) {
		return nil
	}
	var out []int
	for i := range st.Hosts {
		h := &st.Hosts[i]
		if h.Phase == journal.AtWork && h.Step < len(h.Steps) && h.Steps[h.Step].Running && st.Plan().Steps[h.Step].Kind == runbooks.Manual && h.Answered == nil {
			out = append(out, i)
		}
	}
	return out
}

func openManual(cfg Config, w waitingFor) action { return push(askPerson(cfg, w.watch, w.at)) }
