package main

import (
	"os"
	"path/filepath"
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

// TestALeftPlanFindsTheDemosPlaces: what a demo has moved for itself holds for the process that a plan is left to, and nothing else is.
func TestALeftPlanFindsTheDemosPlaces(t *testing.T) {
	a := &app{getenv: func(k string) string {
		if k == "TEND_INVENTORY" {
			return "/demo/inventory.toml"
		}
		return os.Getenv(k)
	}}
	if env := a.departing("tend", nil).Env; env[len(env)-1] != "TEND_INVENTORY=/demo/inventory.toml" || len(env) != len(os.Environ())+1 {
		t.Errorf("%q", env)
	}
}

// TestLastWordsOfALeftPlan: an error with its hint is told as both, not as the hint alone.
func TestLastWordsOfALeftPlan(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	for text, want := range map[string]string{
		"run 1 of 2\ntend: no inventory found\n  hint: tend new inventory\n": "no inventory found (tend new inventory)",
		"run 1 of 2\ntend: killed\n":                                         "tend: killed", "": "", "  hint: x": "hint: x",
	} {
		if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lastWords(log); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
