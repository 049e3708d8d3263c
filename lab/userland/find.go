package userland

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// findEnv is one file that find looks at.
type findEnv struct {
	t     *tool
	path  string
	info  vfs.Info
	prune bool
	batch map[*findNode][]string // -exec ... {} +
	quit  bool
}

// findNode is a primary or an operator of find's expression.
type findNode struct {
	exec []string
	plus bool
}

type findParser struct {
	t        *tool
	args     []string
	action   bool
	mindepth int
	maxdepth int
	depth    bool
	err      string
	nodes    []*findNode
}

// Find walks trees: -name -iname -path -type -mtime -mmin -newer -size -user -perm -empty -maxdepth -mindepth -prune -xdev
// -print -print0 -printf -delete -exec -quit, with ! ( ) -a -o.
func Find(p *kernel.Proc, args []string) int {
	t, _ := start(p, args[:1], "", nil)
	rest := args[1:]
	for len(rest) > 0 && (rest[0] == "-L" || rest[0] == "-H" || rest[0] == "-P") {
		rest = rest[1:]
	}
	var roots []string
	for len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && rest[0] != "!" && rest[0] != "(" {
		roots = append(roots, rest[0])
		rest = rest[1:]
	}
	if len(roots) == 0 {
		roots = []string{"."}
	}
	fp := &findParser{t: t, args: rest, maxdepth: 1 << 30}
	expr := func(*findEnv) bool { return true }
	if len(rest) > 0 {
		expr = fp.or()
		if fp.err == "" && len(fp.args) > 0 {
			fp.err = "paths must precede expression: `" + fp.args[0] + "'"
		}
	}
	if fp.err != "" {
		t.fail("%s", fp.err)
		return t.end()
	}
	env := &findEnv{t: t, batch: map[*findNode][]string{}}
	for _, root := range roots {
		fp.walk(env, root, 0, expr)
	}
	for _, n := range fp.nodes {
		if paths := env.batch[n]; len(paths) > 0 {
			t.out.Flush()
			if p.Run("find", append(append([]string(nil), n.exec...), paths...), nil) != 0 {
				t.status = 1
			}
		}
	}
	return t.end()
}

func (fp *findParser) walk(e *findEnv, path string, level int, expr func(*findEnv) bool) {
	if e.quit || e.t.p.Dead() {
		return
	}
	info, err := e.t.stat(path, false)
	if err != nil {
		e.t.fail("'%s': %s", path, errText(err))
		return
	}
	visit := func() {
		if level < fp.mindepth {
			return
		}
		e.path, e.info, e.prune = path, info, false
		if expr(e) && !fp.action {
			e.t.printf("%s\n", path)
		}
	}
	if !fp.depth {
		visit()
	}
	if info.IsDir() && level < fp.maxdepth && !(e.prune && e.path == path) {
		list, err := e.t.p.Sys.FS.ReadDir(e.t.p.Cred, e.t.p.Cwd, path)
		if err != nil {
			e.t.fail("'%s': %s", path, errText(err))
		}
		for _, k := range list {
			fp.walk(e, strings.TrimSuffix(path, "/")+"/"+k.Name, level+1, expr)
		}
	}
	if fp.depth {
		visit()
	}
}

func (fp *findParser) or() func(*findEnv) bool {
	l := fp.and()
	for len(fp.args) > 0 && (fp.args[0] == "-o" || fp.args[0] == "-or") {
		fp.args = fp.args[1:]
		a, b := l, fp.and()
		l = func(e *findEnv) bool { return a(e) || b(e) }
	}
	return l
}

func (fp *findParser) and() func(*findEnv) bool {
	l := fp.not()
	for len(fp.args) > 0 && fp.args[0] != "-o" && fp.args[0] != "-or" && fp.args[0] != ")" && fp.err == "" {
		if fp.args[0] == "-a" || fp.args[0] == "-and" {
			fp.args = fp.args[1:]
		}
		a, b := l, fp.not()
		l = func(e *findEnv) bool { return a(e) && b(e) }
	}
	return l
}

