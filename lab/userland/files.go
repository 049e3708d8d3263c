package userland

import (
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Mkdir makes directories.
func Mkdir(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "pm:vZ", map[string]byte{"parents": 'p', "mode": 'm', "verbose": 'v'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) == 0 {
		t.fail("missing operand")
		return t.bad(1)
	}
	mode := 0o777 &^ p.Umask
	if m := t.val('m'); m != "" {
		var ok bool
		if mode, ok = ParseMode(m, 0o777, true); !ok {
			t.fail("invalid mode '%s'", m)
			return 1
		}
	}
	for _, path := range t.args {
		if t.has("p") {
			t.mkdirAll(path, mode)
			continue
		}
		if err := p.Sys.FS.Mkdir(p.Cred, p.Cwd, path, mode); err != nil {
			t.fail("cannot create directory '%s': %s", path, errText(err))
		}
	}
	return t.end()
}

func (t *tool) mkdirAll(path string, mode uint16) {
	p := t.p
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' || path[:i] == "/" {
			continue
		}
		part := path[:i]
		m := 0o777&^p.Umask | 0o300
		if i == len(path) {
			m = mode
		}
		err := p.Sys.FS.Mkdir(p.Cred, p.Cwd, part, m)
		if err == nil {
			continue
		}
		if info, e := t.stat(part, true); e == nil && info.IsDir() {
			continue
		} else if e == nil {
			err = vfs.EEXIST
			if i < len(path) {
				err = vfs.ENOTDIR
			}
		}
		t.fail("cannot create directory '%s': %s", path, errText(err))
		return
	}
}

// Rmdir removes empty directories.
func Rmdir(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "pv", map[string]byte{"parents": 'p', "ignore-fail-on-non-empty": 'i'})
	if !ok {
		return t.bad(1)
	}
	for _, path := range t.args {
		if err := p.Sys.FS.Remove(p.Cred, p.Cwd, path, true); err != nil {
			t.fail("failed to remove '%s': %s", path, errText(err))
		}
	}
	return t.end()
}

// Rm removes files, and with -r trees.
func Rm(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "rRfivdI", map[string]byte{"recursive": 'r', "force": 'f', "one-file-system": 'I', "preserve-root": 'I', "verbose": 'v'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) == 0 && !t.has("f") {
		t.fail("missing operand")
		return t.bad(1)
	}
	for _, path := range t.args {
		if real, err := p.Sys.FS.Real(p.Cred, p.Cwd, path); err == nil && real == "/" {
			t.fail("it is dangerous to operate recursively on '/'")
			continue
		}
		t.remove(path)
	}
	return t.end()
}

func (t *tool) remove(path string) {
	p := t.p
	info, err := t.stat(path, false)
	if err != nil {
		if !(t.has("f") && (err == vfs.ENOENT || err == vfs.ENOTDIR)) {
			t.fail("cannot remove '%s': %s", path, errText(err))
		}
		return
	}
	if info.IsDir() {
		if !t.has("rR") {
			if !t.has("d") {
				t.fail("cannot remove '%s': %s", path, vfs.EISDIR)
				return
			}
		} else {
			list, err := p.Sys.FS.ReadDir(p.Cred, p.Cwd, path)
			if err != nil {
				t.fail("cannot remove '%s': %s", path, errText(err))
				return
			}
			for _, e := range list {
				t.remove(strings.TrimSuffix(path, "/") + "/" + e.Name)
			}
		}
	}
	if err := p.Sys.FS.Remove(p.Cred, p.Cwd, path, info.IsDir()); err != nil {
		t.fail("cannot remove '%s': %s", path, errText(err))
	}
}

// into is where source goes: the destination, or a name in it where it is a directory.
func (t *tool) into(src, dst string) string {
	if i, err := t.stat(dst, true); err == nil && i.IsDir() && !t.has("T") {
		return strings.TrimSuffix(dst, "/") + "/" + base(strings.TrimRight(src, "/"))
	}
	return dst
}

// Mv renames.
func Mv(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "fint:Tv", map[string]byte{"force": 'f', "no-clobber": 'n', "no-target-directory": 'T', "target-directory": 't'})
	if !ok {
		return t.bad(1)
	}
	srcs, dst, ok := t.sources()
	if !ok {
		return t.bad(1)
	}
	for _, src := range srcs {
		to := t.into(src, dst)
		if _, err := t.stat(to, false); err == nil && t.has("n") {
			continue
		}
		if _, err := t.stat(src, false); err != nil {
			t.fail("cannot stat '%s': %s", src, errText(err))
			continue
		}
		if err := p.Sys.FS.Rename(p.Cred, p.Cwd, src, to); err != nil {
			t.fail("cannot move '%s' to '%s': %s", src, to, errText(err))
		}
	}
	return t.end()
}

func (t *tool) sources() (srcs []string, dst string, ok bool) {
	if d := t.val('t'); d != "" {
		return t.args, d, true
	}
	switch n := len(t.args); n {
	case 0:
		t.fail("missing file operand")
		return nil, "", false
	case 1:
		t.fail("missing destination file operand after '%s'", t.args[0])
		return nil, "", false
	default:
		dst = t.args[n-1]
		if i, err := t.stat(dst, true); n > 2 && (err != nil || !i.IsDir()) {
			t.fail("target '%s' is not a directory", dst)
			return nil, "", false
		}
		return t.args[:n-1], dst, true
	}
}

