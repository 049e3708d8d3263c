package runbooks

import (
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"tend/quote"
)

// Broken is a file of the user's own that is no runbook as it stands. It refuses the runbook that it would be, by its name, and no other.
type Broken struct {
	Name      string // of the runbook that it would be
	Source    string // the file
	Line, Col int    // of the first thing that is wrong; 0 = not about a line
	// Error is all that is wrong, a line each, with what to do about it on the line below.
	Error string
	// Hidden says that an earlier directory has a runbook of that name: this file is not missed.
	Hidden bool
	err    error
}

// First is the first thing that is wrong, on one line, with file, line and column.
func (b Broken) First() string {
	first, _, _ := strings.Cut(b.Error, "\n")
	return first
}

// broken is about a file whose name is its author's word, and may hold what acts on a terminal.
func broken(name, path string, err error) Broken {
	b := Broken{Name: quote.Line(name), Source: path, Error: err.Error(), err: err}
	var p Problem
	if errors.As(err, &p) {
		b.Line, b.Col = p.Line, p.Col
	}
	return b
}

// twin says of a file that another of its directory has its name: which of the two is meant, nobody knows.
func twin(rb, other Runbook) error {
	return Problems{{Source: rb.Source, Line: 1, Col: 1, Message: "the name \"" + rb.Name + "\" is " + other.Source + "'s already", Advice: "give one of them another name"}}
}

// named finds a runbook's name in a file that is no TOML, and header where its tables begin: the key stands before all of them.
var (
	named = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*["']?name["']?[ \t]*=[ \t]*["']*([a-z][a-z0-9-]{0,63})`)
	})
	header = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^[ \t]*\[{1,2}[ \t]*[A-Za-z]`) })
)

// meant are the names that a broken file may have meant for its runbook. Where it cannot be read as TOML these are the file's own and any
// that it seems to say: it is better that one too many is refused than that a built-in runbook is run in place of the user's own.
func meant(path string) []string {
	stem := strings.TrimSuffix(filepath.Base(path), ".toml")
	data, err := ReadFile(path)
	if err != nil {
		return []string{stem}
	}
	if said, problems := values(path, data); problems == nil {
		if name, is := said["name"].(string); is && goodName(name) {
			return []string{name}
		}
		return []string{stem}
	}
	top := string(data)
	if at := header().FindStringIndex(top); at != nil {
		top = top[:at[0]]
	}
	out := []string{stem}
	for _, m := range named().FindAllStringSubmatch(top, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// Broken are the files that are no runbooks, by the name that is refused for each, sorted.
func (l Library) Broken() []Broken {
	out := make([]Broken, 0, len(l.broken))
	for _, name := range slices.Sorted(maps.Keys(l.broken)) {
		out = append(out, l.broken[name])
	}
	return out
}
