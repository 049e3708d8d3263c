package engine

import (
	"fmt"
	"slices"
	"strings"

	"tend/journal"
	"tend/runbooks"
)

// spent reports whether more hosts failed than may: nothing new starts then, and what runs finishes.
func (t *turn) spent() bool { return t.s.Tally.Bad() > t.c.budget }

func (t *turn) spentWhy() string {
	return left(fmt.Sprintf("%s, and max_failures = %q", bad(t.s.Tally), t.c.plan.Policy.MaxFailures), t.s.Tally.Waiting)
}

// may reports whether a waiting host may be taken down now: its window is open, and no group would have too many members down.
func (t *turn) may(i int) bool {
	if t.c.windows != nil && t.c.windows[i] != nil {
		open, change := t.c.windows[i].At(t.now)
		if !open {
			if !change.IsZero() && (t.wake.IsZero() || change.Before(t.wake)) {
				t.wake = change
			}
			return false
		}
	}
	for _, g := range t.groups(i) {
		if !t.room(i, g) {
			return false
		}
	}
	return true
}

// room reports whether the group bears host i being taken down. Who was down before the run takes nobody's place, so that a group can be
// mended whose last member that may be down is the broken one; but as the word that it is down may be old, those that this run works on
// are never more than may be down.
func (t *turn) room(i, g int) bool {
	down := t.down[g]
	if t.wasDown(i) {
		down = t.taken[g]
	}
	return down < t.c.groups[g].maxDown
}

// wasDown reports whether host i counted as down before the run, and this run did nothing about it: it waits, or was left out.
func (t *turn) wasDown(i int) bool {
	if t.c.was == nil || !t.c.was[i] {
		return false
	}
	h := &t.s.Hosts[i]
	return h.Phase == journal.Waiting || h.Phase == journal.Ended && !Down(h) && h.Outcome != journal.OK && h.Outcome != journal.Warned
}

// take counts the host as down, from now until it has ended well.
func (t *turn) take(i int) {
	for _, g := range t.groups(i) {
		t.taken[g]++
		if !t.wasDown(i) {
			t.down[g]++
		}
	}
}

// groups are those that bind host i. The first call counts who is down.
func (t *turn) groups(i int) []int {
	if t.c.member == nil {
		return nil
	}
	if t.down == nil {
		t.down, t.taken = make([]int, len(t.c.groups)), make([]int, len(t.c.groups))
		for g := range t.c.groups {
			t.down[g] = len(t.c.groups[g].outside)
			t.taken[g] = t.down[g]
		}
		for j := range t.s.Hosts {
			down, was := Down(&t.s.Hosts[j]), t.wasDown(j) // was: down, and this run did nothing about it yet
			for _, g := range t.c.member[j] {
				if down || was {
					t.down[g]++
				}
				if down {
					t.taken[g]++
				}
			}
		}
	}
	return t.c.member[i]
}

// Down reports whether a host counts as down for its groups: from its admission until it ended well. Who failed, was not reached or
// is unknown is down, and stays so where an operator skipped the rest; so does who was stopped between steps that change something.
func Down(h *journal.HostState) bool {
	switch h.Phase {
	case journal.Waiting:
		return false
	case journal.AtWork:
		return true
	}
	switch h.Outcome {
	case journal.OK, journal.Warned:
		return false
	case journal.Skipped, journal.Aborted:
		return h.Touched && h.Step < len(h.Steps) || hurt(h)
	}
	return true
}

// hurt reports whether the step that the host stands at ended badly.
func hurt(h *journal.HostState) bool {
	if h.Step >= len(h.Steps) || h.Steps[h.Step].Attempt == 0 {
		return false
	}
	st := &h.Steps[h.Step]
	return st.Running || !st.Outcome.Good() && st.Outcome != journal.Aborted
}

// heldWhy says in words why no host that waits can ever start: it names the groups, and the members that are down.
func (t *turn) heldWhy() string {
	var parts []string
	seen := map[int]bool{}
	for _, i := range t.held {
		for _, g := range t.groups(i) {
			if !t.room(i, g) && !seen[g] {
				seen[g] = true
				parts = append(parts, t.groupWhy(g))
			}
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "no host that waits may start")
		if t.c.windows != nil {
			parts[0] = "the maintenance window is over"
		}
	}
	return left(strings.Join(firstFew(parts, 3), "; "), t.s.Tally.Waiting)
}

func (t *turn) groupWhy(g int) string {
	gr := t.c.groups[g]
	down := slices.Clone(gr.outside)
	for _, i := range gr.hosts {
		switch h := &t.s.Hosts[i]; {
		case Down(h):
			down = append(down, fmt.Sprintf("%s (%s)", h.ID, h.Outcome))
		case t.wasDown(i):
			down = append(down, fmt.Sprintf("%s (%s)", h.ID, t.c.why(h.ID)))
		}
	}
	if len(down) == 0 {
		return fmt.Sprintf("group %s allows %d down", gr.name, gr.maxDown)
	}
	return fmt.Sprintf("group %s allows %d down, and down already: %s", gr.name, gr.maxDown, strings.Join(firstFew(down, 5), ", "))
}

func firstFew(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
}

// result is how a run ends of which every host has ended.
func result(t journal.Tally) journal.Result {
	switch {
	case t.By[journal.Unknown] > 0:
		return journal.Lost
	case t.Bad() > 0:
		return journal.SomeFailed
	case t.By[journal.Aborted] > 0:
		return journal.WasAborted
	}
	return journal.Passed
}

// bad counts in words who ended badly: "2 failed, 1 unreachable".
func bad(t journal.Tally) string {
	var parts []string
	for _, o := range []journal.Outcome{journal.Failed, journal.Unreachable, journal.Refused, journal.Unknown} {
		if n := t.By[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}

// left adds to a reason how many hosts were never started.
func left(why string, waiting int) string {
	if waiting == 0 {
		return why
	}
	return why + "; " + count(waiting, "host was", "hosts were") + " not started"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// lastTry reports whether a step that fails now is not tried again: the fold's Retriable, asked before the end is folded.
func lastTry(step *runbooks.Step, attempt, free int) bool {
	return attempt-free > step.Retries || !(step.Repeat || step.Risk == runbooks.Read)
}

// failure is the outcome of a step that failed: a warning where the step lets that pass and no try is left.
func failure(step *runbooks.Step, st *journal.StepState) journal.Outcome {
	if step.OnFailure == "go-on" && lastTry(step, st.Attempt, st.Free) {
		return journal.Warned
	}
	return journal.Failed
}
