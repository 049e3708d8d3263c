package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// plan says a maintenance plan, or does with it what the word behind its name says.
func (l *lineConsole) plan(ctx context.Context, rest string) error {
	words := strings.Fields(rest)
	if l.cfg.Plans.Look == nil || len(words) == 0 {
		l.say("%s", cmp.Or(missing(l.cfg.Plans.Look == nil), "plan NAME: say which; calendar lists them"))
		return nil
	}
	page, err := l.cfg.Plans.Look(ctx, words[0])
	if err != nil {
		return err
	}
	if len(words) == 1 {
		l.text(page.Text)
		return nil
	}
	i := slices.IndexFunc(planVerbs, func(v planVerb) bool { return v.name == words[1] })
	if i < 0 {
		l.say("a plan has difference, rehearse, approve and start, not %q", words[1])
		return nil
	}
	if why := planVerbs[i].why(l.cfg, &page); why != "" {
		l.say("%s is not possible here: %s", words[1], why)
		return nil
	}
	behind := strings.Join(words[2:], " ")
	switch words[1] {
	case "difference":
		return l.pieces(l.cfg.Plans.Compare(ctx, page.Path, cmp.Or(behind, page.Revision)))
	case "rehearse":
		return l.pieces(l.cfg.Plans.Rehearse(ctx, page.Path, behind))
	case "approve":
		return l.approvePlan(ctx, page)
	}
	return l.startPlan(ctx, page)
}

// pieces says a text that was made, in pieces.
func (l *lineConsole) pieces(text string, err error) error {
	if err == nil {
		l.text(text)
	}
	return err
}

// text says a long text, in pieces.
func (l *lineConsole) text(text string) {
	l.rest = nil
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			l.rest = append(l.rest, line)
		}
	}
	l.more()
}

// wholly says all of a text: what is confirmed is heard first.
func (l *lineConsole) wholly(text string) {
	l.text(text)
	for len(l.rest) > 0 {
		l.more()
	}
}

func (l *lineConsole) approvePlan(ctx context.Context, page PlanPage) error {
	p := PlanApproval{Path: page.Path, Digest: page.Digest, By: page.Approvers[0]}
	if len(page.Approvers) > 1 {
		p.By, _ = l.question("who approves (" + strings.Join(page.Approvers, ", ") + "):")
		if !slices.Contains(page.Approvers, p.By) {
			l.say("%q is no approver of the plan: nothing was done", p.By)
			return nil
		}
	}
	l.wholly(page.Text)
	if text, _ := l.question(fmt.Sprintf("approve digest %.12s as %s. Type %s:", p.Digest, p.By, page.Name)); text != page.Name {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	said, err := l.cfg.Plans.Approve(ctx, p)
	if errors.Is(err, ErrWantsKey) {
		p.Key, _ = l.question("the agent has no key of " + p.By + "; the key's file:")
		said, err = l.cfg.Plans.Approve(ctx, p)
	}
	if errors.Is(err, ErrWantsPassphrase) {
		pass, _ := l.secret("passphrase of "+ascii(p.Key)+": ", true)
		p.Passphrase = []byte(pass)
		said, err = l.cfg.Plans.Approve(ctx, p)
	}
	if err == nil {
		l.say("%s", said)
	}
	return err
}

func (l *lineConsole) startPlan(ctx context.Context, page PlanPage) error {
	l.wholly(page.Text)
	if page.Waits != "" {
		l.say("%s; it waits", page.Waits)
	}
	if text, _ := l.question(page.Blast + ". Type " + page.Name + " to start:"); text != page.Name {
		l.say("not typed as asked: nothing was done")
		return nil
	}
	run, err := l.cfg.Plans.Start(ctx, page.Path, page.Digest, 1)
	if err != nil {
		return err
	}
	return l.replay(ctx, run)
}
