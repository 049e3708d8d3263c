package plans

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// Resolved is a plan with every choice made: what would run, where, and under which limits.
type Resolved struct {
	File
	Plans []runbooks.Plan // one a run, in order
	// Digest is hex SHA-256 over all that an approver approves: goal, reason, ticket, window, days, who must approve, and for each run
	// its scripts, hosts, groups and limits. Line numbers, paths and warnings are not part of it.
	Digest string
	// Warnings are for people: what may void approvals without anybody's doing.
	Warnings []string
}

// Resolve makes every choice. Values are the facts that selectors may ask for. The error joins one a run that cannot be.
func Resolve(f File, inv *inventory.Inventory, lib runbooks.Library, values inventory.Values) (Resolved, error) {
	r := Resolved{File: f}
	var errs []error
	for i := range f.Runs {
		p, err := resolveRun(&f, &f.Runs[i], inv, lib, values)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: run %d, %s: %w", f.Path, i+1, f.Runs[i].Runbook, err))
			continue
		}
		r.Plans = append(r.Plans, p)
		r.warn(i)
	}
	if err := errors.Join(errs...); err != nil {
		return r, err
	}
	r.Digest = r.digest()
	return r, nil
}

// warn says of a run that its hosts depend on facts: when those change, so do the hosts, and the digest.
func (r *Resolved) warn(i int) {
	sel, err := inventory.ParseSelector(r.Runs[i].Scope)
	if err != nil {
		return // Parse has refused it
	}
	if facts := sel.Facts(); len(facts) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the hosts of run %d are those whose %s say so now: other facts are another digest, and void approvals", i+1, strings.Join(facts, ", ")))
	}
}

func resolveRun(f *File, run *Run, inv *inventory.Inventory, lib runbooks.Library, values inventory.Values) (runbooks.Plan, error) {
	rb, err := lib.Get(run.Runbook)
	if err != nil {
		return runbooks.Plan{}, err
	}
	sel, err := inventory.ParseSelector(run.Scope)
	if err == nil {
		err = inv.Check(sel)
	}
	if err != nil {
		return runbooks.Plan{}, err
	}
	hosts := slices.Clone(inv.Select(sel, values))
	for i := range hosts {
		if hosts[i].Window == "" {
			hosts[i].Window = f.Window
		}
	}
	for _, p := range rb.Params {
		if _, set := run.Set[p.Name]; set && p.Secret {
			return runbooks.Plan{}, fmt.Errorf("the parameter %s is secret, and a secret has no place in a file", p.Name)
		}
	}
	policy := overlay(rb.Policy, run)
	return runbooks.Resolve(rb, run.Scope, hosts, inv.Groups, maps.Clone(run.Set), &policy)
}

func overlay(p runbooks.Policy, run *Run) runbooks.Policy {
	if run.Canary != nil {
		p.Canary = *run.Canary
	}
	if run.Policy.Parallel != 0 {
		p.Parallel = run.Policy.Parallel
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.Batch, run.Policy.Batch}, {&p.By, run.Policy.By}, {&p.Cutoff, run.Policy.Cutoff}, {&p.MaxFailures, run.Policy.MaxFailures}, {&p.Pause, run.Policy.Pause}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	return p
}

// digest is the same on every machine that has the same inventory and runbooks, wherever they lie.
func (r *Resolved) digest() string {
	type part struct {
		Plan string `json:"plan"`
		GoOn bool   `json:"go_on,omitempty"`
	}
	all := struct {
		Version                                         int
		Name, Goal, Reason, Ticket, Window, From, Until string
		Need                                            int
		Approvers                                       []Approver
		Runs                                            []part
	}{1, r.Name, r.Goal, r.Reason, r.Ticket, r.Window, date(r.From), date(r.Until), r.Need, r.Approvers, nil}
	for i, p := range r.Plans {
		all.Runs = append(all.Runs, part{bare(p).ComputeDigest(), r.Runs[i].GoOn})
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "" // cannot be: strings and numbers only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// bare is a plan without what says nothing about what is done: where things stand in files.
func bare(p runbooks.Plan) runbooks.Plan {
	p.Hosts, p.Groups = slices.Clone(p.Hosts), slices.Clone(p.Groups)
	for i := range p.Hosts {
		p.Hosts[i].Line = 0
	}
	for i := range p.Groups {
		p.Groups[i].Line = 0
	}
	p.Source, p.Warnings, p.Digest = "", nil, ""
	return p
}

// Hosts are those of all runs, each once, in the order of their first run.
func (r *Resolved) Hosts() []inventory.Host {
	var out []inventory.Host
	seen := map[inventory.HostID]bool{}
	for _, p := range r.Plans {
		for _, h := range p.Hosts {
			if !seen[h.Name] {
				seen[h.Name] = true
				out = append(out, h)
			}
		}
	}
	return out
}
