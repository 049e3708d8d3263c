package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// shBlocks are the page's blocks of commands, each as its lines without comments.
func shBlocks(text string) [][]string {
	var out [][]string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		var lines []string
		for line := range strings.Lines(m[1]) {
			line, _, _ = strings.Cut(line, "  #")
			lines = append(lines, strings.TrimSpace(line))
		}
		out = append(out, lines)
	}
	return out
}

// TestReadme walks the front page: its two commands are those that CI runs, and the lines for one's own hosts lead from an ssh_config to a
// first health run on real OpenSSH, with a home that has nothing else in it.
func TestReadme(t *testing.T) {
	scriptsOnly(t)
	page := read(t, "../../README.md")
	blocks := shBlocks(page)
	if len(blocks) < 2 || !slices.Equal(blocks[0], []string{"go run ./cmd/tend demo", "go test -timeout 30m ./..."}) {
		t.Fatalf("the two commands: %q", blocks)
	}
	if ci := read(t, "../../.ci/run"); !strings.Contains(ci, "\n"+blocks[0][1]+"\n") {
		t.Errorf(".ci/run does not run %q", blocks[0][1])
	}
	steps := blocks[1]
	if !strings.HasPrefix(steps[0], "go build -o ~/fleet/tend ./cmd/tend") || steps[len(steps)-1] != "./tend" {
		t.Fatalf("the lines for one's own hosts: %q", steps)
	}
	s := bareSite(t)
	s.env = append(s.env, "TEND_INVENTORY=", "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	var config strings.Builder
	for _, name := range []string{"web-1", "db-1"} {
		srv := sshtest.Start(t, sshtest.Config{})
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n  Port %d\n  User %s\n  IdentityFile %s\n  UserKnownHostsFile %s\n\n", name, srv.Addr, srv.Port, srv.User, srv.Key, srv.KnownHosts)
	}
	s.write("home/.ssh/config", config.String())
	out := s.asWritten(steps[:len(steps)-1])
	t.Logf("%s", out)
	for _, want := range []string{"wrote inventory.toml: 2 hosts", "inventory.toml: 2 hosts", "health on all, 2 hosts", "web-1", "db-1"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "UNREACH") || strings.Contains(out, "tend: ") {
		t.Errorf("it does not go well:\n%s", out)
	}
	if list := s.ok("journal", "list"); !strings.Contains(list, "health") {
		t.Errorf("the journal:\n%s", list)
	}
	c := s.onTerminal("-i", filepath.Join(s.dir, "home/fleet/inventory.toml"))
	c.see("web-1")
	c.typed("q")
	c.see("again leaves")
	c.typed("q")
	c.ended()
}

// asWritten runs lines of the page in a clone, which holds what a clone holds; building is left out. Their exit codes do not matter: this machine
// may be ill.
func (s *site) asWritten(lines []string) string {
	s.t.Helper()
	s.write("clone/inventory.toml", read(s.t, "../../inventory.toml"))
	s.write("bin/go", "#!/bin/sh\nmkdir -p \"$(dirname \"$3\")\" && ln -s '"+os.Args[0]+"' \"$3\"\n")
	if err := os.Chmod(filepath.Join(s.dir, "bin/go"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	c := s.cmd()
	c.Path, c.Args, c.Dir = "/bin/sh", []string{"sh", "-c", strings.Join(lines, "\n")}, filepath.Join(s.dir, "clone")
	c.Env = append(c.Env, "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"))
	out, _ := c.CombinedOutput()
	return string(out)
}

// TestReadmePromises: each promise names a test, a benchmark or a script that is there, in the file that it links to.
func TestReadmePromises(t *testing.T) {
	_, table, found := strings.Cut(read(t, "../../README.md"), "| promise | kept by |\n|---|---|\n")
	if !found {
		t.Fatal("no promises")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	proof := regexp.MustCompile(`\[([^]]+)\]\(([^)]+)\)`)
	rows := strings.Split(table, "\n")
	if len(rows) < 10 {
		t.Fatalf("only %d promises", len(rows))
	}
	for _, row := range rows {
		proofs := proof.FindAllStringSubmatch(row, -1)
		if len(proofs) == 0 {
			t.Errorf("nothing keeps: %s", row)
		}
		for _, p := range proofs {
			for name := range strings.SplitSeq(p[1], ", ") {
				if strings.HasPrefix(name, "Test") && !strings.Contains(sources(t, p[2]), "\nfunc "+name+"(") {
					t.Errorf("%s is not in %s", name, p[2])
				}
			}
		}
	}
}

// sources is the text of a test's file, or of all tests of a directory.
func sources(t *testing.T, path string) string {
	t.Helper()
	path = filepath.Join("../..", path)
	if strings.HasSuffix(path, ".go") {
		return read(t, path)
	}
	files, _ := filepath.Glob(filepath.Join(path, "*_test.go"))
	var b strings.Builder
	for _, f := range files {
		b.WriteString(read(t, f))
	}
	return b.String()
}
