package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
)

// The least size that screens are drawn in.
const (
	minWidth  = 60
	minHeight = 20
	chrome    = 6 // header, second line, rule; rule, status, footer
)

// View draws the screen on top. A panic here ends the console as one in Update does.
func (c *console) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			c.crashed(r)
			v = tea.NewView("")
		}
	}()
	v = tea.NewView(strings.Join(c.lines(), "\n"))
	v.AltScreen = true
	if c.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.DisableBracketedPasteMode = c.cfg.Tier == Plain
	return v
}

// lines is the whole picture: exactly h lines, none wider than w.
func (c *console) lines() []string {
	if c.w < minWidth || c.h < minHeight {
		return c.tooSmall()
	}
	f := c.top().View(area{w: c.w, h: c.h - chrome, now: c.now, pen: c.pen})
	out := make([]string, 0, c.h)
	out = append(out, c.header(f), c.pen.between(f.sub, f.subEnd, c.w), c.pen.rule(c.w))
	for i := range c.h - chrome {
		out = append(out, fitTo(at(f.body, i), c.w, c.pen))
	}
	return append(out, c.pen.rule(c.w), c.status(f), c.footer())
}

func fitTo(s string, w int, p *pen) string {
	if width(s) <= w {
		return s
	}
	return cut(s, w, p.cut)
}

// header says where we are: screen and scope, *PROD* in words, counts.
func (c *console) header(f frame) string {
	right := f.right
	if c.cfg.Readonly {
		right = "READ-ONLY  " + right
	}
	if f.prod {
		right = c.pen.paint(prod, "*PROD*") + "  " + right
	}
	left := c.pen.paint(title, f.name) + " " + c.pen.text(f.scope)
	return c.pen.between(left, right, c.w)
}

// status is the line under the body: an open prompt, a message, or what the screen says; and the runs that are at work.
func (c *console) status(f frame) string {
	if c.prompt != nil {
		return fitTo(c.prompt.draw(c.pen, c.w), c.w, c.pen)
	}
	left := f.status
	if c.note.text != "" {
		left = c.pen.text(c.note.text)
		if c.note.bad {
			left = c.pen.paint(bad, left)
		}
	}
	return c.pen.between(left, c.activeRuns(), c.w)
}

// activeRuns names what is at work elsewhere: "runs: patch 30/40".
func (c *console) activeRuns() string {
	shown, _ := c.top().(*runScreen)
	var names []string
	for _, w := range c.active() {
		if shown != nil && shown.w == w {
			continue
		}
		t := w.state.Tally
		names = append(names, fmt.Sprintf("%s %d/%d", w.state.Plan().Runbook, len(w.state.Hosts)-t.Waiting-t.AtWork, len(w.state.Hosts)))
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > 2:
		return fmt.Sprintf("%d runs at work", len(names))
	}
	return c.pen.paint(busy, c.pen.text("at work: "+strings.Join(names, ", ")))
}

// active are the runs that are being followed and have not ended, by name.
func (c *console) active() []*watch {
	var list []*watch
	for _, w := range c.watches {
		if w.state.Run != "" && w.state.Result == journal.Open && !w.ended {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b *watch) int { return strings.Compare(string(a.run), string(b.run)) })
	return list
}

// footer is the screen's main keys, as many as fit.
func (c *console) footer() string {
	if c.prompt != nil {
		return fitTo(c.pen.paint(dim, c.prompt.hint()), c.w, c.pen)
	}
	room := c.w - footWidth(c.binds())
	return c.foot(c.cfg.Settings.rebind(screenName(c.top()), c.top().Binds()), room) + c.foot(c.cfg.Settings.rebind("", c.binds()), c.w)
}

// foot draws as many of the verbs as fit into w cells, each followed by two blanks. Those that cannot be used now are left out.
func (c *console) foot(binds []bind, w int) string {
	var b strings.Builder
	n := 0
	for _, k := range binds {
		if !k.foot || k.why != nil && k.why() != "" {
			continue
		}
		key := keyName(k.key())
		if n += len(key) + len(k.name) + 3; n > w {
			break
		}
		b.WriteString(c.pen.paint(keys, key) + " " + k.name + "  ")
	}
	return b.String()
}

// footWidth is what the verbs that every screen has take.
func footWidth(binds []bind) int {
	n := 0
	for _, k := range binds {
		if k.foot {
			n += len(keyName(k.key())) + len(k.name) + 3
		}
	}
	return n
}

// hint says what may be done while a prompt is open.
func (p *prompt) hint() string {
	s := "enter accept  esc leave"
	if p.complete != nil {
		s += "  tab complete"
	}
	if p.history != nil {
		s += "  up/down earlier"
	}
	return s
}

// keyName is a key as people know it.
func keyName(k string) string {
	if rest, ok := strings.CutPrefix(k, "ctrl+"); ok {
		return "^" + strings.ToUpper(rest)
	}
	return k
}

// tooSmall shows what can be shown: never nothing.
func (c *console) tooSmall() []string {
	out := []string{fmt.Sprintf("too small: %dx%d, %dx%d is needed", c.w, c.h, minWidth, minHeight)}
	for _, w := range c.active() {
		out = append(out, c.pen.text(w.state.Plan().Runbook)+" "+w.counts(c.pen))
	}
	out = append(out, "runs go on. ^C twice leaves")
	for i := range out {
		out[i] = cut(out[i], max(c.w, 0), "")
	}
	return out[:min(len(out), max(c.h, 1))]
}
