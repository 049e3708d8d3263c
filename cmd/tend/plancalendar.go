package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/plans"
	"tend/quote"
)

func (a *app) planCalendar() *cobra.Command {
	var asJSON bool
	ahead := 31
	c := &cobra.Command{
		Use: "calendar [DIR|FILE…]", Short: "Show the coming windows of maintenance plans, and where two of them collide",
		Long: `Show the coming windows of the plans, of all in plans/, here or beside the inventory, where none are named. Two plans collide where they work on one host, or on two members of
one group, in windows that overlap. A plan whose days are over is left out.`,
		Example: "  tend plan calendar\n  tend plan calendar plans/ --days 90\n  tend plan calendar plans/a.toml plans/b.toml --json",
		RunE: func(c *cobra.Command, args []string) error {
			all, err := a.plansIn(c.Context(), args)
			if err != nil {
				return err
			}
			slots := plans.Calendar(all, a.now(), a.now().AddDate(0, 0, ahead))
			if asJSON {
				return jsonLines(a, slots)
			}
			return a.printCalendar(slots, len(all), ahead)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	c.Flags().IntVar(&ahead, "days", ahead, "how many days ahead to look")
	return c
}

// plansIn resolves the plans that are named, or lie in directories that are. Everything that is wrong with any of them is said at once.
func (a *app) plansIn(ctx context.Context, args []string) ([]plans.Resolved, error) {
	w, err := a.world(ctx)
	if err != nil {
		return nil, err
	}
	files, err := planFiles(args, w.inv)
	if err != nil {
		return nil, err
	}
	all, err := a.resolvePlans(ctx, w, files)
	if err != nil {
		return nil, bad(err)
	}
	return all, nil
}

// planFiles are the plans' files: those that are named, or lie in directories that are, or in plans/, here or beside the inventory.
func planFiles(args []string, inv *inventory.Inventory) ([]string, error) {
	if len(args) == 0 {
		args = []string{"plans"}
		if beside := filepath.Join(filepath.Dir(inv.Path), "plans"); !there("plans") && there(beside) {
			args = []string{beside}
		}
	}
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, usage("name the files, or the directory of the plans", "%w", err)
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, bad(err)
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".toml" && !e.IsDir() {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	return files, nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// resolvePlans resolves what it can, and says all that is wrong with the others.
func (a *app) resolvePlans(ctx context.Context, w world, files []string) ([]plans.Resolved, error) {
	values := a.values(ctx, w.inv, nil)
	var all []plans.Resolved
	var errs []error
	for _, path := range files {
		f, err := plans.Load(path)
		if err == nil {
			var r plans.Resolved
			if r, err = plans.Resolve(f, w.inv, w.lib, values); err == nil {
				all = append(all, r)
			}
		}
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

func (a *app) printCalendar(slots []plans.Slot, n, ahead int) error {
	if len(slots) == 0 {
		fmt.Fprintf(a.out, "%s, and no window in the next %s\n", plural(n, "plan"), plural(ahead, "day"))
		return nil
	}
	return printSlots(a.out, a.wide(), a.now(), slots)
}

// printSlots is a line a window. On a terminal that has no room for all of it, when a window shuts loses its day where it is that of its opening, and
// what it collides with stands below, as a goal does that does not fit. 0 columns = it is none.
func printSlots(out io.Writer, cols int, now time.Time, slots []plans.Slot) error {
	var whole strings.Builder
	if err := slotTable(&whole, 0, now, slots, false); err != nil {
		return err
	}
	narrow := false
	for line := range strings.Lines(whole.String()) {
		narrow = narrow || cols > 0 && utf8.RuneCountInString(line)-1 > cols
	}
	return slotTable(out, cols, now, slots, narrow)
}

func slotTable(out io.Writer, cols int, now time.Time, slots []plans.Slot, narrow bool) error {
	return table(out, cols, func(tw io.Writer) {
		if narrow {
			fmt.Fprintln(tw, "OPENS\tSHUTS\tPLAN\tHOSTS\tGOAL")
		} else {
			fmt.Fprintln(tw, "OPENS\tSHUTS\tPLAN\tHOSTS\tCOLLIDES\tGOAL")
		}
		for _, s := range slots {
			if narrow {
				goal := dash(s.Goal)
				if clash := clashes(s.Clash); clash != "" {
					goal = "COLLIDES with " + quote.Line(clash) + ". " + goal
				}
				fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\n", opens(now, s), sameDay(s), quote.Line(s.Plan), s.Hosts, goal)
				continue
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\t%s\n", opens(now, s), shuts(s.Shuts), quote.Line(s.Plan), s.Hosts, dash(clashes(s.Clash)), dash(s.Goal))
		}
	})
}

// sameDay is when a window shuts, without the day where it is the one on which it opens.
func sameDay(s plans.Slot) string {
	if s.Shuts.Format(time.DateOnly) == s.Opens.Format(time.DateOnly) {
		return s.Shuts.Format("15:04")
	}
	return strings.TrimSuffix(shuts(s.Shuts), s.Shuts.Format(" MST"))
}

const calendarDay = "Mon 2006-01-02 15:04 MST"

func opens(now time.Time, s plans.Slot) string {
	if s.Window == "" && !s.Opens.After(now) {
		return "always"
	}
	return s.Opens.Format(calendarDay)
}

func shuts(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(calendarDay)
}

func clashes(all []plans.Clash) string {
	var out []string
	for _, c := range all {
		var what []string
		for _, g := range c.Groups {
			what = append(what, "group "+g)
		}
		if len(c.Hosts) > 0 {
			what = append(what, inventory.HostSet(c.Hosts))
		}
		out = append(out, c.Plan+": "+strings.Join(what, ", "))
	}
	return strings.Join(out, "; ")
}
