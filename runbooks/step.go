package runbooks

import (
	"fmt"
	"slices"
	"strings"
)

var kinds = []string{string(Script), string(Check), string(Reboot), string(Manual), string(Wait)}

// step reads one [[before]], [[step]] or [[after]] table. rb holds what was read of the runbook so far.
func (f *file) step(t *table, phase Phase, rb *Runbook) Step {
	s := Step{
		ID: StepID(t.text("id")), Title: t.text("title"), Phase: phase, Kind: Kind(t.word("kind", kinds...)), Risk: Risk(t.word("risk", risks...)),
		Become: t.yes("become"), Given: t.text("given"), When: t.text("when"), Timeout: t.duration("timeout"), Repeat: t.yes("repeat"), AnyTime: t.yes("any_time"),
		OnFailure: t.word("on_failure", "stop", "go-on"), Undo: t.text("undo"), Emits: t.word("emits", "facts", "checks"),
		Words: t.text("words"), For: t.duration("for"),
	}
	if n := t.number("retries"); n != nil {
		s.Retries = *n
	}
	s.Script, s.Facts, s.Asks = f.script(t), f.facts(t), f.asks(t, rb)
	f.place(t, &s, rb)
	f.fetch(t, &s, rb)
	if s.Line = t.text("line"); s.Line != "" && !slices.ContainsFunc(rb.Params, func(p Param) bool { return p.Name == s.Line && !p.Secret }) {
		t.wrong("line", "", "there is no parameter %q, or it is secret", s.Line)
	}
	s.infer(rb.Risk)
	f.checkStep(t, s, rb)
	t.close()
	return s
}

// infer fills in what the file may leave unsaid.
func (s *Step) infer(worst Risk) {
	switch {
	case s.Kind != "":
	case s.Words != "":
		s.Kind = Manual
	case s.For > 0:
		s.Kind = Wait
	default:
		s.Kind = Script
	}
	if s.Risk == "" {
		s.Risk = Read
		if s.Kind == Reboot {
			s.Risk = Disrupt
		} else if s.Kind == Script && s.Phase != Before && worst != "" {
			s.Risk = worst
		}
	}
	if s.Emits == "" && len(s.Facts) > 0 {
		s.Emits = "facts"
		if s.Kind == Check || slices.ContainsFunc(s.Facts, func(f FactSpec) bool { return f.Type == "check" }) {
			s.Emits = "checks"
		}
	}
	if s.Title == "" {
		s.Title = string(s.ID)
	}
}

func (f *file) checkStep(t *table, s Step, rb *Runbook) {
	if !goodName(string(s.ID)) {
		t.wrong("id", "lower-case letters, digits and hyphens, a letter first", "%q cannot be a step's id", s.ID)
	}
	if slices.ContainsFunc(rb.Steps, func(o Step) bool { return o.ID == s.ID }) {
		t.wrong("id", "", "there are two steps named %q", s.ID)
	}
	if k, _ := t.m["kind"].(string); k == "" || slices.Contains(kinds, k) {
		f.checkKind(t, s)
	}
	if worse(s.Risk, rb.Risk) && rb.Risk != "" {
		t.wrong("risk", fmt.Sprintf("say risk = %q for the runbook", s.Risk), "the step's risk is %s, and the runbook says %s", s.Risk, rb.Risk)
	}
	if s.Risk != Read && (s.Phase == Before || s.Kind == Check) {
		t.wrong("risk", "make it a [[step]]", "a check, and a step before the work, may only read")
	}
	if s.Kind == Reboot && s.Risk != Disrupt { // --dry-run does what only reads
		t.wrong("risk", `leave it out, or say risk = "disrupt"`, "a reboot disrupts its host, and cannot be called %s", s.Risk)
	}
	if s.AnyTime && s.Risk == Disrupt {
		t.wrong("any_time", "", "what disrupts a host is bound by its maintenance window")
	}
	if s.Retries < 0 || s.Retries > maxRetries {
		t.wrong("retries", "", "retries must be between 0 and %d", maxRetries)
	}
	if s.Retries > 0 && s.Risk != Read && !s.Repeat {
		t.wrong("retries", "say repeat = true if the script may run twice", "a step that changes something is tried again only where that does no harm")
	}
	if s.When != "" {
		if advice, err := checkWhen(s.When, rb.Steps); err != nil {
			t.wrong("when", advice, "when: %v", err)
		}
	}
	if err := checkGiven(s.Given, rb.Params); err != nil {
		t.wrong("given", `write it as given = "reboot=if-needed,always"`, "given: %v", err)
	}
}

