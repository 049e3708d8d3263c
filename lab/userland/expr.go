package userland

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tend/lab/kernel"
)

type exprParser struct {
	args []string
	err  string
}

// Expr evaluates an expression: | & = != < <= > >= + - * / % : match length substr index ( ).
func Expr(p *kernel.Proc, args []string) int {
	e := &exprParser{args: args[1:]}
	v := e.level(0)
	if e.err == "" && len(e.args) > 0 {
		e.err = "syntax error: unexpected argument '" + e.args[0] + "'"
	}
	if e.err != "" {
		p.Stderr().Write([]byte("expr: " + e.err + "\n"))
		return 2
	}
	p.Stdout().Write([]byte(v + "\n"))
	if v == "" || v == "0" {
		return 1
	}
	return 0
}

var exprLevels = [][]string{{"|"}, {"&"}, {"=", "==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"}, {":"}}

func (e *exprParser) peek(ops []string) bool {
	for _, op := range ops {
		if len(e.args) > 0 && e.args[0] == op {
			return true
		}
	}
	return false
}

func (e *exprParser) level(n int) string {
	if n == len(exprLevels) {
		return e.primary()
	}
	l := e.level(n + 1)
	for e.err == "" && e.peek(exprLevels[n]) {
		op := e.args[0]
		e.args = e.args[1:]
		l = e.apply(op, l, e.level(n+1))
	}
	return l
}

func (e *exprParser) primary() string {
	if len(e.args) == 0 {
		e.err = "syntax error: missing argument"
		return ""
	}
	a := e.args[0]
	e.args = e.args[1:]
	switch {
	case a == "(":
		v := e.level(0)
		if !e.peek([]string{")"}) {
			e.err = "syntax error: expecting ')'"
			return ""
		}
		e.args = e.args[1:]
		return v
	case a == "length" && len(e.args) > 0:
		return strconv.Itoa(utf8.RuneCountInString(e.primary()))
	case a == "match" && len(e.args) > 1:
		s := e.primary()
		return e.match(s, e.primary())
	case a == "substr" && len(e.args) > 2:
		s, pos, n := e.primary(), e.primary(), e.primary()
		i, _ := strconv.Atoi(pos)
		k, _ := strconv.Atoi(n)
		if i < 1 || k < 1 || i > len(s) {
			return ""
		}
		return s[i-1 : min(len(s), i-1+k)]
	case a == "index" && len(e.args) > 1:
		s := e.primary()
		return strconv.Itoa(strings.IndexAny(s, e.primary()) + 1)
	}
	return a
}

func (e *exprParser) match(s, pat string) string {
	re, err := compileRegex("^"+strings.TrimPrefix(pat, "^"), false, false)
	if err != nil {
		e.err = err.Error()
		return ""
	}
	m := re.FindStringSubmatch(s)
	switch {
	case re.NumSubexp() > 0 && m != nil:
		return m[1]
	case re.NumSubexp() > 0:
		return ""
	case m == nil:
		return "0"
	}
	return strconv.Itoa(utf8.RuneCountInString(m[0]))
}

func (e *exprParser) apply(op, l, r string) string {
	truthy := func(s string) bool { return s != "" && s != "0" }
	switch op {
	case ":":
		return e.match(l, r)
	case "|":
		if truthy(l) {
			return l
		}
		if truthy(r) {
			return r
		}
		return "0"
	case "&":
		if truthy(l) && truthy(r) {
			return l
		}
		return "0"
	}
	a, errA := strconv.ParseInt(l, 10, 64)
	b, errB := strconv.ParseInt(r, 10, 64)
	numeric := errA == nil && errB == nil
	if strings.ContainsAny(op, "=<>") {
		c := strings.Compare(l, r)
		if numeric {
			c = cmpFloat(float64(a), float64(b))
		}
		return strconv.Itoa(boolInt(map[string]bool{"=": c == 0, "==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]))
	}
	if !numeric {
		e.err = "non-integer argument"
		return ""
	}
	switch op {
	case "+":
		a += b
	case "-":
		a -= b
	case "*":
		a *= b
	default:
		if b == 0 {
			e.err = "division by zero"
			return ""
		}
		if op == "/" {
			a /= b
		} else {
			a %= b
		}
	}
	return strconv.FormatInt(a, 10)
}
