package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// choice is what the operator typed: a runbook, on which hosts, with which parameters.
type choice struct {
	runbook string
	scope   []string
	set     []string
	policy  runbooks.Policy
	dryRun  bool
	// outsideWindow is why maintenance windows do not bind; assumeUp are hosts that count as up, whatever the journal says.
	outsideWindow string
	assumeUp      []string
	// attached are hosts whose steps run on the connection, since they cannot keep them.
	attached []string
}

// world is what a plan is made from.
type world struct {
	inv  *inventory.Inventory
	lib  runbooks.Library
	now  func() time.Time
	down func() []runbooks.DownMember // who counts as down by what the journal knows; nil = nobody
	keep func() keepless              // who cannot keep a detached step, by what the journal knows; nil = nobody
}

func (a *app) world(ctx context.Context) (world, error) {
	inv, err := a.load()
	if err != nil {
		return world{}, err
	}
	lib, err := a.library(inv)
	a.warnBroken(lib)
	down := func() []runbooks.DownMember { return a.membersDown(ctx, lib) }
	return world{inv, lib, a.now, down, func() keepless { return a.keepless(ctx) }}, err
}

// prepared is a plan with the secrets that must not stand in it.
type prepared struct {
	plan    runbooks.Plan
	secrets map[string]string
	inv     *inventory.Inventory
}

// prepare resolves a choice. Everything that is wrong with it is a usage error: nothing has been touched.
func (w world) prepare(c choice, values inventory.Values) (prepared, error) {
	rb, err := w.lib.Get(c.runbook)
	if err != nil {
		return prepared{}, bad(err)
	}
	scope := strings.Join(c.scope, " ")
	hosts, err := w.hosts(scope, values)
	if err != nil {
		return prepared{}, err
	}
	params, err := assignments(c.set, "write --set name=value")
	if err != nil {
		return prepared{}, err
	}
	policy := overlay(rb.Policy, c.policy)
	plan, err := runbooks.Resolve(rb, scope, hosts, w.inv.Groups, params, &policy)
	if err != nil {
		return prepared{}, bad(err)
	}
	if c.dryRun {
		plan = plan.DryRun()
	}
	if plan, err = w.circumstances(plan, c); err != nil {
		return prepared{}, err
	}
	return prepared{plan: plan, secrets: secretsOf(rb, params), inv: w.inv}, nil
}

func (w world) hosts(scope string, values inventory.Values) ([]inventory.Host, error) {
	sel, err := inventory.ParseSelector(scope)
	if err != nil {
		return nil, bad(err)
	}
	if err := w.inv.Check(sel); err != nil {
		return nil, bad(err)
	}
	hosts := w.inv.Select(sel, values)
	if len(w.inv.Hosts) == 0 {
		return nil, usage("add a [[site.host]] with a name; tend new inventory writes a commented start", "%s has no hosts", w.inv.Path)
	}
	if len(hosts) == 0 {
		return nil, usage("tend inventory list shows what there is", "no host matches %q", scope)
	}
	return hosts, nil
}

// assignments splits name=value pairs; how is how they are written.
func assignments(set []string, how string) (map[string]string, error) {
	params := map[string]string{}
	for _, s := range set {
		k, v, ok := strings.Cut(s, "=")
		if !ok || k == "" {
			return nil, usage(how, "%q is not an assignment", s)
		}
		if _, twice := params[k]; twice {
			return nil, usage("", "parameter %s is set twice", k)
		}
		params[k] = v
	}
	return params, nil
}

func overlay(base, over runbooks.Policy) runbooks.Policy {
	if over.Canary != 0 {
		base.Canary = max(over.Canary, 0)
	}
	if over.Batch != "" {
		base.Batch = over.Batch
	}
	if over.Parallel != 0 {
		base.Parallel = over.Parallel
	}
	if over.MaxFailures != "" {
		base.MaxFailures = over.MaxFailures
	}
	if over.By != "" {
		base.By = over.By
	}
	if over.Cutoff != "" {
		base.Cutoff = over.Cutoff
	}
	if over.Pause != "" {
		base.Pause = over.Pause
	}
	return base
}

func secretsOf(rb runbooks.Runbook, params map[string]string) map[string]string {
	out := map[string]string{}
	for _, p := range rb.Params {
		if v, ok := params[p.Name]; ok && p.Secret {
			out[p.Name] = v
		}
	}
	return out
}

// accepted is the event that opens the run.
func (a *app) accepted(ctx context.Context, p prepared, h how) *journal.PlanAccepted {
	return &journal.PlanAccepted{
		Plan: p.plan, By: a.who(), Reason: h.reason, Ticket: h.ticket, Maintenance: h.plan,
		Inventory: reference(ctx, p.inv), Version: buildVersion(),
	}
}

// reference says which inventory it was, and which commit of which state of git, where the file lies in a repository.
func reference(ctx context.Context, inv *inventory.Inventory) journal.InventoryRef {
	r := journal.InventoryRef{Path: inv.Path, Digest: hex.EncodeToString(inv.Digest[:])}
	if inv.Path == "" {
		return r
	}
	dir, name := filepath.Split(inv.Path)
	dir = filepath.Clean(dir + ".")
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	commit, err := git(ctx, dir, "rev-parse", "--verify", "-q", "HEAD")
	if err != nil {
		return r
	}
	// What was loaded is held against what is committed: "git status" would run what the repository names to look at its work tree.
	was, err := git(ctx, dir, "cat-file", "blob", "HEAD:./"+name)
	r.Commit, r.Dirty = lastLine(commit), err != nil || sha256.Sum256(was) != inv.Digest
	return r
}

// absolute makes the inventory's path mean the same in the run's process, which works in another directory.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func plural(n int, one string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}
