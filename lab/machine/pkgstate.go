package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// initPackages decides which of the available updates the host already has.
func (h *Host) initPackages() {
	h.pkgs = make([]pkgState, len(h.D.Packages))
	for i, p := range h.D.Packages {
		h.pkgs[i] = pkgNew
		if p.Old == p.New {
			continue
		}
		if h.dice("pkg"+p.Name).Float64() < h.T.Pending {
			h.pkgs[i] = pkgOld
		}
		if p.Kernel && h.pkgs[i] == pkgNew {
			h.kernel, h.newKernel = h.D.NewKernel, true
		}
	}
	if h.T.RebootDue {
		h.kernel = h.D.Kernel
	}
}

// setPending makes exactly n updates pending; with the kernel's among them the host runs the old one.
func (h *Host) setPending(v string) {
	n := 0
	fmt.Sscan(v, &n)
	old := false
	h.mu.Lock()
	for i, p := range h.D.Packages {
		h.pkgs[i] = pkgNew
		if p.Old != p.New && n > 0 {
			h.pkgs[i] = pkgOld
			n--
			old = old || p.Kernel
		}
	}
	if old {
		h.kernel, h.newKernel = h.D.Kernel, false
	}
	h.mu.Unlock()
	if old {
		k := h.D.NewKernel
		h.FS.Remove(vfs.Cred{}, "/", "/boot/vmlinuz-"+k, false)
		h.FS.Remove(vfs.Cred{}, "/", "/usr/lib/modules/"+k+"/modules.dep", false)
		h.FS.Remove(vfs.Cred{}, "/", "/usr/lib/modules/"+k, true)
	}
}

// version is what is installed.
func (h *Host) version(i int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.versionLocked(i)
}

func (h *Host) versionLocked(i int) string {
	if h.pkgs[i] == pkgOld {
		return h.D.Packages[i].Old
	}
	return h.D.Packages[i].New
}

// pending lists the indexes of packages with an update.
func (h *Host) pending() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []int
	for i, s := range h.pkgs {
		if s == pkgOld && h.D.Packages[i].Old != h.D.Packages[i].New {
			out = append(out, i)
		}
	}
	return out
}

func (h *Host) isHeld(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held[name]
}

func (h *Host) setHeld(name string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on {
		h.held[name] = true
	} else {
		delete(h.held, name)
	}
}

func (h *Host) heldNames() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for n := range h.held {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (h *Host) halfConfigured() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []int
	for i, s := range h.pkgs {
		if s == pkgHalf {
			out = append(out, i)
		}
	}
	return out
}

func (h *Host) setState(i int, s pkgState) {
	h.mu.Lock()
	h.pkgs[i] = s
	if s == pkgNew {
		h.upgraded[h.D.Packages[i].Name] = h.Now()
	}
	h.mu.Unlock()
}

// installed is called when a package has been upgraded wholly: a kernel then lies in /boot and a reboot is due, and a
// configuration file that was changed here gets its new version beside it.
func (h *Host) installed(i int) {
	h.setState(i, pkgNew)
	p := h.D.Packages[i]
	if p.Kernel {
		h.installKernel()
	}
	if h.D.PM == "apt" && (strings.HasPrefix(p.Name, "libc6") || strings.HasPrefix(p.Name, "libssl3") || p.Name == "systemd") && h.D.ID == "ubuntu" {
		h.rebootRequired(p.Name)
	}
	if p.Unit != "" {
		h.mu.Lock()
		if !slices.Contains(h.T.FailedUnits, p.Unit) {
			delete(h.failed, p.Unit)
		}
		h.restarted[p.Unit] = h.Now() // its package's script restarts it
		h.mu.Unlock()
	}
}

func (h *Host) installKernel() {
	k := h.D.NewKernel
	h.mu.Lock()
	h.newKernel = true
	h.mu.Unlock()
	h.FS.WriteFile("/boot/vmlinuz-"+k, 0o644, []byte("kernel"))
	h.FS.WriteFile("/usr/lib/modules/"+k+"/modules.dep", 0o644, nil)
	if h.D.Family == "alpine" || h.D.Family == "arch" {
		h.FS.Remove(vfs.Cred{}, "/", "/usr/lib/modules/"+h.D.Kernel+"/modules.dep", false)
		h.FS.Remove(vfs.Cred{}, "/", "/usr/lib/modules/"+h.D.Kernel, true)
	}
	if h.D.Family == "debian" {
		h.rebootRequired("linux-image-" + k)
	}
	if h.D.Family == "suse" {
		h.FS.WriteFile("/run/reboot-needed", 0o644, nil)
	}
}

func (h *Host) rebootRequired(pkg string) {
	h.FS.WriteFile("/run/reboot-required", 0o644, []byte("*** System restart required ***\n"))
	old, _ := h.FS.ReadFile(vfs.Cred{}, "/", "/run/reboot-required.pkgs")
	if !strings.Contains(string(old), pkg+"\n") {
		h.FS.WriteFile("/run/reboot-required.pkgs", 0o644, append(old, pkg+"\n"...))
	}
}

// newestKernel is what the boot loader takes. The caller holds the lock.
func (h *Host) newestKernel() string {
	if h.newKernel {
		return h.D.NewKernel
	}
	return h.kernel
}

