package userland

import (
	"fmt"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Test is test(1) and [.
func Test(p *kernel.Proc, args []string) int {
	rest := args[1:]
	if base(args[0]) == "[" {
		if len(rest) == 0 || rest[len(rest)-1] != "]" {
			p.Stderr().Write([]byte("[: missing ]\n"))
			return 2
		}
		rest = rest[:len(rest)-1]
	}
	e := &testExpr{p: p, args: rest}
	ok := e.evaluate()
	if e.err != "" {
		fmt.Fprintf(p.Stderr(), "%s: %s\n", base(args[0]), e.err)
		return 2
	}
	if ok {
		return 0
	}
	return 1
}

type testExpr struct {
	p    *kernel.Proc
	args []string
	err  string
}

// evaluate follows POSIX's rules by the number of arguments, which keep odd operands unambiguous.
func (e *testExpr) evaluate() bool {
	a := e.args
	switch len(a) {
	case 0:
		return false
	case 1:
		return a[0] != ""
	case 2:
		if a[0] == "!" {
			return a[1] == ""
		}
		if ok, known := e.unary(a[0], a[1]); known {
			return ok
		}
		e.err = a[0] + ": unexpected operator"
		return false
	case 3:
		if ok, known := e.binary(a[0], a[1], a[2]); known {
			return ok
		}
		if a[0] == "!" {
			return !(&testExpr{p: e.p, args: a[1:]}).evaluate()
		}
		if a[0] == "(" && a[2] == ")" {
			return a[1] != ""
		}
	case 4:
		if a[0] == "!" {
			sub := &testExpr{p: e.p, args: a[1:]}
			ok := !sub.evaluate()
			e.err = sub.err
			return ok
		}
	}
	ok := e.or()
	if e.err == "" && len(e.args) > 0 {
		e.err = e.args[0] + ": unexpected operator"
	}
	return ok
}

func (e *testExpr) next() string {
	if len(e.args) == 0 {
		e.err = "argument expected"
		return ""
	}
	a := e.args[0]
	e.args = e.args[1:]
	return a
}

func (e *testExpr) or() bool {
	ok := e.and()
	for len(e.args) > 0 && e.args[0] == "-o" && e.err == "" {
		e.next()
		r := e.and()
		ok = ok || r
	}
	return ok
}

func (e *testExpr) and() bool {
	ok := e.not()
	for len(e.args) > 0 && e.args[0] == "-a" && e.err == "" {
		e.next()
		r := e.not()
		ok = ok && r
	}
	return ok
}

func (e *testExpr) not() bool {
	if len(e.args) > 1 && e.args[0] == "!" {
		e.next()
		return !e.not()
	}
	return e.primary()
}

func (e *testExpr) primary() bool {
	if len(e.args) >= 3 {
		if ok, known := e.binary(e.args[0], e.args[1], e.args[2]); known {
			e.args = e.args[3:]
			return ok
		}
	}
	if len(e.args) > 0 && e.args[0] == "(" {
		e.next()
		ok := e.or()
		if e.next() != ")" {
			e.err = "closing paren expected"
		}
		return ok
	}
	if len(e.args) >= 2 {
		if ok, known := e.unary(e.args[0], e.args[1]); known {
			e.args = e.args[2:]
			return ok
		}
	}
	return e.next() != ""
}

func (e *testExpr) unary(op, arg string) (ok, known bool) {
	if len(op) != 2 || op[0] != '-' {
		return false, false
	}
	fs, p := e.p.Sys.FS, e.p
	switch op[1] {
	case 'z':
		return arg == "", true
	case 'n':
		return arg != "", true
	case 't':
		n, _ := strconv.Atoi(arg)
		return p.IsTTY(n), true
	case 'h', 'L':
		i, err := fs.Lstat(p.Cred, p.Cwd, arg)
		return err == nil && i.Kind == vfs.Symlink, true
	case 'r', 'w', 'x':
		want := map[byte]uint16{'r': 4, 'w': 2, 'x': 1}[op[1]]
		return fs.Access(p.Cred, p.Cwd, arg, want) == nil, true
	}
	if strings.IndexByte("efdbcpSsugkOGN", op[1]) < 0 {
		return false, false
	}
	i, err := fs.Stat(p.Cred, p.Cwd, arg)
	if err != nil {
		return false, true
	}
	return fileTest(op[1], i, p.Cred), true
}

func fileTest(c byte, i vfs.Info, who vfs.Cred) bool {
	switch c {
	case 'f':
		return i.Kind == vfs.Regular
	case 'd':
		return i.Kind == vfs.Directory
	case 'b':
		return i.Kind == vfs.BlockDevice
	case 'c':
		return i.Kind == vfs.CharDevice
	case 'p':
		return i.Kind == vfs.Fifo
	case 'S':
		return i.Kind == vfs.Socket
	case 's':
		return i.Size > 0
	case 'u':
		return i.Mode&vfs.SetUID != 0
	case 'g':
		return i.Mode&vfs.SetGID != 0
	case 'k':
		return i.Mode&vfs.Sticky != 0
	case 'O':
		return i.UID == who.UID
	case 'G':
		return i.GID == who.GID
	}
	return true // -e, -N
}

func (e *testExpr) binary(l, op, r string) (ok, known bool) {
	switch op {
	case "=", "==":
		return l == r, true
	case "!=":
		return l != r, true
	case "<":
		return l < r, true
	case ">":
		return l > r, true
	case "-nt", "-ot", "-ef":
		return e.files(l, op, r), true
	case "-eq", "-ne", "-lt", "-le", "-gt", "-ge":
		a, okA := e.number(l)
		b, okB := e.number(r)
		return okA && okB && compare(op, a, b), true
	case "-a":
		return l != "" && r != "", len(e.args) == 3
	case "-o":
		return l != "" || r != "", len(e.args) == 3
	}
	return false, false
}

func (e *testExpr) number(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil && e.err == "" {
		e.err = "Illegal number: " + s
	}
	return n, err == nil
}

func compare(op string, a, b int64) bool {
	switch op {
	case "-eq":
		return a == b
	case "-ne":
		return a != b
	case "-lt":
		return a < b
	case "-le":
		return a <= b
	case "-gt":
		return a > b
	}
	return a >= b
}

func (e *testExpr) files(l, op, r string) bool {
	a, errA := e.p.Sys.FS.Stat(e.p.Cred, e.p.Cwd, l)
	b, errB := e.p.Sys.FS.Stat(e.p.Cred, e.p.Cwd, r)
	switch op {
	case "-nt":
		return errA == nil && (errB != nil || a.Mtime.After(b.Mtime))
	case "-ot":
		return errB == nil && (errA != nil || a.Mtime.Before(b.Mtime))
	}
	return errA == nil && errB == nil && a.Ino == b.Ino
}
