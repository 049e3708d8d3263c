package ui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

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
}

// runLines asks for commands until the input ends.
func runLines(ctx context.Context, cfg Config) error {
	l := &lineConsole{cfg: cfg, in: bufio.NewScanner(cfg.Input), out: cfg.Output, fleet: fleet.New(cfg.Inventory)}
	if cfg.Known != nil {
		for k, err := range cfg.Known(ctx) {
			if err != nil {
				return fmt.Errorf("what the journal knows: %w", err)
			}
			l.fleet.Known(k)
		}
	}
	l.fleet.Refresh(cfg.Now())
	if cfg.Open != "" {
		return l.replay(ctx, cfg.Open)
	}
	l.summary()
	for ctx.Err() == nil {
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
	fmt.Fprintln(l.out, quote.ASCII(fmt.Sprintf(format, args...)))
}

func (l *lineConsole) question(text string) (string, bool) {
	fmt.Fprint(l.out, quote.ASCII(text)+" ")
	if !l.in.Scan() {
		fmt.Fprintln(l.out)
		return "", false
	}
	return strings.TrimSpace(l.in.Text()), true
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
	case "run":
		return false, l.run(ctx, rest)
	case "journal":
		return false, l.journal(ctx)
	case "replay":
		return false, l.replay(ctx, journal.RunID(rest))
	default:
		l.say("no command %q", name)
	}
	return false, nil
}

func (l *lineConsole) help() {
	for _, s := range []string{"fleet: the sites and their states", "problems [FILTER]: hosts that are not OK", "host NAME: a host", "runbooks: what can be run",
		"run RUNBOOK SELECTOR: plan, confirm, run", "journal: the latest runs", "replay RUN: a run's events", "quit"} {
		l.say("%s", s)
	}
}

func (l *lineConsole) problems(text string) {
	match := filter(text, l.fleet.Values)
	n := 0
	for i := range l.cfg.Inventory.Hosts {
		h := l.fleet.At(i)
		if h.State.Problem() && (match == nil || match(&l.cfg.Inventory.Hosts[i])) {
			l.say("%s %s: %s", h.State, h.ID, h.Reason)
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
	l.say("%s at %s: %s. %s", id, placeWords(h), st.State, st.Reason)
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
		l.say("%s %s by %s: %s on %s: %s, %s", r.Run, r.Started.Local().Format("2006-01-02 15:04"), r.By.User, r.Runbook, r.Scope, r.Result, countWords(r))
	}
	return err
}

func (l *lineConsole) replay(ctx context.Context, id journal.RunID) error {
	_, err := Lines(l.out, l.cfg.Journal.Events(ctx, id, 0, true))
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
	for _, w := range plan.Warnings {
		l.say("warning: %s", w)
	}
	p := s.confirm()
	text, ok := l.question(p.label)
	if !ok || !matches(text, s.words()) {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	id, err := l.cfg.Runs.Start(ctx, plan, "", "")
	if err != nil {
		return err
	}
	return l.replay(ctx, id)
}

func matches(text string, words []string) bool {
	for _, w := range words {
		if text == w {
			return true
		}
	}
	return false
}
