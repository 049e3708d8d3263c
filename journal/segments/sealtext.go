package segments

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/journal"
)

// ParseStatement reads a statement, strictly in what it says. It may stand inside other text, from its title to the first words that are
// none of its own, and look as mails and tickets leave it: quoted with "> ", indented, with long lines wrapped, with CRLF. That gives
// nothing away, for what is signed is the text that String makes of it.
func ParseStatement(text string) (Statement, error) {
	var s Statement
	_, rest, ok := strings.Cut("\n"+Unquote(text), "\n"+sealTitle+"\n")
	w := strings.Fields(rest)
	if !ok || len(w) < 4 {
		return s, fmt.Errorf("no %q in it", sealTitle)
	}
	when, err := time.Parse(time.RFC3339, w[3])
	if w[0] != "origin" || w[2] != "time" || err != nil || checkName("origin", w[1], "@") != nil {
		return s, errors.New("the seal's origin or time is not readable")
	}
	s.Origin, s.At = journal.OriginID(w[1]), when.UTC()
	for w = w[4:]; len(w) >= 3; w = w[3:] {
		h, ok := parseHead(w[:3])
		if !ok {
			break
		}
		h.Origin = s.Origin
		s.Heads = append(s.Heads, h)
	}
	if len(s.Heads) == 0 {
		return s, errors.New("the seal names no segment")
	}
	return s, nil
}

func parseHead(w []string) (Head, bool) {
	if checkName("run", w[0], "") != nil {
		return Head{}, false
	}
	n, err := strconv.ParseUint(w[1], 10, 64)
	h := Head{Run: journal.RunID(w[0]), Events: n}
	return h, err == nil && n > 0 && h.Last.UnmarshalText([]byte(w[2])) == nil
}

// Unquote takes away what mails and tickets put around the lines of a text: marks of quoting, indents, spaces at the end, CRLF; and the + of a
// patch, where a seal stands in one. Base64 may begin with a + of its own, so that it is taken away from nothing else.
func Unquote(text string) string {
	lines := strings.Split(text, "\n")
	added := slices.ContainsFunc(lines, func(l string) bool { return strings.TrimSpace(strings.TrimLeft(l, "> \t|")) == "+"+sealTitle })
	for i, l := range lines {
		l = strings.TrimLeft(l, "> \t|")
		if added {
			l = strings.TrimPrefix(l, "+")
		}
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n")
}

// Seals are the texts of a file in which seals are collected, one behind the other; of any other, the text itself.
func Seals(text string) []string {
	text = Unquote(text)
	parts := strings.Split("\n"+text, "\n"+sealTitle+"\n")
	if len(parts) < 3 {
		return []string{text}
	}
	for i := range parts {
		parts[i] = sealTitle + "\n" + parts[i]
	}
	return parts[1:]
}
