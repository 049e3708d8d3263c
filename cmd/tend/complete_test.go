package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompletionKnows: hosts, racks, groups, services, runbooks, their parameters, runs and flags' values complete, by the example inventory.
func TestCompletionKnows(t *testing.T) {
	home := shortDir(t)
	getenv := func(k string) string {
		return map[string]string{"TEND_INVENTORY": "../../inventory.toml", "HOME": home, "XDG_RUNTIME_DIR": home}[k]
	}
	if err := os.Chmod("../../inventory.toml", 0o644); err != nil {
		t.Fatal(err)
	}
	complete := func(args ...string) []string {
		var out strings.Builder
		Main(context.Background(), append([]string{"__complete"}, args...), streams{out: &out, err: io.Discard}, getenv)
		return strings.Split(out.String(), "\n")
	}
	if code := Main(context.Background(), []string{"note", "x"}, streams{out: io.Discard, err: io.Discard}, getenv); code != 0 {
		t.Fatalf("note: exit %d", code)
	}
	for _, c := range []struct {
		typed []string
		want  string
	}{
		{[]string{"run", "hea"}, "health\t"},
		{[]string{"run", "health", "web-07"}, "web-0701"},
		{[]string{"run", "health", "site=a"}, "site=ams1"},
		{[]string{"run", "health", "!rack=r0"}, "!rack=r01"},
		{[]string{"run", "health", "site=ams1,ny"}, "site=ams1,nyc1"},
		{[]string{"run", "health", "nyc1/r"}, "nyc1/r07"},
		{[]string{"exec", "group="}, "group=web-ams1"},
		{[]string{"plan", "patch", "service="}, "service="},
		{[]string{"run", "patch", "--set", ""}, "="},
		{[]string{"journal", "list", "--runbook", "pat"}, "patch\t"},
		{[]string{"journal", "list", "--host", "db-"}, "db-0712\t"},
		{[]string{"host", "show", "db-"}, "db-0712\t"},
		{[]string{"journal", "show", ""}, "last\t"},
		{[]string{"retry", "last", "db-"}, "db-0712\t"},
		{[]string{"--tier", "p"}, "plain"},
		{[]string{"schema", "i"}, "inventory"},
		{[]string{"jour"}, "journal\t"},
	} {
		if got := complete(c.typed...); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%q completes to %q, without %q", c.typed, got, c.want)
		}
	}
	if got := complete("host", "show", "db-0712", ""); len(got) > 2 {
		t.Errorf("a second host is offered where one is wanted: %q", got)
	}
}

// TestCompletionInBash sources the printed script in a bash that has nothing else, and asks as readline would.
func TestCompletionInBash(t *testing.T) {
	scriptsOnly(t)
	need(t, "bash")
	for typed, want := range map[string]string{"tend run hea": "health", "tend run health site=am": "ams1", "tend run health web-070": "web-0701", "tend run health rack=ams1/r0": "", "tend journal li": "list", "tend ": "doctor"} {
		script := `source <(tend completion bash); COMP_LINE=$1; COMP_POINT=${#1}; COMP_TYPE=9; COMP_KEY=9
			__tend_complete; printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.CommandContext(t.Context(), "bash", "--norc", "-c", script, "bash", typed)
		cmd.Env = completionEnv(t)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v", typed, err)
		}
		got := strings.Fields(string(out))
		if want != "" && !slices.Contains(got, want) {
			t.Errorf("%q completes to %q, without %q", typed, got, want)
		}
	}
}

// TestCompletionInFish asks fish, where it is installed.
func TestCompletionInFish(t *testing.T) {
	scriptsOnly(t)
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("fish is not installed")
	}
	cmd := exec.CommandContext(t.Context(), fish, "--no-config", "-c", `tend completion fish | source; complete -C "tend run health site=am"`)
	cmd.Env = completionEnv(t)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "site=ams1") {
		t.Errorf("fish completes to %q, %v", out, err)
	}
}

func completionEnv(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "tend")); err != nil {
		t.Fatal(err)
	}
	inv, err := filepath.Abs("../../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), asTend+"=1", "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "TEND_INVENTORY="+inv)
}
