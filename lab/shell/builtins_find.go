package shell

import (
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// command runs a name without looking at functions, or says what it is (-v, -V).
func (s *Shell) command(args []string) int {
	rest := args[1:]
	mode := ""
	path := s.get("PATH")
	for len(rest) > 0 && len(rest[0]) == 2 && rest[0][0] == '-' {
		switch rest[0] {
		case "-p":
			path = kernel.DefaultPath
		case "-v", "-V":
			mode = rest[0]
		}
		if rest = rest[1:]; len(rest) > 0 && rest[0] == "--" {
			rest = rest[1:]
			break
		}
	}
	if len(rest) == 0 {
		return 0
	}
	if mode != "" {
		status := 0
		for _, name := range rest {
			if !s.identify(name, path, mode == "-V") {
				status = 127
				if s.kind == Bash {
					status = 1
				}
			}
		}
		return status
	}
	if rest[0] == "exec" {
		s.exec(nil, nil, rest[1:])
		return s.last
	}
	if b := s.builtin(rest[0]); b != nil {
		return b(s, rest)
	}
	s.external(nil, nil, rest, false)
	return s.last
}

func (s *Shell) typeCmd(args []string) int {
	status := 0
	for _, name := range args[1:] {
		if strings.HasPrefix(name, "-") {
			continue
		}
		if !s.identify(name, s.get("PATH"), true) {
			status = 127
			if s.kind == Bash {
				status = 1
			}
		}
	}
	return status
}

// identify prints what a name is; false where it is nothing.
func (s *Shell) identify(name, path string, long bool) bool {
	say := func(short, verbose string) bool {
		if long {
			s.out(name + verbose + "\n")
		} else {
			s.out(short + "\n")
		}
		return true
	}
	if text, ok := s.alias[name]; ok {
		return say("alias "+name+"="+quoteValue(text), " is an alias for "+text)
	}
	if syntax.IsKeyword(name) {
		return say(name, " is a shell keyword")
	}
	if special[name] {
		return say(name, " is a special shell builtin")
	}
	if _, ok := s.funcs[name]; ok {
		return say(name, " is a shell function")
	}
	if s.builtin(name) != nil {
		return say(name, " is a shell builtin")
	}
	if full, err := s.p.FindIn(name, path); err == nil {
		full = vfs.Clean(s.p.Cwd, full)
		return say(full, " is "+full)
	}
	if long {
		s.note(s.name + ": " + name + ": not found")
	}
	return false
}

func (s *Shell) times([]string) int {
	s.out("0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n")
	return 0
}

// ulimit shows the limits; the lab keeps its own, so that setting one is accepted and changes nothing.
func (s *Shell) ulimit(args []string) int {
	var flag string
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "-") {
			return 0
		}
		flag = a
	}
	switch strings.TrimLeft(flag, "-SH") {
	case "n":
		s.out("1024\n")
	case "c":
		s.out("0\n")
	case "u":
		s.out("1500\n")
	default:
		s.out("unlimited\n")
	}
	return 0
}

// waitCmd waits for all jobs, or for those named; a caught signal ends it.
func (s *Shell) waitCmd(args []string) int {
	status := 0
	for _, a := range args[1:] {
		j := s.findJob(a)
		if j == nil {
			if strings.HasPrefix(a, "-") {
				continue
			}
			status = 127
			continue
		}
		var ok bool
		if status, ok = s.waitJob(j); !ok {
			return status
		}
	}
	if len(args) > 1 {
		return status
	}
	for len(s.jobs) > 0 {
		if st, ok := s.waitJob(s.jobs[0]); !ok {
			return st
		}
	}
	return 0
}

func (s *Shell) findJob(spec string) *job {
	if strings.HasPrefix(spec, "%") {
		return s.jobOf(spec)
	}
	pid, _ := strconv.Atoi(spec)
	for _, j := range s.jobs {
		if j.proc.PID == pid {
			return j
		}
	}
	return nil
}

func (s *Shell) waitJob(j *job) (status int, ok bool) {
	status, ok = s.p.WaitFor(j.proc)
	if !ok {
		return 128 + int(kernel.SIGTERM), false
	}
	for i, other := range s.jobs {
		if other == j {
			s.jobs = append(s.jobs[:i:i], s.jobs[i+1:]...)
			break
		}
	}
	return status, true
}

// read reads one line, byte by byte, so that what follows is left for the next command.
func (s *Shell) read(args []string) int {
	o := readOptions{fd: 0, delim: '\n', limit: -1}
	names, status := o.parse(s, args)
	if status != 0 {
		return status
	}
	if o.prompt != "" && s.p.IsTTY(o.fd) {
		s.p.Stderr().Write([]byte(o.prompt))
	}
	line, ok := s.readLine(o)
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	if o.array != "" {
		s.put(o.array, variable{list: s.splitRead(line, -1), set: true})
	} else {
		vals := s.splitRead(line, len(names))
		for i, name := range names {
			val := ""
			if i < len(vals) {
				val = vals[i]
			}
			if err := s.set(name, val); err != nil {
				s.fail(err)
				return s.last
			}
		}
	}
	return boolStatus(ok)
}

