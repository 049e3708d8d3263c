package ui

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// Lines prints a run's events as lines, one an event that matters to a reader, and a recap at the end: failures first, hosts that
// stand alike in one line. It draws nothing, moves no cursor and prints ASCII only, so that it serves logs, pipes and screen readers.
// It returns the run as folded; the error is that of the events or of w.
func Lines(w io.Writer, events iter.Seq2[journal.Event, error]) (*journal.State, error) {
	p := &linePrinter{out: w, w: &watch{state: journal.NewState()}}
	for e, err := range events {
		if err != nil {
			return p.w.state, err
		}
		p.event(e)
		p.asks(e)
		if p.err != nil {
			return p.w.state, p.err
		}
	}
	p.recap()
	return p.w.state, p.err
}

// linePrinter folds as the run screen does.
type linePrinter struct {
	out io.Writer
	w   *watch
	err error
	// said are the manual steps whose words stand above already: of many hosts that wait with one, each needs its name only.
	said map[runbooks.StepID]bool
}

func (p *linePrinter) print(at time.Time, format string, args ...any) {
	if p.err != nil {
		return
	}
	line := strings.TrimRight(ascii(fmt.Sprintf(format, args...)), " :")
	_, p.err = io.WriteString(p.out, at.Local().Format("15:04:05 ")+line+"\n")
}

func (p *linePrinter) event(e journal.Event) {
	p.w.apply(e)
	switch b := e.Body.(type) {
	case journal.PlanAccepted:
		p.print(e.At, "run %s: %s on %s, %s, by %s", e.Run, b.Plan.Runbook, runbooks.ScopeName(b.Plan.Scope), plural(len(b.Plan.Hosts), "host"), b.By.User)
		if m := b.Maintenance; m != nil {
			p.print(e.At, "run %d of %d of the maintenance plan %s, digest %.12s", m.Run, m.Of, m.Plan, m.Digest)
		}
		for _, warning := range b.Plan.Warnings {
			p.print(e.At, "warning: %s", warning)
		}
	case journal.RunnerStarted:
		if b.Resumed {
			p.print(e.At, "taken up again on %s", b.Host)
		}
	case journal.WaveOpened:
		if waves := p.w.state.Plan().Waves; len(waves) > 1 && b.Wave < len(waves) {
			p.print(e.At, "wave %d of %d begins: %s, %s", b.Wave+1, len(waves), waves[b.Wave].Name, plural(len(waves[b.Wave].Hosts), "host"))
		}
	case journal.StepEnded:
		p.ended(e.At, b)
	case journal.Decided:
		p.print(e.At, "decided by %s: %s %s %s", b.By.User, b.Decision, b.Host, b.Reason)
	case journal.Remarked:
		p.print(e.At, "%s%s", whom(b), b.Text)
	case journal.RunClosed:
		p.print(e.At, "run %s ended, %s: %s", e.Run, b.Result, b.Reason)
	}
}

// asks says what a manual step, or a wave, wants of a person, and how it is answered: here is no screen on which that is done.
func (p *linePrinter) asks(e journal.Event) {
	if m, ok := e.Body.(journal.Remarked); ok && m.Host == "" && p.w.state.Waits() >= 0 {
		p.print(e.At, "    tend approve %s lets it begin", e.Run)
	}
	b, ok := e.Body.(journal.StepStarted)
	k := p.w.state.StepIndex(b.Step)
	if !ok || k < 0 || p.w.state.Plan().Steps[k].Kind != runbooks.Manual {
		return
	}
	step := &p.w.state.Plan().Steps[k]
	p.print(e.At, "%s waits for a person: %s, %s", b.Host, step.ID, step.Title)
	if !p.said[step.ID] {
		for line := range strings.Lines(strings.TrimSpace(step.Words)) {
			p.print(e.At, "    %s", strings.TrimSpace(line))
		}
	}
	answers := ""
	for _, q := range step.Asks {
		answers += " " + q.Name + "=..."
		if !p.said[step.ID] || q.Is != "" {
			p.print(e.At, "    %s=... %s%s", q.Name, p.w.asking(b.Host, q), map[bool]string{true: " (yes or no)"}[q.Type == "yes"])
		}
	}
	p.print(e.At, "    tend answer %s %s%s says that it is done; with --no --reason WHY, that it could not be", e.Run, b.Host, answers)
	if p.said == nil {
		p.said = map[runbooks.StepID]bool{}
	}
	p.said[step.ID] = true
}

// whom is what a remark concerns, where it concerns a host.
func whom(b journal.Remarked) string {
	who := strings.TrimSpace(string(b.Host) + " " + string(b.Step))
	if who == "" {
		return "note: "
	}
	return who + ": "
}

func (p *linePrinter) ended(at time.Time, b journal.StepEnded) {
	i := p.w.state.Index(b.Host)
	text := b.Reason
	if i >= 0 && b.Outcome != journal.Skipped {
		text = p.saying(i, b)
	}
	if b.Hint != "" {
		text += " (" + b.Hint + ")"
	}
	if text != "" {
		text = ": " + text
	}
	p.print(at, "%s %s %s%s", strings.ToUpper(b.Outcome.String()), b.Host, b.Step, text)
}

// saying is why a step ended so, and what it said last.
func (p *linePrinter) saying(i int, b journal.StepEnded) string {
	step, t := p.w.state.StepIndex(b.Step), ""
	if at, _ := p.w.stepOf(i); at == step {
		t = p.w.textOf(i)
		if _, checks := p.w.verdictOf(i); checks && b.Reason != "" {
			return b.Reason // of checks that failed, the reason says all
		}
	} else if p.w.outs[i].step == step && p.w.state.Plan().Steps[step].Group != "" {
		t = p.w.outs[i].words()
	}
	if strings.Contains(strings.Join(strings.Fields(b.Reason), " "), strings.Join(strings.Fields(quote.Line(t)), " ")) { // a reason has no two blanks in a row
		return b.Reason
	}
	return strings.TrimSpace(b.Reason + " " + t)
}

// recap is the run in a few lines.
func (p *linePrinter) recap() {
	st := p.w.state
	if st.Run == "" {
		return
	}
	p.raw("\n")
	for _, g := range p.w.fold() {
		hosts := inventory.HostSet(p.w.ids(g.hosts))
		line := fmt.Sprintf("%-8s %4d  %-12s %s", g.word, len(g.hosts), g.step, hosts)
		if g.text != hosts {
			line += ": " + g.text
		}
		if g.differs {
			line += "  <- differs"
		}
		p.raw(ascii(line) + "\n")
	}
	if st.TurnedAway > 0 {
		p.raw(fmt.Sprintf("\n%d logins were turned away at the door (MaxStartups) and made again.\n", st.TurnedAway))
	}
	words := st.Result.String()
	if st.Result == journal.Open {
		words = "not ended"
	}
	p.raw("\n" + ascii(fmt.Sprintf("%s %s: %s, %s in %s", st.Run, st.Plan().Runbook, words, p.w.counts(newPen(Line, false)), clock(st.Last.Sub(st.Started)))) + "\n")
}

func (p *linePrinter) raw(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.out, s)
	}
}
