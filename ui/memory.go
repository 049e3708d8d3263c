package ui

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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
	if cfg.StateDir == "" {
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

// historyKept is how many commands are kept.
const historyKept = 200

// memory is the console as it is to be found again.
func (c *console) memory() memory {
	m := memory{History: c.history.lines[max(len(c.history.lines)-historyKept, 0):]}
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
	c.history.lines = m.History
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
			return
		}
	}
}
