package ui

import (
	"os"
	"path/filepath"
	"testing"

	"tend/journal"
	"tend/runbooks"
)

// TestEditor: the text goes to the operator's editor as a file of his own, which is gone afterwards.
func TestEditor(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	script := filepath.Join(dir, "editor")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nstat -c %a \"$1\" >\"$0.seen\"; cat \"$1\" >>\"$0.seen\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	d := newDriver(t, 80, 24, func(c *Config) { c.Env = []string{"EDITOR=" + script} })
	d.c.run(push(newTextPager("TEXT", "x", "some\x1b[31m words")))
	d.Press("e").See("back from")
	raw, err := os.ReadFile(script + ".seen")
	if err != nil || string(raw) != "600\nsome\x1b[31m words\n" {
		t.Fatalf("the editor saw %q, %v", raw, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "tend-output-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	d = newDriver(t, 80, 24, func(c *Config) { c.Env = []string{"PAGER=" + script} })
	_ = os.Remove(script + ".seen")
	p := d.plan("health", "web-01")
	d.tell("r1", journal.PlanAccepted{Plan: p})
	d.step("r1", "web-01", "checks", "as it came\x07\n", journal.OK, "")
	d.do(d.c.openRun("r1"))
	d.Pull().Press("enter").Pull().Press("e").See("back from")
	if raw, _ := os.ReadFile(script + ".seen"); string(raw) != "600\nas it came\x07\n" { // all of it, from the journal
		t.Errorf("the pager saw %q", raw)
	}
	d = newDriver(t, 80, 24)
	d.c.run(push(newTextPager("TEXT", "x", "words")))
	d.Press("e").See("neither EDITOR nor PAGER is set").Press("y").See("not copied: neither this terminal's tier nor the desktop has a clipboard")
}

// TestEditorsGetTheTerminal: whichever page opens it, the editor reads the very terminal, not a copy of what the console reads.
func TestEditorsGetTheTerminal(t *testing.T) {
	for _, from := range []string{"a runbook of what was typed", "a text"} {
		dir := t.TempDir()
		script, typed := filepath.Join(dir, "editor"), filepath.Join(dir, "typed")
		for path, text := range map[string]string{script: "#!/bin/sh\ncat >\"$0.read\"\n", typed: ":wq"} {
			if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		in, err := os.Open(typed)
		if err != nil {
			t.Fatal(err)
		}
		d := newDriver(t, 80, 24, func(c *Config) { c.Env, c.Input, c.Sheet = []string{"EDITOR=" + script}, in, sheetOf })
		if from == "a text" {
			d.c.run(push(newTextPager("TEXT", "x", "words")))
			d.Press("e").See("back from")
		} else {
			d.Press("I", "b").See("wrote runbooks/df.toml")
		}
		in.Close()
		if raw, err := os.ReadFile(script + ".read"); err != nil || string(raw) != ":wq" {
			t.Errorf("the editor of %s read %q, %v", from, raw, err)
		}
	}
}

// TestLocate: the light is a runbook like any other, and needs its confirmation.
func TestLocate(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("j", "e").See("RACK nyc1/r01").Press("b").See("there is no runbook called locate")
	d = newDriver(t, 80, 24, func(c *Config) {
		rb := library()[0]
		rb.Name = "locate"
		c.Library = append(c.Library, rb)
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			return resolve(c.Inventory, Wish{Runbook: "health", Select: w.Select})
		}
	})
	d.Press("j", "e", "b").See("PLAN", "web-05")
}
