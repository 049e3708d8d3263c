package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/report"
)

// comparing is two runs, or two moments.
type comparing struct {
	host, at, and string
	days          int
	json          bool
}

func (a *app) compareCmd() *cobra.Command {
	var f comparing
	c := &cobra.Command{
		Use:   "compare RUN RUN | --at TIME [--and TIME] [SELECTOR…]",
		Short: "Show what changed between two runs, or between two moments of a host or a fleet",
		Long: `Show what is different between two runs: hosts, outcomes, checks, packages, facts, and what the same step printed. Or, with --at, between what the
journal knew of hosts at one time and at another (now, where --and is not given): the newest reading of every source until then, up to
--within days old; what is older is not known. What is different in the same way on many hosts is said once.`,
		Example: "  tend compare 261122-2213-k7f3 last\n  tend compare --host db-0712 --at 7d\n  tend compare --at 2026-10-01 --and 2026-11-01 site=ams1 --json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				was, is, err := a.sides(c.Context(), book, f, args)
				if err != nil {
					return err
				}
				all := report.Compare(was, is)
				if f.json {
					return jsonLines(a, all)
				}
				a.printDifferences(was, is, all)
				return nil
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
	fl := c.Flags()
	fl.StringVar(&f.at, "at", "", "a `time`: 7d or 12h ago, 2026-11-01, or 2026-11-01T14:30")
	fl.StringVar(&f.and, "and", "", "the other `time`; now, where it is not given")
	fl.StringVar(&f.host, "host", "", "only this `host`")
	fl.IntVar(&f.days, "within", 90, "what was read longer before than so many `days` is not known")
	fl.BoolVar(&f.json, "json", false, "print JSON lines")
	return c
}

func (a *app) sides(ctx context.Context, book *shelf, f comparing, args []string) (was, is *report.Snapshot, err error) {
	if f.at == "" && (f.and != "" || f.host != "" || len(args) != 2) {
		return nil, nil, usage("tend compare RUN RUN, or tend compare --at 7d --host db-0712", "say which two runs, or which times")
	}
	if f.at != "" {
		return a.moments(ctx, book, f, args)
	}
	if was, err = a.ofRun(ctx, book, args[0]); err == nil {
		is, err = a.ofRun(ctx, book, args[1])
	}
	return was, is, err
}

func (a *app) ofRun(ctx context.Context, book *shelf, name string) (*report.Snapshot, error) {
	run, err := a.find(ctx, book, name)
	if err != nil {
		return nil, err
	}
	return report.OfRun(book.Events(ctx, run, 0, false))
}

// moments makes snapshots of two times.
func (a *app) moments(ctx context.Context, book *shelf, f comparing, args []string) (was, is *report.Snapshot, err error) {
	first, err := a.ago(f.at)
	if err != nil {
		return nil, nil, err
	}
	second := a.now()
	if f.and != "" {
		if second, err = a.ago(f.and); err != nil {
			return nil, nil, err
		}
	}
	if !first.Before(second) {
		return nil, nil, usage("the earlier one is --at, the later --and", "%s is not before %s", first.Format(time.DateTime), second.Format(time.DateTime))
	}
	wanted, err := a.wanted(ctx, f.host, args)
	if err != nil {
		return nil, nil, err
	}
	within := time.Duration(f.days) * 24 * time.Hour
	if was, err = asOf(ctx, book, first, within, f.host, wanted); err == nil {
		is, err = asOf(ctx, book, second, within, f.host, wanted)
	}
	if err == nil && was.Len()+is.Len() == 0 {
		err = usage("tend journal list shows what was run", "the journal knows nothing of these hosts at these times")
	}
	return was, is, err
}

// wanted says which hosts are meant. Without a selector it is all, those that are gone from the inventory too.
func (a *app) wanted(ctx context.Context, host string, args []string) (func(inventory.HostID) bool, error) {
	if host != "" && len(args) > 0 {
		return nil, usage("", "give --host or a selector, not both")
	}
	if host != "" {
		return func(id inventory.HostID) bool { return string(id) == host }, nil
	}
	if len(args) == 0 {
		return func(inventory.HostID) bool { return true }, nil
	}
	inv, err := a.load()
	if err != nil {
		return nil, err
	}
	sel, err := inventory.ParseSelector(strings.Join(args, " "))
	if err == nil {
		err = inv.Check(sel)
	}
	if err != nil {
		return nil, bad(err)
	}
	values := a.values(ctx, inv, nil)
	return func(id inventory.HostID) bool {
		h, ok := inv.Host(id)
		return ok && sel.Match(h, values)
	}, nil
}

// asOf is what the journal knew at a time. Output is passed over: it is nearly all that a segment holds.
func asOf(ctx context.Context, book *shelf, at time.Time, within time.Duration, host string, wanted func(inventory.HostID) bool) (*report.Snapshot, error) {
	runs, err := book.Runs(ctx, journal.Query{Host: inventory.HostID(host), Since: at.Add(-within), Until: at})
	if err != nil {
		return nil, err
	}
	s := report.AsOf(at)
	for _, r := range runs {
		events := func(yield func(journal.Event, error) bool) {
			for p, err := range book.From(ctx, journal.Place{Origin: r.Origin, Run: r.Run}, journal.OutputRead{}.Kind()) {
				if errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrDamaged) {
					return // as far as it can be read
				}
				if !yield(p.Event, err) {
					return
				}
			}
		}
		if err := s.Take(events, at, wanted); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (a *app) printDifferences(was, is *report.Snapshot, all []report.Difference) {
	fmt.Fprintf(a.out, "was %s, %s\nis  %s, %s\n", was.Name, plural(was.Len(), "host"), is.Name, plural(is.Len(), "host"))
	kind := ""
	for _, d := range all {
		if d.Kind != kind {
			kind = d.Kind
			fmt.Fprintf(a.out, "\n%s\n", strings.ToUpper(kind))
		}
		what := quote.Line(d.Was) + " -> " + quote.Line(d.Is)
		if d.Key != "" {
			what = quote.Line(d.Key) + ": " + what
		}
		fmt.Fprintf(a.out, "  %4d  %s  (%s)\n", len(d.Hosts), what, inventory.HostSet(d.Hosts))
		for line := range strings.Lines(d.Diff) {
			fmt.Fprintf(a.out, "        %s\n", quote.Line(strings.TrimSuffix(line, "\n")))
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(a.out, "\nnothing is different")
	}
}