// checkKind sees that a step has what its kind needs, and nothing of another kind's.
func (f *file) checkKind(t *table, s Step) {
	needs := map[Kind]string{Script: "script", Check: "script", Manual: "words", Wait: "for"}[s.Kind]
	for _, key := range []string{"script", "words", "asks", "for"} {
		_, there := t.m[key]
		there = there || key == "script" && (t.says("copy") || t.says("template") || t.says("fetch"))
		switch {
		case key == needs && !there:
			t.wrong(key, "", "a step of kind %s needs %s", s.Kind, key)
		case key != needs && there && !(key == "asks" && s.Kind == Manual):
			t.wrong(key, "", "a step of kind %s has no %s", s.Kind, key)
		}
	}
	if s.Kind == Wait && s.For == 0 && t.m["for"] != nil {
		t.wrong("for", "", "a wait lasts longer than nothing")
	}
}

// worse reports whether a is a higher risk than b.
func worse(a, b Risk) bool {
	return slices.Index(risks, string(a)) > slices.Index(risks, string(b))
}

// facts reads the table of what a step emits: key = "TYPE what it is".
func (f *file) facts(t *table) []FactSpec {
	ft := t.child("facts")
	if ft == nil {
		return nil
	}
	var out []FactSpec
	for _, key := range ft.keys() {
		if _, isTable := ft.m[key].(map[string]any); isTable {
			ft.get(key)
			ft.wrong(key, `put a key with a dot in quotes: "os.id" = "string"`, "the fact %s is a table", key)
			continue
		}
		typ, help, _ := strings.Cut(ft.text(key), " ")
		if !slices.Contains(factTypes, typ) {
			ft.wrong(key, didYouMean(typ, factTypes), "the fact %s has the type %q, which is none of %s", key, typ, strings.Join(factTypes, ", "))
		}
		if !goodFactKey(strings.TrimSuffix(key, "*")) {
			ft.wrong(key, "no blanks, no =, and a * only at the end", "%q cannot be a fact's key", key)
		}
		out = append(out, FactSpec{Key: key, Type: typ, Help: strings.TrimSpace(help)})
	}
	return out
}

func (f *file) asks(t *table, rb *Runbook) []Ask {
	var out []Ask
	for _, at := range t.children("asks") {
		a := Ask{Name: at.text("name"), Text: at.text("text"), Type: at.word("type", "yes", "text"), Is: at.text("is")}
		if a.Type == "" {
			a.Type = "yes"
		}
		if !goodParam(a.Name) || a.Text == "" {
			at.wrong("name", "", "an answer that is asked for has a name and a text")
		}
		if a.Is != "" && !slices.ContainsFunc(rb.Steps, func(s Step) bool { return s.emits(a.Is) }) {
			at.wrong("is", "it is what the answer is held against; declare it under that step's facts", "no step before this one emits the fact %q", a.Is)
		}
		if slices.ContainsFunc(out, func(o Ask) bool { return o.Name == a.Name }) {
			at.wrong("name", "", "there are two answers named %q", a.Name)
		}
		at.close()
		out = append(out, a)
	}
	return out
}

// given splits "reboot=if-needed,always".
func given(s string) (param string, values []string) {
	param, list, _ := strings.Cut(s, "=")
	return strings.TrimSpace(param), strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func checkGiven(s string, params []Param) error {
	if s == "" {
		return nil
	}
	name, values := given(s)
	i := slices.IndexFunc(params, func(p Param) bool { return p.Name == name })
	switch {
	case i < 0:
		return fmt.Errorf("there is no parameter %q", name)
	case params[i].Type != "choice" && params[i].Type != "bool":
		return fmt.Errorf("the parameter %q is a %s, and must be a choice or a bool", name, params[i].Type)
	case len(values) == 0:
		return fmt.Errorf("no value of %q is named", name)
	}
	for _, v := range values {
		if _, err := params[i].Value(v); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	return nil
}
