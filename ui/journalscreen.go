package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// journalScreen lists runs, newest first.
type journalScreen struct {
	cfg    Config
	host   inventory.HostID // "" = of all hosts
	runs   []journal.RunSummary
	shown  []journal.RunSummary
	filter string
	list   list
	loaded bool
	err    error
	first  journal.RunID // of two to be compared
	want   int           // where the cursor goes once the runs are there

	reading reading
}

func (s *journalScreen) read() *reading { return &s.reading }

// journalRuns is how many runs are listed; the command line's `tend journal list` has them all.
const journalRuns = 1000

func newJournalScreen(c *console, host inventory.HostID) *journalScreen {
	return &journalScreen{cfg: c.cfg, host: host}
}

func (s *journalScreen) load(c *console) tea.Cmd {
	j, q := c.cfg.Journal, journal.Query{Host: s.host, Limit: journalRuns}
	return c.followed(&s.reading, func(ctx context.Context) action {
		runs, err := j.Runs(ctx, q)
		return func(*console) tea.Cmd {
			on, had := s.chosen()
			s.loaded, s.runs, s.err = true, runs, err
			s.refilter(s.filter)
			switch i := slices.IndexFunc(s.shown, func(r journal.RunSummary) bool { return r.Run == on.Run }); {
			case s.want > 0:
				s.list.at, s.want = s.want, 0
			case had && i >= 0:
				s.list.at = i
			}
			return nil
		}
	})
}

// refilter shows the runs that have all of the words. The cursor stays on its run where that is among them.
func (s *journalScreen) refilter(text string) {
	on, _ := s.chosen()
	s.filter = text
	s.shown = s.shown[:0]
	for _, r := range s.runs {
		hay := strings.ToLower(fmt.Sprint(r.Run, " ", r.Runbook, " ", r.Scope, " ", r.By.User, " ", r.Result, " ", r.Reason, " ", r.Ticket))
		ok := true
		for _, w := range strings.Fields(strings.ToLower(text)) {
			rest, not := strings.CutPrefix(w, "!")
			ok = ok && strings.Contains(hay, rest) != not
		}
		if ok {
			s.shown = append(s.shown, r)
		}
	}
	if i := slices.IndexFunc(s.shown, func(r journal.RunSummary) bool { return r.Run == on.Run }); i >= 0 {
		s.list.at = i
	}
}

func (s *journalScreen) chosen() (journal.RunSummary, bool) {
	if s.list.at < 0 || s.list.at >= len(s.shown) {
		return journal.RunSummary{}, false
	}
	return s.shown[s.list.at], true
}

// Binds are the journal's verbs.
func (s *journalScreen) Binds() []bind {
	none := s.none
	verbs := []bind{
		{keys: "enter l", name: "replay", help: "the run at its end, by the same screen as when it was live", foot: true, why: none, do: func() action {
			r, _ := s.chosen()
			return func(c *console) tea.Cmd { return c.openRun(r.Run) }
		}},
		{keys: "v", name: "film", help: "the run as it went, from its beginning: by itself, or step by step", foot: true, why: none, do: func() action {
			r, _ := s.chosen()
			return openFilm(r.Run)
		}},
		{keys: "/", name: "search", help: "search everything: what hosts said, notes, decisions, shells", foot: true, why: noSearch(s.cfg), do: func() action { return s.search }},
		{keys: "f", name: "filter", help: "filter the runs by anything in the line", foot: true, do: func() action {
			was := s.filter
			return ask(&prompt{label: "filter:", field: newField(was), change: s.refilter, esc: func() { s.refilter(was) },
				enter: func(string) action { return nothing }})
		}},
		{keys: "n", name: "note", help: "write a note on the run", foot: true, why: none, do: func() action {
			r, _ := s.chosen()
			return noteOn(r.Run, "")
		}},
		{keys: "c", name: "compare", help: "compare two runs: once on the first, again on the second", foot: true, why: none, do: s.compare},
		{keys: "X", name: "shells", help: "interactive shells, and their recordings", foot: true, why: noShells(s.cfg), do: func() action { return openShells(s.host) }},
		{keys: "w", name: "write", help: "write the list to a file", foot: true, do: func() action { return savePrompt("runs.txt", s.text()) }},
		{keys: "r", name: "reload", help: "read the journal again", foot: true, do: func() action { return func(c *console) tea.Cmd { return s.load(c) } }},
	}
	if s.filter != "" {
		verbs = append(verbs, bind{keys: "esc", name: "clear", help: "clear the filter", do: done(func() { s.refilter("") })})
	}
	return append(verbs, s.list.binds()...)
}

