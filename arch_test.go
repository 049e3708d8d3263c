package tend

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// arrows lists, for each package, which of our own it may import. "*" = all. Test files are free.
var arrows = map[string][]string{
	".":                   {},
	"quote":               {},
	"textdiff":            {},
	"inventory":           {"quote"},
	"runbooks":            {"inventory", "quote"},
	"journal":             {"inventory", "runbooks", "quote"},
	"journal/journaltest": {"journal", "inventory", "runbooks"},
	"journal/segments":    {"journal", "inventory", "runbooks", "quote", "sshsig"},
	"sshsig":              {},
	"journal/asciicast":   {"journal"},
	"journal/index":       {"journal", "inventory", "runbooks", "quote"},
	"fleet":               {"inventory", "runbooks", "journal", "quote"},
	"insight":             {"inventory", "journal", "runbooks", "quote"},
	"design":              {"inventory", "journal", "runbooks", "fleet", "insight", "quote"},
	"report":              {"inventory", "journal", "runbooks", "fleet", "quote", "textdiff"},
	"imports":             {"inventory", "ssh/sshconfig"},
	"rehearse":            {"inventory", "runbooks", "journal", "engine", "quote"},
	"plans":               {"inventory", "runbooks", "journal", "quote", "sshsig"},
	"engine":              {"inventory", "runbooks", "journal", "quote"},
	"runner":              {"engine", "journal", "runbooks", "inventory", "quote"},
	"remote":              {"inventory", "quote"},
	"ssh":                 {"inventory", "quote", "ssh/glob", "ssh/knownhosts", "ssh/sshconfig"},
	"ssh/glob":            {},
	"ssh/knownhosts":      {"quote", "ssh/glob"},
	"ssh/sshconfig":       {"ssh/glob"},
	"ssh/sshtest":         {"inventory", "quote"},
	"lab":                 {"inventory", "quote", "lab/machine", "lab/kernel", "lab/vfs"},
	"lab/machine":         {"inventory", "lab/userland", "lab/shell", "lab/kernel", "lab/vfs"},
	"lab/shell":           {"lab/userland", "lab/kernel", "lab/vfs"},
	"lab/userland":        {"lab/kernel", "lab/vfs", "textdiff"},
	"lab/kernel":          {"lab/vfs"},
	"lab/vfs":             {},
	"ui":                  {"inventory", "runbooks", "journal", "journal/asciicast", "fleet", "insight", "quote", "textdiff"},
	"cmd/tend":            {"*"},
	"bench":               {"inventory", "quote"},
}

// onlyIn keeps a foreign package in the rooms that it belongs to.
var onlyIn = map[string][]string{
	"charm.land/":             {"ui"},
	"golang.org/x/crypto/ssh": {"ssh", "sshsig", "ssh/sshtest", "ssh/knownhosts", "lab", "bench"},
	"modernc.org/sqlite":      {"journal/index"},
	"go.yaml.in/yaml":         {"imports"},
	"github.com/spf13/cobra":  {"cmd/tend"},
}

type source struct {
	dir  string
	file *ast.File
}

// TestArrows parses the sources itself: a test that asked the go command would be served from its cache.
func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for name, src := range sources(t) {
		seen[src.dir] = true
		allowed, known := arrows[src.dir]
		if !known {
			t.Errorf("%s: package %s has no line in arrows: which question does it answer, and whom may it know?", name, src.dir)
			continue
		}
		for _, imp := range src.file.Imports {
			to, _ := strconv.Unquote(imp.Path.Value)
			if rest, ours := strings.CutPrefix(to, "tend/"); ours && !within(rest, allowed) {
				t.Errorf("%s: %s may not import %s", name, src.dir, to)
			}
			for foreign, rooms := range onlyIn {
				if strings.HasPrefix(to, foreign) && !within(src.dir, rooms) {
					t.Errorf("%s: %s belongs in %v only", name, to, rooms)
				}
			}
		}
	}
	for dir := range arrows {
		if _, err := os.Stat(dir); err == nil && !seen[dir] {
			t.Errorf("arrows names %s, which holds no Go file", dir)
		}
	}
}

// TestPackagesSayWhatTheyAre wants of each package's doc its question ("answers") and its law.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	docs := map[string]string{}
	for _, src := range sources(t) {
		docs[src.dir] += src.file.Doc.Text()
	}
	for dir, doc := range docs {
		if !strings.Contains(doc, "nswers") || !strings.Contains(doc, "law") {
			t.Errorf("package %s: its doc must open with the question that it answers and name its law", dir)
		}
	}
}

// TestOnlyMainExits: os.Exit and log.Fatal take the process from under everyone else; only main may.
func TestOnlyMainExits(t *testing.T) {
	for name, src := range sources(t) {
		if path.Base(name) == "main.go" && (src.dir == "cmd/tend" || src.dir == "bench") {
			continue
		}
		ast.Inspect(src.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "os" && sel.Sel.Name == "Exit" || x.Name == "log" && strings.HasPrefix(sel.Sel.Name, "Fatal")) {
				t.Errorf("%s: only cmd/tend/main.go may end the process", name)
			}
			return true
		})
	}
}

func within(s string, list []string) bool {
	for _, l := range list {
		if l == "*" || l == s {
			return true
		}
	}
	return false
}

// sources parses every Go file that is not a test, by its path.
func sources(t *testing.T) map[string]source {
	t.Helper()
	all, fset := map[string]source{}, token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || p == "deps_tmp.go":
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		all[p] = source{dir: filepath.ToSlash(filepath.Dir(p)), file: f}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no sources found")
	}
	return all
}

// TestMapsAreComplete: the README's map and the architecture page's have a line for every package, or for the one that it is part of.
func TestMapsAreComplete(t *testing.T) {
	for _, page := range []string{"README.md", "docs/architecture.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for dir := range arrows {
			top, _, _ := strings.Cut(dir, "/")
			if dir == "cmd/tend" {
				top = dir
			}
			if dir != "." && !strings.Contains(string(text), "\n| `"+top+"` |") {
				t.Errorf("%s has no line for %s", page, top)
			}
		}
	}
}
