package runbooks

// What a step tells about its host, it prints on standard output, a line each, among its ordinary output:
//
//	key=value                                   a fact; only keys that the step declares are taken
//	@check NAME STATE VALUE UNIT THRESHOLD TEXT a check, fields separated by one tab; STATE is OK, WARN, CRIT or UNKNOWN
//
// Everything else is output for people. A declared value that does not fit its type is not taken and is reported as a
// warning: unknown is not OK. A key that comes twice counts as it came last. A step that declares checks and does not report
// one of them has that one as UNKNOWN.
//
// The output is a stranger's: a line is at most maxLine bytes, a key maxKey, a value maxValue, and a step gives at most maxFacts facts
// and maxWarnings warnings. Bytes that are not UTF-8 become U+FFFD. Nothing here is fit for a terminal before quote.Line saw it.

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tend/quote"
)

// The bounds of what is taken from a host.
const (
	maxLine     = 8192
	maxKey      = 200
	maxValue    = 4096
	maxFacts    = 5000
	maxWarnings = 20
)

var factTypes = []string{"string", "int", "bool", "number", "time", "list", "check"}

var checkStates = map[string]CheckState{"OK": CheckOK, "WARN": CheckWarn, "CRIT": CheckCrit, "UNKNOWN": CheckUnknown}

// String is the state as check lines spell it.
func (c CheckState) String() string {
	switch c {
	case CheckOK:
		return "OK"
	case CheckWarn:
		return "WARN"
	case CheckCrit:
		return "CRIT"
	default:
		return "UNKNOWN"
	}
}

// ParseEmitted reads the facts and checks that a step printed. It never fails: what cannot be taken is a warning, fit for a screen.
func ParseEmitted(s Step, output []byte) (facts []Fact, warnings []string) {
	e := emission{step: s, at: map[string]int{}}
	if s.Emits == "" {
		return nil, nil
	}
	for len(output) > 0 && !e.full {
		line, rest, _ := bytes.Cut(output, []byte("\n"))
		output = rest
		e.line(line)
	}
	e.missing()
	if e.lost > 0 {
		e.warnings = append(e.warnings, fmt.Sprintf("and %d more lines like these", e.lost))
	}
	return e.facts, e.warnings
}

// LastLine is the last line of a step's output that says something and is neither a fact nor a check: what went wrong is said there, also
// where the step goes on to count what it had done until then. Where there is none, it is the last line of all.
func LastLine(s Step, output []byte) []byte {
	output = bytes.TrimSpace(output)
	last := output[bytes.LastIndexByte(output, '\n')+1:]
	for rest := output; len(rest) > 0; {
		i := bytes.LastIndexByte(rest, '\n')
		line := bytes.TrimSpace(rest[i+1:])
		if len(line) > 0 && !Told(s, line) {
			return line
		}
		rest = rest[:max(i, 0)]
	}
	return last
}

// Told reports whether a line is one of the facts or checks that the step emits.
func Told(s Step, line []byte) bool {
	if s.Emits == "" {
		return false
	}
	if bytes.HasPrefix(line, []byte("@check\t")) {
		return s.Emits == "checks"
	}
	_, _, ok := (&emission{step: s}).declared(line)
	return ok
}

type emission struct {
	step     Step
	facts    []Fact
	at       map[string]int // a fact's place, by key
	warnings []string
	lost     int
	full     bool
}

func (e *emission) warn(format string, args ...any) {
	if len(e.warnings) >= maxWarnings {
		e.lost++
		return
	}
	e.warnings = append(e.warnings, fmt.Sprintf(format, args...))
}

func (e *emission) line(line []byte) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	check := bytes.HasPrefix(line, []byte("@check\t"))
	if check && e.step.Emits != "checks" {
		return
	}
	if len(line) > maxLine {
		if key, _, ok := e.declared(line[:maxLine]); check || ok {
			e.warn("a line of %d bytes is too long to be a fact: %s…", len(line), quote.Line(clip(key, 40)))
		}
		return
	}
	if check {
		e.check(strings.ToValidUTF8(string(line), "\ufffd"))
		return
	}
	key, spec, ok := e.declared(line)
	if !ok {
		return
	}
	value := strings.ToValidUTF8(strings.TrimSpace(string(line[len(key)+1:])), "\ufffd")
	if err := fits(spec.Type, value); err != nil {
		e.warn("%s: %v", quote.Line(key), err)
		return
	}
	e.add(Fact{Key: key, Value: value})
}

// declared returns the key at the head of a "key=value" line where the step declares it.
func (e *emission) declared(line []byte) (string, FactSpec, bool) {
	i := bytes.IndexByte(line, '=')
	if i <= 0 || i > maxKey || !goodFactKey(string(line[:i])) {
		return "", FactSpec{}, false
	}
	key := string(line[:i])
	spec, ok := e.spec(key)
	return key, spec, ok && spec.Type != "check"
}

