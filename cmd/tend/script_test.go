package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// busyScripts have many goroutines at work; with -short they alone are run (see scriptsOnly).
var busyScripts = []string{"commission", "demo", "drain", "journal", "rehearse"}

// TestScripts runs the command line against the lab, as a user would type it.
func TestScripts(t *testing.T) {
	dir := startLab(t, "--speed", "50")
	p := testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			run := shortDir(t)
			for k, v := range map[string]string{
				asTend: "1", "TEND_INVENTORY": filepath.Join(dir, "inventory.toml"), "HOME": filepath.Join(e.WorkDir, "home"),
				"XDG_STATE_HOME": filepath.Join(e.WorkDir, "state"), "XDG_RUNTIME_DIR": run, "SSH_AUTH_SOCK": "", "LAB": dir,
			} {
				e.Setenv(k, v)
			}
			e.Defer(func() { holdsNoSecret(t, filepath.Join(e.WorkDir, "state")) })
			return os.MkdirAll(filepath.Join(e.WorkDir, "home"), 0o700)
		},
		RequireExplicitExec: true,
	}
	if testing.Short() {
		for _, name := range busyScripts {
			p.Files = append(p.Files, filepath.Join(p.Dir, name+".txtar"))
		}
		p.Dir = ""
	}
	testscript.Run(t, p)
}

// startLab serves the example's twin for as long as the test lasts and returns its directory.
func startLab(t *testing.T, args ...string) string {
	t.Helper()
	dir := shortDir(t)
	exe, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{"lab", "--dir", filepath.Base(dir), "--linger", "1h"}, args...)...)
	cmd.Dir = filepath.Dir(dir) // the lab is given a directory as people type it
	cmd.Env = append(os.Environ(), asTend+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line := make([]byte, 16)
	if n, err := out.Read(line); err != nil || string(line[:n]) != "ready\n" {
		t.Fatalf("the lab said %q, %v", line[:n], err)
	}
	return dir
}