// Cp copies.
func Cp(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "afipPrRTuvLHdlnt:", map[string]byte{"archive": 'a', "recursive": 'r', "force": 'f', "no-target-directory": 'T', "preserve": 'p', "update": 'u', "no-clobber": 'n', "reflink": 'v', "target-directory": 't'})
	if !ok {
		return t.bad(1)
	}
	srcs, dst, ok := t.sources()
	if !ok {
		return t.bad(1)
	}
	for _, src := range srcs {
		t.copyTree(src, t.into(src, dst))
	}
	return t.end()
}

func (t *tool) copyTree(src, dst string) {
	p, fs := t.p, t.p.Sys.FS
	info, err := t.stat(src, !t.has("aPd"))
	if err != nil {
		t.fail("cannot stat '%s': %s", src, errText(err))
		return
	}
	if _, err := t.stat(dst, true); err == nil && t.has("n") {
		return
	}
	switch {
	case info.IsDir() && !t.has("arR"):
		t.fail("-r not specified; omitting directory '%s'", src)
		return
	case info.IsDir():
		if err := fs.Mkdir(p.Cred, p.Cwd, dst, info.Mode|0o700); err != nil && err != vfs.EEXIST {
			t.fail("cannot create directory '%s': %s", dst, errText(err))
			return
		}
		list, err := fs.ReadDir(p.Cred, p.Cwd, src)
		if err != nil {
			t.fail("cannot access '%s': %s", src, errText(err))
		}
		for _, e := range list {
			t.copyTree(src+"/"+e.Name, dst+"/"+e.Name)
		}
	case info.Kind == vfs.Symlink:
		if err := fs.Symlink(p.Cred, p.Cwd, info.Target, dst); err != nil {
			t.fail("cannot create symbolic link '%s': %s", dst, errText(err))
		}
		return
	default:
		if !t.copyFile(src, dst, info) {
			return
		}
	}
	if t.has("ap") {
		fs.Chmod(p.Cred, p.Cwd, dst, info.Mode)
		fs.Chtimes(p.Cred, p.Cwd, dst, info.Mtime)
		if p.Cred.UID == 0 {
			fs.Chown(p.Cred, p.Cwd, dst, info.UID, info.GID, true)
		}
	}
}

func (t *tool) copyFile(src, dst string, info vfs.Info) bool {
	p := t.p
	in, err := p.Open(src, vfs.Read, 0)
	if err != nil {
		t.fail("cannot open '%s' for reading: %s", src, errText(err))
		return false
	}
	defer in.Close()
	out, err := p.Open(dst, vfs.Write|vfs.Create|vfs.Trunc, info.Mode)
	if err != nil {
		t.fail("cannot create regular file '%s': %s", dst, errText(err))
		return false
	}
	defer out.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(p, buf)
		if err == nil && n > 0 {
			_, err = out.Write(p, buf[:n])
		}
		if err != nil {
			t.fail("error writing '%s': %s", dst, errText(err))
			return false
		}
		if n == 0 {
			return true
		}
	}
}

// Ln makes links.
func Ln(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "sfnTvirt:", map[string]byte{"symbolic": 's', "force": 'f', "no-dereference": 'n', "no-target-directory": 'T'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) == 0 {
		t.fail("missing file operand")
		return t.bad(1)
	}
	target, dst := t.args[0], base(t.args[0])
	if len(t.args) > 1 {
		dst = t.args[1]
	}
	if !(t.has("n") && t.isLink(dst)) {
		dst = t.into(target, dst)
	}
	fs := p.Sys.FS
	make := func(path string) error {
		if t.has("s") {
			return fs.Symlink(p.Cred, p.Cwd, target, path)
		}
		return fs.Link(p.Cred, p.Cwd, target, path)
	}
	err := make(dst)
	if err == vfs.EEXIST && t.has("f") {
		fs.Remove(p.Cred, p.Cwd, dst, false)
		err = make(dst)
	}
	if err != nil {
		kind := "hard"
		if t.has("s") {
			kind = "symbolic"
		}
		t.fail("failed to create %s link '%s': %s", kind, dst, errText(err))
	}
	return t.end()
}

func (t *tool) isLink(path string) bool {
	i, err := t.stat(path, false)
	return err == nil && i.Kind == vfs.Symlink
}

// Readlink prints a link's target, or with -f, -e or -m the path with every link resolved.
func Readlink(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "femnqsvz", map[string]byte{"canonicalize": 'f', "canonicalize-existing": 'e', "canonicalize-missing": 'm', "no-newline": 'n'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) == 0 {
		t.fail("missing operand")
		return t.bad(1)
	}
	for _, path := range t.args {
		var out string
		var err error
		if t.has("fem") || t.name == "realpath" {
			out, err = p.Sys.FS.Real(p.Cred, p.Cwd, path)
			if err == vfs.ENOENT && out != "" && !t.has("e") {
				err = nil
			}
			if err != nil && t.has("m") {
				out, err = vfs.Clean(p.Cwd, path), nil
			}
		} else {
			out, err = p.Sys.FS.Readlink(p.Cred, p.Cwd, path)
		}
		if err != nil {
			t.status = 1
			if t.has("v") || t.name == "realpath" && !t.has("q") {
				t.fail("%s: %s", path, errText(err))
			}
			continue
		}
		t.out.WriteString(out)
		if !t.has("n") || len(t.args) > 1 {
			t.out.WriteByte('\n')
		}
	}
	return t.end()
}
