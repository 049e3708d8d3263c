package inventory

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// scalar reads a boolean, a number, a date or a time.
func (r *tomlReader) scalar() (*node, *syntaxError) {
	at := r.i
	for r.i < len(r.s) && !strings.ContainsRune(",]}# \t\r\n", rune(r.s[r.i])) {
		r.i++
	}
	if r.dateThenBlank(at) {
		for r.i++; r.i < len(r.s) && !strings.ContainsRune(",]}# \t\r\n", rune(r.s[r.i])); r.i++ {
		}
	}
	text := r.s[at:r.i]
	if text == "" {
		return nil, r.fail(at, "", "expected a value, found %s", r.found())
	}
	n := r.node(kindBool, byValue, at)
	n.text = text
	switch {
	case text == "true" || text == "false":
	case len(text) > 4 && isDigit(text[0]) && text[4] == '-' || len(text) > 2 && isDigit(text[0]) && text[2] == ':':
		var err error
		if n.kind, _, err = parseWhen(text); err != nil {
			return nil, r.fail(at, "dates are written 2028-06-30, times 01:30:00", "%q is not a date or a time", text)
		}
	default:
		return n, r.number(n)
	}
	return n, nil
}

// dateThenBlank says whether the text from at to here is a date, and a time follows after one blank.
func (r *tomlReader) dateThenBlank(at int) bool {
	return r.i-at == 10 && r.s[at+4] == '-' && isDigit(r.s[at]) && r.i+3 < len(r.s) &&
		r.s[r.i] == ' ' && isDigit(r.s[r.i+1]) && isDigit(r.s[r.i+2]) && r.s[r.i+3] == ':'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number sets n to the integer or float that its text is.
func (r *tomlReader) number(n *node) *syntaxError {
	text := n.text
	digits := strings.TrimLeft(text, "+-")
	signs := len(text) - len(digits)
	if digits == "inf" || digits == "nan" {
		n.kind = kindFloat
		if signs <= 1 {
			return nil
		}
	}
	if signs > 1 || digits == "" || !isDigit(digits[0]) {
		return r.fail(int(n.at), "text stands in quotes", "%q is not a value", text)
	}
	bad := func() *syntaxError {
		return r.fail(int(n.at), "text stands in quotes", "%q is not a number", text)
	}
	plain, ok := dropUnderscores(text)
	if !ok {
		return bad()
	}
	var err error
	switch {
	case len(digits) > 1 && digits[0] == '0' && strings.ContainsRune("xob", rune(digits[1])):
		if signs > 0 {
			return bad()
		}
		n.kind = kindInt
		n.num, err = strconv.ParseInt(plain[2:], map[byte]int{'x': 16, 'o': 8, 'b': 2}[digits[1]], 64)
		if plain[2:] == "" || plain[2] == '+' || plain[2] == '-' {
			return bad()
		}
	case strings.ContainsAny(digits, ".eE"):
		n.kind = kindFloat
		if !isFloat(plain) {
			return bad()
		}
		_, err = strconv.ParseFloat(plain, 64)
	default:
		n.kind = kindInt
		if len(digits) > 1 && digits[0] == '0' {
			return r.fail(int(n.at), "", "the number %s must not begin with a zero", text)
		}
		n.num, err = strconv.ParseInt(plain, 10, 64)
	}
	if errors.Is(err, strconv.ErrRange) {
		return r.fail(int(n.at), "", "%s is too large", text)
	}
	if err != nil {
		return bad()
	}
	return nil
}

// dropUnderscores removes the underscores of a number; each must stand between two digits.
func dropUnderscores(s string) (string, bool) {
	if strings.IndexByte(s, '_') < 0 {
		return s, true
	}
	hex := strings.HasPrefix(s, "0x")
	digit := func(i int) bool {
		return i >= 0 && i < len(s) && (isDigit(s[i]) || hex && i > 1 && strings.IndexByte("abcdefABCDEF", s[i]) >= 0)
	}
	for i := range len(s) {
		if s[i] == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// isFloat checks TOML's grammar, which strconv is laxer than: digits on both sides of the point, no needless zero in front.
func isFloat(s string) bool {
	s = strings.TrimLeft(s, "+-")
	mantissa, exponent, hasExp := strings.Cut(strings.ToLower(s), "e")
	whole, frac, hasFrac := strings.Cut(mantissa, ".")
	if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
		exponent = exponent[1:]
	}
	return allDigits(whole) && (len(whole) == 1 || whole[0] != '0') && (!hasFrac || allDigits(frac)) && (!hasExp || allDigits(exponent))
}

// allDigits reports whether s is one decimal digit or more, and nothing else.
func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// parseWhen reads a TOML date, time or both. What has no offset is given in UTC.
func parseWhen(text string) (kind, time.Time, error) {
	bad := errors.New("not a date or a time")
	if len(text) > 10 && (text[10] == 't' || text[10] == ' ') {
		text = text[:10] + "T" + text[11:]
	}
	if strings.HasSuffix(text, "z") {
		text = text[:len(text)-1] + "Z"
	}
	date, clock, both := strings.Cut(text, "T")
	if !both && len(text) > 2 && text[2] == ':' {
		clock, date = text, ""
	}
	// time.Parse takes an hour of one digit, a dot without digits and offsets of many shapes; TOML does not.
	if clock != "" && !isClock(strings.TrimRight(clock, "Z")) || strings.HasSuffix(clock, "ZZ") || both && (date == "" || clock == "") {
		return 0, time.Time{}, bad
	}
	layouts := []struct {
		kind   kind
		layout string
	}{
		{kindLocalDate, "2006-01-02"}, {kindLocalDateTime, "2006-01-02T15:04:05"}, {kindLocalDateTime, "2006-01-02T15:04"},
		{kindDateTime, "2006-01-02T15:04:05Z07:00"}, {kindDateTime, "2006-01-02T15:04Z07:00"},
		{kindLocalTime, "15:04:05"}, {kindLocalTime, "15:04"},
	}
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, text); err == nil {
			return l.kind, t, nil
		}
	}
	return 0, time.Time{}, bad
}

// isClock checks the shape hh:mm[:ss[.digits]][+hh:mm].
func isClock(s string) bool {
	if i := strings.LastIndexAny(s, "+-"); i >= 0 {
		if len(s)-i != 6 || !clockPair(s[i+1:]) || s[i+1:] > "23:59" || s[i+4] > '5' {
			return false
		}
		s = s[:i]
	}
	s, frac, hasFrac := strings.Cut(s, ".")
	if hasFrac && (!allDigits(frac) || len(s) != 8) {
		return false
	}
	return len(s) == 5 && clockPair(s) || len(s) == 8 && clockPair(s[:5]) && s[5] == ':' && allDigits(s[6:])
}

// clockPair checks the shape dd:dd.
func clockPair(s string) bool {
	return len(s) == 5 && s[2] == ':' && allDigits(s[:2]) && allDigits(s[3:])
}
