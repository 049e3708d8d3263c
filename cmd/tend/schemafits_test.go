package main

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// validator checks values against the part of JSON Schema (draft 7) that the schemas use; a keyword that it does not know is a fault.
type validator struct{ root map[string]any }

// fits checks a file against a schema.
func fits(root map[string]any, v any) error { return validator{root}.check(root, v, "file") }

func (c validator) check(s map[string]any, v any, at string) error {
	for key, want := range s {
		if err := c.keyword(s, key, want, v, at); err != nil {
			return err
		}
	}
	return nil
}

func (c validator) ok(s any, v any) bool { return c.check(s.(map[string]any), v, "") == nil }

func (c validator) keyword(s map[string]any, key string, want, v any, at string) error {
	good := true
	switch key {
	case "$schema", "title", "description", "definitions", "then", "else":
	case "$ref":
		def, there := c.root["definitions"].(map[string]any)[strings.TrimPrefix(want.(string), "#/definitions/")].(map[string]any)
		if !there {
			return fmt.Errorf("%s: no definition %s", at, want)
		}
		return c.check(def, v, at)
	case "anyOf":
		good = slices.ContainsFunc(want.([]any), func(o any) bool { return c.ok(o, v) })
	case "allOf":
		for _, o := range want.([]any) {
			if err := c.check(o.(map[string]any), v, at); err != nil {
				return err
			}
		}
	case "not":
		good = !c.ok(want, v)
	case "if":
		branch, there := s["else"], s["else"] != nil
		if c.ok(want, v) {
			branch, there = s["then"], true
		}
		good = !there || c.ok(branch, v)
	case "enum":
		good = slices.ContainsFunc(want.([]any), func(o any) bool { return reflect.DeepEqual(o, v) })
	case "type":
		good = map[string]bool{"object": is2[map[string]any](v), "array": is2[[]any](v), "string": is2[string](v), "boolean": is2[bool](v), "integer": whole(v)}[want.(string)]
	default:
		return c.within(key, want, s, v, at)
	}
	if !good {
		return fmt.Errorf("%s: %v: %s is not so: %v", at, v, key, want)
	}
	return nil
}

func is2[T any](v any) bool { _, ok := v.(T); return ok }

func whole(v any) bool { n, ok := v.(float64); return ok && n == math.Trunc(n) }

// within looks at the keywords that say nothing of values of another type.
func (c validator) within(key string, want any, s map[string]any, v any, at string) error {
	good, known := true, true
	switch v := v.(type) {
	case string:
		good = c.text(key, want, v)
	case float64:
		good = key != "minimum" && key != "maximum" || key == "minimum" && v >= want.(float64) || key == "maximum" && v <= want.(float64)
	case []any:
		if key == "items" {
			for i, e := range v {
				if err := c.check(want.(map[string]any), e, fmt.Sprint(at, "[", i, "]")); err != nil {
					return err
				}
			}
		}
		good = key != "minItems" && key != "maxItems" || key == "minItems" && len(v) >= int(want.(float64)) || key == "maxItems" && len(v) <= int(want.(float64))
	case map[string]any:
		return c.object(key, want, s, v, at)
	}
	known = slices.Contains([]string{"pattern", "minLength", "maxLength", "format", "minimum", "maximum", "items", "minItems", "maxItems", "properties", "propertyNames", "additionalProperties", "required", "dependencies"}, key)
	if !good || !known {
		return fmt.Errorf("%s: %v: %s is not so: %v", at, v, key, want)
	}
	return nil
}

func (c validator) text(key string, want any, v string) bool {
	switch key {
	case "pattern":
		return regexp.MustCompile(want.(string)).MatchString(v)
	case "minLength":
		return utf8.RuneCountInString(v) >= int(want.(float64))
	case "maxLength":
		return utf8.RuneCountInString(v) <= int(want.(float64))
	case "format":
		_, err := time.Parse(time.DateOnly, v)
		return err == nil
	}
	return true
}

func (c validator) object(key string, want any, s map[string]any, v map[string]any, at string) error {
	props, _ := s["properties"].(map[string]any)
	for k, e := range v {
		part, named := props[k].(map[string]any)
		switch {
		case key == "properties" && named:
			if err := c.check(part, e, at+"."+k); err != nil {
				return err
			}
		case key == "propertyNames" && !c.ok(want, k):
			return fmt.Errorf("%s: no key may be called %q", at, k)
		case key == "additionalProperties" && !named && (want == false || want != true && !c.ok(want, e)):
			return fmt.Errorf("%s: unknown key %s, or it may not hold %v", at, k, e)
		case key == "dependencies":
			if need := want.(map[string]any)[k]; need != nil && !c.depends(need, v) {
				return fmt.Errorf("%s: %s wants %v", at, k, need)
			}
		}
	}
	if key == "required" {
		for _, r := range want.([]any) {
			if v[r.(string)] == nil {
				return fmt.Errorf("%s: no %s", at, r)
			}
		}
	}
	return nil
}

func (c validator) depends(need any, v map[string]any) bool {
	if keys, list := need.([]any); list {
		return !slices.ContainsFunc(keys, func(k any) bool { return v[k.(string)] == nil })
	}
	return c.ok(need, v)
}
