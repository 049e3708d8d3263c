package userland

import (
	"bytes"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// tree calls fn for a path and, with -R, for all that is beneath it.
func (t *tool) tree(path string, recurse bool, fn func(path string, i vfs.Info)) {
	i, err := t.stat(path, !recurse)
	if err != nil {
		t.fail("cannot access '%s': %s", path, errText(err))
		return
	}
	fn(path, i)
	if !recurse || !i.IsDir() {
		return
	}
	list, _ := t.p.Sys.FS.ReadDir(t.p.Cred, t.p.Cwd, path)
	for _, e := range list {
		t.tree(path+"/"+e.Name, true, fn)
	}
}

// Chmod changes modes.
func Chmod(p *kernel.Proc, args []string) int {
	// "chmod -x file" looks like an option.
	if len(args) > 1 && len(args[1]) > 1 && args[1][0] == '-' && strings.Trim(args[1][1:], "rwxXst") == "" {
		args = append([]string{args[0], "--"}, args[1:]...)
	}
	t, ok := start(p, args, "Rvfc", map[string]byte{"recursive": 'R'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) < 2 {
		t.fail("missing operand")
		return t.bad(1)
	}
	spec := t.args[0]
	for _, path := range t.args[1:] {
		t.tree(path, t.has("R"), func(path string, i vfs.Info) {
			if i.Kind == vfs.Symlink {
				return
			}
			mode, ok := ParseMode(spec, i.Mode, i.IsDir())
			if !ok {
				t.fail("invalid mode: '%s'", spec)
				return
			}
			if err := p.Sys.FS.Chmod(p.Cred, p.Cwd, path, mode); err != nil {
				t.fail("changing permissions of '%s': %s", path, errText(err))
			}
		})
	}
	return t.end()
}

// Chown changes owners; called as chgrp, groups.
func Chown(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "Rvfhc", map[string]byte{"recursive": 'R', "no-dereference": 'h'})
	if !ok {
		return t.bad(1)
	}
	if len(t.args) < 2 {
		t.fail("missing operand")
		return t.bad(1)
	}
	user, group, both := strings.Cut(strings.Replace(t.args[0], ".", ":", 1), ":")
	if t.name == "chgrp" {
		user, group, both = "", t.args[0], true
	}
	uid, gid := -1, -1
	if user != "" {
		u, ok := lookupUser(p, user)
		if !ok {
			t.fail("invalid user: '%s'", t.args[0])
			return 1
		}
		uid = u.UID
		if both && group == "" {
			gid = u.GID
		}
	}
	if group != "" {
		g, ok := lookupGroup(p, group)
		if !ok {
			t.fail("invalid group: '%s'", t.args[0])
			return 1
		}
		gid = g
	}
	for _, path := range t.args[1:] {
		t.tree(path, t.has("R"), func(path string, _ vfs.Info) {
			if err := p.Sys.FS.Chown(p.Cred, p.Cwd, path, uid, gid, !t.has("hR")); err != nil {
				t.fail("changing ownership of '%s': %s", path, errText(err))
			}
		})
	}
	return t.end()
}

// Touch makes files, or dates them.
func Touch(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "acmhd:r:t:", map[string]byte{"no-create": 'c', "date": 'd', "reference": 'r'})
	if !ok {
		return t.bad(1)
	}
	when := p.Now()
	switch {
	case t.val('r') != "":
		i, err := t.stat(t.val('r'), true)
		if err != nil {
			t.fail("failed to get attributes of '%s': %s", t.val('r'), errText(err))
			return 1
		}
		when = i.Mtime
	case t.val('d') != "":
		d, ok := parseDate(t.val('d'), p.Now())
		if !ok {
			t.fail("invalid date format '%s'", t.val('d'))
			return 1
		}
		when = d
	case t.val('t') != "":
		d, err := time.Parse("200601021504", strings.SplitN(t.val('t'), ".", 2)[0])
		if err != nil {
			t.fail("invalid date format '%s'", t.val('t'))
			return 1
		}
		when = d
	}
	for _, path := range t.args {
		if _, err := t.stat(path, true); err != nil {
			if t.has("c") {
				continue
			}
			f, err := p.Open(path, vfs.Write|vfs.Create, 0o666)
			if err != nil {
				t.fail("cannot touch '%s': %s", path, errText(err))
				continue
			}
			f.Close()
		}
		if err := p.Sys.FS.Chtimes(p.Cred, p.Cwd, path, when); err != nil {
			t.fail("setting times of '%s': %s", path, errText(err))
		}
	}
	return t.end()
}

// Mktemp makes a file or directory with a random name.
func Mktemp(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "dqtup:", map[string]byte{"directory": 'd', "quiet": 'q', "tmpdir": 't', "dry-run": 'u', "suffix": 's'})
	if !ok {
		return t.bad(1)
	}
	template := "tmp.XXXXXXXXXX"
	dir := t.val('p')
	if len(t.args) > 0 {
		template = t.args[0]
	}
	if dir == "" && (len(t.args) == 0 || t.has("t")) {
		if dir = p.Getenv("TMPDIR"); dir == "" {
			dir = "/tmp"
		}
	}
	if dir != "" {
		template = dir + "/" + template
	}
	n := len(template) - len(strings.TrimRight(template, "X"))
	if n < 3 {
		t.fail("too few X's in template '%s'", template)
		return 1
	}
	for range 100 {
		path := template[:len(template)-n] + randomName(n)
		var err error
		if t.has("d") {
			err = p.Sys.FS.Mkdir(p.Cred, p.Cwd, path, 0o700)
		} else if !t.has("u") {
			var f kernel.File
			if f, err = p.Open(path, vfs.Write|vfs.Create|vfs.Excl, 0o600); err == nil {
				f.Close()
			}
		}
		if err == nil {
			t.printf("%s\n", path)
			break
		}
		if err != vfs.EEXIST {
			kind := "file"
			if t.has("d") {
				kind = "directory"
			}
			t.fail("failed to create %s via template '%s': %s", kind, template, errText(err))
			break
		}
	}
	return t.end()
}

