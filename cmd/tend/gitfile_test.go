package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tend/inventory"
)

// gitIn runs the real git for a test's own repository.
func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestARepositoryRunsNothingHere: what a clone or an unpacked archive says in a git configuration of its own is not obeyed when a run looks
// which commit its inventory is of.
func TestARepositoryRunsNothingHere(t *testing.T) {
	need(t, "git")
	for name, plant := range map[string]func(t *testing.T, dir, config string) string{
		"a repository among the committed files": func(t *testing.T, dir, config string) string {
			sub := filepath.Join(dir, "fleet")
			gitIn(t, dir, "init", "-q")
			gitIn(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
			if err := os.Rename(filepath.Join(dir, ".git"), sub); err != nil {
				t.Fatal(err)
			}
			return sub
		},
		"an unpacked .git": func(t *testing.T, dir, config string) string {
			gitIn(t, dir, "init", "-q")
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			mark := filepath.Join(base, "ran")
			dir := plant(t, base, mark)
			path := filepath.Join(dir, "inventory.toml")
			if err := os.WriteFile(path, []byte("[[site]]\nname = \"a\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(dir, "config")
			if dir == base {
				gitIn(t, dir, "add", "inventory.toml")
				gitIn(t, dir, "commit", "-q", "-m", "x")
				config = filepath.Join(dir, ".git", "config")
			}
			if err := os.WriteFile(config, []byte("[core]\nrepositoryformatversion = 0\nbare = false\nworktree = "+base+
				"\nfsmonitor = \"touch "+mark+"; false\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			inv, err := inventory.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			ref := reference(t.Context(), inv)
			if _, err := os.Stat(mark); err == nil {
				t.Error("a program that the repository names was run")
			}
			if dir == base && (len(ref.Commit) != 40 || ref.Dirty) {
				t.Errorf("the commit is not recorded: %+v", ref)
			}
		})
	}
}

// TestInventoryIsHeldAgainstItsCommit: what was loaded counts, staged or not.
func TestInventoryIsHeldAgainstItsCommit(t *testing.T) {
	need(t, "git")
	dir := t.TempDir()
	path := filepath.Join(dir, "inventory.toml")
	at := func(text string) (string, bool) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		inv, err := inventory.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		ref := reference(context.Background(), inv)
		return ref.Commit, ref.Dirty
	}
	one, two := "[[site]]\nname = \"a\"\n", "[[site]]\nname = \"b\"\n"
	if commit, _ := at(one); commit != "" {
		t.Errorf("outside of git: %s", commit)
	}
	gitIn(t, dir, "init", "-q")
	gitIn(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	if commit, dirty := at(one); commit == "" || !dirty {
		t.Errorf("not committed: %q, dirty %v", commit, dirty)
	}
	gitIn(t, dir, "add", ".")
	gitIn(t, dir, "commit", "-q", "-m", "x")
	if commit, dirty := at(one); commit == "" || dirty {
		t.Errorf("committed: %q, dirty %v", commit, dirty)
	}
	if _, dirty := at(two); !dirty {
		t.Error("a change is not seen")
	}
	gitIn(t, dir, "add", ".")
	if _, dirty := at(two); !dirty {
		t.Error("a change that is staged is not seen")
	}
}
