package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// mode is one of the run screen's three looks.
type mode int

const (
	folded mode = iota
	table
	grid
	modes = 3
)

// runScreen shows a run: at work, or long past.
type runScreen struct {
	cfg      Config
	w        *watch
	mode     mode
	list     list
	failures bool
	drawn    uint64    // the watch's shape that what follows was made from
	made     time.Time // when that was
	groups   []group
	order    []int // hosts, those that want attention first
	prod     bool
}

func newRunScreen(c *console, w *watch) *runScreen { return &runScreen{cfg: c.cfg, w: w} }

// foldEvery is how often the groups are made anew while a backlog is taken up: each picture of it would cost as much as what it shows.
const foldEvery = 200 * time.Millisecond

// refresh makes the groups anew where events have come, and keeps the cursor where it was.
func (s *runScreen) refresh() {
	if s.groups != nil && (s.drawn == s.w.shape || s.w.behind && time.Since(s.made) < foldEvery) {
		return
	}
	s.made = time.Now()
	var on group
	if s.mode == folded && s.list.at < len(s.groups) {
		on = s.groups[s.list.at]
	}
	onHost := -1
	if s.mode != folded && s.list.at < len(s.order) {
		onHost = s.order[s.list.at]
	}
	s.drawn = s.w.shape
	s.groups = s.w.fold()
	s.order = s.order[:0]
	for _, g := range s.groups {
		s.order = append(s.order, g.hosts...)
	}
	if s.failures {
		s.onlyFailures()
	}
	if s.mode == folded && len(on.hosts) > 0 {
		if i := slices.IndexFunc(s.groups, func(g group) bool { return g.rank == on.rank && g.step == on.step && g.text == on.text }); i >= 0 {
			s.list.at = i
		}
	}
	if i := slices.Index(s.order, onHost); onHost >= 0 && i >= 0 {
		s.list.at = i
	}
	s.prod = slices.ContainsFunc(s.w.state.Plan().Hosts, func(h inventory.Host) bool { return h.Prod })
}

func (s *runScreen) onlyFailures() {
	s.groups = slices.DeleteFunc(s.groups, func(g group) bool { return g.rank > 3 })
	s.order = s.order[:0]
	for _, g := range s.groups {
		s.order = append(s.order, g.hosts...)
	}
}

// targets are the hosts that a verb acts on: the group, or the host.
func (s *runScreen) targets() []int {
	s.refresh()
	switch {
	case s.mode == folded && s.list.at < len(s.groups):
		return s.groups[s.list.at].hosts
	case s.mode != folded && s.list.at < len(s.order):
		return []int{s.order[s.list.at]}
	}
	return nil
}

