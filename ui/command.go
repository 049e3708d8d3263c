package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// commands are the verbs of the command line that no key has. They take words behind them.
func (c *console) commands() []bind {
	open := func(name string) func() action {
		return func() action { return func(c *console) tea.Cmd { return c.openPrompt(name + " ") } }
	}
	return []bind{
		{name: "fleet", help: "to the fleet", do: func() action { return func(c *console) tea.Cmd { return c.home() } }},
		{name: "host", help: "host NAME: open a host", do: open("host")},
		{name: "rack", help: "rack SITE/RACK: a rack's elevation", do: open("rack")},
		{name: "run", help: "run RUNBOOK SELECTOR: make a plan; without a selector, for the marked hosts, else for all", do: open("run")},
		{name: "plan", help: "plan NAME: a maintenance plan: what it does, its difference, approve, rehearse, start", why: func() string { return missing(c.cfg.Plans.Look == nil) }, do: open("plan")},
		{name: "replay", help: "replay RUN: open a run", do: open("replay")},
		{name: "size", help: "size WIDTHxHEIGHT: what the terminal does not tell", do: open("size")},
		{name: "mark", help: "mark SELECTOR: mark hosts", do: open("mark")},
		{name: "filter", help: "filter TEXT: show only what matches; without a text, everything", do: open("filter")},
		{name: "search", help: "search TEXT: look through everything in the journal; within a pager, in its text", why: noSearch(c.cfg), do: func() action {
			return func(c *console) tea.Cmd { return c.run(ask(searchPrompt(c, ""))) }
		}},
		{name: "journal", help: "journal HOST: the runs of a host", do: open("journal")},
	}
}

// commandLine opens the prompt.
func (c *console) commandLine(*console) tea.Cmd { return c.openPrompt("") }

func (c *console) openPrompt(text string) tea.Cmd {
	c.typed.commands.at = len(c.typed.commands.lines)
	c.prompt = &prompt{label: ":", field: newField(text), enter: c.command, complete: c.complete, history: &c.typed.commands}
	return nil
}

// command does what was typed: a verb of the screen by its name, or one of commands.
func (c *console) command(line string) action {
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	if name == "" {
		return nothing
	}
	if act := c.worded(name, rest); act != nil {
		return act
	}
	for _, b := range append(c.verbs(), c.commands()...) {
		if b.name != name {
			continue
		}
		if rest != "" { // dropped in silence, "skip web-02" would skip whatever the cursor is on
			return warnOf(fmt.Sprintf("%s takes no words: it acts on what the cursor is on, or is marked; %q was not done", name, name+" "+rest))
		}
		return b.act()
	}
	return warnOf(fmt.Sprintf("no command %q; tab completes, ? lists", name))
}

// worded are the commands that take words. Without any, a name is that of the screen's own verb, or asks for them.
func (c *console) worded(name, rest string) action {
	if rest == "" && slices.Contains([]string{"host", "run", "plan", "replay", "size", "mark", "rack", "journal"}, name) {
		return nil
	}
	switch name {
	case "q", "quit", "fleet":
		if rest != "" {
			return nil
		}
		if name == "fleet" {
			return func(c *console) tea.Cmd { return c.home() }
		}
		return func(*console) tea.Cmd { return tea.Quit }
	case "host":
		if _, ok := c.cfg.Inventory.Host(inventory.HostID(rest)); !ok {
			return warnOf(fmt.Sprintf("the inventory has no host %q", rest))
		}
		return func(c *console) tea.Cmd { return c.openHost(inventory.HostID(rest)) }
	case "rack":
		return c.rackCommand(rest)
	case "journal":
		if _, ok := c.cfg.Inventory.Host(inventory.HostID(rest)); !ok {
			return warnOf(fmt.Sprintf("the inventory has no host %q", rest))
		}
		return func(c *console) tea.Cmd { return c.openJournal(inventory.HostID(rest)) }
	case "replay":
		return func(c *console) tea.Cmd { return c.openRun(journal.RunID(rest)) }
	case "plan":
		return openMaintenance(rest, stay)
	case "run":
		return c.runCommand(rest)
	case "mark":
		return c.markCommand(rest)
	case "filter":
		return c.filterCommand(rest)
	case "size":
		return sizeCommand(rest)
	case "search":
		return c.searchCommand(rest)
	}
	return nil
}

// rackCommand opens a rack; its site may be left out where no other has one of that name.
func (c *console) rackCommand(text string) action {
	site, rack, whole := strings.Cut(text, "/")
	var found []string
	for _, s := range c.cfg.Inventory.Sites {
		for _, r := range s.Racks {
			if whole && s.Name == site && r.Name == rack || !whole && r.Name == text {
				found = append(found, s.Name+"/"+r.Name)
			}
		}
	}
	switch {
	case len(found) > 1:
		return warnOf(fmt.Sprintf("%q is one of %s; write SITE/RACK", text, strings.Join(found, ", ")))
	case found == nil:
		return warnOf(fmt.Sprintf("no rack %q; tab completes SITE/RACK", text))
	}
	site, rack, _ = strings.Cut(found[0], "/")
	return push(newRackScreen(c, site, rack))
}

