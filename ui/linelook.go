package ui

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// catchUp takes up what runs have found since the console last looked: those that were open when it began, and those that began later,
// whoever started them. Without it the answers would be as old as the console.
func (l *lineConsole) catchUp(ctx context.Context) error {
	open, err := l.cfg.Journal.Runs(ctx, journal.Query{Open: true, Limit: 20})
	if err != nil {
		return err
	}
	later, err := l.cfg.Journal.Runs(ctx, journal.Query{Since: l.since, Limit: 50})
	if err != nil {
		return err
	}
	for _, r := range append(open, later...) {
		if _, known := l.read[r.Run]; !known {
			l.read[r.Run] = 0
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.read)) {
		for _, err := range l.taken(ctx, id, false) {
			if err != nil {
				return fmt.Errorf("run %s: %w", id, err)
			}
		}
	}
	l.fleet.Refresh(l.cfg.Now())
	return nil
}

// taken are a run's events, each folded into the fleet on its way. Those that were taken already come again only to be shown.
func (l *lineConsole) taken(ctx context.Context, id journal.RunID, show bool) iter.Seq2[journal.Event, error] {
	after := l.read[id]
	if show {
		after = 0
	}
	return func(yield func(journal.Event, error) bool) {
		for e, err := range l.cfg.Journal.Events(ctx, id, after, show) {
			if err == nil && e.Seq > l.read[id] {
				l.read[id] = e.Seq
				l.fleet.Apply(e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (l *lineConsole) summary() {
	all := l.fleet.All()
	l.say("tend: %s. %s", plural(all.Hosts, "host"), tally(newPen(Line, false), all))
}

// atWork says which runs have not ended: what they find is still to come.
func (l *lineConsole) atWork(ctx context.Context) error {
	open, err := l.cfg.Journal.Runs(ctx, journal.Query{Open: true, Limit: 20})
	for _, r := range open {
		l.say("run %s has not ended: %s on %s, %s", r.Run, r.Runbook, runbooks.ScopeName(r.Scope), countWords(r))
	}
	return err
}

// linesAtOnce is how many lines of a long answer are said before the next command.
const linesAtOnce = 20

// problem is hosts that stand alike, for the same reason.
type problem struct {
	state fleet.State
	why   string
	hosts []inventory.HostID
}

// worstFirst orders states as they are said: what failed first, what was never seen last.
var worstFirst = []fleet.State{fleet.Fail, fleet.Down, fleet.Warn, fleet.Unknown, fleet.Never}

// problems says how many there are, then each, the worst first, hosts with the same one together; "more" goes on.
func (l *lineConsole) problems(text string) {
	match := filter(text, l.fleet.Values)
	var list []problem
	count := map[fleet.State]int{}
	for i := range l.cfg.Inventory.Hosts {
		h := l.fleet.At(i)
		if !h.State.Problem() || match != nil && !match(&l.cfg.Inventory.Hosts[i]) {
			continue
		}
		count[h.State]++
		why := h.Why(l.cfg.Now())
		at := slices.IndexFunc(list, func(p problem) bool { return p.state == h.State && p.why == why })
		if at < 0 {
			at, list = len(list), append(list, problem{state: h.State, why: why})
		}
		list[at].hosts = append(list[at].hosts, h.ID)
	}
	slices.SortStableFunc(list, func(a, b problem) int { return slices.Index(worstFirst, a.state) - slices.Index(worstFirst, b.state) })
	total, words := 0, []string(nil)
	for _, s := range worstFirst {
		if n := count[s]; n > 0 {
			total, words = total+n, append(words, fmt.Sprintf("%s %d", s, n))
		}
	}
	l.say("%s", strings.TrimSuffix(plural(total, "host")+" not OK: "+strings.Join(words, ", "), ": "))
	l.rest = nil
	for _, p := range list {
		l.rest = append(l.rest, p.words())
	}
	l.more()
}

func (p problem) words() string {
	if len(p.hosts) == 1 {
		return fmt.Sprintf("%s %s: %s", p.state, p.hosts[0], p.why)
	}
	return fmt.Sprintf("%s %s, %s: %s", p.state, plural(len(p.hosts), "host"), p.why, inventory.HostSet(p.hosts))
}

// sheet says a page, a line a row.
func (l *lineConsole) sheet(ctx context.Context, name string) error {
	if l.cfg.Sheet == nil {
		l.say("%s is not possible here: nobody can make it here", name)
		return nil
	}
	sheet, err := l.cfg.Sheet(ctx, name, "")
	if err != nil {
		return err
	}
	l.say("%s", strings.Trim(name+": "+sheet.Right+", "+sheet.Sub, ":, "))
	l.rest = nil
	for _, r := range sheet.Rows {
		if r.Title {
			r.Text += ":"
		}
		l.rest = append(l.rest, strings.Join(strings.Fields(r.Text), " "))
	}
	if len(sheet.Rows) == 0 {
		l.rest = []string{sheet.None}
	}
	l.more()
	return nil
}

// more says the next lines of a long answer.
func (l *lineConsole) more() {
	n := min(len(l.rest), linesAtOnce)
	for _, line := range l.rest[:n] {
		l.say("%s", line)
	}
	if l.rest = l.rest[n:]; len(l.rest) > 0 {
		l.say("%s left; more says them", plural(len(l.rest), "line"))
	}
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
