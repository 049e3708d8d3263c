package report

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

var update = flag.Bool("update", false, "write the golden files anew")

var t0 = time.Date(2026, 11, 22, 22, 13, 0, 0, time.UTC)

const runID = journal.RunID("261122-2213-k7f3")

// book is a journal whose clock the test moves.
type book struct {
	t   *testing.T
	j   *journal.Memory
	now time.Time
}

func newBook(t *testing.T) *book {
	b := &book{t: t, now: t0}
	b.j = journal.NewMemory("ops@console1", func() time.Time { return b.now })
	return b
}

// at moves the clock to so long after the beginning, and appends.
func (b *book) at(after time.Duration, bodies ...journal.Body) {
	b.t.Helper()
	b.now = t0.Add(after)
	if _, err := b.j.Append(context.Background(), runID, bodies...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) fold(l Limits) *Run {
	b.t.Helper()
	r, err := Fold(b.j.Events(context.Background(), runID, 0, false), l)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// step is a step of a host from its beginning to its end.
func (b *book) step(from, to time.Duration, host inventory.HostID, step runbooks.StepID, attempt int, o journal.Outcome, exit int, reason, output string) {
	b.t.Helper()
	b.at(from, journal.StepStarted{Host: host, Step: step, Attempt: attempt})
	if output != "" {
		b.at((from+to)/2, journal.OutputRead{Host: host, Step: step, Attempt: attempt, Data: []byte(output)})
	}
	b.at(to, journal.StepEnded{Host: host, Step: step, Attempt: attempt, Outcome: o, Exit: exit, Reason: reason})
}

func plan() runbooks.Plan {
	var hosts []inventory.Host
	for _, n := range []inventory.HostID{"db-0310", "db-0312", "db-0410", "web-0101", "web-0102"} {
		hosts = append(hosts, inventory.Host{Name: n, Site: "ams1", Rack: "r03", Groups: []string{"pg-main"}})
	}
	p := runbooks.Plan{
		Runbook: "patch", Title: "upgrade packages", Source: "built-in", Risk: runbooks.Disrupt, Scope: "site=ams1 tag=db,web", Hosts: hosts,
		Params: map[string]string{"reboot": "if-needed", "token": "(secret)"},
		Steps: []runbooks.Step{
			{ID: "pending", Title: "what is pending", Kind: runbooks.Check, Phase: runbooks.Before, Risk: runbooks.Read},
			{ID: "upgrade", Title: "upgrade", Kind: runbooks.Script, Phase: runbooks.Main, Risk: runbooks.Change, Repeat: true, Retries: 1},
			{ID: "reboot", Kind: runbooks.Reboot, Phase: runbooks.Main, Risk: runbooks.Disrupt},
			{ID: "after", Title: "what is left", Kind: runbooks.Check, Phase: runbooks.After, Risk: runbooks.Read},
		},
		Waves:  []runbooks.Wave{{Name: "canary", Hosts: []inventory.HostID{"db-0310"}}, {Name: "batch 1 of 2", Hosts: []inventory.HostID{"db-0312", "db-0410", "web-0101"}}, {Name: "batch 2 of 2", Hosts: []inventory.HostID{"web-0102"}}},
		Groups: []inventory.Group{{Name: "pg-main", Hosts: []inventory.HostID{"db-0310", "db-0312", "db-0410"}, MaxDown: 1, Quorum: 2}},
		Policy: runbooks.Policy{Canary: 1, Batch: "3", MaxFailures: "1", Pause: "manual"},
	}
	p.Digest = p.ComputeDigest()
	return p
}

const minute, s = time.Minute, time.Second

var ops = journal.Who{User: "ops", From: "console1 pts/3"}

// night is a run in which a bit of everything happened.
func night(t *testing.T) *book {
	b := newBook(t)
	pending := func(n string) runbooks.Fact { return runbooks.Fact{Key: "pending", Value: n} }
	b.at(0, journal.PlanAccepted{Plan: plan(), By: ops, Reason: "monthly patches", Ticket: "CHG-4711", Version: "1.0",
		Inventory: journal.InventoryRef{Path: "inventory.toml", Digest: "00ff", Commit: "4f2c9d1", Dirty: true}})
	b.at(1*s, journal.RunnerStarted{PID: 4711, Host: "console1", BootID: "b"})
	b.at(2*s, journal.WaveOpened{Wave: 0}, journal.HostReached{Host: "db-0310", Addr: "10.1.3.10:22", Via: []string{"bastion"}, User: "ops", Key: "ssh-ed25519 SHA256:abc", Auth: "publickey (agent)"})
	b.step(3*s, 8*s, "db-0310", "pending", 1, journal.OK, 0, "", "12 pending\n")
	b.at(8*s, journal.FactsRead{Host: "db-0310", Step: "pending", Facts: []runbooks.Fact{pending("12"), {Key: "kernel", Value: "6.1.0-20"}}})
	b.step(9*s, 2*minute, "db-0310", "upgrade", 1, journal.OK, 0, "", "fine\n")
	b.at(2*minute, journal.FactsRead{Host: "db-0310", Step: "upgrade", Facts: []runbooks.Fact{{Key: "changed.openssl", Value: "3.0.15-1 -> 3.0.16-1"}, {Key: "changed.libc6", Value: "(none) -> 2.36"}}})
	b.step(2*minute, 4*minute, "db-0310", "reboot", 1, journal.OK, 0, "", "")
	b.step(4*minute, 4*minute+5*s, "db-0310", "after", 1, journal.OK, 0, "", "")
	b.at(4*minute+5*s, journal.FactsRead{Host: "db-0310", Step: "after", Facts: []runbooks.Fact{pending("0"), {Key: "kernel", Value: "6.1.0-28"}}})
	b.at(6*minute, journal.Decided{Decision: journal.Approve, Wave: 1, By: journal.Who{User: "ada"}, Reason: "the canary is well"}, journal.WaveOpened{Wave: 1})
	b.step(6*minute+s, 6*minute+4*s, "db-0312", "pending", 1, journal.OK, 0, "", "3 pending\n")
	b.at(6*minute+4*s, journal.FactsRead{Host: "db-0312", Step: "pending", Facts: []runbooks.Fact{pending("3")}})
	b.step(6*minute+5*s, 8*minute, "db-0312", "upgrade", 1, journal.OK, 0, "", "")
	b.at(8*minute, journal.StepEnded{Host: "db-0312", Step: "reboot", Outcome: journal.Skipped, Reason: "when: reboot_wanted=yes"})
	b.step(8*minute, 8*minute+6*s, "db-0312", "after", 1, journal.Warned, 0, "a check warns", "")
	b.at(8*minute+6*s, journal.FactsRead{Host: "db-0312", Step: "after", Facts: []runbooks.Fact{pending("1"),
		{Key: "disk:/var", Value: "91", Unit: "%", Threshold: "90/95", Check: true, State: runbooks.CheckWarn, Text: "12 GiB free"}}})
	b.step(6*minute+s, 6*minute+3*s, "db-0410", "pending", 1, journal.OK, 0, "", "")
	b.step(6*minute+4*s, 7*minute, "db-0410", "upgrade", 1, journal.Failed, 100, "exit code 100", "E: Could not get lock /var/lib/dpkg/lock\n")
	b.step(7*minute, 9*minute, "db-0410", "upgrade", 2, journal.Failed, 100, "exit code 100", "Setting up postgresql-15 ...\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n")
	b.at(9*minute, journal.Remarked{Host: "db-0410", Step: "upgrade", Text: "the disk of /var is full"})
	b.step(6*minute+s, 6*minute+31*s, "web-0101", "pending", 1, journal.Unreachable, 0, "no answer from 10.1.1.1:22", "")
	b.at(9*minute+30*s, journal.Decided{Decision: journal.Abort, By: ops, Reason: "db-0410 first"})
	b.at(9*minute+31*s, journal.RunClosed{Result: journal.WasAborted, Reason: "aborted by ops"})
	return b
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
