package shell

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// fatal is an error that ends a non-interactive shell.
type fatal struct{ text string }

func (f *fatal) Error() string { return f.text }

// paramValue is a parameter's value: text, or a list for $@, $* and a bash array.
type paramValue struct {
	text string
	list []string
	star bool // join the list when quoted
	many bool
	set  bool
}

func (s *Shell) param(pe *syntax.ParamExp) (paramValue, error) {
	name := pe.Param.Value
	if name == "@" || name == "*" {
		return paramValue{list: s.params, many: true, star: name == "*", set: len(s.params) > 0}, nil
	}
	if pe.Index != nil {
		return s.element(name, pe.Index)
	}
	if text, ok := s.special(name); ok {
		return paramValue{text: text, set: true}, nil
	}
	if name[0] >= '0' && name[0] <= '9' {
		n, _ := strconv.Atoi(name)
		if n > len(s.params) {
			return paramValue{}, nil
		}
		return paramValue{text: s.params[n-1], set: true}, nil
	}
	v, ok := s.lookup(name)
	if v.list != nil {
		return paramValue{text: first(v.list), set: len(v.list) > 0}, nil
	}
	return paramValue{text: v.val, set: ok}, nil
}

// special gives the shell's own parameters.
func (s *Shell) special(name string) (string, bool) {
	switch name {
	case "?":
		return strconv.Itoa(s.last), true
	case "#":
		return strconv.Itoa(len(s.params)), true
	case "$":
		return strconv.Itoa(s.pid), true
	case "!":
		if s.lastBg == 0 {
			return "", s.kind == Bash
		}
		return strconv.Itoa(s.lastBg), true
	case "-":
		return s.opt.flags(s.interactive), true
	case "0":
		return s.name, true
	case "PPID":
		return strconv.Itoa(s.ppid), true
	case "LINENO":
		return strconv.Itoa(s.line), true
	case "BASHPID", "RANDOM", "SECONDS", "EUID", "UID":
		if s.kind == Bash {
			return s.bashVar(name), true
		}
	}
	return "", false
}

func (s *Shell) bashVar(name string) string {
	switch name {
	case "BASHPID":
		return strconv.Itoa(s.p.PID)
	case "SECONDS":
		return strconv.Itoa(int(s.p.Now().Sub(s.p.Start).Seconds()))
	case "RANDOM":
		s.random = s.random*1103515245 + 12345
		return strconv.Itoa(int(s.random >> 16 & 0x7fff))
	}
	return strconv.Itoa(s.p.Cred.UID)
}

func indexIs(x syntax.ArithmExpr, lit string) bool {
	w, ok := x.(*syntax.Word)
	return ok && w.Lit() == lit
}

func (s *Shell) element(name string, index syntax.ArithmExpr) (paramValue, error) {
	v := s.vars.m[name]
	list := v.list
	if list == nil && v.set {
		list = []string{v.val}
	}
	if indexIs(index, "@") || indexIs(index, "*") {
		return paramValue{list: list, many: true, star: indexIs(index, "*"), set: len(list) > 0}, nil
	}
	n, err := s.arith(index)
	if err != nil {
		return paramValue{}, err
	}
	if n < 0 {
		n += int64(len(list))
	}
	if n < 0 || n >= int64(len(list)) {
		return paramValue{}, nil
	}
	return paramValue{text: list[n], set: true}, nil
}

// param expands a parameter into the field being built.
func (e *expander) param(pe *syntax.ParamExp, quoted bool) error {
	s := e.s
	if pe.Param == nil || pe.Names != 0 || pe.Width || pe.IsSet {
		return &fatal{"Bad substitution"}
	}
	if pe.Excl {
		inner := &syntax.ParamExp{Param: &syntax.Lit{Value: s.get(pe.Param.Value)}, Exp: pe.Exp, Slice: pe.Slice, Repl: pe.Repl}
		if !validName(inner.Param.Value) {
			return &fatal{pe.Param.Value + ": invalid indirect expansion"}
		}
		pe = inner
	}
	v, err := s.param(pe)
	if err != nil {
		return err
	}
	if pe.Length {
		e.value(strconv.Itoa(v.length()), quoted)
		return nil
	}
	if pe.Exp != nil {
		done, err := e.conditional(pe, &v, quoted)
		if done || err != nil {
			return err
		}
	} else if !v.set && !v.many && s.opt.nounset {
		return s.unsetError(pe.Param.Value)
	}
	if err := s.transform(pe, &v); err != nil {
		return err
	}
	e.add(v, quoted)
	return nil
}

func (v paramValue) length() int {
	if v.many {
		return len(v.list)
	}
	return utf8.RuneCountInString(v.text)
}

func (s *Shell) unsetError(name string) error {
	if s.kind == Bash {
		return &fatal{name + ": unbound variable"}
	}
	return &fatal{name + ": parameter not set"}
}

