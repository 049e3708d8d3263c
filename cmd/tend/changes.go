package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// outcome is what a run of patch changed on its hosts, and what it left for somebody to look at, as their facts tell. Its last lines say that of all
// hosts together.
type outcome struct {
	packages map[string]bool    // that are of another version on some host, or came, or went
	changed  []inventory.HostID // the hosts of these
	left     []leftover
	unknown  []inventory.HostID // that were not looked at afterwards
}

// leftover is one thing that wants somebody, on the hosts where it does.
type leftover struct {
	one, many string // in words; %d is how many there are, where that says more than the number of hosts
	hosts     []inventory.HostID
	n         int
}

// outcomeOf reads the facts of the runbook patch; ok is false for a run that had no packages to change.
func outcomeOf(s *journal.State) (c outcome, ok bool) {
	if s.StepIndex("verify") < 0 {
		return c, false
	}
	c = outcome{packages: map[string]bool{}, left: []leftover{
		{one: "a reboot is due", many: "a reboot is due"},
		{one: "1 service runs old code", many: "%d services run old code"},
		{one: "1 file lies beside a configuration file", many: "%d files lie beside configuration files"},
		{one: "1 update is still pending", many: "%d updates are still pending"},
	}}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		packages, beside := 0, 0
		for key := range h.Facts {
			kind, name, _ := strings.Cut(key, ".")
			switch {
			case name == "" || key == "changed.kernel":
			case kind == "changed":
				c.packages[name] = true
				packages++
			case kind == "beside":
				beside++
			}
		}
		number := func(key string) int { n, _ := strconv.Atoi(h.Facts[key].Value); return n }
		if _, looked := h.Facts["todo"]; looked {
			ok = true
		}
		if packages > 0 {
			c.changed = append(c.changed, h.ID)
		}
		if _, verified := h.Facts["left"]; !verified {
			c.unknown = append(c.unknown, h.ID)
			continue
		}
		for k, n := range []int{map[string]int{"yes": 1}[h.Facts["reboot_due"].Value], number("restarts_due"), beside, number("pending")} {
			if n > 0 {
				c.left[k].n += n
				c.left[k].hosts = append(c.left[k].hosts, h.ID)
			}
		}
	}
	return c, ok
}

// on names hosts: a few are a word, many a number as well.
func on(hosts []inventory.HostID) string {
	names := quote.ASCII(short(inventory.HostSet(hosts), 60))
	if len(hosts) == 1 {
		return names
	}
	return fmt.Sprintf("%d hosts (%s)", len(hosts), names)
}

// printChanges is the last that is printed of a run of patch.
func printChanges(w io.Writer, s *journal.State) {
	c, ok := outcomeOf(s)
	if !ok || s.Plan().Dry {
		return
	}
	if len(c.changed) > 0 {
		fmt.Fprintf(w, "\nchanged: %s on %s\n", plural(len(c.packages), "package"), on(c.changed))
	} else {
		fmt.Fprint(w, "\nchanged: no package\n")
	}
	var parts []string
	for _, l := range c.left {
		if len(l.hosts) == 0 {
			continue
		}
		what := l.one
		if l.n > 1 && strings.Contains(l.many, "%d") {
			what = fmt.Sprintf(l.many, l.n)
		}
		parts = append(parts, what+" on "+on(l.hosts))
	}
	if len(c.unknown) > 0 {
		parts = append(parts, "not looked at afterwards: "+on(c.unknown))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing: no reboot is due, no service runs old code, no update is pending")
	}
	fmt.Fprintf(w, "left: %s\n", strings.Join(parts, "; "))
}
