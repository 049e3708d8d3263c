package ui

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// pager shows text: a run's output as it comes, or something that was said once.
type pager struct {
	name, scope string
	prod        bool
	store       store
	run         journal.RunID
	feed        *feed[journal.Event]
	state       *journal.State // of the feed's events, to name what they are about
	wanted      map[inventory.HostID]bool
	top, sub    int // first line shown, and, wrapped, its first row
	left        int // cells scrolled to the right
	h, w        int // as last drawn
	follow      bool
	past        bool // the run had ended: all that it shows is there, and is being read
	wrap        bool
	prose       bool // wrapped between words
	times       bool
	names       bool    // prefix lines with their host
	byHost      bool    // one host's lines after the other's, once all are there
	order       []int32 // for byHost: places in the store; nil = as they came
	read        int     // lines that had come when a search last waited for more
	stalled     int     // how often it has waited since
	sought      int     // searches so far: a new one ends the one before
	drawPen     *pen
	search      *regexp.Regexp
	searched    string
	goal        uint64 // the event whose lines are to be shown; 0 = none, or reached
	err         error
	export      func(path string) action              // writes all of it; nil = what is held
	copyTo      func(context.Context, *os.File) error // writes all of it for an editor; nil = what is held
	play        func() action                         // shows it in its own time; nil = it has none
}

// newTextPager shows a text.
func newTextPager(name, scope, text string) *pager {
	p := &pager{name: name, scope: scope}
	p.store.add(-1, time.Time{}, []byte(strings.TrimSuffix(text, "\n")+"\n"))
	return p
}

// newProse shows a text that is read rather than looked at: wrapped between its words.
func newProse(name, scope, text string) *pager {
	p := newTextPager(name, scope, text)
	p.wrap, p.prose = true, true
	return p
}

// newOutputPager shows the output of some hosts of a run, while it comes or long after.
func newOutputPager(c *console, w *watch, ids []inventory.HostID) *pager {
	p := &pager{name: "OUTPUT", state: journal.NewState(), follow: w.state.Result == journal.Open && w.missed == 0 && !w.past, names: len(ids) > 1}
	p.past = !p.follow
	p.byHost = p.names && p.past
	p.scope = w.state.Plan().Runbook + " " + inventory.HostSet(ids)
	p.prod = anyProd(c.cfg.Inventory, ids)
	p.wanted = make(map[inventory.HostID]bool, len(ids))
	for _, id := range ids {
		p.wanted[id] = true
	}
	j := w.of(c.cfg.Journal)
	p.run, p.feed = w.run, c.readRun(j, w.run)
	p.export = func(path string) action { return exportOutput(j, path, w.run, p.wanted, p.names) }
	p.copyTo = func(ctx context.Context, f *os.File) error {
		_, err := writeOutput(ctx, j, f, w.run, p.wanted, p.names)
		return err
	}
	return p
}

// Leave ends the reading.
func (p *pager) Leave() {
	if p.feed != nil {
		p.feed.stop()
	}
}

// Pull takes up what was read.
func (p *pager) Pull(budget time.Duration) (changed, more bool) {
	until := time.Now().Add(budget)
	for p.feed != nil {
		events, left, ended, err := p.feed.take(256)
		for _, e := range events {
			p.apply(e)
		}
		changed = changed || len(events) > 0
		if ended {
			p.feed, p.err = nil, err
			return true, false
		}
		if !left || !time.Now().Before(until) {
			return changed, left
		}
	}
	return changed, false
}

// apply turns an event into lines, where it is about a wanted host.
func (p *pager) apply(e journal.Event) {
	dropped, from := p.store.dropped, p.store.len()
	p.state.Apply(e)
	for _, l := range eventLines(p.state, e, p.wanted) {
		if l.out != nil {
			p.store.add(int32(l.host), e.At, l.out)
			continue
		}
		p.store.flush(int32(l.host), e.At)
		p.store.put(stored{text: l.text, at: nanos(e.At), host: int32(l.host), mark: true})
	}
	if n := p.store.dropped - dropped; n > 0 {
		p.top = max(p.top-n, 0)
	}
	if p.goal != 0 && e.Seq == p.goal {
		p.reach(max(from-(p.store.dropped-dropped), 0))
	}
}

// eventLine is what a pager says about an event: a heading, or output.
type eventLine struct {
	host int
	text string
	out  []byte
}

func eventLines(s *journal.State, e journal.Event, wanted map[inventory.HostID]bool) []eventLine {
	one := func(id inventory.HostID, text string) []eventLine {
		if i := s.Index(id); i >= 0 && wanted[id] {
			return []eventLine{{host: i, text: text}}
		}
		return nil
	}
	switch b := e.Body.(type) {
	case journal.StepStarted:
		text := "== " + string(b.Step)
		if b.Attempt > 1 {
			text += fmt.Sprintf(", attempt %d", b.Attempt)
		}
		return one(b.Host, text+" ==")
	case journal.StepEnded:
		return one(b.Host, "== "+string(b.Step)+": "+endWords(b)+" ==")
	case journal.Remarked:
		return one(b.Host, "-- "+b.Text)
	case journal.OutputRead:
		if i := s.Index(b.Host); i >= 0 && wanted[b.Host] {
			return []eventLine{{host: i, out: b.Data}}
		}
	}
	return nil
}

