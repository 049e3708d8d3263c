package ui

import (
	"fmt"
	"strings"
	"time"

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
		fmt.Fprintf(&b, "ended    %s, %s %s\n", st.Closed.Local().Format(time.DateTime), st.Result, st.Reason)
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
