package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
	"tend/textdiff"
)

// compareRuns reads two runs and shows what is different between them: hosts, outcomes, facts; equal differences folded over hosts.
func compareRuns(a, b journal.RunID) action {
	return func(c *console) tea.Cmd {
		j := c.cfg.Journal
		c.note = note{text: "comparing ..."}
		return c.work.do(func(ctx context.Context) tea.Msg {
			was, err := foldRun(ctx, j, a)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			is, err := foldRun(ctx, j, b)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			return then(push(newTextPager("COMPARE", string(a)+" with "+string(b), differences(was, is))))
		})
	}
}

func foldRun(ctx context.Context, j journal.Journal, id journal.RunID) (*journal.State, error) {
	s := journal.NewState()
	for e, err := range j.Events(ctx, id, 0, false) {
		if err != nil {
			return nil, err
		}
		s.Apply(e)
	}
	return s, nil
}

// differences tells what is with its hosts, the most hosts first.
func differences(was, is *journal.State) string {
	byText := map[string][]inventory.HostID{}
	add := func(id inventory.HostID, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		byText[text] = append(byText[text], id)
	}
	for i := range was.Hosts {
		a := &was.Hosts[i]
		b := is.Host(a.ID)
		if b == nil {
			add(a.ID, "only in the first")
			continue
		}
		if x, y := hostEnd(a), hostEnd(b); x != y {
			add(a.ID, "%s -> %s", x, y)
		}
		for _, key := range sortedKeys(a.Facts) {
			if old, now := factWords(a, key), factWords(b, key); old != now {
				add(a.ID, "%s: %s -> %s", key, old, now)
			}
		}
		for _, key := range sortedKeys(b.Facts) {
			if _, ok := a.Facts[key]; !ok {
				add(a.ID, "%s: not there -> %s", key, factWords(b, key))
			}
		}
	}
	for i := range is.Hosts {
		if was.Host(is.Hosts[i].ID) == nil {
			add(is.Hosts[i].ID, "only in the second")
		}
	}
	return differenceText(was, is, byText)
}

func differenceText(was, is *journal.State, byText map[string][]inventory.HostID) string {
	var out strings.Builder
	for _, s := range []*journal.State{was, is} {
		fmt.Fprintf(&out, "%s  %s  %s  %s, %s\n", s.Run, s.Started.Local().Format("2006-01-02 15:04"), s.Plan().Runbook, runbooks.ScopeName(s.Plan().Scope), s.Result)
	}
	out.WriteByte('\n')
	texts := sortedKeys(byText)
	slices.SortStableFunc(texts, func(a, b string) int { return len(byText[b]) - len(byText[a]) })
	for _, t := range texts {
		fmt.Fprintf(&out, "%4d  %s\n      %s\n", len(byText[t]), t, inventory.HostSet(byText[t]))
	}
	if len(texts) == 0 {
		out.WriteString("nothing is different\n")
	}
	return out.String()
}

func hostEnd(h *journal.HostState) string {
	_, word, _ := hostWord(h)
	return word
}

// factWords is a fact with its verdict, if it is a check's.
func factWords(h *journal.HostState, key string) string {
	f, ok := h.Facts[key]
	switch {
	case !ok:
		return "not there"
	case f.Check:
		word, _ := checkWord(f.State)
		return strings.TrimSpace(word + " " + f.Amount())
	}
	return f.Value
}

// diffOutputs shows how the output of one host differs from another's, in the step that both lines are about.
func diffOutputs(j journal.Journal, run journal.RunID, step string, a, b inventory.HostID) action {
	return func(c *console) tea.Cmd {
		return c.work.do(func(ctx context.Context) tea.Msg {
			x, err := stepOutput(ctx, j, run, step, a)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			y, err := stepOutput(ctx, j, run, step, b)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			text := fmt.Sprintf("--- %s\n+++ %s\n%s", a, b, diff(x, y))
			return then(push(newTextPager("DIFFERENCE", fmt.Sprintf("%s: %s, %s", step, a, b), text)))
		})
	}
}

// diffLines is how much output is compared; the rest is said to be left out.
const diffLines = 4000

// stepOutput is a host's output in the latest attempt at a step.
func stepOutput(ctx context.Context, j journal.Journal, run journal.RunID, step string, host inventory.HostID) ([]string, error) {
	var b strings.Builder
	attempt := 0
	for e, err := range j.Events(ctx, run, 0, false) {
		if err != nil {
			return nil, err
		}
		out, ok := e.Body.(journal.OutputRead)
		if !ok || out.Host != host || string(out.Step) != step {
			continue
		}
		if out.Attempt != attempt {
			attempt = out.Attempt
			b.Reset()
		}
		b.Write(out.Data)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) > diffLines {
		lines = append(lines[:diffLines:diffLines], "... the rest is not compared")
	}
	return lines, nil
}

// diff is the lines of both, those that only one has marked with - and +.
func diff(a, b []string) string {
	var out strings.Builder
	for _, l := range textdiff.Lines(a, b) {
		out.WriteString(l.String())
		out.WriteByte('\n')
	}
	return out.String()
}
