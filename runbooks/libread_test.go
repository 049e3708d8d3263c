package runbooks

import (
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// TestLibraryIsReadAsShReadsIt: the functions that are cut out by their lines are those that a parser of sh finds, each whole and with
// the names in it; and nothing but functions stands in the library.
func TestLibraryIsReadAsShReadsIt(t *testing.T) {
	src := libCore + "\n" + libPackages + "\n" + libSnapshot + "\n" + libDrift
	parsed, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(src), "lib.sh")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\btend_[a-z0-9_]+`)
	var want []function
	for _, stmt := range parsed.Stmts {
		decl, ok := stmt.Cmd.(*syntax.FuncDecl)
		if !ok {
			t.Fatalf("lib.sh:%d: only functions belong in the library", stmt.Pos().Line())
		}
		text := src[stmt.Pos().Offset():stmt.End().Offset()]
		want = append(want, function{name: decl.Name.Value, text: text, uses: name.FindAllString(text, -1)})
	}
	got, err := libFunctions()
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d functions, want %d: %v", len(got), len(want), err)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%s is read as %+v, want %+v", want[i].name, got[i], want[i])
		}
	}
}

// TestOneRunbookIsReadAlone: a library that is opened reads no built-in runbook before it is asked for; a file is named as its runbook.
func TestOneRunbookIsReadAlone(t *testing.T) {
	lib, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := fs.Glob(builtinFiles, "*.toml")
	if got := lib.Names(); len(got) != len(files) {
		t.Fatalf("%d names of %d files", len(got), len(files))
	}
	for _, want := range lib.Names() {
		if rb, err := lib.Get(want); err != nil || rb.Name != want {
			t.Errorf("%s.toml is runbook %q, %v", want, rb.Name, err)
		}
	}
	one := testing.AllocsPerRun(3, func() { _, _ = Open() })
	if one > 500 {
		t.Errorf("opening the library takes %.0f allocations: it reads runbooks that nobody asked for", one)
	}
}
