package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tend/journal"
	"tend/quote"
)

// The elements of JUnit's XML, as Jenkins' junit-10.xsd has them.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		numbers          // but no skipped ones: the schema refuses that attribute here
		Suites  []*suite `xml:"testsuite"`
	}
	suite struct {
		Name  string `xml:"name,attr"`
		Stamp string `xml:"timestamp,attr,omitempty"` // ISO 8601, UTC
		Host  string `xml:"hostname,attr"`
		numbers
		Skipped int         `xml:"skipped,attr"`
		Cases   []*testCase `xml:"testcase"`
	}
	numbers struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Time     string `xml:"time,attr"` // in seconds

		spent time.Duration
	}
	testCase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Skipped *verdict `xml:"skipped"`
		Error   *verdict `xml:"error"`
		Failure *verdict `xml:"failure"`
		Out     string   `xml:"system-out,omitempty"`
	}
	verdict struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",cdata"`
	}
)

// JUnit writes the runs as JUnit XML: a suite a host, a case a step of the plan. A step that ran and failed is a failure; one that was
// unreachable, aborted or never seen to end is an error; one that was not wanted or never came to its turn is skipped.
func JUnit(w io.Writer, runs ...*Run) error {
	all := suites{Name: "tend"}
	for _, r := range runs {
		for i := range r.Hosts {
			s := r.suite(&r.Hosts[i])
			all.Suites = append(all.Suites, s)
			all.sum(s.numbers)
		}
	}
	all.Time = inSeconds(all.spent)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (n *numbers) sum(m numbers) {
	n.Tests, n.Failures, n.Errors, n.spent = n.Tests+m.Tests, n.Failures+m.Failures, n.Errors+m.Errors, n.spent+m.spent
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func (r *Run) suite(h *Host) *suite {
	p := r.State.Plan()
	s := &suite{Name: line(fmt.Sprintf("%s %s %s", r.ID(), p.Runbook, h.Place.Name)), Host: line(string(h.Place.Name))}
	if !h.Started.IsZero() {
		s.Stamp = h.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for j, st := range h.Steps {
		c, spent := r.testCase(p.Runbook, string(p.Steps[j].ID), h, st)
		s.Cases = append(s.Cases, c)
		n := numbers{Tests: 1, spent: spent}
		switch {
		case c.Skipped != nil:
			s.Skipped++
		case c.Error != nil:
			n.Errors = 1
		case c.Failure != nil:
			n.Failures = 1
		}
		s.sum(n)
	}
	s.Time = inSeconds(s.spent)
	return s
}

// testCase is a step, with all its tries; the last one's outcome counts.
func (r *Run) testCase(runbook, step string, h *Host, s Step) (*testCase, time.Duration) {
	var spent time.Duration
	for _, t := range s.Tries {
		if !t.Started.IsZero() && t.Ended.After(t.Started) {
			spent += t.Ended.Sub(t.Started)
		}
	}
	c := &testCase{Name: line(step), Class: line(runbook + "." + string(h.Place.Name)), Time: inSeconds(spent)}
	if len(s.Tries) == 0 {
		c.Skipped = &verdict{Message: "its turn did not come", Type: "none"}
		return c, spent
	}
	t := s.Tries[len(s.Tries)-1]
	v := &verdict{Message: line(join(". ", t.Reason, t.Hint)), Type: s.Word}
	if t.Output != nil {
		v.Text = quote.Text(string(t.Output.Data))
	}
	switch s.Word {
	case journal.OK.String():
	case journal.Warned.String():
		c.Out = v.Message
	case journal.Skipped.String():
		c.Skipped = v
	case journal.Failed.String():
		c.Failure = v
	default:
		c.Error = v
	}
	c.Out = strings.TrimSpace(c.Out)
	return c, spent
}
