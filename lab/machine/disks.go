package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// mount is a mounted file system; sizes in KiB.
type mount struct {
	dev, at, kind, options string
	size, used             int64
	inodes, iused          int64
	pseudo                 bool
}

// mounts lists what is mounted.
func (h *Host) mounts() []mount {
	if h.D.Family == "freebsd" {
		return h.readOnly(h.zfsMounts())
	}
	return h.readOnly(h.linuxMounts())
}

// zfsMounts is a FreeBSD host's: a pool, and the boot loader's partition.
func (h *Host) zfsMounts() []mount {
	size := int64(h.T.DiskGB) << 20
	list := []mount{{dev: "devfs", at: "/dev", kind: "devfs", options: "rw,multilabel", size: 1, used: 1, inodes: 1, iused: 1},
		h.sized(mount{dev: "/dev/gpt/efiboot0", at: "/boot/efi", kind: "msdosfs", options: "rw,local", size: 260 << 10})}
	for _, d := range [][2]string{{"zroot/ROOT/default", "/"}, {"zroot/home", "/home"}, {"zroot/var/log", "/var/log"}, {"zroot/backup", "/backup"}} {
		list = append(list, h.sized(mount{dev: d[0], at: d[1], kind: "zfs", options: "rw,noatime,local,nfsv4acls", size: size}))
	}
	return list
}

func (h *Host) linuxMounts() []mount {
	g := int64(1 << 20)
	disk := "/dev/sda"
	if h.T.Virtual {
		disk = "/dev/vda"
	}
	root := disk + "2"
	if h.T.Mirror {
		root = "/dev/md0"
	}
	kind, opts := "ext4", "rw,relatime,errors=remount-ro"
	if h.D.Family == "rhel" || h.D.Family == "suse" {
		kind, opts = "xfs", "rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota"
	}
	list := []mount{
		{dev: "sysfs", at: "/sys", kind: "sysfs", options: "rw,nosuid,nodev,noexec,relatime", pseudo: true},
		{dev: "proc", at: "/proc", kind: "proc", options: "rw,nosuid,nodev,noexec,relatime", pseudo: true},
		{dev: "udev", at: "/dev", kind: "devtmpfs", options: "rw,nosuid,relatime", size: 8 * g, inodes: 2000000, iused: 480},
		{dev: "tmpfs", at: "/run", kind: "tmpfs", options: "rw,nosuid,nodev,noexec,relatime", size: 2 * g, used: 1400, inodes: 2000000, iused: 900},
		h.sized(mount{dev: root, at: "/", kind: kind, options: opts, size: int64(h.T.DiskGB) * g * 2 / 5}),
		{dev: "tmpfs", at: "/dev/shm", kind: "tmpfs", options: "rw,nosuid,nodev", size: 8 * g, inodes: 2000000, iused: 1},
		h.sized(mount{dev: disk + "1", at: "/boot", kind: "ext4", options: "rw,relatime", size: g}),
	}
	if !h.T.Virtual || h.T.FullMount == "/var" {
		dev := disk + "3"
		if h.T.Mirror {
			dev = "/dev/mapper/vg0-var"
		}
		list = append(list, h.sized(mount{dev: dev, at: "/var", kind: kind, options: strings.Replace(opts, ",errors=remount-ro", "", 1), size: int64(h.T.DiskGB) * g * 3 / 5}))
	}
	return list
}

// readOnly plays the fault of that name.
func (h *Host) readOnly(list []mount) []mount {
	if at, ok := h.Fault("read-only"); ok {
		for i, m := range list {
			if m.at == or(at, "/") {
				list[i].options = strings.Replace(m.options, "rw,", "ro,", 1)
			}
		}
	}
	return list
}

// sized fills in how full a file system is.
func (h *Host) sized(m mount) mount {
	r := h.dice("used" + m.at)
	share := 0.15 + 0.5*r.Float64()
	if strings.HasPrefix(m.at, "/boot") {
		share = 0.2 + 0.2*r.Float64()
	}
	if h.T.FullMount == m.at {
		share = 0.97
	}
	if at, ok := h.Fault("disk-full"); ok && under(m.at, or(at, "/")) {
		share = 1
	}
	m.used = int64(float64(m.size) * share)
	m.inodes = m.size / 16
	m.iused = int64(float64(m.inodes) * (0.02 + 0.1*r.Float64()))
	if h.T.FullMount == m.at {
		m.iused = m.inodes * 41 / 100
	}
	return m
}

