package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// Deviation is something that was done apart from the declared design: by hand, outside of a window, from an inventory that was not
// committed, and so on.
type Deviation struct {
	At     time.Time     `json:"at"`               // when the run was started, the shell opened, the lease broken
	What   string        `json:"what"`             // "by hand: uptime", "outside of maintenance windows: …"
	Run    journal.RunID `json:"run,omitempty"`    // none = it was a shell, or a lease that was broken
	On     string        `json:"on"`               // a selector, or a host
	By     string        `json:"by"`               // the user
	Reason string        `json:"reason,omitempty"` // as the user gave it
	Ticket string        `json:"ticket,omitempty"` // as the user gave it
}

// Departing says in what a run departed from the design, in words; nothing where it did not.
func Departing(p journal.PlanAccepted) []string {
	var out []string
	switch p.Plan.Runbook {
	case "accept-drift":
		out = append(out, "accepted drift of "+p.Plan.Params["what"])
	case "undo-drift":
		out = append(out, "put drift right of "+p.Plan.Params["what"])
	case "exec":
		out = append(out, "by hand: "+p.Plan.Params["command"])
	}
	switch {
	case p.Inventory.Dirty:
		out = append(out, fmt.Sprintf("from an inventory that was not committed (beside commit %.12s)", p.Inventory.Commit))
	case p.Inventory.Path != "" && p.Inventory.Commit == "":
		out = append(out, "from an inventory that is in no git repository")
	}
	if p.Plan.OutsideWindow != "" {
		out = append(out, "outside of maintenance windows: "+p.Plan.OutsideWindow)
	}
	return out
}

// Aside is the deviation that a note among the journal's notes tells of: a shell, a lease that was broken; ok is false for any other.
func Aside(e journal.Event) (d Deviation, ok bool) {
	switch b := e.Body.(type) {
	case journal.ShellOpened:
		what := "opened a shell"
		if b.Recorded {
			what += ", recorded as " + string(b.Session)
		}
		return Deviation{At: e.At, What: what, On: string(b.Host), By: b.By.User, Reason: b.Reason}, true
	case journal.Noted:
		if strings.HasPrefix(b.Text, "opened a shell") || strings.HasPrefix(b.Text, "broke the lease") { // the first is how shells were noted once
			return Deviation{At: e.At, What: b.Text, On: string(b.Host), By: b.By.User}, true
		}
	}
	return Deviation{}, false
}

// Period is the runs of a time, and what was done apart from the design in it.
type Period struct {
	Since, Until time.Time
	Runs         []*Run
	Deviations   []Deviation // the latest first
}

func (p *Period) title() string {
	return line(fmt.Sprintf("%s UTC to %s UTC: %d runs", stamp(p.Since), stamp(p.Until), len(p.Runs)))
}

// overview is the period's runs in a table.
func (p *Period) overview() section {
	s := overview(p.Runs)
	s.Title = p.title()
	if len(p.Runs) == 0 {
		s.Words = "Nothing was run."
	}
	return s
}

func (p *Period) deviations() section {
	s := section{Title: "Apart from the design", Head: []string{"When", "What", "On", "By", "Run", "Ticket", "Reason"}}
	for _, d := range p.Deviations {
		s.Rows = append(s.Rows, cells("", stamp(d.At), d.What, d.On, d.By, string(d.Run), d.Ticket, d.Reason))
	}
	if len(p.Deviations) == 0 {
		s.Words = "Nothing was done apart from the design."
	}
	return s
}

// Markdown writes the period: its runs in a table, its deviations, and each run.
func (p *Period) Markdown(w io.Writer) error {
	m := md{bufio.NewWriter(w)}
	m.section(p.overview(), "#")
	m.section(p.deviations(), "##")
	for _, r := range p.Runs {
		m.page(r.page())
	}
	return m.Flush()
}

// HTML writes the period as HTML does runs.
func (p *Period) HTML(w io.Writer) error {
	o, d := p.overview(), p.deviations()
	return writePages(w, p.title(), []section{o, d}, p.Runs)
}

// JSON writes each run as one line, and behind them one with the period and its deviations.
func (p *Period) JSON(w io.Writer) error {
	if err := JSON(w, p.Runs...); err != nil {
		return err
	}
	doc := struct {
		Report     int                `json:"tend_report"`
		Since      time.Time          `json:"since"`
		Until      time.Time          `json:"until"`
		Runs       int                `json:"runs"`
		Hosts      []inventory.HostID `json:"hosts"` // that the runs were about
		Deviations []Deviation        `json:"deviations"`
	}{Version, p.Since.UTC(), p.Until.UTC(), len(p.Runs), p.hosts(), append([]Deviation{}, p.Deviations...)}
	return quote.WriteJSON(w, doc)
}

func (p *Period) hosts() []inventory.HostID {
	all, seen := []inventory.HostID{}, map[inventory.HostID]bool{}
	for _, r := range p.Runs {
		for _, h := range r.Hosts {
			if !seen[h.Place.Name] {
				seen[h.Place.Name] = true
				all = append(all, h.Place.Name)
			}
		}
	}
	return all
}

// JUnit writes the period's runs; deviations are no tests.
func (p *Period) JUnit(w io.Writer) error { return JUnit(w, p.Runs...) }
