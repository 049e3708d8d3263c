package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/quote"
)

// DrainTime is how long a group waits for the proof that a member is out of service, or back, where the inventory does not say.
const DrainTime = 10 * time.Minute

// proofPause is how many seconds lie between two looks at a proof.
const proofPause = 5

// drained puts around the work of a disruptive plan what the inventory's groups say about taking a member out of service and
// bringing it back: before what is done to disrupt, each member is drained, with proof; behind everything, the checks after the
// work included, it is brought back, with proof. So a host that fails on the way stays out of service, and who comes next finds it
// counted as down. A host on which nothing disrupts is not drained, where one condition tells. The steps are the plan's own: they are
// shown, approved and recorded as all others.
func (r *resolver) drained(steps []Step, groups []inventory.Group) []Step {
	first := slices.IndexFunc(steps, disrupts)
	if first < 0 {
		return steps
	}
	when, under := steps[first].When, steps[first].When
	if slices.ContainsFunc(steps, func(s Step) bool { return disrupts(s) && s.When != when }) {
		when = ""
	}
	// What is done under the same condition comes behind the draining too: a snapshot taken before would differ from what the checks
	// after the work find on a drained host. What may be done at any time, fetching, needs no member out of service.
	for under != "" && first > 0 && steps[first-1].Phase == Main && steps[first-1].When == under && !steps[first-1].AnyTime {
		first--
	}
	var out, back []Step
	for _, g := range groups {
		if g.Drain != "" || g.DrainProof != "" {
			out = append(out, r.drainStep(g, steps, "drain", when, g.Drain, g.DrainProof, 0))
		}
		if g.Undrain != "" || g.UndrainProof != "" {
			back = append(back, r.drainStep(g, steps, "undrain", "", g.Undrain, g.UndrainProof, g.Soak))
		}
	}
	slices.Reverse(back)
	return slices.Concat(steps[:first], out, steps[first:], back)
}

func disrupts(s Step) bool { return s.Risk == Disrupt && s.Phase != Before }

// drainStep is one of the two, for the members of g alone.
func (r *resolver) drainStep(g inventory.Group, taken []Step, verb, when, action, proof string, soak time.Duration) Step {
	limit := g.DrainTimeout
	if limit == 0 {
		limit = DrainTime
	}
	title, phase := "take out of "+g.Name, Main
	if verb == "undrain" {
		title, phase = "bring back into "+g.Name, After
	}
	s := Step{
		ID: freeID(verb+"-"+slug(g.Name), taken), Title: title, Kind: Script, Phase: phase, Risk: Disrupt, Group: g.Name,
		Become: g.Become, When: strings.TrimSpace("group=" + g.Name + " " + when), Timeout: 2*limit + soak + time.Minute,
	}
	for _, part := range [][2]string{{verb, action}, {verb + "_proof", proof}} {
		if part[1] == "" {
			continue
		}
		if _, err := checkShell(part[1]); err != nil {
			r.refuse(fmt.Sprintf("see the group in the inventory, line %d", g.Line), "group %s: %s is no POSIX shell: %v", g.Name, part[0], err)
			return s
		}
	}
	s.Script = drainScript(verb, g.Name, action, proof, int(limit/time.Second), int(soak/time.Second))
	text, err := render(Runbook{Name: r.rb.Name}, s, nil)
	if err != nil {
		r.refuse("", "group %s: %v", g.Name, err)
	}
	s.Script = text
	return s
}

// drainScript does the action once, and then looks until the proof holds; where soak is not zero, it looks again after that time.
func drainScript(verb, group, action, proof string, limit, soak int) string {
	state := map[string]string{"drain": "out of", "undrain": "back in"}[verb]
	var b strings.Builder
	named, err := quote.Assign("tend_group", group)
	if err != nil {
		named = "tend_group=group" // cannot be: the inventory's names are letters, digits and . _ -
	}
	b.WriteString(named + "\n")
	if action != "" {
		fmt.Fprintf(&b, "(\n%s\n)\ntend_exit=$?\nif [ \"$tend_exit\" -ne 0 ]; then\n\techo \"%s: exit $tend_exit\"\n\texit \"$tend_exit\"\nfi\n", action, verb)
	}
	if proof == "" {
		fmt.Fprintf(&b, "echo \"%s $tend_group, as far as %s says: there is no proof\"\n", state, verb)
		return b.String()
	}
	fmt.Fprintf(&b, "tend_proof() {\n(\n%s\n)\n}\n", proof)
	fmt.Fprintf(&b, "tend_left=%d\nuntil tend_proof; do\n\tif [ \"$tend_left\" -le 0 ]; then\n\t\techo \"not %s $tend_group after %d seconds\"\n\t\texit 1\n\tfi\n\tsleep %d\n\ttend_left=$((tend_left - %d))\ndone\n",
		limit, state, limit, proofPause, proofPause)
	if soak > 0 {
		fmt.Fprintf(&b, "echo \"%s $tend_group; looking again in %d seconds\"\nsleep %d\nif ! tend_proof; then\n\techo \"was %s $tend_group, and after %d seconds is not any more\"\n\texit 1\nfi\n", state, soak, soak, state, soak)
	}
	fmt.Fprintf(&b, "echo \"%s $tend_group\"\n", state)
	return b.String()
}

var noID = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a group's name part of a step's id.
func slug(name string) string {
	s := strings.Trim(noID.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return s[:min(len(s), 40)]
}

// freeID is id, or id with a number where a step has it.
func freeID(id string, taken []Step) StepID {
	for n := 1; ; n++ {
		try := StepID(id)
		if n > 1 {
			try = StepID(fmt.Sprintf("%s-%d", id, n))
		}
		if !slices.ContainsFunc(taken, func(s Step) bool { return s.ID == try }) {
			return try
		}
	}
}

// oneWay tells of groups whose members are taken out without proof, or not brought back.
func oneWay(groups []inventory.Group) []string {
	var out []string
	for _, g := range groups {
		switch {
		case g.Drain != "" && g.Undrain == "" && g.UndrainProof == "":
			out = append(out, fmt.Sprintf("group %s: members are taken out, and the inventory does not say how they come back (undrain)", g.Name))
		case g.Drain != "" && g.DrainProof == "":
			out = append(out, fmt.Sprintf("group %s: that a member is out of service is not proved (drain_proof)", g.Name))
		case g.Undrain != "" && g.UndrainProof == "":
			out = append(out, fmt.Sprintf("group %s: that a member is back in service is not proved (undrain_proof)", g.Name))
		}
	}
	return out
}
