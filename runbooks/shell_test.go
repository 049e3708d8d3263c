package runbooks

import (
	"bytes"
	"context"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
)

// shells is one of the interpreters that every script must run in, by the test's name, so that a package's tests, of which most scripts have
// several, meet all of them. TEND_LONG=1 and TEND_SHELLS: each test meets all.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	all := everyShell(t)
	if os.Getenv("TEND_LONG") != "" || os.Getenv("TEND_SHELLS") != "" {
		return all
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	names := slices.Sorted(maps.Keys(all))
	if len(names) == 0 {
		return nil
	}
	name := names[crc32.ChecksumIEEE([]byte(test))%uint32(len(names))]
	return map[string][]string{name: all[name]}
}

// everyShell are all of them, by the words that start them. A machine that lacks one skips visibly; in CI (CI=true) that is a failure.
func everyShell(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	all := map[string][]string{"sh": {"/bin/sh"}, "dash": {"dash"}, "busybox": {"busybox", "sh"}, "bash": {"bash", "--posix"}}
	for _, more := range filepath.SplitList(os.Getenv("TEND_SHELLS")) { // CONTRIBUTING.md
		if _, err := exec.LookPath(more); err != nil {
			t.Fatalf("TEND_SHELLS: %v", err)
		}
		all[strings.ReplaceAll(strings.Trim(more, "/"), "/", "-")] = []string{more}
	}
	for name, argv := range all {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			missing(t, argv[0])
			continue
		}
		if real, err := filepath.EvalSymlinks(path); err == nil && name == "sh" && filepath.Base(real) == "dash" {
			continue // dash comes by its own name
		}
		out[name] = append([]string{path}, argv[1:]...)
	}
	return out
}

func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Errorf("%s is missing, and CI must have it", tool)
		return
	}
	t.Logf("SKIPPED for want of %s", tool)
}

// run feeds script to a shell's standard input, as it goes to hosts, and returns what it printed and its exit code.
func run(t *testing.T, argv []string, script string, env ...string) (stdout, stderr string, exit int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Args = append(cmd.Args, "-s")
	// A home that cannot be made: rpm as root makes itself one, and it stays.
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/dev/null/home"}, env...)
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(script)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// fakes is a directory of scripts named after commands, to be first in PATH, and that PATH.
func fakes(t *testing.T, scripts map[string]string) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	for name, body := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir, "PATH=" + dir + ":" + os.Getenv("PATH")
}

// builtin is a built-in runbook.
func builtin(t *testing.T, name string) Runbook {
	t.Helper()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, rb := range all {
		if rb.Name == name {
			return rb
		}
	}
	t.Fatalf("no built-in %s", name)
	return Runbook{}
}

// planFor resolves a runbook for one host.
func planFor(t *testing.T, rb Runbook, params map[string]string) Plan {
	t.Helper()
	plan, err := Resolve(rb, "all", []inventory.Host{{Name: "h1", User: "root"}}, nil, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// scriptOf is what goes to sh for a step on the host h1.
func scriptOf(t *testing.T, plan Plan, step StepID) string {
	t.Helper()
	s, err := plan.Rendered(step, "h1")
	if err != nil || s == "" {
		t.Fatalf("step %s: %q, %v", step, s, err)
	}
	return s
}

// stepOf is a plan's step.
func stepOf(t *testing.T, plan Plan, id StepID) Step {
	t.Helper()
	for _, s := range plan.Steps {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("the plan has no step %s", id)
	return Step{}
}
