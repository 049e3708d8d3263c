package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
)

// fakePlans has one plan, openssl, and notes what was asked of it.
type fakePlans struct {
	page   PlanPage
	asked  []string
	sealed error // what the first attempts to approve lack
	run    func() journal.RunID
}

func newFakePlans() *fakePlans {
	return &fakePlans{page: PlanPage{
		Name: "openssl", Path: "plans/openssl.toml", Digest: strings.Repeat("3f2a", 16), Blast: "touches 2 hosts in 1 site, 1 rack; change", Runs: 2,
		Text:    "plan      openssl: 3.5 everywhere (plans/openssl.toml)\nreason    CVE-2026-0001 lets whoever reaches port 443 read what others have sent there \x1b[2J\napproval  0 of 1; still asked: ann\nrun 1     patch on 2 hosts\n",
		Scripts: "=== run 1 of 2\napt-get -y upgrade\n", Hosts: []inventory.HostID{"web-01", "web-02"}, Revision: "approved", Approvers: []string{"ann"},
		NoStart: "the plan openssl is not approved: 0 of 1", Prod: true,
	}}
}

func (f *fakePlans) plans() Plans {
	note := func(format string, args ...any) { f.asked = append(f.asked, fmt.Sprintf(format, args...)) }
	return Plans{
		Names: []string{"disks", "openssl"},
		Look: func(_ context.Context, plan string) (PlanPage, error) {
			if plan != "openssl" && plan != f.page.Path {
				return PlanPage{}, errors.New("there is no plan " + plan)
			}
			return f.page, nil
		},
		Compare: func(_ context.Context, path, rev string) (string, error) {
			note("compare %s %s", path, rev)
			return "hosts added: web-02\ntime before: unknown", nil
		},
		Rehearse: func(_ context.Context, path, troubles string) (string, error) {
			note("rehearse %s %s", path, troubles)
			return "# Rehearsal of openssl\nEvery limit held.", nil
		},
		Approve: func(_ context.Context, a PlanApproval) (string, error) {
			note("approve %.4s %s key=%s pass=%s", a.Digest, a.By, a.Key, a.Passphrase)
			if a.Key == "" && f.sealed != nil {
				return "", fmt.Errorf("the plan wants ann to sign: %w", ErrWantsKey)
			}
			if a.Passphrase == nil && f.sealed != nil {
				return "", f.sealed
			}
			f.page.NoStart = ""
			return "wrote plans/openssl.approvals/ann-3f2a.json", nil
		},
		Start: func(_ context.Context, path, digest string, first int) (journal.RunID, error) {
			note("start %s %.4s %d", path, digest, first)
			return f.run(), nil
		},
	}
}

// TestMaintenance: on a plan of the calendar, all that the command line can: shown, compared, rehearsed, approved and run, each confirmed by its
// name typed, by key and by name; what cannot be done says why.
func TestMaintenance(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		f := newFakePlans()
		f.run = func() journal.RunID { d.health("r9"); return "r9" }
		d.c.cfg.Sheet, d.c.cfg.Plans = sheetOf, f.plans()
		d.Press("W", "enter").See("MAINTENANCE openssl", "0 of 1; still asked: ann", `\x1b[2J`).Golden("maintenance")
		d.Press("s").See("start is not possible here: the plan openssl is not").Press("?").Golden("maintenance-help").Press("esc")
		d.Press("enter").See("apt-get -y upgrade").Press("esc")
		d.Press("d").See("approved").Press("enter").See("hosts added: web-02").Press("esc")
		d.Press("t").Type("chaos 3").Press("enter").See("Every limit held").Press("esc")
		d.Press("a").Golden("maintenance-approve").Type("nossl").Press("enter").See("nothing was done")
		d.Press("a").Type("openssl").Press("enter").See("wrote plans/openssl.approvals")
		d.Press(":").Type("start").Press("enter").See("touches 2 hosts").Type("2").Press("enter").See("nothing was done")
		d.Press("s").Type("openssl 2").Press("enter").Pull().See("RUN r9").Press("esc").See("MAINTENANCE")
		d.Press("o").See("FLEET", "web-01")
		want := []string{"compare plans/openssl.toml approved", "rehearse plans/openssl.toml chaos 3", "approve 3f2a ann key= pass=", "start plans/openssl.toml 3f2a 2"}
		if strings.Join(f.asked, ";") != strings.Join(want, ";") {
			t.Errorf("%q, want %q", f.asked, want)
		}
	})
}

// TestMaintenanceFromAnywhere: the calendar's own keys lead through the plan, `:plan NAME` leads there from everywhere, and a console that
// only looks neither approves nor starts.
func TestMaintenanceFromAnywhere(t *testing.T) {
	d, f := newDriver(t, 80, 24), newFakePlans()
	d.c.cfg.Sheet, d.c.cfg.Plans = sheetOf, f.plans()
	d.Press("W", "s").See("MAINTENANCE", "not approved: 0 of 1").Press("esc", "a").See("MAINTENANCE", "Type openssl").Press("esc", "esc", "esc")
	d.Press(":").Type("plan ").Press("tab").See(":", "plan disks").Press("tab", "enter").See("MAINTENANCE openssl").Press("esc")
	d.Press(":").Type("plan nosuch").Press("enter").See("there is no plan nosuch")
	d.c.cfg.Readonly = true
	d.Press(":").Type("plan openssl").Press("enter", "a").See("approve is not possible here: this console is read-only").Press("s").See("read-only").Press("d", "enter").See("hosts added")
}

// TestMaintenanceSigned: where the agent has no key, its file is asked for, and then its passphrase, which is not shown.
func TestMaintenanceSigned(t *testing.T) {
	d, f := newDriver(t, 140, 40), newFakePlans()
	f.sealed, f.page.Approvers = fmt.Errorf("signing: %w", ErrWantsPassphrase), []string{"ann", "bob"}
	d.c.cfg.Plans = f.plans()
	d.Press(":").Type("plan openssl").Press("enter", "a").See("who approves (ann, bob)").Type("eve").Press("enter").See("eve\" is no approver")
	d.Press("a").Type("bob").Press("enter").Type("openssl").Press("enter").See("no key of bob").Press("ctrl+u").Type("/k").Press("enter")
	d.See("passphrase of /k").Type("hunter2").Miss("hunter2").Press("enter").See("wrote plans/")
	if got := f.asked[len(f.asked)-1]; got != "approve 3f2a bob key=/k pass=hunter2" {
		t.Error(got)
	}
}

// TestAPlansLinesHang: the first line of what is said of a plan has all the room, so that a digest stands beside its name; the others stand
// behind the names.
func TestAPlansLinesHang(t *testing.T) {
	digest := "digest    " + strings.Repeat("3f2a", 16)
	for text, want := range map[string]string{
		digest: digest, "": "", "  wave    all": "  wave    all",
		"goal      " + strings.Repeat("word ", 14): "goal      " + strings.TrimSpace(strings.Repeat("word ", 13)) + "\n          word ",
	} {
		if got := strings.Join(hung(text, 78), "\n"); got != want {
			t.Errorf("%q:\n%s", text, got)
		}
	}
}