// none says that the cursor is on no run.
func (s *journalScreen) none() string {
	if _, ok := s.chosen(); !ok {
		return "there is no run here"
	}
	return ""
}

// search asks what to look for, in the journal of the host where that is what is listed.
func (s *journalScreen) search(c *console) tea.Cmd {
	was := ""
	if s.host != "" {
		was = "host=" + string(s.host) + " "
	}
	return c.run(ask(searchPrompt(c, was)))
}

func (s *journalScreen) compare() action {
	r, _ := s.chosen()
	if s.first == "" {
		s.first = r.Run
		return say("compare " + string(r.Run) + " with: c on another run")
	}
	a := s.first
	s.first = ""
	if a == r.Run {
		return say("not compared with itself")
	}
	return compareRuns(a, r.Run)
}

func (s *journalScreen) text() string {
	var b strings.Builder
	for _, r := range s.shown {
		fmt.Fprintf(&b, "%s  %s  %s  %s  %s  %s  %s\n", r.Run, r.Started.Local().Format(time.DateTime), r.By.User, r.Runbook, runbooks.ScopeName(r.Scope), r.Result, countWords(r))
	}
	return b.String()
}

// View is a line a run.
func (s *journalScreen) View(a area) frame {
	f := frame{name: "JOURNAL", scope: "all hosts", right: plural(len(s.shown), "run"), sub: "filter: none"}
	if s.host != "" {
		f.scope = string(s.host)
	}
	if s.first != "" {
		f.subEnd = a.text("compare " + string(s.first) + " with: c on another")
	}
	if s.filter != "" {
		f.sub = "filter: " + a.text(s.filter)
	}
	from, to := s.list.window(len(s.shown), a.h-1)
	wide := s.columns(a)
	f.body = []string{a.paint(head, "  "+wide.set(a, "RUN", "WHEN", "WHO", "RUNBOOK", "TARGETS")+"RESULT")}
	for i := from; i < to; i++ {
		f.body = append(f.body, s.line(a, wide, s.shown[i], i == s.list.at))
	}
	switch {
	case s.err != nil:
		f.body = append(f.body, "", "  "+a.paint(bad, a.text(withHint(s.err))))
	case !s.loaded:
		f.body = append(f.body, "", "  reading the journal ...")
	case len(s.shown) == 0 && s.filter != "":
		f.body = append(f.body, "", "  no run matches; esc clears the filter")
	case len(s.shown) == 0:
		f.body = append(f.body, "", "  no runs here")
	}
	if r, ok := s.chosen(); ok {
		f.status = a.text(strings.TrimSpace(fmt.Sprintf("%s%s  %s %s", wide.cutOff(r), countWords(r), r.Reason, r.Ticket)))
		if r.Damaged != "" {
			f.status = a.paint(bad, a.text("damaged: "+r.Damaged))
		}
	}
	return f
}

// runColumns is how wide the columns before the result are; 0 = left out.
type runColumns struct{ when, who, runbook, scope int }

// columns shares the line out over the runs. Long names of runbooks leave no room for when, which the run's name begins with, and a narrow
// screen has none for who; what is left out or cut stands in the line under the list.
func (s *journalScreen) columns(a area) runColumns {
	c := runColumns{runbook: 10}
	for _, r := range s.shown {
		c.runbook = max(c.runbook, width(a.text(r.Runbook)))
	}
	rest := a.w - 2 - 17 - 16
	if a.w >= 80 {
		c.who = 8
		rest -= c.who + 1
	}
	if a.w >= 80 && rest-12-2-c.runbook > leastScope {
		c.when = 12
		rest -= c.when
	}
	c.runbook = min(c.runbook, rest-2-leastScope)
	c.scope = rest - c.runbook - 2
	return c
}

