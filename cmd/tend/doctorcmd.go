package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tend/quote"
)

// symptom is what the doctor found about one thing.
type symptom struct {
	Name  string `json:"name"`           // what was looked at: "agent", "clock"
	State string `json:"state"`          // "ok", "warn", "fail", or "unknown" where this system does not tell
	Text  string `json:"text"`           // what was found
	Hint  string `json:"hint,omitempty"` // what to do about it
}

func ok(name, format string, args ...any) symptom {
	return symptom{name, "ok", fmt.Sprintf(format, args...), ""}
}

func warns(name, hint, format string, args ...any) symptom {
	return symptom{name, "warn", fmt.Sprintf(format, args...), hint}
}

func fails(name, hint, format string, args ...any) symptom {
	return symptom{name, "fail", fmt.Sprintf(format, args...), hint}
}

func unknown(name, format string, args ...any) symptom {
	return symptom{name, "unknown", fmt.Sprintf(format, args...), ""}
}

func (a *app) doctorCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor", Short: "Look at this machine, and say what will not work and why", Args: cobra.NoArgs,
		Long: `Look at what tend stands on: the inventory, the journal's directory, the agent, keys, known hosts, the ssh configuration's options that tend
does not know, the terminal, the clock, limits, and whether runs survive a logout. It connects to no host and changes nothing.
Exit code 1 where something will not work.`,
		Example: "  tend doctor\n  tend doctor --json",
		RunE: func(c *cobra.Command, _ []string) error {
			all := a.examine(c.Context())
			if asJSON {
				if err := jsonLines(a, all); err != nil {
					return err
				}
			} else {
				writeSymptoms(a.out, all, columns(a.out))
			}
			for _, s := range all {
				if s.State == "fail" {
					return silent(1)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

func (a *app) examine(ctx context.Context) []symptom {
	var all []symptom
	for _, look := range []func(context.Context) []symptom{
		a.lookVersion, a.lookInventory, a.lookRunbooks, a.lookJournal, a.lookSockets, a.lookAgent, a.lookKeys, a.lookKnownHosts, a.lookConfig, a.lookTerminal,
		a.lookClock, a.lookLimits, a.lookLinger, a.lookTools,
	} {
		all = append(all, look(ctx)...)
	}
	return all
}

// writeSymptoms are for a terminal of so many columns; 0 = a line each, however long.
func writeSymptoms(out io.Writer, all []symptom, cols int) {
	tw := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	room := roomBehind(all, cols)
	bad := 0
	for _, s := range all {
		for i, l := range atBlanks(quote.Line(s.Text), room) {
			if i == 0 {
				fmt.Fprintf(tw, "%s\t%s\t%s\n", s.State, s.Name, l)
			} else {
				fmt.Fprintf(tw, "\t\t%s\n", l)
			}
		}
		if s.Hint != "" {
			for _, l := range atBlanks(quote.Line(s.Hint), room-2) {
				fmt.Fprintf(tw, "\t\t  %s\n", l)
			}
		}
		if s.State != "ok" {
			bad++
		}
	}
	tw.Flush()
	if bad == 0 {
		fmt.Fprintln(out, "\nall is well")
	}
}

// roomBehind is how many columns a symptom's words have behind its state and its name; 0 = as many as they need.
func roomBehind(all []symptom, cols int) int {
	state, name := 0, 0
	for _, s := range all {
		state, name = max(state, len(s.State)), max(name, len(s.Name))
	}
	if left := cols - state - name - 4; cols > 0 {
		return max(left, 20)
	}
	return 0
}

func (a *app) lookVersion(context.Context) []symptom {
	return []symptom{ok("version", "tend %s", buildVersion())}
}

func (a *app) lookInventory(context.Context) []symptom {
	inv, err := a.load()
	if err != nil {
		first, advice := twoLines(err)
		return []symptom{fails("inventory", or(or(hintOf(err), advice), "tend inventory check tells more"), "%s", first)}
	}
	return []symptom{ok("inventory", "%s: %s", inv.Path, plural(len(inv.Hosts), "host"))}
}

func (a *app) lookRunbooks(context.Context) []symptom {
	lib, err := a.books()
	if _, broken := a.load(); broken != nil {
		lib, err = a.library(nil) // which is said of the inventory already
	}
	if err != nil {
		return []symptom{fails("runbooks", "tend runbook check FILE tells more", "%s", firstLine(err))}
	}
	var out []symptom
	for _, b := range lib.Broken() {
		out = append(out, fails("runbooks", "tend runbook check "+b.Source, "%s is refused: %s", b.Name, b.First()))
	}
	own := 0
	for _, rb := range lib.All() {
		if rb.Source != "built-in" {
			own++
		}
	}
	return append(out, ok("runbooks", "%d, %d of them your own", len(lib.All()), own))
}

// lookJournal opens the journal as every command does, and sees how much room it has.
func (a *app) lookJournal(context.Context) []symptom {
	dir, err := a.journalDir()
	if err != nil {
		return []symptom{fails("journal", hintOf(err), "%s", firstLine(err))}
	}
	if at := barred(dir); at != "" {
		return []symptom{fails("journal", "make it yours, or set XDG_STATE_HOME to a directory that you may write", "%s cannot be written: nothing can be recorded, so no run begins", at)}
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return []symptom{ok("journal", "%s is made with the first run", dir)}
	}
	book, err := a.book()
	if err != nil {
		return []symptom{fails("journal", hintOf(err), "%s", firstLine(err))}
	}
	defer book.Close()
	out := []symptom{ok("journal", "%s can be opened", dir)}
	if _, err := book.index(); err != nil {
		out = append(out, warns("index", "tend journal reindex builds it anew", "%s", firstLine(err)))
	}
	free, kind, known := space(dir)
	switch {
	case !known:
		out = append(out, unknown("room", "this system does not tell how much room there is"))
	case free < 256<<20:
		out = append(out, warns("room", "make room: a run stops when its journal cannot be written", "%d MB left for the journal", free>>20))
	default:
		out = append(out, ok("room", "%d MB left for the journal%s", free>>20, kind))
	}
	return out
}

// barred is what keeps dir from being written, or made: itself, or the nearest above it that is there; "" where nothing does.
func barred(dir string) string {
	info, err := os.Stat(dir)
	for errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return barred(filepath.Dir(dir))
	}
	if err != nil || !info.IsDir() || unix.Access(dir, unix.W_OK|unix.X_OK) != nil {
		return dir
	}
	return ""
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// firstLine is an error's first line, with how many more there are.
func firstLine(err error) string {
	first, _ := twoLines(err)
	return first
}

// twoLines are an error's first line, and what to do about it where the second says just that.
func twoLines(err error) (first, advice string) {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	switch {
	case len(lines) == 1:
		return lines[0], ""
	case len(lines) == 2 && strings.HasPrefix(lines[1], "  "):
		return lines[0], strings.TrimSpace(lines[1])
	}
	return fmt.Sprintf("%s (and %s more)", lines[0], plural(len(lines)-1, "line")), ""
}
