package ui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// manualScreen is a step for the person in the room: where to stand and what to do, in large; the answers that it asks for, and a note.
type manualScreen struct {
	cfg  Config
	w    *watch
	host inventory.Host
	step runbooks.Step
	// attempt is which one of the step the screen asks about: an answer to that is none to the next.
	attempt int
	fields  []*field // one a question, and the note
	list    list
	top     int // the first line shown of the words
	h, n    int // lines of the words that show, and that there are, as last drawn
}

func newManualScreen(cfg Config, w *watch, host int) *manualScreen {
	h := &w.state.Hosts[host]
	s := &manualScreen{cfg: cfg, w: w, host: w.state.Plan().Hosts[host], step: w.state.Plan().Steps[h.Step], attempt: h.Steps[h.Step].Attempt}
	for range len(s.step.Asks) + 1 {
		s.fields = append(s.fields, newField(""))
	}
	return s
}

// askPerson is the page of a host's manual step: the one that was left, with what had been written on it, as long as it asks about the same.
func askPerson(cfg Config, w *watch, host int) *manualScreen {
	s := newManualScreen(cfg, w, host)
	if was := w.drafts[host]; was != nil && was.step.ID == s.step.ID && was.attempt == s.attempt {
		return was
	}
	if w.drafts == nil {
		w.drafts = map[int]*manualScreen{}
	}
	w.drafts[host] = s
	return s
}

// Binds are for help and footer; keys go to Type first.
func (s *manualScreen) Binds() []bind {
	return []bind{
		{keys: "ctrl+y", name: "done", help: "yes: the step is done", foot: true, why: s.cannot, do: func() action { return s.send(true) }},
		{keys: "ctrl+n", name: "not-done", help: "no: it could not be done, and the host fails", foot: true, why: s.cannot, do: func() action { return s.send(false) }},
		{keys: "tab down enter", name: "next", help: "the next question, at last the note", foot: true, do: done(func() { s.move(+1) })},
		{keys: "shift+tab up", name: "previous", help: "the question before", do: done(func() { s.move(-1) })},
		{keys: "ctrl+f pgdown", name: "page-down", help: "read on, where the words are long", foot: s.n > s.h, do: done(func() { s.top = min(s.top+s.h, max(s.n-s.h, 0)) })},
		{keys: "ctrl+b pgup", name: "page-up", help: "read back", do: done(func() { s.top = max(s.top-s.h, 0) })},
		{keys: "ctrl+o", name: "locate", help: "make the host's light blink", foot: true, why: func() string { return cmp.Or(s.cannot(), noLocate(s.cfg, s.host)) }, do: func() action { return locate(s.cfg, s.host) }},
		{keys: "esc", name: "later", help: "leave the step open; what is written here stays", foot: true, do: back},
	}
}

func (s *manualScreen) cannot() string {
	switch {
	case s.cfg.Readonly:
		return "this console is read-only (--readonly)"
	case s.w.state.Result != journal.Open:
		return "the run has ended"
	}
	return ""
}

func (s *manualScreen) move(by int) { s.list.at = (s.list.at + by + len(s.fields)) % len(s.fields) }

// Type edits the answer.
func (s *manualScreen) Type(k press) (action, bool) {
	for _, b := range s.Binds() {
		if b.has(k.name) {
			return nil, false
		}
	}
	if strings.HasPrefix(k.name, "ctrl+") && k.name != "ctrl+u" && k.name != "ctrl+w" && k.name != "ctrl+k" {
		return nil, false
	}
	s.fields[s.list.at].edit(k.msg())
	return nothing, true
}

// Paste puts text into the answer.
func (s *manualScreen) Paste(text string) { s.fields[s.list.at].paste(first(text)) }

func (s *manualScreen) send(ok bool) action {
	values := make([]string, len(s.fields))
	for i, f := range s.fields {
		values[i] = f.value()
	}
	d, at, err := s.decided(ok, values)
	if err != nil {
		s.list.at = at
		return warnOf(err.Error())
	}
	return func(c *console) tea.Cmd {
		c.pop()
		return c.decide(s.w.run, "answer", d)
	}
}

// decided is the answer to a manual step, of a value for each question and the note; wrong says which of them will not do, and why.
func (s *manualScreen) decided(ok bool, values []string) (d journal.Decided, at int, wrong error) {
	d = journal.Decided{Decision: journal.Answer, Host: s.host.Name, Step: s.step.ID, Attempt: s.attempt, OK: ok, Answers: map[string]string{}}
	for i, a := range s.step.Asks {
		v := strings.TrimSpace(values[i])
		if ok && v == "" {
			return d, i, fmt.Errorf("an answer is missing: %s", a.Text)
		}
		if ok && a.Type == "yes" && v != "yes" && v != "no" {
			return d, i, fmt.Errorf("yes or no: %s", a.Text)
		}
		d.Answers[a.Name] = v
	}
	at = len(values) - 1
	if d.Reason = strings.TrimSpace(values[at]); !ok && d.Reason == "" {
		return d, at, errors.New("say in the note why it could not be done")
	}
	if err := s.w.state.Contradicted(d); err != nil {
		return d, slices.IndexFunc(s.step.Asks, func(q runbooks.Ask) bool { return q.Is != "" }), errors.New(withHint(err))
	}
	return d, at, nil
}

