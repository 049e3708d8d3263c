package ui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// Sheet is a page of lines that somebody else made: what needs a person, drift, insight, the posture of every host, what is planned.
type Sheet struct {
	Sub   string // under the title: as of when, since when
	Right string // counts
	None  string // what is said where there are no lines
	Rows  []SheetRow
	Sorts []string // orders that it can be asked for; nil = one alone
}

// SheetRow is a line of a sheet, and what can be done about it.
type SheetRow struct {
	Text    string
	Key     string // what the line is about, by which the cursor stays on it when the page is read again; "" = its text
	Indent  string // before the cells of a row of a Table
	Title   bool   // a heading: it is drawn as one, and nothing can be done about it
	Bad     bool
	Detail  string // in the line under the sheet
	Hosts   []inventory.HostID
	Run     journal.RunID
	Plan    string            // the path of the maintenance plan that the line is about
	Runbook string            // what puts it right
	Params  map[string]string // of that runbook
	Accept  string            // the runbook that accepts it as it is
	// Make writes a file of the line and returns its path, to be opened in an editor; nil = nothing can be made of it.
	Make func(context.Context) (string, error)

	cells []string // of a row of a Table
	table *columnar
}

// Sheets are the pages that there are, with their keys. Config.Sheet makes them by these names.
var sheets = []struct{ name, key, title, help string }{
	{"status", "T", "STATUS", "the week, and what needs a person today"},
	{"posture", "Y", "POSTURE", "every host with its reasons, the riskiest first"},
	{"drift", "V", "DRIFT", "what departs from the hosts' baselines"},
	{"insight", "I", "INSIGHT", "what is slow, fails, is waited for, is typed by hand, and grows"},
	{"calendar", "W", "CALENDAR", "the coming windows of plans, and where two of them collide"},
}

// sheetBinds open the sheets from every screen.
func (c *console) sheetBinds() []bind {
	var out []bind
	for _, s := range sheets {
		out = append(out, bind{keys: s.key, name: s.name, help: s.help, why: func() string {
			if c.cfg.Sheet == nil {
				return "nobody can make it here"
			}
			return ""
		}, do: func() action {
			return func(c *console) tea.Cmd {
				if top, ok := c.top().(*sheetScreen); ok && top.name == s.name {
					return top.load(c)
				}
				screen := &sheetScreen{cfg: c.cfg, name: s.name, title: s.title}
				c.stack = append(c.stack, screen)
				return screen.load(c)
			}
		}})
	}
	return out
}

type sheetScreen struct {
	cfg         Config
	name, title string
	sort        int
	sheet       Sheet
	shown       []SheetRow
	filter      string
	list        list
	loaded      bool
	err         error
	reading     reading
}

func (s *sheetScreen) read() *reading { return &s.reading }

func (s *sheetScreen) load(c *console) tea.Cmd {
	order := ""
	if s.sort < len(s.sheet.Sorts) {
		order = s.sheet.Sorts[s.sort]
	}
	return c.followed(&s.reading, func(ctx context.Context) action {
		sheet, err := s.cfg.Sheet(ctx, s.name, order)
		return func(*console) tea.Cmd {
			s.take(sheet, err)
			return nil
		}
	})
}

// take shows a page that was read, the cursor on the line that it was on; where there was none, on the first that is no heading.
func (s *sheetScreen) take(sheet Sheet, err error) {
	was, fresh := s.cursor().key(), len(s.shown) == 0
	s.loaded, s.sheet, s.err = true, sheet, err
	s.refilter(s.filter)
	if i := slices.IndexFunc(s.shown, func(r SheetRow) bool { return r.key() == was }); i >= 0 && !fresh {
		s.list.at = i
	}
	for fresh && s.cursor().Title && s.list.at < len(s.shown)-1 {
		s.list.at++
	}
}

// key is what the line is about.
func (r SheetRow) key() string { return cmp.Or(r.Key, r.Text) }

// refilter keeps headings only over lines that are left.
func (s *sheetScreen) refilter(text string) {
	s.filter, s.shown = text, nil
	words := strings.Fields(strings.ToLower(text))
	var heads []SheetRow
	for i, r := range s.sheet.Rows {
		if r.Title {
			if i > 0 && !s.sheet.Rows[i-1].Title {
				heads = nil // of lines that were all left out
			}
			heads = append(heads, r)
			continue
		}
		ok, hay := true, strings.ToLower(r.Text+" "+r.Detail)
		for _, w := range words {
			rest, not := strings.CutPrefix(w, "!")
			ok = ok && strings.Contains(hay, rest) != not
		}
		if ok {
			s.shown = append(append(s.shown, heads...), r)
			heads = nil
		}
	}
}

