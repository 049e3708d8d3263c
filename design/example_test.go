package design

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"tend/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// TestExample holds what is found in the example inventory, and what four losses would do to it, against testdata. Its line numbers are
// held against the inventory instead, so that a comment more or less there changes nothing here.
func TestExample(t *testing.T) {
	inv, err := inventory.Load("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	inv.Path = "inventory.toml"
	r := Check(inv, now, Options{Silences: Silences(read(t, "../inventory.toml"))})
	for i := range r.Findings {
		f := &r.Findings[i]
		if want := lineOf(inv, *f); f.Line != want {
			t.Errorf("%s: %s: line %d, want %d", f.Rule, f.What, f.Line, want)
		}
		f.Line = 0
	}
	var text, impact bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/example.txt", text.Bytes())
	for _, s := range []string{"rack=r04", "feed=A", "site=ams1", "db-0410"} {
		i := Without(inv, nil, selector(t, s))
		if err := i.Text(&impact); err != nil {
			t.Fatal(err)
		}
		impact.WriteByte('\n')
	}
	golden(t, "testdata/without.txt", impact.Bytes())
}

// lineOf is where the inventory declares what a finding is about: its group, its service, or the first of its hosts.
func lineOf(inv *inventory.Inventory, f Finding) int {
	for _, g := range inv.Groups {
		if g.Name == f.Group {
			return g.Line
		}
	}
	for _, s := range inv.Services {
		if s.Name == f.Service {
			return s.Line
		}
	}
	h, _ := inv.Host(f.Hosts[0])
	return h.Line
}

// TestJSON holds the documents that machines read.
func TestJSON(t *testing.T) {
	inv := parse(t, plant)
	var b bytes.Buffer
	if err := Check(inv, now, ignore("ignore no-backup service=shop until 2027-01-01: it keeps nothing")).JSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := Without(inv, nil, selector(t, "feed=A")).JSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/plant.json", b.Bytes())
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, path); !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func selector(t *testing.T, s string) inventory.Selector {
	t.Helper()
	sel, err := inventory.ParseSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return sel
}
