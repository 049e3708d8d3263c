package ui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/term"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// lineConsole is the console without a screen: plain questions, plain answers, one line after another. It serves screen readers and
// terminals that can do nothing else, and says everything in words.
type lineConsole struct {
	cfg   Config
	in    *bufio.Scanner
	out   io.Writer
	fleet *fleet.Fleet
	// mu is over out and what follows: a run's question may come while its lines are printed, or while a prompt waits.
	mu       sync.Mutex
	atPrompt bool
	pending  []Ask // came while a prompt waited
}

// runLines asks for commands until the input ends.
func runLines(ctx context.Context, cfg Config) error {
	l := &lineConsole{cfg: cfg, in: bufio.NewScanner(cfg.Input), out: cfg.Output, fleet: fleet.New(cfg.Inventory)}
	for s, err := range cfg.standings(ctx) {
		switch {
		case err != nil:
			return fmt.Errorf("what the journal knows: %w", err)
		case s.known.Host != "":
			l.fleet.Known(s.known)
		default:
			l.fleet.Ran(s.ran)
		}
	}
	l.fleet.Refresh(cfg.Now())
	if cfg.Open != "" {
		return l.replay(ctx, cfg.Open)
	}
	l.summary()
	defer l.answering(ctx)()
	for ctx.Err() == nil {
		l.waiting(ctx)
		line, ok := l.question("command (help lists them):")
		if !ok {
			return nil
		}
		quit, err := l.command(ctx, line)
		if err != nil {
			l.say("error: %s", withHint(err))
		}
		if quit {
			return nil
		}
	}
	return nil
}

func (l *lineConsole) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.out, quote.ASCII(fmt.Sprintf(format, args...)))
}

// Write lets a run's lines wait while a question is open.
func (l *lineConsole) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *lineConsole) question(text string) (string, bool) {
	l.mu.Lock()
	fmt.Fprint(l.out, quote.ASCII(text)+" ")
	l.atPrompt = true
	l.mu.Unlock()
	text, ok := l.read()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.atPrompt = false
	return text, ok
}

func (l *lineConsole) read() (string, bool) {
	if !l.in.Scan() {
		fmt.Fprintln(l.out)
		return "", false
	}
	return strings.TrimSpace(l.in.Text()), true
}