// place is where to go: "nyc1/r07 U12 rear".
func (s *manualScreen) place() string {
	place := strings.Trim(s.host.Site+"/"+s.host.Rack, "/")
	if s.host.Unit > 0 {
		place += " U" + itoa(s.host.Unit)
	}
	return strings.TrimSpace(place + " " + s.host.Face)
}

// banner is which machine it is, as large as there is room for: its unit and its name, else one of them.
func (s *manualScreen) banner(a area) []string {
	unit := ""
	if s.host.Unit > 0 {
		unit = "U" + itoa(s.host.Unit)
	}
	for _, text := range []string{strings.TrimSpace(unit + " " + string(s.host.Name)), string(s.host.Name), unit} {
		if rows := large(a.pen, text, a.w-8); rows != nil {
			return rows
		}
	}
	return nil
}

// View is large: it is read from a step away.
func (s *manualScreen) View(a area) frame {
	f := frame{name: "MANUAL STEP", scope: string(s.host.Name), prod: s.host.Prod, right: a.text(s.place()), sub: a.text(s.step.Title), subEnd: a.text(string(s.w.run))}
	words := s.words(a)
	asks := []string{""}
	for i := range s.fields {
		asks = append(asks, s.question(a, i)...)
	}
	below := len(asks)
	var body []string
	b := s.banner(a)
	if dense := withoutAir(words); len(b)+2+len(words)+below > a.h && len(b)+1+len(dense)+below <= a.h {
		words = dense // which machine it is matters more than air between the lines
	}
	if len(b)+1+len(words)+below <= a.h {
		for _, row := range b {
			body = append(body, "    "+row)
		}
		body = append(body, "")
	}
	if s.h, s.n = a.h-len(body)-below, len(words); s.n > s.h { // long words: without air between the lines, and page by page
		words = withoutAir(words)
		s.n = len(words)
	}
	s.top = max(min(s.top, s.n-s.h), 0)
	for i := s.top; i < min(s.top+s.h, s.n); i++ {
		body = append(body, words[i])
	}
	if s.n > s.h {
		f.subEnd = "lines " + itoa(s.top+1) + "-" + itoa(min(s.top+s.h, s.n)) + " of " + itoa(s.n) + ", " + s.cfg.Settings.key("manual", "page-down", "ctrl+f") + " reads on"
	}
	f.body, f.status = append(body, asks...), "what you say goes into the journal with your name"
	return f
}

// words are the step's words, bold, a blank line after each.
func (s *manualScreen) words(a area) []string {
	var out []string
	for _, l := range sentences(s.step.Words) {
		for _, part := range wrap(a.text(l), a.w-8) {
			out = append(out, "    "+a.paint(title, part), "")
		}
	}
	return out[:len(out)-1]
}

// sentences are the lines of a text that was broken to some width, each put together with the next where it was broken only for want of room:
// broken once more, on a narrower screen, every other line would be a word long.
func sentences(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	widest := 0
	for _, l := range lines {
		widest = max(widest, width(l))
	}
	out := lines[:1]
	last := width(lines[0]) // of the source's line
	for _, l := range lines[1:] {
		word, _, _ := strings.Cut(l, " ")
		was := out[len(out)-1]
		if widest >= 60 && word != "" && was != "" && last+1+width(word) > widest && !strings.ContainsAny(was[len(was)-1:], ".:;!?") {
			out[len(out)-1] = was + " " + l
		} else {
			out = append(out, l)
		}
		last = width(l)
	}
	return out
}

// question is a question and its answer; a long one takes as many lines as it has, since what is asked must be read.
func (s *manualScreen) question(a area, i int) []string {
	text, kind := "note, for the journal", ""
	if i < len(s.step.Asks) {
		text = s.w.asking(s.host.Name, s.step.Asks[i])
		if s.step.Asks[i].Type == "yes" {
			kind = " (yes/no)"
		}
	}
	out := wrap(a.text(text)+kind+":", max(a.w-24, 20))
	last := len(out) - 1
	mark, look, answer := "  ", plain, a.text(s.fields[i].value())
	if i == s.list.at {
		mark, look, answer = "> ", title, s.fields[i].draw(a.pen, a.w-width(out[last])-3)
	}
	for j := range out {
		out[j], mark = mark+a.paint(look, out[j]), "  "
	}
	out[last] += " " + answer
	return out
}

// asking is a question, with what the host told where the answer must agree with that: the right disk is looked for by it.
func (w *watch) asking(host inventory.HostID, q runbooks.Ask) string {
	if told, _ := w.state.Facts(host, q.Is); told != "" {
		return q.Text + " (" + string(host) + " told " + told + ")"
	}
	return q.Text
}

// withoutAir takes the lines that air was made of out.
func withoutAir(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}
