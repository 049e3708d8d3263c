package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tend/journal"
	"tend/journal/segments"
	"tend/runbooks"
)

// eventKinds lists every kind of event with its fields, out of the source.
func eventKinds() string {
	return kindTables("../../journal/event.go", "Kind") + "The objects in them:\n\n" +
		structTable("../../journal/event.go", "Who") + structTable("../../journal/event.go", "InventoryRef") + structTable("../../journal/event.go", "Maintenance") +
		structTable("../../journal/event.go", "Recording") + structTable("../../runbooks/types.go", "Fact")
}

func ledgerKinds() string { return kindTables("../../journal/segments/ledger.go", "kind") }

// kindTables is a table a type that has the method, in the order in which the methods stand.
func kindTables(path, method string) string {
	file, types := typesOf(path)
	var b strings.Builder
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || f.Name.Name != method {
			continue
		}
		name := f.Recv.List[0].Type.(*ast.Ident).Name
		ret := f.Body.List[0].(*ast.ReturnStmt).Results[0]
		lit, ok := ret.(*ast.BasicLit)
		if !ok {
			continue // Foreign has no kind of its own
		}
		kind, _ := strconv.Unquote(lit.Value)
		fmt.Fprintf(&b, "### %s\n\n%s\n%s\n", kind, about(types[name]), fieldTable(types, name))
	}
	return b.String()
}

func structTable(path, name string) string {
	_, types := typesOf(path)
	return fmt.Sprintf("### %s\n\n%s\n%s\n", name, about(types[name]), fieldTable(types, name))
}

func typesOf(path string) (*ast.File, map[string]*ast.TypeSpec) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		panic(err)
	}
	types := map[string]*ast.TypeSpec{}
	ast.Inspect(file, func(n ast.Node) bool {
		if d, ok := n.(*ast.GenDecl); ok && len(d.Specs) == 1 && d.Doc != nil {
			if s, ok := d.Specs[0].(*ast.TypeSpec); ok && s.Doc == nil {
				s.Doc = d.Doc
			}
		}
		if s, ok := n.(*ast.TypeSpec); ok {
			types[s.Name.Name] = s
		}
		return true
	})
	return file, types
}

// about is the type's comment, without its Go name in front.
func about(s *ast.TypeSpec) string {
	text := strings.Join(strings.Fields(s.Doc.Text()), " ")
	if rest, ok := strings.CutPrefix(text, s.Name.Name+" "); ok {
		text = "It " + rest
	}
	if text != "" {
		text += "\n"
	}
	return text
}

func fieldTable(types map[string]*ast.TypeSpec, name string) string {
	return mdTable([]string{"field", "type", "what it is"}, fieldRows(types, types[name].Type.(*ast.StructType)))
}

func fieldRows(types map[string]*ast.TypeSpec, st *ast.StructType) [][]string {
	var rows [][]string
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 { // embedded
			rows = append(rows, fieldRows(types, types[f.Type.(*ast.Ident).Name].Type.(*ast.StructType))...)
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		key, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		words := strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
		if key == "-" { // output, which is stored in one of two forms
			rows = append(rows, []string{"`text`", "string", "the bytes, where they are UTF-8"}, []string{"`base64`", "string", "the bytes in base64, where they are not; one of the two is there"})
			continue
		}
		if strings.HasPrefix(options, "omit") {
			words = strings.TrimSpace("(may lack) " + words)
		}
		rows = append(rows, []string{mdCode(key), typeWords(f.Type), words})
	}
	return rows
}

func typeWords(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		switch e.Name {
		case "uint64", "int64", "CheckState":
			return "int"
		case "RunID", "OriginID", "Outcome", "Decision", "Result":
			return "string"
		case "Hash":
			return "hash"
		}
		return e.Name
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "HostID", "StepID", "RunID", "OriginID", "FactType":
			return "string"
		case "Duration":
			return "int, in ns"
		case "Time":
			return "string, RFC 3339"
		case "Hash":
			return "hash"
		}
		return e.Sel.Name
	case *ast.StarExpr:
		return typeWords(e.X)
	case *ast.ArrayType:
		return "array of " + typeWords(e.Elt)
	case *ast.MapType:
		return "object of " + typeWords(e.Value)
	}
	return fmt.Sprintf("%T", e)
}

// TestTheFormatPageHasEveryKind: the page's tables come from the source; that none of the kinds is missed there is seen by decoding.
func TestTheFormatPageHasEveryKind(t *testing.T) {
	page := read(t, "../../docs/segment-format.md")
	kinds := regexp.MustCompile(`case "([a-z_]+)":`).FindAllStringSubmatch(read(t, "../../journal/codec.go"), -1)
	if len(kinds) < 13 {
		t.Fatalf("only %d kinds are decoded", len(kinds))
	}
	for _, k := range kinds {
		if !strings.Contains(page, "\n### "+k[1]+"\n") {
			t.Errorf("the page has no kind %s", k[1])
		}
	}
}

// TestThePagesScriptChecksAJournal: the page is enough to check a journal, and to see what was done to it.
func TestThePagesScriptChecksAJournal(t *testing.T) {
	scriptsOnly(t)
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	script := regexp.MustCompile("(?s)```python\n(.*?)```").FindStringSubmatch(read(t, "../../docs/segment-format.md"))[1]
	dir := t.TempDir()
	s, err := segments.Open(dir, "ops@console1")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []journal.RunID{"261122-2212-gone", "261122-2213-aaaa", "261122-2214-bbbb"} {
		_, err := s.Append(t.Context(), run, journal.PlanAccepted{Plan: runbooks.Plan{Runbook: "health"}, Reason: "a \"quote\" and \x1b[31m, ünicode"},
			journal.OutputRead{Host: "a", Data: []byte("\xff\x00raw")}, journal.OutputRead{Host: "a", Data: []byte("line,\"hash\":\"\n")}, journal.RunClosed{Result: journal.Passed})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Drop(t.Context(), "261122-2212-gone"), s.Close()); err != nil {
		t.Fatal(err)
	}
	check := func() (string, error) {
		out, err := exec.CommandContext(t.Context(), python, "-c", script, dir).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := check(); err != nil || out != "8 events are as they were written" {
		t.Fatalf("%s, %v", out, err)
	}
	segment := filepath.Join(dir, "ops@console1", "261122-2213-aaaa.jsonl")
	whole := read(t, segment)
	lines := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	for want, text := range map[string]string{
		":1: not as it was written":        strings.Replace(whole, "health", "wealth", 1),
		":2: not behind the line":          lines[0] + strings.Join(lines[2:], "") + "\n",
		"the ledger knows another event 4": strings.Join(lines[:3], ""),
	} {
		if err := os.WriteFile(segment, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := check(); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s, %v, want %s", out, err, want)
		}
	}
}
