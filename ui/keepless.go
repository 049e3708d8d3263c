package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/runbooks"
)

// proposal is a plan, and who will refuse its steps as things stand.
type proposal struct {
	plan     runbooks.Plan
	refusing []Refusal
}

// propose makes the plan of a wish. It may read the journal, and is called where waiting disturbs nobody.
func (cfg Config) propose(w Wish) (proposal, error) {
	plan, err := cfg.Resolve(w)
	if err != nil {
		return proposal{}, err
	}
	return cfg.weigh(plan), nil
}

// weigh finds out who refuses the steps of a plan. What only reads keeps nothing anywhere.
func (cfg Config) weigh(plan runbooks.Plan) proposal {
	p := proposal{plan: plan}
	if cfg.Refusing != nil && plan.Risk != runbooks.Read {
		p.refusing = cfg.Refusing(&plan)
	}
	return p
}

// The words that decide what becomes of hosts that cannot keep a step.
const (
	wordAttached = "attached"
	wordLeaveOut = "leave-out"
	wordRefuse   = "refuse"
)

func (p proposal) refusers() []inventory.HostID {
	var out []inventory.HostID
	for _, r := range p.refusing {
		out = append(out, r.Host)
	}
	return out
}

// refusal says in one line who refuses, and why the first one does.
func (p proposal) refusal() string {
	if len(p.refusing) == 0 {
		return ""
	}
	return selectHosts(p.refusers()) + " cannot keep a detached step: " + p.refusing[0].Why
}

// refusalText is what is known of each of them, and what can be done.
func (p proposal) refusalText() string {
	var b strings.Builder
	b.WriteString("These hosts cannot keep a detached step, and refuse every step that changes something:\n\n")
	for _, r := range p.refusing {
		b.WriteString(string(r.Host) + ": " + r.Why + "\n")
	}
	b.WriteString("\n" + wordAttached + ": their steps run on the connection; a lost link may then end one in its midst, and nobody knows how it ended.\n" +
		wordLeaveOut + ": the plan is made again without them.\n" + wordRefuse + ": they stay in the plan, refuse, and count as failed.\n")
	return b.String()
}

// attached is the wish with the steps of those who refuse on the connection.
func (p proposal) attached(w Wish) Wish {
	w.Attached = append(slices.Clone(w.Attached), p.refusers()...)
	return w
}

// without is the wish without those who refuse.
func (p proposal) without(w Wish) Wish {
	w.Select = strings.TrimSpace(w.Select + " !" + selectHosts(p.refusers()))
	return w
}

// whyNoRefusal says why there is nothing to be decided.
func (s *planScreen) whyNoRefusal() string {
	switch {
	case s.plan.Risk == runbooks.Read:
		return "what only reads keeps nothing on a host"
	case len(s.refusing) == 0:
		return "no host is known that cannot keep its steps"
	}
	return ""
}

func (s *planScreen) whyNotWithout() string {
	if why := s.whyNoRefusal(); why != "" {
		return why
	}
	if len(s.refusing) == len(s.plan.Hosts) {
		return "no host would be left"
	}
	return ""
}

// refusalBinds decide by one key each what becomes of hosts that refuse; another plan comes of it, and nothing runs.
func (s *planScreen) refusalBinds() []bind {
	some := len(s.refusing) > 0
	return []bind{
		{keys: "a", name: wordAttached, help: "run the steps of hosts that cannot keep them on the connection; a lost link may end one", foot: some, why: s.whyNoRefusal, do: func() action {
			return s.again(s.attached(s.wish))
		}},
		{keys: "o", name: wordLeaveOut, help: "make the plan again without the hosts that cannot keep their steps", foot: some, why: s.whyNotWithout, do: func() action {
			return s.again(s.without(s.wish))
		}},
	}
}

// again makes another plan in this one's place; what was said of it stays said.
func (s *planScreen) again(w Wish) action {
	return func(c *console) tea.Cmd {
		return c.resolve(w, func(p proposal) action { return s.instead(w, p) }, func(err error) action { return warnOf(withHint(err)) })
	}
}

// instead shows another plan in this one's place, with the same reason and ticket.
func (s *planScreen) instead(w Wish, p proposal) action {
	return func(c *console) tea.Cmd {
		if c.top() != s {
			return nil // the operator has gone elsewhere meanwhile
		}
		next := newPlanScreen(c, s.rb, w, p)
		next.reason, next.ticket = s.reason, s.ticket
		c.pop()
		return c.run(openPlan(next))
	}
}

// askRefusal wants one of the three words before the confirmation: nothing is done without in silence.
func (s *planScreen) askRefusal() *prompt {
	words := []string{wordAttached, wordLeaveOut, wordRefuse}
	if s.whyNotWithout() != "" {
		words = []string{wordAttached, wordRefuse}
	}
	label := "Type " + strings.Join(words[:len(words)-1], ", ") + " or " + wordRefuse + " (" + plural(len(s.refusing), "host") + "):"
	return &prompt{label: label, field: newField(""), typed: true, enter: func(text string) action {
		switch word := strings.TrimSpace(text); {
		case !slices.Contains(words, word):
			return say("not typed as asked: nothing was done")
		case word == wordAttached:
			return s.again(s.attached(s.wish))
		case word == wordLeaveOut:
			return s.again(s.without(s.wish))
		}
		s.decided = true
		return s.start()
	}}
}
