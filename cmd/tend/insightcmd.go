package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/insight"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
	"tend/ui"
)

// insightFlags are which insight is shown, and how.
type insightFlags struct {
	since, runbook, name string
	limit                int
	json, noEdit         bool
}

func (a *app) insightCmd() *cobra.Command {
	var f insightFlags
	c := &cobra.Command{
		Use: "insight [SECTION…]", Short: "Show what is slow, fails, waits for people, is typed by hand, and grows",
		Long: `Show what the journal tells of a period: the commands that are typed by hand again and again, the steps that take the longest and those that
fail most, whom runs wait for, what grows and when it will be full, how long updates wait to be installed, and how runbooks' runs go. It connects to no host.

A forecast is a line through what was measured since the disk was last emptied; it is shown only where the growth is surer than chance, with
the interval that holds it 19 times of 20 or oftener. "Published" is when any host in the journal was first seen to wait for an update: no package manager says more.

Sections: ` + strings.Join(insight.Names, ", ") + `; without one, all. --runbook makes a runbook of the N-th line of by-hand and opens it in $EDITOR.`,
		Example:   "  tend insight\n  tend insight growth --since 180d --limit 0\n  tend insight --json | jq .growth\n  tend insight --runbook 1 --name restart-app",
		ValidArgs: insight.Names,
		Args: func(_ *cobra.Command, args []string) error {
			for _, s := range args {
				if !slices.Contains(insight.Names, s) {
					return usage(strings.Join(insight.Names, ", "), "there is no section %q", s)
				}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.showInsight(c.Context(), f, args) },
	}
	fl := c.Flags()
	fl.StringVar(&f.since, "since", "90d", "of the time since: `90d`, or a date")
	fl.IntVar(&f.limit, "limit", 8, "at most so many lines a section (0 = all)")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	fl.StringVar(&f.runbook, "runbook", "", "make a runbook of the `N`-th line of by-hand")
	fl.StringVar(&f.name, "name", "", "that runbook's `name`")
	fl.BoolVar(&f.noEdit, "no-edit", false, "write the runbook, and do not open it")
	return c
}

func (a *app) showInsight(ctx context.Context, f insightFlags, only []string) error {
	since, err := a.ago(f.since)
	if err != nil {
		return err
	}
	inv, err := a.load()
	if err != nil {
		return err
	}
	var i insight.Insight
	if err := a.withBook(func(book *shelf) error {
		i, err = a.insight(ctx, book, inv, since)
		return err
	}); err != nil {
		return err
	}
	switch {
	case f.runbook != "":
		return a.makeRunbook(ctx, inv, i, f)
	case f.json:
		return jsonLines(a, []insight.Insight{i})
	}
	fmt.Fprintf(a.out, "since %s, until %s\n", i.Since.Local().Format("2006-01-02"), i.Until.Local().Format("2006-01-02 15:04"))
	for _, s := range i.Sections(f.limit, a.drawing()) {
		if len(only) > 0 && !slices.Contains(only, s.Name) {
			continue
		}
		a.printSection(s)
	}
	return nil
}

// drawing is how this terminal is shown a series: in blocks where it has them, else in numbers.
func (a *app) drawing() func(insight.Series) string {
	tier := ui.DetectTier(a.environ(), terminal(a.out))
	if (tier == ui.Full || tier == ui.Basic) && strings.Contains(strings.ToUpper(a.getenv("LC_ALL")+a.getenv("LC_CTYPE")+a.getenv("LANG")), "UTF") {
		return insight.Spark
	}
	return insight.Numbers
}

func (a *app) printSection(s insight.Section) {
	fmt.Fprintf(a.out, "\n%s (%s)\n", s.Title, s.Name)
	if len(s.Rows) < 2 {
		fmt.Fprintf(a.out, "  %s\n", s.None)
		return
	}
	for n, line := range insight.Table(s.Rows) {
		lead := "  "
		if s.Habits != nil && n > 0 {
			lead = fmt.Sprintf("  %d. ", n)
		} else if s.Habits != nil {
			lead = "     "
		}
		fmt.Fprintf(a.out, "%s%s\n", lead, line)
	}
	if s.More > 0 {
		fmt.Fprintf(a.out, "  and %d more: --limit 0\n", s.More)
	}
	if s.Habits != nil {
		fmt.Fprintln(a.out, "  tend insight --runbook N makes a runbook of a line")
	}
}

// insight gathers what the index knows since then.
func (a *app) insight(ctx context.Context, book *shelf, inv *inventory.Inventory, since time.Time) (insight.Insight, error) {
	ix, err := book.index()
	if err != nil {
		return insight.Insight{}, err
	}
	m := insight.Material{Since: since, Site: func(id inventory.HostID) string {
		h, _ := inv.Host(id)
		return h.Site
	}}
	for _, read := range []func() error{
		func() (err error) { m.Runs, err = ix.Runs(ctx, journal.Query{Since: since}); return err },
		func() (err error) { m.Spent, err = ix.Spent(ctx, since); return err },
		func() (err error) { m.Stood, err = ix.Stood(ctx, since); return err },
		func() (err error) { m.Typed, err = ix.Typed(ctx, since); return err },
		func() (err error) { m.Samples, err = ix.Samples(ctx, since); return err },
		func() (err error) { m.Updates, err = ix.Updates(ctx, since); return err },
	} {
		if err := read(); err != nil {
			return insight.Insight{}, err
		}
	}
	return insight.Of(m, a.now()), nil
}

// makeRunbook writes a habit as a runbook beside the inventory and opens it.
func (a *app) makeRunbook(ctx context.Context, inv *inventory.Inventory, i insight.Insight, f insightFlags) error {
	n, err := strconv.Atoi(f.runbook)
	if err != nil || n < 1 || n > len(i.Habits) {
		return usage("tend insight by-hand --limit 0", "--runbook %s: there %s typed by hand again and again", quote.Line(f.runbook), isAre(len(i.Habits), "command"))
	}
	path, text, err := a.habitFile(inv, i.Habits[n-1], f.name)
	if err != nil {
		return err
	}
	if err := a.begin(path, text, "tend runbook check "+typed(path)); err != nil || f.noEdit {
		return err
	}
	editor := a.getenv("VISUAL")
	if editor == "" {
		editor = a.getenv("EDITOR")
	}
	words := strings.Fields(editor)
	if len(words) == 0 || !terminal(a.in) {
		return nil
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], path)...) //nolint:gosec // the operator's own editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", quote.Line(editor), err)
	}
	return a.checkWritten(path)
}

