package report

import (
	"os/exec"
	"strings"
	"testing"

	"tend/journal"
)

// valid holds a document against testdata/junit.xsd with libxml2's xmllint.
func valid(t *testing.T, doc string) error {
	t.Helper()
	cmd := exec.Command("xmllint", "--nonet", "--noout", "--schema", "testdata/junit.xsd", "-")
	cmd.Stdin = strings.NewReader(doc)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s", out)
	}
	return err
}

// TestJUnitSchema: what is written as JUnit XML is what Jenkins takes: of a night, of several runs, of one in which everything is hostile,
// of one that has only begun, and of none.
func TestJUnitSchema(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("no xmllint here")
	}
	r := night(t).fold(Limits{})
	begun := newBook(t)
	begun.at(0, journal.PlanAccepted{Plan: *r.State.Plan(), By: ops})
	for name, doc := range map[string]string{"a night": written(t, "xml", r), "two": written(t, "xml", r, r), "hostile": written(t, "xml", hostile(t)),
		"begun": written(t, "xml", begun.fold(Limits{})), "none": written(t, "xml")} {
		if err := valid(t, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc := written(t, "xml", r)
	for from, to := range map[string]string{
		`<testsuites name="tend"`: `<testsuites name="tend" skipped="10"`,
		` errors="0"`:             ``,
		`</failure>`:              `</failure><skipped type="x"></skipped>`,
		`T22:13:03"`:              `T22:13:03Z"`,
		` classname="`:            ` class="`,
		`time="573.000"`:          `time="9m33s"`,
		` type="failed"`:          ``,
	} {
		if !strings.Contains(doc, from) || valid(t, strings.Replace(doc, from, to, 1)) == nil {
			t.Errorf("with %q instead of %q it is still taken", to, from)
		}
	}
}
