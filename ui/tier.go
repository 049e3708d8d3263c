package ui

import (
	"fmt"
	"strings"
)

// Tier is how much a terminal is trusted with.
type Tier int

// The tiers. Auto lets DetectTier choose.
const (
	Auto  Tier = iota
	Full       // xterm-class: colours, box drawing, clipboard
	Basic      // 16 colours
	Plain      // ASCII, no colour, no terminal queries, few frames
	Line       // no screen at all: lines, and plain questions
)

var tiers = [...]string{"auto", "full", "basic", "plain", "line"}

// String is the tier's name, as --tier takes it.
func (t Tier) String() string {
	if t < 0 || int(t) >= len(tiers) {
		return "auto"
	}
	return tiers[t]
}

// ParseTier reads a tier's name.
func ParseTier(s string) (Tier, error) {
	for i, name := range tiers {
		if s == name {
			return Tier(i), nil
		}
	}
	return Auto, fmt.Errorf("no tier %q: it is one of %s", s, strings.Join(tiers[:], ", "))
}

// DetectTier says which tier a terminal gets. env is the environment as KEY=VALUE; isTTY says that both input and output are a
// terminal. NO_COLOR counts with any value that is not empty (https://no-color.org), ACCESSIBLE likewise.
func DetectTier(env []string, isTTY bool) Tier {
	get := lookup(env)
	term := get("TERM")
	switch {
	case !isTTY || get("ACCESSIBLE") != "" && get("ACCESSIBLE") != "0":
		return Line
	case get("NO_COLOR") != "":
		return Plain
	case simple(term):
		return Plain
	case strings.Contains(term, "16color") || term == "screen" || term == "xterm" || term == "ansi" || term == "rxvt" || term == "cygwin":
		return Basic
	}
	return Full
}

// simple reports whether the terminal type is one that must be spoken to in the VT100's own words.
func simple(term string) bool {
	switch term {
	case "", "dumb", "unknown", "linux", "network", "cons25", "sun", "vt52":
		return true
	}
	for _, p := range []string{"vt1", "vt2", "vt3", "vt4", "vt5", "wy", "linux-", "dumb-", "tvi"} {
		if strings.HasPrefix(term, p) {
			return true
		}
	}
	return false
}

// lookup reads KEY=VALUE lists; the last one counts.
func lookup(env []string) func(string) string {
	return func(key string) string {
		for i := len(env) - 1; i >= 0; i-- {
			if k, v, ok := strings.Cut(env[i], "="); ok && k == key {
				return v
			}
		}
		return ""
	}
}

// utf8 reports whether the locale draws more than ASCII (POSIX: LC_ALL, then LC_CTYPE, then LANG); unset is what it is where none says.
func utf8(env []string, unset bool) bool {
	get := lookup(env)
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(get(key)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return unset
}

// lightBackground is what the operator says of the background, else COLORFGBG, which some terminals set ("15;0": foreground, background); a
// terminal that says nothing is dark until it answers.
func lightBackground(cfg Config) bool {
	if cfg.Settings.Background != "" {
		return cfg.Settings.Background == "light"
	}
	v := lookup(cfg.Env)("COLORFGBG")
	bg := v[strings.LastIndexByte(v, ';')+1:]
	return bg == "7" || bg == "15"
}
