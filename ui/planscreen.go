package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/runbooks"
)

// planScreen shows what would run, exactly; nothing has run yet.
type planScreen struct {
	cfg  Config
	rb   runbooks.Runbook
	wish Wish
	proposal
	list    list
	reason  string
	ticket  string
	prod    int         // hosts that serve production
	pace    [][2]string // how long it takes, and whether that fits; nil = not known yet
	decided bool        // hosts that refuse may do so
}

// openPlan shows a plan, and how long it would take as soon as the journal has told.
func openPlan(s *planScreen) action {
	return func(c *console) tea.Cmd {
		return tea.Batch(c.run(push(s)), c.loadPace(s))
	}
}

func (c *console) loadPace(s *planScreen) tea.Cmd {
	pace := c.cfg.Pace
	if pace == nil {
		return nil
	}
	plan := s.plan
	return c.work.do(func(ctx context.Context) tea.Msg {
		lines := pace(ctx, &plan)
		return then(func(*console) tea.Cmd {
			s.pace = lines
			return nil
		})
	})
}

func newPlanScreen(c *console, rb runbooks.Runbook, wish Wish, p proposal) *planScreen {
	s := &planScreen{cfg: c.cfg, rb: rb, wish: wish, proposal: p}
	for _, h := range s.plan.Hosts {
		if h.Prod {
			s.prod++
		}
	}
	return s
}

// extras are the lines below the steps that can be opened.
func (s *planScreen) extras() []string {
	out := []string{fmt.Sprintf("hosts and waves (%s in %s)", plural(len(s.plan.Hosts), "host"), plural(len(s.plan.Waves), "wave"))}
	if n := len(s.plan.Params); n > 0 {
		out = append(out, fmt.Sprintf("parameters (%d)", n))
	}
	if n := len(s.plan.Groups); n > 0 {
		out = append(out, fmt.Sprintf("groups (%d)", n))
	}
	if n := len(s.plan.Vars); n > 0 {
		out = append(out, fmt.Sprintf("per-host differences (%s)", plural(n, "host")))
	}
	if len(s.pace) > 0 {
		out = append(out, "time and windows")
	}
	if n := len(s.plan.Warnings); n > 0 {
		out = append(out, fmt.Sprintf("warnings (%d)", n))
	}
	if n := len(s.refusing); n > 0 {
		out = append(out, fmt.Sprintf("refusing (%s)", plural(n, "host")))
	}
	return out
}

// Binds are the plan's verbs.
func (s *planScreen) Binds() []bind {
	cannot := func() string {
		switch {
		case s.cfg.Readonly:
			return "this console is read-only (--readonly)"
		case s.cfg.Runs == nil:
			return "runs cannot be started from here"
		case len(s.plan.Steps) == 0:
			return "no step is left"
		}
		return ""
	}
	verbs := []bind{
		{keys: "s", name: "start", help: "start the run, after the typed confirmation", foot: true, why: cannot, do: s.start},
		{keys: "enter l", name: "show", help: "the exact script of the step, or the rest of the line", foot: true, do: s.show},
		{keys: "e", name: "parameters", help: "change the parameters", foot: true, do: func() action {
			return func(c *console) tea.Cmd {
				f := newForm(s.rb, s.plan.Scope, s.wish)
				f.reason, f.ticket = s.reason, s.ticket
				c.pop()
				return c.run(openForm(f, nil))
			}
		}},
		{keys: "i", name: "reason", help: "why this is done; the journal keeps it", foot: true, do: func() action {
			return ask(&prompt{label: "reason:", field: newField(s.reason), enter: func(t string) action { s.reason = t; return nothing }})
		}},
		{keys: "t", name: "ticket", help: "the ticket that it belongs to", foot: true, do: func() action {
			return ask(&prompt{label: "ticket:", field: newField(s.ticket), enter: func(t string) action { s.ticket = t; return nothing }})
		}},
		{keys: "d", name: "dry-run", help: "keep only what reads, and nothing that changes a host", foot: true, why: func() string {
			if s.plan.Dry || s.plan.Risk == runbooks.Read {
				return "the plan only reads already"
			}
			if len(s.plan.DryRun().Steps) == 0 {
				return "none of its steps only reads"
			}
			return ""
		}, do: func() action { return s.instead(s.wish, proposal{plan: s.plan.DryRun()}) }},
		{keys: "w", name: "write", help: "write the plan to a file", foot: true, do: func() action { return savePrompt(s.plan.Runbook+"-plan.txt", s.text()) }},
	}
	if s.plan.Risk == runbooks.Read { // what changes nothing may start by one plain yes
		verbs = append([]bind{{keys: "y", name: "yes", help: "start: this plan only reads", foot: true, why: cannot, do: func() action {
			return func(c *console) tea.Cmd { return c.start(s.plan, s.reason, s.ticket) }
		}}}, verbs...)
	}
	return append(slices.Insert(verbs, slices.IndexFunc(verbs, func(b bind) bool { return b.name == "start" })+1, s.refusalBinds()...), s.list.binds()...)
}

