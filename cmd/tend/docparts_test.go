package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
	"tend/ui"
)

var tomlBlock = regexp.MustCompile("(?ms)^```toml[^\n]*\n(.*?)^```$")

// TestDocFilesAreTaken: what a page shows as a file, or as a part of one, is taken by whoever reads such files.
func TestDocFilesAreTaken(t *testing.T) {
	n := 0
	for _, page := range docPages(t) {
		if base := filepath.Base(page); base == "CONTRIBUTING.md" || base == "CHANGELOG.md" {
			continue // the recipes' own test takes them
		}
		for _, m := range tomlBlock.FindAllStringSubmatch(read(t, page), -1) {
			n++
			if err := taken(t, m[1]); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, m[1])
			}
		}
	}
	if n < 8 {
		t.Errorf("found only %d files", n)
	}
}

// taken is what the reader of such a file says to it. A part is put where it would stand.
func taken(t *testing.T, text string) error {
	t.Helper()
	var err error
	switch {
	case strings.Contains(text, "[[step]]"):
		if !strings.Contains(text, "title =") {
			text = "title = \"part\"\nrisk = \"change\"\n" + text
		}
		path := filepath.Join(t.TempDir(), "part.toml")
		for _, m := range regexp.MustCompile(`(?:copy|template) = "(.*)"`).FindAllStringSubmatch(text, -1) {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), m[1]), []byte("x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err = runbooks.ParseAt(path, []byte(text))
	case strings.Contains(text, "[[run]]"):
		_, err = plans.Parse("part.toml", []byte(text), os.ReadFile)
	case strings.Contains(text, "tier ="):
		_, err = ui.ParseSettings([]byte(text))
	default:
		if !strings.Contains(text, "[[site]]") {
			text = "[[site]]\nname = \"ams1\"\n[[site.host]]\nname = \"web-[01-20]\"\ntags = [\"web\"]\n" + text
		}
		_, err = inventory.Parse("part.toml", []byte(text))
	}
	return err
}

// TestDocAnchorsLeadSomewhere: a link into a page leads to a heading of it, as GitHub makes anchors of them.
func TestDocAnchorsLeadSomewhere(t *testing.T) {
	scriptsOnly(t)
	link := regexp.MustCompile(`\]\(([^)#:]*)#([^)]+)\)`)
	n := 0
	for _, page := range docPages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			n++
			to := page
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(page), m[1])
			}
			if !anchors(read(t, to))[m[2]] {
				t.Errorf("%s: no heading of %s has the anchor %s", page, to, m[2])
			}
		}
	}
	if n < 50 {
		t.Errorf("found only %d links", n)
	}
}

func anchors(page string) map[string]bool {
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		out[strings.ReplaceAll(regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}

// TestReadmeNamesEveryCommand: whoever reads the front page learns of each command that there is.
func TestReadmeNamesEveryCommand(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../../README.md"), "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, c := range (&app{getenv: func(string) string { return "" }}).root().Commands() {
		if !c.IsAvailableCommand() || c.Name() == "version" {
			continue
		}
		if !regexp.MustCompile("`(tend )?" + c.Name() + "\\b").MatchString(table) {
			t.Errorf("the README's table of commands lacks %s", c.CommandPath())
		}
	}
}

// TestEveryDefenceIsKept: each row of the threat model names the tests that keep it. That they are there, TestDocLinksLeadSomewhere sees.
func TestEveryDefenceIsKept(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "../../SECURITY.md"), "|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 11 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, row := range rows {
		if cells := strings.Split(row, " | "); len(cells) != 4 || !regexp.MustCompile(`Test|Fuzz`).MatchString(cells[3]) {
			t.Errorf("nothing keeps it: %s", row)
		}
	}
}

// TestDecisionsAreWhole: each large choice says what it was weighed against, what was measured, what it costs and when to choose again, names
// a test or a benchmark that is there, and stands in the list of all.
func TestDecisionsAreWhole(t *testing.T) {
	pages, _ := filepath.Glob("../../docs/decisions/[a-z]*.md")
	if len(pages) < 12 {
		t.Fatalf("only %d pages", len(pages))
	}
	list, tests := read(t, "../../docs/decisions/README.md"), testNames(t)
	for _, page := range pages {
		text := read(t, page)
		for _, part := range []string{"**Chosen.**", "**Weighed against**", "**Measured", "**It costs**", "**Choose again**"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %s", page, part)
			}
		}
		if !regexp.MustCompile(`\bTest[A-Z]|go test |go run |\.txtar`).MatchString(text) {
			t.Errorf("%s: nothing that can be run", page)
		}
		if !strings.Contains(list, "("+filepath.Base(page)+")") {
			t.Errorf("%s is not in the list", page)
		}
		for _, m := range regexp.MustCompile("-bench '?([A-Za-z0-9|]+)'?|(Benchmark[A-Za-z0-9]+)").FindAllStringSubmatch(text, -1) {
			for name := range strings.SplitSeq(m[1]+strings.TrimPrefix(m[2], "Benchmark"), "|") {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(tests)), func(s string) bool { return strings.HasPrefix(s, "Benchmark") && strings.Contains(s, name) }) {
					t.Errorf("%s: there is no benchmark %s", page, name)
				}
			}
		}
	}
}

// TestEveryKeyHasAnExample: inventory, runbook and plan keys alike. That the examples are taken, the packages' own TestKeyExamplesParse sees.
func TestEveryKeyHasAnExample(t *testing.T) {
	for _, page := range []string{inventoryKeys(), runbookKeys(), planKeys()} {
		n := 0
		for line := range strings.Lines(page) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			n++
			if cells := strings.Split(strings.TrimSuffix(line, " |\n"), " | "); cells[len(cells)-1] == "" {
				t.Errorf("no example: %s", line)
			}
		}
		if n < 15 {
			t.Errorf("found only %d keys", n)
		}
	}
}
