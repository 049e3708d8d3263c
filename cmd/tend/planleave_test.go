package main

import (
	"slices"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// TestALeftPlanHasEveryFlag: what was said of a plan holds also for the process that it is left to.
func TestALeftPlanHasEveryFlag(t *testing.T) {
	f := planRunning{first: 2, asked: true}
	f.wait, f.json, f.outsideWindow = true, true, "why"
	f.assumeUp, f.attached = []string{"web-1"}, []string{"web-2"}
	p := &planned{}
	p.Digest, p.Path = "d", "plans/x.toml"
	args := f.again(p, "inventory.toml")
	a := &app{now: time.Now}
	a.planRun().Flags().VisitAll(func(fl *pflag.Flag) {
		if fl.Name != "detach" && !slices.Contains(args, "--"+fl.Name) {
			t.Errorf("--%s is lost on the way: %q", fl.Name, args)
		}
	})
}
