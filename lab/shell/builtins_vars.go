package shell

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// quoteValue writes a value so that the shell reads it back.
func quoteValue(v string) string { return "'" + strings.ReplaceAll(v, "'", `'"'"'`) + "'" }

func (s *Shell) printVars(want func(variable) bool, prefix string) {
	var lines []string
	for k, v := range s.vars.m {
		if !want(v) {
			continue
		}
		line := prefix + k
		if v.set {
			line += "=" + quoteValue(v.val)
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	s.out(strings.Join(lines, ""))
}

func (s *Shell) exportCmd(args []string) int {
	readonly := args[0] == "readonly"
	rest := args[1:]
	off := false
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		off = off || rest[0] == "-n"
		if rest[0] == "-p" {
			rest = nil
			break
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		s.printVars(func(v variable) bool { return readonly && v.readonly || !readonly && v.exported }, args[0]+" ")
		return 0
	}
	for _, a := range rest {
		name, val, has := strings.Cut(a, "=")
		if !validName(name) {
			s.exiting = !s.interactive && s.kind != Bash
			return s.usage(args, name+": bad variable name", 2)
		}
		if has {
			if err := s.set(name, val); err != nil {
				s.fail(err)
				return s.last
			}
		}
		v := s.vars.m[name]
		if readonly {
			v.readonly = true
		} else {
			v.exported = !off
		}
		s.put(name, v)
		s.env = nil
	}
	return 0
}

func (s *Shell) localCmd(args []string) int {
	if s.inFunc == 0 {
		return s.usage(args, "not in a function", 1)
	}
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") {
			continue
		}
		name, val, has := strings.Cut(a, "=")
		if !validName(name) {
			s.fail(&fatal{"local: " + name + ": bad variable name"})
			return s.last
		}
		s.local(name)
		if has {
			if err := s.set(name, val); err != nil {
				s.fail(err)
				return s.last
			}
		} else if s.kind == Bash {
			s.unset(name)
		}
	}
	return 0
}

func (s *Shell) unsetCmd(args []string) int {
	rest := args[1:]
	funcs := false
	for len(rest) > 0 && (rest[0] == "-v" || rest[0] == "-f") {
		funcs = rest[0] == "-f"
		rest = rest[1:]
	}
	for _, name := range rest {
		if funcs {
			s.dropFunc(name)
			continue
		}
		if err := s.unset(name); err != nil {
			s.fail(err)
			return s.last
		}
	}
	return 0
}

func (s *Shell) dropFunc(name string) {
	if _, ok := s.funcs[name]; !ok {
		return
	}
	own := s.funcs
	if s.shared {
		own = make(map[string]*syntax.Stmt, len(s.funcs))
		for k, v := range s.funcs {
			own[k] = v
		}
		s.shared = false
	}
	delete(own, name)
	s.funcs = own
}

func (s *Shell) aliasCmd(args []string) int {
	status := 0
	for _, a := range args[1:] {
		name, text, has := strings.Cut(a, "=")
		if has {
			next := map[string]string{name: text}
			for k, v := range s.alias {
				if k != name {
					next[k] = v
				}
			}
			s.alias = next
			continue
		}
		if text, ok := s.alias[name]; ok {
			s.out(name + "=" + quoteValue(text) + "\n")
		} else {
			status = s.usage(args, name+" not found", 1)
		}
	}
	if len(args) == 1 {
		for _, k := range sortedKeys(s.alias) {
			s.out(k + "=" + quoteValue(s.alias[k]) + "\n")
		}
	}
	return status
}

func (s *Shell) unaliasCmd(args []string) int {
	next := map[string]string{}
	for k, v := range s.alias {
		if !slices.Contains(args[1:], k) && !slices.Contains(args[1:], "-a") {
			next[k] = v
		}
	}
	s.alias = next
	return 0
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// getopts parses one option a call; OPTIND and a position within the word are its memory.
func (s *Shell) getopts(args []string) int {
	if len(args) < 3 {
		return s.usage(args, "Usage: getopts optstring var [arg...]", 2)
	}
	spec, name, list := args[1], args[2], args[3:]
	if len(list) == 0 {
		list = s.params
	}
	quiet := strings.HasPrefix(spec, ":")
	ind, _ := strconv.Atoi(s.get("OPTIND"))
	ind = max(ind, 1)
	finish := func(opt, arg string, hasArg bool, next, pos int) int {
		s.set(name, opt)
		if hasArg {
			s.set("OPTARG", arg)
		} else {
			s.unset("OPTARG")
		}
		s.set("OPTIND", strconv.Itoa(next))
		s.optpos = pos
		return 0
	}
	if ind > len(list) || len(list[ind-1]) < 2 || list[ind-1][0] != '-' || list[ind-1] == "--" {
		if ind <= len(list) && list[ind-1] == "--" {
			ind++
		}
		finish("?", "", false, ind, 0)
		return 1
	}
	word := list[ind-1]
	pos := max(s.optpos, 1)
	c := word[pos]
	next, npos := ind, pos+1
	if npos >= len(word) {
		next, npos = ind+1, 0
	}
	at := strings.IndexByte(spec, c)
	if at < 0 || c == ':' {
		if !quiet {
			s.complain("Illegal option -" + string(c))
			return finish("?", "", false, next, npos)
		}
		return finish("?", string(c), true, next, npos)
	}
	if at+1 >= len(spec) || spec[at+1] != ':' {
		return finish(string(c), "", false, next, npos)
	}
	if pos+1 < len(word) {
		return finish(string(c), word[pos+1:], true, ind+1, 0)
	}
	if ind < len(list) {
		return finish(string(c), list[ind], true, ind+2, 0)
	}
	if quiet {
		return finish(":", string(c), true, ind+1, 0)
	}
	s.complain("No arg for -" + string(c) + " option")
	return finish("?", "", false, ind+1, 0)
}
