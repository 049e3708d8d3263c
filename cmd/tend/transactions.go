package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// transaction is what a package manager would do, on the hosts that would all do the same.
type transaction struct {
	hosts    []inventory.HostID
	packages []string
	security int
}

// transactions folds what the hosts of a dry run would do: the most frequent first.
func transactions(s *journal.State) []transaction {
	by := map[string]*transaction{}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		var t transaction
		for key, f := range sorted(h.Facts) {
			name, ok := strings.CutPrefix(key, "do.")
			if !ok {
				continue
			}
			text := f.Value
			// What is pending says the same with the origin, and whether it is for security.
			if u, known := h.Facts["update."+name]; known && strings.HasPrefix(u.Value, text+" ") {
				text = u.Value
			}
			t.packages = append(t.packages, name+" "+text)
			if strings.HasSuffix(text, " security") {
				t.security++
			}
		}
		if len(t.packages) == 0 {
			continue
		}
		id := strings.Join(t.packages, "\n")
		if by[id] == nil {
			by[id] = &t
		}
		by[id].hosts = append(by[id].hosts, h.ID)
	}
	var all []transaction
	for _, t := range sorted(by) {
		all = append(all, *t)
	}
	slices.SortStableFunc(all, func(a, b transaction) int { return cmp.Compare(len(b.hosts), len(a.hosts)) })
	return all
}

// printTransactions says what a dry run has found, identical transactions folded.
func printTransactions(w io.Writer, s *journal.State) {
	if !s.Plan().Dry {
		return
	}
	for _, t := range transactions(s) {
		fmt.Fprintf(w, "\n%s (%s) would take %s, %d of them for security:\n", quote.ASCII(inventory.HostSet(t.hosts)),
			plural(len(t.hosts), "host"), plural(len(t.packages), "package"), t.security)
		for _, p := range t.packages {
			fmt.Fprintf(w, "  %s\n", quote.ASCII(p))
		}
	}
	if s.StepIndex("pending") < 0 {
		return
	}
	var none, unknown []inventory.HostID
	for i := range s.Hosts {
		switch todo, known := s.Hosts[i].Facts["todo"]; {
		case !known:
			unknown = append(unknown, s.Hosts[i].ID)
		case todo.Value == "0":
			none = append(none, s.Hosts[i].ID)
		}
	}
	if len(none) > 0 {
		fmt.Fprintf(w, "\nnothing to do: %s\n", on(none))
	}
	if len(unknown) > 0 {
		fmt.Fprintf(w, "\nnot known what is to do: %s\n", on(unknown))
	}
}
