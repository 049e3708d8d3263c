package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// recipe is one thing that CONTRIBUTING.md says to do: lines into a file, or commands to run.
type recipe struct {
	file, where, anchor string // no file: run the text
	text                string
}

var (
	intoFile = regexp.MustCompile("^In `([^`]+)`, (above|below) `(.+)`:$")
	newFile  = regexp.MustCompile("^A new file `([^`]+)`:$")
)

// recipes reads the page: a block belongs to the sentence before it. The first block is for people: it would run everything.
func recipes(t *testing.T, page string) []recipe {
	t.Helper()
	_, page, found := strings.Cut(page, "## Add a runbook")
	if !found {
		t.Fatal("the page has no recipe")
	}
	var all []recipe
	var now recipe
	in := false
	for line := range strings.Lines(page) {
		bare := strings.TrimRight(line, "\n")
		switch m, n := intoFile.FindStringSubmatch(bare), newFile.FindStringSubmatch(bare); {
		case strings.HasPrefix(bare, "```") && !in:
			in = true
		case bare == "```":
			all, now, in = append(all, now), recipe{}, false
		case in:
			now.text += line
		case m != nil:
			now = recipe{file: m[1], where: m[2], anchor: m[3]}
		case n != nil:
			now = recipe{file: n[1]}
		}
	}
	return all
}

// TestRecipes follows CONTRIBUTING.md from top to bottom in a copy of the repository.
func TestRecipes(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	if os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: it builds a copy of everything, which takes a minute; CI=true does it")
	}
	need(t, "git")
	all := recipes(t, read(t, "../../CONTRIBUTING.md"))
	if len(all) < 15 {
		t.Fatalf("found only %d recipes", len(all))
	}
	dir := checkout(t)
	for _, r := range all {
		if r.file != "" {
			r.write(t, dir)
			continue
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", r.text)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false -trimpath -vet=off", "GOGC=400", "HOME="+t.TempDir(), "XDG_RUNTIME_DIR="+shortDir(t), "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOPATH="+goEnv(t, "GOPATH"), "TEND_INVENTORY=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s\n%s", err, r.text, out)
		}
	}
}

func (r recipe) write(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, r.file)
	if r.where == "" {
		if err := os.WriteFile(path, []byte(r.text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was := read(t, path)
	anchor := "\n" + r.anchor + "\n"
	if strings.Count(was, anchor) != 1 {
		t.Fatalf("CONTRIBUTING.md: %s has the line %q %d times, not once", r.file, r.anchor, strings.Count(was, anchor))
	}
	now := strings.TrimSuffix(anchor, "\n") + "\n" + r.text
	if r.where == "above" {
		now = "\n" + r.text + strings.TrimPrefix(anchor, "\n")
	}
	if err := os.WriteFile(path, []byte(strings.Replace(was, anchor, now, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkout copies what git knows of, as it lies in the working tree.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Skipf("SKIPPED: this is no git checkout: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, info.Mode().Perm()&^0o022); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
