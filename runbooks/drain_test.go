package runbooks

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/inventory"
)

func drainedPlan(t *testing.T, g inventory.Group, steps ...Step) (Plan, error) {
	t.Helper()
	g.Name, g.Hosts, g.MaxDown = "pg.Main", []inventory.HostID{"h000", "h001"}, 1
	return Resolve(Runbook{Name: "x", Risk: Disrupt, Steps: steps}, "all", fleet(3), []inventory.Group{g}, nil, nil)
}

func ids(steps []Step) string {
	var out []string
	for _, s := range steps {
		out = append(out, string(s.ID))
	}
	return strings.Join(out, " ")
}

// TestDrainStandsAroundTheWork: a member is taken out right before what disrupts, under the same condition, and brought back behind
// the checks; the digest covers it, and a dry run leaves it alone.
func TestDrainStandsAroundTheWork(t *testing.T) {
	t.Parallel()
	steps := []Step{
		{ID: "look", Kind: Check, Phase: Before, Risk: Read, Script: "true"}, {ID: "fetch", Kind: Script, Phase: Main, Risk: Change, Script: "true"},
		{ID: "list", Kind: Script, Phase: Main, Risk: Read, Script: "true"}, {ID: "work", Kind: Script, Phase: Main, Risk: Disrupt, Script: "true", When: "todo>0"},
		{ID: "prove", Kind: Check, Phase: After, Risk: Read, Script: "true"},
	}
	full := inventory.Group{Drain: "touch out", DrainProof: "test -e out", Undrain: "rm out", UndrainProof: "! test -e out", Become: true}
	plan, err := drainedPlan(t, full, steps...)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(plan.Steps); got != "look fetch list drain-pg-main work prove undrain-pg-main" {
		t.Errorf("steps %s", got)
	}
	out, back := plan.Steps[3], plan.Steps[6]
	if out.When != "group=pg.Main todo>0" || back.When != "group=pg.Main" || !out.Become || out.Risk != Disrupt || out.Group != "pg.Main" {
		t.Errorf("%+v\n%+v", out, back)
	}
	if got := ids(plan.DryRun().Steps); got != "look list" {
		t.Errorf("a dry run has %s", got)
	}
	full.DrainProof = "test -e elsewhere"
	if other, _ := drainedPlan(t, full, steps...); other.Digest == plan.Digest {
		t.Error("the digest does not cover the draining")
	}
	if len(plan.Warnings) != 0 {
		t.Errorf("warnings %q", plan.Warnings)
	}
	if plan, _ = drainedPlan(t, inventory.Group{Drain: "true"}, steps...); len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "does not say how they come back") {
		t.Errorf("a way with no way back: %q", plan.Warnings)
	}
	early := append(slices.Clone(steps[:3]), Step{ID: "snapshot", Kind: Script, Phase: Main, Risk: Change, Script: "true", When: "todo>0"})
	if plan, _ = drainedPlan(t, full, append(early, steps[3:]...)...); ids(plan.Steps) != "look fetch list drain-pg-main snapshot work prove undrain-pg-main" {
		t.Errorf("a snapshot under the same condition: %s", ids(plan.Steps))
	}
	early[2].When, early[2].AnyTime = "todo>0", true
	again := Step{ID: "reboot", Kind: Script, Phase: Main, Risk: Disrupt, Script: "true", When: "due=yes"}
	if plan, _ = drainedPlan(t, full, append(early, steps[3], again, steps[4])...); ids(plan.Steps) != "look fetch list drain-pg-main snapshot work reboot prove undrain-pg-main" || plan.Steps[3].When != "group=pg.Main" {
		t.Errorf("what is fetched, and works of two conditions: %s", ids(plan.Steps))
	}
	if plan, _ = drainedPlan(t, full, steps[:3]...); ids(plan.Steps) != "look fetch list" {
		t.Errorf("nothing disrupts, and the steps are %s", ids(plan.Steps))
	}
	if _, err = drainedPlan(t, inventory.Group{Drain: "if true"}, steps...); err == nil || !strings.Contains(err.Error(), "group pg.Main: drain is no POSIX shell") {
		t.Errorf("a broken script: %v", err)
	}
}

// TestDrainScripts runs them: the action once, then looks until the proof holds, then another look after the soak.
func TestDrainScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action, proof string
		limit, soak   int
		exit          int
		says          string
	}{
		"proved":           {"echo once >>log", "test -e log", 5, 0, 0, "out of g\n"},
		"exits":            {"exit 7", "true", 5, 0, 7, "drain: exit 7\n"},
		"never proved":     {"true", "false", 0, 0, 1, "not out of g after 0 seconds\n"},
		"no proof":         {"true", "", 5, 0, 0, "there is no proof\n"},
		"proof alone":      {"", "true", 5, 0, 0, "out of g\n"},
		"does not last":    {"touch up", "test -e up && rm up", 5, 1, 1, "after 1 seconds is not any more\n"},
		"exit in a proof":  {"true", "exit 0", 5, 0, 0, "out of g\n"},
		"comment at end":   {"true # so", "true # so", 5, 0, 0, "out of g\n"},
		"variables stay":   {"tend_left=0", "true", 5, 0, 0, "out of g\n"},
		"quoted lookalike": {"echo ')'", "echo ')' >&2", 5, 0, 0, "out of g\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command("/bin/sh", "-c", drainScript("drain", "g", c.action, c.proof, c.limit, c.soak))
			cmd.Dir = dir
			out, _ := cmd.CombinedOutput()
			if exit := cmd.ProcessState.ExitCode(); exit != c.exit || !strings.HasSuffix(string(out), c.says) {
				t.Errorf("exit %d, %q; want %d, %q", exit, out, c.exit, c.says)
			}
			if log, err := os.ReadFile(filepath.Join(dir, "log")); err == nil && string(log) != "once\n" {
				t.Errorf("the action ran %q", log)
			}
		})
	}
}
