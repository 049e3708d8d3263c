package ui

import (
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
	in    *typist
	out   io.Writer
	fleet *fleet.Fleet
	// mu is over out and what follows: a run's question may come while its lines are printed, or while a prompt waits.
	mu       sync.Mutex
	atPrompt bool
	// following says that commands are read while a run is followed: a question that came of itself would take its answer from them.
	following bool
	pending   []Ask // came while a prompt waited
	open      []Ask // were left open
	// since is when the console began; read is how far each run was taken up that has begun since, or was open then.
	since time.Time
	read  map[journal.RunID]uint64
	rest  []string // of a long answer, said when "more" asks for it
	ahead []string // commands that were typed while a run was followed, and are none for it
}

// runLines asks for commands until the input ends.
func runLines(ctx context.Context, cfg Config) error {
	l := &lineConsole{cfg: cfg, in: newTypist(cfg.Input), out: cfg.Output, fleet: fleet.New(cfg.Inventory), since: cfg.Now(), read: map[journal.RunID]uint64{}}
	l.fleet.Refresh(l.since)
	defer l.in.end()
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
		defer l.answering(ctx)()
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
		line, ok := l.next()
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
	t := l.in.line()
	if !t.ok {
		fmt.Fprintln(l.out)
	}
	return t.text, t.ok
}

// next is the next command: one that was typed ahead, or one that is asked for.
func (l *lineConsole) next() (string, bool) {
	if len(l.ahead) > 0 {
		line := l.ahead[0]
		l.ahead = l.ahead[1:]
		l.say("%s:", line)
		return line, true
	}
	return l.question("command (help lists them):")
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
			switch {
			case a.Gone:
				l.moot(a)
			case ctx.Err() == nil:
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
	if l.atPrompt || l.following {
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
	label := "answer; an empty line leaves the question open, and the command refuse says no to it:"
	if a.Words != "" {
		label = "type " + quote.ASCII(a.Words) + " to say yes, no to refuse; anything else leaves the question open:"
	}
	text, ok := l.secret(label+" ", a.Secret)
	if a.Words != "" && text != a.Words && text != "no" {
		text = ""
	}
	if !ok || text == "" {
		l.open = append(l.open, a)
		fmt.Fprintln(l.out, "the question stays open; answer asks it again, refuse says no to it")
		return
	}
	l.reply(ctx, a, text, a.Words == "" || text == a.Words)
}

// reply hands an answer over; where it is no, it is nothing but that.
func (l *lineConsole) reply(ctx context.Context, a Ask, text string, ok bool) {
	if !ok {
		text = ""
	}
	if err := l.cfg.Asks.Answer(ctx, a, text, ok); err != nil {
		fmt.Fprintln(l.out, quote.ASCII("the answer did not arrive: "+withHint(err)))
	}
}

// secret asks for a line that a terminal does not show, from before it is asked for.
func (l *lineConsole) secret(label string, secret bool) (string, bool) {
	f, tty := l.cfg.Input.(interface{ Fd() uintptr })
	if !secret || !tty || !term.IsTerminal(f.Fd()) {
		fmt.Fprint(l.out, label)
		return l.scan()
	}
	defer dark(f)()
	fmt.Fprint(l.out, label)
	text, err := darkLine(l.cfg.Input)
	fmt.Fprintln(l.out)
	return text, err == nil
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
	case "replay", "follow":
		return false, l.replay(ctx, journal.RunID(rest))
	case "resume":
		return false, l.resume(ctx, journal.RunID(rest))
	case "plan":
		return false, l.plan(ctx, rest)
	default:
		if slices.Contains(steering, name) {
			return false, l.steerOne(ctx, name, rest)
		}
		l.say("no command %q; help lists them", name)
	}
	return false, nil
}

func (l *lineConsole) help() {
	for _, s := range []string{"fleet: the sites and their states", "problems [FILTER]: hosts that are not OK, the worst first", "status, posture, drift, insight, calendar: the pages that the screens have", "more: the rest of a long answer", "host NAME: a host", "runbooks: what can be run",
		"run RUNBOOK SELECTOR: plan, confirm, run", "journal: the latest runs", "search TEXT: the newest events in which the words stand", "replay RUN, follow RUN: a run's events, to its end; while it is at work, it takes commands",
		"resume RUN: take up a run whose process is gone", "plan NAME [difference REVISION, rehearse TROUBLES, approve, start]: a maintenance plan, and what can be done about it", "quit"} {
		l.say("%s", s)
	}
	l.steerHelp()
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
	const most = 20
	said := 0
	for before := int64(0); ; {
		found, err := l.cfg.Search(ctx, text, before)
		if err != nil {
			return err
		}
		for _, h := range found.Hits[:min(len(found.Hits), most-said)] {
			l.say("%s %s %s %s: %s", h.At.Local().Format("2006-01-02 15:04:05"), kindWord(h.Kind), h.Run, h.Host, h.Line)
		}
		more := found.Next > 0 || said+len(found.Hits) > most
		said = min(said+len(found.Hits), most)
		if before = found.Next; !found.Unseen.IsZero() && said < most {
			continue
		}
		switch {
		case said == 0:
			l.say("nothing found")
		case more:
			l.say("there are more; since= and host= narrow it")
		}
		return nil
	}
}
