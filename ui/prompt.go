package ui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// field is a line of text being edited. Editing is bubbles' textinput; drawing is ours, since a caret must show without colour.
type field struct {
	in     textinput.Model
	masked bool
}

func newField(value string) *field {
	in := textinput.New()
	in.Prompt = ""
	in.KeyMap.Paste = key.NewBinding(key.WithDisabled()) // it would read the clipboard by itself
	in.SetVirtualCursor(false)
	in.Focus()
	in.SetValue(value)
	in.CursorEnd()
	return &field{in: in}
}

// value is the text as it stands.
func (f *field) value() string { return f.in.Value() }

func (f *field) set(s string) {
	f.in.SetValue(s)
	f.in.CursorEnd()
}

// edit takes a key; it reports whether the text changed.
func (f *field) edit(msg tea.KeyPressMsg) bool {
	was := f.in.Value()
	f.in, _ = f.in.Update(msg)
	return f.in.Value() != was
}

// knows reports whether Alt and a key edit the text: by words.
func (f *field) knows(msg tea.KeyPressMsg) bool {
	k := f.in.KeyMap
	return key.Matches(msg, k.WordForward, k.WordBackward, k.DeleteWordForward, k.DeleteWordBackward)
}

// paste puts text in at the caret.
func (f *field) paste(text string) bool {
	was := f.in.Value()
	f.in, _ = f.in.Update(tea.PasteMsg{Content: text})
	return f.in.Value() != was
}

// draw shows the text in w cells with a caret; what does not fit leaves on the left.
func (f *field) draw(p *pen, w int) string {
	runes := []rune(f.in.Value())
	pos := min(f.in.Position(), len(runes))
	before, after := string(runes[:pos]), string(runes[pos:])
	if f.masked {
		before, after = strings.Repeat("*", len([]rune(before))), strings.Repeat("*", len([]rune(after)))
	}
	before, after = p.text(before), p.text(after)
	for width(before) > w-1 && before != "" {
		_, n := firstRune(before)
		before = before[n:]
	}
	return cut(before+p.caret+after, w, "")
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		if i > 0 {
			return r, i
		}
	}
	return 0, len(s)
}

// prompt is a question on the status line; while it is open, keys are its own.
type prompt struct {
	label string
	field *field
	// change sees every edit; enter takes the text; esc is called when the prompt is left without it. All may be nil.
	change func(text string)
	enter  func(text string) action
	esc    func()
	// typed refuses pastes: what starts or ends something is typed by hand.
	typed bool
	// complete offers what the text may become; tab walks through it.
	complete func(text string) []string
	offers   []string
	offer    int
	history  *history
}

// history is what was typed before, oldest first.
type history struct {
	lines []string
	at    int
}

// typedLines are what was typed at the prompts that remember.
type typedLines struct {
	commands, searches history
	patterns           history // in pagers
	form               *form   // that was left with something set in it
}

func (h *history) add(s string) {
	if s != "" && (len(h.lines) == 0 || h.lines[len(h.lines)-1] != s) {
		h.lines = append(h.lines, s)
	}
	h.at = len(h.lines)
}

func (h *history) step(by int) string {
	h.at = min(max(h.at+by, 0), len(h.lines))
	if h.at == len(h.lines) {
		return ""
	}
	return h.lines[h.at]
}

// press takes a key. closed says that the prompt is over.
func (p *prompt) press(msg tea.KeyPressMsg) (act action, closed bool) {
	switch name := msg.String(); {
	case name == "esc":
		if p.esc != nil {
			p.esc()
		}
		return nil, true
	case name == "enter":
		if p.history != nil {
			p.history.add(p.field.value())
		}
		if p.enter == nil {
			return nil, true
		}
		return p.enter(p.field.value()), true
	case name == "tab" && p.complete != nil:
		p.nextOffer()
	case p.history != nil && (name == "up" || name == "ctrl+p"):
		p.field.set(p.history.step(-1))
	case p.history != nil && (name == "down" || name == "ctrl+n"):
		p.field.set(p.history.step(+1))
	default:
		if p.field.edit(msg) {
			p.edited()
		}
	}
	return nil, false
}

func (p *prompt) paste(text string) {
	if !p.typed && p.field.paste(first(text)) {
		p.edited()
	}
}

func (p *prompt) edited() {
	p.offers = nil
	if p.change != nil {
		p.change(p.field.value())
	}
}

func (p *prompt) nextOffer() {
	if p.offers == nil {
		p.offers, p.offer = p.complete(p.field.value()), -1
	}
	if len(p.offers) == 0 {
		return
	}
	p.offer = (p.offer + 1) % len(p.offers)
	p.field.set(p.offers[p.offer])
	if p.change != nil {
		p.change(p.field.value())
	}
}

// room is what is left to type in, on the last line of a long question.
const room = 12

// lines is the prompt, in as many lines as its label takes.
func (p *prompt) lines(pn *pen, w int) []string {
	out := broken(pn.text(p.label), w, pn)
	last := out[len(out)-1]
	if width(last)+1+room > w {
		out, last = append(out, ""), ""
	}
	for i := range out {
		out[i] = pn.paint(title, out[i])
	}
	line := pn.paint(title, last)
	if last != "" {
		line += " "
	}
	s := line + p.field.draw(pn, w-width(line))
	if len(p.offers) > 1 {
		s += pn.paint(dim, "  tab: "+pn.text(strings.Join(p.next(), " ")))
	}
	out[len(out)-1] = fitTo(s, w, pn)
	return out
}

// next are the offers behind the one that stands in the line, each without the words that all of them begin with.
func (p *prompt) next() []string {
	head := strings.LastIndexByte(p.offers[p.offer], ' ') + 1
	var out []string
	for i := 1; i < len(p.offers); i++ {
		o := p.offers[(p.offer+i)%len(p.offers)]
		out = append(out, o[min(head, len(o)):])
	}
	return out
}

// words opens a prompt that goes on only where one of the words was typed.
func typedPrompt(label string, words []string, act action) *prompt {
	return &prompt{label: label, field: newField(""), typed: true, enter: func(text string) action {
		text = strings.TrimSpace(text)
		for _, w := range words {
			if text == w {
				return act
			}
		}
		return say("not typed as asked: nothing was done")
	}}
}
