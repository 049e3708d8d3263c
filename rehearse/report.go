package rehearse

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/quote"
)

// Report is a whole rehearsal.
type Report struct {
	Subject string             `json:"subject"`           // the plan's name, or the runbook's
	Speed   float64            `json:"speed"`             // how many times faster than life it went
	Seed    uint64             `json:"seed,omitempty"`    // of --chaos: with the same one, the same goes wrong
	Known   []string           `json:"known,omitempty"`   // what the twin has of the journal, as "HOST:FAULT"
	Jumps   []inventory.HostID `json:"jumps,omitempty"`   // jump hosts outside of the inventory, which the twin has as well
	Faults  []string           `json:"faults,omitempty"`  // what was made to go wrong
	Runs    []Run              `json:"runs"`              // those that were begun, in order
	Remarks []string           `json:"remarks,omitempty"` // what did not go as it was asked for
	Left    int                `json:"left,omitempty"`    // runs of the plan that were not begun, behind one that did not end well
}

// Took is the rehearsed time of all runs.
func (r *Report) Took() time.Duration {
	var d time.Duration
	for _, run := range r.Runs {
		d += run.Took
	}
	return d
}

// Held reports whether every group's limit and quorum was kept.
func (r *Report) Held() bool {
	for _, run := range r.Runs {
		for _, g := range run.Groups {
			if !g.Held() || !g.Quorate() {
				return false
			}
		}
	}
	return true
}

// Passed reports whether every run was made, and ended well.
func (r *Report) Passed() bool {
	return r.Left == 0 && !slices.ContainsFunc(r.Runs, func(run Run) bool { return run.Result != "passed" })
}

// Idle says of each fault that ends a host's run as soon as it comes to it, and of which no host failed, that it never came to that: what was
// to go wrong did not, and the report proves nothing about it.
func (r *Report) Idle() []string {
	var out []string
	for _, f := range r.Faults {
		head, _, _ := strings.Cut(f, "=")
		hosts, name, ok := strings.Cut(head, ":")
		if !ok {
			hosts, name = "*", head
		}
		if slices.Contains([]string{"die-in", "stall-in", "never-returns"}, name) && !r.failedOn(strings.Split(hosts, ",")) {
			out = append(out, fmt.Sprintf("It never came to %s: no host failed of it.", f))
		}
	}
	return out
}

// failedOn reports whether a host failed whose name is one of the patterns, as lab.Fault has them.
func (r *Report) failedOn(patterns []string) bool {
	for _, run := range r.Runs {
		for _, f := range run.Failed {
			if slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(strings.TrimSpace(p), string(f.Host)); return ok }) {
				return true
			}
		}
	}
	return false
}

// Write prints the report as Markdown that reads well on a terminal.
func (r *Report) Write(w io.Writer) error {
	p := &printer{w: w}
	p.line("# Rehearsal of %s", r.Subject)
	p.line("")
	p.line("%s. Carried out on a twin, at %g times life's speed; no real host and no real journal was touched.", r.verdict(), r.Speed)
	p.line("What the twin was told: %s. What was made to go wrong: %s.", known(r.Known), list(r.Faults))
	if len(r.Jumps) > 0 {
		p.line("Jump hosts that are not in the inventory have twins as well: %s.", inventory.HostSet(r.Jumps))
	}
	for i, run := range r.Runs {
		p.run(i+1, &run)
	}
	for _, m := range r.Remarks {
		p.line("\n%s", m)
	}
	if r.Left > 0 {
		p.line("\n%d more of the plan's runs were not begun.", r.Left)
	}
	return p.err
}

func (r *Report) verdict() string {
	limits := "every group's limit held"
	if !r.Held() {
		limits = "A GROUP LOST MORE THAN IT MAY"
	}
	how := "It ended well"
	if !r.Passed() {
		how = "It did not end well"
	}
	return fmt.Sprintf("%s in about %s, and %s", how, round(r.Took()), limits)
}

func known(faults []string) string {
	count := map[string]int{}
	for _, f := range faults {
		_, name, _ := strings.Cut(f, ":")
		name, _, _ = strings.Cut(name, "=")
		count[name]++
	}
	words := map[string]string{"pending": "the pending updates of %d hosts", "failed-unit": "a failed unit on %d", "dead": "%d that are down"}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		out = append(out, fmt.Sprintf(words[name], count[name]))
	}
	if len(out) == 0 {
		return "nothing, because the journal knows nothing that is fresh (tend run facts)"
	}
	return strings.Join(out, ", ")
}

func list(faults []string) string {
	if len(faults) == 0 {
		return "nothing"
	}
	return strings.Join(faults, ", ")
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, quote.Text(fmt.Sprintf(format, args...))+"\n")
	}
}

func (p *printer) run(n int, r *Run) {
	p.line("\n## %d. %s on %s: %s in about %s", n, r.Runbook, scope(r), r.Result, round(r.Took))
	p.line("")
	if r.Reason != "" {
		p.line("The run said: %s.", r.Reason)
	}
	p.line("Hosts: %s.", counts(r))
	for _, f := range r.Failed {
		p.line("- after %s %s %s at %s: %s", round(f.At), f.Host, strings.ToUpper(f.Outcome), f.Step, f.Reason)
	}
	if slices.ContainsFunc(r.Failed, func(f Failure) bool { return strings.Contains(f.Reason, "timed out after") }) {
		p.line("- a step that times out is given more time here than it would have: this machine is slower than the rehearsal's clock")
	}
	for _, g := range r.Groups {
		p.line("- group %s: %s", g.Name, g.words())
	}
	for _, a := range r.Asked {
		host := ""
		if a.Host != "" {
			host = string(a.Host) + ": "
		}
		p.line("- asked after %s, and answered by the rehearsal: %s%s", round(a.At), host, strings.ReplaceAll(a.Text, "\n", " "))
	}
}

func (g Group) words() string {
	s := fmt.Sprintf("at most %d of %d down, %d may be", g.Worst, g.Members, g.MaxDown)
	if g.Before > 0 {
		s += fmt.Sprintf(", %d were before", g.Before)
	}
	if !g.Held() {
		s += fmt.Sprintf("; OVER ITS LIMIT after %s: %s", round(g.At), inventory.HostSet(g.Who))
	}
	if g.Quorum > 0 {
		s += fmt.Sprintf("; quorum %d", g.Quorum)
		if !g.Quorate() {
			s += fmt.Sprintf(" LOST after %s: %s down", round(g.At), inventory.HostSet(g.Who))
		}
	}
	return s
}

func scope(r *Run) string {
	if r.Scope == "" {
		return "all hosts"
	}
	return r.Scope
}

func counts(r *Run) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(r.Counts)) {
		out = append(out, fmt.Sprintf("%d %s", r.Counts[k], k))
	}
	return strings.Join(out, ", ")
}

// round is a duration as people say it: a rehearsal is no more exact than that.
func round(d time.Duration) string {
	if d < time.Minute {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
