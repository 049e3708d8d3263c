package shell

import (
	"strconv"
	"strings"

	"tend/lab/userland"
	"tend/lab/vfs"
)

// builtin is a command that the shell performs itself; args[0] is its name.
type builtin func(s *Shell, args []string) int

// special are POSIX's special built-ins: found before functions, their assignments stay.
var special = map[string]bool{":": true, ".": true, "break": true, "continue": true, "eval": true, "exec": true, "exit": true,
	"export": true, "readonly": true, "return": true, "set": true, "shift": true, "times": true, "trap": true, "unset": true}

func (s *Shell) builtin(name string) builtin {
	switch name {
	case ":", "true":
		return func(*Shell, []string) int { return 0 }
	case "false":
		return func(*Shell, []string) int { return 1 }
	case ".":
		return (*Shell).source
	case "alias":
		return (*Shell).aliasCmd
	case "bg", "fg", "jobs":
		return (*Shell).jobsCmd
	case "break", "continue":
		return (*Shell).breakCmd
	case "cd", "chdir":
		return (*Shell).cd
	case "command":
		return (*Shell).command
	case "echo":
		return (*Shell).echo
	case "eval":
		return (*Shell).evalCmd
	case "exec":
		return func(*Shell, []string) int { return 0 }
	case "exit", "return":
		return (*Shell).exitCmd
	case "export", "readonly":
		return (*Shell).exportCmd
	case "getopts":
		return (*Shell).getopts
	case "hash":
		return func(*Shell, []string) int { return 0 }
	}
	if b := moreBuiltins(name); b != nil {
		return b
	}
	if s.kind == Bash {
		return bashBuiltin(name)
	}
	return nil
}

func moreBuiltins(name string) builtin {
	switch name {
	case "kill":
		return (*Shell).kill
	case "local":
		return (*Shell).localCmd
	case "printf", "test", "[":
		return external[name]
	case "pwd":
		return (*Shell).pwd
	case "read":
		return (*Shell).read
	case "set":
		return (*Shell).setCmd
	case "shift":
		return (*Shell).shift
	case "times":
		return (*Shell).times
	case "trap":
		return (*Shell).trap
	case "type":
		return (*Shell).typeCmd
	case "ulimit":
		return (*Shell).ulimit
	case "umask":
		return (*Shell).umask
	case "unalias":
		return (*Shell).unaliasCmd
	case "unset":
		return (*Shell).unsetCmd
	case "wait":
		return (*Shell).waitCmd
	}
	return nil
}

// external are built-ins that do exactly what the program of that name does.
var external = map[string]builtin{
	"printf": func(s *Shell, a []string) int { return userland.Printf(s.p, a) },
	"test":   func(s *Shell, a []string) int { return userland.Test(s.p, a) },
	"[":      func(s *Shell, a []string) int { return userland.Test(s.p, a) },
}

func (s *Shell) out(text string) { s.p.Stdout().Write([]byte(text)) }

// usage complains about a built-in's arguments.
func (s *Shell) usage(args []string, text string, status int) int {
	s.complain(args[0] + ": " + text)
	return status
}

func (s *Shell) evalCmd(args []string) int {
	if !s.enter() {
		return s.last
	}
	defer func() { s.depth-- }()
	s.last = 0
	s.eval(strings.Join(args[1:], " "))
	return s.last
}

// source is the dot command.
func (s *Shell) source(args []string) int {
	if len(args) < 2 {
		return s.usage(args, "filename argument required", 2)
	}
	path := args[1]
	if !strings.Contains(path, "/") {
		for _, dir := range append(strings.Split(s.get("PATH"), ":"), ".") {
			if i, err := s.p.Sys.FS.Stat(s.p.Cred, s.p.Cwd, dir+"/"+path); err == nil && i.Kind == vfs.Regular {
				path = dir + "/" + path
				break
			}
		}
	}
	text, err := s.p.Sys.FS.ReadFile(s.p.Cred, s.p.Cwd, path)
	if err != nil {
		s.complain(args[0] + ": cannot open " + args[1] + ": " + strings.ToLower(err.Error()[:1]) + err.Error()[1:])
		s.last = 2
		s.exiting = !s.interactive && s.kind != Bash
		return s.last
	}
	if !s.enter() {
		return s.last
	}
	params := s.params
	if len(args) > 2 {
		s.params = args[2:]
	}
	s.inSource++
	s.last = 0
	s.eval(string(text))
	s.inSource--
	s.depth--
	s.params = params
	s.returning = false
	return s.last
}

