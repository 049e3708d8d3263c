package ui

import (
	"cmp"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// verbs is a list of verbs to be searched: the help of a screen, or the palette, which does what is chosen.
type verbs struct {
	title string
	all   []bind
	shown []bind
	field *field
	list  list // of verbs; its top is a line
	acts  bool
	words bool // the screen below is typed on: letters do nothing there but type
	// starts is where each verb's lines begin, and where the last one's end, as last drawn on h lines.
	starts []int
	h      int
}

// newHelp lists what can be done on the screen on top.
func newHelp(c *console) *verbs { return newVerbs("HELP", c, false) }

// newPalette lists the same, and does what is chosen.
func newPalette(c *console) *verbs { return newVerbs("PALETTE", c, true) }

func newVerbs(name string, c *console, acts bool) *verbs {
	v := &verbs{title: name, all: c.verbs(), field: newField(""), acts: acts}
	if _, v.words = c.top().(typer); v.words {
		noLetters(v.all[len(c.top().Binds()):])
	}
	if acts {
		v.all = append(v.all, c.commands()...)
	}
	v.refilter()
	return v
}

// noLetters takes the keys away that type text.
func noLetters(binds []bind) {
	for i := range binds {
		binds[i].keys = strings.Join(slices.DeleteFunc(strings.Fields(binds[i].keys), text), " ")
	}
}

// refilter keeps what has every word in its name, its help or its keys. What bears the words in its name comes first: Enter in the palette
// does the first one, and must not mark a rack where "rack" was typed.
func (v *verbs) refilter() {
	v.shown = v.shown[:0]
	text := strings.TrimSpace(v.field.value())
	for _, b := range v.all {
		hay := strings.ToLower(b.name + " " + b.help + " " + b.keys + " " + caretKeys(b.keys)) // as the list writes it, too
		ok := true
		for _, w := range strings.Fields(strings.ToLower(text)) {
			ok = ok && strings.Contains(hay, w)
		}
		if ok {
			v.shown = append(v.shown, b)
		}
	}
	slices.SortStableFunc(v.shown, func(a, b bind) int { return a.far(text) - b.far(text) })
	if v.acts && text == "" { // the first one is what Enter does: not one that cannot be done
		slices.SortStableFunc(v.shown, func(a, b bind) int { return cmp.Compare(a.cannot(), b.cannot()) })
	}
	v.list.at = 0
}

// cannot is 1 where the verb is not possible now.
func (b bind) cannot() int {
	if b.why != nil && b.why() != "" {
		return 1
	}
	return 0
}

// far is how far a verb is from what was typed: its name or one of its keys, the name's beginning, a part of it, something in its help.
func (b bind) far(text string) int {
	name := strings.ToLower(text)
	switch {
	case text == "" || b.name == name || b.has(text) || strings.HasPrefix(text, "^") && strings.EqualFold(keyName(b.key()), text):
		return 0
	case strings.HasPrefix(b.name, name):
		return 1
	case strings.Contains(b.name, name):
		return 2
	}
	return 3
}

// Binds are for the footer; the keys go to Type.
func (v *verbs) Binds() []bind {
	if !v.acts {
		return []bind{{keys: "esc", name: "close", help: "close", foot: true, do: back}}
	}
	return []bind{{keys: "enter", name: "do", help: "do it", foot: true, do: back}, {keys: "esc", name: "close", help: "close", foot: true, do: back}}
}

// Type filters as it is typed.
func (v *verbs) Type(k press) (action, bool) {
	switch k.name {
	case "esc", "ctrl+p":
		return back(), true
	case "down", "ctrl+n", "tab":
		v.list.move(+1)
	case "up":
		v.list.move(-1)
	case "pgdown", "ctrl+f":
		v.page(+1)
	case "pgup", "ctrl+b":
		v.page(-1)
	case "enter":
		return v.choose(), true
	default:
		if v.field.edit(k.msg()) {
			v.refilter()
		}
	}
	return nothing, true
}

// choose closes the list, and in a palette does what the cursor is on.
func (v *verbs) choose() action {
	if !v.acts || v.list.at >= len(v.shown) {
		return back()
	}
	b := v.shown[v.list.at]
	return func(c *console) tea.Cmd {
		c.pop()
		return c.run(b.act())
	}
}

// View is the verbs, each on as many lines as its help takes; one that cannot be used now says why.
func (v *verbs) View(a area) frame {
	f := frame{name: v.title, scope: "type to filter", sub: "filter: " + v.field.draw(a.pen, a.w-10)}
	v.list.at = min(max(v.list.at, 0), max(len(v.shown)-1, 0))
	v.starts = []int{0}
	for i := range v.shown {
		f.body = append(f.body, v.lines(a, v.shown[i], i == v.list.at)...)
		v.starts = append(v.starts, len(f.body))
	}
	from, to := v.window(a.h)
	f.body = f.body[from:to]
	if v.list.at < len(v.shown) {
		f.status = helpWords(v.shown[v.list.at]) // in full, as far as the line goes
		if v.words {
			f.status = strings.TrimPrefix(f.status, ":") // it cannot be typed there
		}
	}
	if len(v.shown) == 0 {
		f.body = []string{"", "  nothing matches"}
	}
	return f
}

// The cells that a verb's key and name take, with the cursor's before them.
const (
	keyWidth  = 8
	nameWidth = 14
	helpFrom  = 2 + keyWidth + nameWidth
)

// lines are a verb's.
func (v *verbs) lines(a area, b bind, cursor bool) []string {
	key := keyName(b.key())
	if b.keys == "" && !v.words {
		key = ":"
	}
	help := b.help
	if why := b.whyNot(); why != "" {
		help += "  [not now: " + why + "]"
	}
	out := wrap(help, max(a.w-helpFrom, 8))
	for i := range out {
		switch {
		case i == 0 && cursor:
			out[i] = a.chosen("> "+a.pad(key, keyWidth)+a.pad(b.name, nameWidth)+out[i], a.w)
		case i == 0:
			out[i] = "  " + a.paint(keys, a.pad(key, keyWidth)) + a.pad(b.name, nameWidth) + out[i]
		default:
			out[i] = strings.Repeat(" ", helpFrom) + out[i]
		}
	}
	return out
}

// window places h lines so that all of the cursor's verb are among them. The list counts the verbs that show whole.
func (v *verbs) window(h int) (from, to int) {
	l, n := &v.list, len(v.starts)-1
	v.h = h
	if n > 0 {
		l.top = min(l.top, v.starts[l.at])
		l.top = max(l.top, v.starts[l.at+1]-h)
	}
	l.top = max(min(l.top, v.starts[n]-h), 0)
	to = min(l.top+h, v.starts[n])
	from, end := v.whole(l.top, to)
	l.n, l.h = n, end-from
	return l.top, to
}

// whole are the verbs that lie within some lines.
func (v *verbs) whole(top, bottom int) (from, end int) {
	for end = 0; end+1 < len(v.starts) && v.starts[end+1] <= bottom; end++ {
		if v.starts[end] < top {
			from = end + 1
		}
	}
	return min(from, end), end
}

// page goes to the verbs behind those that show whole, or before them, so that none is passed over.
func (v *verbs) page(by int) {
	l := &v.list
	if len(v.shown) == 0 || v.starts == nil {
		return
	}
	last := len(v.starts) - 2
	from, end := v.whole(l.top, l.top+v.h)
	if by > 0 {
		l.at = min(end, last)
		l.top = v.starts[l.at]
		return
	}
	l.at, _ = v.whole(v.starts[from]-v.h, v.starts[from])
	l.top = v.starts[l.at]
}

// whyNot says in words why the verb cannot be used now; "" = it can.
func (b bind) whyNot() string {
	if b.why == nil {
		return ""
	}
	return b.why()
}

// helpWords is a verb in the status line: why not first, since the list has its help already.
func helpWords(b bind) string {
	if why := b.whyNot(); why != "" {
		return b.name + " is not possible now: " + why
	}
	if b.keys == "" {
		return ":" + b.name + ": " + b.help
	}
	return b.name + " (" + caretKeys(b.keys) + "): " + b.help
}

// caretKeys are keys as they are written on the screens: ^r for ctrl+r.
func caretKeys(keys string) string { return strings.ReplaceAll(keys, "ctrl+", "^") }