// conditional handles - = ? + with and without the colon; done means that the expansion is complete.
func (e *expander) conditional(pe *syntax.ParamExp, v *paramValue, quoted bool) (done bool, err error) {
	set := v.set
	null := !v.many && v.text == "" || v.many && (len(v.list) == 0 || len(v.list) == 1 && v.list[0] == "")
	switch pe.Exp.Op {
	case syntax.AlternateUnsetOrNull, syntax.DefaultUnsetOrNull, syntax.ErrorUnsetOrNull, syntax.AssignUnsetOrNull:
		set = set && !null
	}
	word := func() error {
		if pe.Exp.Word == nil {
			return nil
		}
		return e.operand(pe.Exp.Word.Parts, quoted)
	}
	switch pe.Exp.Op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull:
		if set {
			return true, word()
		}
		return true, nil
	case syntax.DefaultUnset, syntax.DefaultUnsetOrNull:
		if !set {
			return true, word()
		}
	case syntax.AssignUnset, syntax.AssignUnsetOrNull:
		if !set {
			text, err := e.s.word(pe.Exp.Word)
			if err != nil {
				return true, err
			}
			v.text, v.set = text, true
			return false, e.s.set(pe.Param.Value, text)
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
		if !set {
			text, err := e.s.word(pe.Exp.Word)
			if err == nil {
				if text == "" {
					text = "parameter not set or null"
				}
				err = &fatal{pe.Param.Value + ": " + text}
			}
			return true, err
		}
	default:
		if !v.set && !v.many && e.s.opt.nounset {
			return true, e.s.unsetError(pe.Param.Value)
		}
	}
	return false, nil
}

// operand expands the word of ${x-word}: unquoted text in it is split as an expansion's result is.
func (e *expander) operand(parts []syntax.WordPart, quoted bool) error {
	for i, part := range parts {
		if l, ok := part.(*syntax.Lit); ok && !quoted && e.split && !strings.ContainsAny(l.Value, "\\~") {
			e.splitAdd(l.Value)
			continue
		}
		if err := e.parts(parts[i:i+1], quoted); err != nil {
			return err
		}
	}
	return nil
}

// add puts the value into the field.
func (e *expander) add(v paramValue, quoted bool) {
	if !v.many {
		e.value(v.text, quoted)
		return
	}
	if quoted && v.star || !e.split {
		sep := " "
		if ifs := e.s.ifs(); v.star {
			sep = ifs[:min(1, len(ifs))]
		}
		if joined := strings.Join(v.list, sep); joined != "" || v.star {
			e.value(joined, quoted)
		}
		return
	}
	for i, item := range v.list {
		if i > 0 {
			e.flush()
		}
		e.value(item, quoted)
	}
}

// transform applies # ## % %%, and bash's substring, replacement and case operators.
func (s *Shell) transform(pe *syntax.ParamExp, v *paramValue) error {
	if pe.Slice != nil && v.many {
		return s.sliceList(pe.Slice, v)
	}
	var op func(string) (string, error)
	switch {
	case pe.Slice != nil:
		op = func(t string) (string, error) { return s.substring(pe.Slice, t) }
	case pe.Repl != nil:
		op = func(t string) (string, error) { return s.replace(pe.Repl, t) }
	case pe.Exp != nil:
		pat, err := s.patternWord(pe.Exp.Word)
		if err != nil {
			return err
		}
		op = func(t string) (string, error) { return trim(pe.Exp.Op, pat, t), nil }
	default:
		return nil
	}
	if !v.many {
		t, err := op(v.text)
		v.text = t
		return err
	}
	out := make([]string, len(v.list))
	for i, item := range v.list {
		t, err := op(item)
		if err != nil {
			return err
		}
		out[i] = t
	}
	v.list = out
	return nil
}

func trim(op syntax.ParExpOperator, pat, t string) string {
	switch op {
	case syntax.RemSmallPrefix:
		for i := 0; i <= len(t); i++ {
			if Match(pat, t[:i]) {
				return t[i:]
			}
		}
	case syntax.RemLargePrefix:
		for i := len(t); i >= 0; i-- {
			if Match(pat, t[:i]) {
				return t[i:]
			}
		}
	case syntax.RemSmallSuffix:
		for i := len(t); i >= 0; i-- {
			if Match(pat, t[i:]) {
				return t[:i]
			}
		}
	case syntax.RemLargeSuffix:
		for i := 0; i <= len(t); i++ {
			if Match(pat, t[i:]) {
				return t[:i]
			}
		}
	case syntax.UpperAll:
		return strings.ToUpper(t)
	case syntax.LowerAll:
		return strings.ToLower(t)
	case syntax.UpperFirst:
		return strings.ToUpper(t[:min(1, len(t))]) + t[min(1, len(t)):]
	case syntax.LowerFirst:
		return strings.ToLower(t[:min(1, len(t))]) + t[min(1, len(t)):]
	}
	return t
}
