package runbooks

import (
	"regexp"
	"strings"
	"testing"
)

// TestNamesAreAsTheirPatternsSay: what is published for editors is what is taken.
func TestNamesAreAsTheirPatternsSay(t *testing.T) {
	name, param := regexp.MustCompile(strings.TrimSuffix(namePattern, "$")+`\z`), regexp.MustCompile(strings.TrimSuffix(paramPattern, "$")+`\z`)
	texts := []string{"", "a", "z9", "9a", "A", "aB", "a-b", "a_b", "-a", "_a", "a\n", "ä", "aä", "a b", "a{", "a`", "a/", "a:", strings.Repeat("a", 64), strings.Repeat("a", 65), "a" + strings.Repeat("-", 63)}
	for _, s := range texts {
		if goodName(s) != name.MatchString(s) || goodParam(s) != param.MatchString(s) {
			t.Errorf("%q: a name: %v, a parameter: %v; their patterns say otherwise", s, goodName(s), goodParam(s))
		}
	}
}
