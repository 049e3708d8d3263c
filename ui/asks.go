package ui

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// grace is how long a dialog that opened by itself swallows keys: they were meant for what was there before. Each key in that
// time begins it anew, so that a burst is swallowed whole.
const grace = 700 * time.Millisecond

// readAsks turns the channel of questions into a sequence for a feed.
func (c *console) readAsks(ctx context.Context) iter.Seq2[Ask, error] {
	return func(yield func(Ask, error) bool) {
		for a := range c.cfg.Asks.Asks(ctx) {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// questions are those that come, and those that were put off: they stay open until they are answered, here or elsewhere.
type questions struct {
	*feed[Ask]
	waiting []Ask
	spill   time.Time // until then keys are thrown away: they were meant for a question that has gone
}

// pullAsks opens a dialog for every question that has come, and closes those that are moot.
func (c *console) pullAsks() bool {
	if c.asks.feed == nil {
		return false
	}
	items, _, ended, _ := c.asks.take(100)
	if ended {
		c.asks.feed = nil
	}
	for _, a := range items {
		if a.Gone {
			c.dropAsk(a)
			continue
		}
		d := c.newAsk(a)
		d.readyAt = c.cfg.Now().Add(grace)
		c.prompt = nil // what was being typed is lost rather than sent where it was not meant
		c.stack = append(c.stack, d)
	}
	return len(items) > 0
}

func (c *console) newAsk(a Ask) *askScreen {
	d := &askScreen{ask: a, field: newField(""), now: c.cfg.Now, again: cmp.Or(c.cfg.Settings.key("", "question", "!"), ":question")}
	d.field.masked = a.Secret
	return d
}

// dropAsk closes a question that needs no answer any more. What was being typed for it must not reach what stood behind it: another host's
// question, or a screen whose keys act.
func (c *console) dropAsk(a Ask) {
	was := c.top()
	gone := func(b Ask) bool { return b.Run == a.Run && b.ID == a.ID }
	c.stack = slices.DeleteFunc(c.stack, func(s screen) bool {
		d, ok := s.(*askScreen)
		return ok && gone(d.ask)
	})
	c.asks.waiting = slices.DeleteFunc(c.asks.waiting, gone)
	if c.top() != was {
		c.asks.spill = c.cfg.Now().Add(grace)
	}
}

// spilt says that what is typed now was meant for a question that has just gone, and throws it away.
func (c *console) spilt() bool {
	now := c.cfg.Now()
	if !now.Before(c.asks.spill) {
		return false
	}
	c.asks.spill = now.Add(grace)
	c.note = note{text: "the question needs no answer any more; keys typed for it are thrown away"}
	return true
}

// putOff closes the question and leaves it open: the status line says that it waits.
func (c *console) putOff(a Ask) {
	c.pop()
	c.asks.waiting = append(c.asks.waiting, a)
	c.note = note{text: "the question stays open; " + cmp.Or(c.keyTo("question"), ":question") + " shows it again"}
}

// askAgain shows the question that was put off first.
func (c *console) askAgain() tea.Cmd {
	a := c.asks.waiting[0]
	c.asks.waiting = c.asks.waiting[1:]
	return c.run(push(c.newAsk(a)))
}

// waitingWords is what the status line says of questions that were put off.
func (c *console) waitingWords() string {
	switch n := len(c.asks.waiting); n {
	case 0:
		return ""
	case 1:
		return c.pen.paint(bad, c.withKey("a question waits", "question"))
	default:
		return c.pen.paint(bad, c.withKey(plural(n, "question")+" wait", "question"))
	}
}

// askScreen is a question of a run.
type askScreen struct {
	ask     Ask
	field   *field
	readyAt time.Time
	now     func() time.Time
	again   string // what shows it again once it was left open
	bad     string
	lost    bool // keys were thrown away
	blank   bool // enter was pressed on nothing
	top     int  // the first line shown of the text
	h, n    int  // lines of the text that show, and that there are, as last drawn
}

// Binds are those that help and footer show; the keys themselves go to Type.
func (s *askScreen) Binds() []bind {
	return []bind{
		{keys: "enter", name: "answer", help: "send the answer", foot: true, do: func() action { return nothing }},
		{keys: "ctrl+n", name: "refuse", help: "refuse: the run is told no", foot: true, do: func() action { return nothing }},
		{keys: "esc", name: "later", help: "leave the question open; " + s.again + " shows it again", foot: true, do: func() action { return nothing }},
		{keys: "ctrl+f", name: "read-on", help: "read on, where the question is long", foot: s.n > s.h, do: func() action { return nothing }},
	}
}

// Type takes every key: nothing typed into a secret may reach anything else.
func (s *askScreen) Type(k press) (action, bool) {
	now := s.now()
	if now.Before(s.readyAt) {
		s.readyAt, s.lost = now.Add(grace), true
		return nothing, true
	}
	switch k.name {
	case "ctrl+n":
		return s.answer("", false), true
	case "esc":
		return func(c *console) tea.Cmd {
			c.putOff(s.ask)
			return nil
		}, true
	case "ctrl+f", "pgdown":
		if s.top += s.h; s.n <= s.h {
			return warnOf("all of the question shows"), true
		}
		return nothing, true
	case "ctrl+b", "pgup":
		s.top -= s.h
		return nothing, true
	case "enter":
		text := s.field.value()
		if s.ask.Words != "" && strings.TrimSpace(text) != s.ask.Words {
			s.bad = "type exactly: " + s.ask.Words + "   (^N says no)"
			return nothing, true
		}
		if text == "" && !s.blank {
			s.bad, s.blank = "nothing is typed; enter again sends that", true
			return nothing, true
		}
		return s.answer(text, true), true
	}
	s.bad, s.blank = "", false
	s.field.edit(k.msg())
	return nothing, true
}

// Paste takes a pasted passphrase; what must be typed by hand cannot be pasted.
func (s *askScreen) Paste(text string) {
	switch {
	case s.now().Before(s.readyAt):
		s.lost = true
	case s.ask.Words == "":
		s.bad, s.blank = "", false
		s.field.paste(strings.TrimRight(text, "\r\n"))
	}
}

func (s *askScreen) answer(text string, ok bool) action {
	a := s.ask
	s.field.set("")
	return func(c *console) tea.Cmd {
		c.pop()
		asks := c.cfg.Asks
		return c.work.do(func(ctx context.Context) tea.Msg {
			ctx, cancel := context.WithTimeout(ctx, askTime)
			defer cancel()
			if err := asks.Answer(ctx, a, text, ok); err != nil {
				return then(warnOf("the answer did not arrive: " + withHint(err)))
			}
			return nil
		})
	}
}

// View is a page of its own: a question about a key deserves to be read. The answer shows whatever the length of the question.
func (s *askScreen) View(a area) frame {
	f := frame{name: "QUESTION", scope: string(s.ask.Run) + " " + string(s.ask.Host), status: "a run asks; it waits for the answer"}
	if s.now().Before(s.readyAt) {
		f.status = "a run asks; keys typed now are thrown away"
	} else if s.lost {
		f.status = "a run asks; what was typed as it opened is lost; ^U begins anew"
	}
	text, end := s.words(a), s.reply(a)
	if len(text)+len(end)+2 <= a.h { // air above and below
		text, end = append([]string{""}, text...), append([]string{""}, end...)
	}
	s.h, s.n = max(a.h-len(end), 1), len(text)
	s.top = max(min(s.top, s.n-s.h), 0)
	if s.n > s.h {
		f.subEnd = "lines " + itoa(s.top+1) + "-" + itoa(min(s.top+s.h, s.n)) + " of " + itoa(s.n) + ", ^F reads on"
	}
	f.body = append(f.body, text[s.top:min(s.top+s.h, s.n)]...)
	f.body = append(f.body, end...)
	return f
}

// words are the question, its title first.
func (s *askScreen) words(a area) []string {
	var out []string
	for _, part := range wrap(a.text(s.ask.Title), a.w-4) {
		out = append(out, "  "+a.paint(title, part))
	}
	out = append(out, "")
	for l := range strings.SplitSeq(s.ask.Text, "\n") {
		for _, part := range wrap(a.text(l), a.w-4) {
			out = append(out, "  "+part)
		}
	}
	return out
}

// reply is what is to be typed, and what has been.
func (s *askScreen) reply(a area) []string {
	label := "answer: "
	if s.ask.Secret {
		label = "secret: "
	}
	field := "  " + label + s.field.draw(a.pen, a.w-12)
	switch {
	case s.bad != "":
		return []string{"", "  " + a.paint(bad, a.text(s.bad)), field}
	case s.ask.Words != "":
		return []string{"", "  " + a.paint(title, "type "+a.text(s.ask.Words)+" to say yes; ^N says no, esc leaves it open"), field}
	}
	return []string{"", field}
}
