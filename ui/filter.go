package ui

import (
	"strings"

	"tend/inventory"
)

// filter reads a filter line as it is typed: words are parts of a name, a path, a tag or an OS, without regard to case; words with an
// operator, a range or a glob are selector terms. All must hold; `!` turns one around. A selector that is not finished yet holds for
// every host. nil means that every host matches.
func filter(text string, values inventory.Values) func(*inventory.Host) bool {
	var terms []string
	var words []word
	for _, w := range strings.Fields(text) {
		if strings.ContainsAny(w, "=<>[*?\"") {
			terms = append(terms, w)
			continue
		}
		rest, not := strings.CutPrefix(w, "!")
		if rest != "" {
			words = append(words, word{strings.ToLower(rest), not})
		}
	}
	sel, err := inventory.ParseSelector(strings.Join(terms, " "))
	selects := err == nil && len(terms) > 0
	if !selects && len(words) == 0 {
		return nil
	}
	return func(h *inventory.Host) bool {
		for _, w := range words {
			if w.in(h) == w.not {
				return false
			}
		}
		return !selects || sel.Match(*h, values)
	}
}

// word is a part of something, wanted or not.
type word struct {
	text string
	not  bool
}

func (w word) in(h *inventory.Host) bool {
	if contains(string(h.Name), w.text) || contains(h.OS, w.text) || contains(h.Site, w.text) || contains(h.Rack, w.text) {
		return true
	}
	if strings.Contains(w.text, "/") && contains(h.Site+"/"+h.Rack, w.text) {
		return true
	}
	for _, t := range h.Tags {
		if contains(t, w.text) {
			return true
		}
	}
	return false
}

// contains is strings.Contains without regard to the case of ASCII letters; part is in lower case. It allocates nothing.
func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		j := 0
		for j < len(part) && lower(s[i+j]) == part[j] {
			j++
		}
		if j == len(part) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// selectHosts spells a set of hosts as a selector.
func selectHosts(ids []inventory.HostID) string { return inventory.HostSet(ids) }
