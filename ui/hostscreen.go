package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// hostScreen is all that is known of a host: its checks, worst first, its facts, its runs.
type hostScreen struct {
	cfg   Config
	host  inventory.Host
	fleet *fleet.Fleet
	runs  []journal.RunSummary
	err   error
	list  list
	lines []hostLine
	drawn uint64

	reading reading
}

func (s *hostScreen) read() *reading { return &s.reading }

// hostLine is a line of the host's page; run is what Enter opens, fact what it shows.
type hostLine struct {
	head string
	run  *journal.RunSummary
	fact *journal.Known
}

// key is what the line is about.
func (l hostLine) key() string {
	switch {
	case l.run != nil:
		return "run " + string(l.run.Run)
	case l.fact != nil:
		return "fact " + l.fact.Fact.Key
	}
	head, _, _ := strings.Cut(l.head, " ") // without its number
	return head
}

func newHostScreen(c *console, id inventory.HostID) *hostScreen {
	h, _ := c.cfg.Inventory.Host(id)
	s := &hostScreen{cfg: c.cfg, host: h, fleet: c.fleet}
	s.build()
	return s
}

func (s *hostScreen) load(c *console) tea.Cmd {
	j, q := c.cfg.Journal, journal.Query{Host: s.host.Name, Limit: 50}
	return c.followed(&s.reading, func(ctx context.Context) action {
		runs, err := j.Runs(ctx, q)
		return func(*console) tea.Cmd {
			s.runs, s.err = runs, err
			s.build()
			return nil
		}
	})
}

// build makes the lines anew. The cursor stays on what it was on, where that is still there. It begins on the first line that Enter opens;
// facts that come after the runs are above them, and it begins there.
func (s *hostScreen) build() {
	on := ""
	if s.list.at < len(s.lines) {
		on = s.lines[s.list.at].key()
	}
	bare := s.list.at == s.first() && on != "" && s.lines[s.list.at].run != nil // it began on a run: nothing was known
	s.lines = s.lines[:0]
	defer func() {
		i := slices.IndexFunc(s.lines, func(l hostLine) bool { return l.key() == on })
		switch first := s.first(); {
		case bare && s.lines[first].fact != nil, i < 0 && s.list.at == 0, i == 0:
			s.list.at = first
		case i > 0:
			s.list.at = i
		}
	}()
	facts := s.fleet.Facts(s.host.Name)
	checks := 0
	for i := range facts {
		if facts[i].Fact.Check {
			checks++
		}
	}
	s.lines = append(s.lines, hostLine{head: fmt.Sprintf("CHECKS (%d)", checks)})
	for i := range facts {
		if i == checks {
			s.lines = append(s.lines, hostLine{head: fmt.Sprintf("FACTS (%d)", len(facts)-checks)})
		}
		s.lines = append(s.lines, hostLine{fact: &facts[i]})
	}
	s.lines = append(s.lines, hostLine{head: fmt.Sprintf("RUNS (%d)", len(s.runs))})
	for i := range s.runs {
		s.lines = append(s.lines, hostLine{run: &s.runs[i]})
	}
}

// first is the first line that is no heading; 0 = there is none.
func (s *hostScreen) first() int {
	return max(slices.IndexFunc(s.lines, func(l hostLine) bool { return l.head == "" }), 0)
}

// Binds are the host's verbs.
func (s *hostScreen) Binds() []bind {
	verbs := []bind{
		{keys: "enter l", name: "open", help: "open the run, or the fact in full", foot: true, why: s.noLine, do: s.open},
		{keys: "r", name: "runbook", help: "run a runbook on this host", foot: true, do: func() action {
			ids := []inventory.HostID{s.host.Name}
			return func(c *console) tea.Cmd { return c.run(push(newPicker(c, ids, selectHosts(ids)))) }
		}},
		{keys: "L", name: "host-journal", help: "all runs of this host", foot: true, do: func() action {
			return func(c *console) tea.Cmd { return c.openJournal(s.host.Name) }
		}},
		{keys: "e", name: "rack", help: "the rack's elevation", foot: true, why: func() string {
			if s.host.Rack == "" {
				return "the host stands in no rack"
			}
			return ""
		}, do: func() action {
			return func(c *console) tea.Cmd {
				return c.run(push(newRackScreen(c, s.host.Site, s.host.Rack).to(s.host.Name)))
			}
		}},
		{keys: "b", name: "locate", help: "make the host's light blink", foot: true, why: func() string { return noLocate(s.cfg, s.host) }, do: func() action { return locate(s.cfg, s.host) }},
		{keys: "s", name: "shell", help: "an interactive session on the host, over the same road", foot: s.cfg.Shell != nil, why: noShell(s.cfg), do: func() action { return openShell(s.cfg, s.host) }},
		{keys: "X", name: "shells", help: "shells on this host, and their recordings", foot: s.cfg.Shells != nil, why: noShells(s.cfg), do: func() action { return openShells(s.host.Name) }},
		{keys: "n", name: "note", help: "write a note on this host", foot: true, do: func() action { return noteOn("", s.host.Name) }},
	}
	return append(verbs, s.list.binds()...)
}

// noLine says that the cursor is on a heading, or on nothing.
func (s *hostScreen) noLine() string {
	if s.list.at >= len(s.lines) || s.lines[s.list.at].run == nil && s.lines[s.list.at].fact == nil {
		return "the cursor is on no run and no fact"
	}
	return ""
}

