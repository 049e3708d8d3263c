package userland

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

type grep struct {
	*tool
	re            *regexp.Regexp
	invert, quiet bool
	only, count   bool
	names         bool
	limit         int
	before, after int
	matched       bool
}

// Grep searches lines: -E -F -G -i -v -c -l -L -o -q -s -n -h -H -w -x -r -m -A -B -C -e -f.
func Grep(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "EFGPivclLoqsnhHwxrRam:A:B:C:e:f:z", map[string]byte{"extended-regexp": 'E', "fixed-strings": 'F',
		"ignore-case": 'i', "invert-match": 'v', "count": 'c', "files-with-matches": 'l', "only-matching": 'o', "quiet": 'q', "silent": 'q',
		"no-messages": 's', "line-number": 'n', "no-filename": 'h', "with-filename": 'H', "word-regexp": 'w', "line-regexp": 'x',
		"recursive": 'r', "max-count": 'm', "text": 'a', "regexp": 'e', "color": 'G', "colour": 'G', "after-context": 'A', "before-context": 'B', "context": 'C'})
	if !ok {
		return t.bad(2)
	}
	g := &grep{tool: t, invert: t.has("v"), quiet: t.has("q"), only: t.has("o"), count: t.has("c"), limit: -1}
	if !g.patterns() {
		return 2
	}
	for c, dst := range map[byte]*int{'m': &g.limit, 'A': &g.after, 'B': &g.before} {
		if v := t.val(c); v != "" {
			*dst, _ = strconv.Atoi(v)
		}
	}
	if v := t.val('C'); v != "" {
		g.before, _ = strconv.Atoi(v)
		g.after = g.before
	}
	return g.run()
}

func (g *grep) patterns() bool {
	pats := g.all('e')
	for _, f := range g.all('f') {
		b, err := g.p.Sys.FS.ReadFile(g.p.Cred, g.p.Cwd, f)
		if err != nil {
			g.fail("%s: %s", f, errText(err))
			return false
		}
		pats = append(pats, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	}
	if len(pats) == 0 && len(g.all('f')) == 0 {
		if len(g.args) == 0 {
			g.p.Stderr().Write([]byte("Usage: grep [OPTION]... PATTERNS [FILE]...\n"))
			return false
		}
		pats, g.args = []string{g.args[0]}, g.args[1:]
	}
	extended := g.last("EFGP") == 'E' || g.last("EFGP") == 'P' || g.name == "egrep"
	var alts []string
	for _, p := range strings.Split(strings.Join(pats, "\n"), "\n") {
		if g.last("EFGP") == 'F' || g.name == "fgrep" {
			alts = append(alts, regexp.QuoteMeta(p))
			continue
		}
		src, err := translate(p, extended)
		if err != nil {
			g.fail("%s", err)
			return false
		}
		alts = append(alts, src)
	}
	src := "(?:" + strings.Join(alts, "|") + ")"
	if g.has("x") {
		src = "^" + src + "$"
	}
	if g.has("w") {
		src = `(?:^|\b)` + src + `(?:\b|$)`
	}
	if g.has("i") {
		src = "(?i)" + src
	}
	re, err := regexp.Compile(src)
	if err != nil {
		g.fail("Invalid regular expression")
		return false
	}
	re.Longest()
	g.re = re
	return true
}

func (g *grep) run() int {
	if g.has("rR") {
		g.expand()
	}
	g.names = g.has("H") || len(g.args) > 1 || g.has("rR")
	if g.has("h") {
		g.names = false
	}
	names := g.args
	if len(names) == 0 {
		names = []string{"-"}
	}
	trouble := false
	for _, name := range names {
		if g.quiet && g.matched || g.p.Dead() {
			break
		}
		r, err := g.input(name)
		if err != nil {
			trouble = true
			if !g.has("s") {
				g.fail("%s: %s", name, errText(err))
			}
			continue
		}
		g.search(name, r)
		if f, ok := r.(fileReader); ok {
			f.f.Close()
		}
	}
	g.status = 0
	g.end()
	switch {
	case g.matched && (g.quiet || !trouble):
		return 0
	case trouble:
		return 2
	}
	return 1
}

func (g *grep) input(name string) (io.Reader, error) {
	if name == "-" {
		return g.p.Stdin(), nil
	}
	if i, err := g.stat(name, true); err == nil && i.IsDir() {
		return nil, vfs.EISDIR
	}
	f, err := g.p.Open(name, vfs.Read, 0)
	if err != nil {
		return nil, err
	}
	return fileReader{g.p, f, name}, nil
}

// expand replaces directories by the files beneath them.
func (g *grep) expand() {
	var out []string
	var walk func(path string)
	walk = func(path string) {
		i, err := g.stat(path, false)
		if err == nil && i.IsDir() {
			list, _ := g.p.Sys.FS.ReadDir(g.p.Cred, g.p.Cwd, path)
			for _, e := range list {
				walk(strings.TrimSuffix(path, "/") + "/" + e.Name)
			}
			return
		}
		if err != nil || i.Kind == vfs.Regular {
			out = append(out, path)
		}
	}
	if len(g.args) == 0 {
		g.args = []string{"."}
	}
	for _, a := range g.args {
		walk(a)
	}
	g.args = out
}

func (g *grep) search(name string, r io.Reader) {
	hits, lineno, after := 0, 0, 0
	var held [][]byte
	gap := false
	show := name
	if name == "-" {
		show = "(standard input)"
	}
	g.lines(name, r, func(line []byte, _ bool) bool {
		lineno++
		if g.re.Match(line) == g.invert {
			switch {
			case after > 0:
				after--
				g.emit(show, lineno, '-', line)
			case g.before > 0:
				if held = append(held, append([]byte(nil), line...)); len(held) > g.before {
					held, gap = held[1:], hits > 0 || gap
				}
			default:
				gap = hits > 0
			}
			return true
		}
		hits++
		g.matched = true
		if g.quiet || g.has("lL") {
			return false
		}
		if !g.count {
			if gap && g.before+g.after > 0 {
				g.out.WriteString("--\n")
			}
			for k, h := range held {
				g.emit(show, lineno-len(held)+k, '-', h)
			}
			held, gap, after = nil, false, g.after
			g.match(show, lineno, line)
		}
		return g.limit < 0 || hits < g.limit
	})
	g.summary(show, hits)
}

func (g *grep) summary(show string, hits int) {
	switch {
	case g.quiet:
	case g.has("l"):
		if hits > 0 {
			g.printf("%s\n", show)
		}
	case g.has("L"):
		if hits == 0 {
			g.printf("%s\n", show)
		}
	case g.count:
		if g.names {
			g.printf("%s:", show)
		}
		g.printf("%d\n", hits)
	}
}

func (g *grep) match(show string, n int, line []byte) {
	if !g.only {
		g.emit(show, n, ':', line)
		return
	}
	if g.invert {
		return
	}
	for _, m := range g.re.FindAll(line, -1) {
		if len(bytes.TrimSpace(m)) > 0 || len(m) > 0 {
			g.emit(show, n, ':', m)
		}
	}
}

func (g *grep) emit(show string, n int, sep byte, line []byte) {
	if g.names {
		g.out.WriteString(show)
		g.out.WriteByte(sep)
	}
	if g.has("n") {
		g.out.WriteString(strconv.Itoa(n))
		g.out.WriteByte(sep)
	}
	g.out.Write(line)
	g.out.WriteByte('\n')
}
