package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/quote"
)

// windowTitle is for whoever has many windows: which screen this is, and how far the runs are.
func (c *console) windowTitle() string {
	name := "tend: " + screenName(c.top())
	if c.cfg.Readonly {
		name += ", read-only"
	}
	for _, w := range c.active() {
		at, of := w.done()
		name += fmt.Sprintf(", %s %d/%d", w.state.Plan().Runbook, at, of)
	}
	return quote.ASCII(name)
}

// done is how many of the run's hosts are through, of how many.
func (w *watch) done() (at, of int) {
	t := w.state.Tally
	return len(w.state.Hosts) - t.Waiting - t.AtWork, len(w.state.Hosts)
}

// progress is how far the runs at work are together, for terminals that draw it in their tab or task bar (OSC 9;4, from ConEmu). Others take an
// OSC 9 for a message to be shown, so that only those that are known to draw it get one.
func (c *console) progress() *tea.ProgressBar {
	get := lookup(c.cfg.Env)
	switch prog := strings.ToLower(get("TERM_PROGRAM")); {
	case prog == "ghostty" || prog == "wezterm" || get("WT_SESSION") != "" || get("ConEmuPID") != "":
	default:
		return nil
	}
	at, of, fails := 0, 0, 0
	for _, w := range c.active() {
		a, o := w.done()
		at, of, fails = at+a, of+o, fails+w.state.Tally.Bad()
	}
	if of == 0 {
		return nil
	}
	state := tea.ProgressBarDefault
	if fails > 0 {
		state = tea.ProgressBarError
	}
	return tea.NewProgressBar(state, at*100/of)
}
