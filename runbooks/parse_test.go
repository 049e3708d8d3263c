package runbooks

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const whole = `
name = "whole"
title = "everything that the format has"
risk = "disrupt"
doc = "words"
[waves]
canary = 1
batch = "20%"
parallel = 8
max_failures = 3
pause = "5m"
[[param]]
name = "reboot"
type = "choice"
options = ["never", "if-needed"]
default = "never"
help = "when"
[[param]]
name = "n"
type = "int"
min = 1
max = 9
default = 3
[[param]]
name = "hosts"
type = "list"
pattern = "[a-z]+"
default = ["a", "b"]
[[before]]
id = "look"
kind = "check"
script = "true"
[before.facts]
pending = "int updates that are pending"
"os.id" = "string"
"disk:*" = "check"
[[step]]
id = "work"
script = '''
echo work
'''
when = "pending>0 tag=db"
timeout = "90m"
retries = 2
repeat = true
on_failure = "go-on"
undo = "echo undo"
become = true
[[step]]
id = "other"
risk = "change"
[step.script]
"dnf|yum" = "echo dnf"
default = "echo other"
[[step]]
id = "bay"
words = "Pull the disk in the bay that blinks."
asks = [{ name = "serial", text = "its serial number", type = "text" }, { name = "done", text = "pulled" }]
[[step]]
id = "soak"
for = "10m"
[[step]]
id = "boot"
kind = "reboot"
given = "reboot=if-needed"
[[after]]
id = "verify"
kind = "check"
script = "true"
`

