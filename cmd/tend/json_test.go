package main

import (
	"bytes"
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"tend/design"
	"tend/fleet"
	"tend/insight"
	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/plans"
	"tend/rehearse"
	"tend/report"
	"tend/runbooks"
)

// jsonForm is what a command prints with --json: one object a line, or one object alone.
type jsonForm struct {
	command string
	of      any
	lines   bool
	run     string // a command line of the lab's that prints at least one; "" where another test holds it to the page
	codes   []int  // exit codes besides 0 that are right here
}

// printedJSON is every command that has --json. The page docs/json.md is made of it, and TestJSONIsAsDocumented runs each.
var printedJSON = []jsonForm{
	{"tend check", design.ReportJSON{}, false, "tend check --json", []int{1}},
	{"tend check --without", design.Impact{}, false, "tend check --without rack=r07 --json", []int{1}},
	{"tend compare", report.Difference{}, true, "tend compare last last --json; tend compare --at $(cat then)Z --json", nil},
	{"tend doctor", symptom{}, true, "tend doctor --json", []int{1}},
	{"tend drift", fleet.Departure{}, true, "tend drift --json", []int{1}},
	{"tend drift deviations", report.Deviation{}, true, "tend drift deviations --json", nil},
	{"tend drift accept", journal.Event{}, true, "tend drift accept web-0503 --what users --reason known --yes --json", []int{1}},
	{"tend drift fix", journal.Event{}, true, "tend drift fix web-0503 --what files --dry-run --yes --json", []int{1}},
	{"tend exec", journal.Event{}, true, "tend exec web-0105 --yes --json -- true", nil},
	{"tend fleet", fleet.Posture{}, true, "tend fleet --json", nil},
	{"tend fleet --by", fleet.Rolled{}, true, "tend fleet --by rack --json", nil},
	{"tend host keys", hostKeyRow{}, true, "tend host keys rack=r07 --json", []int{1}},
	{"tend host lease", leaseRow{}, true, "tend host lease web-0105 --json", nil},
	{"tend host show", hostValue{}, true, "tend host show web-0105 --json", nil},
	{"tend insight", insight.Insight{}, true, "tend insight --json", nil},
	{"tend inventory diff", inventory.Change{}, true, "git add inventory.toml && git -c user.name=a -c user.email=a@b commit -qm a && sed -i 's/bak-0430/bak-0431/' inventory.toml && tend -i inventory.toml inventory diff --json", []int{1}},
	{"tend inventory list", inventory.Host{}, true, "tend inventory list --json", nil},
	{"tend journal files", fetchedFile{}, true, "mkdir -p runbooks && printf '%s\\n' 'title = \"t\"' 'risk = \"read\"' '[[step]]' 'id = \"a\"' 'fetch = \"/etc/hostname\"' > runbooks/bring.toml && tend run bring web-0105 >&2 && tend journal files last --json", nil},
	{"tend journal import", segments.Imported{}, true, "tend journal export last > seg.jsonl && XDG_STATE_HOME=$PWD/other tend journal import seg.jsonl --json", nil},
	{"tend journal keep", journal.RunSummary{}, true, "tend journal keep --size 1KB --dry-run --json", nil},
	{"tend journal list", journal.RunSummary{}, true, "tend journal list --json", nil},
	{"tend journal search", journal.Event{}, true, "tend journal search kernel --json", nil},
	{"tend journal shells", segments.ShellRecord{}, true, "", nil},
	{"tend journal show", journal.Event{}, true, "tend journal show last --json", nil},
	{"tend journal verify", segments.Report{}, true, "tend journal verify --json", nil},
	{"tend plan", runbooks.Plan{}, false, "tend plan health rack=r07 --json", nil},
	{"tend plan calendar", plans.Slot{}, true, "tend plan calendar look.toml --json", nil},
	{"tend plan diff", plans.Diff{}, false, "sed 's/web-0105/web-0106/' look.toml > b.toml; tend plan diff look.toml b.toml --json", []int{1}},
	{"tend plan run", journal.Event{}, true, "tend plan run look.toml --yes --json", nil},
	{"tend plan show", maintenanceJSON{}, false, "tend plan show look.toml --json", nil},
	{"tend rehearse", rehearse.Report{}, false, "tend rehearse look.toml --json", []int{1}},
	{"tend run", journal.Event{}, true, "tend run facts web-0106 --json", nil},
	{"tend runbook list", listedBook{}, true, "mkdir -p runbooks && echo colour = 7 > runbooks/wrong.toml && tend runbook list --json && rm runbooks/wrong.toml", nil},
	{"tend runbook show", runbooks.Runbook{}, true, "tend runbook show patch --json", nil},
	{"tend runs", openRun{}, true, "tend exec web-0107 --yes --detach -- 'sleep 1000' >&2 && tend runs --json && tend abort last --hard --reason x >&2", nil},
	{"tend status", status{}, false, "tend status --json", []int{1}},
}

// elsewhere are types whose objects have a page of their own.
var elsewhere = map[reflect.Type]string{reflect.TypeFor[journal.Event](): "an event, as in [the segment format](segment-format.md)"}