func randomName(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// Mkfifo makes named pipes.
func Mkfifo(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "m:", nil)
	if !ok {
		return t.bad(1)
	}
	for _, path := range t.args {
		if err := p.Sys.FS.Mkfifo(p.Cred, p.Cwd, path, 0o666&^p.Umask); err != nil {
			t.fail("cannot create fifo '%s': %s", path, errText(err))
		}
	}
	return t.end()
}

// Stat prints what the inode says: -c and --printf formats, -f for the file system, and BSD's -f.
func Stat(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "Lc:ftP:", map[string]byte{"format": 'c', "printf": 'P', "dereference": 'L', "file-system": 'f', "terse": 't'})
	if !ok {
		return t.bad(1)
	}
	for _, path := range t.args {
		i, err := t.stat(path, t.has("L"))
		if err != nil {
			verb := "statx"
			t.fail("cannot %s '%s': %s", verb, path, errText(err))
			continue
		}
		switch {
		case t.has("f"):
			t.statFS(path)
		case t.has("c"):
			t.printf("%s\n", t.statFormat(t.val('c'), path, i))
		case t.has("P"):
			text, _ := unescape(t.statFormat(t.val('P'), path, i), true)
			t.out.WriteString(text)
		default:
			t.statLong(path, i)
		}
	}
	return t.end()
}

func (t *tool) statFS(path string) {
	kind := "ext2/ext3"
	for _, prefix := range []string{"/proc", "/sys", "/run", "/dev", "/tmp"} {
		if real, err := t.p.Sys.FS.Real(t.p.Cred, t.p.Cwd, path); err == nil && strings.HasPrefix(real, prefix) {
			kind = map[string]string{"/proc": "proc", "/sys": "sysfs"}[prefix]
			if kind == "" {
				kind = "tmpfs"
			}
		}
	}
	if t.has("c") {
		t.printf("%s\n", strings.ReplaceAll(t.val('c'), "%T", kind))
		return
	}
	t.printf("  File: \"%s\"\n    ID: 0 Namelen: 255     Type: %s\n", path, kind)
}

var kindNames = []string{"regular file", "directory", "symbolic link", "character special file", "block special file", "fifo", "socket"}

func (t *tool) statFormat(format, path string, i vfs.Info) string {
	var b bytes.Buffer
	for k := 0; k < len(format); k++ {
		if format[k] != '%' || k+1 == len(format) {
			b.WriteByte(format[k])
			continue
		}
		k++
		b.WriteString(t.statField(format[k], path, i))
	}
	return b.String()
}

func (t *tool) statField(c byte, path string, i vfs.Info) string {
	const human = "2006-01-02 15:04:05.000000000 -0700"
	switch c {
	case 'n':
		return path
	case 'N':
		if i.Kind == vfs.Symlink {
			return "'" + path + "' -> '" + i.Target + "'"
		}
		return "'" + path + "'"
	case 's':
		return strconv.FormatInt(i.Size, 10)
	case 'a':
		return strconv.FormatUint(uint64(i.Mode), 8)
	case 'A':
		return i.ModeString()
	case 'u':
		return strconv.Itoa(i.UID)
	case 'g':
		return strconv.Itoa(i.GID)
	case 'U':
		return userName(t.p, i.UID)
	case 'G':
		return groupName(t.p, i.GID)
	case 'i':
		return strconv.FormatUint(i.Ino, 10)
	case 'h':
		return strconv.Itoa(i.Links)
	case 'Y', 'X', 'Z', 'W':
		return strconv.FormatInt(i.Mtime.Unix(), 10)
	case 'y', 'x', 'z':
		return i.Mtime.UTC().Format(human)
	case 'F':
		if i.Kind == vfs.Regular && i.Size == 0 {
			return "regular empty file"
		}
		return kindNames[i.Kind]
	case 'b':
		return strconv.FormatInt((i.Size+4095)/4096*8, 10)
	case 'B':
		return "512"
	case 'd', 'D':
		return "2049"
	case 'm':
		return "/"
	case '%':
		return "%"
	}
	return "?"
}

func (t *tool) statLong(path string, i vfs.Info) {
	f := func(format string) string { return t.statFormat(format, path, i) }
	name := path
	if i.Kind == vfs.Symlink {
		name += " -> " + i.Target
	}
	t.printf("  File: %s\n", name)
	t.printf("  Size: %-10s\tBlocks: %-10s IO Block: 4096   %s\n", f("%s"), f("%b"), f("%F"))
	t.printf("Device: 8,1\tInode: %-11s Links: %s\n", f("%i"), f("%h"))
	t.printf("Access: (%04o/%s)  Uid: (%5s/%8s)   Gid: (%5s/%8s)\n", i.Mode, f("%A"), f("%u"), f("%U"), f("%g"), f("%G"))
	for _, k := range []string{"Access", "Modify", "Change"} {
		t.printf("%s: %s\n", k, f("%y"))
	}
	t.printf(" Birth: -\n")
}
