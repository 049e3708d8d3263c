package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

func (r *Run) waves() section {
	s := section{Title: "Waves", Head: []string{"Wave", "Opened", "Hosts", "Which"}}
	for i, w := range r.Waves {
		opened := r.clock(w.Opened)
		if opened == "" {
			opened = "never"
		}
		name := w.Name
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		s.Rows = append(s.Rows, cells("", name, opened, strconv.Itoa(len(w.Hosts)), set(w.Hosts)))
	}
	return s
}

func (r *Run) plan() section {
	s := section{Title: "Steps of the plan", Head: []string{"Step", "Title", "Kind", "Phase", "Risk"}}
	for _, st := range r.State.Plan().Steps {
		s.Rows = append(s.Rows, cells("", string(st.ID), st.Title, string(st.Kind), string(st.Phase), string(st.Risk)))
	}
	return s
}

func (r *Run) params() section {
	s := section{Title: "Parameters", Head: []string{"Parameter", "Value"}}
	params := r.State.Plan().Params
	for _, k := range slices.Sorted(maps.Keys(params)) {
		s.Rows = append(s.Rows, cells("", k, params[k]))
	}
	return s
}

func (r *Run) groups() section {
	s := section{Title: "Limits that bound", Head: []string{"Group", "Members", "May be down", "Quorum"}}
	for _, g := range r.State.Plan().Groups {
		s.Rows = append(s.Rows, cells("", g.Name, strconv.Itoa(len(g.Hosts)), strconv.Itoa(g.MaxDown), nonzero(g.Quorum)))
	}
	return s
}

// failures are the tries that did not end well, each with what it said last.
func (r *Run) failures() section {
	s := section{Title: "What failed"}
	steps := r.State.Plan().Steps
	for _, h := range r.Hosts {
		for j, st := range h.Steps {
			for _, t := range st.Tries {
				if t.Outcome.Good() || t.Ended.IsZero() {
					continue
				}
				s.Pre = append(s.Pre, r.failure(h, string(steps[j].ID), t))
			}
		}
	}
	if r.Unshown > 0 {
		s.Words = fmt.Sprintf("The output of %d more failures is in the journal: tend journal show %s --output", r.Unshown, r.ID())
		s.Words = line(s.Words)
	}
	return s
}

func (r *Run) failure(h Host, step string, t Try) pre {
	p := pre{Title: line(fmt.Sprintf("%s: %s: %s", h.Place.Name, step, t.Outcome))}
	words := t.Reason
	if t.Outcome == journal.Failed && t.Exit != 0 && !strings.Contains(words, strconv.Itoa(t.Exit)) {
		words = join("; ", words, fmt.Sprintf("exit code %d", t.Exit))
	}
	if t.Attempt > 1 {
		words = join("; ", words, fmt.Sprintf("try %d", t.Attempt))
	}
	words = join("; ", words, "at "+r.clock(t.Ended))
	p.Words = line(join(". ", words, t.Hint))
	if t.Output == nil {
		return p
	}
	if n := t.Output.Before; n > 0 {
		p.Text = fmt.Sprintf("[%d bytes before this]\n", n)
	}
	p.Text += quote.Text(strings.TrimRight(string(t.Output.Data), "\r\n"))
	return p
}

func join(sep, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}

// hosts tells the steps, host by host; of a large run, those of the hosts that did not end as ok.
func (r *Run) hosts() section {
	s := section{Title: "Host by host", Head: []string{"Host", "Place, step", "Outcome", "Began", "Took", "Note"}}
	left := 0
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if len(r.Hosts) > r.limits.Detail && h.Word == journal.OK.String() {
			left++
			continue
		}
		s.Rows = append(s.Rows, cells(h.Word, string(h.Place.Name), join("/", h.Place.Site, h.Place.Rack), h.Word, r.clock(h.Started), took(h.Started, h.Ended), r.road(*h)))
		for j, st := range h.Steps {
			for _, t := range st.Tries {
				s.Rows = append(s.Rows, r.try(string(r.State.Plan().Steps[j].ID), st, t))
			}
		}
	}
	if left > 0 {
		s.Words = fmt.Sprintf("The steps of %d hosts that ended as ok are left out here; the journal has them.", left)
	}
	return s
}