func (s *sheetScreen) cursor() SheetRow {
	if s.list.at < 0 || s.list.at >= len(s.shown) {
		return SheetRow{}
	}
	return s.shown[s.list.at]
}

// Binds are what can be done about a line.
func (s *sheetScreen) Binds() []bind {
	row := s.cursor()
	no := func(cond bool, words string) func() string {
		return func() string {
			if cond {
				return words
			}
			return readsOnly(s.cfg.Readonly)()
		}
	}
	verbs := append([]bind{
		{keys: "enter l", name: "open", help: "the plan, the run, the host, or the hosts on the fleet screen", foot: true, why: s.leadsNowhere, do: s.open},
		{keys: "r", name: "runbook", help: "the runbook that puts it right, or one of your choice, on the line's hosts", foot: true,
			why: no(len(row.Hosts) == 0, row.noLine("the line is about no host")), do: s.runbook},
	}, s.own(row, no)...)
	verbs = append(verbs,
		bind{keys: "i", name: "info", help: "the whole line, with the columns that +N in the heading says are left out", foot: true, why: func() string {
			return row.noLine("")
		}, do: func() action { return push(newProse(s.title, row.first(), row.whole())) }},
		bind{keys: "/", name: "filter", help: "filter by anything in the line", foot: true, do: func() action {
			was := s.filter
			return ask(&prompt{label: "filter:", field: newField(was), change: s.refilter, esc: func() { s.refilter(was) }, enter: func(string) action { return nothing }})
		}},
		bind{keys: "ctrl+r", name: "reload", help: "read the journal again", do: func() action { return s.load }},
		bind{keys: "w", name: "write", help: "write the page to a file", do: func() action { return savePrompt(s.name+".txt", s.text()) }},
	)
	if s.filter != "" {
		verbs = append(verbs, bind{keys: "esc", name: "clear", help: "clear the filter", do: done(func() { s.refilter("") })})
	}
	return append(verbs, s.list.binds()...)
}

// own are the verbs that one page alone has.
func (s *sheetScreen) own(row SheetRow, no func(bool, string) func() string) []bind {
	switch s.name {
	case "calendar":
		return planBinds(s.cfg, row.Plan)
	case "drift":
		return []bind{{keys: "a", name: "accept", help: "it is right: make it the baseline, with a reason", foot: true, why: no(row.Accept == "", row.noLine("no baseline has it")), do: func() action {
			return s.planned(row.Accept, row)
		}}}
	case "insight":
		return []bind{{keys: "b", name: "make-runbook", help: "make a runbook of what is typed by hand, and open it in $EDITOR", foot: true,
			why: no(row.Make == nil, "the cursor is not on a command"), do: func() action { return makeAndEdit(row.Make) }}}
	case "posture":
		return []bind{{keys: "t", name: "sort", help: "the next order: by risk, and by each column", foot: true, do: func() action {
			s.sort = (s.sort + 1) % max(len(s.sheet.Sorts), 1)
			return s.load
		}}}
	}
	return nil
}

// noLine says that the cursor is on a heading, or on nothing; else words.
func (r SheetRow) noLine(words string) string {
	if r.Title || r.Text == "" {
		return "the cursor is on no line"
	}
	return words
}

// leadsNowhere is why a line cannot be opened.
func (s *sheetScreen) leadsNowhere() string {
	if row := s.cursor(); row.Plan == "" && row.Run == "" && len(row.Hosts) == 0 {
		return row.noLine("the line is about no plan, run or host")
	}
	return ""
}

func (s *sheetScreen) open() action {
	row := s.cursor()
	switch {
	case row.Plan != "":
		return openMaintenance(row.Plan, stay)
	case row.Run != "":
		return func(c *console) tea.Cmd { return c.openRun(row.Run) }
	case len(row.Hosts) == 1:
		return func(c *console) tea.Cmd { return c.openHost(row.Hosts[0]) }
	case len(row.Hosts) > 1:
		return onFleet(row.Hosts)
	}
	return nothing
}

// onFleet shows some hosts on the fleet screen.
func onFleet(hosts []inventory.HostID) action {
	return func(c *console) tea.Cmd {
		cmd := c.home()
		if f, ok := c.top().(*fleetScreen); ok {
			f.filter, f.problems, f.dirty = selectHosts(hosts), false, true
		}
		return cmd
	}
}

