package quote

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON is a writer of JSON to w, in which every rune that is not Shown becomes an escape: it reads back the same, and does nothing to a
// terminal. Each Write must hold whole runes, as those of a json.Encoder do.
func JSON(w io.Writer) io.Writer {
	return escaper{w, func(r rune) bool { return r < 0x7f || Shown(r) }}
}

// WriteJSON writes v as one line of JSON in which every rune beyond ASCII is an escape.
func WriteJSON(w io.Writer, v any) error { // the encoder escapes <, > and & as well
	return json.NewEncoder(escaper{w, func(r rune) bool { return r < 0x7f }}).Encode(v)
}

type escaper struct {
	w    io.Writer
	fine func(rune) bool
}

// Write implements io.Writer. Outside of strings JSON is ASCII.
func (e escaper) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p)+len(p)/8)
	for _, r := range string(p) {
		switch {
		case e.fine(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	if _, err := e.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