func TestParseWhole(t *testing.T) {
	rb, err := Parse("dir/whole.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	one, nine := 1, 9
	wantParams := []Param{
		{Name: "reboot", Type: "choice", Help: "when", Default: "never", Options: []string{"never", "if-needed"}},
		{Name: "n", Type: "int", Default: "3", Min: &one, Max: &nine},
		{Name: "hosts", Type: "list", Default: "a b", Pattern: "[a-z]+"},
	}
	if !reflect.DeepEqual(rb.Params, wantParams) {
		t.Errorf("params %+v", rb.Params)
	}
	if want := (Policy{Canary: 1, Batch: "20%", Parallel: 8, MaxFailures: "3", Pause: "5m"}); rb.Policy != want {
		t.Errorf("policy %+v", rb.Policy)
	}
	variants := "tend_variant dnf yum default\ncase $tend_variant in\ndnf|yum)\necho dnf\n;;\ndefault)\necho other\n;;\nesac\n"
	wantSteps := []Step{
		{ID: "look", Title: "look", Kind: Check, Phase: Before, Risk: Read, Script: "true", Emits: "checks", Facts: []FactSpec{
			{Key: "pending", Type: "int", Help: "updates that are pending"}, {Key: "os.id", Type: "string"}, {Key: "disk:*", Type: "check"}}},
		{ID: "work", Title: "work", Kind: Script, Phase: Main, Risk: Disrupt, Script: "echo work\n", When: "pending>0 tag=db", Timeout: 90 * time.Minute,
			Retries: 2, Repeat: true, OnFailure: "go-on", Undo: "echo undo", Become: true},
		{ID: "other", Title: "other", Kind: Script, Phase: Main, Risk: Change, Script: variants},
		{ID: "bay", Title: "bay", Kind: Manual, Phase: Main, Risk: Read, Words: "Pull the disk in the bay that blinks.", Asks: []Ask{
			{Name: "serial", Text: "its serial number", Type: "text"}, {Name: "done", Text: "pulled", Type: "yes"}}},
		{ID: "soak", Title: "soak", Kind: Wait, Phase: Main, Risk: Read, For: 10 * time.Minute},
		{ID: "boot", Title: "boot", Kind: Reboot, Phase: Main, Risk: Disrupt, Given: "reboot=if-needed"},
		{ID: "verify", Title: "verify", Kind: Check, Phase: After, Risk: Read, Script: "true"},
	}
	for i, want := range wantSteps {
		if i >= len(rb.Steps) || !reflect.DeepEqual(rb.Steps[i], want) {
			t.Fatalf("step %d\n%+v, want\n%+v", i, rb.Steps[i], want)
		}
	}
	if rb.Name != "whole" || rb.Risk != Disrupt || rb.Source != "dir/whole.toml" || rb.Doc != "words" || len(rb.Steps) != len(wantSteps) {
		t.Errorf("%+v", rb)
	}
}

// TestProblems breaks the whole runbook in one place at a time: the message, the line and the column must point at it. In each case
// the first text is replaced by the second, and the marker ^ (which is taken out) stands where the problem must be found.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ old, new, message, advice string }{
		{`title = "every`, `^titel = "every`, `unknown key "titel"`, "title"},
		{`risk = "disrupt"`, `risk = ^"disrupts"`, `risk is "disrupts", which is none of read, change, disrupt`, "disrupt"},
		{`name = "whole"`, `name = ^"Whole Thing"`, `"Whole Thing" cannot be a runbook's name`, "lower-case"},
		{`canary = 1`, `canary = ^"one"`, `canary must be a whole number`, ""},
		{`canary = 1`, `canary = ^-1`, `canary must not be negative`, ""},
		{`batch = "20%"`, `batch = ^"120%"`, `batch is "120%"`, "20%"},
		{`batch = "20%"`, `batch = ^0`, `batch is "0"`, ""},
		{`parallel = 8`, `^paralel = 8`, `unknown key "paralel"`, "parallel"},
		{`pause = "5m"`, `pause = ^"soon"`, `pause is "soon"`, ""},
		{`max_failures = 3`, `max_failures = ^"many"`, `max_failures is "many"`, "4th"},
		{`name = "n"`, `name = ^"PATH"`, `"PATH" cannot be a parameter's name`, ""},
		{`name = "n"`, `name = ^"tend_pm"`, `cannot be a parameter's name`, ""},
		{`name = "n"`, `name = ^"reboot"`, `two parameters named "reboot"`, ""},
		{`default = 3`, `default = ^30`, `default is 30, and must be at most 9`, ""},
		{`default = 3`, `default = ^3.5`, `default must fit the type int`, ""},
		{`default = ["a", "b"]`, `default = ^["a", "B"]`, `default is "B", which does not match [a-z]+`, ""},
		{`default = ["a", "b"]`, `default = ["a", ^7]`, `default must hold strings only`, ""},
		{`pattern = "[a-z]+"`, `pattern = ^"[a-z"`, `the pattern is no regular expression`, "re2"},
		{"options = [\"never\", \"if-needed\"]\n", "min = ^1\n", `min and max belong to an int, a duration, or a list of numbers`, ""},
		{`id = "look"`, `id = ^"Look!"`, `"Look!" cannot be a step's id`, ""},
		{`id = "other"`, `id = ^"work"`, `two steps named "work"`, ""},
		{`kind = "reboot"`, `kind = ^"rebot"`, `kind is "rebot"`, "reboot"},
		{`"os.id" = "string"`, `^os.id = "string"`, `the fact os is a table`, "quotes"},
		{`pending = "int up`, `pending = ^"integer up`, `has the type "integer"`, ""},
		{`when = "pending>0 tag=db"`, `when = ^"pendign>0 tag=db"`, `no step before this one emits the fact "pendign"`, "pending"},
		{`when = "pending>0 tag=db"`, `when = ^"tag="`, `when: `, ""},
		{`timeout = "90m"`, `timeout = ^"90"`, `timeout: is "90"`, "90s"},
		{`repeat = true`, `repeat = ^"yes"`, `repeat must be true or false`, ""},
		{`retries = 2`, `retries = ^99`, `retries must be between 0 and 20`, ""},
		{`for = "10m"`, `for = "10m"` + "\n" + `script = ^"true"`, `a step of kind wait has no script`, ""},
		{`given = "reboot=if-needed"`, `given = ^"reboot=sometimes"`, `given: reboot is "sometimes"`, ""},
		{`given = "reboot=if-needed"`, `given = ^"boot=yes"`, `there is no parameter "boot"`, ""},
		{`"dnf|yum" = "echo dnf"`, `^dnff = "echo dnf"`, `no host can have the variant "dnff"`, "dnf"},
		{`default = "echo other"`, `default = "echo ^'other"`, `reached EOF without closing quote`, "POSIX"},
		{"\necho work\n'''", "\necho work\nif true; then\n  echo ^)\nfi\n'''", `the script is no POSIX shell`, "POSIX"},
		{"\necho work\n'''", "\necho é \"a\" ^<(true)\n'''", `the script is no POSIX shell`, "POSIX"},
		{"\necho work\n'''", "\necho work\r^\n'''", `carriage return`, "Unix"},
		{`text = "its serial number", type = "text"`, `text = "its serial number", type = ^"txt"`, `type is "txt"`, "text"},
		{`text = "its serial number", type = "text"`, `text = "its serial number", type = "text", is = ^"serial.old"`, `no step before this one emits the fact "serial.old"`, "held against"},
		{`[[after]]`, `[^after]`, ``, ""},
		{`default = "never"`, `default = ^never`, ``, "TOML"},
	} {
		src := strings.Replace(whole, c.old, c.new, 1)
		if src == whole {
			t.Fatalf("%q is not in the runbook", c.old)
		}
		src = strings.Replace(src, "\r^", "^\r", 1)
		at := strings.Index(src, "^")
		src = src[:at] + src[at+1:]
		line := 1 + strings.Count(src[:at], "\n")
		col := 1 + len([]rune(src[strings.LastIndex(src[:at], "\n")+1:at]))
		_, err := Parse("f.toml", []byte(src))
		ps, ok := err.(Problems)
		if !ok || len(ps) == 0 {
			t.Errorf("%q: %v, want Problems", c.new, err)
			continue
		}
		place := fmt.Sprintf("f.toml:%d:%d: ", line, col)
		if c.message == "" && c.advice == "" || c.advice == "TOML" { // the TOML library's own column is its own affair
			place = fmt.Sprintf("f.toml:%d:", line)
		}
		if !slices.ContainsFunc(ps, func(p Problem) bool {
			return strings.HasPrefix(p.Error(), place) && strings.Contains(p.Error(), c.message) && strings.Contains(p.Hint(), c.advice)
		}) {
			t.Errorf("%q\ngot  %v\nwant %s%s (%s)", c.new, err, place, c.message, c.advice)
		}
	}
}