// words are what may be typed to start: the blast radius, as a scope or as a count. What only reads wants a plain y.
func (s *planScreen) words() []string {
	if s.plan.Risk == runbooks.Read {
		return []string{"y", "yes"}
	}
	return []string{s.scope(), strconv.Itoa(len(s.plan.Hosts))}
}

// scope is the selector in words; no selector is every host, and must not be confirmed by typing nothing.
func (s *planScreen) scope() string {
	return runbooks.ScopeName(s.plan.Scope)
}

// start asks first what becomes of hosts that cannot keep a step, then for what the inventory or the runbook requires and was not said yet,
// then for the confirmation.
func (s *planScreen) start() action {
	if len(s.refusing) > 0 && !s.decided {
		return ask(s.askRefusal())
	}
	var owed *runbooks.OwedError
	if !errors.As(s.plan.Owed(s.reason, s.ticket), &owed) {
		return ask(s.confirm())
	}
	return ask(&prompt{label: cmp.Or(owed.Runbook, owed.Setting) + ". " + capital(owed.What()) + ":", field: newField(""), enter: func(t string) action {
		if t = strings.TrimSpace(t); t == "" {
			return say(owed.Error())
		}
		if owed.Setting == "require_ticket" {
			s.ticket = t
		} else {
			s.reason = t
		}
		return s.start()
	}})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (s *planScreen) confirm() *prompt {
	hosts := plural(len(s.plan.Hosts), "host")
	if s.prod > 0 {
		hosts = fmt.Sprintf("%d PROD %s", len(s.plan.Hosts), strings.TrimPrefix(hosts, strconv.Itoa(len(s.plan.Hosts))+" "))
	}
	label := "reads " + hosts + ". Type y to start:"
	if s.plan.Risk != runbooks.Read {
		verb := "changes "
		if s.plan.Risk == runbooks.Disrupt {
			verb = "DISRUPTS "
		}
		word := s.words()[0]
		if len(word) > 24 {
			word = s.words()[1]
		}
		label = verb + hosts + ". Type " + word + " to start:"
	}
	return typedPrompt(label, s.words(), func(c *console) tea.Cmd { return c.start(s.plan, s.reason, s.ticket) })
}

func (s *planScreen) show() action {
	i := s.list.at
	if i < len(s.plan.Steps) {
		return push(newTextPager("SCRIPT", s.plan.Runbook+" "+string(s.plan.Steps[i].ID), s.script(i)))
	}
	extras := s.extras()
	i -= len(s.plan.Steps)
	if i >= len(extras) {
		return nothing
	}
	var text string
	switch name, _, _ := strings.Cut(extras[i], " "); name {
	case "hosts":
		text = s.waveText()
	case "parameters":
		text = s.paramText()
	case "groups":
		text = strings.ReplaceAll(s.groups(), "; ", "\n")
	case "time":
		text = s.paceText()
	case "per-host":
		text = s.varText()
	case "refusing":
		text = s.refusalText()
	default:
		text = strings.Join(s.plan.Warnings, "\n")
	}
	return push(newProse("PLAN", s.plan.Runbook+" "+extras[i], text))
}

func (s *planScreen) waveText() string {
	var b strings.Builder
	for i, w := range s.plan.Waves {
		fmt.Fprintf(&b, "wave %d, %s: %s\n", i+1, w.Name, plural(len(w.Hosts), "host"))
		for _, id := range w.Hosts {
			fmt.Fprintf(&b, "  %s\n", id)
		}
	}
	return b.String()
}

// paceShown is how many lines about time the screen shows above the steps; all of them can be opened below.
const paceShown = 3

func (s *planScreen) paceText() string {
	var b strings.Builder
	for _, p := range s.pace {
		fmt.Fprintf(&b, "%-8s %s\n", p[0], p[1])
	}
	return b.String()
}

func (s *planScreen) varText() string {
	var b strings.Builder
	for _, h := range s.plan.Hosts {
		if vars := s.plan.Vars[h.Name]; len(vars) > 0 {
			fmt.Fprintf(&b, "%s\n", h.Name)
			for _, k := range sortedKeys(vars) {
				fmt.Fprintf(&b, "  %s = %s\n", k, vars[k])
			}
		}
	}
	return b.String()
}

func (s *planScreen) paramText() string {
	var b strings.Builder
	for _, k := range sortedKeys(s.plan.Params) {
		fmt.Fprintf(&b, "%s = %s\n", k, s.plan.Params[k])
		for _, p := range s.rb.Params {
			if p.Name == k && p.Help != "" {
				fmt.Fprintf(&b, "    %s\n", p.Help)
			}
		}
	}
	return b.String()
}

// text is the whole plan, to be kept.
func (s *planScreen) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plan %s  %s\ndigest %s\nscope %s\nrisk %s\n", s.plan.Runbook, s.plan.Title, s.plan.Digest, s.scope(), s.plan.Risk)
	for _, k := range sortedKeys(s.plan.Params) {
		fmt.Fprintf(&b, "%s = %s\n", k, s.plan.Params[k])
	}
	b.WriteString(s.paceText())
	fmt.Fprintf(&b, "\n%s\n%s\n%s", strings.Join(s.plan.Warnings, "\n"), s.waveText(), s.varText())
	for i := range s.plan.Steps {
		fmt.Fprintf(&b, "\n== %d. %s ==\n%s\n", i+1, s.plan.Steps[i].ID, s.script(i))
	}
	return b.String()
}

