package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"tend/inventory"
	"tend/quote"
	"tend/runbooks"
)

// printPlan writes a plan for people. With scripts it ends with every step's exact text.
// more are lines to go with the plan's own.
func printPlan(w io.Writer, p *runbooks.Plan, scripts bool, more ...[2]string) {
	line := func(k, format string, args ...any) {
		fmt.Fprintf(w, "%-9s %s\n", k, quote.Line(fmt.Sprintf(format, args...)))
	}
	line("plan", "%s: %s (%s)", p.Runbook, p.Title, p.Source)
	line("digest", "%s", p.Digest)
	line("risk", "%s", p.Risk)
	line("scope", "%s = %s", runbooks.ScopeName(p.Scope), plural(len(p.Hosts), "host"))
	for _, g := range p.Groups {
		line("group", "%s: %d of its %d may be down at once", g.Name, g.MaxDown, len(g.Hosts))
	}
	for _, wv := range p.Waves {
		line("wave", "%s: %s", wv.Name, inventory.HostSet(wv.Hosts))
	}
	line("limits", "%s", limits(p.Policy))
	for _, m := range more {
		line(m[0], "%s", m[1])
	}
	for k, v := range sorted(p.Params) {
		line("set", "%s=%s", k, v)
	}
	for _, s := range p.Warnings {
		line("warning", "%s", s)
	}
	printSteps(w, p)
	if scripts {
		printScripts(w, p)
	}
}

func limits(p runbooks.Policy) string {
	n := p.Parallel
	if n == 0 {
		n = runbooks.DefaultParallel
	}
	s := fmt.Sprintf("%d at once", n)
	if p.MaxFailures != "" {
		s += fmt.Sprintf(", stops when more than %s fail", p.MaxFailures)
	}
	if p.By != "" {
		s += ", one " + p.By + " after the other"
	}
	if p.Cutoff != "" {
		s += ", nothing new in the last " + p.Cutoff + " of a window"
	}
	if p.Pause != "" {
		s += ", pause between waves: " + p.Pause
	}
	return s
}

func printSteps(w io.Writer, p *runbooks.Plan) {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "#\tSTEP\tKIND\tRISK\tWHEN\tUNDO\tTITLE")
	for i, s := range p.Steps {
		undo := "-"
		if s.Undo != "" {
			undo = "yes"
		} else if s.Risk != runbooks.Read {
			undo = "none"
		}
		when := s.When
		if when == "" {
			when = "-"
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", i+1, s.ID, s.Kind, s.Risk, quote.Line(when), undo, quote.Line(s.Title))
	}
	tw.Flush()
}

func printScripts(w io.Writer, p *runbooks.Plan) {
	for i, s := range p.Steps {
		if s.Script == "" {
			continue
		}
		root := ""
		if s.Become {
			root = ", as root"
		}
		if slices.ContainsFunc(p.Hosts, func(h inventory.Host) bool { return h.Shell != "none" }) {
			fmt.Fprintf(w, "\n--- step %d, %s%s: what goes to sh\n%s\n", i+1, s.ID, root, strings.TrimRight(quote.Text(s.Script), "\n"))
		}
		for _, h := range p.Hosts {
			if text, err := p.Rendered(s.ID, h.Name); h.Shell == "none" && err == nil {
				fmt.Fprintf(w, "\n--- step %d, %s: what goes to %s, which has no shell\n%s\n", i+1, s.ID, h.Name, quote.Text(text))
			}
		}
	}
}
