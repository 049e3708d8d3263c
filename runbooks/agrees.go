package runbooks

import (
	"strings"
	"unicode"
)

// Agrees reports whether what was typed is what the host told, as labels and machines write the same number: letters and digits count, not
// what stands between them or their case, and one of the two may begin or end with the other, of six characters at least.
func Agrees(typed, told string) bool {
	a, b := signs(typed), signs(told)
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(a) >= 6 && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a))
}

func signs(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}