type readOptions struct {
	raw, silent bool
	fd, limit   int
	delim       byte
	prompt      string
	array       string
	timeout     time.Duration
}

func (o *readOptions) parse(s *Shell, args []string) ([]string, int) {
	rest := args[1:]
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		word := rest[0][1:]
		rest = rest[1:]
		if word == "-" {
			break
		}
		for i := 0; i < len(word); i++ {
			c := word[i]
			switch c {
			case 'r':
				o.raw = true
				continue
			case 's':
				o.silent = true
				continue
			case 'e':
				continue
			}
			if !strings.ContainsRune("puntda", rune(c)) || s.kind == Dash && c != 'p' {
				return nil, s.usage(args, "Illegal option -"+string(c), 2)
			}
			val := word[i+1:]
			if val == "" && len(rest) > 0 {
				val, rest = rest[0], rest[1:]
			}
			o.set(c, val)
			break
		}
	}
	for _, name := range rest {
		if !validName(name) {
			return nil, s.usage(args, name+": bad variable name", 2)
		}
	}
	return rest, 0
}

func (o *readOptions) set(c byte, val string) {
	switch c {
	case 'p':
		o.prompt = val
	case 'u':
		o.fd, _ = strconv.Atoi(val)
	case 'n':
		o.limit, _ = strconv.Atoi(val)
	case 't':
		f, _ := strconv.ParseFloat(val, 64)
		o.timeout = time.Duration(f * float64(time.Second))
	case 'd':
		o.delim = 0
		if val != "" {
			o.delim = val[0]
		}
	case 'a':
		o.array = val
	}
}

// readLine returns the line as characters, each marked where a backslash quoted it.
func (s *Shell) readLine(o readOptions) (line []readChar, ok bool) {
	if o.silent && s.p.TTY() != nil && s.p.IsTTY(o.fd) {
		b, err := s.p.TTY().Secret(s.p)
		for _, c := range strings.TrimRight(string(b), "\n") {
			line = append(line, readChar{byte(c), true})
		}
		return line, err == nil
	}
	var b [1]byte
	for o.limit < 0 || len(line) < o.limit {
		n, err := s.p.Read(o.fd, b[:])
		if n == 0 || err != nil {
			return line, false
		}
		switch {
		case b[0] == o.delim:
			return line, true
		case b[0] == '\\' && !o.raw:
			if n, err := s.p.Read(o.fd, b[:]); n == 0 || err != nil {
				return line, false
			}
			if b[0] != '\n' {
				line = append(line, readChar{b[0], true})
			}
		default:
			line = append(line, readChar{b[0], false})
		}
	}
	return line, true
}

type readChar struct {
	c      byte
	quoted bool
}

// splitRead splits a line at IFS into at most n fields (-1: all); the last takes the rest.
func (s *Shell) splitRead(line []readChar, n int) []string {
	ifs := s.ifs()
	white := func(r readChar) bool {
		return !r.quoted && (r.c == ' ' || r.c == '\t' || r.c == '\n') && strings.IndexByte(ifs, r.c) >= 0
	}
	sep := func(r readChar) bool { return !r.quoted && strings.IndexByte(ifs, r.c) >= 0 }
	for len(line) > 0 && white(line[0]) {
		line = line[1:]
	}
	for len(line) > 0 && white(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	var out []string
	for len(line) > 0 {
		if n > 0 && len(out) == n-1 {
			return append(out, lastField(line, sep, white))
		}
		i := 0
		for i < len(line) && !sep(line[i]) {
			i++
		}
		out = append(out, chars(line[:i]))
		for i < len(line) && white(line[i]) {
			i++
		}
		if i < len(line) && sep(line[i]) && !white(line[i]) {
			i++
			for i < len(line) && white(line[i]) {
				i++
			}
		}
		line = line[i:]
	}
	return out
}

// lastField is the rest of the line, less one trailing separator where it is the only one left.
func lastField(line []readChar, sep, white func(readChar) bool) string {
	if k := len(line) - 1; k >= 0 && sep(line[k]) && !white(line[k]) {
		only := true
		for _, c := range line[:k] {
			only = only && !sep(c)
		}
		if only {
			line = line[:k]
		}
	}
	return chars(line)
}

func chars(line []readChar) string {
	b := make([]byte, len(line))
	for i, c := range line {
		b[i] = c.c
	}
	return string(b)
}