func (s *hostScreen) open() action {
	l := s.lines[s.list.at]
	switch {
	case l.run != nil:
		id := l.run.Run
		return func(c *console) tea.Cmd { return c.openRun(id) }
	case l.fact != nil:
		return push(newProse("FACT", string(s.host.Name)+" "+l.fact.Fact.Key, factText(*l.fact)))
	}
	return nothing
}

func factText(k journal.Known) string {
	f := k.Fact
	return fmt.Sprintf("%s = %s %s\nthreshold %s\n%s\n\nread %s in run %s, step %s", f.Key, f.Value, f.Unit, f.Threshold, f.Text,
		k.At.Local().Format("2006-01-02 15:04:05"), k.Run, k.Step)
}

// View is the host's page.
func (s *hostScreen) View(a area) frame {
	if v := s.fleet.Version(); v != s.drawn {
		s.drawn = v
		s.build()
	}
	h, _ := s.fleet.Host(s.host.Name)
	f := frame{name: "HOST", scope: string(s.host.Name), prod: s.host.Prod}
	f.right = a.paint(fleetToken(h.State), h.State.String()) + "  seen " + ago(h.Seen, a.now)
	f.sub = a.text(placeWords(s.host))
	f.subEnd = a.text(strings.Join(s.host.Tags, " "))
	body := []string{a.text(hostWords(s.fleet, s.host.OS, h)), a.paint(fleetToken(h.State), a.text(h.Why(a.now))), a.rule(a.w)}
	from, to := s.list.window(len(s.lines), a.h-len(body))
	for i := from; i < to; i++ {
		body = append(body, s.line(a, s.lines[i], i == s.list.at))
	}
	f.body = body
	if s.err != nil {
		f.status = a.paint(bad, a.text(withHint(s.err)))
	}
	return f
}

// placeWords is where a host is: "nyc1/r07 U12  10.1.7.12 via bastion".
func placeWords(h inventory.Host) string {
	s := strings.Trim(h.Site+"/"+h.Rack, "/")
	if h.Unit > 0 {
		s += " U" + itoa(h.Unit)
	}
	if h.Addr != "" {
		s += "  " + h.Addr
	}
	if h.Port != 0 && h.Port != 22 {
		s += ":" + itoa(h.Port)
	}
	if len(h.Jump) > 0 {
		s += " via " + strings.Join(h.Jump, ", ")
	}
	if len(h.Groups) > 0 {
		s += "  group " + strings.Join(h.Groups, ", ")
	}
	return s
}

func (s *hostScreen) line(a area, l hostLine, cursor bool) string {
	var text, state string
	tok := plain
	switch {
	case l.head != "":
		text, tok = l.head, head
	case l.run != nil:
		text = fmt.Sprintf("%s  %s  %s  %s", a.text(string(l.run.Run)), l.run.Started.Local().Format("01-02 15:04"), a.pad(a.text(l.run.Runbook), 10), l.run.Result)
		tok = resultToken(l.run.Result)
	default:
		state, text, tok = s.factLine(a, *l.fact)
	}
	if cursor {
		return a.chosen("> "+state+text, a.w)
	}
	if state != "" {
		return "  " + a.paint(tok, state) + text
	}
	return "  " + a.paint(tok, text)
}

// factLine is a check or a fact with its age; what is stale says so instead of its old verdict.
func (s *hostScreen) factLine(a area, k journal.Known) (state, text string, tok token) {
	f := k.Fact
	age := ago(k.At, a.now)
	if !f.Check {
		text = a.pad(a.text(f.Key), 22) + " " + a.pad(a.text(strings.TrimSpace(f.Value+" "+f.Unit)), max(a.w-32, 10)) + a.padLeft(age, 6)
		if !s.fleet.Fresh(k.At) {
			return "", text, dim
		}
		return "", text, plain
	}
	state, tok = checkWord(f.State)
	if !s.fleet.Fresh(k.At) {
		state, tok = "STALE", unsure
	}
	text = a.pad(a.text(f.Key), 18) + " " + a.pad(a.text(strings.TrimSpace(f.Value+" "+f.Unit)), 13) + " "
	if a.w >= 76 { // where it is narrower, why is worth more than the limit
		text += a.pad(a.text(f.Threshold), 9) + " "
	}
	text += a.pad(a.text(f.Text), max(a.w-width(text)-16, 4)) + a.padLeft(age, 6)
	return a.pad(state, 8), text, tok
}

func checkWord(s runbooks.CheckState) (string, token) {
	switch s {
	case runbooks.CheckOK:
		return "OK", good
	case runbooks.CheckWarn:
		return "WARN", warn
	case runbooks.CheckCrit:
		return "CRIT", bad
	}
	return "UNKNOWN", unsure
}

// hostDetail is a host beside a list.
func hostDetail(a area, f *fleet.Fleet, h inventory.Host, w int) []string {
	st, _ := f.Host(h.Name)
	out := []string{a.paint(title, a.text(string(h.Name))) + "  " + a.paint(fleetToken(st.State), st.State.String()), a.text(placeWords(h)),
		a.text(hostWords(f, h.OS, st)), ""}
	for _, k := range f.Facts(h.Name) {
		if !k.Fact.Check {
			break
		}
		word, tok := checkWord(k.Fact.State)
		if !f.Fresh(k.At) {
			word, tok = "STALE", unsure
		}
		out = append(out, a.paint(tok, a.pad(word, 8))+a.pad(a.text(k.Fact.Key), 16)+" "+a.text(strings.TrimSpace(k.Fact.Value+" "+k.Fact.Unit+" "+k.Fact.Text)))
	}
	return out
}