// leastScope is how much is left for a run's targets, however long its runbook's name is.
const leastScope = 9

func (c runColumns) set(a area, run, when, who, runbook, scope string) string {
	line := a.pad(run, 16) + " "
	if c.when > 0 {
		line += a.pad(when, c.when)
	}
	if c.who > 0 {
		line += a.pad(who, c.who) + " "
	}
	return line + a.pad(runbook, c.runbook) + " " + a.pad(scope, c.scope) + " "
}

// cutOff is what the run's line has no room for.
func (c runColumns) cutOff(r journal.RunSummary) string {
	out := ""
	if width(r.Runbook) > c.runbook || width(runbooks.ScopeName(r.Scope)) > c.scope {
		out = r.Runbook + " on " + runbooks.ScopeName(r.Scope) + "  "
	}
	if width(r.By.User) > c.who {
		out += r.By.User + "  "
	}
	return out
}

func (s *journalScreen) line(a area, wide runColumns, r journal.RunSummary, cursor bool) string {
	word := r.Result.String()
	if r.Result == journal.Open {
		word = "OPEN"
	}
	line := wide.set(a, a.text(string(r.Run)), r.Started.Local().Format("01-02 15:04"), a.text(r.By.User), a.text(r.Runbook), a.text(runbooks.ScopeName(r.Scope)))
	result := a.pad(fmt.Sprintf("%-7s %s", word, fraction(r)), 16)
	if cursor {
		return a.chosen("> "+line+result, a.w)
	}
	return "  " + line + a.paint(resultToken(r.Result), result)
}

// fraction is how many of the hosts went well: "37/40".
func fraction(r journal.RunSummary) string {
	return fmt.Sprintf("%d/%d", r.Counts["ok"]+r.Counts["warn"], r.Hosts)
}

// countWords is a run's tally, worst first.
func countWords(r journal.RunSummary) string {
	order := []string{"failed", "refused", "unreachable", "unknown", "aborted", "warn", "running", "waiting", "skipped", "ok"}
	var parts []string
	for _, k := range order {
		if n := r.Counts[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s:%d", k, n))
		}
	}
	return strings.Join(parts, " ")
}

func resultToken(r journal.Result) token {
	switch r {
	case journal.Passed:
		return good
	case journal.Open:
		return busy
	case journal.Lost:
		return unsure
	}
	return bad
}

// offer lists the runs that were found open at the start.
type offer struct {
	journalScreen
	alive []journal.RunID
}

func newOffer(c *console, open []journal.RunSummary, alive []journal.RunID) *offer {
	o := &offer{journalScreen: journalScreen{cfg: c.cfg, runs: open, loaded: true}, alive: alive}
	o.refilter("")
	return o
}

// read is nothing: the list is what was found when the console began.
func (o *offer) read() *reading { return nil }

// Binds are the journal's, with another word for Enter.
func (o *offer) Binds() []bind {
	return []bind{
		{keys: "enter l", name: "open", help: "open the run", foot: true, why: o.none, do: func() action {
			r, _ := o.chosen()
			return func(c *console) tea.Cmd {
				c.pop()
				return c.openRun(r.Run)
			}
		}},
		{keys: "esc", name: "later", help: "to the fleet; the runs stay as they are", foot: true, do: back},
		{keys: "j down", name: "down", help: "one down", do: done(func() { o.list.move(+1) })},
		{keys: "k up", name: "up", help: "one up", do: done(func() { o.list.move(-1) })},
	}
}

// View says what is at work, and what nobody is at work on.
func (o *offer) View(a area) frame {
	f := o.journalScreen.View(a)
	f.name, f.scope, f.sub = "OPEN RUNS", "", "these runs have not ended"
	if r, ok := o.chosen(); ok {
		f.status = "some process is at work on it; " + o.cfg.Settings.key("offer", "open", "enter") + " opens it"
		if !slices.Contains(o.alive, r.Run) {
			f.status = a.paint(warn, "no process is at work on it; open it, and "+o.cfg.Settings.key("run", "resume", "c")+" takes it up")
		}
	}
	return f
}