// Binds are the run's verbs.
func (s *runScreen) Binds() []bind {
	pause := bind{keys: "p", name: "pause", help: "start nothing new until it is pressed again", foot: true, why: s.cannot, do: s.pause}
	if s.w.state.Paused {
		pause.name, pause.as, pause.help = "continue", "pause", "go on"
	}
	answer := bind{keys: "a", name: "answer", help: "approve the next wave, or answer a manual step", foot: s.waits() >= 0 || len(s.w.manual()) > 0, why: s.cannot, do: s.answer}
	verbs := []bind{
		{keys: "enter l", name: "output", help: "the output of these hosts", foot: true, why: s.noHost, do: s.output},
		{keys: "tab", name: "view", help: "folded output, table of hosts, grid", foot: true, why: s.unread, do: done(s.turn)},
		{keys: "f", name: "failures", help: "only what failed, or everything", foot: true, why: s.unread, do: done(func() { s.failures, s.groups = !s.failures, nil })},
		pause,
		{keys: "t", name: "retry", help: "run the failed step of these hosts again", foot: s.w.state.Tally.Bad() > 0, why: s.cannot, do: func() action {
			return s.repair("retry", journal.Retry)
		}},
		{keys: "x", name: "abort", help: "end the run: what runs finishes, nothing new starts", foot: true, why: s.cannot, do: func() action { return ask(s.abortPrompt()) }},
		answer,
		{keys: "z", name: "skip", help: "take these hosts out of the run", why: s.cannot, do: func() action { return s.repair("skip", journal.SkipHost) }},
		{keys: "Z", name: "skip-step", help: "let these hosts go on behind their failed step", why: s.cannot, do: func() action { return s.repair("skip the failed step of", journal.SkipStep) }},
		{keys: "d", name: "difference", help: "what differs in the output of these hosts from that of most", foot: true, why: s.noHost, do: s.difference},
		{keys: "i", name: "info", help: "the plan, who started it and why, remarks", foot: true, do: func() action {
			return push(newProse("RUN", string(s.w.run), s.info()))
		}},
		{keys: "w", name: "write", help: "write the summary to a file", foot: true, do: func() action { return savePrompt(string(s.w.run)+".txt", s.info()) }},
		{keys: "n", name: "note", help: "write a note on this run into the journal", foot: true, do: func() action { return noteOn(s.w.run, "") }},
		{keys: "r", name: "runbook", help: "run a runbook on these hosts", foot: s.w.state.Result != journal.Open, why: s.noHost, do: s.runbook},
		{keys: "e", name: "host", help: "the host that the cursor is on", why: s.noHost, do: func() action {
			id := s.w.state.Hosts[s.targets()[0]].ID
			return func(c *console) tea.Cmd { return c.openHost(id) }
		}},
	}
	film := bind{keys: "v", name: "film", help: "the run as it went, from its beginning: by itself, or step by step", foot: s.w.state.Result != journal.Open, why: s.unread, do: func() action { return openFilm(s.w.run) }}
	if film.foot {
		verbs = slices.Insert(verbs, 1, film)
	} else {
		verbs = append(verbs, film)
	}
	if answer.foot { // what the run waits for comes first
		verbs = slices.DeleteFunc(verbs, func(b bind) bool { return b.name == answer.name })
		verbs = slices.Insert(verbs, 0, answer)
	}
	resume := bind{keys: "c", name: "resume", help: "take the run up where it stands, where its process is gone", foot: s.orphan(), why: s.goesOn, do: func() action {
		return func(c *console) tea.Cmd { return c.resume(s.w.run) }
	}}
	if resume.foot {
		verbs = slices.Insert(verbs, 0, resume)
	} else {
		verbs = append(verbs, resume)
	}
	return append(verbs, s.list.binds()...)
}

// cannot says why nothing can be decided here.
func (s *runScreen) cannot() string {
	switch {
	case s.w.state.Result != journal.Open:
		return "the run has ended"
	case s.orphan():
		return "no process is at work on the run; " + s.key("resume", "c") + " takes it up"
	case s.cfg.Readonly:
		return "this console is read-only (--readonly)"
	case s.cfg.Runs == nil:
		return "runs cannot be reached from here"
	}
	return ""
}

// goesOn says why the run cannot be taken up.
func (s *runScreen) goesOn() string {
	switch {
	case s.w.state.Result != journal.Open:
		return "the run has ended"
	case !s.orphan():
		return "the run has its process"
	}
	return readsOnly(s.cfg.Readonly)()
}

// key is the key of an action of the screen, as it is bound.
func (s *runScreen) key(action, builtin string) string {
	return s.cfg.Settings.key("run", action, builtin)
}

// unread says that nothing of the run has come from the journal yet.
func (s *runScreen) unread() string {
	if s.w.state.Run == "" {
		return "the run is being read"
	}
	return ""
}

// noHost says that the cursor is on no host.
func (s *runScreen) noHost() string {
	if len(s.targets()) == 0 {
		return firstOf(s.unread(), "the cursor is on no host")
	}
	return ""
}

// turn takes the next look. The cursor stays on its host: on the group's first one, or on the group that has it.
func (s *runScreen) turn() {
	on := s.targets()
	s.mode, s.list.at, s.list.top = (s.mode+1)%modes, 0, 0
	switch {
	case len(on) == 0:
	case s.mode == folded:
		s.list.at = max(slices.IndexFunc(s.groups, func(g group) bool { return slices.Contains(g.hosts, on[0]) }), 0)
	default:
		s.list.at = max(slices.Index(s.order, on[0]), 0)
	}
}

func (s *runScreen) output() action {
	targets := s.targets()
	if s.mode == folded && s.groups[s.list.at].same && !s.groups[s.list.at].own {
		targets = targets[:1] // their output is the same, byte for byte
	}
	ids := s.w.ids(targets)
	return func(c *console) tea.Cmd {
		c.stack = append(c.stack, newOutputPager(c, s.w, ids))
		return c.tick(0)
	}
}

