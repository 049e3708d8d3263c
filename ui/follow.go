package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// follower is a page that is read from the journal as a whole, and read again as runs go on.
type follower interface {
	load(*console) tea.Cmd
	read() *reading // nil = it stays as it is
}

// reading is when a page was read last, what had been heard of runs by then, and what that cost.
type reading struct {
	heard uint64
	began time.Time
	took  time.Duration
	busy  bool
}

// How often a page is read again while runs go on: no sooner than this, and so seldom that it takes the twentieth part of a processor at most.
const (
	followEvery = 2 * time.Second
	followShare = 20
)

// followed is work.do for a page: it notes what the reading saw and what it cost.
func (c *console) followed(r *reading, f func(context.Context) action) tea.Cmd {
	r.heard, r.began, r.busy = c.looked.heard, c.cfg.Now(), true
	return c.work.do(func(ctx context.Context) tea.Msg {
		start := time.Now()
		act := f(ctx)
		return then(func(c *console) tea.Cmd {
			r.took, r.busy = time.Since(start), false
			return c.run(act)
		})
	})
}

// keepUp reads the page on top again where runs went on since. While something is being typed about a line, the page stands still.
func (c *console) keepUp() tea.Cmd {
	s, ok := c.top().(follower)
	if !ok || c.prompt != nil {
		return nil
	}
	r := s.read()
	if r == nil || r.busy || r.heard == c.looked.heard || c.cfg.Now().Sub(r.began) < max(followEvery, followShare*r.took) {
		return nil
	}
	return s.load(c)
}