// TestAllProblemsAtOnce: nobody should have to run the check five times to find five errors.
func TestAllProblemsAtOnce(t *testing.T) {
	src := "titel = 'x'\nrisk = 'odd'\n[[param]]\nname = '1'\n[[step]]\nid = 'A'\nscript = 'if'\n[[step]]\nid = 'b'\n"
	_, err := Parse("f.toml", []byte(src))
	ps, _ := err.(Problems)
	var lines []int
	for i, p := range ps {
		lines = append(lines, p.Line)
		if i > 0 && p.Line < ps[i-1].Line {
			t.Errorf("out of order: %v", ps)
		}
	}
	for _, want := range []int{1, 2, 4, 6, 7, 8} {
		if !strings.Contains(fmt.Sprint(lines), fmt.Sprint(want)) {
			t.Errorf("no problem on line %d:\n%v", want, err)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, c := range []struct {
		src     string
		decoded int
		want    string // what src must begin with there
	}{
		{`"abc"`, 1, "bc"}, {`"a\tbc"`, 2, "bc"}, {`"\u00e9x"`, 2, "x"}, {`'a\tb'`, 3, "b"}, {"'''\nab'''", 1, "b"}, {"\"\"\"\na\\\n   b\"\"\"", 1, "b"},
		{"\"\"\"a\\\\b\"\"\"", 2, "b"}, {"'''\r\nab'''", 0, "ab"}, {`"\x41b"`, 1, "b"}, {`"ab`, 9, ""},
	} {
		if at := unquote(c.src, 0, c.decoded); !strings.HasPrefix(c.src[at:], c.want) {
			t.Errorf("%q at %d: %q, want %q", c.src, c.decoded, c.src[at:], c.want)
		}
	}
}

// FuzzParse: no file makes Parse panic or loop, every problem points into the file, and what is taken can be resolved or refused.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	for _, s := range []string{"", "[[step]]", "x", "a.b.c=1\n[a.d]\n[[a.e]]", "[step.script]\napt=1", "step=[{id='a',script='b'}]", "'a'.\"b\\u00e9\" = '''x'''''", "''.\"\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rb, err := Parse("f.toml", data)
		if ps, ok := err.(Problems); err != nil && (!ok || len(ps) == 0) {
			t.Fatalf("%T", err)
		} else {
			lines := 1 + strings.Count(string(data), "\n")
			for _, p := range ps {
				if p.Line < 1 && len(data) <= maxFile || p.Line > lines || p.Message == "" {
					t.Fatalf("%+v", p)
				}
			}
		}
		if err == nil && (rb.Name == "" || len(rb.Steps) == 0) {
			t.Fatalf("%+v", rb)
		}
	})
}

// TestSyntaxErrorsAreOnTheirLine: a line that ends too early is the one that is wrong, not the next; what was found is said in words.
func TestSyntaxErrorsAreOnTheirLine(t *testing.T) {
	for src, want := range map[string]string{
		"[[step]\nid = 'a'\n": "f.toml:1:7: ", "title = \nrisk = 'read'\n": "f.toml:1:9: ", "title = 'x'\nrisk = \"read\nid = 1\n": "f.toml:2:13: ",
		"title = 'x'\n[a": "f.toml:2:2: ", "title = 'é' x\n": "f.toml:1:", "title = 1\ntitle = 2\n": "f.toml:2:1: ",
	} {
		_, err := Parse("f.toml", []byte(src))
		if ps, ok := err.(Problems); !ok || len(ps) != 1 || !strings.HasPrefix(ps[0].Error(), want) || strings.Contains(ps[0].Error(), `\n`) || strings.Contains(ps[0].Error(), `\x00`) {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

// TestDeepFilesAreRefusedAtOnce: to decode them would take the square of their depth in time, and more memory than there is.
func TestDeepFilesAreRefusedAtOnce(t *testing.T) {
	const deep = 100_000
	for name, text := range map[string]string{
		"arrays": "a = " + strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"tables": "a = " + strings.Repeat("{a=", deep) + "1" + strings.Repeat("}", deep),
		"names":  strings.Repeat("a.", deep) + "a = 1",
		"header": "[" + strings.Repeat("a.", deep) + "a]",
		"both":   "a = " + strings.Repeat("{"+strings.Repeat("a.", 60)+"a = ", 300) + "1" + strings.Repeat("}", 300),
	} {
		_, err := Parse("f.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), "more than 100 values inside each other") {
			t.Errorf("%s: %.100v", name, err)
		}
		if err = ReadStrict("f.toml", []byte(text), func(Table) {}); err == nil || !strings.Contains(err.Error(), "f.toml:1:") {
			t.Errorf("%s: %.100v", name, err)
		}
	}
}
