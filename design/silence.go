package design

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// Silence keeps a rule quiet about a part of the fleet, for a reason, until a day. In an inventory it is a comment on a line of its own:
//
//	# tend: ignore single-rack group=etcd-ams1 until 2027-06-30: one cabinet until hall 3 opens
//
// A finding about a group (or a service) is covered by the scope group=NAME (service=NAME), globs included, and by any other selector
// that means all of its hosts. A finding about machines is covered for those that the selector means. No scope = everywhere.
type Silence struct {
	Rule   Rule
	Scope  string
	Reason string
	Until  time.Time // the last day, at midnight UTC; it still holds on it
	Line   int       // of the inventory; 0 = it came from elsewhere
}

// String is the silence as it is written.
func (s Silence) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("ignore %s %s until %s", s.Rule, s.Scope, date(s.Until))), " ") + ": " + s.Reason
}

// mark is what makes a comment a silence, or an attempt at one.
var (
	mark  = regexp.MustCompile(`^[ \t]*#[ \t]*tend:[ \t]*(.*)$`)
	shape = regexp.MustCompile(`^ignore[ \t]+([^ \t]+)(?:[ \t]+(.*?))?[ \t]+until[ \t]+([0-9-]+)[ \t]*:[ \t]*(.*)$`)
)

// Silences reads the silences in an inventory's comments. One that cannot be read is returned as far as it can be, and Check finds it.
func Silences(file []byte) []Silence {
	var list []Silence
	line := 0
	for text := range strings.Lines(string(file)) {
		line++
		m := mark.FindStringSubmatch(strings.TrimRight(text, "\r\n"))
		if m == nil {
			continue
		}
		s := Silence{Line: line, Reason: strings.TrimSpace(m[1])}
		if p := shape.FindStringSubmatch(strings.TrimSpace(m[1])); p != nil {
			s.Rule, s.Scope, s.Reason = Rule(p[1]), strings.TrimSpace(p[2]), strings.TrimSpace(p[4])
			s.Until, _ = time.Parse(time.DateOnly, p[3])
		}
		list = append(list, s)
	}
	return list
}

// silence is one that was compiled. Why says what is wrong with it, "" = nothing.
type silence struct {
	Silence
	sel     inventory.Selector
	why     string
	expired bool
	used    bool
}

func (c *checker) compile() {
	c.silences = make([]silence, len(c.Silences))
	for i, s := range c.Silences {
		c.silences[i] = c.compiled(s)
	}
}

func (c *checker) compiled(s Silence) silence {
	out := silence{Silence: s, expired: !c.now.Before(s.Until.Add(day))}
	known := slices.ContainsFunc(Rules(), func(r RuleInfo) bool { return r.Rule == s.Rule })
	about := s.Rule == BadSilence || s.Rule == ExpiredSilence || s.Rule == UnusedSilence
	sel, err := inventory.ParseSelector(s.Scope)
	if err == nil {
		err = c.inv.Check(sel)
	}
	switch {
	case s.Rule == "":
		out.why = "it is not of the form: ignore RULE [SCOPE] until 2027-06-30: REASON"
	case !known:
		out.why = fmt.Sprintf("there is no rule %s", s.Rule)
	case about:
		out.why = "silences are not silenced: mend it"
	case s.Until.IsZero():
		out.why = "its last day is not a date such as 2027-06-30"
	case s.Reason == "":
		out.why = "it gives no reason"
	case err != nil:
		out.why = err.Error()
	}
	out.sel = sel
	return out
}

// quiet is the silence that covers a finding about a group, a service or the whole, or nil.
func (c *checker) quiet(f Finding) *silence {
	for i := range c.silences {
		if s := &c.silences[i]; s.active(f.Rule) && c.covers(s, f) {
			return s
		}
	}
	return nil
}

func (s *silence) active(r Rule) bool { return s.why == "" && !s.expired && s.Rule == r }

func (c *checker) covers(s *silence, f Finding) bool {
	plain := !strings.ContainsAny(s.Scope, " \t")
	switch {
	case s.sel.All():
		return true
	case plain && strings.HasPrefix(s.Scope, "group="):
		return f.Group != "" && s.sel.Match(inventory.Host{Groups: []string{f.Group}}, nil)
	case plain && strings.HasPrefix(s.Scope, "service="):
		return f.Service != "" && s.sel.Match(inventory.Host{Services: []string{f.Service}}, nil)
	}
	return len(f.Hosts) > 0 && !slices.ContainsFunc(f.Hosts, func(id inventory.HostID) bool {
		h, _ := c.inv.Host(id)
		return !s.sel.Match(h, nil)
	})
}

// quietOn is the silence that covers the rule at hand on a host, or nil.
func (c *checker) quietOn(h inventory.Host) *silence {
	for i := range c.silences {
		if s := &c.silences[i]; s.active(c.rule) && s.sel.Match(h, nil) {
			return s
		}
	}
	return nil
}

func (c *checker) badSilences() {
	c.aboutSilences(Critical, func(s *silence) string { return s.why }, "# tend: ignore RULE [SCOPE] until 2027-06-30: REASON")
}

func (c *checker) expiredSilences() {
	c.aboutSilences(Warning, func(s *silence) string {
		if s.why != "" || !s.expired {
			return ""
		}
		return "it ended on " + date(s.Until) + ", and silences nothing any more"
	}, "mend what it was about, or decide anew and give it another day")
}

// unusedSilences says nothing of a rule that could not be judged.
func (c *checker) unusedSilences() {
	c.aboutSilences(Note, func(s *silence) string {
		if s.why != "" || s.expired || s.used || slices.Contains(c.report.Unjudged, s.Rule) {
			return ""
		}
		return "it silences nothing"
	}, "take it out: it would hide the next finding of its kind")
}

func (c *checker) aboutSilences(severity Severity, wrong func(*silence) string, hint string) {
	for i := range c.silences {
		s := &c.silences[i]
		if why := wrong(s); why != "" {
			text := s.String()
			if s.Rule == "" {
				text = s.Reason
			}
			c.report.Findings = append(c.report.Findings, Finding{Rule: c.rule, Severity: severity, Line: s.Line, What: fmt.Sprintf("silence %q: %s", text, why), Hint: hint})
		}
	}
}