// View is the plan in the order in which an operator asks: which hosts, what binds them, in which order, what it needs; then the steps.
func (s *planScreen) View(a area) frame {
	f := frame{name: "PLAN", scope: s.plan.Runbook, prod: s.prod > 0, right: "nothing has run yet"}
	f.sub = a.text(s.plan.Title)
	f.subEnd = "digest " + cut(s.plan.Digest, 12, "")
	var body []string
	fact := func(name, text, end string) {
		body = append(body, a.pad(a.between(a.paint(head, a.pad(name, 10))+a.text(text), a.text(end), a.w), a.w))
	}
	fact("targets", s.targets(), s.scope())
	fact("groups", s.groups(), s.warned())
	fact("order", s.order(), "")
	fact("needs", s.needs(), s.undo())
	if s.refusing != nil {
		body = append(body, a.paint(bad, a.pad(a.pad("REFUSES", 10)+a.text(s.refusal()), a.w)))
	}
	fact("params", s.params(), "")
	for _, p := range s.pace[:min(len(s.pace), paceShown)] {
		fact(p[0], p[1], "")
	}
	if s.reason != "" || s.ticket != "" {
		fact("reason", s.reason, s.ticket)
	}
	body = append(body, a.rule(a.w), a.paint(head, a.pad("  STEP", 24)+a.padLeft("HOSTS", 6)+"  "+a.pad("RISK", 8)+"WHAT IT DOES"))
	extras := s.extras()
	from, to := s.list.window(len(s.plan.Steps)+len(extras), a.h-len(body))
	for i := from; i < to; i++ {
		var line string
		if i < len(s.plan.Steps) {
			line = s.stepLine(a, i)
		} else {
			line = "+ " + a.text(extras[i-len(s.plan.Steps)])
		}
		if i == s.list.at {
			line = a.chosen(">"+line, a.w)
		} else {
			line = " " + line
		}
		body = append(body, line)
	}
	f.body, f.status = body, s.hint()
	return f
}

func (s *planScreen) stepLine(a area, i int) string {
	st := s.plan.Steps[i]
	n := len(strconv.Itoa(len(s.plan.Steps)))
	return a.pad(fmt.Sprintf("%*d %s", n, i+1, a.text(string(st.ID))), 23) + a.padLeft(strconv.Itoa(len(s.plan.Hosts)), 6) + "  " +
		a.pad(string(st.Risk), 8) + a.text(s.command(st))
}

// command is the step in one line: its own first line, not the library's before it.
func (s *planScreen) command(st runbooks.Step) string {
	if st.Kind == runbooks.Script || st.Kind == runbooks.Check {
		if st.Title != "" {
			return st.Title
		}
		for _, own := range s.rb.Steps {
			if own.ID == st.ID {
				return command(own.Script)
			}
		}
		return command(st.Script)
	}
	return first(stepText(st))
}

// command is a script's first line that is one.
func command(script string) string {
	for l := range strings.Lines(script) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			return l
		}
	}
	return ""
}
