package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingPlantedIsTaken: in a directory where everybody may write, an inventory or runbooks of another user are not taken unasked;
// those of ours are, and so are those of others elsewhere, as in a checkout that a team shares.
func TestNothingPlantedIsTaken(t *testing.T) {
	if os.Getuid() != 0 {
		cannotRun(t, "since only root can make files of another user")
	}
	const nobody = 65534
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	whose := func(uid int, mode os.FileMode, names ...string) {
		t.Helper()
		for _, n := range names {
			if err := os.Lchown(n, uid, uid); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	write("inventory.toml", "[[site]]\nname = \"a\"\n[[site.host]]\nname = \"web-1\"\n")
	write("runbooks/mine.toml", "title = \"Mine\"\nrisk = \"read\"\n[[step]]\nid = \"look\"\nscript = \"true\"\n")
	open := func(flag, env string) error {
		a := &app{inventory: flag, getenv: func(name string) string {
			return map[string]string{"TEND_INVENTORY": env, "HOME": filepath.Join(dir, "home")}[name]
		}}
		inv, err := a.load()
		if err != nil {
			return err
		}
		_, err = a.library(inv)
		return err
	}
	const shared = 0o777 | os.ModeSticky
	refused := func(when, what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), what+" belongs to another user") || hintOf(err) == "" {
			t.Errorf("%s: %v", when, err)
		}
	}
	taken := func(when string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	whose(0, shared, "inventory.toml", "runbooks")
	taken("ours, where everybody writes", open("", ""))
	whose(nobody, 0o755, "inventory.toml", "runbooks")
	taken("another's, in a directory of theirs", open("", ""))
	whose(nobody, shared, "inventory.toml")
	refused("another's, where everybody writes", "inventory.toml", open("", ""))
	whose(0, shared, "runbooks")
	taken("named", open("inventory.toml", ""))
	taken("named by the environment", open("", "inventory.toml"))
	whose(0, shared, "inventory.toml")
	whose(nobody, shared, "runbooks")
	refused("runbooks beside ours", "runbooks", open("", ""))
	if err := os.Rename("inventory.toml", "real.toml"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.toml", "inventory.toml"); err != nil {
		t.Fatal(err)
	}
	whose(0, shared, "runbooks")
	whose(nobody, shared, "inventory.toml")
	refused("a link of another's", "inventory.toml", open("", ""))
}
