package ui

// list is a cursor and a window over n rows. It draws nothing and holds no rows, so that its size does not matter.
type list struct {
	n, at, top int
	h          int // rows of the window, as last drawn
}

// window places the window of h rows so that the cursor is in it, and returns the rows to draw: [from, to).
func (l *list) window(n, h int) (from, to int) {
	l.n, l.h = n, max(h, 1)
	l.at = min(max(l.at, 0), max(n-1, 0))
	if l.at < l.top {
		l.top = l.at
	}
	if l.at >= l.top+l.h {
		l.top = l.at - l.h + 1
	}
	l.top = min(l.top, max(n-l.h, 0))
	l.top = max(l.top, 0)
	return l.top, min(l.top+l.h, n)
}

// lister is a screen with a list whose place the lower rule tells.
type lister interface{ listed() *list }

func (s *fleetScreen) listed() *list   { return &s.list }
func (s *hostScreen) listed() *list    { return &s.list }
func (s *rackScreen) listed() *list    { return &s.list }
func (p *picker) listed() *list        { return &p.list }
func (f *form) listed() *list          { return &f.list }
func (s *planScreen) listed() *list    { return &s.list }
func (s *runScreen) listed() *list     { return &s.list }
func (s *sheetScreen) listed() *list   { return &s.list }
func (s *maintenance) listed() *list   { return &s.list }
func (s *journalScreen) listed() *list { return &s.list }
func (s *searchScreen) listed() *list  { return &s.list }
func (s *shellsScreen) listed() *list  { return &s.list }
func (v *verbs) listed() *list         { return &v.list }

func (l *list) move(by int) { l.at = min(max(l.at+by, 0), max(l.n-1, 0)) }

// binds are the keys that move the cursor. Nothing needs an arrow key.
func (l *list) binds() []bind {
	page := func() int { return max(l.h-1, 1) }
	return []bind{
		{keys: "j down", name: "down", help: "one down", do: done(func() { l.move(+1) })},
		{keys: "k up", name: "up", help: "one up", do: done(func() { l.move(-1) })},
		{keys: "ctrl+f pgdown", name: "page-down", help: "one page down", do: done(func() { l.move(+page()) })},
		{keys: "ctrl+b pgup", name: "page-up", help: "one page up", do: done(func() { l.move(-page()) })},
		{keys: "ctrl+d", name: "half-down", help: "half a page down", do: done(func() { l.move(+page() / 2) })},
		{keys: "ctrl+u", name: "half-up", help: "half a page up", do: done(func() { l.move(-page() / 2) })},
		{keys: "g home", name: "top", help: "to the first", do: done(func() { l.at = 0 })},
		{keys: "G end", name: "bottom", help: "to the last", do: done(func() { l.at = max(l.n-1, 0) })},
	}
}
