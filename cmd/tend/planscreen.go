package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/plans"
	"tend/sshsig"
	"tend/ui"
)

// planDesk does for the console what the commands for maintenance plans do; what they would print, it hands over.
type planDesk struct{ a *app }

func (a *app) plansForScreen(inv *inventory.Inventory) ui.Plans {
	d := planDesk{a}
	var names []string
	files, _ := planFiles(nil, inv) // no directory, no names: the calendar says so
	for _, f := range files {
		names = append(names, planName(f))
	}
	return ui.Plans{Names: names, Look: d.look, Compare: d.compare, Rehearse: d.rehearse, Approve: d.approve, Start: d.start}
}

func planName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".toml") }

// quiet is the app with its words going nowhere but into the buffer: the screen is drawn. Nobody is at its input.
func (d planDesk) quiet() (*app, *bytes.Buffer) {
	var b bytes.Buffer
	q := *d.a
	q.in, q.out, q.err, q.warned = strings.NewReader(""), &b, &b, nil
	return &q, &b
}

// find is the file of a plan by its name, or by its path.
func (d planDesk) find(a *app, plan string) (string, error) {
	if strings.HasSuffix(plan, ".toml") {
		return plan, nil
	}
	inv, err := a.load()
	if err != nil {
		return "", err
	}
	files, err := planFiles(nil, inv)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(files, func(f string) bool { return planName(f) == plan })
	if i < 0 {
		return "", usage("W lists them, and tend plan new writes one", "there is no plan %q", plan)
	}
	return files[i], nil
}

func (d planDesk) look(ctx context.Context, plan string) (ui.PlanPage, error) {
	a, text := d.quiet()
	path, err := d.find(a, plan)
	if err != nil {
		return ui.PlanPage{}, err
	}
	p, err := a.planOf(ctx, path)
	if err != nil {
		return ui.PlanPage{}, err
	}
	now := a.now()
	standing, err := p.standing(now)
	if err != nil {
		return ui.PlanPage{}, err
	}
	printMaintenance(text, &p, standing, now)
	var scripts bytes.Buffer
	for i := range p.Plans {
		fmt.Fprintf(&scripts, "=== run %d of %d\n", i+1, len(p.Plans))
		printPlan(&scripts, &p.Plans[i], true)
	}
	page := ui.PlanPage{Name: p.Name, Path: path, Shown: shortPath(path), Digest: p.Digest, Text: strings.ReplaceAll(text.String(), path, shortPath(path)), Scripts: scripts.String(), Blast: "touches " + p.Blast().String(), Runs: len(p.Plans), Revision: "HEAD"}
	page.Hosts = hostIDs(p.Hosts())
	page.Prod = slices.ContainsFunc(p.Hosts(), func(h inventory.Host) bool { return h.Prod })
	if _, err := approvedRevision(ctx, path); err == nil {
		page.Revision = "approved"
	}
	page.Approvers, page.NoApprove = a.approversFor(&p)
	page.NoStart, page.Waits = a.startable(&p)
	return page, nil
}

// shortPath is a plan's file as it is named on a screen: the way to it from anywhere would leave no room for what is said of it.
func shortPath(path string) string {
	if !filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}

// approversFor are those who may approve from here: this account, where it is one of them.
func (a *app) approversFor(p *planned) (names []string, why string) {
	if len(p.Approvers) == 0 {
		return nil, "the plan asks for no approval"
	}
	if who, err := a.approver(p, ""); err == nil {
		return []string{who.Name}, ""
	}
	for _, w := range p.Approvers {
		names = append(names, w.Name)
	}
	return names, ""
}

// startable says why a plan may not be run now, or which window it would wait for.
func (a *app) startable(p *planned) (why, waits string) {
	f := planRunning{first: 1}
	f.wait = true
	if _, err := a.permitted(p, f); err != nil {
		why, _, _ = strings.Cut(err.Error(), "\n")
		return why, ""
	}
	if shut := shutWindows(&p.Plans[0], a.now()); len(shut) > 0 {
		waits = "the window is shut, and opens in " + spell(shut[0].next.open.Sub(a.now()).Round(time.Minute))
	}
	return "", waits
}

// same is the plan as it was shown; another digest is another plan.
func (d planDesk) same(ctx context.Context, a *app, path, digest string) (planned, error) {
	p, err := a.planOf(ctx, path)
	if err == nil && p.Digest != digest {
		err = usage("ctrl-r shows it as it is now", "the plan %s has changed since it was shown", p.Name)
	}
	return p, err
}

