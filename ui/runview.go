package ui

import (
	"fmt"
	"strings"
	"time"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// View is the run in numbers, then what stands alike, failures first, then what is being done now.
func (s *runScreen) View(a area) frame {
	s.refresh()
	st := s.w.state
	f := frame{name: "RUN", scope: strings.TrimSpace(string(s.w.run) + " " + st.Plan().Runbook), prod: s.prod}
	if st.Run == "" {
		f.body = []string{"", "  reading the journal ..."}
		if s.w.err != nil {
			f.body = []string{"", "  " + a.paint(bad, a.text(withHint(s.w.err)))}
		}
		return f
	}
	word, tok := s.word()
	f.right = a.paint(tok, word) + " " + clock(s.elapsed(a.now))
	f.sub = s.bar(a)
	f.subEnd = a.text(cut(runbooks.ScopeName(st.Plan().Scope), 28, a.cut))
	body := []string{s.tallies(a), s.shownRule(a)}
	live := s.live(a)
	h := a.h - len(body) - len(live)
	if a.wide() && s.mode != grid {
		lw := a.w * 3 / 5
		rw := a.w - lw - 3
		body = append(body, a.beside(s.rows(a, lw, h), s.side(a, rw, h), lw, rw, h)...)
	} else {
		body = append(body, s.rows(a, a.w, h)...)
	}
	f.status = s.status(a)
	more := s.inFull(a, f.status, a.h-len(body)-len(live))
	if more != nil {
		f.status = ""
	}
	for len(body) < a.h-len(live)-len(more) {
		body = append(body, "")
	}
	f.body = append(append(body, more...), live...)
	return f
}

// inFull is the status where it is longer than its line and the body has room for all of it: why a host failed, and what to do about it, is
// what somebody looks for here.
func (s *runScreen) inFull(a area, status string, room int) []string {
	if width(status) <= a.w {
		return nil
	}
	lines := wrap(status, a.w)
	if len(lines)+2 > room {
		return nil
	}
	return append([]string{"", a.rule(a.w)}, lines...)
}

// shownRule is the line over the hosts. It says where some of them are left out: a run must not look smaller than it is.
func (s *runScreen) shownRule(a area) string {
	if !s.failures {
		return a.rule(a.w)
	}
	const label = " only failures "
	return a.rule(a.w-len(label)-2) + a.paint(warn, label) + a.rule(2)
}

// word is how the run stands, in capitals.
func (s *runScreen) word() (string, token) {
	st := s.w.state
	switch {
	case st.Result == journal.Passed:
		return "PASSED", good
	case st.Result == journal.Lost:
		return "UNKNOWN", unsure
	case st.Result != journal.Open:
		return strings.ToUpper(st.Result.String()), bad
	case s.orphan():
		return "OPEN, NO PROCESS", bad
	case s.w.missed > 0:
		return "BEING READ", busy // nobody is at work on it: what is missing of it is still to come from the journal
	case st.Abort != "":
		return "ABORTING", bad
	case s.waits() >= 0:
		return "WAITS FOR APPROVAL", warn
	case len(s.w.manual()) > 0:
		return "WAITS FOR A PERSON", warn
	case st.Paused:
		return "PAUSED", warn
	case s.w.ended:
		return "OPEN, NOT CLOSED", unsure
	case s.holds() != "":
		return "WAITS", warn
	}
	return "RUNNING", busy
}

// holds is what the run waits for where nobody is at work and nothing is to be decided: a window, a pause.
func (s *runScreen) holds() string {
	if st := s.w.state; st.Result != journal.Open || st.Paused || st.Tally.AtWork > 0 || st.Tally.Waiting == 0 {
		return ""
	}
	return s.w.holds
}

// wave is where the run stands among its waves; a run of one wave has nothing to say.
func (s *runScreen) wave() string {
	waves := s.w.state.Plan().Waves
	if at := s.w.state.Wave; len(waves) > 1 && at >= 0 {
		return fmt.Sprintf("wave %d of %d: %s", at+1, len(waves), waves[at].Name)
	}
	return ""
}

// orphan reports whether the run is open and nobody is at work on it.
func (s *runScreen) orphan() bool {
	return s.w.state.Run != "" && s.w.state.Result == journal.Open && s.w.missed > 1
}

// bar is the progress in hosts, with a guess at what is left.
func (s *runScreen) bar(a area) string {
	st := s.w.state
	n := len(st.Hosts)
	ended := n - st.Tally.Waiting - st.Tally.AtWork
	w := min(40, a.w-40)
	full := 0
	if n > 0 {
		full = w * ended / n
	}
	text := fmt.Sprintf("[%s%s]  %d/%d", strings.Repeat(a.full, full), strings.Repeat(a.empty, max(w-full, 0)), ended, n)
	if st.Result == journal.Open && ended > 1 && ended < n && !st.Paused && s.waits() < 0 && len(s.w.manual()) == 0 {
		left := time.Duration(float64(s.elapsed(a.now)) / float64(ended) * float64(n-ended))
		text += "  eta " + clock(left)
	}
	return text
}

// clock is a duration as m:ss, or h:mm:ss.
func clock(d time.Duration) string {
	n := int(d.Seconds())
	if n < 3600 {
		return fmt.Sprintf("%02d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}

// counts is the tally in words; what is none is left out, but for OK and FAIL.
func (w *watch) counts(p *pen) string {
	t := w.state.Tally
	var parts []string
	add := func(name string, n int, tok token, always bool) {
		if n == 0 && !always {
			return
		}
		text := fmt.Sprintf("%s:%d", name, n)
		if n > 0 {
			text = p.paint(tok, text)
		}
		parts = append(parts, text)
	}
	add("wait", t.Waiting, plain, false)
	add("run", t.AtWork, busy, false)
	add("OK", t.By[journal.OK], good, true)
	add("WARN", t.By[journal.Warned], warn, false)
	add("FAIL", t.By[journal.Failed], bad, true)
	add("refused", t.By[journal.Refused], bad, false)
	add("unreach", t.By[journal.Unreachable], bad, false)
	add("UNKNOWN", t.By[journal.Unknown], unsure, false)
	add("skip", t.By[journal.Skipped], dim, false)
	add("aborted", t.By[journal.Aborted], unsure, false)
	return strings.Join(parts, "  ")
}

// rows is the look of the moment: h lines.
func (s *runScreen) rows(a area, w, h int) []string {
	switch s.mode {
	case table:
		return s.tableRows(a, w, h)
	case grid:
		return s.gridRows(a, w, h)
	}
	out := []string{a.paint(head, a.pad("  STATE   HOSTS  "+a.pad("STEP", s.stepWidth(w))+" OUTPUT (identical output folded)", w))}
	from, to := s.list.window(len(s.groups), h-1)
	for i := from; i < to; i++ {
		out = append(out, s.groupLine(a, s.groups[i], i == s.list.at, w))
	}
	if len(s.groups) == 0 {
		out = append(out, "  "+map[bool]string{true: "no failures", false: "no hosts"}[s.failures])
	}
	return out
}

func (s *runScreen) groupLine(a area, g group, cursor bool, w int) string {
	text := a.text(g.text)
	stepW := s.stepWidth(w)
	if g.differs {
		text = cut(text, max(w-18-stepW-12, 4), a.cut) + "  <- differs"
	}
	state := a.pad(g.word, 8)
	rest := a.padLeft(fmt.Sprint(len(g.hosts)), 5) + "  " + a.pad(a.text(g.step), stepW) + " " + text
	if cursor {
		return a.chosen("> "+state+rest, w)
	}
	return "  " + a.paint(g.token, state) + cut(rest, w-10, a.cut)
}

func (s *runScreen) tableRows(a area, w, h int) []string {
	out := []string{a.paint(head, a.pad("  HOST                STATE    "+a.pad("STEP", s.stepWidth(w))+"   AGE  OUTPUT", w))}
	from, to := s.list.window(len(s.order), h-1)
	for i := from; i < to; i++ {
		out = append(out, s.hostLine(a, s.order[i], i == s.list.at, w))
	}
	return out
}

func (s *runScreen) hostLine(a area, i int, cursor bool, w int) string {
	h := &s.w.state.Hosts[i]
	_, word, tok := hostWord(h)
	at, step := s.w.stepOf(i)
	age := ""
	if at >= 0 {
		age = s.age(a, h, at)
	}
	name, state := a.pad(a.text(string(h.ID)), 19), a.pad(word, 8)
	rest := a.pad(a.text(step), s.stepWidth(w)) + a.padLeft(age, 6) + "  " + a.text(s.w.textOf(i))
	if cursor {
		return a.chosen("> "+name+" "+state+" "+rest, w)
	}
	return "  " + name + " " + a.paint(tok, state) + " " + cut(rest, w-31, a.cut)
}

// age is how long the step runs, or took.
func (s *runScreen) age(a area, h *journal.HostState, at int) string {
	st := &h.Steps[at]
	switch {
	case st.Started.IsZero():
		return ""
	case st.Running:
		return fleet.Age(a.now.Sub(st.Started))
	}
	return fleet.Age(st.Ended.Sub(st.Started))
}

// glyphs of the grid, by hostWord's rank.
var glyphs = [...]string{"X", "?", "?", "!", ">", ".", "-", "a", "_"}

// gridRows is one glyph a host, in the plan's order: 400 hosts in six lines.
func (s *runScreen) gridRows(a area, w, h int) []string {
	n := len(s.w.state.Hosts)
	per := max((w-2)/10*10, 10)
	s.list.window(len(s.order), max(n/per, 1))
	on := -1
	if s.list.at < len(s.order) {
		on = s.order[s.list.at]
	}
	shown := map[int]bool{}
	for _, i := range s.order {
		shown[i] = true
	}
	out := []string{a.paint(head, ". ok  ! warn  X fail  ? unreachable or unknown  > running  _ waiting  - skipped")}
	for from := 0; from < n && len(out) < h-1; from += per {
		var b strings.Builder
		b.WriteString("  ")
		for i := from; i < min(from+per, n); i++ {
			rank, _, tok := hostWord(&s.w.state.Hosts[i])
			g := glyphs[rank]
			switch {
			case i == on:
				b.WriteString(a.paint(selected, g))
			case !shown[i]:
				b.WriteString(" ")
			default:
				b.WriteString(a.paint(tok, g))
			}
		}
		out = append(out, b.String())
	}
	if on >= 0 {
		out = append(out, s.hostLine(a, on, true, w))
	}
	return out
}

// live are the hosts at work now and their last lines: two to four, with a rule above.
func (s *runScreen) live(a area) []string {
	st := s.w.state
	if st.Result != journal.Open || st.Tally.AtWork == 0 || a.h < 14 {
		return nil
	}
	out := []string{a.rule(a.w)}
	most := min(max(a.h/6, 2), 6)
	for i := range st.Hosts {
		h := &st.Hosts[i]
		if h.Phase != journal.AtWork || h.Step >= len(h.Steps) || !h.Steps[h.Step].Running {
			continue
		}
		if len(out) > most {
			break
		}
		_, step := s.w.stepOf(i)
		out = append(out, a.pad(a.text(string(h.ID)), 18)+" "+a.pad(a.text(step), s.stepWidth(a.w))+a.padLeft(s.age(a, h, h.Step), 5)+"  "+a.text(s.w.textOf(i)))
	}
	if len(out) == 1 {
		return nil
	}
	return out
}

// side is the pane beside the list: the steps of the first host, and the names of the others that stand like it.
func (s *runScreen) side(a area, w, h int) []string {
	targets := s.targets()
	if len(targets) == 0 {
		return nil
	}
	hs := &s.w.state.Hosts[targets[0]]
	out := []string{a.paint(title, a.text(string(hs.ID)))}
	for j, st := range hs.Steps {
		if st.Attempt == 0 && st.Reason == "" {
			continue
		}
		word := st.Outcome.String()
		if st.Running {
			word = "runs"
		}
		head := "  " + a.pad(a.text(string(s.w.state.Plan().Steps[j].ID)), s.stepWidth(2*w)) + " " + a.pad(word, 11)
		if reason := a.text(st.Reason); width(head)+1+width(reason) <= w {
			out = append(out, head+" "+reason)
		} else {
			out = append(append(out, head), indented(reason, w)...)
		}
		if st.Hint != "" {
			out = append(out, indented(a.text(st.Hint), w)...)
		}
	}
	if words := s.w.outs[targets[0]].words(); words != "" {
		out = append(out, "  "+a.text(words))
	}
	if len(targets) > 1 {
		out = append(out, "", fmt.Sprintf("and %d more:", len(targets)-1))
		for _, l := range wrap(a.text(strings.ReplaceAll(inventory.HostSet(s.w.ids(targets[1:])), ",", ", ")), w-2) {
			out = append(out, "  "+l)
		}
	}
	return out[:min(len(out), h)]
}

// indented is text in as many lines as it takes, under the line that it belongs to.
func indented(text string, w int) []string {
	out := wrap(text, max(w-4, 8))
	for i := range out {
		out[i] = "    " + out[i]
	}
	return out
}

// status is what the operator should know: what the run waits for, how near it is to stopping, the latest remark.
func (s *runScreen) status(a area) string {
	st := s.w.state
	if s.w.past {
		return "" // a film has words of its own
	}
	if s.orphan() {
		return a.paint(bad, "no process is at work on this run: "+s.key("resume", "c")+" takes it up where it stands")
	}
	if wave := s.waits(); wave >= 0 {
		return a.paint(warn, a.text(st.Plan().Waves[wave].Name)+" waits for approval: "+s.key("answer", "a"))
	}
	if n := len(s.w.manual()); n > 0 {
		return a.paint(warn, plural(n, "host")+" waits for a person: "+s.key("answer", "a")+" answers")
	}
	if s.w.err != nil {
		return a.paint(bad, a.text("reading stopped: "+withHint(s.w.err)))
	}
	if text := s.holds(); text != "" {
		return a.paint(warn, a.text(text))
	}
	return a.text(s.selection())
}

// stepWidth is how many cells a step's name gets in a line of w: all that the longest of the plan takes, and no more than a quarter.
func (s *runScreen) stepWidth(w int) int {
	longest := 12
	for _, st := range s.w.state.Plan().Steps {
		longest = max(longest, len(st.ID))
	}
	return min(longest, max(w/4, 12))
}
