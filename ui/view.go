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
	if c.cfg.Tier == Full {
		v.WindowTitle, v.ProgressBar = c.windowTitle(), c.progress()
	}
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
	status := c.status(f)
	for i := range c.h - chrome - len(status) + 1 {
		out = append(out, fitTo(at(f.body, i), c.w, c.pen))
	}
	return append(append(append(out, c.lowerRule()), status...), c.footer())
}

// statusLines is how many lines a message or a question may take: the body lends all but the first, until the next key.
const statusLines = 6

// lowerRule says where in a list the cursor is, where not all of it shows.
func (c *console) lowerRule() string {
	s, ok := c.top().(lister)
	if !ok {
		return c.pen.rule(c.w)
	}
	l := s.listed()
	if l.n <= l.h {
		return c.pen.rule(c.w)
	}
	where := fmt.Sprintf(" %d of %d ", l.at+1, l.n)
	return c.pen.rule(c.w-len(where)-2) + c.pen.paint(dim, where) + c.pen.rule(2)
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

// status is the line under the body: an open prompt, a message, or what the screen says; and the runs that are at work. A message or a
// question that is longer than the line takes more of them: cut, it might lack the very word that is to be typed.
func (c *console) status(f frame) []string {
	if c.prompt != nil {
		return c.prompt.lines(c.pen, c.w)
	}
	if c.note.text == "" {
		return []string{c.pen.between(f.status, c.activeRuns(), c.w)}
	}
	look := plain
	if c.note.bad {
		look = bad
	}
	text, runs := c.pen.text(c.note.text), c.activeRuns()
	if width(text)+1+width(runs) <= c.w {
		return []string{c.pen.between(c.pen.paint(look, text), runs, c.w)}
	}
	out := broken(text, c.w, c.pen)
	for i := range out {
		out[i] = c.pen.paint(look, out[i])
	}
	return out
}

// broken is text in as many lines as it takes, with a mark where even statusLines are too few.
func broken(text string, w int, p *pen) []string {
	out := wrap(text, w)
	if len(out) > statusLines {
		out[statusLines-1] = cut(out[statusLines-1]+" "+strings.Join(out[statusLines:], " "), w, p.cut)
		out = out[:statusLines]
	}
	return out
}

// activeRuns names what is at work elsewhere: "runs: patch 30/40". A question that waits comes before all of them.
func (c *console) activeRuns() string {
	shown := c.shownRun()
	var names []string
	if words := c.waitingWords(); words != "" {
		return words
	}
	for _, w := range c.active() {
		if shown == w {
			continue
		}
		at, of := w.done()
		names = append(names, fmt.Sprintf("%s %d/%d", w.state.Plan().Runbook, at, of))
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > 2:
		return c.withKey(itoa(len(names))+" runs at work", "at-work")
	}
	return c.pen.paint(busy, c.pen.text(c.withKey("at work: "+strings.Join(names, ", "), "at-work")))
}

// keyTo is the key of an action that every screen has, as it is bound; "" where it has none, or keys are text.
func (c *console) keyTo(action string) string {
	if _, types := c.top().(typer); types {
		return ""
	}
	for _, b := range c.cfg.Settings.rebind("", c.binds()) {
		if b.name == action && b.keys != "" {
			return keyName(b.key())
		}
	}
	return ""
}

// withKey is a text and the key that leads to what it tells of.
func (c *console) withKey(text, action string) string {
	if k := c.keyTo(action); k != "" {
		return text + " (" + k + ")"
	}
	return text
}

// shownRun is the run that the screen on top is about; nil = none.
func (c *console) shownRun() *watch {
	switch s := c.top().(type) {
	case *runScreen:
		return s.w
	case *manualScreen:
		return s.w
	}
	return nil
}

// nextAtWork is the run at work behind the one that is shown, the newest first and round again; nil = there is no other.
func (c *console) nextAtWork() *watch {
	all, shown := c.active(), c.shownRun()
	slices.Reverse(all)
	for _, w := range append(all[slices.Index(all, shown)+1:], all...) {
		if w != shown {
			return w
		}
	}
	return nil
}

// openAtWork shows the next run at work; from one to the other, Esc leads to where the first was opened from.
func (c *console) openAtWork() tea.Cmd {
	w := c.nextAtWork()
	if _, ok := c.top().(*runScreen); ok {
		c.pop()
	}
	return c.openRun(w.run)
}

// active are the runs that are being followed, have not ended and have a process, as far as is known; by name.
func (c *console) active() []*watch {
	var list []*watch
	for _, w := range c.watches {
		if w.state.Run != "" && w.state.Result == journal.Open && !w.ended && w.missed == 0 {
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
	always, spare := c.common()
	room := c.w - max(footWidth(always)-2, 0) // the last one needs no blanks behind it
	own, n := c.foot(c.cfg.Settings.rebind(screenName(c.top()), c.top().Binds()), room)
	more, _ := c.foot(spare, room-n)
	rest, _ := c.foot(always, c.w)
	return strings.TrimRight(own+more+rest, " ")
}

// common are the verbs of every screen that a footer names: always, and where there is room. A screen that letters are typed into has none
// but those on other keys.
func (c *console) common() (always, spare []bind) {
	wanted := map[string]bool{"command": true, "help": true}
	switch c.top().(type) {
	case *form, *manualScreen:
		wanted = map[string]bool{"palette": true}
	case typer:
		return nil, nil
	}
	for _, b := range c.cfg.Settings.rebind("", c.binds()) {
		switch {
		case wanted[b.name]:
			always = append(always, b)
		case b.foot && wanted["help"]:
			spare = append(spare, b)
		}
	}
	return always, spare
}

// foot draws as many of the verbs as fit into w cells, each followed by two blanks, and says how many cells they take. Those that cannot be
// used now are left out.
func (c *console) foot(binds []bind, w int) (string, int) {
	var b strings.Builder
	n := 0
	for _, k := range binds {
		if !k.foot || k.why != nil && k.why() != "" {
			continue
		}
		size := footSize(k)
		if n+size > w {
			break
		}
		n += size
		b.WriteString(c.pen.paint(keys, keyName(k.key())) + " " + k.name + "  ")
	}
	return b.String(), n
}

func footSize(k bind) int { return len(keyName(k.key())) + len(k.name) + 3 }

// footWidth is what all of the verbs take.
func footWidth(binds []bind) int {
	n := 0
	for _, k := range binds {
		n += footSize(k)
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
	if k == "shift+tab" {
		return "S-tab"
	}
	return k
}

// tooSmall shows what can be shown: never nothing.
func (c *console) tooSmall() []string {
	out := []string{fmt.Sprintf("too small: %dx%d, %dx%d is needed", c.w, c.h, minWidth, minHeight)}
	if c.w < width(out[0]) {
		out[0] = fmt.Sprintf("too small, min %dx%d", minWidth, minHeight)
	}
	for _, w := range c.active() {
		out = append(out, c.pen.text(w.state.Plan().Runbook)+" "+w.counts(c.pen))
	}
	out = append(out, "runs go on. ^C twice leaves")
	for i := range out {
		out[i] = cut(out[i], max(c.w, 0), "")
	}
	return out[:min(len(out), max(c.h, 1))]
}
