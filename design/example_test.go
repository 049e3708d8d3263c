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

// TestExample holds what is found in the example inventory, and what four losses would do to it, against testdata.
func TestExample(t *testing.T) {
	inv, err := inventory.Load("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	inv.Path = "inventory.toml"
	var text, js bytes.Buffer
	r := Check(inv, now, Options{Silences: Silences(read(t, "../inventory.toml"))})
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&js); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/example.txt", text.Bytes())
	golden(t, "testdata/example.json", js.Bytes())
	var impact bytes.Buffer
	for _, s := range []string{"rack=r04", "feed=A", "site=ams1", "db-0410"} {
		i := Without(inv, selector(t, s), nil)
		if err := i.Text(&impact); err != nil {
			t.Fatal(err)
		}
		impact.WriteByte('\n')
	}
	golden(t, "testdata/without.txt", impact.Bytes())
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
