package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// drain is how long keys that were read already have to reach the console, which throws them away, before the terminal is lent. They wait
// in this process alone: none comes over a line.
const drain = 50 * time.Millisecond

// lend lends the terminal to x, and does what back says of its end. What was typed ahead stays in the terminal, for x; what the framework
// had read of it is thrown away: after x, as keys of a screen, it would do what nobody meant.
func (c *console) lend(x *session, back func(error) action) tea.Cmd {
	x.over = func() { c.work.lent.Store(false) }
	c.work.lent.Store(true)
	return tea.Tick(drain, func(time.Time) tea.Msg {
		return then(func(*console) tea.Cmd {
			return tea.Exec(x, func(err error) tea.Msg {
				x.over()
				if x.met != nil {
					return *x.met
				}
				return then(back(err))
			})
		})
	})
}
