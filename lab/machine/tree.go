package machine

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/shell"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// table is every program of a distribution, by the name of its executable.
func (r *Room) table(d *Distro) map[string]kernel.Program {
	progs := userland.Programs()
	progs["awk"] = userland.Awk(r.awk)
	progs["sh"] = shell.Program(d.Shell, r.cache)
	for name, target := range userland.Aliases {
		progs[name] = progs[target]
	}
	if d.Family != "alpine" && d.Family != "freebsd" {
		progs["bash"] = shell.Program(shell.Bash, r.cache)
	}
	for _, set := range []map[string]hostProgram{commonPrograms(), familyPrograms(d)} {
		for name, prog := range set {
			progs[name] = bind(prog)
		}
	}
	if d.Family == "freebsd" {
		for _, name := range []string{"setsid", "nproc", "free", "timedatectl", "findmnt", "ss", "ip", "lsblk", "md5sum", "sha1sum"} {
			delete(progs, name)
		}
	}
	return progs
}

// hostProgram is a tool that knows the machine it runs on.
type hostProgram func(h *Host, p *kernel.Proc, args []string) int

func bind(prog hostProgram) kernel.Program {
	return func(p *kernel.Proc, args []string) int {
		h := p.Sys.Host.(*Host)
		h.drag(p)
		return prog(h, p, args)
	}
}

// drag makes a slow host slow: every tool that asks the machine something takes its time.
func (h *Host) drag(p *kernel.Proc) {
	if h.T.Slow {
		p.Sleep(time.Duration(20+h.seed%60) * time.Millisecond)
	}
}

// buildTree makes the base tree of a distribution, shared by all its hosts.
func buildTree(d *Distro, progs map[string]kernel.Program) *vfs.Node {
	t := vfs.NewTree(time.Date(2025, 5, 6, 7, 8, 9, 0, time.UTC))
	for _, dir := range strings.Fields("/etc /dev/pts /dev/shm /home /root /mnt /media /opt /proc /run/lock /srv /sys /tmp /usr/bin /usr/sbin /usr/lib /usr/local/bin /usr/local/sbin /usr/share /var/cache /var/lib /var/log /var/spool /var/tmp /boot /etc/ssl/certs /etc/ssl/private /etc/cron.d") {
		t.Dir(dir, 0o755)
	}
	t.Dir("/tmp", 0o1777)
	t.Dir("/var/tmp", 0o1777)
	t.Dir("/dev/shm", 0o1777)
	t.Dir("/root", 0o700)
	t.Dir("/etc/ssl/private", 0o700)
	for _, l := range [][2]string{{"/bin", "usr/bin"}, {"/sbin", "usr/sbin"}, {"/lib", "usr/lib"}, {"/var/run", "../run"}} {
		t.Link(l[0], l[1])
	}
	placePrograms(t, d, progs)
	devices(t)
	etc(t, d)
	if d.Family == "freebsd" {
		return t.Root
	}
	procfs(t)
	sysfs(t)
	packageFiles(t, d)
	if d.Systemd {
		t.Dir("/run/systemd/system", 0o755)
		t.Dir("/var/lib/systemd/linger", 0o755)
	}
	t.Dir("/run/user", 0o755)
	t.File("/boot/vmlinuz-"+d.Kernel, 0o644, "kernel")
	t.File("/boot/config-"+d.Kernel, 0o644, "CONFIG_64BIT=y\n")
	t.File("/usr/lib/modules/"+d.Kernel+"/modules.dep", 0o644, "")
	return t.Root
}

// adminTools live in sbin; the rest in bin.
var adminTools = map[string]bool{"shutdown": true, "reboot": true, "poweroff": true, "halt": true, "mdadm": true, "smartctl": true, "sysctl": true,
	"needrestart": true, "ip": true, "ss": true, "ipmitool": true, "zpool": true, "zfs": true, "apk": true, "rc-service": true, "rc-update": true,
	"pkg": true, "freebsd-update": true, "ifconfig": true, "route": true, "daemon": true, "service": true, "chroot": true, "ldconfig": true}

func placePrograms(t *vfs.Tree, d *Distro, progs map[string]kernel.Program) {
	names := make([]string, 0, len(progs))
	for name := range progs {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if name == "sum" {
			continue
		}
		dir, mode := "/usr/bin/", uint16(0o755)
		if adminTools[name] {
			dir = "/usr/sbin/"
		}
		if name == "sudo" || name == "su" || name == "doas" {
			mode |= vfs.SetUID
		}
		t.Program(dir+name, name, mode)
	}
	if d.LoginShell == "/bin/ash" {
		t.Program("/usr/bin/ash", "sh", 0o755)
	}
	t.File("/usr/sbin/nologin", 0o755, "#!/bin/sh\necho 'This account is currently not available.'\nexit 1\n")
}

func devices(t *vfs.Tree) {
	for name, dev := range map[string]string{"null": "null", "zero": "zero", "full": "full", "random": "urandom", "urandom": "urandom", "tty": "tty",
		"stdin": "stdin", "stdout": "stdout", "stderr": "stderr", "console": "console", "kmsg": "kmsg"} {
		mode := uint16(0o666)
		if dev == "console" || dev == "kmsg" {
			mode = 0o600
		}
		t.Device("/dev/"+name, dev, vfs.CharDevice, mode)
	}
	for fd, dev := range map[string]string{"0": "stdin", "1": "stdout", "2": "stderr"} {
		t.Device("/dev/fd/"+fd, dev, vfs.CharDevice, 0o666)
	}
	for _, disk := range []string{"sda", "sdb", "sda1", "sda2", "sda3"} {
		t.Device("/dev/"+disk, disk, vfs.BlockDevice, 0o660)
	}
}