// endWords is the end of a step in words: "failed, exit 100: ...".
func endWords(b journal.StepEnded) string {
	s := b.Outcome.String()
	if b.Outcome == journal.Failed && b.Exit != 0 {
		s += fmt.Sprintf(", exit %d", b.Exit)
	}
	if b.Reason != "" {
		s += ": " + b.Reason
	}
	if b.Hint != "" {
		s += " (" + b.Hint + ")"
	}
	return s
}

// Binds are less's keys, as far as a slow link cannot invent them.
func (p *pager) Binds() []bind {
	page := func() int { return max(p.h-1, 1) }
	no := func() string {
		if p.search == nil {
			return "nothing was searched for; :search TEXT does"
		}
		return ""
	}
	wrapped := func() string {
		if p.wrap {
			return "long lines are wrapped; :wrap cuts them"
		}
		return ""
	}
	still := func() string {
		if p.play == nil {
			return "this is not the recording of a shell"
		}
		return ""
	}
	play := bind{keys: "p", name: "play", help: "a recorded shell as it was, in its own time", foot: p.play != nil, why: still, do: func() action { return p.play() }}
	verbs := []bind{
		{keys: "j down enter", name: "down", help: "one line down", do: done(func() { p.scroll(+1) })},
		{keys: "k up", name: "up", help: "one line up", do: done(func() { p.scroll(-1) })},
		{keys: "space ctrl+f pgdown", name: "page-down", help: "one page down", do: done(func() { p.scroll(page()) })},
		{keys: "b ctrl+b pgup", name: "page-up", help: "one page up", do: done(func() { p.scroll(-page()) })},
		{keys: "d ctrl+d", name: "half-down", help: "half a page down", do: done(func() { p.scroll(page() / 2) })},
		{keys: "u ctrl+u", name: "half-up", help: "half a page up", do: done(func() { p.scroll(-page() / 2) })},
		{keys: "g home", name: "top", help: "to the beginning", do: done(func() { p.top, p.sub, p.follow = 0, 0, false })},
		{keys: "G end", name: "bottom", help: "to the end", do: done(p.bottom)},
		{keys: "f", name: "follow", help: "stay at the end while output comes", foot: p.feed != nil, do: p.stay},
		{keys: "w", name: "wrap", help: "wrap long lines, or cut them", foot: true, do: done(func() { p.wrap, p.sub = !p.wrap, 0 })},
		{keys: "t", name: "times", help: "show when each line came", foot: true, do: done(func() { p.times = !p.times })},
		{keys: "/", name: "search", help: "search: a regular expression; small letters match both cases", foot: true, do: func() action { return p.askSearch }},
		{keys: "n", name: "next", help: "next match", foot: true, why: no, do: func() action { return p.find(+1) }},
		{keys: "N", name: "previous", help: "match before", why: no, do: func() action { return p.find(-1) }},
		{keys: "o", name: "order", help: "one host's lines after the other's, or as they came", foot: p.names, why: p.noOrder, do: done(func() { p.byHost, p.order = !p.byHost, nil })},
		{keys: "h left", name: "left", help: "scroll to the left", why: wrapped, do: done(func() { p.left = max(p.left-16, 0) })},
		{keys: "l right", name: "right", help: "scroll to the right", why: wrapped, do: done(func() { p.left += 16 })},
		{keys: "s", name: "save", help: "save all of it to a file", foot: true, do: p.save},
		{keys: "e", name: "editor", help: "open all of it in $EDITOR or $PAGER", foot: true, do: p.edit},
		{keys: "y", name: "copy", help: "copy what the screen shows", foot: true, do: func() action { return copyText(p.shown()) }},
	}
	if p.play != nil {
		return slices.Insert(verbs, 0, play)
	}
	return append(verbs, play)
}

// stay follows, or stops that; where nothing comes any more it goes to the end, and says so.
func (p *pager) stay() action {
	if p.feed == nil && !p.follow {
		p.bottom()
		return say("this is the end: all of it is here, and nothing more comes")
	}
	p.follow = !p.follow
	return nothing
}

func (p *pager) scroll(by int) {
	p.follow = false
	for ; by > 0; by-- {
		if p.sub+1 < p.rows(p.top) {
			p.sub++
		} else if p.top+1 < p.store.len() {
			p.top, p.sub = p.top+1, 0
		}
	}
	for ; by < 0; by++ {
		if p.sub > 0 {
			p.sub--
		} else if p.top > 0 {
			p.top--
			p.sub = p.rows(p.top) - 1
		}
	}
	if top, sub := p.last(); !p.wrap && (p.top > top || p.top == top && p.sub > sub) {
		p.top, p.sub = top, sub
	}
}

