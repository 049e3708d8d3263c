package ui

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
)

// memory is what the console keeps between two visits: where the operator was.
type memory struct {
	Filter   string             `json:"filter,omitempty"`
	Problems bool               `json:"problems,omitempty"`
	ByName   bool               `json:"by_name,omitempty"`
	Open     []string           `json:"open,omitempty"` // racks that are unfolded
	Shut     []string           `json:"shut,omitempty"` // sites that are folded
	Cursor   string             `json:"cursor,omitempty"`
	Marks    []inventory.HostID `json:"marks,omitempty"`
	History  []string           `json:"history,omitempty"`
	Searches []string           `json:"searches,omitempty"`
	Screens  []kept             `json:"screens,omitempty"` // those above the fleet
}

// kept is a screen as it is to be found again: the command line that opens it, and how it was looked at.
type kept struct {
	Command string `json:"command"`
	Filter  string `json:"filter,omitempty"`
	At      int    `json:"at,omitempty"`   // where the cursor is
	View    int    `json:"view,omitempty"` // of a run: folded, table, grid
	Only    bool   `json:"only,omitempty"` // only its failures
	Rear    bool   `json:"rear,omitempty"`
}

// keep says how a screen is opened again; a screen that a question or a half made plan stands on is not.
func keep(s screen) (kept, bool) {
	switch s := s.(type) {
	case *hostScreen:
		return kept{Command: "host " + string(s.host.Name)}, true
	case *rackScreen:
		return kept{Command: "rack " + s.rack.Site + "/" + s.rack.Name, At: s.list.at, Rear: s.side == rear}, true
	case *journalScreen:
		return kept{Command: strings.TrimSpace("journal " + string(s.host)), At: s.list.at, Filter: s.filter}, true
	case *searchScreen:
		return kept{Command: "search " + s.text, At: s.list.at}, true
	case *runScreen:
		return kept{Command: "replay " + string(s.w.run), View: int(s.mode), Only: s.failures}, true
	}
	return kept{}, false
}

// open opens the screen again; false = what it showed is gone.
func (k kept) open(c *console) (tea.Cmd, bool) {
	name, rest, _ := strings.Cut(k.Command, " ")
	depth := len(c.stack)
	act := c.worded(name, rest)
	if k.Command == "journal" {
		act = func(c *console) tea.Cmd { return c.openJournal("") }
	}
	if act == nil {
		return nil, false
	}
	cmd := c.run(act)
	if len(c.stack) == depth {
		c.note = note{}
		return nil, false
	}
	switch s := c.top().(type) {
	case *rackScreen:
		if k.Rear {
			s.turn()
		}
		s.list.at = k.At
	case *journalScreen:
		s.filter, s.want = k.Filter, k.At
	case *searchScreen:
		s.want = k.At
	case *runScreen:
		s.mode, s.failures = mode(min(max(k.View, 0), modes-1)), k.Only
	}
	return cmd, true
}

// memoryName is one file an inventory, so that two fleets do not share their marks.
func memoryName(cfg Config) string {
	path := cfg.Inventory.Path
	if abs, err := filepath.Abs(path); err == nil && path != "" {
		path = abs
	}
	return filepath.Join(cfg.StateDir, "console-"+hex(hash(fnvOffset, []byte(path)))+".json")
}

func hex(n uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[15-i] = digits[n>>(4*i)&15]
	}
	return string(b[:])
}

// loadMemory reads what was kept; what cannot be read is forgotten, since it is only a convenience.
func loadMemory(cfg Config) memory {
	var m memory
	if cfg.StateDir == "" || cfg.Fresh {
		return m
	}
	raw, err := os.ReadFile(memoryName(cfg))
	if err != nil || json.Unmarshal(raw, &m) != nil {
		return memory{}
	}
	return m
}

// save writes it beside the old one and puts it in its place.
func (m memory) save(cfg Config) error {
	if cfg.StateDir == "" {
		return nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(cfg.StateDir, "console-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), memoryName(cfg))
	}
	if err != nil {
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// historyKept is how many commands, and how many searches, are kept.
const historyKept = 200

func (h *history) latest() []string { return h.lines[max(len(h.lines)-historyKept, 0):] }

// memory is the console as it is to be found again.
func (c *console) memory() memory {
	m := memory{History: c.typed.commands.latest(), Searches: c.typed.searches.latest()}
	f, ok := c.stack[0].(*fleetScreen)
	if !ok {
		return m
	}
	m.Filter, m.Problems, m.ByName = f.filter, f.problems, !f.tree.byState
	for _, s := range f.tree.sites {
		if f.tree.shut[s.name] {
			m.Shut = append(m.Shut, s.name)
		}
		for _, r := range s.racks {
			if r.name != "" && !f.tree.shut[s.name+"/"+r.name] {
				m.Open = append(m.Open, s.name+"/"+r.name)
			}
		}
	}
	for id := range c.marks {
		m.Marks = append(m.Marks, id)
	}
	slices.Sort(m.Marks)
	for _, s := range c.stack[1:] {
		k, ok := keep(s)
		if !ok {
			break
		}
		m.Screens = append(m.Screens, k)
	}
	if r, ok := f.cursor(); ok {
		m.Cursor = r.path()
		if r.kind == hostRow {
			m.Cursor = string(f.tree.inv.Hosts[r.host].Name)
		}
	}
	return m
}

// restore puts the console where it was. Hosts and racks that are gone are passed over.
func (c *console) restore(m memory) {
	c.typed.commands.lines, c.typed.searches.lines = m.History, m.Searches
	f, ok := c.stack[0].(*fleetScreen)
	if !ok {
		return
	}
	f.filter, f.problems, f.tree.byState, f.dirty = m.Filter, m.Problems, !m.ByName, true
	for _, p := range m.Open {
		f.tree.shut[p] = false
	}
	for _, p := range m.Shut {
		f.tree.shut[p] = true
	}
	for _, id := range m.Marks {
		if _, ok := c.cfg.Inventory.Host(id); ok {
			c.marks[id] = true
		}
	}
	f.refresh()
	for i, r := range f.rows {
		if r.path() == m.Cursor && r.kind != hostRow || r.kind == hostRow && string(f.tree.inv.Hosts[r.host].Name) == m.Cursor {
			f.list.at = i
			break
		}
	}
	c.reopen(m.Screens)
}

// reopen opens the screens again, but where a run was asked for. What they read is read once the program runs.
func (c *console) reopen(screens []kept) {
	if c.cfg.Open != "" {
		return
	}
	var cmds []tea.Cmd
	for _, k := range screens {
		cmd, ok := k.open(c)
		if !ok {
			break
		}
		cmds = append(cmds, cmd)
	}
	c.work.first = tea.Batch(cmds...)
}