func (h *Host) procMounts() string {
	var b strings.Builder
	for _, m := range h.mounts() {
		fmt.Fprintf(&b, "%s %s %s %s 0 0\n", m.dev, m.at, m.kind, m.options)
	}
	return b.String()
}

func (h *Host) fstab() []byte {
	if h.D.Family == "freebsd" {
		return []byte("# Device\tMountpoint\tFStype\tOptions\tDump\tPass#\n/dev/gpt/efiboot0\t/boot/efi\tmsdosfs\trw\t2\t2\n/dev/mirror/swap.eli\tnone\tswap\tsw\t0\t0\n")
	}
	var b strings.Builder
	b.WriteString("# /etc/fstab: static file system information.\n# <file system> <mount point>   <type>  <options>       <dump>  <pass>\n")
	for _, m := range h.mounts() {
		if strings.HasPrefix(m.dev, "/dev/") {
			fmt.Fprintf(&b, "%s %s %s defaults 0 2\n", m.dev, m.at, m.kind)
		}
	}
	return []byte(b.String())
}

// Df prints how full the file systems are: -P -T -i -k -l -h -a -t -x, and paths.
func Df(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "PTikhlamx:t:H", map[string]byte{"portability": 'P', "print-type": 'T', "inodes": 'i', "human-readable": 'h', "local": 'l', "output": 'o'})
	if !ok {
		return t.Usage(1)
	}
	list, ok := h.dfSelect(t)
	head, rows := dfRows(t, h, list)
	width := make([]int, len(head))
	for _, r := range append([][]string{head}, rows...) {
		for i, c := range r {
			width[i] = max(width[i], len(c))
		}
	}
	for _, r := range append([][]string{head}, rows...) {
		for i, c := range r {
			switch {
			case i == len(r)-1:
				t.Printf("%s\n", c)
			case i == 0 || t.Has("T") && i == 1:
				t.Printf("%-*s ", max(width[i], map[int]int{0: 14}[i]), c)
			default:
				t.Printf("%*s ", width[i], c)
			}
		}
	}
	if !ok {
		t.Status(1)
	}
	return t.End()
}

func (h *Host) dfSelect(t *userland.Tool) ([]mount, bool) {
	all := h.mounts()
	if len(t.Args()) == 0 {
		return slices.DeleteFunc(all, func(m mount) bool {
			return m.pseudo || slices.Contains(t.All('x'), m.kind) || len(t.All('t')) > 0 && !slices.Contains(t.All('t'), m.kind)
		}), true
	}
	ok := true
	var out []mount
	for _, path := range t.Args() {
		real, err := h.FS.Real(t.Proc().Cred, t.Proc().Cwd, path)
		if err != nil {
			t.Fail("%s: %s", path, err)
			ok = false
			continue
		}
		out = append(out, h.mountOf(all, real))
	}
	return out, ok
}

// mountOf is the file system that holds a path.
func (h *Host) mountOf(all []mount, path string) mount {
	var best mount
	for _, m := range all {
		if under(path, m.at) && len(m.at) >= len(best.at) {
			best = m
		}
	}
	return best
}

