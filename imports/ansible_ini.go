package imports

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tend/inventory"
)

// ini reads an Ansible inventory in INI form: [group], [group:children], [group:vars]; hosts with ranges and variables.
func (a *ansible) ini(file string, data []byte) error {
	group, kind := "ungrouped", ""
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		var err error
		switch {
		case text[0] == '[':
			group, kind, err = section(text)
			if err == nil {
				a.group(group)
			}
		case kind == "vars":
			err = a.iniVar(file, n, group, text)
		case kind == "children":
			a.group(group).adopt(bare(text))
		default:
			err = a.iniHost(file, n, group, text)
		}
		if err != nil {
			return wrong(file, n, "", "%v", err)
		}
	}
	return nil
}

func bare(text string) string {
	text, _, _ = strings.Cut(text, " #")
	return strings.TrimSpace(text)
}

func section(text string) (group, kind string, err error) {
	head, rest, ok := strings.Cut(text[1:], "]")
	if rest = strings.TrimSpace(rest); !ok || rest != "" && rest[0] != '#' && rest[0] != ';' {
		return "", "", errors.New("a section is written [group], [group:vars] or [group:children]")
	}
	group, kind, _ = strings.Cut(strings.TrimSpace(head), ":")
	if group == "" || kind != "" && kind != "vars" && kind != "children" && kind != "hosts" {
		return "", "", fmt.Errorf("[%s] is no section: write [group], [group:vars] or [group:children]", head)
	}
	return group, kind, nil
}

func (a *ansible) iniVar(file string, n int, group, text string) error {
	k, v, ok := strings.Cut(text, "=")
	if k = strings.TrimSpace(k); !ok || k == "" {
		return fmt.Errorf("%q is no name=value", firstWord(text))
	}
	a.group(group).vars[k] = value{text: unquoted(literal(strings.TrimSpace(v))), file: file, line: n}
	return nil
}

var commented = regexp.MustCompile(`\A([0-9]+|'[^']*'|"[^"]*")\s*#.*\z`)

// literal is a value without the comment behind it. Ansible reads a value as Python would where it can, and so a comment ends a number or a
// text in quotes, and nothing else.
func literal(v string) string {
	if m := commented.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	return v
}

func unquoted(v string) string {
	if len(v) > 1 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		return v[1 : len(v)-1]
	}
	return v
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return w
}

func (a *ansible) iniHost(file string, n int, group, text string) error {
	words, err := shellWords(text)
	if err != nil || len(words) == 0 {
		return err
	}
	names, port, err := pattern(words[0])
	if err != nil {
		return err
	}
	for _, name := range names {
		vars := a.host(name, file, n)
		a.group(group).add(name)
		if port != "" {
			vars["ansible_port"] = value{text: port, file: file, line: n}
		}
		for _, w := range words[1:] {
			k, v, ok := strings.Cut(w, "=")
			if !ok || k == "" {
				return fmt.Errorf("%q is no name=value", w)
			}
			vars[k] = value{text: v, file: file, line: n}
		}
	}
	return nil
}

// shellWords splits as Python's shlex does: quotes join, # begins a comment.
func shellWords(text string) ([]string, error) {
	var out []string
	var b strings.Builder
	word, quote := false, rune(0)
	end := func() {
		if word {
			out = append(out, b.String())
		}
		b.Reset()
		word = false
	}
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '"' || r == '\'':
			quote, word = r, true
		case r == ' ' || r == '\t':
			end()
		case r == '#' && !word:
			return out, nil
		default:
			word = true
			b.WriteRune(r)
		}
	}
	end()
	if quote != 0 {
		return nil, fmt.Errorf("a %c is not closed", quote)
	}
	return out, nil
}

// pattern expands "web[01:20].example.com:2222" into names, and the port where one is given.
func pattern(s string) (names []string, port string, err error) {
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') && strings.Count(s[strings.LastIndexByte(s, ']')+1:], ":") == 1 {
		if _, e := strconv.Atoi(s[i+1:]); e == nil {
			s, port = s[:i], s[i+1:]
		}
	}
	names, err = expand(s)
	return names, port, err
}

func expand(s string) ([]string, error) {
	pre, rest, ok := strings.Cut(s, "[")
	if !ok {
		return []string{s}, nil
	}
	body, post, closed := strings.Cut(rest, "]")
	if !closed {
		return nil, fmt.Errorf("%q: a [ is not closed", s)
	}
	if pre == "" && post == "" && strings.Count(body, ":") > 2 {
		return []string{body}, nil // an IPv6 address
	}
	items, err := span(body)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s, err)
	}
	tails, err := expand(post)
	if err != nil {
		return nil, err
	}
	if len(items)*len(tails) > inventory.MaxRange {
		return nil, fmt.Errorf("%q stands for more than %d hosts", s, inventory.MaxRange)
	}
	var out []string
	for _, it := range items {
		for _, t := range tails {
			out = append(out, pre+it+t)
		}
	}
	return out, nil
}

// span expands "01:20", "a:f" or "0:10:2".
func span(body string) ([]string, error) {
	f := strings.Split(body, ":")
	step := 1
	if len(f) == 3 {
		n, err := strconv.Atoi(f[2])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("the step %q is no number above 0", f[2])
		}
		step, f = n, f[:2]
	}
	if len(f) != 2 {
		return nil, errors.New("a range is written [01:20] or [a:f]")
	}
	if len(f[0]) == 1 && len(f[1]) == 1 && f[0] >= "A" && f[1] >= f[0] {
		var out []string
		for c := f[0][0]; c <= f[1][0]; c += byte(min(step, 100)) {
			out = append(out, string(c))
		}
		return out, nil
	}
	from, e1 := strconv.Atoi(f[0])
	to, e2 := strconv.Atoi(f[1])
	if err := errors.Join(e1, e2); err != nil || from > to || from < 0 || to-from > inventory.MaxRange {
		return nil, errors.New("a range is written [01:20] or [a:f], the smaller end first")
	}
	width := 0
	if len(f[0]) > 1 && f[0][0] == '0' {
		width = len(f[0])
	}
	var out []string
	for i := from; i <= to; i += step {
		out = append(out, fmt.Sprintf("%0*d", width, i))
	}
	return out, nil
}
