package runbooks

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestKeysAreComplete: the reference names every key that the reader asks a table for, and no other. What the reader asks for is read
// from its source: the methods of table that take a key.
func TestKeysAreComplete(t *testing.T) {
	readers := []string{"text", "yes", "number", "word", "duration", "plain", "words", "child", "children", "get"}
	asked := map[string]bool{}
	fset := token.NewFileSet()
	for _, name := range sources(t) {
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			lit, isText := call.Args[0].(*ast.BasicLit)
			if ok && isText && lit.Kind == token.STRING && slices.Contains(readers, sel.Sel.Name) {
				key, _ := strconv.Unquote(lit.Value)
				asked[key] = true
			}
			return true
		})
	}
	for _, key := range []string{"before", "step", "after"} { // read in a loop
		asked[key] = true
	}
	known := map[string]bool{}
	for _, k := range Keys() {
		known[k.Name] = true
		if !asked[k.Name] {
			t.Errorf("%s.%s: nobody reads it", k.Table, k.Name)
		}
		if k.Help == "" || !slices.Contains(KeyTables, k.Table) {
			t.Errorf("%s.%s: no help, or no such table", k.Table, k.Name)
		}
	}
	for key := range asked {
		if !known[key] {
			t.Errorf("the reference lacks %q", key)
		}
	}
}

func sources(t *testing.T) []string {
	t.Helper()
	return []string{"parse.go", "step.go", "script.go", "copy.go", "fetch.go", "table.go", "waves.go"}
}

// TestKeyExamplesParse: every example is taken where it stands.
func TestKeyExamplesParse(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"motd", "ntp.conf.tmpl"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("server {{ mode }}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range Keys() {
		if k.Example == "" {
			continue
		}
		if _, err := ParseAt(filepath.Join(dir, "x.toml"), []byte(exampleBook(k))); err != nil {
			t.Errorf("%s.%s = %s: %v\n%s", k.Table, k.Name, k.Example, err, exampleBook(k))
		}
	}
}

// exampleBook is the least runbook that has the key in it.
func exampleBook(k Key) string {
	tables := map[string]map[string]string{
		"runbook": {"title": `"x"`, "risk": `"change"`},
		"param":   {"name": `"mode"`, "type": `"choice"`, "options": `["fast", "careful"]`},
		"step":    {"id": `"a"`, "script": `"true"`},
		"waves":   {},
	}
	switch {
	case k.Table == "step" && (k.Name == "words" || k.Name == "for" || k.Name == "fetch"):
		delete(tables["step"], "script")
	case k.Table == "step" && k.Name == "asks":
		tables["step"] = map[string]string{"id": `"a"`, "words": `"do"`}
	case k.Table == "step" && k.Name == "template":
		tables["step"] = map[string]string{"id": `"a"`, "to": `"/etc/motd"`}
	case k.Table == "step" && slices.Contains([]string{"copy", "to", "mode", "owner"}, k.Name):
		tables["step"] = map[string]string{"id": `"a"`, "copy": `"motd"`, "to": `"/etc/motd"`}
	case k.Table == "step" && k.Name == "line":
		tables["param"] = map[string]string{"name": `"command"`}
	case k.Table == "step" && k.Name == "retries":
		tables["step"]["repeat"] = "true"
	case k.Table == "param" && (k.Name == "min" || k.Name == "max"):
		tables["param"] = map[string]string{"name": `"n"`, "type": `"int"`}
	case k.Table == "param" && k.Name != "options":
		tables["param"] = map[string]string{"name": `"n"`}
	case k.Table == "asks":
		tables["step"] = map[string]string{"id": `"a"`, "words": `"do"`}
		tables["asks"] = map[string]string{"name": `"n"`, "text": `"t"`}
		if k.Name == "is" {
			tables["asks"]["type"] = `"text"`
			tables["before"] = map[string]string{"id": `"b"`, "script": `"true"`, "facts": `{ "disk.serial" = "string" }`}
		}
	}
	tables[k.Table][k.Name] = k.Example
	var b strings.Builder
	for _, part := range []struct{ table, head string }{{"runbook", ""}, {"waves", "[waves]\n"}, {"param", "[[param]]\n"}, {"before", "[[before]]\n"}, {"step", "[[step]]\n"}, {"asks", "[[step.asks]]\n"}} {
		keys, there := tables[part.table]
		if !there {
			continue
		}
		b.WriteString(part.head)
		for name, v := range keys {
			fmt.Fprintf(&b, "%s = %s\n", name, v)
		}
	}
	return b.String()
}
