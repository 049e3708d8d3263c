package plans

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
)

const twoRuns = `goal = "x"
scope = "tag=db"
window = "Sat 22:00-24:00 UTC"
[[run]]
runbook = "health"
[[run]]
runbook = "reboot"
canary = 0
batch = "100%"
`

func changes(d Diff) string {
	out := slices.Clone(d.Plan)
	for _, r := range d.Runs {
		for _, c := range r.Changes {
			out = append(out, r.Run+": "+c)
		}
	}
	return strings.Join(out, "\n")
}

// TestCompare: each change is said in meaning, once, and nothing else is.
func TestCompare(t *testing.T) {
	a := resolved(t, twoRuns)
	var none Times
	if d := Compare(&a, &a, &none); !d.Same || changes(d) != "" {
		t.Errorf("%+v", d)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"x"`, `"y"`, `goal: "x" -> "y"`},
		{"Sat 22", "Sat 21", `window: "Sat 22:00-24:00 UTC" -> "Sat 21:00-24:00 UTC"`},
		{"goal", "until = 2026-12-01\ngoal", `until: nothing -> "2026-12-01"`},
		{"[[run]]", "[[approver]]\nname = \"ann\"\n[[run]]", "approvals: \"0\" -> \"1\"\napprovers: nothing -> \"ann\""},
		{`runbook = "health"`, "runbook = \"health\"\ngo_on = true", `1 health: go_on: "false" -> "true"`},
		{`"100%"`, "1", "2 reboot: batch: \"100%\" -> \"1\"\n2 reboot: waves: \"1\" -> \"3\""},
		{"[[run]]\nrunbook = \"health\"\n", "", "1 health: the run is dropped: 3 hosts"},
		{"[[run]]\nrunbook = \"health\"\n", "[[run]]\nrunbook = \"facts\"\n[[run]]\nrunbook = \"health\"\n", "1 facts: the run is added: 3 hosts"},
		{twoRuns[strings.Index(twoRuns, "[[run]]"):], "[[run]]\nrunbook = \"reboot\"\ncanary = 0\nbatch = \"100%\"\n[[run]]\nrunbook = \"health\"\n", "the runs stand in another order"},
	} {
		text := strings.Replace(twoRuns, c.from, c.to, 1)
		b := resolved(t, text)
		if d := Compare(&a, &b, &none); d.Same || changes(d) != c.want {
			t.Errorf("%q:\n%s\nnot\n%s", c.to, changes(d), c.want)
		}
	}
}

// TestCompareNames: another file's plan is another plan, and nothing else is said.
func TestCompareNames(t *testing.T) {
	a, b := resolved(t, twoRuns), resolved(t, twoRuns)
	b.Name = "q"
	b.Digest = b.digest()
	var none Times
	if d := Compare(&a, &b, &none); changes(d) != `name: "p" -> "q"` {
		t.Error(changes(d))
	}
}

// TestCompareHosts: hosts that come and go, and hosts, groups and waves that the inventory declares otherwise.
func TestCompareHosts(t *testing.T) {
	a := resolved(t, twoRuns)
	var known Times
	known.Add(past(a.Plans[1], 10*time.Minute))
	b := resolved(t, strings.Replace(twoRuns, `"tag=db"`, `"db-[2-3],web-1"`, 1))
	d := Compare(&a, &b, &known)
	for _, run := range []string{"1 health", "2 reboot"} {
		for _, want := range []string{": hosts added: web-1\n", ": hosts dropped: db-1\n", `: scope: "tag=db" -> "db-[2-3],web-1"`} {
			if !strings.Contains(changes(d), run+want) {
				t.Errorf("no %q in %s", run+want, changes(d))
			}
		}
	}
	if strings.Contains(changes(d), "waves") {
		t.Errorf("that other hosts are in the waves goes without saying: %s", changes(d))
	}
	if !slices.Equal(d.Added, []inventory.HostID{"web-1"}) || !slices.Equal(d.Dropped, []inventory.HostID{"db-1"}) {
		t.Errorf("%v %v", d.Added, d.Dropped)
	}
	if d.Before.Estimate.Time != 30*time.Minute || d.After.Estimate.Time != 20*time.Minute || d.Before.Blast.Hosts != 3 || d.After.Blast.Down != 2 {
		t.Errorf("%+v\n%+v", d.Before, d.After)
	}
	for _, c := range []struct{ from, to, want string }{
		{"max_down = 1", "max_down = 2", `group pg: "1 of 3 down" -> "2 of 3 down"`},
		{"max_down = 1", "max_down = 1\ndrain = \"true\"\ndrain_proof = \"true\"", "group pg: the inventory declares it otherwise"},
		{"tags = [\"db\"]", "tags = [\"db\", \"x\"]", "hosts that the inventory declares otherwise: db-[1-3]"},
		{"Sun 01", "Sun 02", "hosts that the inventory declares otherwise: db-[1-3]"},
	} {
		b := resolvedIn(t, twoRuns, strings.Replace(world, c.from, c.to, 1))
		if d := Compare(&a, &b, &known); d.Same || !strings.Contains(changes(d), "2 reboot: "+c.want) {
			t.Errorf("%q: %s", c.to, changes(d))
		}
	}
}

// TestCompareWindows: the plan's window is said once, though each host that has none of its own works in it.
func TestCompareWindows(t *testing.T) {
	text := strings.Replace(twoRuns, "tag=db", "site=s2", 1)
	a, b := resolved(t, text), resolved(t, strings.Replace(text, "Sat 22", "Sat 21", 1))
	var none Times
	if got := changes(Compare(&a, &b, &none)); got != `window: "Sat 22:00-24:00 UTC" -> "Sat 21:00-24:00 UTC"` {
		t.Error(got)
	}
}

// TestCompareWaves: as many waves over as many hosts, and another one goes first.
func TestCompareWaves(t *testing.T) {
	text := strings.Replace(twoRuns, `"100%"`, "1", 1)
	a, b := resolved(t, text), resolvedIn(t, text, strings.Replace(world, "max_down = 1", "max_down = 1\nlast = \"db-1\"", 1))
	var none Times
	if got := changes(Compare(&a, &b, &none)); !strings.Contains(got, "2 reboot: the waves hold other hosts") {
		t.Error(got)
	}
}

// TestCompareSteps: steps that come, go, move, and change.
func TestCompareSteps(t *testing.T) {
	a := resolved(t, twoRuns)
	b := resolved(t, twoRuns)
	steps := slices.Clone(b.Plans[0].Steps)
	first, n := steps[0], len(steps)
	steps[0].Script += "echo more\n"
	steps[0].Timeout = time.Hour
	extra := first
	extra.ID = "extra"
	b.Plans[0].Steps = append(steps, extra)
	b.Digest = b.digest()
	var none Times
	got := changes(Compare(&a, &b, &none))
	for _, want := range []string{"step " + string(first.ID) + ": its script changed, 1 lines added, 0 dropped", "step " + string(first.ID) + ": timeout: ", "step extra added (check, read)"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := changes(Compare(&b, &a, &none)); !strings.Contains(got, "step extra dropped") || !strings.Contains(got, "0 lines added, 1 dropped") {
		t.Error(got)
	}
	if n > 1 {
		c := resolved(t, twoRuns)
		c.Plans[0].Steps = slices.Clone(c.Plans[0].Steps)
		c.Plans[0].Steps[0], c.Plans[0].Steps[1] = c.Plans[0].Steps[1], c.Plans[0].Steps[0]
		c.Digest = c.digest()
		if got := changes(Compare(&a, &c, &none)); !strings.Contains(got, "steps in another order") {
			t.Error(got)
		}
	}
}