func dfRows(t *userland.Tool, h *Host, list []mount) (head []string, rows [][]string) {
	bsd := h.D.Family == "freebsd"
	switch {
	case t.Has("i") && bsd:
		head = []string{"Filesystem", "1K-blocks", "Used", "Avail", "Capacity", "iused", "ifree", "%iused", "Mounted on"}
	case t.Has("i"):
		head = []string{"Filesystem", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on"}
	case t.Has("hH"):
		head = []string{"Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"}
	case t.Has("P"):
		head = []string{"Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted on"}
	default:
		head = []string{"Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"}
	}
	for _, m := range list {
		avail := m.size - m.used - m.size/50
		pct := func(used, free int64) string {
			if used+free <= 0 {
				return "0%"
			}
			return strconv.FormatInt((100*used+used+free-1)/(used+free), 10) + "%"
		}
		kb := func(n int64) string {
			if t.Has("hH") {
				return userland.Human(n << 10)
			}
			return strconv.FormatInt(n, 10)
		}
		avail = max(avail, 0)
		row := []string{m.dev, kb(m.size), kb(m.used), kb(avail), pct(m.used, avail), m.at}
		if t.Has("i") {
			in := []string{strconv.FormatInt(m.inodes, 10), strconv.FormatInt(m.iused, 10), strconv.FormatInt(m.inodes-m.iused, 10), pct(m.iused, m.inodes-m.iused)}
			if bsd {
				row = append(row[:5:5], in[1], in[2], in[3], m.at)
			} else {
				row = []string{m.dev, in[0], in[1], in[2], in[3], m.at}
			}
		}
		if t.Has("T") {
			row = slices.Insert(row, 1, m.kind)
		}
		rows = append(rows, row)
	}
	if t.Has("T") {
		head = slices.Insert(slices.Clone(head), 1, "Type")
	}
	return head, rows
}

// Mount lists what is mounted; mounting something is not for the lab.
func Mount(h *Host, p *kernel.Proc, args []string) int {
	bsd := len(args) == 2 && args[1] == "-p"
	if len(args) > 1 && !bsd && args[1] != "-l" {
		fmt.Fprintf(p.Stderr(), "mount: only root can do that.\n")
		return 32
	}
	for _, m := range h.mounts() {
		switch {
		case bsd:
			fmt.Fprintf(p.Stdout(), "%s\t%s\t%s\t%s\t0 0\n", m.dev, m.at, m.kind, m.options)
		case h.D.Family == "freebsd":
			fmt.Fprintf(p.Stdout(), "%s on %s (%s, %s)\n", m.dev, m.at, m.kind, m.options)
		default:
			fmt.Fprintf(p.Stdout(), "%s on %s type %s (%s)\n", m.dev, m.at, m.kind, m.options)
		}
	}
	return 0
}

// Findmnt prints mounts as columns: -r -n -o -t, and a mount point.
func Findmnt(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "rno:t:lakTuJS:M:", map[string]byte{"raw": 'r', "noheadings": 'n', "output": 'o', "types": 't', "target": 'T'})
	if !ok {
		return t.Usage(1)
	}
	cols := strings.Split(or(strings.ToUpper(t.Val('o')), "TARGET,SOURCE,FSTYPE,OPTIONS"), ",")
	if !t.Has("n") {
		t.Printf("%s\n", strings.Join(cols, " "))
	}
	found := false
	for _, m := range h.mounts() {
		if len(t.Args()) > 0 && !slices.Contains(t.Args(), m.at) || t.Val('t') != "" && !slices.Contains(strings.Split(t.Val('t'), ","), m.kind) {
			continue
		}
		found = true
		var cells []string
		for _, c := range cols {
			cells = append(cells, map[string]string{"TARGET": m.at, "SOURCE": m.dev, "FSTYPE": m.kind, "OPTIONS": m.options}[c])
		}
		t.Printf("%s\n", strings.Join(cells, " "))
	}
	if !found {
		t.Status(1)
	}
	return t.End()
}

// Lsblk lists the disks, or those that are named: in the usual columns, or in those of -o that are known here.
func Lsblk(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "dno:lbpJ", map[string]byte{"nodeps": 'd', "noheadings": 'n', "output": 'o'})
	if !ok {
		return t.Usage(1)
	}
	head, columns := "NAME    MAJ:MIN RM   SIZE RO TYPE  MOUNTPOINTS", []string{""}
	if t.Has("o") {
		columns = strings.Split(strings.ToUpper(t.Val('o')), ",")
		head = strings.Join(columns, " ")
	}
	if !t.Has("n") {
		t.Printf("%s\n", head)
	}
	for _, d := range h.disks() {
		if len(t.Args()) > 0 && !slices.Contains(t.Args(), "/dev/"+d) {
			continue
		}
		known := map[string]string{"": fmt.Sprintf("%-8s  8:0    0 %4dG  0 disk", d, h.T.DiskGB),
			"NAME": d, "SIZE": fmt.Sprintf("%dG", h.T.DiskGB), "TYPE": "disk", "SERIAL": h.diskSerial(d)}
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = known[c]
		}
		t.Printf("%s\n", strings.Join(cells, " "))
	}
	return t.End()
}

// diskSerial is a disk's serial number; a virtual machine's disk has none.
func (h *Host) diskSerial(disk string) string {
	if h.T.Virtual {
		return ""
	}
	return fmt.Sprintf("LAB%07X%s", h.seed%0xfffffff, strings.ToUpper(disk[len(disk)-1:]))
}
