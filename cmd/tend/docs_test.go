package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update-docs", false, "write the generated parts of docs/ anew")

// generators make the parts of pages that stand between <!-- generated NAME --> and <!-- end -->.
var generators = map[string]func() string{
	"inventory keys": inventoryKeys, "runbook keys": runbookKeys, "plan keys": planKeys, "built-in runbooks": builtins, "commands": commands, "keys": screenKeys, "theme": themeNames,
	"event kinds": eventKinds, "ledger kinds": ledgerKinds, "json": jsonShapes, "messages": allMessages,
}

var generated = regexp.MustCompile(`(?s)<!-- generated ([a-z -]+) -->\n(.*?)<!-- end -->`)

// TestDocsAreFresh: what is generated from the code is as the code is now. Mend it with -update-docs.
func TestDocsAreFresh(t *testing.T) {
	scriptsOnly(t)
	used := map[string]bool{}
	for _, page := range docPages(t) {
		text := read(t, page)
		now := generated.ReplaceAllStringFunc(text, func(part string) string {
			name := generated.FindStringSubmatch(part)[1]
			make, ok := generators[name]
			if !ok {
				t.Errorf("%s: nobody generates %q", page, name)
				return part
			}
			used[name] = true
			return fmt.Sprintf("<!-- generated %s -->\n%s<!-- end -->", name, make())
		})
		if now == text {
			continue
		}
		if !*update {
			t.Errorf("%s is stale: go test ./cmd/tend -run DocsAreFresh -update-docs", page)
		} else if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name := range generators {
		if !used[name] {
			t.Errorf("no page has %q", name)
		}
	}
}

func docPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	more, err := filepath.Glob("../../docs/decisions/*.md")
	if err != nil || len(more) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	return append(append(pages, more...), "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../CHANGELOG.md")
}

// fenced is a block of code: recipes there name tests that are not there yet.
var fenced = regexp.MustCompile("(?s)\n```.*?\n```")

// TestDocLinksLeadSomewhere: files that pages link to are there, and so are tests that they name.
func TestDocLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z]*\b`)
	tests := testNames(t)
	for _, page := range docPages(t) {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		for _, name := range named.FindAllString(fenced.ReplaceAllString(text, ""), -1) {
			if !tests[name] {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
	}
}

// TestPackagedPagesLeadSomewhere: packages have the pages and not the sources; what a page links to there is there, no other link is lost, and the
// README says the installed command.
func TestPackagedPagesLeadSomewhere(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "docs"), os.DirFS("../../docs")); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"README.md", "SECURITY.md"} {
		if err := os.WriteFile(filepath.Join(dir, page), []byte(read(t, "../../"+page)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("../../packaging/pages", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text := read(t, filepath.Join(dir, "README.md"))
	kept := 0
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
		kept++
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
			t.Error(err)
		}
	}
	if kept < 15 || !strings.Contains(text, "| TestReadme, on a real sshd") || !strings.Contains(text, "[The inventory](docs/inventory.md)") {
		t.Errorf("%d links are left of\n%s", kept, text)
	}
	for want, n := range map[string]int{"\ntend demo ": 1, "\ntend run health ": 1, "cd ~/fleet": 1, "go run ./cmd": 0, "go build": 0, "go test": 0, "./tend": 0, "Go 1.": 0} {
		if got := strings.Count(text, want); got != n {
			t.Errorf("%d times %q for somebody who has tend and no Go:\n%s", got, want, text)
		}
	}
}

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	decl := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	out := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, m := range decl.FindAllStringSubmatch(read(t, path), -1) {
				out[m[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// withoutExamples are pages of what is typed at the screens, or of what is generated; other tests go by their keys and command lines.
var withoutExamples = []string{"commands.md", "screens.md"}

// TestDocExamples runs every ```console block of the pages on the lab. A line "$ COMMAND" must end with 0, or with what a trailing
// "# exit N" says; the lines below it must be found in its output, in order, where … stands for anything.
func TestDocExamples(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	dir := startLab(t, "--speed", "50")
	for _, page := range docPages(t) {
		blocks := consoleBlocks(read(t, page))
		if len(blocks) == 0 {
			if strings.HasPrefix(page, "../../docs/") && !strings.HasPrefix(page, "../../docs/decisions/") && !slices.Contains(withoutExamples, filepath.Base(page)) {
				t.Errorf("%s has no example that is run", page)
			}
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			work := t.TempDir()
			env := docEnv(t, work, dir)
			for _, b := range blocks {
				b.run(t, work, env)
			}
		})
	}
}

type example struct {
	command string
	exit    int
	output  []string
	file    string // a block that stands for a file, "```toml runbooks/motd.toml", is written there instead
}

var fileBlock = regexp.MustCompile("^```[a-z]+ (\\S+)$")

var exits = regexp.MustCompile(`\s+# exit (\d)$`)

func consoleBlocks(text string) []example {
	var out []example
	in, writing := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch cmd, is := strings.CutPrefix(line, "$ "); {
		case line == "```console":
			in = true
		case fileBlock.MatchString(line):
			in = false
			out = append(out, example{file: fileBlock.FindStringSubmatch(line)[1]})
			writing = true
		case line == "```":
			in, writing = false, false
		case writing:
			out[len(out)-1].output = append(out[len(out)-1].output, line)
		case in && is:
			e := example{command: cmd}
			if m := exits.FindStringSubmatch(cmd); m != nil {
				e.command, e.exit = strings.TrimSuffix(cmd, m[0]), int(m[1][0]-'0')
			}
			out = append(out, e)
		case in && len(out) > 0 && strings.TrimSpace(line) != "":
			e := &out[len(out)-1]
			e.output = append(e.output, line)
		}
	}
	return out
}

// docEnv is the world of a page: the lab's inventory as ./inventory.toml, a home and a journal of its own, tend on the PATH.
func docEnv(t *testing.T, work, lab string) []string {
	t.Helper()
	bin := filepath.Join(work, "bin")
	if err := os.MkdirAll(filepath.Join(work, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "tend")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "inventory.toml"), []byte(read(t, filepath.Join(lab, "inventory.toml"))), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), asTend+"=1", "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+filepath.Join(work, "home"), "XDG_STATE_HOME="+filepath.Join(work, "state"),
		"XDG_CONFIG_HOME="+filepath.Join(work, "config"), "XDG_RUNTIME_DIR="+shortDir(t), "SSH_AUTH_SOCK=", "TEND_INVENTORY=", "NO_COLOR=1", "LC_ALL=C.UTF-8")
}

func (e example) run(t *testing.T, work string, env []string) {
	t.Helper()
	if e.file != "" {
		path := filepath.Join(work, e.file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(strings.Join(e.output, "\n")+"\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", e.command)
	cmd.Dir, cmd.Env = work, env
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != e.exit {
		t.Errorf("$ %s\nexit %d (%v), not %d:\n%s", e.command, code, err, e.exit, out)
		return
	}
	rest := string(out)
	for _, want := range e.output {
		re := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(want), "…", `.*?`))
		at := re.FindStringIndex(rest)
		if at == nil {
			t.Errorf("$ %s\nno %q in what is left:\n%s", e.command, want, rest)
			return
		}
		rest = rest[at[1]:]
	}
}
