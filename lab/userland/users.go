package userland

import (
	"slices"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// User is a line of the lab host's passwd file.
type User struct {
	Name, Home, Shell, Gecos string
	UID, GID                 int
	Groups                   []int
}

// records reads a colon-separated file of the host as root.
func records(p *kernel.Proc, path string) [][]string {
	b, err := p.Sys.FS.ReadFile(vfs.Cred{}, "/", path)
	if err != nil {
		return nil
	}
	var out [][]string
	for _, line := range strings.Split(string(b), "\n") {
		if line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, ":"))
		}
	}
	return out
}

func lookupUser(p *kernel.Proc, name string) (User, bool) {
	for _, f := range records(p, "/etc/passwd") {
		if len(f) < 7 || f[0] != name && f[2] != name {
			continue
		}
		u := User{Name: f[0], Gecos: f[4], Home: f[5], Shell: f[6]}
		u.UID, _ = strconv.Atoi(f[2])
		u.GID, _ = strconv.Atoi(f[3])
		u.Groups = []int{u.GID}
		for _, g := range records(p, "/etc/group") {
			if len(g) >= 4 && slices.Contains(strings.Split(g[3], ","), u.Name) {
				if gid, err := strconv.Atoi(g[2]); err == nil && gid != u.GID {
					u.Groups = append(u.Groups, gid)
				}
			}
		}
		return u, true
	}
	if n, err := strconv.Atoi(name); err == nil {
		return User{Name: name, UID: n, GID: n, Home: "/"}, true
	}
	return User{}, false
}

// LookupUser finds a user by name or number in the host's own passwd file.
func LookupUser(p *kernel.Proc, name string) (User, bool) { return lookupUser(p, name) }

// Cred is who a process of the user's is.
func (u User) Cred() vfs.Cred { return vfs.Cred{UID: u.UID, GID: u.GID, Groups: u.Groups} }

func userName(p *kernel.Proc, uid int) string {
	for _, f := range records(p, "/etc/passwd") {
		if len(f) > 2 && f[2] == strconv.Itoa(uid) {
			return f[0]
		}
	}
	return strconv.Itoa(uid)
}

// UserName is the name of a user's number, or the number.
func UserName(p *kernel.Proc, uid int) string { return userName(p, uid) }

func groupName(p *kernel.Proc, gid int) string {
	for _, f := range records(p, "/etc/group") {
		if len(f) > 2 && f[2] == strconv.Itoa(gid) {
			return f[0]
		}
	}
	return strconv.Itoa(gid)
}

func lookupGroup(p *kernel.Proc, name string) (int, bool) {
	for _, f := range records(p, "/etc/group") {
		if len(f) > 2 && f[0] == name {
			n, err := strconv.Atoi(f[2])
			return n, err == nil
		}
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}

// ID is id(1).
func ID(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "unrgGz", map[string]byte{"user": 'u', "name": 'n', "group": 'g', "groups": 'G'})
	if !ok {
		return t.bad(1)
	}
	u := User{Name: userName(p, p.Cred.UID), UID: p.Cred.UID, GID: p.Cred.GID, Groups: p.Cred.Groups}
	if len(u.Groups) == 0 {
		u.Groups = []int{u.GID}
	}
	if len(t.args) > 0 {
		if u, ok = lookupUser(p, t.args[0]); !ok {
			t.fail("'%s': no such user", t.args[0])
			return 1
		}
	}
	name := func(group bool, n int) string {
		switch {
		case !t.has("n"):
			return strconv.Itoa(n)
		case group:
			return groupName(p, n)
		}
		return userName(p, n)
	}
	switch {
	case t.has("u"):
		t.printf("%s\n", name(false, u.UID))
	case t.has("g"):
		t.printf("%s\n", name(true, u.GID))
	case t.has("G"):
		var out []string
		for _, g := range u.Groups {
			out = append(out, name(true, g))
		}
		t.printf("%s\n", strings.Join(out, " "))
	default:
		t.printf("uid=%d(%s) gid=%d(%s) groups=", u.UID, u.Name, u.GID, groupName(p, u.GID))
		for i, g := range u.Groups {
			if i > 0 {
				t.out.WriteByte(',')
			}
			t.printf("%d(%s)", g, groupName(p, g))
		}
		t.out.WriteByte('\n')
	}
	return t.end()
}

// Whoami prints the user's name.
func Whoami(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "", nil)
	if !ok {
		return t.bad(1)
	}
	t.printf("%s\n", userName(p, p.Cred.UID))
	return t.end()
}

// Groups prints the names of the groups.
func Groups(p *kernel.Proc, args []string) int {
	return ID(p, append([]string{"groups", "-Gn"}, args[1:]...))
}

// Getent reads passwd, group and hosts.
func Getent(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "s:", nil)
	if !ok || len(t.args) == 0 {
		return t.bad(1)
	}
	path := map[string]string{"passwd": "/etc/passwd", "group": "/etc/group"}[t.args[0]]
	if t.args[0] == "hosts" || t.args[0] == "ahosts" || t.args[0] == "ahostsv4" {
		return t.getentHosts()
	}
	if path == "" {
		t.fail("Unknown database: %s", t.args[0])
		return 1
	}
	found := len(t.args) == 1
	for _, f := range records(p, path) {
		if len(t.args) > 1 && !(len(f) > 2 && (slices.Contains(t.args[1:], f[0]) || slices.Contains(t.args[1:], f[2]))) {
			continue
		}
		found = true
		t.printf("%s\n", strings.Join(f, ":"))
	}
	if !found {
		t.status = 2
	}
	return t.end()
}

func (t *tool) getentHosts() int {
	b, _ := t.p.Sys.FS.ReadFile(vfs.Cred{}, "/", "/etc/hosts")
	t.status = 2
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || f[0][0] == '#' || len(t.args) > 1 && !slices.Contains(f, t.args[1]) {
			continue
		}
		t.status = 0
		t.printf("%-15s %s\n", f[0], strings.Join(f[1:], " "))
	}
	return t.end()
}
