package ui

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// Search looks for a text in all that the journal holds, the newest first; before is the Next of the page behind which to go on, 0 = the
// first page. What cannot be read as a search is an error, one with Hint() string says how it is written.
type Search func(ctx context.Context, text string, before int64) (Hits, error)

// Hits are a page of what a search found.
type Hits struct {
	Hits   []Hit
	Next   int64     // what before is for what comes next; 0 = this was all
	Unseen time.Time // the search was cut short: nothing as old as this was looked at yet; zero = it was not
}

// hitPage is how many hits make a page: a search that was cut short goes on by itself until it has so many.
const hitPage = 200

// Hit is an event that was found. Its texts come from hosts, and are escaped before they are drawn.
type Hit struct {
	Run   journal.RunID // "" = it belongs to none, as a note on a host or a shell
	Seq   uint64        // in the run
	At    time.Time
	Host  inventory.HostID
	Kind  string   // "output_read"
	Line  string   // the piece in which the words stand
	Marks [][2]int // where they stand in Line, in bytes
	Text  string   // all that the event says; "" = Line is all
}

// searchScreen shows what a search through the journal found.
type searchScreen struct {
	cfg    Config
	text   string
	hits   []Hit
	next   int64     // behind what older ones begin
	unseen time.Time // what is so old or older is being looked at; zero = no search goes on
	goal   int       // of how many hits it goes on
	list   list
	asked  int // searches so far: what one before answers comes too late
	want   int // where the cursor goes once the first page is there
	loaded bool
	err    error
}

// findText opens the search screen, or searches anew where it is on top.
func findText(text string) action {
	return func(c *console) tea.Cmd {
		text = strings.TrimSpace(text)
		if text == "" {
			return nil
		}
		s, ok := c.top().(*searchScreen)
		if !ok {
			s = &searchScreen{cfg: c.cfg}
			c.stack = append(c.stack, s)
		}
		*s = searchScreen{cfg: s.cfg, text: text, asked: s.asked, want: s.want}
		return s.load(c)
	}
}

// noSearch says why nothing can be searched.
func noSearch(cfg Config) func() string {
	return func() string {
		if cfg.Search == nil {
			return "there is no index of the journal here"
		}
		return ""
	}
}

// load reads the next page.
func (s *searchScreen) load(c *console) tea.Cmd {
	s.goal = len(s.hits) + hitPage
	return s.read(c)
}

// read reads on. A search that was cut short goes on until there is a page, or nobody looks at it any more.
func (s *searchScreen) read(c *console) tea.Cmd {
	s.asked++
	find, text, asked, before := c.cfg.Search, s.text, s.asked, s.next
	return c.work.do(func(ctx context.Context) tea.Msg {
		found, err := find(ctx, text, before)
		return then(func(c *console) tea.Cmd {
			if asked != s.asked {
				return nil
			}
			s.loaded, s.hits, s.next, s.unseen, s.err = true, append(s.hits, found.Hits...), found.Next, found.Unseen, err
			s.list.at, s.want = max(s.list.at, s.want), 0
			if !s.unseen.IsZero() && len(s.hits) < s.goal && slices.Contains(c.stack, screen(s)) {
				return s.read(c)
			}
			s.unseen = time.Time{}
			return nil
		})
	})
}

// searchPrompt asks what to look for; tab completes conditions.
func searchPrompt(c *console, was string) *prompt {
	c.typed.searches.at = len(c.typed.searches.lines)
	return &prompt{label: "search the journal:", field: newField(was), complete: c.completeSearch, history: &c.typed.searches, enter: findText}
}

// searchTerms are the conditions that a search takes beside words and those of a selector.
var searchTerms = []string{
	"kind=output_read", "kind=noted", "kind=decided", "kind=remarked", "kind=step_ended", "kind=run_closed", "kind=shell_opened", "kind=shell_closed",
	"result=passed", "result=failed", "result=aborted", "result=lost", "since=1h", "since=24h", "since=7d", "since=30d", "until=24h", "until=7d",
}

