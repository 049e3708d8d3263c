package ui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// keys takes apart what a terminal sends for Alt and a key, which nothing here needs: it is Esc and a key that were pressed, or came, within
// the time that the rest of a torn sequence is waited for. Words in a field are moved over by Alt; Esc [ and Esc O begin what a link has torn for
// longer than that, and do nothing.
func (c *console) keys(msg tea.KeyPressMsg) tea.Cmd {
	if msg.Mod&tea.ModAlt == 0 || msg.Code == '[' || msg.Code == 'o' && msg.Mod&tea.ModShift != 0 || msg.Code == 'O' || c.prompt != nil && c.prompt.field.knows(msg) {
		return c.key(msg)
	}
	msg.Mod &^= tea.ModAlt
	if msg.Mod&^tea.ModShift == 0 && unicode.IsPrint(msg.Code) {
		msg.Text = string(msg.Code)
		if msg.Mod == tea.ModShift {
			msg.Text = strings.ToUpper(msg.Text)
		}
	}
	return tea.Batch(c.key(tea.KeyPressMsg{Code: tea.KeyEscape}), c.key(msg))
}

// key hands a key to whoever it belongs to: what cannot be stopped first, then the open prompt, then the screen, then the console.
func (c *console) key(msg tea.KeyPressMsg) tea.Cmd {
	k := press{name: msg.String(), raw: msg}
	c.note = note{}
	if k.name == "ctrl+c" {
		if c.prompt != nil {
			c.prompt.press(tea.KeyPressMsg{Code: tea.KeyEscape})
			c.prompt = nil
		}
		return c.leave(k.name)
	}
	if c.spilt() {
		return nil
	}
	if c.prompt != nil {
		c.leaving = ""
		return c.prompted(msg)
	}
	if t, ok := c.top().(typer); ok {
		if b, ok := c.chosenKey(k.name); ok {
			c.leaving = ""
			return c.run(b.act())
		}
		if act, mine := t.Type(k); mine {
			c.leaving = ""
			return c.run(act)
		}
	}
	for _, b := range c.verbs() {
		if !b.has(k.name) {
			continue
		}
		if b.name != "quit" {
			c.leaving = ""
		}
		return c.run(b.act())
	}
	c.leaving = ""
	c.note = c.unbound(k)
	return nil
}

// chosenKey is the verb that the operator has put on the key, on a screen that would take it as text or pass it over.
func (c *console) chosenKey(name string) (bind, bool) {
	screen := screenName(c.top())
	if !letters[screen] || len(c.cfg.Settings.keys) == 0 {
		return bind{}, false
	}
	for _, b := range c.cfg.Settings.rebind(screen, c.top().Binds()) {
		if b.has(name) {
			return b, true
		}
	}
	return bind{}, false
}

// unbound says of a letter that it does nothing here: pressed in good faith on the wrong screen, it must not look like a screen that hangs.
func (c *console) unbound(k press) note {
	if len([]rune(k.name)) != 1 {
		return note{}
	}
	for _, b := range c.verbs() {
		if b.name == "help" && b.keys != "" {
			return note{text: k.name + " does nothing here; " + keyName(b.key()) + " lists the keys"}
		}
	}
	return note{}
}

// verbs are the binds of the screen on top, and those that every screen has, with the operator's own keys.
func (c *console) verbs() []bind {
	s := c.top()
	return c.cfg.Settings.rebind(screenName(s), append(s.Binds(), c.binds()...))
}

func (c *console) prompted(msg tea.KeyPressMsg) tea.Cmd {
	p := c.prompt
	act, closed := p.press(msg)
	if closed && c.prompt == p {
		c.prompt = nil
	}
	return c.run(act)
}

func (c *console) paste(text string) tea.Cmd {
	if c.spilt() {
		return nil
	}
	if c.prompt != nil {
		c.prompt.paste(text)
		return nil
	}
	if p, ok := c.top().(interface{ Paste(string) }); ok {
		p.Paste(text)
	}
	return nil
}

// leave quits at the second press of the same key in a row. Runs do not notice.
func (c *console) leave(name string) tea.Cmd {
	if c.leaving == name {
		return tea.Quit
	}
	c.leaving = name
	c.note = note{text: name + " again leaves the console; runs go on"}
	return nil
}

func (b bind) has(name string) bool {
	for k := range strings.FieldsSeq(b.keys) {
		if k == name {
			return true
		}
	}
	return false
}

// key is the bind's first key, as it is shown.
func (b bind) key() string {
	k, _, _ := strings.Cut(b.keys, " ")
	return k
}

// act is what the bind does now: its verb, or why not.
func (b bind) act() action {
	if b.why != nil {
		if why := b.why(); why != "" {
			return warnOf(b.name + " is not possible here: " + why)
		}
	}
	return b.do()
}

// binds are the keys that every screen has.
func (c *console) binds() []bind {
	deep := len(c.stack) > 1
	list := []bind{
		{keys: "esc", name: "back", help: "back; never ends a run", do: func() action {
			if deep {
				return back()
			}
			return nothing
		}},
		{keys: "q", name: "quit", help: "back, and from the first screen out; runs go on", do: func() action {
			if deep {
				return back()
			}
			return func(c *console) tea.Cmd { return c.leave("q") }
		}},
		{keys: ":", name: "command", help: "command line", foot: true, do: func() action { return c.commandLine }},
		{keys: "?", name: "help", help: "help for this screen", foot: true, do: func() action { return push(newHelp(c)) }},
		{keys: "!", name: "question", help: "the question of a run that was left open", why: func() string {
			if len(c.asks.waiting) == 0 {
				return "no question waits"
			}
			return ""
		}, do: func() action { return (*console).askAgain }},
		{keys: "@", name: "at-work", help: "the run that is at work; again, the next one", why: func() string {
			if c.nextAtWork() == nil {
				return "no other run is at work"
			}
			return ""
		}, do: func() action { return (*console).openAtWork }},
		{keys: "J", name: "journal", help: "the journal of runs", foot: true, why: func() string {
			if s, ok := c.top().(*journalScreen); ok && s.host == "" {
				return "this is the journal"
			}
			return ""
		}, do: func() action { return func(c *console) tea.Cmd { return c.openJournal("") } }},
		{keys: "ctrl+p", name: "palette", help: "palette: every verb by name, help or key", foot: true, do: func() action { return push(newPalette(c)) }},
		{keys: "ctrl+l", name: "redraw", help: "draw anew, and ask the terminal for its size again", do: func() action {
			return func(*console) tea.Cmd { return tea.Batch(tea.ClearScreen, tea.RequestWindowSize) }
		}},
		{keys: "ctrl+z", name: "suspend", help: "to the shell; fg comes back", do: func() action { return suspend }},
		{keys: "m", name: "mouse", help: "mouse on or off; nothing needs it", why: func() string {
			if c.cfg.Tier == Plain {
				return "this terminal's tier has no mouse"
			}
			return ""
		}, do: done(func() { c.mouse = !c.mouse })},
	}
	return append(append(list, c.textBinds()...), c.sheetBinds()...)
}
