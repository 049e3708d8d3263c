package plans

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
)

// Diff is what changed between two plans, in meaning.
type Diff struct {
	Same    bool               `json:"same"`                    // the digests are equal: approvals of one hold for the other
	Plan    []string           `json:"plan,omitempty"`          // what it says of itself that is different, a line each
	Added   []inventory.HostID `json:"hosts_added,omitempty"`   // that only the second runs on
	Dropped []inventory.HostID `json:"hosts_dropped,omitempty"` // that only the first runs on
	Runs    []RunDiff          `json:"runs,omitempty"`          // those that are different
	Before  Size               `json:"before"`                  // of the first
	After   Size               `json:"after"`                   // of the second
}

// Size is how long and how much.
type Size struct {
	Estimate Estimate `json:"estimate"` // how long all runs take
	Blast    Blast    `json:"blast"`    // what they touch
}

// RunDiff is what changed in one run.
type RunDiff struct {
	Run     string   `json:"run"`     // "1 patch"
	Changes []string `json:"changes"` // a line each
}

// Compare says what b does that a did not, and the other way round.
func Compare(a, b *Resolved, t *Times) Diff {
	d := Diff{
		Same: a.Digest == b.Digest, Plan: a.head(b),
		Before: Size{a.Estimate(t), a.Blast()}, After: Size{b.Estimate(t), b.Blast()},
	}
	d.Added, d.Dropped = hostsApart(a.Hosts(), b.Hosts())
	was, moved := pairs(a, b)
	if moved {
		d.Plan = append(d.Plan, "the runs stand in another order")
	}
	for i := range b.Plans {
		r := RunDiff{Run: fmt.Sprintf("%d %s", i+1, b.Plans[i].Runbook)}
		if was[i] < 0 {
			r.Changes = []string{"the run is added: " + count(len(b.Plans[i].Hosts), "host")}
		} else {
			r.Changes = a.runApart(was[i], b, i)
		}
		if len(r.Changes) > 0 {
			d.Runs = append(d.Runs, r)
		}
	}
	for i := range a.Plans {
		if !slices.Contains(was, i) {
			d.Runs = append(d.Runs, RunDiff{fmt.Sprintf("%d %s", i+1, a.Plans[i].Runbook), []string{"the run is dropped: " + count(len(a.Plans[i].Hosts), "host")}})
		}
	}
	if !d.Same && len(d.Plan)+len(d.Runs) == 0 {
		d.Plan = append(d.Plan, "something else that the digest covers")
	}
	return d
}

// pairs says for each of b's runs which of a's it was, -1 = none: the one with the same runbook and scope, else with the same runbook.
// moved reports whether they stand in another order.
func pairs(a, b *Resolved) (was []int, moved bool) {
	was = make([]int, len(b.Plans))
	taken := map[int]bool{}
	for i := range was {
		was[i] = -1
	}
	for _, same := range []func(p, q *runbooks.Plan) bool{
		func(p, q *runbooks.Plan) bool { return p.Runbook == q.Runbook && p.Scope == q.Scope },
		func(p, q *runbooks.Plan) bool { return p.Runbook == q.Runbook },
	} {
		for i := range b.Plans {
			for k := range a.Plans {
				if was[i] < 0 && !taken[k] && same(&a.Plans[k], &b.Plans[i]) {
					was[i], taken[k] = k, true
				}
			}
		}
	}
	last := -1
	for _, k := range was {
		if k >= 0 {
			moved, last = moved || k < last, max(k, last)
		}
	}
	return was, moved
}

func change(what, from, to string) string {
	show := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%s: %s -> %s", what, show(from), show(to))
}

