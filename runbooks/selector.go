package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tend/inventory"
)

// hostKeys are the selector's keys that are not facts; see inventory.Selector.
var hostKeys = []string{"site", "rack", "tag", "group", "service", "feed", "name", "addr", "unit", "os", "prod"}

var comparison = regexp.MustCompile(`(?:^|\s)!?([A-Za-z][A-Za-z0-9_.:-]*)\s*(?:[!<>]?=|[<>])`)

// checkWhen sees that a step's `when` is a selector, and that each fact it asks for is emitted by an earlier step: a fact that nobody
// emits is never known, and would skip the step on every host without a word.
func checkWhen(when string, earlier []Step) (advice string, err error) {
	if _, err := inventory.ParseSelector(when); err != nil {
		return "", err
	}
	var known []string
	for _, s := range earlier {
		for _, f := range s.Facts {
			known = append(known, f.Key)
		}
	}
	for _, m := range comparison.FindAllStringSubmatch(when, -1) {
		key := m[1]
		emitted := slices.ContainsFunc(known, func(k string) bool {
			prefix, family := strings.CutSuffix(k, "*")
			return k == key || family && strings.HasPrefix(key, prefix)
		})
		if !emitted && !slices.Contains(hostKeys, key) {
			return didYouMean(key, append(known, hostKeys...)), fmt.Errorf("no step before this one emits the fact %q", key)
		}
	}
	return "", nil
}
