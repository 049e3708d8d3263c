package shell

import (
	"regexp"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/userland"
)

// bashCmd runs the commands that only bash has.
func (s *Shell) bashCmd(c syntax.Command) {
	switch c := c.(type) {
	case *syntax.ArithmCmd:
		n, err := s.arith(c.X)
		s.arithStatus(n, err)
	case *syntax.LetClause:
		for _, x := range c.Exprs {
			n, err := s.arith(x)
			s.arithStatus(n, err)
		}
	case *syntax.TestClause:
		ok, err := s.condExpr(c.X)
		if err != nil {
			s.fail(err)
			return
		}
		s.last = boolStatus(ok)
	case *syntax.DeclClause:
		s.declare(c)
	case *syntax.TimeClause:
		start := s.p.Now()
		if c.Stmt != nil {
			s.stmt(c.Stmt)
		}
		d := s.p.Now().Sub(start).Round(time.Millisecond)
		s.note("\nreal\t" + d.String() + "\nuser\t0.000s\nsys\t0.000s")
	default:
		s.fail(&fatal{"command not supported by the lab's shell"})
	}
}

func (s *Shell) arithStatus(n int64, err error) {
	if err != nil {
		s.complain(err.Error())
		s.last = 1
		return
	}
	s.last = boolStatus(n != 0)
}

// cLoop is for ((a; b; c)).
func (s *Shell) cLoop(l *syntax.CStyleLoop, do []*syntax.Stmt) {
	step := func(x syntax.ArithmExpr) (int64, bool) {
		if x == nil {
			return 1, true
		}
		n, err := s.arith(x)
		if err != nil {
			s.fail(err)
		}
		return n, err == nil
	}
	if _, ok := step(l.Init); !ok {
		return
	}
	s.last = 0
	for {
		n, ok := step(l.Cond)
		if !ok || n == 0 {
			return
		}
		s.stmts(do)
		if s.leaveLoop() {
			return
		}
		if _, ok := step(l.Post); !ok {
			return
		}
	}
}

// condExpr evaluates [[ ... ]].
func (s *Shell) condExpr(x syntax.TestExpr) (bool, error) {
	switch x := x.(type) {
	case *syntax.Word:
		t, err := s.word(x)
		return t != "", err
	case *syntax.ParenTest:
		return s.condExpr(x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			ok, err := s.condExpr(x.X)
			return !ok, err
		}
		t, err := s.word(x.X.(*syntax.Word))
		if err != nil {
			return false, err
		}
		if x.Op == syntax.TsVarSet {
			_, ok := s.lookup(t)
			return ok, nil
		}
		return userland.Test(s.p, []string{"test", x.Op.String(), t}) == 0, nil
	case *syntax.BinaryTest:
		return s.condBinary(x)
	}
	return false, nil
}

func (s *Shell) condBinary(x *syntax.BinaryTest) (bool, error) {
	if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
		l, err := s.condExpr(x.X)
		if err != nil || l == (x.Op == syntax.OrTest) {
			return l, err
		}
		return s.condExpr(x.Y)
	}
	left, err := s.word(x.X.(*syntax.Word))
	if err != nil {
		return false, err
	}
	word := x.Y.(*syntax.Word)
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
		pat, err := s.patternWord(word)
		return Match(pat, left) == (x.Op != syntax.TsNoMatch), err
	}
	right, err := s.word(word)
	if err != nil {
		return false, err
	}
	switch x.Op {
	case syntax.TsReMatch:
		re, err := regexp.Compile(right)
		if err != nil {
			return false, &fatal{"[[: invalid regular expression: " + right}
		}
		m := re.FindStringSubmatch(left)
		s.put("BASH_REMATCH", variable{list: m, set: true})
		return m != nil, nil
	case syntax.TsBefore:
		return left < right, nil
	case syntax.TsAfter:
		return left > right, nil
	}
	return userland.Test(s.p, []string{"test", left, x.Op.String(), right}) == 0, nil
}

