package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// week is how far back a status looks.
const week = 7 * 24 * time.Hour

// matter is something that needs a person.
type matter struct {
	Urgency int                `json:"urgency"`           // 1 = now, 2 = today, 3 = this week
	What    string             `json:"what"`              // "3 hosts down"
	Hosts   []inventory.HostID `json:"hosts,omitempty"`   // those concerned; none of a run
	Do      string             `json:"do"`                // the command to type next
	Run     journal.RunID      `json:"run,omitempty"`     // that it is about
	Runbook string             `json:"runbook,omitempty"` // that looks, or puts it right
}

// status is the fleet's week.
type status struct {
	At      time.Time      `json:"at"`              // the moment that it tells of
	Hosts   int            `json:"hosts"`           // how many the inventory has
	States  map[string]int `json:"states"`          // hosts by state, in the words of tend fleet
	Runs    map[string]int `json:"runs"`            // of the last seven days, by result
	Matters []matter       `json:"matters"`         // what needs a person, the most urgent first
	Looked  time.Time      `json:"looked,omitzero"` // when the host was seen that was not seen for longest
}

func (a *app) statusCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Show the fleet's week, and what needs a person today", Args: cobra.NoArgs,
		Long: `Show the fleet's week at a glance and what needs a person, the most urgent first: runs that wait, hosts that are down or failing, security updates, restarts,
backups, certificates. It connects to no host, and says when each was last looked at. Exit code 1 where something needs a person.`,
		Example: "  tend status\n  tend status --json",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := a.status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				err = jsonLines(a, []status{s})
			} else {
				a.printStatus(s)
			}
			if err == nil && len(s.Matters) > 0 {
				return silent(1)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) status(ctx context.Context) (status, error) {
	inv, err := a.load()
	if err != nil {
		return status{}, err
	}
	all, err := a.postures(ctx, inv, "")
	if err != nil {
		return status{}, err
	}
	fleet.SortByRisk(all)
	s := status{At: a.now(), Hosts: len(all), States: map[string]int{}, Runs: map[string]int{}, Matters: []matter{}}
	gear := gearOf(inv)
	for i := range all {
		s.States[all[i].Word]++
		if seen := all[i].Seen; !gear[all[i].Host] && !seen.IsZero() && (s.Looked.IsZero() || seen.Before(s.Looked)) {
			s.Looked = seen
		}
	}
	if err := a.withBook(func(book *shelf) error { return s.runs(ctx, book) }); err != nil {
		return status{}, err
	}
	s.hosts(all, gear)
	return s, nil
}

// gearOf are the hosts without a shell: no runbook looks at them, so that they are not asked for either.
func gearOf(inv *inventory.Inventory) map[inventory.HostID]bool {
	gear := map[inventory.HostID]bool{}
	for i := range inv.Hosts {
		gear[inv.Hosts[i].Name] = inv.Hosts[i].Shell == "none"
	}
	return gear
}

// runs counts the week's, and finds those that wait for somebody.
func (s *status) runs(ctx context.Context, book *shelf) error {
	list, err := book.Runs(ctx, journal.Query{Since: s.At.Add(-week)})
	if err != nil {
		return err
	}
	for _, r := range list {
		s.Runs[r.Result.String()]++
	}
	open, err := book.Runs(ctx, journal.Query{Open: true})
	if err != nil {
		return err
	}
	for _, r := range open {
		words := fmt.Sprintf("run %s, %s on %s, has not ended: %s", r.Run, r.Runbook, quote.Line(runbooks.ScopeName(r.Scope)), counts(r.Counts))
		if st, err := foldEvents(book.Events(ctx, r.Run, 0, false)); err == nil {
			words += owedBy(st)
		}
		s.Matters = append(s.Matters, matter{1, words, nil, book.wayOn(r.Run), r.Run, ""})
	}
	return nil
}

// owedBy is whom a run waits for, where it waits for somebody: "; batch 1 of 3 waits for approval (tend approve RUN)".
func owedBy(st *journal.State) string {
	if st.Paused {
		return fmt.Sprintf("; it is paused (tend continue %s)", st.Run)
	}
	if wave := st.Waits(); wave >= 0 {
		return fmt.Sprintf("; %s waits for approval (tend approve %s)", quote.Line(st.Plan().Waves[wave].Name), st.Run)
	}
	var hosts []inventory.HostID
	for i := range st.Hosts {
		if h := &st.Hosts[i]; h.Phase == journal.AtWork && h.Step < len(h.Steps) && h.Steps[h.Step].Running && st.Plan().Steps[h.Step].Kind == runbooks.Manual {
			hosts = append(hosts, h.ID)
		}
	}
	if len(hosts) == 0 {
		return ""
	}
	return fmt.Sprintf("; a person is waited for on %s (tend answer %s %s)", on(hosts), st.Run, hosts[0])
}

