package journal

import (
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
	"time"
)

// Known is the latest that the journal has learnt about a host under one key: when, in which run and by which step.
type Known struct {
	Host inventory.HostID `json:"host"`
	Fact runbooks.Fact    `json:"fact"`
	At   time.Time        `json:"at"`
	Run  RunID            `json:"run"`
	Step runbooks.StepID  `json:"step,omitempty"`
}

// Summary is the run in one line.
func (s *State) Summary() RunSummary {
	a := s.Accepted
	sum := RunSummary{
		Run: s.Run, Origin: s.Origin, Runbook: a.Plan.Runbook, Scope: a.Plan.Scope, By: a.By, Reason: a.Reason, Ticket: a.Ticket,
		Started: s.Started, Ended: s.Closed, Result: s.Result, Hosts: len(s.Hosts), Events: s.Seq, Counts: map[string]int{}, Maintenance: a.Maintenance,
	}
	count(sum.Counts, "waiting", s.Tally.Waiting)
	count(sum.Counts, "running", s.Tally.AtWork)
	for o, n := range s.Tally.By {
		count(sum.Counts, Outcome(o).String(), n)
	}
	return sum
}

func count(m map[string]int, word string, n int) {
	if n != 0 {
		m[word] = n
	}
}

// Matches reports whether a run is asked for. hosts are those of its plan. Since counts from the moment itself, Until ends before it.
func (q Query) Matches(r RunSummary, hosts []inventory.Host) bool {
	switch {
	case q.Runbook != "" && q.Runbook != r.Runbook,
		q.Open && !r.Ended.IsZero(),
		!q.Since.IsZero() && r.Started.Before(q.Since),
		!q.Until.IsZero() && !r.Started.Before(q.Until):
		return false
	case q.Host == "":
		return true
	}
	return slices.ContainsFunc(hosts, func(h inventory.Host) bool { return h.Name == q.Host })
}

// SortRuns puts the newest first, by start and then by name, and keeps the first limit; 0 = all.
func SortRuns(runs []RunSummary, limit int) []RunSummary {
	slices.SortFunc(runs, func(a, b RunSummary) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		return strings.Compare(string(b.Run), string(a.Run))
	})
	if limit > 0 && len(runs) > limit {
		runs = runs[:limit]
	}
	return runs
}
