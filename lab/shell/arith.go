package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func parseInt(s string) (int64, error) { return strconv.ParseInt(s, 0, 64) }
func formatInt(n int64) string         { return strconv.FormatInt(n, 10) }

// arith evaluates an arithmetic expression in 64 bits.
func (s *Shell) arith(x syntax.ArithmExpr) (int64, error) {
	switch x := x.(type) {
	case nil:
		return 0, nil
	case *syntax.Word:
		text, err := s.word(x)
		if err != nil {
			return 0, err
		}
		return s.number(strings.TrimSpace(text), 0)
	case *syntax.ParenArithm:
		return s.arith(x.X)
	case *syntax.UnaryArithm:
		return s.unary(x)
	case *syntax.BinaryArithm:
		return s.binary(x)
	}
	return 0, &fatal{"arithmetic expression: unsupported"}
}

// number reads a constant, or a variable's value, which may itself be an expression.
func (s *Shell) number(text string, depth int) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if n, err := parseInt(text); err == nil && !strings.Contains(text, "_") {
		return n, nil
	}
	if depth > 20 {
		return 0, &fatal{"arithmetic expression: recursion level exceeded"}
	}
	if validName(text) {
		if sp, ok := s.special(text); ok {
			return s.number(sp, depth+1)
		}
		v, ok := s.lookup(text)
		if !ok && s.opt.nounset {
			return 0, s.unsetError(text)
		}
		return s.number(strings.TrimSpace(v.val), depth+1)
	}
	expr, err := syntax.NewParser(syntax.Variant(s.lang())).Arithmetic(strings.NewReader(text))
	if w, ok := expr.(*syntax.Word); err != nil || ok && w.Lit() == text || expr == nil {
		return 0, &fatal{"Illegal number: " + text}
	}
	return s.arith(expr)
}

// target is the variable that an assignment operator changes.
func target(x syntax.ArithmExpr) (string, error) {
	if w, ok := x.(*syntax.Word); ok {
		if name := w.Lit(); validName(name) {
			return name, nil
		}
	}
	return "", &fatal{"arithmetic expression: assignment to a non-variable"}
}

func (s *Shell) unary(x *syntax.UnaryArithm) (int64, error) {
	if x.Op == syntax.Inc || x.Op == syntax.Dec {
		name, err := target(x.X)
		if err != nil {
			return 0, err
		}
		old, err := s.number(s.get(name), 0)
		if err != nil {
			return 0, err
		}
		now := old + 1
		if x.Op == syntax.Dec {
			now = old - 1
		}
		if err := s.set(name, formatInt(now)); err != nil {
			return 0, err
		}
		if x.Post {
			return old, nil
		}
		return now, nil
	}
	v, err := s.arith(x.X)
	if err != nil {
		return 0, err
	}
	switch x.Op {
	case syntax.Minus:
		return -v, nil
	case syntax.Not:
		return truth(v == 0), nil
	case syntax.BitNegation:
		return ^v, nil
	}
	return v, nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (s *Shell) binary(x *syntax.BinaryArithm) (int64, error) {
	switch x.Op {
	case syntax.AndArit, syntax.OrArit:
		l, err := s.arith(x.X)
		if err != nil || (l != 0) == (x.Op == syntax.OrArit) {
			return truth(l != 0), err
		}
		r, err := s.arith(x.Y)
		return truth(r != 0), err
	case syntax.TernQuest:
		c, err := s.arith(x.X)
		if err != nil {
			return 0, err
		}
		arms := x.Y.(*syntax.BinaryArithm)
		if c != 0 {
			return s.arith(arms.X)
		}
		return s.arith(arms.Y)
	case syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn,
		syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
		return s.assignArith(x)
	}
	l, err := s.arith(x.X)
	if err != nil {
		return 0, err
	}
	r, err := s.arith(x.Y)
	if err != nil {
		return 0, err
	}
	return calculate(x.Op, l, r)
}

var assignOps = map[syntax.BinAritOperator]syntax.BinAritOperator{
	syntax.AddAssgn: syntax.Add, syntax.SubAssgn: syntax.Sub, syntax.MulAssgn: syntax.Mul, syntax.QuoAssgn: syntax.Quo,
	syntax.RemAssgn: syntax.Rem, syntax.AndAssgn: syntax.And, syntax.OrAssgn: syntax.Or, syntax.XorAssgn: syntax.Xor,
	syntax.ShlAssgn: syntax.Shl, syntax.ShrAssgn: syntax.Shr,
}

func (s *Shell) assignArith(x *syntax.BinaryArithm) (int64, error) {
	name, err := target(x.X)
	if err != nil {
		return 0, err
	}
	v, err := s.arith(x.Y)
	if err != nil {
		return 0, err
	}
	if op, ok := assignOps[x.Op]; ok {
		old, err := s.number(s.get(name), 0)
		if err != nil {
			return 0, err
		}
		if v, err = calculate(op, old, v); err != nil {
			return 0, err
		}
	}
	return v, s.set(name, formatInt(v))
}

func calculate(op syntax.BinAritOperator, l, r int64) (int64, error) {
	switch op {
	case syntax.Add:
		return l + r, nil
	case syntax.Sub:
		return l - r, nil
	case syntax.Mul:
		return l * r, nil
	case syntax.Quo, syntax.Rem:
		if r == 0 {
			return 0, &fatal{"arithmetic expression: division by zero: \"" + formatInt(l) + op.String() + "0\""}
		}
		if op == syntax.Quo {
			return l / r, nil
		}
		return l % r, nil
	case syntax.Pow:
		v := int64(1)
		for ; r > 0; r >>= 1 {
			if r&1 == 1 {
				v *= l
			}
			l *= l
		}
		return v, nil
	case syntax.Eql:
		return truth(l == r), nil
	case syntax.Neq:
		return truth(l != r), nil
	case syntax.Lss:
		return truth(l < r), nil
	case syntax.Gtr:
		return truth(l > r), nil
	case syntax.Leq:
		return truth(l <= r), nil
	case syntax.Geq:
		return truth(l >= r), nil
	case syntax.And:
		return l & r, nil
	case syntax.Or:
		return l | r, nil
	case syntax.Xor:
		return l ^ r, nil
	case syntax.Shl:
		return l << uint(r&63), nil
	case syntax.Shr:
		return l >> uint(r&63), nil
	case syntax.Comma:
		return r, nil
	}
	return 0, &fatal{"arithmetic expression: unsupported operator " + op.String()}
}