// kernelDue reports whether a newer kernel than the running one is installed.
func (h *Host) kernelDue() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newestKernel() != h.kernel
}

// holder is who has the package manager's lock, or nil.
func (h *Host) holder() *lockHolder {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lock != nil && h.lock.proc != nil && h.lock.proc.Dead() {
		h.lock = nil // the kernel lets go of a dead process's lock
	}
	return h.lock
}

// take locks the package manager for p, waiting up to wait for whoever has it; nil means that it is ours.
func (h *Host) take(p *kernel.Proc, wait time.Duration) *lockHolder {
	deadline := h.Now().Add(wait)
	for {
		h.holder() // forgets one that has died
		h.mu.Lock()
		if h.lock == nil {
			h.lock = &lockHolder{pid: p.PID, name: p.Args()[0][strings.LastIndexByte(p.Args()[0], '/')+1:], proc: p}
			h.mu.Unlock()
			return nil
		}
		cur := h.lock
		h.mu.Unlock()
		if cur.proc == p {
			return nil
		}
		if !h.Now().Before(deadline) || !p.Sleep(500*time.Millisecond) {
			return cur
		}
	}
}

func (h *Host) release(p *kernel.Proc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lock != nil && h.lock.proc == p {
		h.lock = nil
	}
}

// lockFile is the file by which the lock is seen in /proc/locks.
func (h *Host) lockFile() string {
	return map[string]string{"apt": "/var/lib/dpkg/lock-frontend", "dnf": "/var/lib/rpm/.rpm.lock", "zypper": "/usr/lib/sysimage/rpm/.rpm.lock", "apk": "/lib/apk/db/lock"}[h.D.PM]
}

// packageFiles places what package managers keep on disk.
func packageFiles(t *vfs.Tree, d *Distro) {
	for _, p := range d.Packages {
		if p.Conf != "" {
			t.File(p.Conf, 0o644, shipped(p.Conf))
		}
	}
	switch d.PM {
	case "apt":
		for _, f := range []string{"lock-frontend", "lock"} {
			t.File("/var/lib/dpkg/"+f, 0o640, "")
		}
		t.File("/var/lib/apt/lists/lock", 0o640, "")
		t.File("/var/lib/apt/lists/deb.example.net_"+d.ID+"_dists_"+d.Codename+"_main_binary-amd64_Packages", 0o644, "")
		t.Dir("/var/lib/apt/lists/partial", 0o700).Dated = listsDated
		t.File("/var/cache/apt/archives/lock", 0o640, "")
		t.Dir("/var/cache/apt/archives/partial", 0o755)
		t.Generated("/var/lib/dpkg/status", 0o644, func(x any) []byte { return x.(*Host).dpkgStatus() })
		t.File("/etc/apt/sources.list", 0o644, "deb http://deb.example.net/"+d.ID+" "+d.Codename+" main\n")
	case "dnf":
		t.File("/var/lib/rpm/.rpm.lock", 0o644, "")
		t.Put("/var/cache/dnf/baseos-0f7a1d2c3b4e5f60/repodata/repomd.xml", &vfs.Node{Kind: vfs.Regular, Mode: 0o644, Dated: listsDated})
		t.File("/etc/dnf/dnf.conf", 0o644, "[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n")
		t.Link("/etc/yum.conf", "dnf/dnf.conf")
		t.File("/etc/yum.repos.d/base.repo", 0o644, "[baseos]\nname=BaseOS\nenabled=1\n")
	case "zypper":
		t.File("/usr/lib/sysimage/rpm/.rpm.lock", 0o644, "")
		t.Dir("/var/cache/zypp/raw/SLE-Module-Basesystem15-SP7-Updates", 0o755).Dated = listsDated
		t.Dir("/var/cache/zypp/solv", 0o755)
	case "apk":
		t.File("/usr/lib/apk/db/lock", 0o644, "")
		t.Put("/var/cache/apk/APKINDEX.5f1d2c3b.tar.gz", &vfs.Node{Kind: vfs.Regular, Mode: 0o644, Dated: listsDated})
		t.File("/etc/apk/repositories", 0o644, "https://dl-cdn.example.net/alpine/v"+d.Version+"/main\n")
		t.Generated("/etc/apk/world", 0o644, func(x any) []byte {
			h := x.(*Host)
			out := "alpine-base\nopenssh-server\nlinux-lts\nchrony\n"
			for _, n := range h.heldNames() {
				if i, ok := h.D.ByName[n]; ok {
					out += n + "=" + h.version(i) + "\n"
				}
			}
			return []byte(out)
		})
	case "pacman":
		t.Dir("/var/lib/pacman/sync", 0o755)
		t.File("/etc/pacman.conf", 0o644, "[options]\nHoldPkg = pacman glibc\n")
	}
}

// PendingCount is how many updates there are.
func (h *Host) PendingCount() int { return len(h.pending()) }

// HalfNames lists packages that are unpacked and not configured.
func (h *Host) HalfNames() []string {
	var out []string
	for _, i := range h.halfConfigured() {
		out = append(out, h.D.Packages[i].Name)
	}
	return out
}