func (r *Run) try(step string, st Step, t Try) row {
	word := t.Outcome.String()
	if t.Ended.IsZero() {
		word = st.Word
	}
	note := t.Reason
	if t.Attempt > 1 {
		note = join("; ", fmt.Sprintf("try %d", t.Attempt), note)
	}
	return cells(word, "", step, word, r.clock(t.Started), took(t.Started, t.Ended), note)
}

// road is how the host was reached, the last time.
func (r *Run) road(h Host) string {
	if len(h.Roads) == 0 {
		return ""
	}
	last := h.Roads[len(h.Roads)-1]
	s := last.Addr
	if last.User != "" {
		s = last.User + "@" + s
	}
	if len(last.Via) > 0 {
		s += " via " + strings.Join(last.Via, ", ")
	}
	s = join(", ", s, join(", ", prefixed("host key ", last.Key), prefixed("by ", last.Auth)))
	if n := len(h.Roads); n > 1 {
		s += fmt.Sprintf(" (connected %d times)", n)
	}
	return s
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (r *Run) changes() section {
	s := section{Title: "What changed", Head: []string{"Host", "What", "Before", "After"}}
	for _, h := range r.Hosts {
		for _, c := range h.Changes {
			key := c.Key
			if name, ok := strings.CutPrefix(key, ran); ok {
				key = name
			}
			s.Rows = append(s.Rows, cells("", string(h.Place.Name), key, c.Before, c.After))
		}
		if h.More > 0 {
			s.Rows = append(s.Rows, cells("", string(h.Place.Name), fmt.Sprintf("and %d more", h.More), "", ""))
		}
	}
	return s
}

func (r *Run) checks() section {
	s := section{Title: "Checks that are not OK", Head: []string{"Host", "Check", "Verdict", "Value", "Limit", "Text"}}
	for _, h := range r.Hosts {
		for _, f := range h.Checks {
			word, class := "UNKNOWN", journal.Unknown
			switch f.State {
			case runbooks.CheckWarn:
				word, class = "WARN", journal.Warned
			case runbooks.CheckCrit:
				word, class = "CRIT", journal.Failed
			}
			s.Rows = append(s.Rows, cells(class.String(), string(h.Place.Name), f.Key, word, strings.TrimSpace(f.Value+" "+f.Unit), f.Threshold, f.Text))
		}
	}
	return s
}

func (r *Run) decisions() section {
	s := section{Title: "Who decided what", Head: []string{"When", "Who", "Decision", "On", "Reason"}}
	for _, d := range r.Decisions {
		what, on := strings.ReplaceAll(string(d.Decision), "_", " "), strings.TrimSpace(string(d.Host)+" "+string(d.Step))
		switch d.Decision {
		case journal.Approve:
			on = r.wave(d.Wave)
		case journal.Answer:
			what += map[bool]string{true: ": done", false: ": not done"}[d.OK]
		}
		reason := d.Reason
		for _, k := range slices.Sorted(maps.Keys(d.Answers)) {
			reason = join("; ", reason, k+" = "+d.Answers[k])
		}
		s.Rows = append(s.Rows, cells("", r.clock(d.At), who(d.By), what, on, reason))
	}
	return s
}

func (r *Run) wave(i int) string {
	if i < 0 || i >= len(r.Waves) || r.Waves[i].Name == "" {
		return fmt.Sprintf("wave %d", i+1)
	}
	return r.Waves[i].Name
}

func (r *Run) remarks() section {
	s := section{Title: "Remarks", Head: []string{"When", "On", "What"}}
	for _, m := range r.Remarks {
		s.Rows = append(s.Rows, cells("", r.clock(m.At), strings.TrimSpace(string(m.Host)+" "+string(m.Step)), m.Text))
	}
	return s
}

func (r *Run) notes() section {
	s := section{Title: "Notes", Head: []string{"When", "Who", "On", "Note"}}
	for _, n := range r.Notes {
		s.Rows = append(s.Rows, cells("", r.clock(n.At), who(n.By), string(n.Host), n.Text))
	}
	return s
}

func (r *Run) seals() section {
	s := section{Title: "Seals", Words: "ssh-keygen -Y verify holds the signature against the statement."}
	for _, x := range r.Seals {
		s.Pre = append(s.Pre, pre{Title: line("Sealed at " + stamp(x.At) + " UTC"), Words: line(x.Key), Text: quote.Text(strings.TrimRight(x.Statement, "\n") + "\n\n" + strings.TrimRight(x.Signature, "\n"))})
	}
	return s
}
