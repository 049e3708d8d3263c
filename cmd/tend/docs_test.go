package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
	"tend/ui"
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
}

var exits = regexp.MustCompile(`\s+# exit (\d)$`)

func consoleBlocks(text string) []example {
	var out []example
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch cmd, is := strings.CutPrefix(line, "$ "); {
		case line == "```console":
			in = true
		case line == "```":
			in = false
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

// table writes rows as a Markdown table.
func mdTable(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "|", "\\|"), "\n", " ")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	line(slices.Clone(head))
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

func mdCode(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func inventoryKeys() string {
	var b strings.Builder
	names := map[string]string{"file": "the top level", "every level": "[defaults], and every site, rack and host: the nearest wins", "site": "[[site]]",
		"rack": "[[site.rack]]", "host": "[[site.rack.host]], [[site.host]], [[host]]", "expect": "expect", "group": "[[group]]", "service": "[[service]]"}
	for _, table := range inventory.KeyTables {
		var rows [][]string
		for _, k := range inventory.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", names[table], mdTable([]string{"key", "type", "what it is", "example"}, rows))
	}
	return b.String()
}

func keyRow(name, kind string, options []string, required bool, help, sample string) []string {
	if len(options) > 0 {
		kind = strings.Join(options, ", ")
	}
	if required {
		help += " (required)"
	}
	if sample != "" {
		sample = mdCode(name + " = " + sample)
	}
	return []string{mdCode(name), kind, help, sample}
}

func runbookKeys() string {
	var b strings.Builder
	names := map[string]string{"runbook": "the top level", "param": "[[param]]", "step": "[[before]], [[step]], [[after]]", "facts": "", "asks": "[[step.asks]]", "waves": "[waves]"}
	for _, table := range runbooks.KeyTables {
		var rows [][]string
		for _, k := range runbooks.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		if len(rows) > 0 {
			title := names[table]
			if title == "" {
				title = "[[step." + table + "]]"
			}
			fmt.Fprintf(&b, "### %s\n\n%s\n", title, mdTable([]string{"key", "type", "what it is", "example"}, rows))
		}
	}
	fmt.Fprintf(&b, "A script's table of variants may have the keys %s. A fact's type is one of %s.\n", strings.Join(runbooks.VariantNames(), ", "), strings.Join(runbooks.FactTypes(), ", "))
	return b.String()
}

func planKeys() string {
	var b strings.Builder
	for _, table := range plans.KeyTables {
		var rows [][]string
		for _, k := range plans.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		title := "[[" + table + "]]"
		if table == "plan" {
			title = "the top level"
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", title, mdTable([]string{"key", "type", "what it is", "example"}, rows))
	}
	return b.String()
}

func builtins() string {
	lib, err := runbooks.Open()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, rb := range lib.All() {
		fmt.Fprintf(&b, "### %s\n\n%s. Risk: %s.\n\n", rb.Name, rb.Title, rb.Risk)
		if rb.Doc != "" {
			fmt.Fprintf(&b, "%s\n\n", rb.Doc)
		}
		if len(rb.Params) > 0 {
			b.WriteString(paramTable(rb.Params) + "\n")
		}
	}
	return b.String()
}

func paramTable(params []runbooks.Param) string {
	var rows [][]string
	for _, p := range params {
		kind := p.Type
		if len(p.Options) > 0 {
			kind = strings.Join(p.Options, ", ")
		}
		def := mdCode(p.Default)
		if p.Required {
			def = "required"
		}
		rows = append(rows, []string{mdCode(p.Name), kind, def, p.Help})
	}
	return mdTable([]string{"parameter", "type", "default", "what it is"}, rows)
}

func commands() string {
	var b strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			return
		}
		c.InitDefaultHelpFlag()
		fmt.Fprintf(&b, "### %s\n\n%s.\n\n", c.CommandPath(), c.Short)
		if c.Runnable() && c.HasParent() {
			fmt.Fprintf(&b, "    %s\n\n", c.UseLine())
		}
		if c.Long != "" {
			fmt.Fprintf(&b, "%s\n\n", c.Long)
		}
		if c.Example != "" {
			fmt.Fprintf(&b, "```text\n%s\n```\n\n", c.Example)
		}
		if rows := flagRows(c.NonInheritedFlags()); len(rows) > 0 {
			fmt.Fprintf(&b, "%s\n", mdTable([]string{"flag", "default", "what it does"}, rows))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{getenv: func(string) string { return "" }, streams: streams{}}).root())
	return b.String()
}

func flagRows(flags *pflag.FlagSet) [][]string {
	var rows [][]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		text := "--" + f.Name
		if f.Shorthand != "" {
			text = "-" + f.Shorthand + ", " + text
		}
		if name != "" {
			text += " " + name
		}
		def := f.DefValue
		if def == "false" || def == "[]" || def == "0" || def == "0s" {
			def = ""
		}
		rows = append(rows, []string{mdCode(text), mdCode(def), usage})
	})
	return rows
}

func themeNames() string {
	return "The names are " + strings.Join(ui.ThemeNames(), ", ") + ".\n"
}
