package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/fleet"
)

// Binds are the fleet's verbs.
func (s *fleetScreen) Binds() []bind {
	noHost := func() string {
		if r, ok := s.cursor(); !ok || r.kind != hostRow {
			return "the cursor is not on a host"
		}
		return ""
	}
	empty := func() string {
		if _, ok := s.cursor(); !ok {
			return "no host is shown; esc clears the filter"
		}
		return ""
	}
	unfolded := func() string { // a fold that nobody sees would show when the filter goes
		if s.tree.hosts != nil {
			return "a filter unfolds all; esc clears it"
		}
		return ""
	}
	opens := func() string {
		if r, ok := s.cursor(); ok && r.kind == hostRow {
			return ""
		}
		return firstOf(empty(), unfolded())
	}
	verbs := []bind{
		{keys: "a", name: "answer", help: "the step that waits for a person", foot: true, why: s.noAnswer, do: func() action { return openManual(s.cfg, s.firstManual()) }},
		{keys: "space", name: "mark", help: "mark or unmark the host, or all of the rack or site; * is marked, : is in part", foot: true, why: empty, do: done(s.mark)},
		{keys: "r", name: "runbook", help: "run a runbook on the marked hosts, else on what the cursor is on", foot: true, do: s.runbook},
		{keys: "enter l right", name: "open", help: "unfold, or open the host", foot: true, why: opens, do: s.open},
		{keys: "/", name: "filter", help: "filter: any part of a name, or selector terms: state=fail pending>0 !rack=r07", foot: true, do: func() action { return ask(s.filterPrompt()) }},
		{keys: "o", name: "problems", help: "only what is not OK, or everything", foot: true, do: done(func() { s.problems, s.dirty = !s.problems, true })},
		{keys: "h left", name: "fold", help: "fold, or go to the rack or site above", do: done(s.up)},
		{keys: "+", name: "unfold-all", help: "unfold every rack", why: unfolded, do: done(func() { s.tree.foldAll(false); s.dirty = true })},
		{keys: "-", name: "fold-all", help: "fold every rack", why: unfolded, do: done(func() { s.tree.foldAll(true); s.dirty = true })},
		{keys: "v", name: "range", help: "begin a range; again marks it", foot: true, why: empty, do: s.span},
		{keys: "*", name: "mark-all", help: "mark every host that the filter shows", foot: true, why: empty, do: done(s.markAll)},
		{keys: "u", name: "unmark", help: "take all marks away", do: done(func() { clear(s.marks); s.anchor = -1 })},
		{keys: "t", name: "sort", help: "sort hosts by state or by name", foot: true, do: done(func() { s.tree.byState, s.dirty = !s.tree.byState, true })},
		{keys: "e", name: "rack", help: "the rack's elevation, unit by unit", foot: true, do: s.elevation},
		{keys: "s", name: "shell", help: "an interactive session on the host", foot: true, why: func() string {
			if why := noHost(); why != "" {
				return why
			}
			return noShell(s.cfg)()
		}, do: func() action {
			r, _ := s.cursor()
			return openShell(s.cfg, s.tree.inv.Hosts[r.host])
		}},
		{keys: "L", name: "host-journal", help: "the runs of this host", foot: true, why: noHost, do: func() action {
			r, _ := s.cursor()
			id := s.tree.inv.Hosts[r.host].Name
			return func(c *console) tea.Cmd { return c.openJournal(id) }
		}},
	}
	if s.filter != "" || s.problems || s.anchor >= 0 {
		verbs = append(verbs, bind{keys: "esc", name: "clear", help: "drop the range, else clear the filter", do: done(s.clear)})
	}
	return append(verbs, s.list.binds()...)
}

func (s *fleetScreen) clear() {
	if s.anchor >= 0 {
		s.anchor = -1
		return
	}
	s.filter, s.problems, s.dirty = "", false, true
}

