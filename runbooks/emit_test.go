package runbooks

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"tend/quote"
)

var emitting = Step{ID: "s", Emits: "checks", Facts: []FactSpec{
	{Key: "pending", Type: "int"}, {Key: "due", Type: "bool"}, {Key: "ratio", Type: "number"}, {Key: "at", Type: "time"}, {Key: "held", Type: "list"},
	{Key: "os.id", Type: "string"}, {Key: "update.*", Type: "string"}, {Key: "disk:*", Type: "check"},
}}

func TestParseEmitted(t *testing.T) {
	out := "Reading package lists...\n" +
		"pending=3\nundeclared=1\ndue=yes\nratio=-0.5\nat=2026-11-22T22:13:00Z\nat=1795385580\nheld=a b\nos.id= debian \r\nupdate.libc6:amd64=1 -> 2 = x\n" +
		"update.=nothing\n pending=9\nPATH=/bin\n@check\tdisk:/var lib\tCRIT\t97\t%\t85/95\t1 GiB free\textra\n@check\tload\tOK\n@check odd\nno newline=1"
	facts, warnings := ParseEmitted(emitting, []byte(out))
	want := []Fact{
		{Key: "pending", Value: "3"}, {Key: "due", Value: "yes"}, {Key: "ratio", Value: "-0.5"}, {Key: "at", Value: "1795385580"},
		{Key: "held", Value: "a b"}, {Key: "os.id", Value: "debian"}, {Key: "update.libc6:amd64", Value: "1 -> 2 = x"},
		{Key: "disk:/var lib", Check: true, State: CheckCrit, Value: "97", Unit: "%", Threshold: "85/95", Text: "1 GiB free\textra"},
		{Key: "load", Check: true, State: CheckOK},
	}
	if !reflect.DeepEqual(facts, want) || len(warnings) != 0 {
		t.Errorf("%+v\nwarnings %q", facts, warnings)
	}
}

// TestBadValuesAreNotFacts: unknown is not OK, so a value that does not fit is a warning and nothing else.
func TestBadValuesAreNotFacts(t *testing.T) {
	for _, line := range []string{
		"pending=", "pending=3 updates", "pending=0x10", "pending=99999999999999999999", "due=true", "due=", "ratio=NaN", "ratio=Inf", "ratio=1e999",
		"at=yesterday", "at=-1", "held=" + strings.Repeat("x", maxValue+1), "pending=" + strings.Repeat("1", maxLine), "pending=\x1b[31m",
		"@check\t\tOK", "@check\t" + strings.Repeat("n", maxKey+1) + "\tOK", "@check\tx\x1b[2J\tOK",
	} {
		facts, warnings := ParseEmitted(emitting, []byte(line+"\n"))
		if len(facts) != 0 || len(warnings) != 1 || quote.Line(warnings[0]) != warnings[0] {
			t.Errorf("%.60q: facts %+v, warnings %q", line, facts, warnings)
		}
	}
	facts, warnings := ParseEmitted(emitting, []byte("@check\tload\tFINE\t1\n"))
	if len(facts) != 1 || facts[0].State != CheckUnknown || len(warnings) != 1 {
		t.Errorf("a state that is none: %+v, %q", facts, warnings)
	}
}

func TestOnlyChecksEmitChecks(t *testing.T) {
	s := emitting
	s.Emits = "facts"
	if facts, warnings := ParseEmitted(s, []byte("@check\tload\tCRIT\npending=1\n")); len(facts) != 1 || facts[0].Check || len(warnings) != 0 {
		t.Errorf("%+v, %q", facts, warnings)
	}
	s.Emits = ""
	if facts, _ := ParseEmitted(s, []byte("pending=1\n")); len(facts) != 0 {
		t.Errorf("%+v", facts)
	}
}

// TestMissingCheckIsUnknown: a script that dies half-way must not look healthy.
func TestMissingCheckIsUnknown(t *testing.T) {
	s := Step{Emits: "checks", Facts: []FactSpec{{Key: "load", Type: "check"}, {Key: "time", Type: "check"}, {Key: "raid:*", Type: "check"}}}
	facts, _ := ParseEmitted(s, []byte("@check\tload\tOK\n"))
	if len(facts) != 2 || facts[1].Key != "time" || facts[1].State != CheckUnknown || Verdict(facts) != CheckUnknown {
		t.Errorf("%+v", facts)
	}
}

func TestEmissionIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 3 * maxFacts {
		fmt.Fprintf(&b, "update.%d=x\npending=bad%d\n", i, i)
	}
	facts, warnings := ParseEmitted(emitting, []byte(b.String()))
	if len(facts) != maxFacts || len(warnings) > maxWarnings+2 {
		t.Errorf("%d facts, %d warnings", len(facts), len(warnings))
	}
}

func TestVerdict(t *testing.T) {
	fact := func(s CheckState) Fact { return Fact{Check: true, State: s} }
	for _, c := range []struct {
		states []CheckState
		want   CheckState
	}{
		{nil, CheckUnknown}, {[]CheckState{CheckOK}, CheckOK}, {[]CheckState{CheckOK, CheckWarn}, CheckWarn}, {[]CheckState{CheckWarn, CheckUnknown, CheckOK}, CheckUnknown},
		{[]CheckState{CheckUnknown, CheckCrit, CheckWarn}, CheckCrit}, {[]CheckState{CheckState(9), CheckOK}, CheckOK}, {[]CheckState{CheckState(-1), CheckWarn}, CheckWarn},
	} {
		facts := []Fact{{Key: "pending", Value: "1"}}
		for _, s := range c.states {
			facts = append(facts, fact(s))
		}
		if got := Verdict(facts); got != c.want {
			t.Errorf("%v: %v, want %v", c.states, got, c.want)
		}
	}
}

// FuzzParseEmitted: whatever a host prints, what is taken is bounded, valid, declared, and its warnings are fit for a screen.
func FuzzParseEmitted(f *testing.F) {
	for _, s := range []string{"pending=3\n", "@check\ta\tOK\t1\t%\t2\tx\n", "update.\xff=\xfe\n", "@check\t\x1b]0;x\a\tCRIT", "held=\u202e\n", "=\n==\n@check\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		facts, warnings := ParseEmitted(emitting, out)
		seen := map[string]bool{}
		for _, fact := range facts {
			if len(fact.Key) > maxKey || len(fact.Value) > maxValue || len(fact.Text) > maxValue || seen[fact.Key] || !utf8.ValidString(fact.Key+fact.Value+fact.Text) {
				t.Fatalf("%+v", fact)
			}
			seen[fact.Key] = true
			if spec, ok := (&emission{step: emitting}).spec(fact.Key); !fact.Check && (!ok || fits(spec.Type, fact.Value) != nil) {
				t.Fatalf("%+v", fact)
			}
		}
		for _, w := range warnings {
			if quote.Line(w) != w || len(w) > 1000 {
				t.Fatalf("%q", w)
			}
		}
	})
}
