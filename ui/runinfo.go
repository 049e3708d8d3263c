package ui

import (
	"fmt"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// info is the run to be read.
func (s *runScreen) info() string {
	st := s.w.state
	acc := st.Accepted
	var b strings.Builder
	fmt.Fprintf(&b, "run      %s\nrunbook  %s (%s)\nscope    %s\nby       %s\nreason   %s\nticket   %s\nstarted  %s\n",
		st.Run, acc.Plan.Runbook, acc.Plan.Source, runbooks.ScopeName(acc.Plan.Scope), who(acc.By), acc.Reason, acc.Ticket, st.Started.Local().Format(time.DateTime))
	if !st.Closed.IsZero() {
		fmt.Fprintf(&b, "ended    %s, %s\n", st.Closed.Local().Format(time.DateTime), resultWords(st))
	}
	fmt.Fprintf(&b, "digest   %s\n", acc.Plan.Digest)
	if m := acc.Maintenance; m != nil {
		fmt.Fprintf(&b, "plan     %s, run %d of %d, digest %s, approved by %s\n", m.Plan, m.Run, m.Of, m.Digest, strings.Join(m.Approved, ", "))
	}
	if acc.Inventory.Commit != "" {
		fmt.Fprintf(&b, "inventory %s commit %s dirty %v\n", acc.Inventory.Path, acc.Inventory.Commit, acc.Inventory.Dirty)
	}
	fmt.Fprintf(&b, "\n%s\n\n", s.w.counts(newPen(Line, false)))
	for _, g := range s.w.fold() {
		fmt.Fprintf(&b, "%-8s %5d  %-12s %s\n", g.word, len(g.hosts), g.step, g.text)
	}
	if len(s.w.decisions) > 0 {
		b.WriteString("\ndecisions\n")
		for _, d := range s.w.decisions {
			fmt.Fprintf(&b, "%s  %s: %s\n", d.at.Local().Format("15:04:05"), who(d.By), d.words(s.w))
		}
	}
	if len(s.w.marks) > 0 {
		b.WriteString("\nremarks\n")
		for _, m := range s.w.marks {
			fmt.Fprintf(&b, "%s %s %s\n", m.Host, m.Step, m.Text)
		}
	}
	return b.String()
}

// resultWords are how a run ended, and why, where that says more.
func resultWords(st *journal.State) string {
	if st.Reason == "" || st.Reason == st.Result.String() {
		return st.Result.String()
	}
	return st.Result.String() + ": " + st.Reason
}

// selectionNamed is how many hosts are named in the status line; more would not fit, and cost time at every key.
const selectionNamed = 200

// selection is which hosts the cursor is on, and their text in full as far as the line goes; what to do about it, where that is known.
func (s *runScreen) selection() string {
	t := s.targets()
	if len(t) == 0 {
		return ""
	}
	text := s.w.textOf(t[0])
	if at, _ := s.w.stepOf(t[0]); at >= 0 && len(t) == 1 {
		if hint := s.w.state.Hosts[t[0]].Steps[at].Hint; hint != "" {
			text = hint
		}
	}
	if s.mode == folded && s.groups[s.list.at].word == "run" && len(t) > 1 {
		text = "" // of one of them only
	}
	if len(t) > 1 {
		text = general(text, s.w.state.Hosts[t[0]].ID)
	}
	hosts := plural(len(t), "host")
	if len(t) <= selectionNamed {
		hosts = inventory.HostSet(s.w.ids(t))
	}
	return strings.TrimSuffix(hosts+": "+text, ": ")
}

// remarks are what is said of the run as a whole, what matters most first: why it ended so, who holds it up, how near it is to stopping,
// where it stands; else the latest remark.
func (s *runScreen) remarks() (out []string) {
	st := s.w.state
	open := st.Result == journal.Open
	switch {
	case !open && st.Reason != "":
		out = append(out, st.Reason)
	case open && st.Abort != "":
		out = append(out, "aborted by "+s.w.by(journal.Abort, journal.AbortHard))
	case open && st.Paused:
		out = append(out, "paused by "+s.w.by(journal.Pause))
	}
	if limit, unlimited := st.Plan().Policy.Budget(len(st.Hosts)); !unlimited && open && st.Abort == "" && st.Tally.Bad() > 0 {
		out = append(out, fmt.Sprintf("%d of %d failures before stop", st.Tally.Bad(), limit+1))
	}
	if wave := s.wave(); wave != "" {
		out = append(out, wave)
	}
	if n := len(s.w.marks); n > 0 && out == nil {
		out = append(out, strings.TrimSpace(string(s.w.marks[n-1].Host)+" "+s.w.marks[n-1].Text))
	}
	return out
}

// tallies is the run in numbers, and what is said of it: the first remark as far as there is room, the others where they fit whole.
func (s *runScreen) tallies(a area) string {
	left, right := s.w.counts(a.pen), ""
	room := max(a.w-width(left)-2, 0)
	for i, r := range s.remarks() {
		switch r = a.text(r); {
		case i == 0:
			right = cut(r, room, a.cut)
		case width(right)+2+width(r) <= room:
			right += "  " + r
		}
	}
	return a.between(left, right, a.w)
}
