package runbooks

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// The library of shell functions, in parts. Their heads say what each function does.
var (
	//go:embed lib.sh
	libCore string
	//go:embed lib_packages.sh
	libPackages string
	//go:embed lib_snapshot.sh
	libSnapshot string
	//go:embed lib_drift.sh
	libDrift string
)

// function is one of the library's functions: its text, and the other functions that it names.
type function struct {
	name, text string
	uses       []string
}

// libFunctions are the library's functions in the file's order. They are read once; nothing changes them.
var libFunctions = sync.OnceValues(func() ([]function, error) {
	return readLibrary(libCore + "\n" + libPackages + "\n" + libSnapshot + "\n" + libDrift)
})

var libName = regexp.MustCompile(`\btend_[a-z0-9_]+`)

func readLibrary(src string) ([]function, error) {
	parsed, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(src), "lib.sh")
	if err != nil {
		return nil, err
	}
	var out []function
	for _, stmt := range parsed.Stmts {
		decl, ok := stmt.Cmd.(*syntax.FuncDecl)
		if !ok {
			return nil, fmt.Errorf("lib.sh:%d: only functions belong in the library", stmt.Pos().Line())
		}
		text := src[stmt.Pos().Offset():stmt.End().Offset()]
		out = append(out, function{name: decl.Name.Value, text: text, uses: libName.FindAllString(text, -1)})
	}
	return out, nil
}

// library is the text of the functions that body names, and of those that they name, in the library's order. A script carries what it
// uses and no more: it is read by people before it is run, and it crosses the wire once a host.
func library(body string) (string, error) {
	all, err := libFunctions()
	if err != nil {
		return "", err
	}
	byName := map[string]function{}
	for _, f := range all {
		byName[f.name] = f
	}
	needed := map[string]bool{}
	for queue := libName.FindAllString(body, -1); len(queue) > 0; queue = queue[1:] {
		f, ours := byName[queue[0]]
		if ours && !needed[f.name] {
			needed[f.name] = true
			queue = append(queue, f.uses...)
		}
	}
	var b strings.Builder
	for _, f := range all {
		if needed[f.name] {
			b.WriteString(f.text + "\n")
		}
	}
	return b.String(), nil
}
