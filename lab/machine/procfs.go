package machine

import (
	"fmt"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// procfs places /proc: files computed from the host's state, and a directory for each process.
func procfs(t *vfs.Tree) {
	gen := func(path string, fn func(h *Host) string) {
		t.Generated("/proc/"+path, 0o444, func(x any) []byte { return []byte(fn(x.(*Host))) })
	}
	gen("loadavg", func(h *Host) string {
		a, b, c := h.load()
		return fmt.Sprintf("%.2f %.2f %.2f 1/%d %d\n", a, b, c, 180+h.System().Count(), 40000+h.System().Count())
	})
	gen("meminfo", (*Host).meminfo)
	gen("uptime", func(h *Host) string {
		up := h.uptime().Seconds()
		return fmt.Sprintf("%.2f %.2f\n", up, up*float64(h.T.CPUs)*0.9)
	})
	gen("mounts", (*Host).procMounts)
	gen("mdstat", (*Host).mdstat)
	gen("cpuinfo", (*Host).cpuinfo)
	gen("vmstat", func(h *Host) string {
		return fmt.Sprintf("nr_free_pages 812345\npgfault %d\npgmajfault 4123\noom_kill %d\n", 90000000+h.seed%1000000, h.T.OOM)
	})
	gen("stat", func(h *Host) string {
		return fmt.Sprintf("cpu  812345 1234 412345 99123456 12345 0 4123 0 0 0\nbtime %d\nprocesses %d\n", h.bootTime().Unix(), h.System().Started.Load())
	})
	gen("version", func(h *Host) string {
		return "Linux version " + h.KernelRelease() + " (build@lab) " + h.D.KernelBuild + "\n"
	})
	gen("cmdline", func(h *Host) string {
		return "BOOT_IMAGE=/boot/vmlinuz-" + h.KernelRelease() + " root=/dev/sda2 ro quiet\n"
	})
	gen("locks", (*Host).procLocks)
	gen("swaps", func(h *Host) string {
		return "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda3                               partition\t2097148\t\t0\t\t-2\n"
	})
	gen("filesystems", func(*Host) string { return "nodev\tsysfs\nnodev\tproc\nnodev\ttmpfs\n\text4\n\txfs\n\tvfat\n" })
	gen("sys/kernel/random/boot_id", func(h *Host) string { return h.BootID() + "\n" })
	gen("sys/kernel/hostname", func(h *Host) string { return h.Name + "\n" })
	gen("sys/kernel/osrelease", func(h *Host) string { return h.KernelRelease() + "\n" })
	gen("sys/kernel/pid_max", func(*Host) string { return "4194304\n" })
	gen("sys/fs/file-nr", func(h *Host) string { return fmt.Sprintf("%d\t0\t9223372036854775807\n", 1200+h.seed%900) })
	for _, what := range []string{"cpu", "memory", "io"} {
		gen("pressure/"+what, func(h *Host) string { return h.pressure(what) })
	}
	t.Dir("/proc", 0o555).Dyn = procDir{}
}

func (h *Host) load() (one, five, fifteen float64) {
	r := h.dice("load")
	base := float64(h.T.CPUs) * (0.05 + 0.4*r.Float64())
	if h.T.Slow {
		base = float64(h.T.CPUs) * 3.4
	}
	return base * 1.1, base, base * 0.95
}

func (h *Host) pressure(what string) string {
	r := h.dice("pressure" + what)
	some := r.Float64() * 4
	if h.T.Slow {
		some += 92
	}
	full := some / 4
	if what == "cpu" {
		full = 0
	}
	line := func(kind string, v float64) string {
		return fmt.Sprintf("%s avg10=%.2f avg60=%.2f avg300=%.2f total=%d\n", kind, min(v*1.1, 100), v, v*0.9, int64(v*1e6))
	}
	return line("some", some) + line("full", full)
}

func (h *Host) memoryUsed() (total, available int) {
	total = h.T.MemoryMB * 1024
	used := 0.2 + 0.5*h.dice("memory").Float64()
	return total, int(float64(total) * (1 - used))
}

func (h *Host) meminfo() string {
	total, avail := h.memoryUsed()
	var b strings.Builder
	for _, l := range []struct {
		k string
		v int
	}{{"MemTotal", total}, {"MemFree", avail / 2}, {"MemAvailable", avail}, {"Buffers", avail / 20}, {"Cached", avail / 3}, {"SwapCached", 0},
		{"SwapTotal", 2097148}, {"SwapFree", 2097148}, {"Dirty", 312}, {"Slab", total / 40}} {
		fmt.Fprintf(&b, "%-16s%8d kB\n", l.k+":", l.v)
	}
	return b.String()
}

func (h *Host) cpuModel() string {
	return []string{"Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz", "AMD EPYC 7313P 16-Core Processor", "Intel(R) Xeon(R) Gold 5318Y CPU @ 2.10GHz"}[h.seed%3]
}

func (h *Host) cpuinfo() string {
	flags := "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush mmx fxsr sse sse2 ht syscall nx lm constant_tsc"
	if h.T.Virtual {
		flags += " hypervisor"
	}
	var b strings.Builder
	for i := range h.T.CPUs {
		fmt.Fprintf(&b, "processor\t: %d\nvendor_id\t: GenuineIntel\nmodel name\t: %s\ncpu MHz\t\t: 2400.000\ncpu cores\t: %d\nflags\t\t: %s\n\n", i, h.cpuModel(), h.T.CPUs, flags)
	}
	return b.String()
}

func (h *Host) mdstat() string {
	if !h.T.Mirror {
		return "Personalities : \nunused devices: <none>\n"
	}
	if h.T.Degraded {
		return "Personalities : [raid1] [linear] [multipath] [raid0]\nmd0 : active raid1 sda2[0] sdb2[1](F)\n      488253440 blocks super 1.2 [2/1] [U_]\n      bitmap: 4/4 pages [16KB], 65536KB chunk\n\nunused devices: <none>\n"
	}
	return "Personalities : [raid1] [linear] [multipath] [raid0]\nmd0 : active raid1 sda2[0] sdb2[1]\n      488253440 blocks super 1.2 [2/2] [UU]\n      bitmap: 0/4 pages [0KB], 65536KB chunk\n\nunused devices: <none>\n"
}

// procLocks lists the package manager's lock as proc(5) does, by the inode of its file.
func (h *Host) procLocks() string {
	holder := h.holder()
	path := h.lockFile()
	if holder == nil || path == "" {
		return ""
	}
	i, err := h.FS.Stat(vfs.Cred{}, "/", path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("1: POSIX  ADVISORY  WRITE %d 08:02:%d 0 EOF\n", holder.pid, i.Ino)
}

// procDir is the part of /proc that numbers make.
type procDir struct{}

func (procDir) Names(x any) []string {
	s := x.(*Host).System()
	if s == nil {
		return nil
	}
	var out []string
	for _, i := range s.List() {
		out = append(out, strconv.Itoa(i.PID))
	}
	return append(out, "self")
}

func (procDir) Entry(x any, c vfs.Cred, name string) *vfs.Node {
	h := x.(*Host)
	if name == "self" {
		if c.PID == 0 {
			return nil
		}
		return &vfs.Node{Kind: vfs.Symlink, Mode: 0o777, Target: strconv.Itoa(c.PID)}
	}
	pid, err := strconv.Atoi(name)
	if err != nil || name[0] < '1' || name[0] > '9' {
		return nil
	}
	s := h.System()
	if s == nil {
		return nil
	}
	i, ok := s.Find(pid)
	if !ok {
		return nil
	}
	return h.procEntry(i)
}

func (h *Host) procEntry(i kernel.Info) *vfs.Node {
	file := func(mode uint16, fn func() string) *vfs.Node {
		return &vfs.Node{Kind: vfs.Regular, Mode: mode, UID: i.UID, Gen: func(any) []byte { return []byte(fn()) }}
	}
	n := vfs.Dir(map[string]*vfs.Node{
		"stat":    file(0o444, func() string { return h.procStat(i) }),
		"comm":    file(0o444, func() string { return userland.CommandName(i) + "\n" }),
		"cmdline": file(0o444, func() string { return strings.Join(i.Args, "\x00") + "\x00" }),
		"cgroup":  file(0o444, func() string { return "0::" + h.cgroup(i) + "\n" }),
		"maps":    file(0o400, func() string { return h.maps(i) }),
		"status": file(0o444, func() string {
			return fmt.Sprintf("Name:\t%s\nState:\t%s\nPid:\t%d\nPPid:\t%d\nUid:\t%d\t%d\t%d\t%d\n", userland.CommandName(i), i.Stat, i.PID, i.PPID, i.UID, i.UID, i.UID, i.UID)
		}),
		"oom_score_adj": file(0o644, func() string { return "0\n" }),
		"loginuid":      file(0o444, func() string { return "4294967295\n" }),
	})
	n.UID = i.UID
	return n
}

// procStat has the fields that scripts read: 1 pid, 2 comm, 3 state, 4 parent, 5 group, 6 session, 22 start time in ticks since boot.
func (h *Host) procStat(i kernel.Info) string {
	ticks := int64(i.Start.Sub(h.bootTime()).Seconds() * 100)
	return fmt.Sprintf("%d (%s) %s %d %d %d 0 -1 4194304 100 0 0 0 1 1 0 0 20 0 1 0 %d %d %d 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
		i.PID, userland.CommandName(i), i.Stat[:1], i.PPID, i.PGID, i.SID, max(ticks, 1), i.RSS*2, i.RSS/4096)
}
