package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// action is what a key leads to. It runs on the console, and does I/O only in the command that it returns.
type action func(*console) tea.Cmd

// screen is one page of the stack: a plain struct that draws itself and names what can be done on it.
type screen interface {
	// Binds are the keys of the screen, in the order of its help.
	Binds() []bind
	// View draws the screen into the area.
	View(a area) frame
}

// typer is a screen that takes keys before its binds do, such as a form. It reports whether the key was its own.
type typer interface {
	Type(k press) (action, bool)
}

// puller is a screen that takes up what its own reader has read since; it reports whether anything changed, and whether more waits.
type puller interface {
	Pull(budget time.Duration) (changed, more bool)
}

// leaver is a screen that owns something to be ended when it leaves the stack.
type leaver interface {
	Leave()
}

// press is one key: its name ("enter", "ctrl+c", "j") and the message that it came as, for fields that are edited.
type press struct {
	name string
	raw  tea.KeyPressMsg
}

func (k press) msg() tea.KeyPressMsg { return k.raw }

// area is where and when a screen draws.
type area struct {
	w, h int // cells for the body; the frame around it is the console's
	now  time.Time
	*pen
}

// wide reports whether there is room for a list and its detail side by side.
func (a area) wide() bool { return a.w >= 120 && a.h >= 24 }

// frame is a screen drawn.
type frame struct {
	name, scope string // the header's left: "FLEET", "all sites"
	prod        bool   // production is in scope: the header says so in words
	right       string // the header's right: counts
	sub, subEnd string // the second line, left and right
	body        []string
	status      string // the line under the body
}

// bind is a verb: its keys, its stable name, which is its `:` command as well, and what it does.
type bind struct {
	keys string // "enter l", separated by spaces; the first is shown
	name string
	// as is the action whose keys the verb has, where its own name is another: what continues is on the key that paused.
	as   string
	help string
	foot bool // shown in the footer
	do   func() action
	// why says in words why the verb cannot be used now; nil or "" = it can.
	why func() string
}

// readsOnly is a bind's reason not to work in a console that only looks.
func readsOnly(on bool) func() string {
	return func() string {
		if on {
			return "this console is read-only (--readonly)"
		}
		return ""
	}
}

// nothing is what a key does that only changes the screen itself.
func nothing(*console) tea.Cmd { return nil }

// done runs f now and does nothing else.
func done(f func()) func() action {
	return func() action {
		f()
		return nothing
	}
}

// back leaves the screen.
func back() action { return func(c *console) tea.Cmd { return c.pop() } }

// say shows a message until the next key.
func say(text string) action {
	return func(c *console) tea.Cmd {
		c.note = note{text: text}
		return nil
	}
}

// warnOf shows a message that something did not work.
func warnOf(text string) action {
	return func(c *console) tea.Cmd {
		c.note = note{text: text, bad: true}
		return nil
	}
}

// push opens a screen on top.
func push(s screen) action {
	return func(c *console) tea.Cmd {
		c.stack, c.note = append(c.stack, s), note{} // what was being done for it is done
		return nil
	}
}

// ask opens a prompt on the status line.
func ask(p *prompt) action {
	return func(c *console) tea.Cmd {
		c.prompt = p
		return nil
	}
}

// note is a message to the operator.
type note struct {
	text string
	bad  bool
}