// declare handles declare, typeset, local, export and readonly as bash parses them.
func (s *Shell) declare(c *syntax.DeclClause) {
	variant := c.Variant.Value
	export, readonly, array, global := variant == "export", variant == "readonly", false, false
	var plain []string
	for _, a := range c.Args {
		if a.Name == nil || strings.HasPrefix(a.Name.Value, "-") {
			words := []string{}
			if a.Name != nil {
				words = []string{a.Name.Value}
			} else if f, err := s.fields([]*syntax.Word{a.Value}); err == nil {
				words = f
			}
			for _, w := range words {
				if strings.HasPrefix(w, "-") {
					export = export || strings.Contains(w, "x")
					readonly = readonly || strings.Contains(w, "r")
					array = array || strings.ContainsAny(w, "aA")
					global = global || strings.Contains(w, "g")
					if w == "-p" || w == "-f" || w == "-n" {
						plain = append(plain, w)
					}
					continue
				}
				plain = append(plain, w)
			}
			continue
		}
		if !s.declareOne(a, variant != "export" && variant != "readonly" && !global, export, readonly, array) {
			return
		}
	}
	s.last = 0
	if len(plain) > 0 || len(c.Args) == 0 {
		name := variant
		if name == "declare" || name == "typeset" {
			name = "local"
			if s.inFunc == 0 {
				name = "export"
			}
		}
		s.last = s.builtin(name)(s, append([]string{name}, plain...))
	}
}

func (s *Shell) declareOne(a *syntax.Assign, local, export, readonly, array bool) bool {
	name := a.Name.Value
	if local && s.inFunc > 0 {
		s.local(name)
	}
	if !a.Naked {
		if err := s.assign(a, false); err != nil {
			s.fail(err)
			return false
		}
	}
	v := s.vars.m[name]
	v.exported, v.readonly = v.exported || export, v.readonly || readonly
	if array && v.list == nil && a.Naked {
		v.list = []string{}
	}
	if local && a.Naked && s.inFunc > 0 && !array {
		v = variable{exported: v.exported}
	}
	s.put(name, v)
	s.env = nil
	return true
}

func (s *Shell) assignArray(a *syntax.Assign) error {
	name := a.Name.Value
	v := s.vars.m[name]
	if v.readonly {
		return &fatal{name + ": readonly variable"}
	}
	list := append([]string(nil), v.list...)
	if v.list == nil && v.set {
		list = []string{v.val}
	}
	if a.Index != nil {
		n, err := s.arith(a.Index)
		if err != nil || n < 0 || n > 100000 {
			return &fatal{name + ": bad array subscript"}
		}
		val, err := s.word(a.Value)
		if err != nil {
			return err
		}
		for int64(len(list)) <= n {
			list = append(list, "")
		}
		list[n] = val
	} else {
		if !a.Append {
			list = []string{}
		}
		for _, e := range a.Array.Elems {
			f, err := s.fields([]*syntax.Word{e.Value})
			if err != nil {
				return err
			}
			list = append(list, f...)
		}
	}
	s.put(name, variable{list: list, set: true, exported: v.exported})
	return nil
}

func bashBuiltin(name string) builtin {
	switch name {
	case "source":
		return (*Shell).source
	case "builtin":
		return func(s *Shell, a []string) int {
			if len(a) > 1 {
				if b := s.builtin(a[1]); b != nil {
					return b(s, a[1:])
				}
			}
			return 1
		}
	case "shopt", "enable", "disown", "bind", "complete", "suspend", "history":
		return func(*Shell, []string) int { return 0 }
	case "let":
		return func(s *Shell, a []string) int {
			n, err := int64(0), error(nil)
			for _, x := range a[1:] {
				n, err = s.number(x, 0)
			}
			s.arithStatus(n, err)
			return s.last
		}
	case "logout":
		return (*Shell).exitCmd
	case "pushd", "popd", "dirs", "mapfile", "readarray":
		return func(s *Shell, a []string) int { return s.usage(a, "not in the lab's shell", 2) }
	}
	return nil
}
