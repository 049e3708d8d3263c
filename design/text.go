package design

import (
	"fmt"
	"io"
	"strings"

	"tend/quote"
)

// Text writes the report for people and for editors: a line a finding, "path:line: severity: rule: what", its hint below; then the sum.
// It is ASCII, whatever names, reasons and hosts say.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		r.line(&b, f, f.Severity.String())
		if f.Hint != "" {
			fmt.Fprintf(&b, "    %s\n", quote.ASCII(f.Hint))
		}
	}
	for _, s := range r.Silenced {
		r.line(&b, s.Finding, "silenced until "+date(s.Until))
		fmt.Fprintf(&b, "    because: %s\n", quote.ASCII(s.Reason))
	}
	if len(r.Findings) == 0 {
		b.WriteString("nothing found")
	} else {
		fmt.Fprintf(&b, "%d critical, %s, %s", r.Count(Critical), plural(r.Count(Warning), "warning"), plural(r.Count(Note), "note"))
	}
	if n := len(r.Silenced); n > 0 {
		fmt.Fprintf(&b, "; %d silenced", n)
	}
	b.WriteByte('\n')
	if len(r.Unjudged) > 0 {
		var rules []string
		for _, u := range r.Unjudged {
			rules = append(rules, string(u))
		}
		fmt.Fprintf(&b, "not judged, for want of facts: %s\n", strings.Join(rules, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Report) line(b *strings.Builder, f Finding, label string) {
	b.WriteString(quote.ASCII(r.Path))
	if f.Line > 0 {
		fmt.Fprintf(b, ":%d", f.Line)
	}
	fmt.Fprintf(b, ": %s: %s: %s\n", label, quote.ASCII(string(f.Rule)), quote.ASCII(f.What))
}

// JSON writes the report as one line of ASCII.
func (r Report) JSON(w io.Writer) error { return quote.WriteJSON(w, r) }

// Text writes the impact for people, in ASCII.
func (i Impact) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "without %s: %s lost", quote.ASCII(i.Without), plural(len(i.Lost), "host"))
	if len(i.Lost) > 0 {
		b.WriteString(": " + quote.ASCII(set(i.Lost)))
	}
	b.WriteByte('\n')
	if len(i.Cut) > 0 {
		fmt.Fprintf(&b, "%s would stand, but out of tend's reach, behind a lost jump host: %s\n", plural(len(i.Cut), "host"), quote.ASCII(set(i.Cut)))
	}
	for _, g := range i.Groups {
		b.WriteString(quote.ASCII(g.words()) + "\n")
	}
	for _, s := range i.Services {
		b.WriteString(quote.ASCII(s.words()) + "\n")
	}
	b.WriteString(quote.ASCII(i.sum()) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (i Impact) sum() string {
	service, rto := i.AtStake()
	switch {
	case rto > 0:
		return fmt.Sprintf("at stake: %s is to be back within %s", service, span(rto))
	case i.Falls():
		return "something falls, and nothing that falls has an RTO"
	}
	return "nothing falls"
}

func (g GroupImpact) words() string {
	s := fmt.Sprintf("%-7s group %s: %d of %d members left", g.Fate, g.Group, g.Left, g.Members)
	if g.Quorum > 0 {
		s += fmt.Sprintf(", quorum %d", g.Quorum)
	}
	if g.Fate == Strains {
		s += fmt.Sprintf(", %d down where max_down is %d", len(g.Lost), g.MaxDown)
	}
	if g.Fate != Falls {
		s += fmt.Sprintf(", bears %d more", g.Spare())
	}
	return s
}

func (s ServiceImpact) words() string {
	text := fmt.Sprintf("%-7s service %s: %d of %d hosts left", s.Fate, s.Service, s.Left, s.Hosts)
	if len(s.Why) > 0 {
		text += "; " + strings.Join(s.Why, "; ")
	}
	if s.Fate == Falls && s.RTO > 0 {
		text += "; to be back within " + span(s.RTO)
	}
	if s.Fate != Stands && s.Owner != "" {
		text += "; ask " + s.Owner
	}
	return text
}

// JSON writes the impact as one line of ASCII.
func (i Impact) JSON(w io.Writer) error { return quote.WriteJSON(w, i) }