func (s *sheetScreen) runbook() action {
	row := s.cursor()
	if row.Runbook != "" {
		return s.planned(row.Runbook, row)
	}
	return func(c *console) tea.Cmd { return c.run(push(newPicker(c, row.Hosts, selectHosts(row.Hosts)))) }
}

// planned makes the plan of a runbook on the line's hosts; nothing runs before it is confirmed.
func (s *sheetScreen) planned(name string, row SheetRow) action {
	rb, ok := runbookNamed(s.cfg.Library, name)
	if !ok {
		return warnOf(noRunbook(s.cfg, name))
	}
	return planFor(rb, Wish{Runbook: name, Select: selectHosts(row.Hosts), Params: row.Params})
}

// makeAndEdit writes the file and hands the terminal to the operator's editor.
func makeAndEdit(write func(context.Context) (string, error)) action {
	return func(c *console) tea.Cmd {
		get := lookup(c.cfg.Env)
		prog := strings.Fields(cmp.Or(get("VISUAL"), get("EDITOR")))
		return c.work.do(func(ctx context.Context) tea.Msg {
			path, err := write(ctx)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			if len(prog) == 0 {
				return then(say("wrote " + path + "; set EDITOR to open it from here"))
			}
			return then(func(c *console) tea.Cmd {
				return c.lend(c.program(ctx, prog, path), func(err error) action {
					if err != nil {
						return warnOf(prog[0] + ": " + err.Error())
					}
					return say("wrote " + path + "; tend runbook check says whether it is one")
				})
			})
		})
	}
}

func (s *sheetScreen) text() string {
	var b strings.Builder
	for _, r := range s.shown {
		b.WriteString(r.Text + "\n")
	}
	return b.String()
}

// View draws only the lines that show.
func (s *sheetScreen) View(a area) frame {
	f := frame{name: s.title, scope: "all sites", right: a.text(s.sheet.Right), sub: a.text(s.sheet.Sub)}
	if s.filter != "" {
		f.sub = "filter: " + a.text(s.filter)
	}
	if len(s.sheet.Sorts) > 1 {
		f.subEnd = "sort:" + a.text(s.sheet.Sorts[min(s.sort, len(s.sheet.Sorts)-1)])
	}
	from, to := s.list.window(len(s.shown), a.h)
	if s.heads(from) != nil { // the table's own heading has left the screen
		from, to = s.list.window(len(s.shown), a.h-1)
		f.body = append(f.body, s.heading(a, from))
	}
	for i := from; i < to; i++ {
		f.body = append(f.body, s.line(a, s.shown[i], i == s.list.at))
	}
	switch {
	case s.err != nil:
		f.body = append(f.body, "", "  "+a.paint(bad, a.text(withHint(s.err))))
	case !s.loaded:
		f.body = append(f.body, "", "  reading the journal ...")
	case len(s.shown) == 0 && s.filter != "":
		f.body = append(f.body, "", "  no line matches; esc clears the filter")
	case len(s.shown) == 0:
		f.body = append(f.body, "")
		for _, l := range wrap(a.text(s.sheet.None), a.w-4) {
			f.body = append(f.body, "  "+l)
		}
	}
	f.status = a.text(s.cursor().Detail)
	return f
}

// heads is the heading of the table in which row i stands; nil = it stands in none, or is the heading.
func (s *sheetScreen) heads(i int) *SheetRow {
	if i >= len(s.shown) || s.shown[i].table == nil || s.shown[i].Title {
		return nil
	}
	for j := i - 1; j >= 0; j-- {
		if r := &s.shown[j]; r.Title && r.table == s.shown[i].table {
			return r
		}
	}
	return nil
}

// heading is that of the table in which row i stands, to be drawn above it: numbers whose heading has left the screen say nothing.
func (s *sheetScreen) heading(a area, i int) string {
	if r := s.heads(i); r != nil {
		return s.line(a, *r, false)
	}
	return ""
}

func (s *sheetScreen) line(a area, r SheetRow, cursor bool) string {
	text := r.line(a, max(a.w-2, 1))
	switch {
	case cursor:
		return a.chosen("> "+text, a.w)
	case r.Title:
		return "  " + a.paint(head, text)
	case r.Bad:
		return "  " + a.paint(bad, text)
	}
	return "  " + text
}
