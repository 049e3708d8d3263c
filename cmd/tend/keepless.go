package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
	"tend/ui"
)

// keepless says why hosts cannot keep a detached step, by host and fact, as runs and the runbook facts found them.
type keepless map[inventory.HostID]map[string]string

// detachKey is the fact that says whether a host keeps the steps of the user who logs in, or root's: "yes", or "no: " and why.
func detachKey(become bool) string {
	if become {
		return "detach.root"
	}
	return "detach"
}

// keepless reads it from the journal.
func (a *app) keepless(ctx context.Context) keepless {
	book, err := a.book()
	if err != nil {
		return nil // no journal yet: nobody knows anything
	}
	defer book.Close()
	out := keepless{}
	for k, err := range book.Facts(ctx) {
		why, no := strings.CutPrefix(k.Fact.Value, "no: ")
		if err != nil || !no || k.Fact.Key != detachKey(false) && k.Fact.Key != detachKey(true) {
			continue
		}
		if out[k.Host] == nil {
			out[k.Host] = map[string]string{}
		}
		out[k.Host][k.Fact.Key] = fmt.Sprintf("%s (seen %s)", why, k.At.Local().Format("2006-01-02 15:04"))
	}
	return out
}

// of is why a host cannot keep the steps of a plan; "" = it can, or nobody knows.
func (k keepless) of(p *runbooks.Plan, h inventory.Host) string {
	if len(k[h.Name]) == 0 || h.Shell == "none" {
		return ""
	}
	for _, s := range p.Steps {
		if s.Risk == runbooks.Read || s.Script == "" {
			continue
		}
		if why := k[h.Name][detachKey(s.Become || h.User == "root")]; why != "" {
			return why
		}
	}
	return ""
}

// doubted are the hosts of a plan that warns which are said not to keep its steps.
func (a *app) doubted(ctx context.Context, p *runbooks.Plan) []inventory.HostID {
	if len(p.Warnings) == 0 || p.Risk == runbooks.Read {
		return nil
	}
	keep, out := a.keepless(ctx), []inventory.HostID(nil)
	for _, h := range p.Hosts {
		if keep.of(p, h) != "" {
			out = append(out, h.Name)
		}
	}
	return out
}

// attach says in the plan which of its hosts cannot keep its steps, and which run them on the connection by the operator's decision.
func (w world) attach(p *runbooks.Plan, c choice, k *runbooks.Circumstances) error {
	for _, name := range c.attached {
		h := inventory.HostID(name)
		if _, known := w.inv.Host(h); !known {
			return usage("tend inventory list shows what there is", "--attached: no host is named %q", name)
		}
		if p.Risk != runbooks.Read && slices.ContainsFunc(p.Hosts, func(o inventory.Host) bool { return o.Name == h }) {
			k.Attached = append(k.Attached, h)
			p.Warnings = append(p.Warnings, name+": steps run on the connection, on the operator's word; a lost link may end them, and nobody then knows how")
		}
	}
	p.Warnings = append(p.Warnings, refused(w.refusers(p, k.Attached))...)
	return nil
}

// refusing are the hosts that will refuse a plan's steps, but for those that it has attached.
func (w world) refusing(p *runbooks.Plan) []ui.Refusal { return w.refusers(p, p.Attached) }

func (w world) refusers(p *runbooks.Plan, attached []inventory.HostID) []ui.Refusal {
	if w.keep == nil || p.Risk == runbooks.Read {
		return nil
	}
	keep, out := w.keep(), []ui.Refusal(nil)
	for _, h := range p.Hosts {
		if why := keep.of(p, h); why != "" && !slices.Contains(attached, h.Name) {
			out = append(out, ui.Refusal{Host: h.Name, Why: why})
		}
	}
	return out
}

// refused says of each host that will refuse the plan's steps why, and what can be done.
func refused(refusers []ui.Refusal) []string {
	var out []string
	for _, r := range refusers {
		out = append(out, fmt.Sprintf("%s cannot keep a detached step: %s; it refuses while that is so, unless --attached %s has its steps run on the connection", r.Host, r.Why, r.Host))
	}
	return out
}

// offerAttached asks, of each host that cannot keep a detached step, whether its steps are to run on the connection. What is answered
// is another plan, which is made and confirmed as any other. Where nobody is there to answer, the hosts refuse, and say why.
func (a *app) offerAttached(ctx context.Context, p prepared, f *runFlags) (prepared, error) {
	w, err := a.world(ctx)
	if err != nil {
		return p, err
	}
	refusers := w.refusing(&p.plan)
	if len(refusers) == 0 {
		return p, nil
	}
	var text bytes.Buffer
	for _, s := range refused(refusers) {
		fmt.Fprintf(&text, "warning: %s\n", s)
	}
	if f.yes || !terminal(a.in) {
		if !f.yes || f.json || f.detach { // else the run's own lines begin with the plan's warnings: said once
			_, err = a.err.Write(text.Bytes())
		}
		return p, err
	}
	var hosts []string
	for _, r := range refusers {
		hosts = append(hosts, string(r.Host))
	}
	fmt.Fprintf(a.err, "%s\nRun the steps of %s on the connection? A lost link may then end them in their midst. Type attached for yes, Enter to let %s refuse: ",
		text.String(), strings.Join(hosts, ", "), themOrIt(len(hosts)))
	got, err := readLine(a.in)
	if f, broken := errors.AsType[*fault](err); broken {
		fmt.Fprintln(a.err)
		return p, f
	}
	if err != nil || got != "attached" {
		return p, nil
	}
	f.attached = append(f.attached, hosts...)
	return a.prepare(ctx, f.choice)
}

func themOrIt(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