// searchCommand looks in the text of a pager, and from everywhere else in the journal.
func (c *console) searchCommand(text string) action {
	p, ok := c.top().(*pager)
	switch {
	case ok && text != "":
		return p.lookFor(text)
	case ok:
		return nil // the pager's own verb
	case c.cfg.Search == nil:
		return warnOf("search is not possible here: " + noSearch(c.cfg)())
	case text == "":
		was := ""
		if s, ok := c.top().(*searchScreen); ok {
			was = s.text
		}
		return ask(searchPrompt(c, was))
	}
	return findText(text)
}

// home goes back to the fleet.
func (c *console) home() tea.Cmd {
	for len(c.stack) > 1 {
		c.pop()
	}
	return nil
}

func (c *console) runCommand(rest string) action {
	name, sel, _ := strings.Cut(rest, " ")
	if home, ok := c.stack[0].(*fleetScreen); ok && sel == "" && len(c.marks) > 0 { // as every verb does: what is marked, else everything
		_, sel = home.targets()
	}
	if rb, ok := runbookNamed(c.cfg.Library, name); ok {
		return planFor(rb, Wish{Runbook: name, Select: strings.TrimSpace(sel)})
	}
	return warnOf(noRunbook(c.cfg, name))
}

func (c *console) markCommand(text string) action {
	sel, err := inventory.ParseSelector(text)
	if err != nil {
		return warnOf(withHint(err))
	}
	n := 0
	for _, h := range c.cfg.Inventory.Hosts {
		if sel.Match(h, c.fleet.Values) {
			c.marks[h.Name] = true
			n++
		}
	}
	return say(plural(n, "host") + " marked")
}

// filterer is a screen whose list can be filtered.
type filterer interface{ refilter(text string) }

func (s *fleetScreen) refilter(text string) { s.filter, s.dirty = text, true }

// filterCommand filters the list on top.
func (c *console) filterCommand(text string) action {
	f, ok := c.top().(filterer)
	if !ok {
		return warnOf("this screen has no filter")
	}
	f.refilter(text)
	return nothing
}

// sizeCommand is for serial lines, which never tell when the window changes.
func sizeCommand(text string) action {
	ws, hs, _ := strings.Cut(text, "x")
	w, err1 := strconv.Atoi(strings.TrimSpace(ws))
	h, err2 := strconv.Atoi(strings.TrimSpace(hs))
	if err1 != nil || err2 != nil || w < 1 || h < 1 || w > 1000 || h > 1000 {
		return warnOf("write it as 80x24")
	}
	return func(c *console) tea.Cmd {
		return func() tea.Msg { return tea.WindowSizeMsg{Width: w, Height: h} }
	}
}

// runsSeen are the runs that the console has shown or listed.
func (c *console) runsSeen() []string {
	var out []string
	for id := range c.looked.seen {
		out = append(out, string(id))
	}
	for _, s := range c.stack {
		if j, ok := s.(*journalScreen); ok {
			for _, r := range j.runs {
				out = append(out, string(r.Run))
			}
		}
	}
	return out
}

// terms are the words of a selector that this inventory gives a meaning.
func (c *console) terms() []string {
	seen := map[string]bool{}
	for _, st := range []string{"ok", "warn", "fail", "down", "unknown", "never"} {
		seen["state="+st] = true
	}
	for _, h := range c.cfg.Inventory.Hosts {
		seen["site="+h.Site] = true
		if h.Rack != "" {
			seen["rack="+h.Rack] = true
		}
		for _, t := range h.Tags {
			seen["tag="+t] = true
		}
		for _, g := range h.Groups {
			seen["group="+g] = true
		}
	}
	return sortedKeys(seen)
}

// complete offers what the line may become.
func (c *console) complete(text string) []string {
	name, rest, worded := strings.Cut(text, " ")
	var pool []string
	head := ""
	switch {
	case !worded:
		for _, b := range append(c.verbs(), c.commands()...) {
			pool = append(pool, b.name)
		}
		rest = name
	case name == "host" || name == "journal":
		head = name + " "
		for _, h := range c.cfg.Inventory.Hosts {
			pool = append(pool, string(h.Name))
		}
	case name == "search":
		pool = c.completeSearch(rest)
		head = "search "
	case name == "plan":
		head, pool = "plan ", c.cfg.Plans.Names
	case name == "replay":
		head = "replay "
		pool = c.runsSeen()
	case name == "mark" || name == "filter" || name == "run" && strings.Contains(rest, " "):
		cut := strings.LastIndexByte(rest, ' ') + 1
		head, rest = name+" "+rest[:cut], rest[cut:]
		pool = c.terms()
	case name == "rack":
		head = "rack "
		for _, s := range c.cfg.Inventory.Sites {
			for _, r := range s.Racks {
				pool = append(pool, s.Name+"/"+r.Name)
			}
		}
	case name == "run":
		head = "run "
		for _, rb := range c.cfg.Library {
			pool = append(pool, rb.Name)
		}
	}
	var out []string
	for _, p := range pool {
		if strings.HasPrefix(p, rest) {
			out = append(out, head+p)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), 200)]
}
