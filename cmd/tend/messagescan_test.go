package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// messages are what a room says, in the order of its files.
func (r room) messages() []message {
	s := scan{room: r, hinted: map[ast.Node]string{}}
	files, _ := filepath.Glob(filepath.Join("../..", r.dir, "*.go"))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, s.look)
	}
	return s.out
}

// scan goes over the source of a room. What is advised stands around what is said, and is met first.
type scan struct {
	room
	hinted map[ast.Node]string
	out    []message
}

func (s *scan) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		s.literal(n)
	case *ast.CallExpr:
		s.call(n)
	}
	return true
}

// literal is &Fault{Text: …, Advice: …}, &fault{err: …, hint: …}, or note{text: …, bad: true}.
func (s *scan) literal(lit *ast.CompositeLit) {
	fields := map[string]ast.Expr{}
	for _, e := range lit.Elts {
		if kv, is := e.(*ast.KeyValueExpr); is {
			if id, is := kv.Key.(*ast.Ident); is {
				fields[id.Name] = kv.Value
			}
		}
	}
	id, _ := lit.Type.(*ast.Ident)
	switch {
	case id == nil:
	case id.Name == "fault" && fields["hint"] != nil:
		s.hinted[fields["err"]] = wording(fields["hint"])
	case id.Name == "Fault" && fields["Text"] != nil && s.dir == "journal/segments":
		s.add(message{text: wording(fields["Text"]), advice: wording(fields["Advice"])})
	case id.Name == "note" && fields["bad"] != nil && s.dir == "ui":
		s.add(message{text: wording(fields["text"])})
	}
}

func (s *scan) call(call *ast.CallExpr) {
	if sel, is := call.Fun.(*ast.SelectorExpr); is && sel.Sel.Name == "withHint" && len(call.Args) > 0 {
		s.hinted[sel.X] = wording(call.Args[0])
	}
	m, is := s.makers[calledName(call)]
	if !is || len(call.Args) <= m.text {
		return
	}
	one := message{text: wording(call.Args[m.text]), advice: s.hinted[call]}
	if m.advice >= 0 {
		one.advice = wording(call.Args[m.advice])
	}
	if id, is := call.Args[0].(*ast.Ident); is && s.dir == "ssh" {
		one.kind = id.Name
	}
	s.add(one)
}

// inner are errors that nobody sees: one function tells another with them that it is done.
var inner = map[string]bool{"stop": true, "left": true, "broken": true}

// add keeps what has words of its own, once; what one place advises holds for the others that say the same.
func (s *scan) add(m message) {
	if strings.Trim(m.advice, "… ") == "" {
		m.advice = ""
	}
	at := slices.IndexFunc(s.out, func(o message) bool { return o.text == m.text })
	switch {
	case strings.Trim(m.text, "…: ()\"%") == "" || inner[m.text]:
	case at < 0:
		s.out = append(s.out, m)
	case s.out[at].advice == "":
		s.out[at].advice = m.advice
	}
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
		s = verb.ReplaceAllString(strings.NewReplacer("%q", `"…"`, "%T", "…", "\n", " ").Replace(s), "…")
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