// jsonShapes is the generated part of docs/json.md.
func jsonShapes() string {
	var b strings.Builder
	var open []reflect.Type
	rows := [][]string{}
	for _, p := range printedJSON {
		form := "one object"
		if p.lines {
			form = "an object a line"
		}
		rows = append(rows, []string{mdCode(p.command), form, shapeName(reflect.TypeOf(p.of), &open)})
	}
	b.WriteString(mdTable([]string{"command", "prints", "each is"}, rows) + "\n")
	for i := 0; i < len(open); i++ { // grows
		var rows [][]string
		for _, f := range jsonKeys(open[i]) {
			words := f.words
			if f.lacks {
				words = strings.TrimSpace("(may lack) " + words)
			}
			rows = append(rows, []string{mdCode(f.key), shapeName(f.of, &open), words})
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", open[i].String(), mdTable([]string{"key", "type", "what it is"}, rows))
	}
	return strings.ReplaceAll(b.String(), "main.", "tend.")
}

// shapeName is a type in words; an object with keys is added to open, to be told of once.
func shapeName(t reflect.Type, open *[]reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if words, ok := elsewhere[t]; ok {
		return words
	}
	switch k := kindOf(t); k {
	case "object":
		if t.Kind() == reflect.Map {
			return "object of " + shapeName(t.Elem(), open)
		}
		if !slices.Contains(*open, t) {
			*open = append(*open, t)
		}
		return "[" + t.String() + "](#" + strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(t.String(), "main.", "tend."), ".", "")) + ")"
	case "array":
		return "array of " + shapeName(t.Elem(), open)
	default:
		switch {
		case t == reflect.TypeFor[time.Time]():
			return "string, RFC 3339"
		case t == reflect.TypeFor[time.Duration]():
			return "number, in ns"
		}
		return k
	}
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// kindOf is what a type is in JSON: "string", "number", "bool", "object", "array", or "any".
func kindOf(t reflect.Type) string {
	if t.Implements(textMarshaler) {
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
			return "string"
		}
		return "array"
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Interface:
		return "any"
	}
	return "number"
}

// key is one key of an object.
type key struct {
	key, words string
	of         reflect.Type
	lacks      bool
}

// jsonKeys are an object's keys, with what the source says of each.
func jsonKeys(t reflect.Type) []key {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	said := commentsOf(t)
	var out []key
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		of := f.Type
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "" && kindOf(of) == "object":
			out = append(out, jsonKeys(of)...)
			continue
		case name == "":
			name = f.Name
		}
		out = append(out, key{name, said[f.Name], of, strings.HasPrefix(options, "omit")})
	}
	return out
}

// commentsOf reads what a type's source says of its fields.
func commentsOf(t reflect.Type) map[string]string {
	dir, _ := strings.CutPrefix(t.PkgPath(), "tend/")
	if t.Name() == "" {
		return nil
	}
	out := map[string]string{}
	files, _ := filepath.Glob(filepath.Join("../..", strings.TrimSuffix(dir, "_test"), "*.go"))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, is := n.(*ast.TypeSpec)
			if !is || s.Name.Name != t.Name() {
				return true
			}
			if st, is := s.Type.(*ast.StructType); is {
				for _, f := range st.Fields.List {
					for _, name := range f.Names {
						out[name.Name] = strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
					}
				}
			}
			return false
		})
	}
	return out
}

// TestEveryListHasJSON: whatever takes --json is on the page, and whatever lists takes it.
func TestEveryListHasJSON(t *testing.T) {
	known := map[string]bool{}
	for _, p := range printedJSON {
		known[strings.Join(slices.DeleteFunc(strings.Fields(p.command), func(w string) bool { return strings.HasPrefix(w, "-") }), " ")] = true
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		has := c.Flags().Lookup("json") != nil
		if has != known[c.CommandPath()] {
			t.Errorf("%s: takes --json: %v, is on the page: %v", c.CommandPath(), has, known[c.CommandPath()])
		}
		if (c.Name() == "list" || strings.HasPrefix(c.Short, "List ")) && !has {
			t.Errorf("%s lists, and does not take --json", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{getenv: func(string) string { return "" }}).root())
}

const lookPlan = `goal = "look at a host"
window = "any"

[[run]]
runbook = "facts"
scope = "web-0105"
`

// TestJSONIsAsDocumented runs every command that takes --json on the lab, and holds what it prints to the page: each key, each type.
func TestJSONIsAsDocumented(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	need(t, "git")
	work := t.TempDir()
	env := docEnv(t, work, startLab(t, "--speed", "50"))
	sh := func(line string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		var out, errs bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = work, env, &out, &errs
		_ = cmd.Run()
		if errs.Len() > 0 {
			t.Logf("$ %s\n%s", line, errs.String())
		}
		return out.String(), cmd.ProcessState.ExitCode()
	}
	if err := os.WriteFile(filepath.Join(work, "look.toml"), []byte(lookPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	sh("git init -q .; tend run facts web-0105; date -Ins -u | cut -c 1-26 > then; tend run health rack=r07; tend exec web-0105 --yes -- 'echo hi'; tend run commission web-0503 --yes; " +
		"tend exec web-0503 --yes --set root=yes -- 'echo \"mallory:x:0:0::/:/bin/sh\" >>/etc/passwd; echo \"PermitRootLogin yes\" >>/etc/ssh/sshd_config'; tend run drift web-0503")
	for _, p := range printedJSON {
		if p.run == "" {
			continue
		}
		out, code := sh(p.run)
		if code != 0 && !slices.Contains(p.codes, code) {
			t.Errorf("$ %s: exit %d\n%s", p.run, code, out)
		}
		p.holds(t, out)
	}
}
