package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// told is a tend command line that a person is told to type, and where.
type told struct{ where, line string }

// toldCommand finds "tend WORD …" up to what ends a command in prose.
var toldCommand = regexp.MustCompile("(?:^|[\\s\"'`(>])(?:\\./)?tend ((?:-i \\S+ )?[a-z][a-z-]+(?: [^\\n`\";,()|]*)?)")

// proseAfterTend are words that follow the name in a sentence. None may be a command.
var proseAfterTend = strings.Fields(`can does do is has had knows looks makes may must needs on passes prints reads runs-on says shows stands takes was will writes
	loads was would cannot finds keeps asks found connects speaks maintenance index for itself in its as and of to or that the console commands`)

// TestWhatPeopleAreToldToTypeIsThere: every tend command in a message, a hint, a help text or a page names a command that there is, and
// flags that it takes. A hint that leads nowhere is worse than none.
func TestWhatPeopleAreToldToTypeIsThere(t *testing.T) {
	scriptsOnly(t)
	root := (&app{getenv: func(string) string { return "" }}).root()
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, w := range proseAfterTend {
		if c, _, _ := root.Find([]string{w}); c != root {
			t.Errorf("%q is a command, and may not count as prose", w)
		}
	}
	all := append(toldInSource(t), toldInPages(t)...)
	if len(all) < 300 {
		t.Fatalf("found only %d commands", len(all))
	}
	for _, x := range all {
		if why := leadsNowhere(root, x.line); why != "" {
			t.Errorf("%s: %q: %s", x.where, "tend "+x.line, why)
		}
	}
}

func toldInSource(t *testing.T) []told {
	t.Helper()
	var all []told
	fset := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			for _, m := range toldCommand.FindAllStringSubmatch(text, -1) {
				all = append(all, told{fset.Position(lit.Pos()).String(), m[1]})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// codeSpan is what a page sets as code: a block, or a span within a line.
var codeSpan = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")

func toldInPages(t *testing.T) []told {
	t.Helper()
	var all []told
	for _, page := range docPages(t) {
		for _, code := range codeSpan.FindAllString(read(t, page), -1) {
			for _, m := range toldCommand.FindAllStringSubmatch(code, -1) {
				all = append(all, told{page, m[1]})
			}
		}
	}
	return all
}

var longFlag = regexp.MustCompile(`^--([a-z][a-z-]*)`)

// leadsNowhere says what is wrong with a command line, or nothing.
func leadsNowhere(root *cobra.Command, line string) string {
	words := strings.Fields(line)
	if len(words) > 1 && words[0] == "-i" {
		words = words[2:]
	}
	for len(words) > 1 && words[0] == "demo" && regexp.MustCompile(`^[a-z]`).MatchString(words[1]) {
		words = words[1:]
	}
	if len(words) == 0 || slices.Contains(proseAfterTend, words[0]) {
		return ""
	}
	c, rest, err := root.Find(words)
	if err != nil || c == root {
		return "there is no such command"
	}
	if c.HasSubCommands() && len(rest) > 0 && regexp.MustCompile(`^[a-z]`).MatchString(rest[0]) && c.ValidateArgs(rest[:1]) != nil {
		return "there is no such command under " + c.CommandPath()
	}
	for _, w := range rest {
		if w == "--" || w == "#" {
			break
		}
		m := longFlag.FindStringSubmatch(w)
		if m == nil || m[1] == "help" || c.Flags().Lookup(m[1]) != nil || c.InheritedFlags().Lookup(m[1]) != nil {
			continue
		}
		return c.CommandPath() + " has no flag --" + m[1]
	}
	return ""
}