func (s *Shell) breakCmd(args []string) int {
	n := 1
	if len(args) > 1 {
		v, err := strconv.Atoi(args[1])
		if err != nil || v < 1 {
			return s.usage(args, "Illegal number: "+args[1], 2)
		}
		n = v
	}
	n = min(n, s.loops)
	if args[0] == "break" {
		s.breaks = n
	} else {
		s.continues = n
	}
	return 0
}

func (s *Shell) exitCmd(args []string) int {
	status := s.last
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			s.exiting = true
			return s.usage(args, "Illegal number: "+args[1], 2)
		}
		status = n & 0xff
	}
	if args[0] == "return" && (s.inFunc > 0 || s.inSource > 0) {
		s.returning = true
	} else {
		s.exiting = true
	}
	return status
}

func (s *Shell) shift(args []string) int {
	n := 1
	if len(args) > 1 {
		v, err := strconv.Atoi(args[1])
		if err != nil || v < 0 {
			return s.usage(args, "Illegal number: "+args[1], 2)
		}
		n = v
	}
	if n > len(s.params) {
		if s.kind == Bash {
			return 1
		}
		s.exiting = !s.interactive
		return s.usage(args, "can't shift that many", 2)
	}
	s.params = s.params[n:]
	return 0
}

func (s *Shell) setCmd(args []string) int {
	if len(args) == 1 {
		s.printVars(func(variable) bool { return true }, "")
		return 0
	}
	rest := args[1:]
	for len(rest) > 0 {
		a := rest[0]
		if a == "--" {
			s.params = rest[1:]
			return 0
		}
		if a == "-" {
			s.opt.xtrace, s.opt.verbose = false, false
			s.params = rest[1:]
			return 0
		}
		if len(a) < 2 || a[0] != '-' && a[0] != '+' {
			s.params = rest
			return 0
		}
		n, ok := s.setOptions(a, rest[1:])
		if !ok {
			s.exiting = !s.interactive && s.kind != Bash
			return s.usage(args, "Illegal option "+a, 2)
		}
		rest = rest[1+n:]
	}
	return 0
}

// setOptions handles one "-eu" or "+x"; it returns how many further arguments it took.
func (s *Shell) setOptions(a string, next []string) (taken int, ok bool) {
	on := a[0] == '-'
	for _, c := range a[1:] {
		if c == 'o' {
			if len(next) == 0 {
				return 0, true
			}
			taken = 1
			o := s.opt.named(next[0])
			if o == nil || len(next[0]) == 1 || next[0] == "pipefail" && s.kind == Dash {
				return 1, false
			}
			*o = on
			continue
		}
		if strings.ContainsRune("hBbkptE", c) {
			continue
		}
		o := s.opt.named(string(c))
		if o == nil {
			return 0, false
		}
		*o = on
	}
	return taken, true
}

func (s *Shell) cd(args []string) int {
	physical := false
	rest := args[1:]
	for len(rest) > 0 && (rest[0] == "-P" || rest[0] == "-L" || rest[0] == "--") {
		physical = rest[0] == "-P"
		rest = rest[1:]
	}
	dir := s.get("HOME")
	show := false
	if len(rest) > 0 {
		dir = rest[0]
	}
	if dir == "-" {
		dir, show = s.get("OLDPWD"), true
	}
	if dir == "" {
		dir = "."
	}
	path := vfs.Clean(s.get("PWD"), dir)
	real, err := s.p.Sys.FS.Real(s.p.Cred, s.p.Cwd, path)
	if err == nil {
		err = s.p.Sys.FS.Access(s.p.Cred, s.p.Cwd, path, 1)
		if i, e := s.p.Sys.FS.Stat(s.p.Cred, s.p.Cwd, path); e == nil && !i.IsDir() {
			err = vfs.ENOTDIR
		}
	}
	if err != nil {
		if s.kind == Bash {
			return s.usage(args, dir+": "+err.Error(), 1)
		}
		return s.usage(args, "can't cd to "+dir, 2)
	}
	if physical {
		path = real
	}
	s.p.Cwd = path
	s.set("OLDPWD", s.get("PWD"))
	s.set("PWD", path)
	if show {
		s.out(path + "\n")
	}
	return 0
}

func (s *Shell) pwd(args []string) int {
	path := s.p.Cwd
	if len(args) > 1 && args[1] == "-P" {
		if real, err := s.p.Sys.FS.Real(s.p.Cred, s.p.Cwd, "."); err == nil {
			path = real
		}
	}
	s.out(path + "\n")
	return 0
}

// echo: dash and ash read escapes, bash wants -e.
func (s *Shell) echo(args []string) int {
	return userland.EchoWith(s.p, args, s.kind == Dash)
}
