package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tend/journal"
)

// Completions never fail and never ask: what cannot be loaded completes to nothing.

func (a *app) completeRunbook(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	lib, err := a.books()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, rb := range lib.All() {
		out = append(out, rb.Name+"\t"+rb.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeRun(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeRunbook(c, args, typed)
	}
	return a.completeSelector(c, args, typed)
}

// completeSelector offers hosts, sites, racks, tags and groups.
func (a *app) completeSelector(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	inv, err := a.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if s != "" && !seen[s] && strings.HasPrefix(s, typed) {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, s := range inv.Sites {
		add("site=" + s.Name)
		for _, r := range s.Racks {
			add("rack=" + r.Name)
		}
	}
	for _, g := range inv.Groups {
		add("group=" + g.Name)
	}
	for _, h := range inv.Hosts {
		for _, t := range h.Tags {
			add("tag=" + t)
		}
		add(string(h.Name))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeRunID(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	book, err := a.book()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer book.Close()
	runs, _ := book.Runs(c.Context(), journal.Query{Limit: 50})
	out := []string{"last\tthe newest run"}
	for _, r := range runs {
		out = append(out, string(r.Run)+"\t"+r.Runbook+" "+r.Scope)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
