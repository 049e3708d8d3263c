package design

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// Severity says how much a finding matters.
type Severity int

// The severities, in rising order.
const (
	Note     Severity = iota // worth knowing; often the design as it was meant
	Warning                  // one fault away from an outage, or about to be
	Critical                 // a promise is broken now
)

var severities = [...]string{"note", "warning", "critical"}

// String is the severity in one word.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severities) {
		return "critical"
	}
	return severities[s]
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word; it refuses any other.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index(severities[:], string(b))
	if i < 0 {
		return fmt.Errorf("%q is not a severity: %s", b, strings.Join(severities[:], ", "))
	}
	*s = Severity(i)
	return nil
}

// Finding is one weakness. Group or Service is what it is about; a finding about machines has neither.
type Finding struct {
	Rule     Rule               `json:"rule"`              // "single-feed"; the same word each time, which a comment in the inventory can silence
	Severity Severity           `json:"severity"`          // "note", "warning" (one fault away from an outage) or "critical" (a promise is broken now)
	What     string             `json:"what"`              // in a sentence
	Group    string             `json:"group,omitempty"`   // that it is about
	Service  string             `json:"service,omitempty"` // that it is about
	Hosts    []inventory.HostID `json:"hosts,omitempty"`   // those concerned
	Line     int                `json:"line,omitempty"`    // of the inventory, counted from 1; 0 = no line of its own
	Hint     string             `json:"hint,omitempty"`    // what to do about it
}

// Silenced is a finding that a Silence keeps quiet.
type Silenced struct {
	Finding
	Reason string    `json:"reason"` // why it is accepted, as the inventory's comment has it
	Until  time.Time `json:"until"`  // the last day on which it is, at midnight UTC
}

// Report is what Check found.
type Report struct {
	Path     string     // of the inventory
	At       time.Time  // the time that it was judged at
	Findings []Finding  // the worst first, then by line
	Silenced []Silenced // likewise
	Unjudged []Rule     // the rules that want facts, where none were given
}

// Count is how many findings have the severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// ExitCode is the process's exit code: 1 where a finding is at least as severe as least, else 0.
func (r Report) ExitCode(least Severity) int {
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity >= least }) {
		return 1
	}
	return 0
}

func (f Finding) compare(g Finding) int {
	return cmp.Or(cmp.Compare(g.Severity, f.Severity), cmp.Compare(f.Line, g.Line), cmp.Compare(f.Rule, g.Rule), cmp.Compare(f.What, g.What))
}

// ReportJSON is how a report is written as JSON.
type ReportJSON struct {
	Inventory string         `json:"inventory"` // its path
	At        time.Time      `json:"at"`        // the time that it was judged at
	Counts    map[string]int `json:"counts"`    // findings by severity
	Findings  []Finding      `json:"findings"`  // the worst first
	Silenced  []Silenced     `json:"silenced"`  // found, and accepted in the inventory
	Unjudged  []Rule         `json:"unjudged"`  // rules that want facts, where none are known
}

// MarshalJSON writes the report as one document; the lists are never null.
func (r Report) MarshalJSON() ([]byte, error) {
	counts := map[string]int{}
	for s := range severities {
		counts[severities[s]] = r.Count(Severity(s))
	}
	return json.Marshal(ReportJSON{r.Path, r.At.UTC(), counts, some(r.Findings), some(r.Silenced), some(r.Unjudged)})
}

func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
