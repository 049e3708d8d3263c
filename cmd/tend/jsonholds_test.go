package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tend/journal"
)

// holds says where a value is not of its type's shape: a key that the page does not have, one that is missing, or a value of another kind.
func holds(v any, t reflect.Type, at string) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	want := kindOf(t)
	switch v := v.(type) {
	case nil:
		if want == "array" || want == "object" || want == "any" {
			return nil
		}
	case map[string]any:
		if t == reflect.TypeFor[journal.Event]() {
			return holdsEvent(v, at)
		}
		if want == "object" {
			return holdsObject(v, t, at)
		}
	case []any:
		if want == "array" {
			for i, e := range v {
				if err := holds(e, t.Elem(), fmt.Sprintf("%s[%d]", at, i)); err != nil {
					return err
				}
			}
			return nil
		}
	case string:
		if want == "string" || t == reflect.TypeFor[time.Time]() {
			return nil
		}
	case bool:
		if want == "bool" {
			return nil
		}
	case float64:
		if want == "number" {
			return nil
		}
	}
	if want == "any" {
		return nil
	}
	return fmt.Errorf("%s is %v, and the page says %s", at, v, want)
}

func holdsEvent(v map[string]any, at string) error {
	for _, k := range []string{"origin", "run", "seq", "at", "kind", "prev", "hash", "body"} {
		if _, ok := v[k]; !ok {
			return fmt.Errorf("%s: an event without %s", at, k)
		}
	}
	return nil
}

func holdsObject(v map[string]any, t reflect.Type, at string) error {
	if t.Kind() == reflect.Map {
		for k, e := range v {
			if err := holds(e, t.Elem(), at+"."+k); err != nil {
				return err
			}
		}
		return nil
	}
	known := map[string]bool{}
	for _, k := range jsonKeys(t) {
		known[k.key] = true
		e, there := v[k.key]
		if !there && !k.lacks {
			return fmt.Errorf("%s lacks %s", at, k.key)
		}
		if there {
			if err := holds(e, k.of, at+"."+k.key); err != nil {
				return err
			}
		}
	}
	for k := range v {
		if !known[k] {
			return fmt.Errorf("%s has %s, which the page does not know", at, k)
		}
	}
	return nil
}

// holds holds what a command printed to the page.
func (p jsonForm) holds(t *testing.T, out string) {
	t.Helper()
	dec, n := json.NewDecoder(strings.NewReader(out)), 0
	for ; dec.More(); n++ {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Errorf("%s: %v in\n%s", p.command, err, out)
			return
		}
		if err := holds(v, reflect.TypeOf(p.of), p.command); err != nil {
			t.Errorf("%s: %v", p.command, err)
		}
	}
	if lines := strings.Count(out, "\n"); n == 0 || p.lines && n != lines || !p.lines && n != 1 {
		t.Errorf("%s printed %d objects in %d lines", p.command, n, lines)
	}
}