// completeSearch offers what the last word may become.
func (c *console) completeSearch(text string) []string {
	cut := strings.LastIndexByte(text, ' ') + 1
	begin, word := text[:cut], text[cut:]
	if word == "" {
		return nil
	}
	pool := slices.Clone(searchTerms)
	for _, rb := range c.cfg.Library {
		pool = append(pool, "runbook="+rb.Name)
	}
	for _, t := range c.terms() {
		if !strings.HasPrefix(t, "state=") { // that is how hosts stand now, and not what was
			pool = append(pool, t)
		}
	}
	if strings.HasPrefix(word, "host=") {
		for _, h := range c.cfg.Inventory.Hosts {
			pool = append(pool, "host="+string(h.Name))
		}
	}
	pool = append(pool, "who="+c.cfg.Who.User)
	slices.Sort(pool)
	var out []string
	for _, p := range slices.Compact(pool) {
		if strings.HasPrefix(p, word) && len(out) < 200 {
			out = append(out, begin+p)
		}
	}
	return out
}

func (s *searchScreen) chosen() (Hit, bool) {
	if s.list.at < 0 || s.list.at >= len(s.hits) {
		return Hit{}, false
	}
	return s.hits[s.list.at], true
}

// Binds are the search's verbs.
func (s *searchScreen) Binds() []bind {
	none := func() string {
		if _, ok := s.chosen(); !ok {
			return "nothing was found"
		}
		return ""
	}
	ofRun := func() string {
		if h, ok := s.chosen(); ok && h.Run == "" {
			return "it belongs to no run"
		}
		return none()
	}
	ofHost := func() string {
		if h, ok := s.chosen(); ok && h.Host == "" {
			return "it is about no host"
		}
		return none()
	}
	return append([]bind{
		{keys: "enter l", name: "open", help: "the output at this place, or all of what was written", foot: true, why: none, do: s.open},
		{keys: "/", name: "search", help: "search for something else", foot: true, do: func() action {
			return func(c *console) tea.Cmd { return c.run(ask(searchPrompt(c, s.text))) }
		}},
		{keys: "r", name: "run", help: "the run in which it stands", foot: true, why: ofRun, do: func() action {
			h, _ := s.chosen()
			return func(c *console) tea.Cmd { return c.openRun(h.Run) }
		}},
		{keys: "e", name: "host", help: "the host that it is about", foot: true, why: ofHost, do: func() action {
			h, _ := s.chosen()
			return s.openHost(h.Host)
		}},
		{keys: "+", name: "more", help: "older ones", foot: s.next > 0 && s.unseen.IsZero(), why: func() string {
			switch {
			case !s.unseen.IsZero():
				return "they are being looked for"
			case s.next == 0:
				return "these are all"
			}
			return ""
		}, do: func() action { return func(c *console) tea.Cmd { return s.load(c) } }},
		{keys: "w", name: "write", help: "write the list to a file", foot: true, why: none, do: func() action { return savePrompt("search.txt", s.lines()) }},
	}, s.list.binds()...)
}

func (s *searchScreen) openHost(id inventory.HostID) action {
	if _, ok := s.cfg.Inventory.Host(id); !ok {
		return warnOf("the inventory has no host " + string(id) + " any more")
	}
	return func(c *console) tea.Cmd { return c.openHost(id) }
}

// open shows output at its place in the run, and anything else in full.
func (s *searchScreen) open() action {
	h, _ := s.chosen()
	if h.Kind == (journal.OutputRead{}).Kind() && h.Run != "" {
		return func(c *console) tea.Cmd { return c.run(push(newHitPager(c, h))) }
	}
	text := h.Text
	if text == "" {
		text = h.Line
	}
	about := strings.TrimSpace(fmt.Sprintf("%s  %s  %s %s", h.At.Local().Format(time.DateTime), kindWord(h.Kind), h.Run, h.Host))
	return push(newProse("EVENT", about, text))
}

// newHitPager shows the output of a host in a run, at the place that a search found.
func newHitPager(c *console, h Hit) *pager {
	p := &pager{name: "OUTPUT", scope: string(h.Host) + " in " + string(h.Run), state: journal.NewState(), goal: h.Seq}
	p.wanted = map[inventory.HostID]bool{h.Host: true}
	p.prod = anyProd(c.cfg.Inventory, []inventory.HostID{h.Host})
	p.run, p.feed = h.Run, c.readRun(c.cfg.Journal, h.Run)
	p.export = func(path string) action { return exportOutput(c.cfg.Journal, path, h.Run, p.wanted, false) }
	var words []string
	for _, m := range h.Marks {
		if m[0] < m[1] && m[1] <= len(h.Line) {
			words = append(words, regexp.QuoteMeta(strings.ToLower(h.Line[m[0]:m[1]])))
		}
	}
	slices.Sort(words)
	if words = slices.Compact(words); len(words) > 0 {
		p.searched = strings.Join(words, "|")
		p.search = regexp.MustCompile("(?i)" + p.searched)
	}
	return p
}