func (fp *findParser) not() func(*findEnv) bool {
	switch {
	case len(fp.args) == 0:
		fp.err = "expected an expression"
		return nil
	case fp.args[0] == "!" || fp.args[0] == "-not":
		fp.args = fp.args[1:]
		x := fp.not()
		return func(e *findEnv) bool { return !x(e) }
	case fp.args[0] == "(":
		fp.args = fp.args[1:]
		x := fp.or()
		if len(fp.args) == 0 || fp.args[0] != ")" {
			fp.err = "missing closing )"
			return x
		}
		fp.args = fp.args[1:]
		return x
	}
	return fp.primary()
}

func (fp *findParser) value(name string) string {
	if len(fp.args) == 0 {
		fp.err = fmt.Sprintf("missing argument to `%s'", name)
		return ""
	}
	v := fp.args[0]
	fp.args = fp.args[1:]
	return v
}

func (fp *findParser) primary() func(*findEnv) bool {
	name := fp.args[0]
	fp.args = fp.args[1:]
	yes := func(*findEnv) bool { return true }
	switch name {
	case "-maxdepth":
		fp.maxdepth, _ = strconv.Atoi(fp.value(name))
		return yes
	case "-mindepth":
		fp.mindepth, _ = strconv.Atoi(fp.value(name))
		return yes
	case "-depth":
		fp.depth = true
		return yes
	case "-xdev", "-mount", "-noleaf", "-daystart", "-ignore_readdir_race", "-follow", "-true":
		return yes
	case "-name", "-iname", "-path", "-ipath", "-wholename":
		return fp.nameTest(name, fp.value(name))
	case "-type", "-xtype":
		v := fp.value(name)
		return func(e *findEnv) bool { return v != "" && strings.IndexByte("fdlcbps", v[0]) == int(e.info.Kind) }
	case "-mtime", "-ctime", "-atime", "-mmin", "-cmin", "-amin":
		unit := 24 * time.Hour
		if strings.HasSuffix(name, "min") {
			unit = time.Minute
		}
		return fp.age(fp.value(name), unit)
	case "-newer":
		i, err := fp.t.stat(fp.value(name), true)
		if err != nil {
			fp.err = errText(err)
		}
		return func(e *findEnv) bool { return e.info.Mtime.After(i.Mtime) }
	}
	return fp.primary2(name)
}

func (fp *findParser) primary2(name string) func(*findEnv) bool {
	switch name {
	case "-size":
		return fp.sizeTest(fp.value(name))
	case "-user", "-group", "-uid", "-gid":
		v := fp.value(name)
		return func(e *findEnv) bool {
			if name == "-user" || name == "-uid" {
				return userName(e.t.p, e.info.UID) == v || strconv.Itoa(e.info.UID) == v
			}
			return groupName(e.t.p, e.info.GID) == v || strconv.Itoa(e.info.GID) == v
		}
	case "-perm":
		return fp.permTest(fp.value(name))
	case "-empty":
		return func(e *findEnv) bool {
			if e.info.IsDir() {
				list, _ := e.t.p.Sys.FS.ReadDir(e.t.p.Cred, e.t.p.Cwd, e.path)
				return len(list) == 0
			}
			return e.info.Kind == vfs.Regular && e.info.Size == 0
		}
	case "-false":
		return func(*findEnv) bool { return false }
	case "-prune":
		return func(e *findEnv) bool { e.prune = true; return true }
	}
	fp.action = true
	switch name {
	case "-print":
		return func(e *findEnv) bool { e.t.printf("%s\n", e.path); return true }
	case "-print0":
		return func(e *findEnv) bool { e.t.printf("%s\x00", e.path); return true }
	case "-printf":
		return fp.printfAction(fp.value(name))
	case "-quit":
		return func(e *findEnv) bool { e.quit = true; return true }
	case "-delete":
		fp.depth = true
		return func(e *findEnv) bool {
			err := e.t.p.Sys.FS.Remove(e.t.p.Cred, e.t.p.Cwd, e.path, e.info.IsDir())
			if err != nil {
				e.t.fail("cannot delete '%s': %s", e.path, errText(err))
			}
			return err == nil
		}
	case "-exec", "-execdir", "-ok":
		return fp.execAction(name)
	}
	fp.err = "unknown predicate `" + name + "'"
	return nil
}
