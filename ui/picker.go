package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/runbooks"
)

// picker chooses a runbook for a set of hosts.
type picker struct {
	inv    *inventory.Inventory
	ids    []inventory.HostID
	sel    string
	all    []runbooks.Runbook
	shown  []runbooks.Runbook
	broken map[string]string // why a runbook of that name is refused
	filter string
	list   list
}

func newPicker(c *console, ids []inventory.HostID, sel string) *picker {
	p := &picker{inv: c.cfg.Inventory, ids: ids, sel: sel, all: slices.Clone(c.cfg.Library), broken: map[string]string{}}
	for _, b := range c.cfg.Broken {
		if !b.Hidden {
			p.broken[b.Name] = b.First()
			p.all = append(p.all, runbooks.Runbook{Name: b.Name, Title: "refused: " + b.First(), Risk: "broken", Source: b.Source, Doc: b.Error})
		}
	}
	slices.SortStableFunc(p.all, func(a, b runbooks.Runbook) int { return strings.Compare(a.Name, b.Name) })
	p.refilter("")
	return p
}

func (p *picker) refilter(text string) {
	p.filter, p.shown = text, nil
	for _, rb := range p.all {
		hay := strings.ToLower(rb.Name + " " + rb.Title)
		ok := true
		for _, w := range strings.Fields(strings.ToLower(text)) {
			rest, not := strings.CutPrefix(w, "!")
			ok = ok && strings.Contains(hay, rest) != not
		}
		if ok {
			p.shown = append(p.shown, rb)
		}
	}
	p.list.at = 0
}

// clear shows every runbook again, the cursor where it was.
func (p *picker) clear() {
	on, had := p.chosen()
	p.refilter("")
	if had {
		p.list.at = slices.IndexFunc(p.shown, func(rb runbooks.Runbook) bool { return rb.Name == on.Name })
	}
}

func (p *picker) chosen() (runbooks.Runbook, bool) {
	if p.list.at < 0 || p.list.at >= len(p.shown) {
		return runbooks.Runbook{}, false
	}
	return p.shown[p.list.at], true
}

// Binds are the picker's verbs.
func (p *picker) Binds() []bind {
	none := func() string {
		if _, ok := p.chosen(); !ok {
			return "there is no runbook here"
		}
		return ""
	}
	sound := func() string {
		if rb, ok := p.chosen(); ok && p.broken[rb.Name] != "" {
			return p.broken[rb.Name]
		}
		return none()
	}
	verbs := []bind{
		{keys: "enter l", name: "plan", help: "make a plan; nothing runs yet", foot: true, why: sound, do: p.plan},
		{keys: "e", name: "parameters", help: "set parameters first", foot: true, why: sound, do: func() action {
			rb, _ := p.chosen()
			return openForm(newForm(rb, p.sel, Wish{Runbook: rb.Name, Select: p.sel}), nil)
		}},
		{keys: "v", name: "view", help: "read the runbook: its steps and their scripts", foot: true, why: none, do: func() action {
			rb, _ := p.chosen()
			return push(newProse("RUNBOOK", rb.Name, runbookText(rb)))
		}},
		{keys: "/", name: "filter", help: "filter by name or title", foot: true, do: func() action {
			was := p.filter
			return ask(&prompt{label: "filter:", field: newField(was), change: p.refilter, esc: func() { p.refilter(was) },
				enter: func(string) action { return nothing }})
		}},
	}
	if p.filter != "" {
		verbs = append(verbs, bind{keys: "esc", name: "clear", help: "clear the filter", do: done(p.clear)})
	}
	return append(verbs, p.list.binds()...)
}

// plan goes straight to the plan where no parameter must be given first.
func (p *picker) plan() action {
	rb, _ := p.chosen()
	wish := Wish{Runbook: rb.Name, Select: p.sel}
	for _, param := range rb.Params {
		if param.Required && param.Default == "" {
			return openForm(newForm(rb, p.sel, wish), nil)
		}
	}
	return planFor(rb, wish)
}

// planFor makes a plan and shows it; where that fails, the form shows why.
func planFor(rb runbooks.Runbook, wish Wish) action {
	return func(c *console) tea.Cmd {
		return c.resolve(wish, func(p proposal) action {
			return openPlan(newPlanScreen(c, rb, wish, p))
		}, func(err error) action {
			return openForm(newForm(rb, wish.Select, wish), err)
		})
	}
}

