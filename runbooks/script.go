package runbooks

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// variantNames are what a script's variants may be named after: package managers, families of operating systems, kernels.
// On the host the first of these that fits is taken, in the order package manager, family, kernel, default.
var variantNames = []string{
	"apt", "dnf5", "dnf", "yum", "zypper", "apk", "pacman", "pkg",
	"debian", "rhel", "suse", "alpine", "arch", "freebsd", "linux", "default",
}

// script reads a step's script: a string, or a table of variants.
func (f *file) script(t *table) string {
	v, there := t.get("script")
	if !there {
		return ""
	}
	if s, ok := v.(string); ok {
		f.checkScript(s, join(t.path, "script"))
		return s
	}
	if _, ok := v.(map[string]any); !ok {
		t.wrong("script", "", "script must be a string, or a table of variants")
		return ""
	}
	return f.variants(t.child("script"))
}

// variants makes one script of several: the host decides which of them it runs, so that the text is the same for all hosts.
// A key may name several: "dnf|yum".
func (f *file) variants(t *table) string {
	var names []string
	var arms strings.Builder
	for _, key := range t.keys() {
		body := t.text(key)
		f.checkScript(body, join(t.path, key))
		for _, n := range strings.Split(key, "|") {
			if !slices.Contains(variantNames, n) {
				t.problem(t.pos.key[join(t.path, key)], didYouMean(n, variantNames), "no host can have the variant %q", n)
			}
			if slices.Contains(names, n) {
				t.problem(t.pos.key[join(t.path, key)], "", "there are two variants for %s", n)
			}
			names = append(names, n)
		}
		fmt.Fprintf(&arms, "%s)\n%s\n;;\n", key, strings.TrimRight(body, "\n"))
	}
	return fmt.Sprintf("tend_variant %s\ncase $tend_variant in\n%sesac\n", strings.Join(names, " "), arms.String())
}

// checkScript sees that s is POSIX shell, and points into the file where it is not.
func (f *file) checkScript(s, path string) {
	if i := strings.IndexByte(s, '\r'); i >= 0 {
		f.problem(f.pos.within(path, i), "save the file with Unix line ends", "the script holds a carriage return, which sh would take as part of a word")
		return
	}
	if strings.TrimSpace(s) == "" {
		f.problem(f.pos.value[path], "", "the script is empty")
		return
	}
	if f.ours {
		return
	}
	if offset, err := checkShell(s); err != nil {
		f.problem(f.pos.within(path, offset), "scripts run under sh, so plain POSIX shell only", "the script is no POSIX shell: %v", err)
	}
}

// checkShell parses s as POSIX shell; offset is where in s the error is, in bytes.
func checkShell(s string) (offset int, err error) {
	if trimmed := strings.TrimRight(s, " \t\n"); strings.HasSuffix(trimmed, `\`) {
		return len(trimmed) - 1, errors.New("a backslash ends it")
	}
	_, err = syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(s), "")
	var pe syntax.ParseError
	var le syntax.LangError
	switch {
	case errors.As(err, &pe):
		return offsetOf(s, pe.Pos), errors.New(pe.Text)
	case errors.As(err, &le):
		return offsetOf(s, le.Pos), fmt.Errorf("%s is not in POSIX shell", strconv.Quote(le.Feature))
	}
	return 0, err
}

func offsetOf(s string, p syntax.Pos) int {
	if !p.IsValid() || p.Offset() > uint(len(s)) {
		return 0
	}
	return int(p.Offset())
}
