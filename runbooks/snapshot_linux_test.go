package runbooks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// btrfs makes a file system in a file, mounts it, and returns where. What is made in temporary directories afterwards lies in its subvolume @.
func btrfs(t *testing.T) string {
	t.Helper()
	need(t, "mkfs.btrfs", "btrfs", "losetup")
	dir, err := os.MkdirTemp("", "tend-btrfs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file, at := filepath.Join(dir, "file"), filepath.Join(dir, "at")
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, file, "")
	if err := os.Truncate(file, 256<<20); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"mkfs.btrfs", "-q", file}, {"mount", "-t", "btrfs", "-o", "loop", file, at}} {
		if out, err := exec.CommandContext(t.Context(), c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: this machine mounts no btrfs: %v\n%s", err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	if out, err := exec.CommandContext(t.Context(), "btrfs", "subvolume", "create", at+"/@").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("TMPDIR", at+"/@")
	return at
}

// TestRealSnapshot: a host whose root is a btrfs makes a snapshot before the real apt upgrades it, as its inventory declares, and goes back to
// that: to the old versions, to the configuration file as it was, and without what was written since. A snapshot that cannot be made stops
// patch before anything is upgraded.
func TestRealSnapshot(t *testing.T) {
	need(t, "apt-get", "dpkg", "dpkg-deb")
	at := btrfs(t)
	archives, first := aptArchives(t)
	root, path := aptRoot(t, archives, first)
	kept := t.TempDir()
	params := map[string]string{"conffile": "new", "lock_wait": "0s", "snapshot": "btrfs subvolume snapshot -r '" + at + "/@' '" + at + "/before' && echo '" + at + "/before'"}
	back := map[string]string{"how": "snapshot", "lock_wait": "0s", "rollback": `mv "` + at + `/@" "` + at + `/failed" && btrfs subvolume snapshot "$saved" "` + at + `/@"`}
	step := func(runbook string, id StepID, params map[string]string) (map[string]Fact, int) {
		t.Helper()
		script := strings.ReplaceAll(scriptOf(t, planFor(t, builtin(t, runbook), params), id), "/var/lib/tend", kept)
		out, stderr, exit := run(t, []string{"/bin/sh"}, script, path)
		facts, _ := ParseEmitted(stepOf(t, planFor(t, builtin(t, runbook), params), id), []byte(out))
		byKey := map[string]Fact{}
		for _, f := range facts {
			byKey[f.Key] = f
		}
		if exit != 0 {
			t.Logf("%s/%s: exit %d, %s", runbook, id, exit, stderr)
		}
		return byKey, exit
	}
	looks := func(versions, conf string) {
		t.Helper()
		out, stderr, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_installed"), path)
		text, _ := os.ReadFile(root + "/etc/beta.conf")
		if got := strings.Join(strings.Fields(out), " "); got != versions || string(text) != conf {
			t.Errorf("installed: %s, want %s; beta.conf: %q, want %q\n%s", got, versions, text, conf, stderr)
		}
	}
	const old, new = "alpha 1.0 beta 1.0 delta 1.0 epsilon 1.0 gamma 1.0", "alpha 1.1 beta 1.1 delta 1.0 epsilon 1.0 gamma 1.0"
	if _, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_refresh"), path); exit != 0 {
		t.Fatal(stderr)
	}
	facts, exit := step("patch", "save", params)
	if exit != 0 || facts["undo"].Value != "by the snapshot "+at+"/before" {
		t.Fatalf("exit %d, %+v", exit, facts)
	}
	if _, exit := step("patch", "upgrade", params); exit != 0 {
		t.Fatalf("exit %d", exit)
	}
	looks(new, "beta 1.1\n")
	write(t, root+"/since", "x")
	facts, _ = step("unpatch", "ready", back)
	wants(t, facts, map[string]string{"undo": "OK to the snapshot " + at + "/before"})
	if _, exit := step("unpatch", "undo", back); exit != 0 {
		t.Fatalf("exit %d", exit)
	}
	looks(old, "changed here\n")
	if _, err := os.Stat(root + "/since"); err == nil {
		t.Error("what was written since the snapshot is still there")
	}
	if _, exit := step("patch", "save", params); exit == 0 { // there is one of that name
		t.Error("a snapshot that could not be made did not stop the upgrade")
	}
}
