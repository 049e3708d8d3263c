package runbooks

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"tend/inventory"

	"github.com/BurntSushi/toml"
)

// maxFile is how long a runbook's file may be, in bytes.
const maxFile = 1 << 20

// maxRetries is how often a step may be tried again.
const maxRetries = 20

var risks = []string{string(Read), string(Change), string(Disrupt)}

// goodName and goodParam are namePattern and paramPattern. A regular expression that counts to 64 is dear to compile, and every process of
// tend's would, whatever it is for.
func goodName(s string) bool  { return word(s, '-') }
func goodParam(s string) bool { return word(s, '_') }

// word is a small letter and up to 63 small letters, digits and one sign more.
func word(s string, sign byte) bool {
	if len(s) < 1 || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != sign {
			return false
		}
	}
	return true
}

// Parse reads a runbook. Source names the file in errors, and gives the runbook its name where the file does not. The error is a
// Problems: everything that is wrong, in the file's order, each with line, column and advice; the runbook is then empty.
func Parse(source string, data []byte) (Runbook, error) { return parse(&file{source: source}, data) }

func parse(f *file, data []byte) (Runbook, error) {
	source := f.source
	if len(data) > maxFile {
		return Runbook{}, Problems{{Source: source, Message: "is larger than 1 MiB, which no runbook is"}}
	}
	raw, problems := values(source, data)
	if problems != nil {
		return Runbook{}, problems
	}
	f.pos = locate(string(data))
	rb := f.runbook(&table{file: f, m: raw})
	if len(f.problems) > 0 {
		sort.SliceStable(f.problems, func(i, j int) bool {
			a, b := f.problems[i], f.problems[j]
			return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
		})
		return Runbook{}, f.problems
	}
	return rb, nil
}

// values reads TOML into Go's values, where it is no deeper than a runbook can be.
func values(source string, data []byte) (raw map[string]any, problems Problems) {
	if at, msg := inventory.TooDeep(string(data)); msg != "" {
		line, col := place(data, at)
		return nil, Problems{{Source: source, Line: line, Col: col, Message: msg, Advice: "write it flatter"}}
	}
	if _, err := toml.Decode(string(data), &raw); err != nil {
		return nil, Problems{syntaxProblem(source, data, err)}
	}
	if raw == nil {
		raw = map[string]any{}
	}
	return raw, nil
}

// place is the line and the column of a byte.
func place(data []byte, at int) (line, col int) {
	before := string(data[:max(0, min(at, len(data)))])
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// syntaxProblem says where a file is no TOML. The decoder's own line is wrong where a line ends too early; its offset is not.
func syntaxProblem(source string, data []byte, err error) Problem {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return Problem{Source: source, Line: 1, Col: 1, Message: err.Error()}
	}
	line, col := place(data, pe.Position.Start)
	message := strings.NewReplacer(`'\n'`, "the end of the line", `'\x00'`, "the end of the file").Replace(pe.Message)
	return Problem{Source: source, Line: line, Col: col, Message: message, Advice: "the file is not valid TOML there; see https://toml.io"}
}

func (f *file) runbook(t *table) Runbook {
	rb := Runbook{Source: f.source, Name: t.text("name"), Title: t.text("title"), Doc: strings.TrimSpace(t.text("doc"))}
	if rb.Name == "" {
		rb.Name = strings.TrimSuffix(filepath.Base(f.source), ".toml")
	}
	if !goodName(rb.Name) {
		t.wrong("name", "lower-case letters, digits and hyphens, a letter first", "%s cannot be a runbook's name", inventory.Told(rb.Name))
	}
	if rb.Title == "" {
		t.wrong("title", "say in a few words what the runbook does", "the runbook has no title")
	}
	rb.Risk = Risk(t.word("risk", risks...))
	if v, there := t.m["risk"]; !there || v == "" { // an empty one would be taken for read, and be run by --dry-run
		t.wrong("risk", `say risk = "read", "change" or "disrupt"`, "the runbook does not say its risk")
	}
	rb.Params = f.params(t)
	rb.Policy = f.policy(t.child("waves"))
	for _, part := range []struct {
		key   string
		phase Phase
	}{{"before", Before}, {"step", Main}, {"after", After}} {
		for _, st := range t.children(part.key) {
			rb.Steps = append(rb.Steps, f.step(st, part.phase, &rb))
		}
	}
	if len(rb.Steps) == 0 {
		t.wrong("step", "add a [[step]] with an id and a script", "the runbook has no steps")
	}
	t.close()
	return rb
}

