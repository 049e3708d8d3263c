package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"tend/journal"
)

// formats are all writers, by the suffix of their goldens.
var formats = map[string]func(io.Writer, ...*Run) error{"md": Markdown, "html": HTML, "json": JSON, "xml": JUnit}

func written(t *testing.T, format string, runs ...*Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](&b, runs...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPeriod: a period's report begins with its runs in a table and with what was done apart from the design; where there was nothing of
// either, it says so.
func TestPeriod(t *testing.T) {
	r := night(t).fold(Limits{})
	r.State.Accepted.Plan.OutsideWindow, r.State.Accepted.Inventory = "the vendor is here", journal.InventoryRef{Path: "i.toml"}
	p := &Period{Since: t0, Until: t0.Add(24 * 60 * minute), Runs: []*Run{r}}
	for _, what := range Departing(r.State.Accepted) {
		p.Deviations = append(p.Deviations, Deviation{At: t0, What: what, Run: runID, On: "all", By: "ops<b>", Reason: "why", Ticket: "T-1"})
	}
	d, ok := Aside(journal.Event{At: t0, Body: journal.ShellOpened{Session: "s1", Host: "db-0410", By: ops, Reason: "look", Recorded: true}})
	if !ok || d.What != "opened a shell, recorded as s1" || d.Reason != "look" {
		t.Errorf("a shell is %+v %v", d, ok)
	}
	p.Deviations = append(p.Deviations, d)
	if _, ok := Aside(journal.Event{Body: journal.Noted{Text: "all is well"}}); ok {
		t.Error("a mere note is a deviation")
	}
	empty := &Period{Since: t0, Until: t0.Add(minute)}
	for name, write := range map[string][2]func(io.Writer) error{"md": {p.Markdown, empty.Markdown}, "html": {p.HTML, empty.HTML}, "json": {p.JSON, empty.JSON}} {
		var full, none bytes.Buffer
		if err := errors.Join(write[0](&full), write[1](&none)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"outside of maintenance windows: the vendor is here", "from an inventory that is in no git repository", "opened a shell, recorded as s1", "T-1", string(runID)} {
			if !strings.Contains(full.String(), want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		if strings.Contains(full.String(), "<b>") {
			t.Errorf("%s: markup of others stands", name)
		}
		want := map[string]string{"md": "Nothing was done apart from the design.", "html": "Nothing was done apart from the design.", "json": `"runs":0,"hosts":[],"deviations":[]`}[name]
		if !strings.Contains(none.String(), want) {
			t.Errorf("%s: an empty period says %s", name, none.String())
		}
	}
}

// TestGoldens holds the report of one night, in each format, against testdata.
func TestGoldens(t *testing.T) {
	r := night(t).fold(Limits{})
	r.Add(journal.Event{At: t0.Add(12 * minute), Body: journal.Noted{Host: "db-0410", Run: runID, Text: "disk is on order", By: ops}})
	r.Add(journal.Event{At: t0.Add(12 * minute), Body: journal.Noted{Run: "another", Text: "of another run", By: ops}})
	r.Add(journal.Event{At: t0.Add(13 * minute), Body: journal.Sealed{Statement: "tend journal seal 1\n", Signature: "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", Key: "ssh-ed25519 AAAA ops"}})
	for format := range formats {
		got, path := written(t, format, r), "testdata/night."+format
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := readFile(t, path); got != want {
			t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
		}
	}
}
