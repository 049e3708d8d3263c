package ui

import (
	"context"
	"iter"
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

// pullAsks opens a dialog for every question that has come, and closes those that are moot.
func (c *console) pullAsks() bool {
	if c.asks == nil {
		return false
	}
	items, _, ended, _ := c.asks.take(100)
	if ended {
		c.asks = nil
	}
	for _, a := range items {
		if a.Gone {
			c.dropAsk(a)
			continue
		}
		d := &askScreen{ask: a, field: newField(""), readyAt: c.cfg.Now().Add(grace), now: c.cfg.Now}
		d.field.masked = a.Secret
		c.prompt = nil // what was being typed is lost rather than sent where it was not meant
		c.stack = append(c.stack, d)
	}
	return len(items) > 0
}

func (c *console) dropAsk(a Ask) {
	kept := c.stack[:0]
	for _, s := range c.stack {
		if d, ok := s.(*askScreen); ok && d.ask.Run == a.Run && d.ask.ID == a.ID {
			continue
		}
		kept = append(kept, s)
	}
	c.stack = kept
}

// askScreen is a question of a run.
type askScreen struct {
	ask     Ask
	field   *field
	readyAt time.Time
	now     func() time.Time
	bad     string
}

// Binds are those that help and footer show; the keys themselves go to Type.
func (s *askScreen) Binds() []bind {
	return []bind{
		{keys: "enter", name: "answer", help: "send the answer", foot: true, do: func() action { return nothing }},
		{keys: "esc", name: "refuse", help: "refuse: the run is told no", foot: true, do: func() action { return nothing }},
	}
}

// Type takes every key: nothing typed into a secret may reach anything else.
func (s *askScreen) Type(k press) (action, bool) {
	now := s.now()
	if now.Before(s.readyAt) {
		s.readyAt = now.Add(grace)
		return nothing, true
	}
	switch k.name {
	case "esc":
		return s.answer("", false), true
	case "enter":
		text := s.field.value()
		if s.ask.Words != "" && strings.TrimSpace(text) != s.ask.Words {
			s.bad = "type exactly: " + s.ask.Words + "   (esc refuses)"
			return nothing, true
		}
		return s.answer(text, true), true
	}
	s.bad = ""
	s.field.edit(k.msg())
	return nothing, true
}

// Paste takes a pasted passphrase; what must be typed by hand cannot be pasted.
func (s *askScreen) Paste(text string) {
	if s.ask.Words == "" && !s.now().Before(s.readyAt) {
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

// View is a page of its own: a question about a key deserves to be read.
func (s *askScreen) View(a area) frame {
	body := []string{"", "  " + a.paint(title, a.text(s.ask.Title)), ""}
	for l := range strings.SplitSeq(s.ask.Text, "\n") {
		for _, part := range wrap(a.text(l), a.w-4) {
			body = append(body, "  "+part)
		}
	}
	label := "answer: "
	if s.ask.Secret {
		label = "secret: "
	}
	if s.ask.Words != "" {
		body = append(body, "", "  "+a.paint(title, "type "+a.text(s.ask.Words)+" to say yes; esc says no"))
	}
	body = append(body, "", "  "+label+s.field.draw(a.pen, a.w-12))
	if s.bad != "" {
		body = append(body, "", "  "+a.paint(bad, a.text(s.bad)))
	}
	status := "a run asks; it waits for the answer"
	if s.now().Before(s.readyAt) {
		status = "a run asks; keys typed now are thrown away"
	}
	return frame{name: "QUESTION", scope: string(s.ask.Run) + " " + string(s.ask.Host), body: body, status: status}
}
