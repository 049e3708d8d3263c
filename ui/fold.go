package ui

import (
	"slices"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// group is a set of hosts of a run that stand alike: the same state, the same step, the same output.
type group struct {
	rank    int
	word    string // "FAIL", "run", "OK"
	token   token
	step    string
	text    string // the output, or the reason; raw
	hosts   []int  // places in the plan
	differs bool   // fewer hosts than another group of the same state and step
	same    bool   // their output is equal byte for byte
}

// hostWord is a host's state in a run: where it stands in the order of attention, and its word.
func hostWord(h *journal.HostState) (rank int, word string, t token) {
	switch h.Phase {
	case journal.Waiting:
		return 8, "wait", dim
	case journal.AtWork:
		return 4, "run", busy
	}
	switch h.Outcome {
	case journal.Failed:
		return 0, "FAIL", bad
	case journal.Unreachable:
		return 1, "UNREACH", bad
	case journal.Unknown:
		return 2, "UNKNOWN", unsure
	case journal.Warned:
		return 3, "WARN", warn
	case journal.OK:
		return 5, "OK", good
	case journal.Skipped:
		return 6, "skip", dim
	}
	return 7, "ABORTED", unsure
}

// stepOf is the step that a host's line is about: the one that runs or failed, or the last that ran.
func (w *watch) stepOf(i int) (int, string) {
	h, steps := &w.state.Hosts[i], w.state.Plan().Steps
	s := h.Step
	if h.Phase == journal.Waiting {
		return -1, "-"
	}
	if s >= len(steps) || h.Steps[s].Attempt == 0 && s > 0 && h.Phase == journal.Ended {
		s = len(steps) - 1
		for s > 0 && h.Steps[s].Attempt == 0 {
			s--
		}
	}
	if s < 0 || s >= len(steps) {
		return -1, "-"
	}
	return s, string(steps[s].ID)
}

// textOf is what a host's line says: why it failed, what its checks came to, or its last line of output.
func (w *watch) textOf(i int) string {
	h := &w.state.Hosts[i]
	s, _ := w.stepOf(i)
	if s < 0 {
		return ""
	}
	st, out := &h.Steps[s], w.outs[i].words()
	if w.outs[i].step != s {
		out = ""
	}
	if h.Phase == journal.Ended {
		if text, ok := verdict(h.Facts); ok && w.state.Plan().Steps[s].Emits == "checks" && (h.Outcome.Good() || h.Outcome == journal.Failed) {
			return text
		}
		if !h.Outcome.Good() && (out == "" || h.Outcome != journal.Failed) {
			return st.Reason
		}
	}
	if w.state.Plan().Steps[s].Kind == runbooks.Manual && h.Phase == journal.AtWork {
		return "waits for a person: " + w.state.Plan().Steps[s].Words
	}
	if out == "" {
		return st.Reason
	}
	return out
}

type groupKey struct {
	rank int
	step string
	text string
	hash uint64
}

// fold groups the run's hosts, failures first; what is equal is one line, whatever the number of hosts.
func (w *watch) fold() []group {
	index := map[groupKey]int{}
	var groups []group
	for i := range w.state.Hosts {
		h := &w.state.Hosts[i]
		rank, word, tok := hostWord(h)
		_, step := w.stepOf(i)
		key := groupKey{rank: rank, step: step}
		text := ""
		if h.Phase == journal.Ended {
			text = w.textOf(i)
			key.text = text
			if _, checks := verdict(h.Facts); h.Outcome.Good() && !checks {
				key.hash = w.outs[i].hash
			}
		}
		g, ok := index[key]
		if !ok {
			g = len(groups)
			index[key] = g
			groups = append(groups, group{rank: rank, word: word, token: tok, step: step, text: text, same: key.hash != 0})
		}
		groups[g].hosts = append(groups[g].hosts, i)
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		if a.step != b.step {
			return strings.Compare(b.step, a.step)
		}
		return len(b.hosts) - len(a.hosts)
	})
	w.markDiffering(groups)
	return groups
}

// markDiffering marks what is not like the rest, and gives the groups without one output the names of their hosts.
func (w *watch) markDiffering(groups []group) {
	for i := range groups {
		g := &groups[i]
		if i > 0 && groups[i-1].rank == g.rank && groups[i-1].step == g.step && g.rank > 2 {
			g.differs = true
		}
		if g.text == "" {
			g.text = inventory.HostSet(w.ids(g.hosts))
		}
	}
}

func (w *watch) ids(places []int) []inventory.HostID {
	ids := make([]inventory.HostID, len(places))
	for i, p := range places {
		ids[i] = w.state.Hosts[p].ID
	}
	return ids
}

func plural(n int, what string) string {
	if n == 1 || what == "more" {
		return strconv.Itoa(n) + " " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
