package userland

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (fp *findParser) nameTest(name, pat string) func(*findEnv) bool {
	fold := name[1] == 'i'
	if fold {
		pat = strings.ToLower(pat)
	}
	whole := strings.HasSuffix(name, "path") || name == "-wholename"
	return func(e *findEnv) bool {
		s := e.path
		if !whole {
			s = base(e.path)
		}
		if fold {
			s = strings.ToLower(s)
		}
		return matchGlob(pat, s)
	}
}

// signed splits "+3", "-3" and "3" into a comparison and a number.
func signed(v string) (cmp int, n int64, ok bool) {
	if v != "" {
		switch v[0] {
		case '+':
			cmp, v = 1, v[1:]
		case '-':
			cmp, v = -1, v[1:]
		}
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return cmp, n, err == nil
}

func fits(cmp int, have, want int64) bool {
	switch cmp {
	case 1:
		return have > want
	case -1:
		return have < want
	}
	return have == want
}

func (fp *findParser) age(v string, unit time.Duration) func(*findEnv) bool {
	cmp, n, ok := signed(v)
	if !ok {
		fp.err = "invalid argument `" + v + "'"
	}
	return func(e *findEnv) bool { return fits(cmp, int64(e.t.p.Now().Sub(e.info.Mtime)/unit), n) }
}

func (fp *findParser) sizeTest(v string) func(*findEnv) bool {
	unit := int64(512)
	if v != "" {
		if k := strings.IndexByte("cwbkMG", v[len(v)-1]); k >= 0 {
			unit = []int64{1, 2, 512, 1 << 10, 1 << 20, 1 << 30}[k]
			v = v[:len(v)-1]
		}
	}
	cmp, n, ok := signed(v)
	if !ok {
		fp.err = "invalid -size type"
	}
	return func(e *findEnv) bool { return fits(cmp, (e.info.Size+unit-1)/unit, n) }
}

func (fp *findParser) permTest(v string) func(*findEnv) bool {
	mode := byte('=')
	if v != "" && (v[0] == '-' || v[0] == '/') {
		mode, v = v[0], v[1:]
	}
	want, ok := ParseMode(v, 0, false)
	if !ok {
		fp.err = "invalid mode"
	}
	return func(e *findEnv) bool {
		switch mode {
		case '-':
			return e.info.Mode&want == want
		case '/':
			return want == 0 || e.info.Mode&want != 0
		}
		return e.info.Mode == want
	}
}

func (fp *findParser) printfAction(format string) func(*findEnv) bool {
	return func(e *findEnv) bool {
		var b strings.Builder
		for i := 0; i < len(format); i++ {
			if format[i] != '%' || i+1 == len(format) {
				b.WriteByte(format[i])
				continue
			}
			i++
			switch format[i] {
			case 'p':
				b.WriteString(e.path)
			case 'f':
				b.WriteString(base(e.path))
			case 'h':
				b.WriteString(strings.TrimSuffix(strings.TrimSuffix(e.path, base(e.path)), "/"))
			case 'P':
				b.WriteString(base(e.path))
			case 'm':
				b.WriteString(strconv.FormatUint(uint64(e.info.Mode), 8))
			case 'l':
				b.WriteString(e.info.Target)
			case 'T':
				if i+1 < len(format) {
					i++
					if format[i] == '@' {
						fmt.Fprintf(&b, "%d.0000000000", e.info.Mtime.Unix())
					} else {
						b.WriteString(strftimeField(format[i], e.info.Mtime.UTC()))
					}
				}
			case 'y':
				b.WriteByte("fdlcbps"[e.info.Kind])
			default:
				b.WriteString(e.t.statField(format[i], e.path, e.info))
			}
		}
		text, _ := unescape(b.String(), true)
		e.t.out.WriteString(text)
		return true
	}
}

func (fp *findParser) execAction(name string) func(*findEnv) bool {
	n := &findNode{}
	for {
		if len(fp.args) == 0 {
			fp.err = "missing argument to `" + name + "'"
			return nil
		}
		a := fp.value(name)
		if a == ";" {
			break
		}
		if a == "+" && len(n.exec) > 0 && n.exec[len(n.exec)-1] == "{}" {
			n.plus, n.exec = true, n.exec[:len(n.exec)-1]
			break
		}
		n.exec = append(n.exec, a)
	}
	fp.nodes = append(fp.nodes, n)
	return func(e *findEnv) bool {
		if n.plus {
			e.batch[n] = append(e.batch[n], e.path)
			return true
		}
		line := make([]string, len(n.exec))
		for i, a := range n.exec {
			line[i] = strings.ReplaceAll(a, "{}", e.path)
		}
		e.t.out.Flush()
		return e.t.p.Run("find", line, nil) == 0
	}
}
