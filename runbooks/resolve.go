package runbooks

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tend/inventory"
)

// ScopeName is a scope for people. No selector is every host; that is said, not left blank.
func ScopeName(scope string) string {
	if scope = strings.TrimSpace(scope); scope != "" {
		return scope
	}
	return "all"
}

// Resolve makes every choice: it is pure, and the same arguments give the same plan with the same digest. Scope is the selector as
// the operator typed it; hosts are what it selected, in the order they are to be worked on (a host named twice counts once); groups
// are the inventory's; params are the values given for this run; p replaces the runbook's policy, nil keeps it.
//
// A value given in params outranks a host's own in the inventory ("health.disk_crit"), which outranks the runbook's default.
// The error is a Problems, one line each, all at once.
func Resolve(rb Runbook, scope string, hosts []inventory.Host, groups []inventory.Group, params map[string]string, p *Policy) (Plan, error) {
	r := resolver{rb: rb, given: params, hosts: unique(hosts)}
	plan := Plan{Runbook: rb.Name, Title: rb.Title, Source: rb.Source, Scope: scope, Hosts: r.hosts, Policy: rb.Policy}
	if p != nil {
		plan.Policy = *p
	}
	if !utf8.ValidString(scope) {
		r.refuse("", "the selector is not UTF-8")
	}
	if len(r.hosts) == 0 {
		r.refuse("`tend inventory list` shows what there is", "no host matches %q", scope)
	}
	for _, f := range plan.Policy.problems() {
		r.refuse(f.advice, "%s", f.message)
	}
	plan.Params, plan.Secrets = r.values()
	plan.Vars = r.overrides()
	plan.Steps = r.steps(plan.Params, plan.Vars)
	for _, s := range plan.Steps {
		if plan.Risk == "" || worse(s.Risk, plan.Risk) {
			plan.Risk = s.Risk
		}
	}
	plan.Groups = touched(groups, r.hosts)
	if plan.Risk == Disrupt {
		plan.Steps = r.drained(plan.Steps, plan.Groups)
	}
	r.possible(plan)
	if err := r.err(); err != nil {
		return Plan{}, err
	}
	plan.Waves = plan.Policy.waves(r.hosts, plan.Groups)
	plan.Warnings = r.warnings(plan)
	plan.Digest = plan.ComputeDigest()
	return plan, nil
}

// resolver holds what Resolve's parts share.
type resolver struct {
	Problems
	rb        Runbook
	given     map[string]string
	hosts     []inventory.Host
	overruled []string // parameters whose per-host values were overruled by given ones
}

func unique(hosts []inventory.Host) []inventory.Host {
	seen := make(map[inventory.HostID]bool, len(hosts))
	out := make([]inventory.Host, 0, len(hosts))
	for _, h := range hosts {
		if !seen[h.Name] {
			seen[h.Name] = true
			out = append(out, h)
		}
	}
	return out
}

// touched copies the groups that have a member among the hosts.
func touched(groups []inventory.Group, hosts []inventory.Host) []inventory.Group {
	in := make(map[inventory.HostID]bool, len(hosts))
	for _, h := range hosts {
		in[h.Name] = true
	}
	var out []inventory.Group
	for _, g := range groups {
		if slices.ContainsFunc(g.Hosts, func(h inventory.HostID) bool { return in[h] }) {
			g.Hosts = slices.Clone(g.Hosts)
			out = append(out, g)
		}
	}
	return out
}

