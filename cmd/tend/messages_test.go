package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	means      string // what has become of what was asked for, when one of these is said
	makers     map[string]maker
}

var (
	plainErrors = map[string]maker{"fmt.Errorf": {0, -1}, "errors.New": {0, -1}}
)

// with is every maker of several.
func with(all ...map[string]maker) map[string]maker {
	out := map[string]maker{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// rooms are where messages come from, in the order of the page.
var rooms = []room{
	{"On the command line", "cmd/tend", "Nothing was begun, unless the message says otherwise; `--help` of the command says how it is written.", with(plainErrors, map[string]maker{"usage": {1, 0}})},
	{"In an inventory, or in a selector", "inventory", "Nothing was begun: an inventory is taken whole or not at all. The line and the column are where it is wrong; [inventory](inventory.md) and [selectors](selectors.md) have every key and word.",
		with(plainErrors, map[string]maker{"d.fail": {2, 1}, "r.fail": {2, 1}, "fail": {3, 2}, "p.fail": {2, 1}})},
	{"In a runbook, or in what a run was told", "runbooks", "Nothing was begun. The line and the column are where it is wrong; [runbooks](runbooks.md) has every key.",
		with(plainErrors, map[string]maker{"r.refuse": {1, 0}, "t.wrong": {2, 1}, "f.wrong": {2, 1}})},
	{"In a maintenance plan", "plans", "Nothing was begun. The line and the column are where it is wrong; [plans](plans-and-waves.md) has every key.",
		with(plainErrors, map[string]maker{"t.Wrong": {2, 1}, "at.Wrong": {2, 1}, "rt.Wrong": {2, 1}})},
	{"On the road to a host", "ssh", "The host was not reached, or was lost; nothing was begun on it by this attempt, and a step that ran already goes on.", with(plainErrors, map[string]maker{"faultf": {1, -1}})},
	{"In an ssh_config", "ssh/sshconfig", "No host that the file is about can be reached until it is mended; `ssh -G HOST` says whether OpenSSH takes it.", plainErrors},
	{"In a known_hosts file", "ssh/knownhosts", "The line says nothing about any host; `tend doctor` names it, with its file.", plainErrors},
	{"Of a step on its host", "remote", "What became of the step is said, or is not known; `tend host show HOST` says how the host is worked on.", with(plainErrors, map[string]maker{"fail": {2, 3}})},
	{"Of carrying out a plan", "engine", "The run stops, or one of its hosts does; everything until then is in the journal.", plainErrors},
	{"Of a run's process", "runner", "The run itself was not touched.", plainErrors},
	{"Of the journal", "journal", "What the journal holds is left as it is.", plainErrors},
	{"Of the journal's files", "journal/segments", "Nothing that was acknowledged is lost; `tend journal verify` looks at all of it.", plainErrors},
	{"Of the journal's index", "journal/index", "Nothing is lost: the index is made from the journal, and can be deleted at any time.", plainErrors},
	{"Of a recorded shell", "journal/asciicast", "The recording cannot be shown from there on; the journal has the rest.", plainErrors},
	{"In the console", "ui", "It is said at the foot of the screen; runs go on.", with(plainErrors, map[string]maker{"warnOf": {0, -1}})},
	{"Of the pretend machine room", "lab", "The demo, or the lab, was not begun; nothing outside of its own directory was touched.", plainErrors},
	{"Of a rehearsal", "rehearse", "Nothing was rehearsed, because it might have touched something real.", plainErrors},
	{"While importing an inventory", "imports", "Nothing was written.", with(plainErrors, map[string]maker{"wrong": {3, 2}})},
	{"Of a report", "report", "Nothing was written.", plainErrors},
	{"Of the design", "design", "Nothing was judged.", plainErrors},
	{"Of a value for a shell", "quote", "Nothing was begun with that value.", plainErrors},
	{"Of a signature", "sshsig", "Nothing was signed, or what was signed does not count.", plainErrors},
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

// roomless may make errors that are no answer to a person: pretend hosts, and what only tests use.
var roomless = []string{"bench", "journal/journaltest", "lab/kernel", "lab/machine", "lab/shell", "lab/userland", "lab/vfs", "ssh/sshtest"}

// TestEveryPackageHasARoom: a package that can refuse has its part of the page.
func TestEveryPackageHasARoom(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range rooms {
		listed[r.dir] = true
	}
	files, err := filepath.Glob("../../*/*.go")
	deeper, err2 := filepath.Glob("../../*/*/*.go")
	if len(files) < 100 || len(deeper) < 100 {
		t.Fatalf("found only %d and %d files: %v, %v", len(files), len(deeper), err, err2)
	}
	for _, path := range append(files, deeper...) {
		dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../../")
		if strings.HasSuffix(path, "_test.go") || listed[dir] || slices.Contains(roomless, dir) {
			continue
		}
		if len(room{dir: dir, makers: plainErrors}.messages()) > 0 {
			t.Errorf("%s refuses things, and docs/troubleshooting.md has no part for it: add a room", dir)
			listed[dir] = true
		}
	}
}

// byHand is what to do, and what it means, where the source does not say it: testdata/messages has a file for each room, with a message as
// it stands on the page and below it, indented, what to do.
func (r room) byHand() map[string]string {
	out := map[string]string{}
	text, err := os.ReadFile(filepath.Join("testdata/messages", strings.ReplaceAll(r.dir, "/", "-")+".txt"))
	if err != nil {
		return out
	}
	said := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if do, is := strings.CutPrefix(line, "    "); is {
			out[said] = do
		} else {
			said = line
		}
	}
	return out
}

// meanings is what a message means where the source says only what to do: testdata/meanings.txt has a part for each room, and in it messages as
// they stand on the page, with what they mean, indented, below those that share it.
func (r room) meanings() map[string]string {
	text, err := os.ReadFile("testdata/meanings.txt")
	if err != nil {
		panic(err)
	}
	out, part, said := map[string]string{}, "", []string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		means, indented := strings.CutPrefix(line, "    ")
		switch {
		case line == "":
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			part = line[1 : len(line)-1]
		case part != r.dir:
		case !indented:
			said = append(said, line)
		default:
			for _, m := range said {
				out[m] = means
			}
			said = nil
		}
	}
	return out
}

// allMessages is the generated part of docs/troubleshooting.md.
func allMessages() string {
	var b strings.Builder
	values, byKind := kinds()
	for _, r := range rooms {
		rows, hand, means := [][]string{}, r.byHand(), r.meanings()
		for _, m := range r.messages() {
			do := cmp.Or(m.advice, hand[m.text], strings.Trim(byKind[m.kind], "… "))
			if do == "" && m.kind != "" {
				do = "see “" + values[m.kind] + "” above"
			}
			if means[m.text] != "" {
				do = means[m.text] + ". Hint: " + do
			}
			rows = append(rows, []string{"`" + strings.ReplaceAll(m.text, "`", "'") + "`", do})
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n%s\n", r.title, r.means, mdTable([]string{"it says", "what it means, and what to do"}, rows))
	}
	return b.String()
}

// TestEveryMessageIsAdvised: beside everything that any package says stands what to do, from the source or by hand; and nothing is told by
// hand of a message that is said no more.
func TestEveryMessageIsAdvised(t *testing.T) {
	for _, r := range rooms {
		said, hand := map[string]bool{}, r.byHand()
		for _, m := range r.messages() {
			said[m.text] = true
			if m.kind == "" && (m.advice == "") == (hand[m.text] == "") {
				t.Errorf("%s: %q: the source advises %q, the list by hand %q; one of them should", r.dir, m.text, m.advice, hand[m.text])
			}
		}
		for text := range hand {
			if !said[text] {
				t.Errorf("%s: nothing says %q any more", r.dir, text)
			}
		}
	}
}

// TestEveryMessageHasAMeaning: what to do is followed blindly by nobody, so beside what the source advises stands what the message means; and
// nothing means anything that is said no more, or that the list by hand explains.
func TestEveryMessageHasAMeaning(t *testing.T) {
	for _, r := range rooms {
		means := r.meanings()
		for _, m := range r.messages() {
			if m.kind == "" && m.advice != "" && means[m.text] == "" {
				t.Errorf("%s: %q: only what to do is said (%q); say what it means in testdata/meanings.txt", r.dir, m.text, m.advice)
			}
			if m.advice != "" {
				delete(means, m.text)
			}
		}
		for text := range means {
			t.Errorf("%s: %q has a meaning, and is no message whose source says what to do", r.dir, text)
		}
	}
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
		if n += found; found == 0 {
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
