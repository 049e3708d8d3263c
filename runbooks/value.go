package runbooks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// paramTypes are the types that a parameter may have.
var paramTypes = []string{"string", "int", "bool", "choice", "duration", "list"}

// Value returns s as the parameter's value in its plain form ("true" becomes "yes", a list's blanks become single spaces), or an
// error of one line that says what would be right. An empty s is right unless the parameter is required.
func (p Param) Value(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("is not UTF-8, which a plan's record could not keep byte for byte")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", errors.New("holds a NUL byte, which a shell cannot carry")
	}
	if s == "" {
		if p.Required {
			return "", errors.New("is required")
		}
		return "", nil
	}
	switch p.Type {
	case "int":
		return p.integer(s)
	case "bool":
		return truth(s)
	case "choice":
		return p.choice(s)
	case "duration":
		return p.duration(s)
	case "list":
		return p.list(s)
	default:
		return s, p.match(s)
	}
}

func (p Param) integer(s string) (string, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return "", fmt.Errorf("is %q, and must be a whole number", s)
	}
	return strconv.Itoa(n), p.within(n, strconv.Itoa)
}

func (p Param) within(n int, show func(int) string) error {
	switch {
	case p.Min != nil && n < *p.Min:
		return fmt.Errorf("is %s, and must be at least %s", show(n), show(*p.Min))
	case p.Max != nil && n > *p.Max:
		return fmt.Errorf("is %s, and must be at most %s", show(n), show(*p.Max))
	}
	return nil
}

func truth(s string) (string, error) {
	switch strings.ToLower(s) {
	case "yes", "true", "on", "1":
		return "yes", nil
	case "no", "false", "off", "0":
		return "no", nil
	}
	return "", fmt.Errorf("is %q, and must be yes or no", s)
}

func (p Param) choice(s string) (string, error) {
	if slices.Contains(p.Options, s) {
		return s, nil
	}
	err := fmt.Errorf("is %q, and must be one of %s", s, strings.Join(p.Options, ", "))
	if n := Nearest(s, p.Options); n != "" {
		err = fmt.Errorf("%w; did you mean %q?", err, n)
	}
	return "", err
}

func (p Param) duration(s string) (string, error) {
	d, err := parseDuration(s)
	if err != nil {
		return "", err
	}
	return s, p.within(int(d/time.Second), func(n int) string { return (time.Duration(n) * time.Second).String() })
}

func (p Param) list(s string) (string, error) {
	words := strings.Fields(s)
	for _, w := range words {
		if err := p.match(w); err != nil {
			return "", err
		}
		if err := p.numbered(w); err != nil {
			return "", err
		}
	}
	return strings.Join(words, " "), nil
}

// numbered holds the number that an element of a list begins with, a port of "53/udp", against min and max.
func (p Param) numbered(w string) error {
	if p.Min == nil && p.Max == nil {
		return nil
	}
	n, err := strconv.Atoi(w[:len(w)-len(strings.TrimLeft(w, "0123456789"))])
	if err != nil {
		return fmt.Errorf("is %q, and must be a whole number", w)
	}
	return p.within(n, strconv.Itoa)
}

func (p Param) match(s string) error {
	if p.Pattern == "" {
		return nil
	}
	re, err := regexp.Compile(`\A(?:` + p.Pattern + `)\z`)
	if err != nil {
		return fmt.Errorf("has the pattern %q, which is no regular expression", p.Pattern)
	}
	if !re.MatchString(s) {
		return fmt.Errorf("is %q, which does not match %s", s, p.Pattern)
	}
	return nil
}

// shell is a valid value as a script gets it: durations in whole seconds, everything else as it is.
func (p Param) shell(v string) string {
	if p.Type != "duration" || v == "" {
		return v
	}
	d, err := parseDuration(v)
	if err != nil {
		return v
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}

// parseDuration is time.ParseDuration with days ("3d") and weeks ("2w"), never negative.
func parseDuration(s string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(s, "d"); ok {
		return days(s, n, 1)
	}
	if n, ok := strings.CutSuffix(s, "w"); ok {
		return days(s, n, 7)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("is %q, and must be a time such as 90s, 15m, 2h or 3d", s)
	}
	return d, nil
}

func days(s, n string, of int) (time.Duration, error) {
	v, err := strconv.ParseUint(n, 10, 14)
	if err != nil {
		return 0, fmt.Errorf("is %q, and must be a time such as 90s, 15m, 2h or 3d", s)
	}
	return time.Duration(v) * time.Duration(of) * 24 * time.Hour, nil
}