// concern is a question asked of every host.
type concern struct {
	urgency  int
	what, do string
	holds    func(p *fleet.Posture) bool
	gear     bool // asked of gear without a shell alone
}

// of reports whether the question is asked of gear without a shell, or of any other host: a runbook cannot be run on gear.
func (c *concern) of(gear bool) bool {
	return c.gear == gear || gear && !strings.HasPrefix(c.do, "tend run ")
}

var concerns = []concern{
	{1, "down", "tend run facts %s", func(p *fleet.Posture) bool { return p.State == fleet.Down }, false},
	{1, "without a shell down", "tend fleet %s", func(p *fleet.Posture) bool { return p.State == fleet.Down }, true},
	{1, "failing", "tend fleet %s", func(p *fleet.Posture) bool { return p.State == fleet.Fail }, false},
	{1, "backup older than promised", "tend run backup-check %s", func(p *fleet.Posture) bool { return p.Backup.State == "crit" }, false},
	{1, "with a baseline that another hand changed", "tend drift %s", func(p *fleet.Posture) bool { return p.Drift.State == "crit" }, false},
	{2, "security updates", "tend run patch %s --set scope=security", func(p *fleet.Posture) bool { return p.Security > 0 }, false},
	{2, "certificate about to end, or ended", "tend run certs %s", func(p *fleet.Posture) bool { return p.Certs.State == "crit" || p.Certs.State == "warn" }, false},
	{2, "not looked at", "tend run health %s", func(p *fleet.Posture) bool { return p.State == fleet.Never || p.State == fleet.Unknown }, false},
	{2, "departing from the baseline", "tend drift %s", func(p *fleet.Posture) bool { return p.Drift.State == "warn" }, false},
	{3, "restart due", "tend run reboot %s", func(p *fleet.Posture) bool { return p.Reboot.State == "warn" || p.Reboot.State == "crit" }, false},
	{3, "system out of support, or soon", "tend fleet %s", func(p *fleet.Posture) bool { return p.Support.State == "crit" || p.Support.State == "warn" }, false},
	{3, "warning", "tend fleet %s", func(p *fleet.Posture) bool { return p.State == fleet.Warn }, false},
}

func (s *status) hosts(all []fleet.Posture, gear map[inventory.HostID]bool) {
	for _, c := range concerns {
		var ids []inventory.HostID
		for i := range all {
			if c.of(gear[all[i].Host]) && c.holds(&all[i]) {
				ids = append(ids, all[i].Host)
			}
		}
		if len(ids) > 0 {
			set := inventory.HostSet(ids)
			s.Matters = append(s.Matters, matter{c.urgency, plural(len(ids), "host") + " " + c.what, ids, fmt.Sprintf(c.do, typed(set)), "", bookOf(c.do)})
		}
	}
}

// bookOf is the runbook that a command line runs; "" = none.
func bookOf(line string) string {
	if words := strings.Fields(line); len(words) > 2 && words[1] == "run" && !strings.Contains(line, "--set") {
		return words[2]
	}
	return ""
}

func (a *app) printStatus(s status) {
	fmt.Fprintf(a.out, "%s  %s: %s\n", s.At.Local().Format("Mon 2 Jan 15:04"), plural(s.Hosts, "host"), counts(s.States))
	if len(s.Runs) > 0 {
		fmt.Fprintf(a.out, "runs of seven days: %s\n", counts(s.Runs))
	}
	if len(s.Matters) == 0 {
		fmt.Fprintln(a.out, s.calm())
		return
	}
	when := map[int]string{1: "now", 2: "today", 3: "this week"}
	last := 0
	for _, m := range s.Matters {
		if m.Urgency != last {
			last = m.Urgency
			fmt.Fprintf(a.out, "\n%s\n", when[last])
		}
		fmt.Fprintf(a.out, "  %s", quote.Line(m.What))
		if len(m.Hosts) > 0 {
			fmt.Fprintf(a.out, ": %s", short(inventory.HostSet(m.Hosts), 100))
		}
		fmt.Fprintf(a.out, "\n    %s\n", short(m.Do, 140))
	}
}

// calm is what is said when nothing needs anybody.
func (s *status) calm() string {
	if s.Looked.IsZero() {
		return "nothing needs you; there is no host to look at"
	}
	return "nothing needs you; every host was looked at since " + s.Looked.Local().Format("Mon 2 Jan 15:04")
}

// short cuts a text that would fill the screen.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n])) + "…"
	}
	return s
}