// filterPrompt filters while it is typed; esc takes back what was there before.
func (s *fleetScreen) filterPrompt() *prompt {
	was := s.filter
	set := func(text string) { s.filter, s.dirty = text, true }
	return &prompt{label: "filter:", field: newField(s.filter), change: set, esc: func() { set(was) },
		enter: func(text string) action { set(strings.TrimSpace(text)); return nothing }}
}

func (s *fleetScreen) mark() {
	r, ok := s.cursor()
	if !ok {
		return
	}
	under, all := s.tree.under(r), true
	for _, i := range under {
		all = all && s.marks[s.tree.inv.Hosts[i].Name]
	}
	for _, i := range under {
		s.setMark(i, !all)
	}
	s.list.move(+1)
}

func (s *fleetScreen) setMark(i int, on bool) {
	if id := s.tree.inv.Hosts[i].Name; on {
		s.marks[id] = true
	} else {
		delete(s.marks, id)
	}
}

func (s *fleetScreen) span() action {
	if s.anchor < 0 {
		s.anchor = s.list.at
		return say("a range begins here: move, and " + s.cfg.Settings.key("fleet", "range", "v") + " marks it; esc drops it")
	}
	n := 0
	for i := min(s.anchor, s.list.at); i <= max(s.anchor, s.list.at) && i < len(s.rows); i++ {
		if s.rows[i].kind == hostRow {
			s.setMark(s.rows[i].host, true)
			n++
		}
	}
	s.anchor = -1
	if n == 0 {
		return say("no host lies in the range: nothing was marked; space marks a whole rack or site")
	}
	return say(plural(n, "host") + " marked")
}

func (s *fleetScreen) markAll() {
	for _, i := range s.tree.all() {
		s.setMark(i, true)
	}
}

func (s *fleetScreen) open() action {
	r, ok := s.cursor()
	switch {
	case !ok:
		return nothing
	case r.kind != hostRow:
		s.tree.fold(r, !s.tree.shut[r.path()])
		s.dirty = true
		return nothing
	}
	id := s.tree.inv.Hosts[r.host].Name
	return func(c *console) tea.Cmd { return c.openHost(id) }
}

// up folds what is open, else goes to what it stands in.
func (s *fleetScreen) up() {
	r, ok := s.cursor()
	if !ok {
		return
	}
	if r.kind != hostRow && !s.tree.shut[r.path()] && s.tree.hosts == nil {
		s.tree.fold(r, true)
		s.dirty = true
		return
	}
	for i := s.list.at - 1; i >= 0; i-- {
		if s.rows[i].kind < r.kind {
			s.list.at = i
			return
		}
	}
}

func (s *fleetScreen) runbook() action {
	ids, sel := s.targets()
	if len(ids) == 0 {
		return say("no host is chosen")
	}
	return func(c *console) tea.Cmd { return c.run(push(newPicker(c, ids, sel))) }
}

func (s *fleetScreen) elevation() action {
	r, ok := s.cursor()
	if !ok || r.kind == siteRow || r.rack == "" {
		return warnOf("the cursor is not in a rack")
	}
	return func(c *console) tea.Cmd {
		rack := newRackScreen(c, r.site, r.rack)
		if r.kind == hostRow { // else locate, one key further, would make another machine's light blink
			rack.to(s.tree.inv.Hosts[r.host].Name)
		}
		return c.run(push(rack))
	}
}

// firstManual is the manual step of the cursor's host, else the first in the order of the inventory.
func (s *fleetScreen) firstManual() (w waitingFor) {
	all := s.manual()
	if len(all) == 0 {
		return w
	}
	hosts := s.tree.inv.Hosts
	if r, ok := s.cursor(); ok && r.kind == hostRow {
		if w, ok := all[hosts[r.host].Name]; ok {
			return w
		}
	}
	for i := range hosts {
		if w, ok := all[hosts[i].Name]; ok {
			return w
		}
	}
	return w
}