// habitFile is where a habit's runbook belongs, and its text.
func (a *app) habitFile(inv *inventory.Inventory, h insight.Habit, name string) (path, text string, err error) {
	given := name != ""
	if !given {
		name = h.Name()
	}
	if !bookName().MatchString(name) {
		return "", "", usage("lower-case letters, digits and hyphens, a letter first", "%q cannot be a runbook's name", name)
	}
	dir := filepath.Join(filepath.Dir(inv.Path), "runbooks")
	path = filepath.Join(dir, name+".toml")
	for n := 2; !given; n++ {
		if _, err := os.Stat(path); err != nil {
			break
		}
		path = filepath.Join(dir, fmt.Sprintf("%s-%d.toml", name, n))
	}
	name = strings.TrimSuffix(filepath.Base(path), ".toml")
	return path, h.Runbook(name), nil
}

// checkWritten says at once what is wrong with what was edited.
func (a *app) checkWritten(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rb, err := runbooks.Parse(path, data)
	if err != nil {
		return bad(err)
	}
	fmt.Fprintf(a.out, "%s: a runbook of %s; tend run %s runs it\n", quote.Line(path), plural(len(rb.Steps), "step"), rb.Name)
	return nil
}

func isAre(n int, one string) string {
	if n == 1 {
		return "is 1 " + one
	}
	return fmt.Sprintf("are %d %ss", n, one)
}