// emits reports whether a step declares a fact of that key that is no check.
func (s Step) emits(key string) bool {
	spec, ok := (&emission{step: s}).spec(key)
	return ok && spec.Type != "check"
}

func (e *emission) spec(key string) (FactSpec, bool) {
	for _, f := range e.step.Facts {
		prefix, family := strings.CutSuffix(f.Key, "*")
		if f.Key == key || family && strings.HasPrefix(key, prefix) && len(key) > len(prefix) {
			return f, true
		}
	}
	return FactSpec{}, false
}

// goodFactKey: printable UTF-8 without blanks or "=".
func goodFactKey(key string) bool {
	for _, r := range key {
		if r <= ' ' || r == '=' || r == utf8.RuneError || !quote.Shown(r) {
			return false
		}
	}
	return key != ""
}

// check reads "@check\tNAME\tSTATE\tVALUE\tUNIT\tTHRESHOLD\tTEXT"; fields at the end may lack.
func (e *emission) check(line string) {
	field := strings.SplitN(line, "\t", 7)
	for len(field) < 7 {
		field = append(field, "")
	}
	name := strings.TrimSpace(field[1])
	if name == "" || len(name) > maxKey || !goodFactKey(strings.ReplaceAll(name, " ", "_")) {
		e.warn("a check line has no usable name: %s", quote.Line(clip(line, 60)))
		return
	}
	state, ok := checkStates[field[2]]
	text := field[6]
	if !ok {
		e.warn("check %s: the state %q is none of OK, WARN, CRIT, UNKNOWN", quote.Line(name), quote.Line(clip(field[2], 40)))
		text = "the host reported no valid state"
	}
	e.add(Fact{Key: name, Check: true, State: state, Value: clip(field[3], maxKey), Unit: clip(field[4], maxKey),
		Threshold: clip(field[5], maxKey), Text: clip(text, maxValue)})
}

// add takes a fact; one of the same key gives way to it.
func (e *emission) add(f Fact) {
	if i, again := e.at[f.Key]; again {
		e.facts[i] = f
		return
	}
	if len(e.facts) >= maxFacts {
		e.warnings = append(e.warnings, fmt.Sprintf("more than %d facts: the rest is not taken", maxFacts))
		e.full = true
		return
	}
	e.at[f.Key] = len(e.facts)
	e.facts = append(e.facts, f)
}

// missing makes UNKNOWN of each check that was declared by its full name and did not come.
func (e *emission) missing() {
	if e.step.Emits != "checks" {
		return
	}
	for _, f := range e.step.Facts {
		if _, came := e.at[f.Key]; f.Type == "check" && !strings.HasSuffix(f.Key, "*") && !came {
			e.facts = append(e.facts, Fact{Key: f.Key, Check: true, State: CheckUnknown, Text: "the host did not report it"})
		}
	}
}

// fits says why value is not of the type, or nil.
func fits(typ, value string) error {
	if len(value) > maxValue {
		return fmt.Errorf("the value has %d bytes, and %d are the most that are taken", len(value), maxValue)
	}
	ok := true
	switch typ {
	case "int":
		_, err := strconv.ParseInt(value, 10, 64)
		ok = err == nil
	case "number":
		v, err := strconv.ParseFloat(value, 64)
		ok = err == nil && v-v == 0 // neither infinite nor not a number
	case "bool":
		ok = value == "yes" || value == "no"
	case "time":
		_, err := time.Parse(time.RFC3339, value)
		_, err2 := strconv.ParseUint(value, 10, 40)
		ok = err == nil || err2 == nil
	}
	if !ok {
		return fmt.Errorf("%q is not of the type %s", quote.Line(clip(value, 40)), typ)
	}
	return nil
}

// clip cuts s to at most n bytes, never within a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// severity orders the verdicts: CRIT is worst, then UNKNOWN, WARN, OK.
var severity = [...]int{CheckOK: 0, CheckWarn: 1, CheckUnknown: 2, CheckCrit: 3}

// Verdict is the worst state among the checks in facts: CRIT, then UNKNOWN, WARN, OK. Where there are no checks it is UNKNOWN.
func Verdict(facts []Fact) CheckState {
	worst, any := CheckOK, false
	for _, f := range facts {
		if !f.Check {
			continue
		}
		any = true
		if int(f.State) >= 0 && int(f.State) < len(severity) && severity[f.State] > severity[worst] {
			worst = f.State
		}
	}
	if !any {
		return CheckUnknown
	}
	return worst
}
