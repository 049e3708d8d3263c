package ui

import (
	"context"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// TestTitleAndProgress: the window says which screen it is and how far the runs are; a bar goes to terminals that are known to draw it.
func TestTitleAndProgress(t *testing.T) {
	full := func(env ...string) *driver {
		d := newDriver(t, 80, 24, func(c *Config) { c.Tier, c.Env = Full, append([]string{"TERM=xterm-256color"}, env...) })
		d.patch("r1")
		d.c.follow("r1")
		return d.Pull()
	}
	d := full("TERM_PROGRAM=ghostty")
	v := d.c.View()
	if v.WindowTitle != "tend: fleet, patch 4/15" {
		t.Errorf("the title is %q", v.WindowTitle)
	}
	if v.ProgressBar == nil || v.ProgressBar.Value != 26 || v.ProgressBar.State != tea.ProgressBarError {
		t.Errorf("the bar is %+v", v.ProgressBar)
	}
	if v := full("TERM_PROGRAM=iTerm.app").c.View(); v.ProgressBar != nil {
		t.Error("a terminal that may show OSC 9 as a message gets a bar")
	}
	d = newDriver(t, 80, 24)
	if v := d.c.View(); v.WindowTitle != "" || v.ProgressBar != nil {
		t.Error("the plain tier has a title or a bar")
	}
}

// TestFullTerminalIsAsked: the full tier asks for the background, takes the answer however late and torn it comes, and types none of it.
func TestFullTerminalIsAsked(t *testing.T) {
	x := newTerminal(t, 80, 24)
	cfg := realConfig(t)
	cfg.Env = []string{"TERM=xterm-256color", "SSH_TTY=/dev/pts/1"}
	x.run(context.Background(), cfg)
	x.see("FLEET")
	waitFor(t, func() bool {
		return strings.Contains(x.bytes(), "\x1b]11;?") && strings.Contains(x.bytes(), "tend: fleet")
	})
	was := len(x.bytes())
	x.keys("\x1b]11;rgb:fdfd/f6")
	x.keys("f6/e3e3\x07")
	waitFor(t, func() bool { return strings.Contains(x.bytes()[was:], "38;5;2") }) // the colours of a light background
	if text := x.text(); strings.Contains(text, "/_") || !strings.Contains(text, "FLEET") {
		t.Errorf("the answer was typed:\n%s", text)
	}
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}