// head compares what the plan says of itself.
func (r *Resolved) head(b *Resolved) []string {
	var out []string
	for _, f := range [][3]string{
		{"name", r.Name, b.Name}, {"goal", r.Goal, b.Goal}, {"reason", r.Reason, b.Reason}, {"ticket", r.Ticket, b.Ticket}, {"window", r.Window, b.Window},
		{"from", date(r.From), date(b.From)}, {"until", date(r.Until), date(b.Until)},
		{"approvals", fmt.Sprint(r.Need), fmt.Sprint(b.Need)}, {"approvers", approvers(r), approvers(b)},
	} {
		if f[1] != f[2] {
			out = append(out, change(f[0], f[1], f[2]))
		}
	}
	return out
}

func approvers(r *Resolved) string {
	var out []string
	for _, a := range r.Approvers {
		s := a.Name
		if len(a.Keys) > 0 {
			s += " (signed)"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func hostsApart(a, b []inventory.Host) (added, dropped []inventory.HostID) {
	before, after := map[inventory.HostID]bool{}, map[inventory.HostID]bool{}
	for _, h := range a {
		before[h.Name] = true
	}
	for _, h := range b {
		if after[h.Name] = true; !before[h.Name] {
			added = append(added, h.Name)
		}
	}
	for _, h := range a {
		if !after[h.Name] {
			dropped = append(dropped, h.Name)
		}
	}
	return added, dropped
}

// runApart compares the nth run with the kth one of the other plan; both are of one runbook.
func (r *Resolved) runApart(n int, other *Resolved, k int) []string {
	a, b := &r.Plans[n], &other.Plans[k]
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	added, dropped := hostsApart(a.Hosts, b.Hosts)
	if len(added) > 0 {
		say("hosts added: %s", inventory.HostSet(added))
	}
	if len(dropped) > 0 {
		say("hosts dropped: %s", inventory.HostSet(dropped))
	}
	out = append(out, hostsChanged(a, b, r.Window, other.Window)...)
	if a.Scope != b.Scope {
		out = append(out, change("scope", a.Scope, b.Scope))
	}
	if a.Risk != b.Risk {
		out = append(out, change("risk", string(a.Risk), string(b.Risk)))
	}
	for _, k := range keys(a.Params, b.Params) {
		if a.Params[k] != b.Params[k] {
			out = append(out, change("set "+k, a.Params[k], b.Params[k]))
		}
	}
	out = append(out, limitsApart(a, b)...)
	if r.Runs[n].GoOn != other.Runs[k].GoOn {
		out = append(out, change("go_on", fmt.Sprint(r.Runs[n].GoOn), fmt.Sprint(other.Runs[k].GoOn)))
	}
	return append(out, stepsApart(a, b)...)
}

func keys[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, m := range []map[string]V{a, b} {
			for k := range maps.Keys(m) {
				if !yield(k) {
					return
				}
			}
		}
	}))
}

