package inventory

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The keys of a host. Those with many values, and the names, know no order.
var (
	hostKeys      = []string{"site", "rack", "tag", "group", "service", "feed", "name", "addr", "unit", "os", "prod"}
	unorderedKeys = []string{"site", "rack", "tag", "group", "service", "feed", "name", "addr", "prod"}
)

// ParseSelector reads a selector. Its error is a *SelectorError. Names are not looked up: see Inventory.Check.
func ParseSelector(s string) (Selector, error) {
	p := selectorParser{text: s}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return Selector{}, fail(s, i, "", "this is not UTF-8")
		}
	}
	for {
		p.i += len(s[p.i:]) - len(strings.TrimLeftFunc(s[p.i:], unicode.IsSpace))
		if p.i == len(s) {
			return Selector{s, p.terms}, nil
		}
		end, err := p.tokenEnd()
		if err == nil {
			err = p.term(p.i, end)
		}
		if err != nil {
			return Selector{}, err
		}
		p.i = end
	}
}

type selectorParser struct {
	text  string
	i     int
	terms []term
}

// tokenEnd finds where the word at p.i ends: at the first blank outside quotes.
func (p *selectorParser) tokenEnd() (int, *SelectorError) {
	quote := -1
	for i := p.i; i < len(p.text); {
		r, n := utf8.DecodeRuneInString(p.text[i:])
		switch {
		case r == '\\' && quote >= 0 && i+1 < len(p.text):
			_, n = utf8.DecodeRuneInString(p.text[i+1:])
			n++
		case r == '"' && quote >= 0:
			quote = -1
		case r == '"':
			quote = i
		case quote < 0 && unicode.IsSpace(r):
			return i, nil
		}
		i += n
	}
	if quote >= 0 {
		return 0, fail(p.text, quote, "", "this quote is never closed")
	}
	return len(p.text), nil
}

// term reads the word from start to end.
func (p *selectorParser) term(start, end int) *SelectorError {
	word := p.text[start:end]
	if err := p.foreign(start, word); err != nil {
		return err
	}
	t := term{at: start}
	if word[0] == '!' {
		t.not = true
		t.at++
		if strings.HasPrefix(word, "!!") {
			return fail(p.text, start+1, "", "\"!\" stands twice")
		}
		if word = word[1:]; word == "" {
			return fail(p.text, start, "write it before a term, without a blank: !rack=r07", "nothing stands after \"!\"")
		}
	}
	from := t.at
	if i := strings.IndexAny(word, `=<>!"`); i >= 0 && word[i] != '"' {
		if i == 0 {
			return fail(p.text, from, "no blanks around it: site=ams1", "%q compares nothing", word[:1])
		}
		t.key = word[:i]
		var err *SelectorError
		if from, err = p.operator(&t, from+i); err != nil {
			return err
		}
		if err := p.checkKey(t); err != nil {
			return err
		}
	}
	for _, v := range splitOutside(p.text[from:end], ',') {
		pat, err := p.pattern(t.key, from, v)
		if err != nil {
			return err
		}
		t.vals = append(t.vals, pat)
		from += len(v) + 1
	}
	p.terms = append(p.terms, t)
	return p.checkValues(t)
}

// foreign catches the words of other query languages.
func (p *selectorParser) foreign(at int, word string) *SelectorError {
	switch strings.ToLower(word) {
	case "and", "&&", "&":
		return fail(p.text, at, "terms side by side must all hold: site=ams1 tag=web", "%q is no word of this language", word)
	case "or", "||", "|":
		return fail(p.text, at, "a comma within a value means or: site=ams1,nyc1", "%q is no word of this language", word)
	case "not":
		return fail(p.text, at, "write ! right before the term: !rack=r07", "%q is no word of this language", word)
	}
	return nil
}

// operator reads the operator at the byte at, and says where the value begins.
func (p *selectorParser) operator(t *term, at int) (int, *SelectorError) {
	rest := p.text[at:]
	for _, wrong := range []string{"==", "=~", "=>", "=<", "!~", "<>"} {
		if strings.HasPrefix(rest, wrong) {
			return 0, fail(p.text, at, "there are = != > < >= <=, and globs: name=db-*", "%q is no comparison", wrong)
		}
	}
	for _, op := range []operator{notEqual, greaterEqual, lessEqual, equal, greater, less} {
		if strings.HasPrefix(rest, op.String()) {
			t.op = op
			return at + len(op.String()), nil
		}
	}
	return 0, fail(p.text, at, "not equal is !=", "%q is no comparison", rest[:1])
}