// difference compares the output of the cursor's first host with that of the largest other group in the same step.
func (s *runScreen) difference() action {
	targets := s.targets()
	_, step := s.w.stepOf(targets[0])
	most := -1
	size := 0
	for _, g := range s.w.fold() {
		if g.step == step && !slices.Contains(g.hosts, targets[0]) && len(g.hosts) > size {
			most, size = g.hosts[0], len(g.hosts)
		}
	}
	if most < 0 {
		return say("no other output of this step to compare with")
	}
	return diffOutputs(s.w.of(s.cfg.Journal), s.w.run, step, s.w.state.Hosts[most].ID, s.w.state.Hosts[targets[0]].ID)
}

// runbook is what puts right what the run has found, or the same again, on the hosts that the cursor is on.
func (s *runScreen) runbook() action {
	ids := s.w.ids(s.targets())
	return func(c *console) tea.Cmd { return c.run(push(newPicker(c, ids, inventory.HostSet(ids)))) }
}

func (s *runScreen) pause() action {
	d, said := journal.Decided{Decision: journal.Pause}, "pause"
	if s.w.state.Paused {
		d.Decision, said = journal.Continue, "continue"
	}
	return func(c *console) tea.Cmd { return c.decide(s.w.run, said, d) }
}

func (s *runScreen) abortPrompt() *prompt {
	decide := func(d journal.Decision) action {
		return func(c *console) tea.Cmd { return c.decide(s.w.run, "abort", journal.Decided{Decision: d}) }
	}
	return &prompt{label: "type abort (what runs, finishes) or kill (signal it too):", field: newField(""), typed: true, enter: func(text string) action {
		switch strings.TrimSpace(text) {
		case "abort":
			return decide(journal.Abort)
		case "kill":
			return decide(journal.AbortHard)
		}
		return say("not typed as asked: the run goes on")
	}}
}

// repair asks for the number of hosts and decides for each.
func (s *runScreen) repair(verb string, d journal.Decision) action {
	ds := s.w.repairs(s.targets(), d)
	if len(ds) == 0 {
		return warnOf("none of these hosts can be asked to " + verb)
	}
	n := fmt.Sprint(len(ds))
	return ask(typedPrompt(verb+" "+plural(len(ds), "host")+". Type "+n+" to go on:", []string{n}, func(c *console) tea.Cmd {
		return c.decide(s.w.run, verb, ds...)
	}))
}

// repairs is a decision for each of those hosts that it can be made for: what failed is done again or passed over, and only what has not ended
// is skipped.
func (w *watch) repairs(places []int, d journal.Decision) []journal.Decided {
	var ds []journal.Decided
	for _, i := range places {
		h := &w.state.Hosts[i]
		if h.Phase == journal.Ended && !h.Outcome.Good() || d == journal.SkipHost && h.Phase != journal.Ended {
			x := journal.Decided{Decision: d, Host: h.ID}
			if h.Step < len(w.state.Plan().Steps) {
				x.Step, x.Attempt = w.state.Plan().Steps[h.Step].ID, h.Steps[h.Step].Attempt
			}
			ds = append(ds, x)
		}
	}
	return ds
}

// waits is the wave that wants an operator's approval, or -1.
func (s *runScreen) waits() int { return s.w.state.Waits() }

func (s *runScreen) answer() action {
	if wave := s.waits(); wave >= 0 {
		w := s.w.state.Plan().Waves[wave]
		n := fmt.Sprint(len(w.Hosts))
		return ask(typedPrompt(fmt.Sprintf("let %s begin: %s. Type %s:", w.Name, plural(len(w.Hosts), "host"), n), []string{n}, func(c *console) tea.Cmd {
			if s.waits() != wave { // somebody else was quicker
				c.note = note{text: w.Name + " waits no more (" + s.w.by(journal.Approve) + "); nothing was sent"}
				return nil
			}
			return c.decide(s.w.run, "approval", journal.Decided{Decision: journal.Approve, Wave: wave})
		}))
	}
	hosts := s.w.manual()
	if len(hosts) == 0 {
		return warnOf("nothing waits for an answer")
	}
	at := hosts[0]
	for _, t := range s.targets() {
		if slices.Contains(hosts, t) {
			at = t
			break
		}
	}
	return push(askPerson(s.cfg, s.w, at))
}

// elapsed is how long the run has taken so far.
func (s *runScreen) elapsed(now time.Time) time.Duration {
	st := s.w.state
	end := now
	if !st.Closed.IsZero() {
		end = st.Closed
	}
	return max(end.Sub(st.Started), 0)
}
