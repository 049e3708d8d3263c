package ui

import tea "charm.land/bubbletea/v2"

// pointer is a screen whose rows can be pointed at. line counts the body's lines from 0.
type pointer interface {
	Point(line int) (again bool)
}

// point moves the cursor to a row of the window; head is how many lines stand above it. again says that it was there already.
func (l *list) point(line, head int) (again bool) {
	at := l.top + line - head
	if line < head || at >= l.n || line-head >= l.h {
		return false
	}
	again = l.at == at
	l.at = at
	return again
}

// Point and its siblings put the cursor where the mouse is.
func (s *fleetScreen) Point(line int) bool   { return s.list.point(line, 1) }
func (p *picker) Point(line int) bool        { return p.list.point(line, 1) }
func (s *journalScreen) Point(line int) bool { return s.list.point(line, 1) }
func (s *rackScreen) Point(line int) bool    { return s.list.point(line, 1) }
func (s *hostScreen) Point(line int) bool    { return s.list.point(line, 3) }
func (s *runScreen) Point(line int) bool     { return s.mode != grid && s.list.point(line, 3) }

// mouse does with the wheel and a click what keys do. Nothing needs it.
func (c *console) mouseMsg(msg tea.MouseMsg) tea.Cmd {
	if c.prompt != nil {
		return nil
	}
	m := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		name := "down"
		if m.Button == tea.MouseWheelUp {
			name = "up"
		}
		return c.verb(name, 3)
	case tea.MouseClickMsg:
		if p, ok := c.top().(pointer); ok && m.Button == tea.MouseLeft && p.Point(m.Y-3) {
			return c.key(tea.KeyPressMsg{Code: tea.KeyEnter})
		}
	}
	return nil
}

// verb does a verb of the screen by its name, n times.
func (c *console) verb(name string, n int) tea.Cmd {
	var cmds []tea.Cmd
	for _, b := range c.verbs() {
		if b.name == name {
			for range n {
				cmds = append(cmds, c.run(b.act()))
			}
			break
		}
	}
	return tea.Batch(cmds...)
}