func (p *selectorParser) checkKey(t term) *SelectorError {
	for i, r := range t.key {
		if !(r < utf8.RuneSelf && isBare(byte(r)) || i > 0 && strings.ContainsRune(".:/@", r)) {
			return fail(p.text, t.at+i, "", "%q cannot stand in a key", r)
		}
	}
	if t.op > notEqual && slices.Contains(unorderedKeys, t.key) {
		return fail(p.text, t.at+len(t.key), "", "%s has no order: it goes with = and != only", t.key)
	}
	return nil
}

// checkValues looks at all values of a term together.
func (p *selectorParser) checkValues(t term) *SelectorError {
	for i, v := range t.vals {
		if t.op > notEqual && i > 0 {
			return fail(p.text, v.at-1, "", "%s%s compares with one value", t.key, t.op)
		}
		if t.op > notEqual && v.pieces != nil {
			return fail(p.text, v.at, "", "%s%s cannot compare with a pattern", t.key, t.op)
		}
		if _, ok := yes(v.text); t.key == "prod" && !ok {
			return fail(p.text, v.at, "prod=yes or prod=no", "prod is yes or no, not %q", v.text)
		}
	}
	return nil
}

// yes reads the values that prod takes.
func yes(s string) (value, ok bool) {
	switch s {
	case "yes", "true":
		return true, true
	case "no", "false":
		return false, true
	}
	return false, false
}

// pattern reads one value, which stands at the byte at.
func (p *selectorParser) pattern(key string, at int, v string) (pattern, *SelectorError) {
	if v == "" {
		hint := ""
		if key != "" {
			hint = `to ask for an empty value, write ` + key + `=""`
		}
		return pattern{}, fail(p.text, at, hint, "a value is missing")
	}
	if v[0] == '"' {
		if key == "" {
			return pattern{}, fail(p.text, at, "", "a host's name needs no quotes")
		}
		return p.quoted(at, v)
	}
	for i, r := range v {
		if strings.ContainsRune(`"'=<>|()&;`, r) || r == '!' && key == "" || r < ' ' || r == 0x7f {
			return pattern{}, fail(p.text, at+i, `text with anything odd in it stands in double quotes: text="a=b"`, "%q cannot stand here", r)
		}
		if key == "" && !(r < utf8.RuneSelf && isBare(byte(r)) || strings.ContainsRune(".*?[],/", r)) {
			return pattern{}, fail(p.text, at+i, "", "%s cannot stand in a host's name", Told(string(r)))
		}
	}
	if site, rack, ok := strings.Cut(v, "/"); ok && (key == "" || key == "rack") {
		return p.path(at, site, rack)
	}
	return p.glob(at, v)
}

// path reads "site/rack".
func (p *selectorParser) path(at int, site, rack string) (pattern, *SelectorError) {
	slash := at + len(site)
	if site == "" || rack == "" || strings.Contains(rack, "/") {
		return pattern{}, fail(p.text, slash, "a rack is written site/rack: nyc1/r07, and all racks of a site nyc1/*", "a site and a rack are needed around \"/\"")
	}
	sitePattern, err := p.glob(at, site)
	if err != nil {
		return pattern{}, err
	}
	pat, err := p.glob(slash+1, rack)
	pat.site = &sitePattern
	return pat, err
}

// quoted reads a value in double quotes, in which a backslash makes the next character plain.
func (p *selectorParser) quoted(at int, v string) (pattern, *SelectorError) {
	var b strings.Builder
	for i := 1; i < len(v); i++ {
		switch {
		case v[i] == '\\' && i+1 < len(v):
			i++
			b.WriteByte(v[i])
		case v[i] == '"' && i+1 < len(v):
			return pattern{}, fail(p.text, at+i+1, "", "a value ends with its closing quote")
		case v[i] == '"':
			return pattern{text: b.String(), at: at, quoted: true}, nil
		default:
			b.WriteByte(v[i])
		}
	}
	return pattern{}, fail(p.text, at, "", "this quote is never closed")
}

// glob reads a value that may have ranges and globs in it.
func (p *selectorParser) glob(at int, v string) (pattern, *SelectorError) {
	pat := pattern{text: v, at: at}
	if !strings.ContainsAny(v, "*?[]") {
		return pat, nil
	}
	t, err := parseTemplate(v)
	if err != nil {
		return pat, fail(p.text, at+err.at, err.hint, "%s", err.msg)
	}
	pat.pieces = globPieces(t)
	return pat, nil
}
