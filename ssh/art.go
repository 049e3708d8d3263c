package ssh

import (
	"crypto/sha256"
	"fmt"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// randomArt draws a key as ssh's VisualHostKey does: Dirk Loss, Tobias Limmer and Alexander von Gernler, "The drunken bishop", 2009.
func randomArt(key xssh.PublicKey) string {
	const w, h = 17, 9
	const symbols = " .o+=*BOX@%&#/^SE"
	var field [w][h]int
	x, y := w/2, h/2
	for _, b := range sha256.Sum256(key.Marshal()) {
		for range 4 {
			x = min(max(x+int(b&1)*2-1, 0), w-1)
			y = min(max(y+int(b>>1&1)*2-1, 0), h-1)
			if field[x][y] < len(symbols)-3 {
				field[x][y]++
			}
			b >>= 2
		}
	}
	field[w/2][h/2], field[x][y] = len(symbols)-2, len(symbols)-1
	var s strings.Builder
	s.WriteString(frame(title(key), w) + "\n")
	for y := range h {
		s.WriteByte('|')
		for x := range w {
			s.WriteByte(symbols[field[x][y]])
		}
		s.WriteString("|\n")
	}
	s.WriteString(frame("[SHA256]", w))
	return s.String()
}

func title(key xssh.PublicKey) string {
	name := strings.ToUpper(shortType(key.Type()))
	bits := map[string]int{"ED25519": 256, "ECDSA": 256}[name]
	switch {
	case strings.HasSuffix(key.Type(), "384"):
		bits = 384
	case strings.HasSuffix(key.Type(), "521"):
		bits = 521
	case name == "RSA":
		bits = rsaBits(key)
	}
	return fmt.Sprintf("[%s %d]", name, bits)
}

func frame(text string, w int) string {
	if len(text) > w {
		text = ""
	}
	left := (w - len(text)) / 2
	return "+" + strings.Repeat("-", left) + text + strings.Repeat("-", w-len(text)-left) + "+"
}
