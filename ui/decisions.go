package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
)

// decision is what somebody decided about a run, from whichever terminal; of what was decided at once about many hosts, all of them.
type decision struct {
	at    time.Time
	hosts []inventory.HostID
	journal.Decided
}

// decided takes a decision in, beside the one before where it is that one about another host.
func (w *watch) decided(at time.Time, d journal.Decided) {
	if n := len(w.decisions); n > 0 {
		last := &w.decisions[n-1]
		if last.Decision == d.Decision && last.Step == d.Step && last.By == d.By && last.Reason == d.Reason && last.Host != "" && d.Host != "" && d.Answers == nil && last.Answers == nil {
			last.hosts = append(last.hosts, d.Host)
			return
		}
	}
	w.decisions = append(w.decisions, decision{at: at, hosts: []inventory.HostID{d.Host}, Decided: d})
}

// who is somebody, and where he sits.
func who(w journal.Who) string {
	if w.From == "" {
		return w.User
	}
	return w.User + " on " + w.From
}

// words is the decision in words: "answer db-02 swap: done, serial=WX-7, bay 3".
func (d decision) words(w *watch) string {
	out := strings.ReplaceAll(string(d.Decision), "_", " ")
	if d.Host != "" {
		out += " " + inventory.HostSet(d.hosts)
	}
	if d.Step != "" {
		out += " " + string(d.Step)
	}
	var more []string
	switch waves := w.state.Plan().Waves; {
	case d.Decision == journal.Approve && d.Wave < len(waves):
		out += " " + waves[d.Wave].Name
	case d.Decision == journal.Answer:
		more = append(more, map[bool]string{true: "done", false: "not done"}[d.OK])
	}
	for _, k := range sortedKeys(d.Answers) {
		more = append(more, k+"="+d.Answers[k])
	}
	if d.Reason != "" {
		more = append(more, d.Reason)
	}
	if more != nil {
		out += ": " + strings.Join(more, ", ")
	}
	return out
}

// by says who decided one of these last, and when; "" where nobody did.
func (w *watch) by(any ...journal.Decision) string {
	for _, d := range slices.Backward(w.decisions) {
		if slices.Contains(any, d.Decision) {
			return fmt.Sprintf("%s, %s", who(d.By), d.at.Local().Format("15:04"))
		}
	}
	return ""
}