// bottom shows the last page.
func (p *pager) bottom() { p.top, p.sub = p.last() }

// last is where the last page begins.
func (p *pager) last() (top, sub int) {
	left := p.h
	for i := p.store.len() - 1; i >= 0; i-- {
		n := p.rows(i)
		if n >= left {
			return i, n - left
		}
		left -= n
	}
	return 0, 0
}

// askSearch asks what to look for. It begins empty, as in less: who searches for something else does not add to what was searched for before;
// up brings that back.
func (p *pager) askSearch(c *console) tea.Cmd {
	c.typed.patterns.step(len(c.typed.patterns.lines)) // behind the latest
	c.prompt = &prompt{label: "search:", field: newField(""), history: &c.typed.patterns, enter: p.lookFor}
	return nil
}

// lookFor searches for a regular expression, or for the text as it is where it is none; "" forgets the last one.
func (p *pager) lookFor(text string) action {
	p.searched = text
	if text == "" {
		p.search = nil
		return nothing
	}
	flags := "(?i)"
	if strings.ToLower(text) != text {
		flags = ""
	}
	re, err := regexp.Compile(flags + text)
	if err != nil {
		re = regexp.MustCompile(flags + regexp.QuoteMeta(text))
	}
	p.search = re
	if p.top < p.store.len() && re.MatchString(p.at(p.top).text) {
		return nothing
	}
	return p.find(+1)
}

// find goes to the next line that matches, in the direction by.
func (p *pager) find(by int) action {
	p.sought++
	return p.seek(p.top+by+p.store.dropped, by, p.sought, p.top+p.store.dropped)
}

// seekBudget is how long a search may hold up keys and pictures; 64 MB take longer than that.
const seekBudget = 8 * time.Millisecond

// searchAgain is when a search that has come to the end of what is read looks on.
const searchAgain = 100 * time.Millisecond

// searchPatience is how often it does while nothing comes.
const searchPatience = 20

// seek looks from a line, counted from the first one that ever came, until the budget is spent, and goes on when keys have had their turn.
// Whoever moves meanwhile, or searches for something else, ends it.
func (p *pager) seek(from, by, sought, top int) action {
	return func(c *console) tea.Cmd {
		if sought != p.sought || top != p.top+p.store.dropped || p.search == nil {
			return nil
		}
		until := time.Now().Add(seekBudget)
		i := from - p.store.dropped
		for n := 0; i >= 0 && i < p.store.len(); i, n = i+by, n+1 {
			if p.search.MatchString(p.at(i).text) {
				p.top, p.sub, p.follow, c.note = i, 0, false, note{}
				return nil
			}
			if n%256 == 255 && !time.Now().Before(until) {
				c.note = note{text: fmt.Sprintf("searching for %s ... line %d of %d; any move ends it", p.searched, i+1, p.store.len())}
				next := p.seek(i+by+p.store.dropped, by, sought, top)
				return func() tea.Msg { return quietMsg{next} }
			}
		}
		if by > 0 && p.coming() { // the rest is on its way
			c.note = note{text: fmt.Sprintf("searching for %s ... %d lines are read so far; any move ends it", p.searched, p.store.len()+p.store.dropped)}
			next := p.seek(i+p.store.dropped, by, sought, top)
			return tea.Tick(searchAgain, func(time.Time) tea.Msg { return quietMsg{next} })
		}
		keys := c.cfg.Settings
		c.note = note{text: "no more matches for " + p.searched + map[bool]string{
			true: " below; " + keys.key("pager", "previous", "N") + " looks above", false: " above; " + keys.key("pager", "next", "n") + " looks below",
		}[by > 0]}
		return nil
	}
}

// edit opens a copy: all output of a run, by way of the journal, since 64 MB put together here would hold up the keys; else the text.
func (p *pager) edit() action {
	if p.copyTo != nil {
		return openEditor(p.copyTo)
	}
	text := p.text()
	return openEditor(func(_ context.Context, f *os.File) error {
		_, err := f.WriteString(text)
		return err
	})
}

// coming reports whether more of a past run is on its way: of one that was left behind nothing tells the end, but that nothing comes any more.
func (p *pager) coming() bool {
	n := p.store.len() + p.store.dropped
	if p.stalled++; n != p.read {
		p.read, p.stalled = n, 0
	}
	return p.past && p.feed != nil && p.stalled < searchPatience
}

func (p *pager) save() action {
	if p.export != nil {
		return ask(&prompt{label: "write to file:", field: newField("output.txt"), enter: p.export})
	}
	return savePrompt(strings.ToLower(p.name)+".txt", p.text())
}

// text is all that is held, raw.
func (p *pager) text() string {
	var b strings.Builder
	for i := range p.store.len() {
		b.WriteString(p.at(i).text)
		b.WriteByte('\n')
	}
	return b.String()
}
