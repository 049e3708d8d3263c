package main

import (
	"bytes"
	"errors"
	"testing"

	"tend/ssh"
)

// TestWordsTypedAtTheDesk: what a terminal sends for a word, and what comes of it; rubout takes a letter away, however many bytes it has.
func TestWordsTypedAtTheDesk(t *testing.T) {
	master, tty := rawTTY(t)
	for _, c := range []struct {
		keys, want, shown string
		err               error
	}{
		{"s3cret\r", "s3cret", "s3cret", nil},
		{"\r", "", "", nil},
		{"pässé\x7f\x7f\x08\x7fet\n", "pet", "pässé\b \b\b \b\b \b\b \bet", nil},
		{"aé\x15b\r", "b", "aé\b \b\b \bb", nil},
		{"\x7f\x01x\r", "x", "x", nil},
		{"half\x03", "", "half", ssh.ErrDeclined},
		{"half\x04", "", "half", ssh.ErrDeclined},
	} {
		for _, echo := range []bool{true, false} {
			var out bytes.Buffer
			if _, err := master.WriteString(c.keys); err != nil {
				t.Fatal(err)
			}
			got, err := desk{tty, &out}.line(t.Context(), "", echo)
			if got != c.want || !errors.Is(err, c.err) || out.String() != map[bool]string{true: c.shown}[echo] {
				t.Errorf("%q, echo %v: %q, %v, and shows %q", c.keys, echo, got, err, &out)
			}
		}
	}
}