func (s *fleetScreen) noAnswer() string {
	switch {
	case s.cfg.Readonly:
		return "this console is read-only (--readonly)"
	case s.firstManual().watch == nil:
		return "no step waits for a person"
	}
	return ""
}

// about is what the cursor is on, in one line.
func (s *fleetScreen) about(a area) string {
	if w := s.firstManual(); w.watch != nil {
		return a.paint(warn, a.text(string(w.host())+" waits for a person: "+w.words()+" ("+s.cfg.Settings.key("fleet", "answer", "a")+")"))
	}
	r, ok := s.cursor()
	if !ok {
		return ""
	}
	if r.kind != hostRow {
		roll := s.fleet.Site(r.site)
		if r.kind == rackRow {
			roll = s.fleet.Rack(r.site, r.rack)
		}
		return a.text(fmt.Sprintf("%s  %s, %s, %v want a restart", r.path(), plural(roll.Hosts, "host"), plural(roll.Problems(), "problem"), roll.Reboot))
	}
	return a.text(hostWords(s.fleet, s.tree.inv.Hosts[r.host].OS, s.fleet.At(r.host)))
}

// hostWords is a host in one line: "db-0712 ubuntu-24.04 pending:17 last:patch/failed 09:12".
func hostWords(f *fleet.Fleet, os string, h fleet.Host) string {
	words := []string{string(h.ID)}
	if v := f.Value(h.ID, fleet.FactOS); v != "" {
		os = v
	}
	if os != "" {
		words = append(words, os)
	}
	if h.Pending >= 0 {
		words = append(words, fmt.Sprintf("pending:%d", h.Pending))
	}
	if h.Security > 0 {
		words = append(words, fmt.Sprintf("security:%d", h.Security))
	}
	if h.Reboot {
		words = append(words, "restart-due")
	}
	return strings.Join(append(words, lastWords(h.Last)...), " ")
}

func lastWords(l fleet.Last) []string {
	switch {
	case l.Run == "":
		return nil
	case l.Running:
		return []string{"running:" + l.Runbook + "/" + string(l.Step)}
	}
	return []string{"last:" + l.Runbook + "/" + l.Outcome.String(), l.At.Local().Format("01-02 15:04")}
}

// detail is the pane beside the list.
func (s *fleetScreen) detail(a area, w int) []string {
	r, ok := s.cursor()
	if !ok {
		return nil
	}
	if r.kind == hostRow {
		return hostDetail(a, s.fleet, s.tree.inv.Hosts[r.host], w)
	}
	roll := s.fleet.Site(r.site)
	if r.kind == rackRow {
		roll = s.fleet.Rack(r.site, r.rack)
	}
	out := []string{a.paint(title, a.text(r.path())), ""}
	for _, st := range []fleet.State{fleet.Fail, fleet.Down, fleet.Warn, fleet.Unknown, fleet.Never, fleet.OK} {
		if n := roll.Count(st); n > 0 {
			out = append(out, a.paint(fleetToken(st), a.pad(st.String(), 8))+a.padLeft(fmt.Sprint(n), 6))
		}
	}
	out = append(out, "", fmt.Sprintf("pending  %v, of them security %v", roll.Pending, roll.Security), fmt.Sprintf("restart  due on %v", roll.Reboot), "")
	return append(out, s.worst(a, r, w)...)
}

// worst lists the problems under a row.
func (s *fleetScreen) worst(a area, r row, w int) []string {
	var out []string
	for _, st := range []fleet.State{fleet.Fail, fleet.Down, fleet.Warn} {
		for _, i := range s.tree.under(r) {
			if h := s.fleet.At(i); h.State == st && len(out) < a.h {
				out = append(out, a.paint(fleetToken(st), a.pad(st.String(), 5))+" "+a.pad(a.text(string(h.ID)), 16)+" "+a.text(h.Why(a.now)))
			}
		}
	}
	return out
}