// reach goes to the words that were searched for, once their event has come: its lines begin at from. Whoever has moved stays.
func (p *pager) reach(from int) {
	p.goal = 0
	if p.top != 0 {
		return
	}
	p.top = min(from, max(p.store.len()-1, 0))
	for i := from; i < p.store.len() && p.search != nil; i++ {
		if p.search.MatchString(p.store.line(i).text) {
			p.top = i
			return
		}
	}
}

// lines is what was found as a file has it: a line each, with the date.
func (s *searchScreen) lines() string {
	var b strings.Builder
	for _, h := range s.hits {
		fmt.Fprintf(&b, "%s  %s  %s  %s  %s\n", h.At.Local().Format(time.DateTime), dash(string(h.Run)), dash(string(h.Host)), quote.Line(h.Kind), quote.Line(h.Line))
	}
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// kindWord is an event's kind as people say it.
func kindWord(kind string) string {
	switch kind {
	case "output_read":
		return "output"
	case "noted":
		return "note"
	case "decided":
		return "decision"
	case "remarked":
		return "remark"
	case "facts_read":
		return "facts"
	case "plan_accepted":
		return "plan"
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// View is a line an event: when, whose, what it is, and the words where they stand.
func (s *searchScreen) View(a area) frame {
	f := frame{name: "SEARCH", scope: s.text, right: plural(len(s.hits), "hit"), sub: "newest first"}
	switch {
	case !s.unseen.IsZero():
		f.right = plural(len(s.hits), "hit") + " so far"
		f.sub = "newest first; looking at what is older than " + s.unseen.Local().Format("2006-01-02 15:04") + " ..."
	case s.next > 0:
		f.right = fmt.Sprintf("the newest %d hits", len(s.hits))
		f.sub = "newest first; there are more: + shows older ones, since= and host= narrow it"
	}
	f.body = []string{a.paint(head, "  "+a.pad("WHEN", 12)+a.pad("HOST", 15)+what(a, "WHAT")+"TEXT")}
	from, to := s.list.window(len(s.hits), a.h-1)
	for i := from; i < to; i++ {
		f.body = append(f.body, s.line(a, s.hits[i], i == s.list.at))
	}
	switch {
	case s.err != nil:
		f.right = ""
		for _, l := range wrap(a.text(withHint(s.err)), a.w-4) {
			f.body = append(f.body, "  "+a.paint(bad, l))
		}
	case !s.loaded:
		f.body = append(f.body, "", "  searching the journal ...")
	case len(s.hits) == 0 && !s.unseen.IsZero():
		f.body = append(f.body, "", "  nothing yet: what is older is being looked at ...")
	case len(s.hits) == 0:
		f.body = append(f.body, "", "  nothing found", "", "  all the words must stand in one event; word* takes any ending;",
			"  host= site= tag= run= runbook= who= result= kind= since= until= narrow it")
	}
	if h, ok := s.chosen(); ok {
		f.status = a.text(strings.TrimSpace(h.At.Local().Format("2006-01-02 15:04:05") + "  " + kindWord(h.Kind) + "  " + string(h.Run)))
	}
	return f
}

func (s *searchScreen) line(a area, h Hit, cursor bool) string {
	begin := a.pad(h.At.Local().Format("01-02 15:04"), 12) + a.pad(a.text(string(h.Host)), 14) + " " + what(a, kindWord(h.Kind))
	if cursor {
		return a.chosen("> "+begin+a.text(h.Line), a.w)
	}
	return "  " + begin + fitTo(marked(a.pen, h.Line, h.Marks), a.w-2-width(begin), a.pen)
}

// what is the column of kinds; where there is no room for it, the line under the list has the word.
func what(a area, word string) string {
	if a.w < 80 {
		return ""
	}
	return a.pad(a.text(word), 12) + " "
}

// marked escapes a text piece by piece, and marks those that were looked for.
func marked(p *pen, text string, marks [][2]int) string {
	var b strings.Builder
	from := 0
	for _, m := range marks {
		if m[0] < from || m[1] > len(text) || m[0] >= m[1] {
			continue
		}
		b.WriteString(p.text(text[from:m[0]]) + p.paint(found, p.text(text[m[0]:m[1]])))
		from = m[1]
	}
	return b.String() + p.text(text[from:])
}
