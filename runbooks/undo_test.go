package runbooks

import (
	"os"
	"strings"
	"testing"
)

// TestRealUndo upgrades with the real apt as patch does, and takes that back as unpatch does: to the recorded versions where the archive
// still has them, and what cannot be had is said before anything is touched.
func TestRealUndo(t *testing.T) {
	need(t, "apt-get", "dpkg", "dpkg-deb")
	archives, first := aptArchives(t)
	root, path := aptRoot(t, archives, first)
	sources, err := os.ReadFile(root + "/etc/apt/sources.list")
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.NewReplacer("/var/lib/tend", t.TempDir())
	step := func(runbook string, id StepID) (map[string]Fact, int) {
		t.Helper()
		plan := planFor(t, builtin(t, runbook), map[string]string{"lock_wait": "0s"})
		out, stderr, exit := run(t, []string{"/bin/sh"}, kept.Replace(scriptOf(t, plan, id)), path)
		facts, warnings := ParseEmitted(stepOf(t, plan, id), []byte(out))
		if len(warnings) > 0 || exit != 0 {
			t.Errorf("%s/%s: exit %d, %q, %s", runbook, id, exit, warnings, stderr)
		}
		byKey := map[string]Fact{}
		for _, f := range facts {
			byKey[f.Key] = f
		}
		return byKey, exit
	}
	listed := func(archives ...string) {
		t.Helper()
		write(t, root+"/etc/apt/sources.list", string(sources)+strings.Join(archives, ""))
		if _, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_refresh"), path); exit != 0 {
			t.Fatal(stderr)
		}
	}
	versions := func(want string) {
		t.Helper()
		out, _, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_installed"), path)
		if got := strings.Join(strings.Fields(out), " "); got != want {
			t.Errorf("installed: %s, want %s", got, want)
		}
	}
	const old, new = "alpha 1.0 beta 1.0 delta 1.0 epsilon 1.0 gamma 1.0", "alpha 1.1 beta 1.1 delta 1.0 epsilon 1.0 gamma 1.0"
	facts, _ := step("unpatch", "ready")
	wants(t, facts, map[string]string{"undo": "CRIT no upgrade is on record here"})
	listed()
	step("patch", "upgrade")
	versions(new)
	facts, _ = step("unpatch", "ready") // the archive has dropped the old versions
	wants(t, facts, map[string]string{"undo": "CRIT was not found"})
	listed("deb [trusted=yes] file:" + archives + "/old ./\n")
	facts, _ = step("unpatch", "ready")
	wants(t, facts, map[string]string{"undo": "OK 2 packages"})
	if facts["back.alpha"].Value != "1.1 -> 1.0" || facts["back.gamma"].Value != "" {
		t.Errorf("%+v", facts)
	}
	versions(new)
	facts, _ = step("unpatch", "undo")
	if facts["changed"].Value != "2" || facts["changed.beta"].Value != "1.1 -> 1.0" {
		t.Errorf("%+v", facts)
	}
	versions(old)
}

// TestSnapshotHook: what the inventory declares is called before the upgrade, its last line is the snapshot's name, and the way back gets
// that name. A hook that fails stops the host; where there is none, the words say so.
func TestSnapshotHook(t *testing.T) {
	for _, argv := range shells(t) {
		dir := t.TempDir()
		at := []string{"/var/lib/tend", dir}
		facts, exit := stepFacts(t, argv, "patch", "save", nil, nil, at...)
		if exit != 0 || !strings.HasPrefix(facts["undo"].Value, "by versions only: no snapshot command is declared") {
			t.Errorf("none: exit %d, %+v", exit, facts)
		}
		facts, _ = stepFacts(t, argv, "unpatch", "ready", map[string]string{"how": "snapshot", "rollback": "true"}, nil, at...)
		wants(t, facts, map[string]string{"undo": "CRIT patch made no snapshot here"})
		if _, exit := stepFacts(t, argv, "patch", "save", map[string]string{"snapshot": "echo no room; exit 3"}, nil, at...); exit == 0 {
			t.Error("a snapshot that failed did not stop the upgrade")
		}
		facts, exit = stepFacts(t, argv, "patch", "save", map[string]string{"snapshot": "echo working; echo pool/root@it\\'s-1"}, nil, at...)
		if exit != 0 || facts["undo"].Value != "by the snapshot pool/root@it's-1" {
			t.Errorf("exit %d, %+v", exit, facts)
		}
		facts, _ = stepFacts(t, argv, "unpatch", "ready", map[string]string{"how": "snapshot"}, nil, at...)
		wants(t, facts, map[string]string{"undo": "CRIT no rollback command is declared"})
		rollback := map[string]string{"how": "snapshot", "rollback": `printf %s "$saved" >` + dir + "/back"}
		facts, _ = stepFacts(t, argv, "unpatch", "ready", rollback, nil, at...)
		wants(t, facts, map[string]string{"undo": "OK to the snapshot pool/root@it's-1"})
		_, exit = stepFacts(t, argv, "unpatch", "undo", rollback, nil, at...)
		if back, err := os.ReadFile(dir + "/back"); exit != 0 || err != nil || string(back) != "pool/root@it's-1" {
			t.Errorf("exit %d, %v, went back to %q", exit, err, back)
		}
	}
}