func (d planDesk) compare(ctx context.Context, path, rev string) (string, error) {
	a, text := d.quiet()
	if rev == "approved" {
		found, err := approvedRevision(ctx, path)
		if err != nil {
			return "", err
		}
		rev = found
	}
	err := a.diffPlans(ctx, rev+":"+path, path, false)
	return saidOf(text, err)
}

// saidOf is what was printed; an exit code that only tells how it ended is no error.
func saidOf(text *bytes.Buffer, err error) (string, error) {
	var s silent
	if errors.As(err, &s) {
		err = nil
	}
	return text.String(), err
}

func (d planDesk) rehearse(ctx context.Context, path, troubles string) (string, error) {
	a, text := d.quiet()
	f := rehearsing{speed: 100, seed: 1, away: 10 * time.Minute}
	f.runbook = path
	if err := f.parse(troubles); err != nil {
		return "", err
	}
	return saidOf(text, a.rehearse(ctx, f))
}

// parse reads what is to go wrong: faults as --fault has them, "chaos N", "seed N" and "drop SITE".
func (f *rehearsing) parse(text string) error {
	words := strings.Fields(strings.ReplaceAll(text, ",", " "))
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.Contains(w, ":") {
			f.faults = append(f.faults, w)
			continue
		}
		if w == "nothing" && len(words) == 1 {
			return nil
		}
		if i++; i == len(words) {
			return usage("such as: chaos 3, drop ams1, web-0101:die-in=upgrade", "%q is nothing that can go wrong", w)
		}
		n, err := strconv.ParseUint(words[i], 10, 31)
		switch {
		case w == "drop":
			f.drop, err = words[i], nil
		case w == "chaos":
			f.chaos = int(n)
		case w == "seed":
			f.seed = n
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			return usage("such as: chaos 3, drop ams1, web-0101:die-in=upgrade", "%q is nothing that can go wrong", w+" "+words[i])
		}
	}
	return nil
}

func (d planDesk) approve(ctx context.Context, ap ui.PlanApproval) (string, error) {
	a, text := d.quiet()
	p, err := d.same(ctx, a, ap.Path, ap.Digest)
	if err != nil {
		return "", err
	}
	f := approving{by: ap.By, key: ap.Key, yes: true, passphrase: func() ([]byte, error) {
		if ap.Passphrase == nil {
			return nil, ui.ErrWantsPassphrase
		}
		return ap.Passphrase, nil
	}}
	if err := a.approve(ctx, &p, f); errors.Is(err, sshsig.ErrNoKey) {
		return "", fmt.Errorf("%w: %w", ui.ErrWantsKey, err)
	} else if err != nil {
		return "", err
	}
	return strings.TrimSpace(text.String()), nil
}

// start leaves the plan to a process of its own, and waits for the run that it begins with.
func (d planDesk) start(ctx context.Context, path, digest string, first int) (journal.RunID, error) {
	a, _ := d.quiet()
	p, err := d.same(ctx, a, path, digest)
	if err != nil {
		return "", err
	}
	f := planRunning{first: first, asked: true}
	f.wait = true
	if _, err := a.permitted(&p, f); err != nil {
		return "", err
	}
	since := a.now()
	cmd, log, err := a.depart(&p, f)
	if err != nil {
		return "", err
	}
	pid := cmd.Process.Pid
	for ctx.Err() == nil {
		if run, err := a.begun(ctx, &p, since); run != "" || err != nil {
			return run, errors.Join(err, cmd.Process.Release())
		}
		var status syscall.WaitStatus
		if n, _ := syscall.Wait4(pid, &status, syscall.WNOHANG, nil); n == pid {
			return "", usage("tend journal list shows what it did", "the plan's process ended before a run was begun: %s", lastWords(log))
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return "", ctx.Err()
}

// begun is the plan's first run since; "" = it has none yet.
func (a *app) begun(ctx context.Context, p *planned, since time.Time) (run journal.RunID, err error) {
	book, err := a.book()
	if err != nil {
		return "", err
	}
	defer book.Close()
	runs, err := book.Runs(ctx, journal.Query{Since: since.Add(-time.Second), Limit: 50})
	for _, r := range runs { // newest first
		if r.Maintenance != nil && r.Maintenance.Digest == p.Digest && !r.Started.Before(since) {
			run = r.Run
		}
	}
	return run, err
}

// approvedRevision is the revision that a plan's approvals were last committed in.
func approvedRevision(ctx context.Context, path string) (string, error) {
	dir := filepath.Dir(path)
	out, err := git(ctx, dir, "log", "-n1", "--format=%H", "--", filepath.Base(plans.ApprovalsDir(path)))
	if rev := strings.TrimSpace(string(out)); err == nil && rev != "" {
		return rev, nil
	}
	return "", usage("approvals are committed with the plan", "no approval of the plan %s lies in git", planName(path))
}
