package ui

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// TestMonkey presses what comes to mind, at sizes that come to mind, while a run goes on: nothing panics, every picture fits.
func TestMonkey(t *testing.T) {
	pool := []string{"enter", "esc", "tab", "space", "up", "down", "left", "right", "pgup", "pgdown", "backspace", "ctrl+p", "ctrl+n", "ctrl+f", "ctrl+b", "ctrl+d", "ctrl+u", "ctrl+o", "ctrl+r", "ctrl+y", "ctrl+l"}
	for r := '!'; r <= '~'; r++ {
		pool = append(pool, string(r))
	}
	tiers := []Tier{Full, Basic, Plain}
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		d := newDriver(t, 80, 24, func(c *Config) { c.Tier, c.StateDir = tiers[seed%3], t.TempDir() })
		d.runs.err = errors.New("not today")
		d.health("r1")
		d.patch("r2")
		d.c.follow("r1")
		d.do(d.c.openRun("r2"))
		d.Pull()
		var pressed []string
		for range 600 {
			k := pool[rnd.IntN(len(pool))]
			if k == "e" || k == "w" || k == "s" || k == "y" { // they write files or run an editor
				continue
			}
			pressed = append(pressed, k)
			d.Press(k)
			switch rnd.IntN(25) {
			case 0:
				d.send(windowSize(rnd.IntN(200), rnd.IntN(60)))
			case 1:
				d.send(windowSize(80, 24))
			case 2:
				d.now = d.now.Add(time.Duration(rnd.IntN(5000)) * time.Second)
				d.send(pullMsg{})
			case 3:
				d.send(tea.PasteMsg{Content: hostile})
			}
			d.sizes()
			if d.c.crash != "" || t.Failed() {
				t.Fatalf("seed %d, after %q: crash %s", seed, pressed[max(len(pressed)-30, 0):], d.c.crash)
			}
			d.quit = false
		}
	}
}
