package kernel

import (
	"bytes"
	"strings"

	"tend/lab/vfs"
)

// DefaultPath is searched where PATH is unset.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Find resolves a command's name as execvp(3) does: ENOENT or EACCES where there is none.
func (p *Proc) Find(name string) (string, error) {
	path := p.Getenv("PATH")
	if path == "" {
		path = DefaultPath
	}
	return p.FindIn(name, path)
}

// FindIn is Find along a given PATH.
func (p *Proc) FindIn(name, path string) (string, error) {
	if name == "" {
		return "", vfs.ENOENT
	}
	if strings.Contains(name, "/") {
		return name, p.executable(name)
	}
	var found error = vfs.ENOENT
	for path != "" {
		var dir string
		dir, path, _ = strings.Cut(path, ":")
		if dir == "" {
			dir = "."
		}
		full := dir + "/" + name
		switch err := p.executable(full); err {
		case nil:
			return full, nil
		case vfs.EACCES:
			found = err
		}
	}
	return "", found
}

func (p *Proc) executable(path string) error {
	i, err := p.Sys.FS.Stat(p.Cred, p.Cwd, path)
	if err != nil {
		return err
	}
	if i.Kind != vfs.Regular {
		return vfs.EACCES
	}
	return p.Sys.FS.Access(p.Cred, p.Cwd, path, 1)
}

// Exec turns p into another program and runs it to its end. The error says why it could not start.
func (p *Proc) Exec(args []string) (int, error) {
	path, err := p.Find(args[0])
	if err != nil {
		return 0, err
	}
	return p.ExecPath(path, args)
}

// ExecPath is Exec of a path that was already found.
func (p *Proc) ExecPath(path string, args []string) (int, error) {
	for range 4 { // an interpreter may itself be a script, but not for ever
		i, err := p.Sys.FS.Stat(p.Cred, p.Cwd, path)
		if err != nil {
			return 0, err
		}
		p.SetArgs(args)
		if i.Prog != "" {
			prog := p.Sys.Programs[i.Prog]
			if prog == nil {
				return 0, vfs.ENOEXEC
			}
			p.mu.Lock()
			p.caught = 0 // what was caught is back to its default, what was ignored stays so
			p.mu.Unlock()
			return prog(p, args), nil
		}
		text, err := p.Sys.FS.ReadFile(p.Cred, p.Cwd, path)
		if err != nil {
			return 0, err
		}
		path, args = interpreter(text, path, args)
		if path == "" {
			return 0, vfs.ENOEXEC
		}
	}
	return 0, vfs.ELOOP
}

// interpreter reads a #! line; a text file without one is given to sh, as shells do after ENOEXEC.
func interpreter(text []byte, path string, args []string) (string, []string) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.HasPrefix(line, []byte("#!")) {
		if bytes.IndexByte(line, 0) >= 0 {
			return "", nil
		}
		return "/bin/sh", append([]string{"sh", path}, args[1:]...)
	}
	interp, opt, _ := strings.Cut(strings.TrimSpace(string(line[2:])), " ")
	out := []string{interp}
	if opt = strings.TrimSpace(opt); opt != "" {
		out = append(out, opt)
	}
	return interp, append(append(out, path), args[1:]...)
}

// Run starts a command as a child in this goroutine and returns its status: 127 where there is no such command, 126 where
// it may not be run, with the usual complaint by who.
func (p *Proc) Run(who string, args []string, prepare func(child *Proc)) int {
	child, err := p.Fork(args)
	if err != nil {
		p.complain(who, "cannot fork", err)
		return 254
	}
	return child.Do(func() int {
		if prepare != nil {
			prepare(child)
		}
		return child.ExecOr(who, args)
	})
}

// ExecOr is Exec with the complaint that env, nohup and their like make, and its status.
func (p *Proc) ExecOr(who string, args []string) int {
	status, err := p.Exec(args)
	switch err {
	case nil:
		return status
	case vfs.ENOENT:
		p.complain(who, "'"+args[0]+"'", err)
		return 127
	}
	p.complain(who, "'"+args[0]+"'", err)
	return 126
}

func (p *Proc) complain(who, what string, err error) {
	fdIO{p, 2}.Write([]byte(who + ": " + what + ": " + err.Error() + "\n"))
}
