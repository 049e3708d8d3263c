package sshconfig

import (
	"maps"
	"slices"
	"strings"
)

// Name is a word of a Host line.
type Name struct {
	Text    string
	Pattern bool // it has a * or a ?, or is negated
	File    string
	Line    int
}

// Names returns every word of the files' Host lines, once each, in their order; those of included files where they are included.
func (c *Config) Names() []Name {
	var out []Name
	seen := map[string]bool{}
	var walk func(f *file)
	walk = func(f *file) {
		for _, l := range f.lines {
			for _, inc := range l.includes {
				walk(inc)
			}
			if l.key != "host" {
				continue
			}
			for _, a := range l.args {
				if !seen[a] {
					seen[a] = true
					out = append(out, Name{Text: a, Pattern: strings.ContainsAny(a, "*?!"), File: f.name, Line: l.n})
				}
			}
		}
	}
	for _, f := range c.files {
		walk(f)
	}
	return out
}

// Options returns the names of the options that have a value, sorted.
func (a *Answer) Options() []string { return slices.Sorted(maps.Keys(a.options)) }