// hostsChanged names the hosts of both whose own data changed: an address, a window, a value. The plans' own windows do not count.
func hostsChanged(a, b *runbooks.Plan, windowA, windowB string) []string {
	before := map[inventory.HostID]string{}
	flat := func(p *runbooks.Plan, h inventory.Host, window string) string {
		if h.Line = 0; h.Window == window {
			h.Window = ""
		}
		text, _ := json.Marshal([]any{h, p.Vars[h.Name]}) // plain data
		return string(text)
	}
	for _, h := range a.Hosts {
		before[h.Name] = flat(a, h, windowA)
	}
	var changed []inventory.HostID
	for _, h := range b.Hosts {
		if old, ok := before[h.Name]; ok && old != flat(b, h, windowB) {
			changed = append(changed, h.Name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return []string{"hosts that the inventory declares otherwise: " + inventory.HostSet(changed)}
}

func limitsApart(a, b *runbooks.Plan) []string {
	var out []string
	for _, f := range [][3]string{
		{"canary", fmt.Sprint(a.Policy.Canary), fmt.Sprint(b.Policy.Canary)}, {"batch", a.Policy.Batch, b.Policy.Batch},
		{"parallel", fmt.Sprint(a.Policy.Parallel), fmt.Sprint(b.Policy.Parallel)},
		{"by", a.Policy.By, b.Policy.By}, {"cutoff", a.Policy.Cutoff, b.Policy.Cutoff},
		{"max_failures", a.Policy.MaxFailures, b.Policy.MaxFailures}, {"pause", a.Policy.Pause, b.Policy.Pause},
		{"waves", fmt.Sprint(len(a.Waves)), fmt.Sprint(len(b.Waves))},
	} {
		if f[1] != f[2] {
			out = append(out, change(f[0], f[1], f[2]))
		}
	}
	was, is := groupsOf(a), groupsOf(b)
	for _, name := range keys(was, is) {
		x, y := was[name], is[name]
		switch {
		case limit(x) != limit(y):
			out = append(out, change("group "+name, limit(x), limit(y)))
		case !reflect.DeepEqual(x, y):
			out = append(out, "group "+name+": the inventory declares it otherwise")
		}
	}
	if added, dropped := hostsApart(a.Hosts, b.Hosts); len(a.Waves) == len(b.Waves) && len(added)+len(dropped) == 0 && !reflect.DeepEqual(a.Waves, b.Waves) {
		out = append(out, "the waves hold other hosts")
	}
	return out
}

func groupsOf(p *runbooks.Plan) map[string]inventory.Group {
	out := map[string]inventory.Group{}
	for _, g := range p.Groups {
		g.Line = 0
		out[g.Name] = g
	}
	return out
}

func limit(g inventory.Group) string {
	if g.Name == "" {
		return ""
	}
	return fmt.Sprintf("%d of %d down", g.MaxDown, len(g.Hosts))
}

// stepsApart compares the steps by their names: added, dropped, moved, and what of one changed.
func stepsApart(a, b *runbooks.Plan) []string {
	var out []string
	var before, after []string
	old := map[runbooks.StepID]*runbooks.Step{}
	for i := range a.Steps {
		old[a.Steps[i].ID] = &a.Steps[i]
	}
	now := map[runbooks.StepID]bool{}
	for i := range b.Steps {
		s := &b.Steps[i]
		now[s.ID] = true
		o, ok := old[s.ID]
		if !ok {
			out = append(out, fmt.Sprintf("step %s added (%s, %s)", s.ID, s.Kind, s.Risk))
			continue
		}
		after = append(after, string(s.ID))
		out = append(out, stepApart(o, s)...)
	}
	for i := range a.Steps {
		if s := &a.Steps[i]; now[s.ID] {
			before = append(before, string(s.ID))
		} else {
			out = append(out, fmt.Sprintf("step %s dropped", s.ID))
		}
	}
	if !slices.Equal(before, after) {
		out = append(out, "steps in another order: "+strings.Join(after, ", "))
	}
	return out
}

func stepApart(a, b *runbooks.Step) []string {
	var out []string
	if a.Script != b.Script {
		more, less := linesApart(a.Script, b.Script)
		out = append(out, fmt.Sprintf("step %s: its script changed, %d lines added, %d dropped", b.ID, more, less))
	}
	x, y := *a, *b
	x.Script, y.Script = "", ""
	before, _ := json.Marshal(x) // plain data
	after, _ := json.Marshal(y)
	var was, is map[string]json.RawMessage
	_ = json.Unmarshal(before, &was)
	_ = json.Unmarshal(after, &is)
	for _, k := range keys(was, is) {
		if string(was[k]) != string(is[k]) {
			out = append(out, fmt.Sprintf("step %s: %s: %s -> %s", b.ID, k, orNothing(was[k]), orNothing(is[k])))
		}
	}
	return out
}

func orNothing(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return string(raw)
}

// linesApart counts the lines that only one of two texts has, as often as it has them.
func linesApart(a, b string) (added, dropped int) {
	n := map[string]int{}
	for l := range strings.Lines(a) {
		n[l]--
	}
	for l := range strings.Lines(b) {
		n[l]++
	}
	for _, k := range n {
		if k > 0 {
			added += k
		} else {
			dropped -= k
		}
	}
	return added, dropped
}