func etc(t *vfs.Tree, d *Distro) {
	sh := d.LoginShell
	t.File("/etc/passwd", 0o644, "root:x:0:0:root:/root:"+sh+"\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"+
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nmessagebus:x:101:103::/nonexistent:/usr/sbin/nologin\n_chrony:x:102:104::/var/lib/chrony:/usr/sbin/nologin\npostgres:x:105:110::/var/lib/postgresql:/bin/sh\n")
	t.File("/etc/group", 0o644, "root:x:0:\ndaemon:x:1:\nadm:x:4:\ntty:x:5:\nsudo:x:27:\nwheel:x:10:\nwww-data:x:33:\nnogroup:x:65534:\nsystemd-journal:x:999:\nmessagebus:x:103:\n_chrony:x:104:\npostgres:x:110:\n")
	t.File("/etc/shadow", 0o640, "root:*:20000:0:99999:7:::\n")
	t.File("/etc/os-release", 0o644, d.OSRelease())
	t.File("/etc/shells", 0o644, "/bin/sh\n"+sh+"\n")
	t.File("/etc/resolv.conf", 0o644, "search lab.example.net\nnameserver 10.0.0.53\n")
	t.File("/etc/profile", 0o644, "# /etc/profile: system-wide .profile file\n")
	t.File("/etc/sudoers", 0o440, "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n")
	t.Generated("/etc/hostname", 0o644, func(h any) []byte { return []byte(h.(*Host).Name + "\n") })
	t.Generated("/etc/hosts", 0o644, func(x any) []byte {
		h := x.(*Host)
		return []byte("127.0.0.1\tlocalhost\n" + h.address() + "\t" + h.Name + "\n")
	})
	t.Generated("/etc/machine-id", 0o444, func(x any) []byte { return []byte(strings.ReplaceAll(x.(*Host).uuid(-1), "-", "") + "\n") })
	t.Generated("/etc/fstab", 0o644, func(x any) []byte { return x.(*Host).fstab() })
	if d.ID == "debian" {
		t.File("/etc/debian_version", 0o644, d.Version+"."+or(map[string]string{"13": "1"}[d.Version], "8")+"\n")
	}
	if d.Family == "rhel" {
		t.File("/etc/redhat-release", 0o644, strings.Replace(d.Pretty, " Linux ", " Linux release ", 1)+"\n")
	}
	if d.ID == "alpine" {
		t.File("/etc/alpine-release", 0o644, d.Version+"\n")
	}
	t.File("/etc/ssh/sshd_config", 0o600, "PermitRootLogin prohibit-password\nPasswordAuthentication no\n")
	t.Dir("/etc/letsencrypt/live", 0o755).Dyn = certDir{}
	t.Generated("/etc/ssl/certs/site.pem", 0o644, func(x any) []byte { return x.(*Host).certificate() })
}

// furnish writes what differs from the base tree: the user, and what a reboot that is due leaves in /run and /boot.
func (h *Host) furnish() {
	user := h.User()
	if user != "root" {
		line := fmt.Sprintf("%s:x:1000:1000:%s:/home/%s:%s\n", user, user, user, h.D.LoginShell)
		h.appendOnce("/etc/passwd", line)
		h.appendOnce("/etc/group", fmt.Sprintf("%s:x:1000:\n", user))
		h.regroup(user)
		h.FS.MkdirAll("/home/" + user)
		h.FS.Chown(vfs.Cred{}, "/", "/home/"+user, 1000, 1000, true)
	}
	if h.boots == 0 && h.D.Family != "freebsd" {
		if h.T.RebootDue {
			h.installKernel()
		} else if h.KernelRelease() == h.D.NewKernel {
			h.FS.WriteFile("/boot/vmlinuz-"+h.D.NewKernel, 0o644, []byte("kernel"))
			h.FS.WriteFile("/usr/lib/modules/"+h.D.NewKernel+"/modules.dep", 0o644, nil)
		}
	}
	if h.D.Family == "freebsd" || !h.T.Conffile || h.boots > 0 {
		return
	}
	h.FS.WriteFile("/etc/ssh/sshd_config", 0o600, []byte("PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxSessions 20\nUseDNS no\n"))
}

// appendOnce adds a line to a file that does not hold it yet.
func (h *Host) appendOnce(path, line string) {
	b, _ := h.FS.ReadFile(vfs.Cred{}, "/", path)
	if !strings.Contains(string(b), line) {
		h.FS.WriteFile(path, 0o644, append(b, line...))
	}
}

// regroup puts the user into the groups of an administrator.
func (h *Host) regroup(user string) {
	b, _ := h.FS.ReadFile(vfs.Cred{}, "/", "/etc/group")
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		for _, g := range []string{"adm:", "sudo:", "wheel:", "systemd-journal:"} {
			if strings.HasPrefix(l, g) && strings.HasSuffix(l, ":") {
				lines[i] = l + user
			}
		}
	}
	h.FS.WriteFile("/etc/group", 0o644, []byte(strings.Join(lines, "\n")))
}

// User is the account that the inventory logs in as.
func (h *Host) User() string { return or(h.Inv.User, "ops") }

// address is what the host calls its own: the inventory's, where that is an address.
func (h *Host) address() string {
	if h.Inv.Addr != "" && strings.Trim(h.Inv.Addr, "0123456789.") == "" {
		return h.Inv.Addr
	}
	return fmt.Sprintf("10.250.%d.%d", h.seed>>8&255, h.seed&255)
}
