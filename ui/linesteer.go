package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tend/inventory"
	"tend/journal"
)

// steering are the commands for a run at work. They are taken while it is followed, and from the prompt, where they name the run unless it is
// the only one.
var steering = []string{"pause", "continue", "approve", "answer", "refuse", "retry", "skip", "skip-step", "abort", "where"}

func (l *lineConsole) steerHelp() {
	for _, s := range []string{"for a run at work, while it is followed, or with its name where there are several:", "where: how far it is, and who it waits for",
		"pause, continue: start nothing new; go on", "approve: let the next wave begin", "answer [HOST]: the open question of a run, or a manual step", "refuse: say no to the open question",
		"retry [HOSTS]: the failed step again, of all that failed where none is named", "skip HOSTS: take them out of the run", "skip-step HOSTS: let them go on behind their failed step",
		"abort: end the run, after a typed word", "leave: stop following; the run goes on"} {
		l.say("%s", s)
	}
}

// steerable reports whether somebody is at work on a run who takes decisions from here.
func (l *lineConsole) steerable(ctx context.Context, id journal.RunID) bool {
	return slices.Contains(l.alive(ctx), id)
}

func (l *lineConsole) alive(ctx context.Context) []journal.RunID {
	if l.cfg.Runs == nil || l.cfg.Readonly {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	alive, err := l.cfg.Runs.Alive(ctx)
	if err != nil {
		return nil // it is followed all the same
	}
	return alive
}

// event is one of a run's, or why there are no more.
type lineEvent struct {
	event journal.Event
	err   error
}

// follow prints a run at work and takes commands for it meanwhile.
func (l *lineConsole) follow(ctx context.Context, id journal.RunID) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() { cancel(); wg.Wait() }()
	events := make(chan lineEvent)
	wg.Go(func() {
		defer close(events)
		for e, err := range l.taken(ctx, id, true) {
			select {
			case events <- lineEvent{e, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	l.say("the run is at work: help says what can be done with it meanwhile; leave stops following, and it goes on")
	p := &linePrinter{out: l, w: &watch{run: id, state: journal.NewState()}}
	l.follows(true)
	defer l.follows(false)
	told, lines := map[string]bool{}, l.in.lines
	l.in.ask()
	for {
		select {
		case e, more := <-events:
			if !more {
				p.recap()
				return p.err
			}
			if e.err != nil {
				return e.err
			}
			p.event(e.event)
			l.wants(p.w, told)
		case t := <-lines:
			l.in.took()
			if !t.ok { // nobody types any more: it is followed to its end
				lines = nil
				continue
			}
			if leave := l.whileFollowing(ctx, p.w, t.text); leave {
				return nil
			}
			l.in.ask()
		}
	}
}

func (l *lineConsole) follows(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.following = on
}

// whileFollowing does a command for the run that is followed; one for the console is done afterwards.
func (l *lineConsole) whileFollowing(ctx context.Context, w *watch, line string) (leave bool) {
	name, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "":
		l.waiting(ctx)
	case name == "leave":
		l.say("the run goes on; follow %s shows it again", w.run)
		return true
	case name == "quit" || name == "q" || name == "exit":
		l.ahead = append(l.ahead, line)
		return true
	case name == "help" || name == "?":
		l.steerHelp()
	case slices.Contains(steering, name):
		if err := l.steer(ctx, w, name, strings.TrimSpace(rest)); err != nil {
			l.fault(err)
		}
	default:
		l.ahead = append(l.ahead, line)
		l.say("%s waits until the run has ended; leave does it now", line)
	}
	return false
}

// wants says once of each wave and each manual step that it waits for somebody.
func (l *lineConsole) wants(w *watch, told map[string]bool) {
	if w.state.Run == "" || w.state.Result != journal.Open {
		return
	}
	if wave := (&runScreen{w: w}).waits(); wave >= 0 && !told[fmt.Sprint(wave)] {
		told[fmt.Sprint(wave)] = true
		next := w.state.Plan().Waves[wave]
		l.say("%s, %s, waits for you: approve lets it begin", next.Name, plural(len(next.Hosts), "host"))
	}
	for _, i := range w.manual() {
		h := &w.state.Hosts[i]
		key := fmt.Sprint(h.ID, h.Step, h.Steps[h.Step].Attempt)
		if told[key] {
			continue
		}
		told[key] = true
		l.say("%s waits for a person: %s. answer %s answers it", h.ID, first(w.state.Plan().Steps[h.Step].Words), h.ID)
	}
}

// steerOne does a command for a run that is not followed: the one that is named, else the only one at work.
func (l *lineConsole) steerOne(ctx context.Context, name, rest string) error {
	if name == "answer" || name == "refuse" {
		if done := l.openQuestion(ctx, name); done {
			return nil
		}
	}
	alive := l.alive(ctx)
	word, after, _ := strings.Cut(rest, " ")
	id := journal.RunID(word)
	switch {
	case slices.Contains(alive, id):
		rest = strings.TrimSpace(after)
	case len(alive) == 1:
		id = alive[0]
	case len(alive) == 0:
		l.say("no run is at work that could be asked to %s", name)
		return nil
	default:
		l.say("name one of the runs at work: %s RUN", name)
		return l.atWork(ctx)
	}
	w := &watch{run: id, state: journal.NewState()}
	for e, err := range l.cfg.Journal.Events(ctx, id, 0, false) {
		if err != nil {
			return err
		}
		w.apply(e)
	}
	l.say("run %s, %s:", id, w.state.Plan().Runbook)
	return l.steer(ctx, w, name, rest)
}

// steer does one command for a run.
func (l *lineConsole) steer(ctx context.Context, w *watch, name, rest string) error {
	if w.state.Run == "" || w.state.Result != journal.Open {
		l.say("the run has ended")
		return nil
	}
	switch name {
	case "pause":
		return l.decide(ctx, w, name, journal.Decided{Decision: journal.Pause})
	case "continue":
		return l.decide(ctx, w, name, journal.Decided{Decision: journal.Continue})
	case "abort":
		return l.abort(ctx, w)
	case "approve":
		return l.approve(ctx, w)
	case "answer", "refuse":
		if l.openQuestion(ctx, name) || name == "refuse" {
			return nil
		}
		return l.manual(ctx, w, inventory.HostID(rest))
	case "retry":
		return l.repair(ctx, w, name, journal.Retry, cmp.Or(rest, "*"))
	case "skip":
		return l.repair(ctx, w, name, journal.SkipHost, rest)
	case "skip-step":
		return l.repair(ctx, w, name, journal.SkipStep, rest)
	}
	l.say("%s%s", map[bool]string{true: "PAUSED, "}[w.state.Paused], w.counts(newPen(Line, false)))
	for _, g := range w.fold() {
		l.say("%s %s, %s: %s", g.word, plural(len(g.hosts), "host"), g.step, inventory.HostSet(w.ids(g.hosts)))
	}
	l.wants(w, map[string]bool{})
	return nil
}

// decide hands decisions to the run; what came of them is seen in its events.
func (l *lineConsole) decide(ctx context.Context, w *watch, said string, ds ...journal.Decided) error {
	told, err := decideAll(ctx, l.cfg.Runs, w.run, l.cfg.Who, said, ds)
	if err == nil {
		l.say("%s", told)
	}
	return err
}

func (l *lineConsole) abort(ctx context.Context, w *watch) error {
	text, _ := l.question("type abort (what runs, finishes) or kill (signal it too):")
	switch text {
	case "abort":
		return l.decide(ctx, w, "abort", journal.Decided{Decision: journal.Abort})
	case "kill":
		return l.decide(ctx, w, "abort", journal.Decided{Decision: journal.AbortHard})
	}
	l.say("not typed as asked: the run goes on")
	return nil
}

func (l *lineConsole) approve(ctx context.Context, w *watch) error {
	wave := (&runScreen{w: w}).waits()
	if wave < 0 {
		l.say("no wave waits for approval")
		return nil
	}
	next := w.state.Plan().Waves[wave]
	n := fmt.Sprint(len(next.Hosts))
	if text, _ := l.question(fmt.Sprintf("let %s begin: %s. Type %s:", next.Name, plural(len(next.Hosts), "host"), n)); text != n {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	return l.decide(ctx, w, "approval", journal.Decided{Decision: journal.Approve, Wave: wave})
}

// repair decides for those of the named hosts that it can be decided for, after their number was typed.
func (l *lineConsole) repair(ctx context.Context, w *watch, verb string, d journal.Decision, hosts string) error {
	sel, err := inventory.ParseSelector(hosts)
	if err != nil || hosts == "" {
		l.say("%s HOSTS: say which, such as web-[01-03]", verb)
		return err
	}
	var places []int
	for i, h := range w.state.Plan().Hosts {
		if sel.Match(h, l.fleet.Values) {
			places = append(places, i)
		}
	}
	ds := w.repairs(places, d)
	if len(ds) == 0 {
		l.say("none of these hosts can be asked to %s", verb)
		return nil
	}
	var ids []inventory.HostID
	for _, x := range ds {
		ids = append(ids, x.Host)
	}
	n := fmt.Sprint(len(ds))
	if text, _ := l.question(fmt.Sprintf("%s %s: %s. Type %s to go on:", verb, plural(len(ds), "host"), inventory.HostSet(ids), n)); text != n {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	return l.decide(ctx, w, verb, ds...)
}

// manual puts the questions of a manual step: of the host that is named, else of the first that waits.
func (l *lineConsole) manual(ctx context.Context, w *watch, host inventory.HostID) error {
	waiting := w.manual()
	i := slices.IndexFunc(waiting, func(at int) bool { return host == "" || w.state.Hosts[at].ID == host })
	if i < 0 {
		l.say("nothing waits for an answer%s", map[bool]string{true: " of " + string(host)}[host != ""])
		return nil
	}
	s := newManualScreen(l.cfg, w, waiting[i])
	l.say("%s at %s: %s", s.host.Name, s.place(), s.step.Title)
	for line := range strings.Lines(s.step.Words) {
		l.say("%s", strings.TrimSpace(line))
	}
	text, _ := l.question("is it done? yes, no (the host fails), or an empty line for later:")
	if text != "yes" && text != "no" {
		l.say("the step stays open")
		return nil
	}
	var values []string
	for _, a := range s.step.Asks {
		v, _ := l.question(s.w.asking(s.host.Name, a) + map[bool]string{true: " (yes or no)"}[a.Type == "yes"] + ":")
		values = append(values, v)
	}
	note, _ := l.question("a note for the journal, or an empty line:")
	d, _, wrong := s.decided(text == "yes", append(values, note))
	if wrong != nil {
		l.say("%v: the step stays open", wrong)
		return nil
	}
	return l.decide(ctx, w, "answer", d)
}

// openQuestion asks again what was left open, or says no to it; false = nothing was.
func (l *lineConsole) openQuestion(ctx context.Context, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open, l.pending = append(l.open, l.pending...), nil
	if len(l.open) == 0 {
		if name == "refuse" {
			fmt.Fprintln(l.out, "no question is open")
		}
		return false
	}
	a := l.open[0]
	l.open = l.open[1:]
	if name == "refuse" {
		l.reply(ctx, a, "", false)
		return true
	}
	l.answer(ctx, a)
	return true
}

// moot forgets a question that was answered elsewhere.
func (l *lineConsole) moot(a Ask) {
	l.mu.Lock()
	defer l.mu.Unlock()
	same := func(b Ask) bool { return b.Run == a.Run && b.ID == a.ID }
	l.open, l.pending = slices.DeleteFunc(l.open, same), slices.DeleteFunc(l.pending, same)
}

// resume takes up a run whose process is gone, and follows it.
func (l *lineConsole) resume(ctx context.Context, id journal.RunID) error {
	r, ok := l.cfg.Runs.(Resumer)
	if !ok || l.cfg.Readonly {
		l.say("runs cannot be taken up from here")
		return nil
	}
	if err := r.Resume(ctx, id); err != nil {
		return fmt.Errorf("not taken up: %w", err)
	}
	return l.replay(ctx, id)
}
