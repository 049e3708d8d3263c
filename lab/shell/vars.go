package shell

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
)

// variable is a shell variable; list is set for a bash array.
type variable struct {
	val                     string
	list                    []string
	set, exported, readonly bool
}

// table is a map of variables that several shells may share until one of them writes.
type table struct {
	refs atomic.Int32
	m    map[string]variable
}

func newTable(env []string) *table {
	t := &table{m: make(map[string]variable, len(env)+8)}
	t.refs.Store(1)
	for _, e := range env {
		if k, v, ok := strings.Cut(e, "="); ok && validName(k) {
			t.m[k] = variable{val: v, set: true, exported: true}
		}
	}
	return t
}

func (t *table) share() *table {
	t.refs.Add(1)
	return t
}

// own returns a table that only the caller holds.
func (t *table) own() *table {
	if t.refs.Load() == 1 {
		return t
	}
	c := &table{m: maps.Clone(t.m)}
	c.refs.Store(1)
	t.refs.Add(-1)
	return c
}

func (t *table) release() { t.refs.Add(-1) }

// maxValue bounds one variable.
const maxValue = 16 << 20

func (s *Shell) lookup(name string) (variable, bool) {
	v, ok := s.vars.m[name]
	return v, ok && v.set
}

func (s *Shell) get(name string) string {
	v := s.vars.m[name]
	if v.list != nil {
		return first(v.list)
	}
	return v.val
}

// set assigns; it fails for a read-only variable.
func (s *Shell) set(name, val string) error {
	v := s.vars.m[name]
	if v.readonly {
		return &fatal{name + ": is read only"}
	}
	if len(val) > maxValue {
		return &fatal{name + ": value too long"}
	}
	if v.set && v.val == val && v.list == nil && !s.opt.allexport {
		return nil
	}
	v.val, v.list, v.set = val, nil, true
	v.exported = v.exported || s.opt.allexport
	s.put(name, v)
	return nil
}

func (s *Shell) put(name string, v variable) {
	s.vars = s.vars.own()
	s.vars.m[name] = v
	if v.exported || s.envHas[name] {
		s.env = nil
	}
	switch name {
	case "OPTIND":
		s.optpos = 0
	case "PATH":
		s.env = nil
	}
}

func (s *Shell) unset(name string) error {
	v, ok := s.vars.m[name]
	if !ok {
		return nil
	}
	if v.readonly {
		return &fatal{name + ": is read only"}
	}
	s.vars = s.vars.own()
	delete(s.vars.m, name)
	if v.exported {
		s.env = nil
	}
	return nil
}

// environ is the environment that a program started now would get. The slice is never changed afterwards.
func (s *Shell) environ() []string {
	if s.env != nil {
		return s.env
	}
	env := make([]string, 0, 16)
	has := map[string]bool{}
	for k, v := range s.vars.m {
		if v.exported && v.set && v.list == nil {
			env = append(env, k+"="+v.val)
			has[k] = true
		}
	}
	slices.Sort(env)
	s.env, s.envHas = env, has
	return env
}

// local makes name local to the running function: its value now is put back when the function returns.
func (s *Shell) local(name string) {
	if len(s.scopes) == 0 {
		return
	}
	top := s.scopes[len(s.scopes)-1]
	if _, done := top[name]; done {
		return
	}
	old, ok := s.vars.m[name]
	old.set = old.set && ok
	top[name] = saved{old, ok}
}

type saved struct {
	v  variable
	ok bool
}

func (s *Shell) restoreVars(from map[string]saved) {
	for name, old := range from {
		if old.ok {
			s.put(name, old.v)
			continue
		}
		s.vars = s.vars.own()
		delete(s.vars.m, name)
		s.env = nil
	}
}

func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func first(l []string) string {
	if len(l) == 0 {
		return ""
	}
	return l[0]
}
