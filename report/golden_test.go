package report

import (
	"bytes"
	"io"
	"os"
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
