package index

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tend/inventory"
	"tend/journal"
)

// Asked is what a person typed: a Search, and which hosts it is about in the selector language ("" = all). Who knows the inventory
// turns Selector into Search.Hosts.
type Asked struct {
	Search
	Selector string
}

// hostKeys are the keys of the selector language that a search takes.
var hostKeys = []string{"host", "name", "site", "rack", "tag", "group", "service", "feed", "addr", "unit", "os", "prod"}

// askKeys are those about runs and events.
var askKeys = []string{"run", "runbook", "who", "result", "kind", "since", "until"}

// AskError is why a text is no search.
type AskError struct{ text, hint string }

func (e *AskError) Error() string { return e.text }

// Hint says how it is written.
func (e *AskError) Hint() string { return e.hint }

// Ask reads a search as it is typed: words as in Search.Text, and conditions among them.
//
//	no space left host=web-[01-20] site=ams1 !tag=canary runbook=patch who=kim result=failed,aborted since=7d until=2026-11-01
//
// Conditions on hosts are those of a selector, with host for name; run, runbook, who, result, kind, since and until are about the run and
// the event. when reads a time. A word that only looks like a condition is looked for as a word; one in quotes always is.
func Ask(text string, when func(string) (time.Time, error)) (Asked, error) {
	var a Asked
	var words, hosts []string
	for _, w := range typed(text) {
		key, value, cond := condition(w)
		switch {
		case cond && slices.Contains(hostKeys, key):
			hosts = append(hosts, hostTerm(w))
		case cond && slices.Contains(askKeys, key):
			if err := a.take(w, key, value, when); err != nil {
				return a, err
			}
		default:
			words = append(words, w)
		}
	}
	a.Text, a.Selector = strings.Join(words, " "), strings.Join(hosts, " ")
	if _, err := inventory.ParseSelector(a.Selector); err != nil {
		return a, err
	}
	return a, nil
}

// typed splits at spaces, but not within quotes.
func typed(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		quoted = quoted != (r == '"')
		return !quoted && unicode.IsSpace(r)
	})
}

// condition takes !key=value, key>value and the like apart.
func condition(w string) (key, value string, ok bool) {
	w = strings.TrimPrefix(w, "!")
	i := strings.IndexFunc(w, func(r rune) bool { return r < 'a' || r > 'z' })
	if i <= 0 || !strings.ContainsRune("=!<>", rune(w[i])) {
		return "", "", false
	}
	return w[:i], strings.TrimLeft(w[i:], "=!<>"), true
}

// hostTerm writes host as name, which is the selector's word.
func hostTerm(w string) string {
	rest, not := strings.CutPrefix(w, "!")
	if r, ok := strings.CutPrefix(rest, "host"); ok {
		rest = "name" + r
	}
	if not {
		return "!" + rest
	}
	return rest
}

// take takes a condition on runs or events in.
func (a *Asked) take(w, key, value string, when func(string) (time.Time, error)) error {
	value = strings.Trim(value, `"`)
	if w != key+"="+value && w != key+`="`+value+`"` || value == "" {
		return &AskError{fmt.Sprintf("%q is no condition of a search", w), "write " + key + "=" + sample[key] + "; to look for the words themselves, put them in quotes"}
	}
	var err error
	switch key {
	case "run":
		a.Run = journal.RunID(value)
	case "runbook":
		a.Runbook = value
	case "who":
		a.User = value
	case "kind":
		a.Kinds, err = kinds(value)
	case "since":
		a.Since, err = when(value)
	case "until":
		a.Until, err = when(value)
	case "result":
		a.Results, err = results(value)
	}
	return err
}

var sample = map[string]string{"run": "261122-2213-k7f3", "runbook": "patch", "who": "kim", "result": "failed", "kind": "noted", "since": "7d", "until": "2026-11-01"}

// kinds are words of events that this program writes: what another one wrote is found by its words.
func kinds(value string) ([]string, error) {
	words := strings.Split(value, ",")
	for _, word := range words {
		if !slices.Contains(journal.Kinds(), word) {
			return nil, &AskError{fmt.Sprintf("no event is of the kind %q", word), "one of " + strings.Join(journal.Kinds(), ", ")}
		}
	}
	return words, nil
}

func results(value string) ([]journal.Result, error) {
	var out []journal.Result
	for word := range strings.SplitSeq(value, ",") {
		var r journal.Result
		if err := r.UnmarshalText([]byte(word)); err != nil || r.String() != word {
			return nil, &AskError{fmt.Sprintf("no run ends with the result %q", word), "one of " + strings.Join(resultWords(), ", ")}
		}
		out = append(out, r)
	}
	return out, nil
}

func resultWords() []string {
	var words []string
	for r := journal.Open; r <= journal.Lost; r++ {
		words = append(words, r.String())
	}
	return words
}
