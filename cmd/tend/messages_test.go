package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// message is something that tend says when it cannot do what was asked, as the source has it: … stands for what is filled in.
type message struct {
	text, advice string
	kind         string // of the road's errors
}

// maker is a function that makes errors: which of its arguments are what is said, and what to do about it.
type maker struct{ text, advice int }

// room is a part of the source that says why it cannot go on.
type room struct {
	title, dir string
	files      string // a pattern
	makers     map[string]maker
	otherwise  string            // what to do where a message does not say it itself
	by         map[string]string // what to do, told by hand where the source does not; then each message has something
}

// rooms are where messages come from, in the order of the page.
var rooms = []room{
	{"On the command line", "cmd/tend", "*.go", map[string]maker{"usage": {1, 0}}, "`--help` of the command", nil},
	{"In an inventory", "inventory", "*.go", map[string]maker{"d.fail": {2, 1}, "r.fail": {2, 1}}, "mend the line that is named; [inventory](inventory.md) has every key", nil},
	{"In a selector", "inventory", "selector_*.go", map[string]maker{"fail": {3, 2}, "p.fail": {2, 1}}, "[selectors](selectors.md)", nil},
	{"In a runbook, or in what a run was told", "runbooks", "*.go", map[string]maker{"r.refuse": {1, 0}, "t.wrong": {2, 1}, "f.wrong": {2, 1}}, "mend the line that is named; [runbooks](runbooks.md) has every key", nil},
	{"In a maintenance plan", "plans", "*.go", map[string]maker{"t.Wrong": {2, 1}, "at.Wrong": {2, 1}, "rt.Wrong": {2, 1}}, "mend the line that is named; [plans](plans-and-waves.md) has every key", nil},
	{"On the road to a host", "ssh", "*.go", map[string]maker{"faultf": {1, -1}}, "", nil},
	{"In an ssh_config", "ssh/sshconfig", "*.go", map[string]maker{"fmt.Errorf": {0, -1}, "errors.New": {0, -1}}, "mend the line that is named; `ssh -G HOST` says whether OpenSSH takes it", nil},
	{"Of a run's process", "runner", "*.go", map[string]maker{"fmt.Errorf": {0, -1}, "errors.New": {0, -1}}, "", runnerAdvice},
	{"Of the journal", "journal/segments", "*.go", nil, "`tend journal verify`", nil},
	{"While importing an inventory", "imports", "*.go", map[string]maker{"wrong": {3, 2}, "fmt.Errorf": {0, -1}, "errors.New": {0, -1}}, "", importAdvice},
	{"Of a signature", "sshsig", "*.go", map[string]maker{"fmt.Errorf": {0, -1}, "errors.New": {0, -1}}, "", signatureAdvice},
	{"Of a step on its host", "remote", "*.go", map[string]maker{"fail": {2, 3}}, "`tend host show HOST`, and look on the host", nil},
}

// messages are what a room says, in the order of its files.
func (r room) messages() []message {
	var out []message
	files, _ := filepath.Glob(filepath.Join("../..", r.dir, r.files))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") || r.title == "In an inventory" && strings.Contains(path, "selector_") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			panic(err)
		}
		hinted := map[ast.Node]string{}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, is := n.(*ast.CompositeLit); is && r.makers == nil {
				out = append(out, faultLiteral(lit)...)
			}
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			if sel, is := call.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "withHint" && len(call.Args) > 0 {
				hinted[sel.X] = wording(call.Args[0])
			}
			m, is := r.makers[calledName(call)]
			if !is || len(call.Args) <= m.text {
				return true
			}
			one := message{text: wording(call.Args[m.text])}
			if m.advice >= 0 {
				one.advice = wording(call.Args[m.advice])
			} else {
				one.advice = hinted[n]
			}
			if id, is := call.Args[0].(*ast.Ident); is && r.dir == "ssh" {
				one.kind = id.Name
			}
			if strings.Trim(one.text, "…: ()\"") != "" && !slices.ContainsFunc(out, func(o message) bool { return o.text == one.text }) {
				out = append(out, one)
			}
			return true
		})
	}
	return out
}

// faultLiteral is what a Fault{Text: …, Advice: …} says.
func faultLiteral(lit *ast.CompositeLit) []message {
	if id, is := lit.Type.(*ast.Ident); !is || id.Name != "Fault" {
		return nil
	}
	var m message
	for _, e := range lit.Elts {
		if kv, is := e.(*ast.KeyValueExpr); is {
			switch kv.Key.(*ast.Ident).Name {
			case "Text":
				m.text = wording(kv.Value)
			case "Advice":
				m.advice = wording(kv.Value)
			}
		}
	}
	return []message{m}
}

