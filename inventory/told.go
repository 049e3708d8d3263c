package inventory

import (
	"fmt"
	"strconv"
	"unicode"
)

// Told is a text in quotes, with the first of its characters that is beyond ASCII: many look like a letter, and are another. So it is seen
// why a name that looks right is none.
func Told(s string) string {
	for _, r := range s {
		if r > unicode.MaxASCII && strconv.IsPrint(r) {
			return fmt.Sprintf("%q (with %U)", s, r)
		}
	}
	return strconv.Quote(s)
}
