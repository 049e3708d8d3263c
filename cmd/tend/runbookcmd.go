package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/quote"
	"tend/runbooks"
)

func (a *app) runbookCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "runbook", Short: "List, show and check runbooks",
		Example: "  tend runbook list\n  tend runbook show patch\n  tend runbook check ./runbooks/rotate-logs.toml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.runbookList(), a.runbookShow(), a.runbookCheck())
	return c
}

// books is the library beside the inventory where there is one; runbooks can be looked at without an inventory.
func (a *app) books() (runbooks.Library, error) {
	if _, err := inventory.Find(a.inventory, a.getenv); err != nil {
		return a.library(nil)
	}
	inv, err := a.load()
	if err != nil {
		return runbooks.Library{}, err
	}
	return a.library(inv)
}

func (a *app) runbookList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the runbooks and where each comes from, and the files that are broken", Args: cobra.NoArgs,
		Example: "  tend runbook list",
		RunE: func(c *cobra.Command, _ []string) error {
			lib, err := a.books()
			if err != nil {
				return err
			}
			if asJSON {
				return jsonLines(a, listedBooks(lib))
			}
			return table(a.out, a.wide(), func(tw io.Writer) { listBooks(tw, lib) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines; a broken file's has the key broken")
	return c
}

func listBooks(tw io.Writer, lib runbooks.Library) {
	fmt.Fprintln(tw, "RUNBOOK\tRISK\tSOURCE\tTITLE")
	for _, rb := range lib.All() {
		src := rb.Source
		if rb.Shadows != "" {
			src += " (hides " + rb.Shadows + ")"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", rb.Name, rb.Risk, quote.Line(src), quote.Line(rb.Title))
	}
	for _, b := range lib.Broken() {
		fmt.Fprintf(tw, "%s\tbroken\t%s\trefused: %s\n", b.Name, quote.Line(b.Source), quote.Line(b.First()))
	}
}

// listedBook is a runbook, or a file that is none.
type listedBook struct {
	runbooks.Runbook
	// Broken is all that is wrong with the file, which refuses the runbook of this name; such a line has no title, risk and steps.
	Broken string `json:"broken,omitempty"`
	Line   int    `json:"line,omitempty"` // of the first thing that is wrong
	Col    int    `json:"col,omitempty"`  // in that line, in characters from 1
	// Hidden says that an earlier directory has a runbook of that name, so that the broken file is not missed.
	Hidden bool `json:"hidden,omitempty"`
}

func listedBooks(lib runbooks.Library) []listedBook {
	var out []listedBook
	for _, rb := range lib.All() {
		out = append(out, listedBook{Runbook: rb})
	}
	for _, b := range lib.Broken() {
		rb := runbooks.Runbook{Name: b.Name, Source: b.Source, Steps: []runbooks.Step{}}
		out = append(out, listedBook{rb, b.Error, b.Line, b.Col, b.Hidden})
	}
	return out
}

func jsonLines[T any](a *app, all []T) error {
	enc := a.json()
	for _, v := range all {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) runbookShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show RUNBOOK", Short: "Show a runbook: parameters, steps, policy", Args: cobra.ExactArgs(1),
		Example: "  tend runbook show health",
		RunE: func(c *cobra.Command, args []string) error {
			lib, err := a.books()
			if err != nil {
				return err
			}
			rb, err := lib.Get(args[0])
			if err != nil {
				return bad(err)
			}
			if asJSON {
				return jsonLines(a, []runbooks.Runbook{rb})
			}
			a.printRunbook(rb)
			return nil
		},
		ValidArgsFunction: a.completeRunbook,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) printRunbook(rb runbooks.Runbook) {
	fmt.Fprintf(a.out, "%s: %s\nsource    %s\nrisk      %s\nlimits    %s\n", rb.Name, quote.Line(rb.Title), quote.Line(rb.Source), rb.Risk, limits(rb.Policy))
	if rb.Shadows != "" {
		fmt.Fprintf(a.out, "hides     %s\n", quote.Line(rb.Shadows))
	}
	if rb.Doc != "" {
		fmt.Fprintf(a.out, "\n%s\n", strings.TrimSuffix(reflow(strings.TrimSpace(quote.Text(rb.Doc)), a.wide()), "\n"))
	}
	if len(rb.Params) > 0 {
		fmt.Fprintln(a.out)
		_ = table(a.out, a.wide(), func(tw io.Writer) { listParams(tw, rb.Params) })
	}
	printSteps(a.out, &runbooks.Plan{Steps: rb.Steps})
}

func listParams(tw io.Writer, params []runbooks.Param) {
	fmt.Fprintln(tw, "PARAMETER\tTYPE\tDEFAULT\tHELP")
	for _, p := range params {
		kind := p.Type
		if len(p.Options) > 0 {
			kind = strings.Join(p.Options, "|")
		}
		def := p.Default
		if p.Required {
			def = "(required)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", p.Name, kind, quote.Line(def), quote.Line(p.Help))
	}
}

func (a *app) runbookCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE…", Short: "Check runbook files, scripts' syntax included", Args: cobra.MinimumNArgs(1),
		Example: "  tend runbook check ./runbooks/*.toml",
		RunE: func(c *cobra.Command, args []string) error {
			failed := false
			for _, path := range args {
				if err := a.checkRunbook(path); err != nil {
					failed = true
					a.report(err)
				}
			}
			if failed {
				return silent(2)
			}
			return nil
		},
	}
}

func (a *app) checkRunbook(path string) error {
	data, err := runbooks.ReadFile(path)
	if err != nil {
		return bad(err)
	}
	rb, err := runbooks.ParseAt(path, data)
	if err != nil {
		return bad(err)
	}
	fmt.Fprintf(a.out, "%s: ok, %s: %s\n", quote.Line(path), rb.Name, plural(len(rb.Steps), "step"))
	return nil
}
