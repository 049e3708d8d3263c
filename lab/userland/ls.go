package userland

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Ls lists directories, one name a line as it does when its output is no terminal.
func Ls(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "laA1dhtSrRFinkpsLcCuUNGgoxqTbvw:", map[string]byte{"all": 'a', "almost-all": 'A', "human-readable": 'h',
		"reverse": 'r', "recursive": 'R', "color": 'C', "full-time": 'T', "inode": 'i', "directory": 'd', "group-directories-first": 'C', "time-style": 'w'})
	if !ok {
		return t.bad(2)
	}
	names := t.args
	if len(names) == 0 {
		names = []string{"."}
	}
	var files []vfs.Info
	var dirs []string
	for _, name := range names {
		i, err := t.stat(name, !t.has("ldF") || t.has("L") || strings.HasSuffix(name, "/"))
		if err != nil {
			if i, err = t.stat(name, false); err != nil {
				t.fail("cannot access '%s': %s", name, errText(err))
				t.status = 2
				continue
			}
		}
		if i.IsDir() && !t.has("d") {
			dirs = append(dirs, name)
			continue
		}
		i.Name = name
		files = append(files, i)
	}
	t.lsList(files, "", false)
	for k, d := range dirs {
		if len(names) > 1 || t.has("R") {
			if k > 0 || len(files) > 0 {
				t.out.WriteByte('\n')
			}
			t.printf("%s:\n", d)
		}
		t.lsDir(d)
	}
	return t.end()
}

func (t *tool) lsDir(dir string) {
	list, err := t.p.Sys.FS.ReadDir(t.p.Cred, t.p.Cwd, dir)
	if err != nil {
		t.fail("cannot open directory '%s': %s", dir, errText(err))
		t.status = 2
		return
	}
	if !t.has("aA") {
		list = slices.DeleteFunc(list, func(i vfs.Info) bool { return i.Name[0] == '.' })
	}
	if t.has("a") {
		self, _ := t.stat(dir, true)
		self.Name = "."
		up, _ := t.stat(dir+"/..", true)
		up.Name = ".."
		list = append([]vfs.Info{self, up}, list...)
	}
	t.lsList(list, dir, true)
	if t.has("R") {
		for _, e := range list {
			if e.IsDir() && e.Name != "." && e.Name != ".." {
				t.printf("\n%s/%s:\n", dir, e.Name)
				t.lsDir(dir + "/" + e.Name)
			}
		}
	}
}

func (t *tool) lsList(list []vfs.Info, dir string, total bool) {
	switch {
	case t.has("t"):
		slices.SortStableFunc(list, func(a, b vfs.Info) int { return b.Mtime.Compare(a.Mtime) })
	case t.has("S"):
		slices.SortStableFunc(list, func(a, b vfs.Info) int { return cmp.Compare(b.Size, a.Size) })
	case t.has("v"):
		slices.SortStableFunc(list, func(a, b vfs.Info) int { return VersionCompare(a.Name, b.Name) })
	}
	if t.has("r") {
		slices.Reverse(list)
	}
	if t.has("l") && total {
		var blocks int64
		for _, i := range list {
			blocks += (i.Size + 4095) / 4096 * 4
		}
		t.printf("total %d\n", blocks)
	}
	var w [4]int
	rows := make([][4]string, len(list))
	for k, i := range list {
		rows[k] = [4]string{strconv.Itoa(i.Links), userName(t.p, i.UID), groupName(t.p, i.GID), t.size(i.Size)}
		if t.has("n") {
			rows[k][1], rows[k][2] = strconv.Itoa(i.UID), strconv.Itoa(i.GID)
		}
		for c := range w {
			w[c] = max(w[c], len(rows[k][c]))
		}
		if !t.has("l") {
			break
		}
	}
	if t.p.IsTTY(1) && !t.has("l1i") {
		t.lsColumns(list)
		return
	}
	for k, i := range list {
		if t.has("i") {
			t.printf("%d ", i.Ino)
		}
		if t.has("l") {
			r := rows[k]
			t.printf("%s %*s %-*s %-*s %*s %s ", i.ModeString(), w[0], r[0], w[1], r[1], w[2], r[2], w[3], r[3], t.lsTime(i.Mtime))
		}
		t.printf("%s\n", t.lsName(i))
	}
}