// steps are those that can happen on some host, rendered.
func (r *resolver) steps(values map[string]string, vars map[inventory.HostID]map[string]string) []Step {
	var out []Step
	for _, s := range r.rb.Steps {
		if s.Given != "" && !r.happens(s.Given, values, vars) {
			continue
		}
		if !slices.ContainsFunc(r.hosts, func(h inventory.Host) bool { return h.Shell == "none" }) {
			s.Line = ""
		}
		s.Facts, s.Asks = slices.Clone(s.Facts), slices.Clone(s.Asks)
		if s.Kind == Script || s.Kind == Check {
			text, err := render(r.rb, s, values)
			if err != nil {
				r.refuse("", "%v", err)
			}
			s.Script = text
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		r.refuse("", "with these parameters no step of %s is left", r.rb.Name)
	}
	return out
}

// happens reports whether some host has one of the values that ties a step to a parameter.
func (r *resolver) happens(tie string, values map[string]string, vars map[inventory.HostID]map[string]string) bool {
	name, wanted := given(tie)
	for _, h := range r.hosts {
		v, own := vars[h.Name][name]
		if !own {
			v = values[name]
		}
		if slices.Contains(wanted, v) {
			return true
		}
	}
	return false
}

// possible refuses a plan that no order of work could carry out.
func (r *resolver) possible(plan Plan) {
	if plan.Risk == Disrupt {
		for _, g := range plan.Groups {
			if g.MaxDown > 0 {
				continue
			}
			r.refuse("take them out of the scope, or raise the group's max_down",
				"%s takes hosts down, and the group %s allows none of its members to be down (max_down = 0): %s",
				r.rb.Name, g.Name, hostList(r.among(g.Hosts)))
		}
	}
	if i := slices.IndexFunc(plan.Steps, func(s Step) bool { return s.Kind != Manual && s.Kind != Wait }); i >= 0 {
		var mute []inventory.HostID
		lines := !slices.ContainsFunc(plan.Steps, func(s Step) bool { return s.Kind != Manual && s.Kind != Wait && s.Line == "" })
		for _, h := range r.hosts {
			if h.Shell == "none" && !lines || h.OS == "none" && h.Shell != "none" {
				mute = append(mute, h.Name)
			}
		}
		if len(mute) > 0 {
			r.refuse(`leave them out: add !name to the selector`, "step %s needs a shell, and the inventory says that there is none on %s", plan.Steps[i].ID, hostList(mute))
		}
	}
}

// among is those of names that the plan works on, in the plan's order.
func (r *resolver) among(names []inventory.HostID) []inventory.HostID {
	var out []inventory.HostID
	for _, h := range r.hosts {
		if slices.Contains(names, h.Name) {
			out = append(out, h.Name)
		}
	}
	return out
}

// hostList is names for a line of text: all of a few, else the first ones and how many more.
func hostList(names []inventory.HostID) string {
	const shown = 5
	var s []string
	for _, n := range names[:min(shown, len(names))] {
		s = append(s, string(n))
	}
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(s, ", "), more)
	}
	return strings.Join(s, ", ")
}

// warnings is what the operator should know before saying yes.
func (r *resolver) warnings(plan Plan) []string {
	var out []string
	if r.rb.Shadows != "" {
		out = append(out, fmt.Sprintf("%s comes from %s, and hides the one that is %s", r.rb.Name, r.rb.Source, r.rb.Shadows))
	}
	if plan.Risk == Disrupt {
		out = append(out, oneWay(plan.Groups)...)
	}
	for _, name := range r.overruled {
		out = append(out, fmt.Sprintf("%s was given for this run: the values that hosts have of their own in the inventory do not count", name))
	}
	var mute []inventory.HostID
	for _, h := range r.hosts {
		if h.Shell == "none" {
			mute = append(mute, h.Name)
		}
	}
	if len(mute) > 0 {
		out = append(out, "no shell on "+hostList(mute)+": what is run there is sent as it is, on the connection; a lost link leaves how it ended unknown")
	}
	if i := slices.IndexFunc(plan.Steps, func(s Step) bool { return s.Become }); i >= 0 {
		var plain []inventory.HostID
		for _, h := range r.hosts {
			if (h.Become == "" || h.Become == "none") && h.User != "root" && h.User != "" {
				plain = append(plain, h.Name)
			}
		}
		if len(plain) > 0 {
			out = append(out, fmt.Sprintf("step %s wants root, and the inventory gives no way to become root on %s", plan.Steps[i].ID, hostList(plain)))
		}
	}
	return out
}
