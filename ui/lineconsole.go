package ui

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

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
	// since is when the console began; read is how far each run was taken up that has begun since, or was open then.
	since time.Time
	read  map[journal.RunID]uint64
	rest  []string // of a long answer, said when "more" asks for it
}

// runLines asks for commands until the input ends.
func runLines(ctx context.Context, cfg Config) error {
	l := &lineConsole{cfg: cfg, in: bufio.NewScanner(cfg.Input), out: cfg.Output, fleet: fleet.New(cfg.Inventory), since: cfg.Now(), read: map[journal.RunID]uint64{}}
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
	if cfg.Open != "" {
		return l.replay(ctx, cfg.Open)
	}
	if err := l.catchUp(ctx); err != nil {
		l.fault(err)
	}
	l.summary()
	if err := l.atWork(ctx); err != nil {
		l.fault(err)
	}
	defer l.answering(ctx)()
	for ctx.Err() == nil {
		l.waiting(ctx)
		line, ok := l.question("command (help lists them):")
		if !ok {
			return nil
		}
		quit, err := l.command(ctx, line)
		if err != nil {
			l.fault(err)
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
	fmt.Fprintln(l.out, ascii(fmt.Sprintf(format, args...)))
}

// fault says an error, which may have several lines.
func (l *lineConsole) fault(err error) {
	lead := "error: "
	for line := range strings.Lines(withHint(err)) {
		l.say("%s%s", lead, strings.TrimSpace(line))
		lead = ""
	}
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
	text, ok := l.scan()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.atPrompt = false
	return text, ok
}

func (l *lineConsole) scan() (string, bool) {
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
		return l.scan()
	}
	b, err := term.ReadPassword(f.Fd())
	fmt.Fprintln(l.out)
	return string(b), err == nil
}

func (l *lineConsole) command(ctx context.Context, line string) (quit bool, err error) {
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if slices.Contains([]string{"fleet", "problems", "host"}, name) {
		if err := l.catchUp(ctx); err != nil {
			return false, err
		}
	}
	switch name {
	case "":
	case "q", "quit", "exit":
		return true, nil
	case "help", "?":
		l.help()
	case "fleet":
		l.summary()
		if err := l.atWork(ctx); err != nil {
			return false, err
		}
		for _, s := range l.cfg.Inventory.Sites {
			l.say("site %s: %s. %s", s.Name, plural(l.fleet.Site(s.Name).Hosts, "host"), tally(newPen(Line, false), l.fleet.Site(s.Name)))
		}
	case "problems":
		l.problems(rest)
	case "status", "posture", "drift", "insight", "calendar":
		return false, l.sheet(ctx, name)
	case "more":
		if len(l.rest) == 0 {
			l.say("that was all")
		}
		l.more()
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
	for _, s := range []string{"fleet: the sites and their states", "problems [FILTER]: hosts that are not OK, the worst first", "status, posture, drift, insight, calendar: the pages that the screens have", "more: the rest of a long answer", "host NAME: a host", "runbooks: what can be run",
		"run RUNBOOK SELECTOR: plan, confirm, run", "journal: the latest runs", "search TEXT: the newest events in which the words stand", "replay RUN: a run's events, to its end", "quit",
		"a run at work is steered from another terminal: tend pause, continue, approve, retry, skip, answer, abort"} {
		l.say("%s", s)
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
