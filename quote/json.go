package quote

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// WriteJSON writes v as one line of JSON in which every rune beyond ASCII is an escape: it reads back the same, and does nothing to a
// terminal.
func WriteJSON(w io.Writer, v any) error {
	raw, err := json.Marshal(v) // escapes <, > and & as well
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range string(raw) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	_, err = io.WriteString(w, b.String())
	return err
}
