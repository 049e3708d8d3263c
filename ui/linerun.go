package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func (l *lineConsole) replay(ctx context.Context, id journal.RunID) error {
	if l.steerable(ctx, id) {
		return l.follow(ctx, id)
	}
	_, err := Lines(l, l.taken(ctx, id, true))
	return err
}

// run plans, shows, asks for the typed confirmation, starts and follows.
func (l *lineConsole) run(ctx context.Context, rest string) error {
	name, sel, _ := strings.Cut(rest, " ")
	if l.cfg.Resolve == nil || l.cfg.Runs == nil || l.cfg.Readonly {
		l.say("runs cannot be started from here")
		return nil
	}
	wish := Wish{Runbook: name, Select: strings.TrimSpace(sel), Params: map[string]string{}}
	if !l.required(wish) {
		return nil
	}
	p, err := l.cfg.propose(wish)
	for heldByDown(err) {
		l.say("%s", err.Error())
		text, _ := l.question("name the hosts that count as up on your word against the journal's, or an empty line to go back:")
		more, wrong := hostsOf(text)
		if wrong != nil {
			return wrong
		}
		if len(more) == 0 {
			l.say("no plan was made: mend who is down and run health on it, or leave the group's members out of the scope")
			return nil
		}
		wish.AssumeUp = append(wish.AssumeUp, more...)
		p, err = l.cfg.propose(wish)
	}
	if err != nil {
		return err
	}
	s := l.told(ctx, name, wish, p)
	for len(s.refusing) > 0 && !s.decided {
		if s, err = l.choose(ctx, s); s == nil || err != nil {
			return err
		}
	}
	if !l.owed(s) {
		return nil
	}
	text, ok := l.question(s.confirm().label)
	if !ok || !matches(text, s.words()) {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	id, err := l.cfg.Runs.Start(ctx, s.plan, s.reason, s.ticket)
	if err != nil {
		return err
	}
	return l.replay(ctx, id)
}

// required asks for the parameters that must be given, which a run could not be wished for without; false = one was not said.
func (l *lineConsole) required(w Wish) bool {
	rb, _ := runbookNamed(l.cfg.Library, w.Runbook)
	for _, p := range rb.Params {
		for p.Required && p.Default == "" && !p.Secret && w.Params[p.Name] == "" {
			text, ok := l.question(fmt.Sprintf("parameter %s (%s): %s:", p.Name, kindOf(p), p.Help))
			if !ok || text == "" {
				l.say("%s must be given: nothing was done", p.Name)
				return false
			}
			if err := checkParam(p, text); err != nil {
				l.say("%s: %v", p.Name, err)
				continue
			}
			w.Params[p.Name] = text
		}
	}
	return true
}

// told says a plan, and returns it.
func (l *lineConsole) told(ctx context.Context, name string, w Wish, p proposal) *planScreen {
	rb, _ := runbookNamed(l.cfg.Library, name)
	s := &planScreen{cfg: l.cfg, wish: w, proposal: p, rb: rb}
	ids := make([]inventory.HostID, len(s.plan.Hosts))
	for i, h := range s.plan.Hosts {
		ids[i] = h.Name
		if h.Prod {
			s.prod++
		}
	}
	l.say("plan %s: targets %s: %s. groups: %s. order: %s. needs: %s. %s", name, s.targets(), inventory.HostSet(ids), s.groups(), s.order(), s.needs(), s.undo())
	for i, st := range s.plan.Steps {
		l.say("step %d: %s. risk %s. %s", i+1, st.ID, st.Risk, s.command(st))
	}
	if l.cfg.Pace != nil {
		for _, p := range l.cfg.Pace(ctx, &s.plan) {
			l.say("%s: %s", p[0], p[1])
		}
	}
	for _, w := range s.plan.Warnings {
		l.say("warning: %s", w)
	}
	return s
}

// choose asks what becomes of hosts that cannot keep a step, and says the plan that comes of it; nil = nothing was chosen.
func (l *lineConsole) choose(ctx context.Context, s *planScreen) (*planScreen, error) {
	for line := range strings.Lines(s.refusalText()) {
		if line = strings.TrimSpace(line); line != "" {
			l.say("%s", line)
		}
	}
	text, _ := l.question("type one of these words, or an empty line to go back:")
	w := s.wish
	switch {
	case text == wordRefuse:
		s.decided = true
		return s, nil
	case text == wordAttached:
		w = s.attached(w)
	case text == wordLeaveOut && s.whyNotWithout() == "":
		w = s.without(w)
	default:
		l.say("not typed as asked: nothing was done")
		return nil, nil
	}
	p, err := l.cfg.propose(w)
	if err != nil {
		return nil, err
	}
	return l.told(ctx, w.Runbook, w, p), nil
}

// owed asks for what the inventory requires of the plan; false = it was not said.
func (l *lineConsole) owed(s *planScreen) bool {
	var owed *runbooks.OwedError
	for errors.As(s.plan.Owed(s.reason, s.ticket), &owed) {
		text, ok := l.question(owed.Setting + ". " + capital(owed.What()) + ":")
		if text = strings.TrimSpace(text); !ok || text == "" {
			l.say("%s", owed.Error())
			return false
		}
		if owed.Setting == "require_ticket" {
			s.ticket = text
		} else {
			s.reason = text
		}
	}
	return true
}

func matches(text string, words []string) bool {
	for _, w := range words {
		if text == w {
			return true
		}
	}
	return false
}