// answering puts the questions of runs to the operator; the function that it returns ends it and waits.
func (l *lineConsole) answering(ctx context.Context) func() {
	if l.cfg.Asks == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for a := range l.cfg.Asks.Asks(ctx) {
			if !a.Gone && ctx.Err() == nil {
				l.asked(ctx, a)
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// asked puts a question at once, or says that it waits where the operator is at a prompt.
func (l *lineConsole) asked(ctx context.Context, a Ask) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.atPrompt {
		l.pending = append(l.pending, a)
		fmt.Fprintf(l.out, "\nrun %s has a question; press Enter to see it\n", quote.ASCII(string(a.Run)))
		return
	}
	l.answer(ctx, a)
}

// waiting puts the questions that came while the operator was at a prompt.
func (l *lineConsole) waiting(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) > 0 {
		a := l.pending[0]
		l.pending = l.pending[1:]
		l.answer(ctx, a)
	}
}

// answer asks one question; mu is held, so that nothing is printed into it. A secret is not echoed where the input is a terminal.
func (l *lineConsole) answer(ctx context.Context, a Ask) {
	fmt.Fprintf(l.out, "question of run %s: %s\n", quote.ASCII(string(a.Run)), quote.ASCII(a.Title))
	for line := range strings.Lines(a.Text) {
		fmt.Fprintln(l.out, quote.ASCII(strings.TrimRight(line, "\n")))
	}
	label := "answer, or an empty line to refuse:"
	if a.Words != "" {
		label = "type " + quote.ASCII(a.Words) + " to say yes; anything else refuses:"
	}
	fmt.Fprint(l.out, label+" ")
	text, ok := l.secret(a.Secret)
	ok = ok && text != "" && (a.Words == "" || text == a.Words)
	if !ok {
		text = ""
	}
	if err := l.cfg.Asks.Answer(ctx, a, text, ok); err != nil {
		fmt.Fprintln(l.out, quote.ASCII("the answer did not arrive: "+withHint(err)))
	}
}

func (l *lineConsole) secret(secret bool) (string, bool) {
	f, tty := l.cfg.Input.(interface{ Fd() uintptr })
	if !secret || !tty || !term.IsTerminal(f.Fd()) {
		return l.read()
	}
	b, err := term.ReadPassword(f.Fd())
	fmt.Fprintln(l.out)
	return string(b), err == nil
}

func (l *lineConsole) summary() {
	all := l.fleet.All()
	l.say("tend: %s. %s", plural(all.Hosts, "host"), tally(newPen(Line, false), all))
}

func (l *lineConsole) command(ctx context.Context, line string) (quit bool, err error) {
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch name {
	case "":
	case "q", "quit", "exit":
		return true, nil
	case "help", "?":
		l.help()
	case "fleet":
		l.summary()
		for _, s := range l.cfg.Inventory.Sites {
			l.say("site %s: %s. %s", s.Name, plural(l.fleet.Site(s.Name).Hosts, "host"), tally(newPen(Line, false), l.fleet.Site(s.Name)))
		}
	case "problems":
		l.problems(rest)
	case "host":
		l.host(inventory.HostID(rest))
	case "runbooks":
		for _, rb := range l.cfg.Library {
			l.say("%s: %s. risk %s, from %s", rb.Name, rb.Title, rb.Risk, sourceWord(rb))
		}
		for _, b := range l.cfg.Broken {
			l.say("%s is refused: %s", b.Name, b.First())
		}
	case "run":
		return false, l.run(ctx, rest)
	case "journal":
		return false, l.journal(ctx)
	case "search":
		return false, l.search(ctx, rest)
	case "replay":
		return false, l.replay(ctx, journal.RunID(rest))
	default:
		l.say("no command %q", name)
	}
	return false, nil
}

func (l *lineConsole) help() {
	for _, s := range []string{"fleet: the sites and their states", "problems [FILTER]: hosts that are not OK", "host NAME: a host", "runbooks: what can be run",
		"run RUNBOOK SELECTOR: plan, confirm, run", "journal: the latest runs", "search TEXT: the newest events in which the words stand", "replay RUN: a run's events", "quit"} {
		l.say("%s", s)
	}
}

func (l *lineConsole) problems(text string) {
	match := filter(text, l.fleet.Values)
	n := 0
	for i := range l.cfg.Inventory.Hosts {
		h := l.fleet.At(i)
		if h.State.Problem() && (match == nil || match(&l.cfg.Inventory.Hosts[i])) {
			l.say("%s %s: %s", h.State, h.ID, h.Why(l.cfg.Now()))
			n++
		}
	}
	l.say("%s", plural(n, "problem"))
}

func (l *lineConsole) host(id inventory.HostID) {
	h, ok := l.cfg.Inventory.Host(id)
	if !ok {
		l.say("the inventory has no host %q", id)
		return
	}
	st, _ := l.fleet.Host(id)
	l.say("%s at %s: %s. %s", id, placeWords(h), st.State, st.Why(l.cfg.Now()))
	l.say("%s", hostWords(l.fleet, h.OS, st))
	for _, k := range l.fleet.Facts(id) {
		word := ""
		if k.Fact.Check {
			word, _ = checkWord(k.Fact.State)
		}
		if !l.fleet.Fresh(k.At) {
			word = "STALE " + word
		}
		l.say("%s %s = %s %s %s, %s ago", word, k.Fact.Key, k.Fact.Value, k.Fact.Unit, k.Fact.Text, ago(k.At, l.cfg.Now()))
	}
}

func (l *lineConsole) journal(ctx context.Context) error {
	runs, err := l.cfg.Journal.Runs(ctx, journal.Query{Limit: 20})
	for _, r := range runs {
		l.say("%s %s by %s: %s on %s: %s, %s", r.Run, r.Started.Local().Format("2006-01-02 15:04"), r.By.User, r.Runbook, runbooks.ScopeName(r.Scope), r.Result, countWords(r))
	}
	return err
}

// search says the newest hits, a line each.
func (l *lineConsole) search(ctx context.Context, text string) error {
	if l.cfg.Search == nil || text == "" {
		l.say("search TEXT: %s", cmp.Or(noSearch(l.cfg)(), "say what to look for"))
		return nil
	}
	found, err := l.cfg.Search(ctx, text, 0)
	if err != nil {
		return err
	}
	const most = 20
	for _, h := range found.Hits[:min(len(found.Hits), most)] {
		l.say("%s %s %s %s: %s", h.At.Local().Format("2006-01-02 15:04:05"), kindWord(h.Kind), h.Run, h.Host, h.Line)
	}
	switch {
	case len(found.Hits) == 0:
		l.say("nothing found")
	case found.More || len(found.Hits) > most:
		l.say("there are more; since= and host= narrow it")
	}
	return nil
}

func (l *lineConsole) replay(ctx context.Context, id journal.RunID) error {
	_, err := Lines(l, l.cfg.Journal.Events(ctx, id, 0, true))
	return err
}

// run plans, shows, asks for the typed confirmation, starts and follows.
func (l *lineConsole) run(ctx context.Context, rest string) error {
	name, sel, _ := strings.Cut(rest, " ")
	if l.cfg.Resolve == nil || l.cfg.Runs == nil || l.cfg.Readonly {
		l.say("runs cannot be started from here")
		return nil
	}
	plan, err := l.cfg.Resolve(Wish{Runbook: name, Select: strings.TrimSpace(sel)})
	if err != nil {
		return err
	}
	s := &planScreen{cfg: l.cfg, plan: plan, rb: runbooks.Runbook{Name: name}}
	for _, h := range plan.Hosts {
		if h.Prod {
			s.prod++
		}
	}
	l.say("plan %s: targets %s. groups: %s. order: %s. needs: %s. %s", name, s.targets(), s.groups(), s.order(), s.needs(), s.undo())
	for i, st := range plan.Steps {
		l.say("step %d: %s. risk %s. %s", i+1, st.ID, st.Risk, s.command(st))
	}
	if l.cfg.Pace != nil {
		for _, p := range l.cfg.Pace(ctx, &plan) {
			l.say("%s: %s", p[0], p[1])
		}
	}
	for _, w := range plan.Warnings {
		l.say("warning: %s", w)
	}
	if !l.owed(s) {
		return nil
	}
	p := s.confirm()
	text, ok := l.question(p.label)
	if !ok || !matches(text, s.words()) {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	id, err := l.cfg.Runs.Start(ctx, plan, s.reason, s.ticket)
	if err != nil {
		return err
	}
	return l.replay(ctx, id)
}

// owed asks for what the inventory requires of the plan; false = it was not said.
func (l *lineConsole) owed(s *planScreen) bool {
	var owed *runbooks.OwedError
	for errors.As(s.plan.Owed(s.reason, s.ticket), &owed) {
		text, ok := l.question(owed.Setting + ". " + capital(owed.What()) + ":")
		if text = strings.TrimSpace(text); !ok || text == "" {
			l.say("%s", owed.Error())
			return false
		}
		if owed.Setting == "require_ticket" {
			s.ticket = text
		} else {
			s.reason = text
		}
	}
	return true
}

func matches(text string, words []string) bool {
	for _, w := range words {
		if text == w {
			return true
		}
	}
	return false
}
