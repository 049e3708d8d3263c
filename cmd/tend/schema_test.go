package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// TestSchemasTakeWhatTendTakes: the example inventory and every built-in runbook fit the printed schemas; a misspelt key does not.
func TestSchemasTakeWhatTendTakes(t *testing.T) {
	files, err := filepath.Glob("../../runbooks/*.toml")
	if err != nil || len(files) == 0 {
		builtin, _ := filepath.Glob("../../runbooks/*/*.toml")
		files = builtin
	}
	if len(files) < 10 {
		t.Fatalf("found %d built-in runbooks", len(files))
	}
	runbook, inv := printed(t, "runbook"), printed(t, "inventory")
	for _, f := range files {
		if err := fits(runbook, decoded(t, read(t, f))); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	example := read(t, "../../inventory.toml")
	if err := fits(inv, decoded(t, example)); err != nil {
		t.Errorf("inventory.toml: %v", err)
	}
	for _, wrong := range []string{"[[site]]\nname = \"a\"\nwindwo = \"any\"\n", "[[site]]\n", "[[site]]\nname = 3\n", "[[group]]\nname=\"g\"\nmembers=\"all\"\nmax_down=\"few\"\n"} {
		if fits(inv, decoded(t, wrong)) == nil {
			t.Errorf("%q fits", wrong)
		}
	}
	plan := printed(t, "plan")
	if err := fits(plan, decoded(t, startPlan)); err != nil {
		t.Errorf("the start of a plan: %v", err)
	}
	for _, wrong := range []string{"gaol = \"x\"\n", "goal = \"x\"\n", "goal = 1\n[[run]]\nrunbook = \"x\"\n", "goal = \"x\"\n[[run]]\nscope = \"all\"\n"} {
		if fits(plan, decoded(t, wrong)) == nil {
			t.Errorf("%q fits", wrong)
		}
	}
	if fits(runbook, decoded(t, "title = \"x\"\nrisk = \"harmless\"\n")) == nil {
		t.Error("an unknown risk fits")
	}
}

func printed(t *testing.T, which string) map[string]any {
	t.Helper()
	var out strings.Builder
	if code := Main(context.Background(), []string{"schema", which}, streams{out: &out, err: os.Stderr}, func(string) string { return "" }); code != 0 {
		t.Fatalf("exit %d", code)
	}
	var s map[string]any
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// decoded is a TOML file in JSON's types.
func decoded(t *testing.T, text string) any {
	t.Helper()
	var v map[string]any
	if _, err := toml.Decode(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(dated(v))
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// dated has TOML's dates as JSON Schema's format wants them; a date with a time stays one.
func dated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = dated(e)
		}
	case []map[string]any:
		for _, e := range v {
			dated(e)
		}
	case time.Time:
		if v.Location().String() == "date-local" {
			return v.Format(time.DateOnly)
		}
	}
	return v
}
