package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// manualScreen is a step for the person in the room: its words in large, and the answers that it asks for.
type manualScreen struct {
	cfg    Config
	w      *watch
	host   inventory.HostID
	place  string
	step   runbooks.Step
	fields []*field
	list   list
}

func newManualScreen(cfg Config, w *watch, host int) *manualScreen {
	h := &w.state.Hosts[host]
	s := &manualScreen{cfg: cfg, w: w, host: h.ID, step: w.state.Plan().Steps[h.Step]}
	inv := w.state.Plan().Hosts[host]
	s.place = strings.Trim(inv.Site+"/"+inv.Rack, "/")
	if inv.Unit > 0 {
		s.place += " U" + itoa(inv.Unit)
	}
	for range s.step.Asks {
		s.fields = append(s.fields, newField(""))
	}
	return s
}

// Binds are for help and footer; keys go to Type first where there is a field.
func (s *manualScreen) Binds() []bind {
	return []bind{
		{keys: "ctrl+y", name: "done", help: "the step is done", foot: true, do: func() action { return s.send(true) }},
		{keys: "ctrl+n", name: "not-done", help: "the step could not be done: the host fails", foot: true, do: func() action { return s.send(false) }},
		{keys: "tab down enter", name: "next", help: "next question", foot: true, do: done(func() { s.list.n = len(s.fields); s.list.at = (s.list.at + 1) % max(len(s.fields), 1) })},
	}
}

// Type edits the answer.
func (s *manualScreen) Type(k press) (action, bool) {
	for _, b := range s.Binds() {
		if b.has(k.name) {
			return nil, false
		}
	}
	if k.name == "esc" || s.list.at >= len(s.fields) {
		return nil, false
	}
	s.fields[s.list.at].edit(k.msg())
	return nothing, true
}

func (s *manualScreen) send(ok bool) action {
	d := journal.Decided{Decision: journal.Answer, Host: s.host, Step: s.step.ID, OK: ok, Answers: map[string]string{}}
	for i, a := range s.step.Asks {
		v := strings.TrimSpace(s.fields[i].value())
		if ok && v == "" {
			s.list.at = i
			return warnOf("an answer is missing: " + a.Text)
		}
		if ok && a.Type == "yes" && v != "yes" && v != "no" {
			s.list.at = i
			return warnOf("yes or no: " + a.Text)
		}
		d.Answers[a.Name] = v
	}
	return func(c *console) tea.Cmd {
		c.pop()
		return c.decide(s.w.run, "answer", d)
	}
}

// View is large: it is read from a step away.
func (s *manualScreen) View(a area) frame {
	f := frame{name: "MANUAL STEP", scope: string(s.host), right: a.text(s.place), sub: a.text(s.step.Title)}
	body := []string{""}
	for l := range strings.SplitSeq(s.step.Words, "\n") {
		for _, part := range wrap(a.text(l), a.w-8) {
			body = append(body, "    "+a.paint(title, part), "")
		}
	}
	for i, q := range s.step.Asks {
		lead, value := "  ", a.text(s.fields[i].value())
		if i == s.list.at {
			lead, value = "> ", s.fields[i].draw(a.pen, 24)
		}
		kind := ""
		if q.Type == "yes" {
			kind = " (yes/no)"
		}
		body = append(body, lead+a.text(q.Text)+kind+": "+value)
	}
	f.body, f.status = body, "^Y done   ^N not done   esc leaves it open"
	return f
}