func calledName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, is := f.X.(*ast.Ident); is {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

var dots = regexp.MustCompile(`…[…]+`)

var verb = regexp.MustCompile(`%[-+#0-9.]*[a-zX]`)

// wording is what an expression says, with … for what only running it tells.
func wording(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err != nil {
			return "…"
		}
		s = verb.ReplaceAllString(strings.ReplaceAll(s, "%q", `"…"`), "…")
		return dots.ReplaceAllString(strings.ReplaceAll(s, "%%", "%"), "…")
	case *ast.BinaryExpr:
		return dots.ReplaceAllString(wording(e.X)+wording(e.Y), "…")
	case *ast.CallExpr:
		if calledName(e) == "fmt.Sprintf" {
			return wording(e.Args[0])
		}
	}
	return "…"
}

// kinds reads the meanings of the road's errors, and what each advises where the error itself does not.
func kinds() (values, advice map[string]string) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../ssh/errors.go", nil, 0)
	if err != nil {
		panic(err)
	}
	values, advice = map[string]string{}, map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if id, is := n.Type.(*ast.Ident); is && id.Name == "Kind" {
				values[n.Names[0].Name] = wording(n.Values[0])
			}
		case *ast.KeyValueExpr:
			if id, is := n.Key.(*ast.Ident); is {
				advice[id.Name] = wording(n.Value)
			}
		}
		return true
	})
	return values, advice
}

// allMessages is the generated part of docs/troubleshooting.md.
func allMessages() string {
	var b strings.Builder
	values, byKind := kinds()
	for _, r := range rooms {
		rows := [][]string{}
		for _, m := range r.messages() {
			do := m.advice
			if strings.Trim(do, "… ") == "" {
				do = byKind[m.kind]
			}
			if strings.Trim(do, "… ") == "" && m.kind != "" {
				do = "see “" + values[m.kind] + "” above"
			}
			if strings.Trim(do, "… ") == "" {
				do = ""
			}
			if do == "" {
				do = r.by[m.text]
			}
			rows = append(rows, []string{"`" + strings.ReplaceAll(m.text, "`", "'") + "`", do})
		}
		fmt.Fprintf(&b, "### %s\n\n", r.title)
		if r.otherwise != "" {
			fmt.Fprintf(&b, "Where the message does not say what to do: %s.\n\n", r.otherwise)
		}
		fmt.Fprintf(&b, "%s\n", mdTable([]string{"it says", "do"}, rows))
	}
	return b.String()
}

// TestTroubleshootingKnowsEveryMeaning: each meaning that an error of the road can have, each state in which a step can be left, and each
// reason that the engine gives has its entry, written by hand. (Every message stands in the generated part, which TestDocsAreFresh keeps.)
func TestTroubleshootingKnowsEveryMeaning(t *testing.T) {
	page, _, _ := strings.Cut(read(t, "../../docs/troubleshooting.md"), "<!-- generated messages")
	values, _ := kinds()
	if len(values) < 15 {
		t.Fatalf("found only the kinds %v", values)
	}
	for _, v := range values {
		if !strings.Contains(page, "\n| `"+v+"`") {
			t.Errorf("no entry for the road's %q", v)
		}
	}
	reasons := engineReasons(t)
	if len(reasons) < 12 {
		t.Fatalf("found only the reasons %q", reasons)
	}
	for _, r := range reasons {
		if !strings.Contains(page, "`"+r) {
			t.Errorf("no entry for the engine's %q", r)
		}
	}
	n := 0
	for _, r := range rooms {
		found := len(r.messages())
		if n += found; found < 10 {
			t.Errorf("%s: found only %d messages", r.title, found)
		}
	}
	t.Logf("%d messages, %d meanings, %d reasons", n, len(values), len(reasons))
}

// engineReasons are the words with which the engine ends a step, up to what is filled in.
func engineReasons(t *testing.T) []string {
	t.Helper()
	var out []string
	add := func(e ast.Expr) {
		text, _, _ := strings.Cut(wording(e), "…")
		if text = strings.TrimRight(text, " :;("); len(text) > 4 && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	files, _ := filepath.Glob("../../engine/*.go")
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if id, is := n.Key.(*ast.Ident); is && id.Name == "Reason" {
					add(n.Value)
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if sel, is := l.(*ast.SelectorExpr); is && sel.Sel.Name == "Reason" && i < len(n.Rhs) {
						add(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if strings.HasSuffix(calledName(n), ".verdict") && len(n.Args) == 2 {
					add(n.Args[1])
				}
			}
			return true
		})
	}
	return out
}