// View lists the runbooks: risk in words, and where each comes from.
func (p *picker) View(a area) frame {
	f := frame{name: "RUNBOOKS", scope: "for " + p.sel, right: plural(len(p.ids), "host"), prod: anyProd(p.inv, p.ids)}
	f.sub = "filter: none"
	if p.filter != "" {
		f.sub = "filter: " + a.text(p.filter)
	}
	nameW := p.nameWidth(a)
	titleW := max(a.w-2-nameW-9-12-2, 10)
	body := []string{a.paint(head, "  "+a.pad("NAME", nameW)+a.pad("RISK", 9)+a.pad("TITLE", titleW)+"  "+a.pad("SOURCE", 12))}
	from, to := p.list.window(len(p.shown), a.h-1)
	for i := from; i < to; i++ {
		rb := p.shown[i]
		source := sourceWord(rb)
		line := a.pad(a.text(rb.Name), nameW-1) + " " + a.pad(string(rb.Risk), 9) + a.pad(a.text(rb.Title), titleW) + "  " + a.pad(a.text(source), 12)
		if p.broken[rb.Name] != "" {
			line = a.paint(dim, line)
		}
		if i == p.list.at {
			line = a.chosen("> "+line, a.w)
		} else {
			line = "  " + line
		}
		body = append(body, line)
	}
	if len(p.shown) == 0 {
		body = append(body, "", "  no runbook matches; esc clears the filter")
	}
	f.body = body
	if rb, ok := p.chosen(); ok && p.broken[rb.Name] != "" {
		f.status = a.text(p.broken[rb.Name])
	} else if ok {
		f.status = a.text(about(rb))
	}
	return f
}

// nameWidth is what the longest name takes, and no more than a fifth of the line: the title tells more.
func (p *picker) nameWidth(a area) int {
	w := 16
	for _, rb := range p.shown {
		w = max(w, width(a.text(rb.Name))+1)
	}
	return min(w, max(a.w/5, 16))
}

// sourceWord is where a runbook comes from: "built-in", or the user's file; and whether it hides another.
func sourceWord(rb runbooks.Runbook) string {
	s := rb.Source
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	if rb.Shadows != "" {
		s = "own, hides " + rb.Shadows
	}
	return s
}

func about(rb runbooks.Runbook) string {
	s := fmt.Sprintf("%s: %s.  %s", rb.Name, rb.Title, rb.Source)
	if rb.Shadows != "" {
		s += ", which hides " + rb.Shadows
	}
	if n := len(rb.Params); n > 0 {
		s += ", " + plural(n, "parameter")
	}
	return s + ", " + plural(len(rb.Steps), "step")
}

// anyProd reports whether one of the hosts serves production.
func anyProd(inv *inventory.Inventory, ids []inventory.HostID) bool {
	for _, id := range ids {
		if h, ok := inv.Host(id); ok && h.Prod {
			return true
		}
	}
	return false
}

// runbookText is a runbook to be read.
func runbookText(rb runbooks.Runbook) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\nrisk %s, from %s\n\n%s\n", rb.Name, rb.Title, rb.Risk, rb.Source, rb.Doc)
	for _, p := range rb.Params {
		fmt.Fprintf(&b, "\nparameter %s (%s)  default %q\n  %s\n", p.Name, p.Type, p.Default, p.Help)
	}
	for i, s := range rb.Steps {
		fmt.Fprintf(&b, "\n%d. %s  %s, %s, %s\n%s\n", i+1, s.ID, s.Title, s.Kind, s.Risk, stepText(s))
	}
	return b.String()
}

// stepText is what a step does, exactly.
func stepText(s runbooks.Step) string {
	switch s.Kind {
	case runbooks.Reboot:
		return "restart the host, and see that it comes back as another boot"
	case runbooks.Manual:
		return s.Words
	case runbooks.Wait:
		return "wait " + s.For.String()
	}
	text := s.Script
	if s.Undo != "" {
		text += "\n\n-- undo, by hand --\n" + s.Undo
	}
	return text
}