func (f *file) params(t *table) []Param {
	var out []Param
	for _, pt := range t.children("param") {
		p := f.param(pt)
		if slices.ContainsFunc(out, func(q Param) bool { return q.Name == p.Name }) {
			pt.wrong("name", "", "there are two parameters named %q", p.Name)
		}
		out = append(out, p)
	}
	return out
}

func (f *file) param(t *table) Param {
	p := Param{
		Name: t.text("name"), Type: t.word("type", paramTypes...), Help: t.text("help"), Options: t.words("options"),
		Min: t.number("min"), Max: t.number("max"), Pattern: t.text("pattern"),
		Required: t.yes("required"), Secret: t.yes("secret"),
	}
	if p.Type == "" {
		p.Type = "string"
	}
	if !goodParam(p.Name) || strings.HasPrefix(p.Name, "tend_") {
		t.wrong("name", "lower-case letters, digits and underscores, a letter first, and not tend_…", "%q cannot be a parameter's name", p.Name)
	}
	if (p.Type == "choice") != (len(p.Options) > 0) {
		t.wrong("options", "", "a choice has options, and nothing else has")
	}
	if (p.Min != nil || p.Max != nil) && p.Type != "int" && p.Type != "duration" && p.Type != "list" {
		t.wrong("min", "", "min and max belong to an int, a duration, or a list of numbers")
	}
	if p.Min != nil && p.Max != nil && *p.Min > *p.Max {
		t.wrong("min", "", "min is above max")
	}
	if _, err := regexp.Compile(p.Pattern); err != nil {
		t.wrong("pattern", "see https://github.com/google/re2/wiki/Syntax", "the pattern is no regular expression: %v", err)
		p.Pattern = ""
	}
	p.Default = f.fallback(t, p)
	t.close()
	return p
}

// fallback reads a parameter's default, in whichever TOML type is natural for it.
func (f *file) fallback(t *table, p Param) string {
	v, there := t.get("default")
	if !there {
		return ""
	}
	if p.Required || p.Secret {
		t.wrong("default", "", "a required or secret parameter has no default")
		return ""
	}
	s, ok := scalar(v)
	if list, isList := v.([]any); isList && p.Type == "list" {
		s, ok = strings.Join(t.words("default"), " "), len(list) >= 0
	}
	if !ok {
		t.wrong("default", "", "default must fit the type %s", p.Type)
		return ""
	}
	plain, err := p.Value(s)
	if err != nil {
		t.wrong("default", "", "default %v", err)
	}
	return plain
}

func (f *file) policy(t *table) Policy {
	if t == nil {
		return Policy{}
	}
	p := f.waves(t)
	t.close()
	return p
}

// waves reads a policy's keys from a table that may hold others.
func (f *file) waves(t *table) Policy {
	p := Policy{Batch: t.plain("batch"), By: t.text("by"), MaxFailures: t.plain("max_failures"), Pause: t.text("pause"), Cutoff: t.text("cutoff")}
	if n := t.number("canary"); n != nil {
		p.Canary = *n
	}
	if n := t.number("parallel"); n != nil {
		p.Parallel = *n
	}
	for _, w := range p.problems() {
		t.wrong(w.key, w.advice, "%s", w.message)
	}
	return p
}
