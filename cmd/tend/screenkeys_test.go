package main

import (
	"fmt"
	"slices"
	"strings"

	"tend/ui"
)

// shared is on how many screens a key must do the same to be told of once.
const shared = 5

// screenKeys is the generated part of docs/screens.md: what is a screen's own, and behind it, once, what the lists have in common.
func screenKeys() string {
	var order, lists []string
	rows, on := map[string][]ui.KeyRef{}, map[ui.KeyRef]int{}
	for _, k := range ui.Reference() {
		if rows[k.Screen] == nil {
			order = append(order, k.Screen)
		}
		rows[k.Screen] = append(rows[k.Screen], k)
		on[anywhere(k)]++
	}
	var b strings.Builder
	var common [][]string
	for _, s := range order {
		own := [][]string{}
		for _, k := range rows[s] {
			switch row := []string{mdCode(k.Keys), mdCode(k.Action), k.Help}; {
			case on[anywhere(k)] < shared:
				own = append(own, row)
			case !slices.ContainsFunc(common, func(r []string) bool { return slices.Equal(r, row) }):
				common = append(common, row)
			}
		}
		if len(own) < len(rows[s]) {
			lists = append(lists, s)
		}
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", s, mdTable([]string{"keys", "action", "what it does"}, own))
	}
	fmt.Fprintf(&b, "### every list\n\nThe same on the screens %s.\n\n%s\n", strings.Join(lists, ", "), mdTable([]string{"keys", "action", "what it does"}, common))
	return b.String()
}

// anywhere is what a key does, whichever screen it does it on.
func anywhere(k ui.KeyRef) ui.KeyRef {
	k.Screen = ""
	return k
}
