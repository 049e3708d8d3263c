package main

import (
	"context"
	"fmt"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// outputKept is how much of one host's answer is printed behind a command; the journal has all of it.
const outputKept = 256 << 10

// answer is what some hosts answered, all of them the same.
type answer struct {
	hosts []inventory.HostID
	text  string
	end   string // "exit 0"
}

// printOutputs prints what a command answered, whole, as clush -b does: once for all hosts that answered the same.
func (a *app) printOutputs(ctx context.Context, book journal.Journal, s *journal.State) error {
	if s.Plan().Runbook != "exec" || s.Result == journal.Open {
		return nil
	}
	all, err := answers(ctx, book, s)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.text == "" && x.end == exit(0) {
			continue
		}
		fmt.Fprintf(a.out, "\n--- %s (%s): %s\n%s", quote.ASCII(inventory.HostSet(x.hosts)), plural(len(x.hosts), "host"), x.end, quote.Text(x.text))
		if !strings.HasSuffix(x.text, "\n") && x.text != "" {
			fmt.Fprintln(a.out)
		}
	}
	return nil
}

// answers folds the output of a run's only step, in the order of the plan's hosts. Hosts that never answered are left out: the recap
// has said why.
func answers(ctx context.Context, book journal.Journal, s *journal.State) ([]*answer, error) {
	said := map[inventory.HostID]*strings.Builder{}
	cut := map[inventory.HostID]int{}
	for e, err := range book.Events(ctx, s.Run, 0, false) {
		if err != nil {
			return nil, err
		}
		switch b := e.Body.(type) {
		case journal.StepStarted:
			said[b.Host], cut[b.Host] = &strings.Builder{}, 0
		case journal.OutputRead:
			room := max(outputKept-said[b.Host].Len(), 0)
			said[b.Host].Write(b.Data[:min(room, len(b.Data))])
			cut[b.Host] += max(len(b.Data)-room, 0)
		}
	}
	var all []*answer
	index := map[string]*answer{}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if said[h.ID] == nil || h.Phase != journal.Ended {
			continue
		}
		end := ends(h)
		if end == notSeen && said[h.ID].Len() == 0 {
			continue
		}
		text := said[h.ID].String()
		if n := cut[h.ID]; n > 0 {
			text += fmt.Sprintf("\n… %d bytes more: tend journal show %s --output --host %s", n, s.Run, h.ID)
		}
		key := end + "\x00" + text
		if index[key] == nil {
			index[key] = &answer{text: text, end: end}
			all = append(all, index[key])
		}
		index[key].hosts = append(index[key].hosts, h.ID)
	}
	return all, nil
}

// notSeen is how the command ended where nobody saw it: what it had printed until then is shown all the same.
const notSeen = "how it ended is not known"

// ends is how a host's command ended, in two words where it has an exit code.
func ends(h *journal.HostState) string {
	switch st := h.Steps[0]; {
	case h.Outcome == journal.OK, h.Outcome == journal.Failed, h.Outcome == journal.Warned && st.Exit >= 0:
		return exit(st.Exit)
	case h.Outcome == journal.Warned:
		return "no exit status"
	}
	return notSeen
}

func exit(code int) string { return fmt.Sprintf("exit %d", code) }