func (t *tool) lsName(i vfs.Info) string {
	name := i.Name
	switch {
	case i.Kind == vfs.Symlink && t.has("l"):
		name += " -> " + i.Target
	case i.IsDir() && t.has("Fp"):
		name += "/"
	case i.Kind == vfs.Symlink && t.has("F"):
		name += "@"
	case i.Kind == vfs.Regular && i.Mode&0o111 != 0 && t.has("F"):
		name += "*"
	}
	return name
}

func (t *tool) lsColumns(list []vfs.Info) {
	for k, i := range list {
		if k > 0 {
			t.out.WriteString("  ")
		}
		t.out.WriteString(t.lsName(i))
	}
	if len(list) > 0 {
		t.out.WriteByte('\n')
	}
}

func (t *tool) size(n int64) string {
	if t.has("h") {
		return Human(n)
	}
	return strconv.FormatInt(n, 10)
}

func (t *tool) lsTime(m time.Time) string {
	switch {
	case t.has("T"):
		return m.UTC().Format("2006-01-02 15:04:05.000000000 -0700")
	case t.p.Now().Sub(m) > 182*24*time.Hour || m.After(t.p.Now().Add(time.Hour)):
		return m.UTC().Format("Jan _2  2006")
	}
	return m.UTC().Format("Jan _2 15:04")
}

// Human writes a size as df -h and ls -h do: 1024 based, rounded up.
func Human(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10)
	}
	f := float64(n)
	for _, unit := range []string{"K", "M", "G", "T", "P"} {
		f /= 1024
		if f < 10 {
			r := float64(int64(f*10+0.9999)) / 10
			if r < 10 {
				return strconv.FormatFloat(r, 'f', 1, 64) + unit
			}
		}
		if r := int64(f + 0.9999); r < 1024 {
			return strconv.FormatInt(r, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// Du adds up sizes.
func Du(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "shkmabcxd:PLt:", map[string]byte{"summarize": 's', "human-readable": 'h', "bytes": 'b', "max-depth": 'd', "total": 'c', "all": 'a', "apparent-size": 'P', "one-file-system": 'x'})
	if !ok {
		return t.bad(1)
	}
	names := t.args
	if len(names) == 0 {
		names = []string{"."}
	}
	depth := -1
	if v := t.val('d'); v != "" {
		depth, _ = strconv.Atoi(v)
	}
	if t.has("s") {
		depth = 0
	}
	var total int64
	for _, name := range names {
		if _, err := t.stat(name, false); err != nil {
			t.fail("cannot access '%s': %s", name, errText(err))
			continue
		}
		total += t.du(name, 0, depth)
	}
	if t.has("c") {
		t.duLine(total, "total")
	}
	return t.end()
}

func (t *tool) duLine(n int64, name string) {
	switch {
	case t.has("h"):
		t.printf("%s\t%s\n", Human(n), name)
	case t.has("b"):
		t.printf("%d\t%s\n", n, name)
	case t.has("m"):
		t.printf("%d\t%s\n", (n+(1<<20)-1)>>20, name)
	default:
		t.printf("%d\t%s\n", (n+1023)>>10, name)
	}
}

func (t *tool) du(path string, level, depth int) int64 {
	i, err := t.stat(path, false)
	if err != nil || t.p.Dead() {
		return 0
	}
	n := (i.Size + 4095) &^ 4095
	if t.has("b") {
		n = i.Size
	}
	if i.IsDir() {
		list, err := t.p.Sys.FS.ReadDir(t.p.Cred, t.p.Cwd, path)
		if err != nil {
			t.fail("cannot read directory '%s': %s", path, errText(err))
		}
		for _, e := range list {
			n += t.du(strings.TrimSuffix(path, "/")+"/"+e.Name, level+1, depth)
		}
	}
	if (i.IsDir() || t.has("a") || level == 0) && (depth < 0 || level <= depth) {
		t.duLine(n, path)
	}
	return n
}
