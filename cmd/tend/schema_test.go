package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// fits checks a value against the part of JSON Schema that the schemas use.
func fits(root map[string]any, v any) error {
	var check func(s map[string]any, v any, at string) error
	check = func(s map[string]any, v any, at string) error {
		if ref, ok := s["$ref"].(string); ok {
			def := root["definitions"].(map[string]any)[strings.TrimPrefix(ref, "#/definitions/")]
			if def == nil {
				return fmt.Errorf("%s: no definition %s", at, ref)
			}
			return check(def.(map[string]any), v, at)
		}
		if any, ok := s["anyOf"].([]any); ok {
			if !slices.ContainsFunc(any, func(o interface{}) bool { return check(o.(map[string]interface{}), v, at) == nil }) {
				return fmt.Errorf("%s: fits none", at)
			}
			return nil
		}
		switch s["type"] {
		case "object":
			m, ok := v.(map[string]any)
			if !ok {
				return fmt.Errorf("%s: no table", at)
			}
			props, _ := s["properties"].(map[string]any)
			for k, e := range m {
				p, known := props[k].(map[string]any)
				if !known {
					if extra, is := s["additionalProperties"].(bool); is && !extra {
						return fmt.Errorf("%s: unknown key %s", at, k)
					}
					continue
				}
				if err := check(p, e, at+"."+k); err != nil {
					return err
				}
			}
			required, _ := s["required"].([]any)
			for _, r := range required {
				if m[r.(string)] == nil {
					return fmt.Errorf("%s: no %s", at, r)
				}
			}
		case "array":
			list, ok := v.([]any)
			if !ok {
				return fmt.Errorf("%s: no array", at)
			}
			for i, e := range list {
				if err := check(s["items"].(map[string]any), e, fmt.Sprint(at, "[", i, "]")); err != nil {
					return err
				}
			}
		case "string":
			text, ok := v.(string)
			if !ok {
				return fmt.Errorf("%s: no string", at)
			}
			if enum, is := s["enum"].([]any); is && !slices.Contains(enum, v) {
				return fmt.Errorf("%s: %q is none of %v", at, text, enum)
			}
			if p, is := s["pattern"].(string); is && !regexp.MustCompile(p).MatchString(text) {
				return fmt.Errorf("%s: %q", at, text)
			}
			if s["format"] == "date" {
				if _, err := time.Parse(time.RFC3339, text); err != nil {
					return fmt.Errorf("%s: %q is no date", at, text)
				}
			}
		case "integer":
			if n, ok := v.(float64); !ok || n != float64(int(n)) {
				return fmt.Errorf("%s: no integer", at)
			}
		case "boolean":
			if _, ok := v.(bool); !ok {
				return fmt.Errorf("%s: no bool", at)
			}
		default:
			return fmt.Errorf("%s: the schema says nothing", at)
		}
		return nil
	}
	return check(root, v, "file")
}
