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
	own     bool   // but for each host's own name in it
	general string // text, with <host> for the host's own name
	// sort, low, high and unit are of a check: its key, and the span of its values over the hosts.
	sort, low, high, unit string
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
	case journal.Refused:
		return 0, "REFUSED", bad
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

// stepOf is the step that a host's line is about: the one that runs or failed, before which the run was aborted, or the last that ran.
func (w *watch) stepOf(i int) (int, string) {
	h, steps := &w.state.Hosts[i], w.state.Plan().Steps
	s := h.Step
	if h.Phase == journal.Waiting {
		return -1, "-"
	}
	if s >= len(steps) || h.Steps[s].Attempt == 0 && s > 0 && h.Phase == journal.Ended && h.Outcome != journal.Aborted {
		s = len(steps) - 1
		for s > 0 && (h.Steps[s].Attempt == 0 || steps[s].Group != "" && h.Outcome.Good()) { // the work is told, not the way back from it
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
		if v, ok := w.verdictOf(i); ok {
			return v.words()
		}
		if !h.Outcome.Good() && (out == "" || h.Outcome != journal.Failed || w.outs[i].counts(w.state.Plan().Steps[s])) {
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

// verdictOf is what the host's checks come to, where its line is about checks.
func (w *watch) verdictOf(i int) (verdict, bool) {
	h := &w.state.Hosts[i]
	s, _ := w.stepOf(i)
	if s < 0 || h.Phase != journal.Ended || w.state.Plan().Steps[s].Emits != "checks" || !h.Outcome.Good() && h.Outcome != journal.Failed {
		return verdict{}, false
	}
	j := &w.verdicts[i]
	if !j.made {
		*j = judgement{true, judged(h.Facts)}
	}
	if h.Outcome == journal.Failed && j.worst.State != runbooks.CheckCrit { // something else failed: a command, a time limit
		return verdict{}, false
	}
	return j.verdict, j.all > 0
}

type groupKey struct {
	rank int
	step string
	text string
	hash uint64
}

// fold groups the run's hosts, failures first; what is equal is one line, whatever the number of hosts. Output is equal byte for byte, but for
// each host's own name in it: "web-01: no space left" is said by forty hosts in forty ways, and is one thing. Checks are alike where the same one is worst.
func (w *watch) fold() []group {
	index := map[groupKey]int{}
	var groups []group
	for i := range w.state.Hosts {
		key, g := w.groupOf(i)
		at, ok := index[key]
		if !ok {
			at = len(groups)
			index[key] = at
			groups = append(groups, g)
		}
		groups[at].add(i, g)
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
	for i := range groups {
		g := &groups[i]
		g.differs = g.same && i > 0 && groups[i-1].same && groups[i-1].rank == g.rank && groups[i-1].step == g.step
		if g.text == "" {
			g.text = inventory.HostSet(w.ids(g.hosts))
		}
	}
	return groups
}

// groupOf is the group that a host belongs to, as it would be with that host alone.
func (w *watch) groupOf(i int) (groupKey, group) {
	h := &w.state.Hosts[i]
	g := group{}
	g.rank, g.word, g.token = hostWord(h)
	if w.state.Result != journal.Open && h.Phase == journal.Waiting {
		g.word = "not run"
	}
	_, g.step = w.stepOf(i)
	key := groupKey{rank: g.rank, step: g.step}
	if h.Phase != journal.Ended {
		return key, g
	}
	g.text = w.textOf(i)
	g.general = general(g.text, h.ID)
	key.text = g.general
	if v, ok := w.verdictOf(i); ok {
		key.text, g.sort = v.sort(), v.worst.Key
		g.low, g.unit = v.worst.Value, v.worst.Unit
		g.high = g.low
	} else if h.Outcome.Good() {
		key.hash, g.own = w.outs[i].sum.value()
		g.same = key.hash != 0
	}
	return key, g
}

// add takes a host in. Where the words differ, what is left of them is the check and the span of its values.
func (g *group) add(i int, one group) {
	g.hosts = append(g.hosts, i)
	switch {
	case g.text == one.text:
		return
	case g.sort == "":
		g.text = g.general
		return
	}
	g.low, g.high = lesser(g.low, one.low), greater(g.high, one.high)
	unit := g.unit
	if unit != "" && unit != "%" {
		unit = " " + unit
	}
	g.text = g.sort + " " + g.low + unit
	if g.low != g.high {
		g.text += " to " + g.high + unit
	}
	g.text = strings.TrimSpace(g.text)
}

func lesser(a, b string) string {
	if less(b, a) {
		return b
	}
	return a
}

func greater(a, b string) string {
	if less(a, b) {
		return b
	}
	return a
}

// less compares values as numbers where both are.
func less(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 == nil && err2 == nil {
		return x < y
	}
	return a < b
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
