package machine

import (
	"fmt"
	"strings"

	"tend/lab/shell"
)

// Package is one package of a distribution: what is installed, and what its repository has.
type Package struct {
	Name     string
	Old, New string // equal where nothing is pending
	Origin   string
	Security bool
	Kernel   bool   // brings a new kernel, and needs a reboot
	Unit     string // the service that runs its code
	Conf     string // a configuration file that it owns
	KB       int
}

// Distro is an operating system as the lab knows it; shared by its hosts, never changed.
type Distro struct {
	ID, Version, Like, Pretty, Codename string
	Family, PM                          string
	Shell                               shell.Kind
	LoginShell                          string
	Systemd                             bool
	Kernel, NewKernel                   string // uname -r before and after the pending kernel update
	KernelBuild                         string
	Arch                                string
	Packages                            []Package
	ByName                              map[string]int
}

// distroOf makes the distribution that an inventory's os hint names; an unknown hint gives Debian.
func distroOf(hint string) *Distro {
	id, version, _ := strings.Cut(strings.ToLower(hint), "-")
	if strings.HasPrefix(hint, "opensuse-leap") {
		id, version = "opensuse-leap", strings.TrimPrefix(strings.TrimPrefix(hint, "opensuse-leap"), "-")
	}
	make := map[string]func(string) *Distro{"debian": debian, "ubuntu": ubuntu, "rocky": rhel("rocky"), "almalinux": rhel("almalinux"),
		"alma": rhel("almalinux"), "rhel": rhel("rhel"), "ol": rhel("ol"), "oracle": rhel("ol"), "centos": rhel("centos"),
		"fedora": rhel("fedora"), "sles": sles("sles"), "suse": sles("sles"), "opensuse-leap": sles("opensuse-leap"),
		"alpine": alpine, "arch": arch, "freebsd": freebsd}[id]
	if make == nil {
		make, version = debian, "12"
	}
	d := make(version)
	d.ByName = map[string]int{}
	for i, p := range d.Packages {
		d.ByName[p.Name] = i
	}
	return d
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// packages reads a table: name, installed, available, origin letter (u updates, s security, m main), unit, configuration file, kB.
func packages(table string, origin map[string]string) []Package {
	var out []Package
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		f := strings.Fields(line)
		for len(f) < 7 {
			f = append(f, "-")
		}
		p := Package{Name: f[0], Old: f[1], New: f[2], Origin: origin[f[3]], Security: f[3] == "s"}
		if p.New == "-" {
			p.New = p.Old
		}
		if f[4] == "kernel" {
			p.Kernel = true
		} else if f[4] != "-" {
			p.Unit = f[4]
		}
		if f[5] != "-" {
			p.Conf = f[5]
		}
		if _, err := fmt.Sscan(f[6], &p.KB); err != nil {
			p.KB = 120 + 37*len(p.Name)
		}
		out = append(out, p)
	}
	return out
}

func debian(version string) *Distro {
	version = or(version, "12")
	code := or(map[string]string{"11": "bullseye", "12": "bookworm", "13": "trixie"}[version], "bookworm")
	label := "Debian:" + version + "." + or(map[string]string{"13": "2"}[version], "11")
	d := &Distro{ID: "debian", Version: version, Codename: code, Pretty: "Debian GNU/Linux " + version + " (" + code + ")",
		Family: "debian", PM: "apt", Shell: shell.Dash, LoginShell: "/bin/bash", Systemd: true, Arch: "x86_64",
		Kernel: "6.1.0-28-amd64", NewKernel: "6.1.0-37-amd64", KernelBuild: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"}
	table := debianTable
	if version == "13" {
		d.Kernel, d.NewKernel, d.KernelBuild = "6.12.38+deb13-amd64", "6.12.57+deb13-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.38-1 (2025-07-16)"
		table = debian13Table
	}
	d.Packages = packages(table, map[string]string{"u": label + "/" + code, "s": "Debian-Security:" + version + "/" + code + "-security", "m": label + "/" + code})
	return d
}

func ubuntu(version string) *Distro {
	version = or(version, "24.04")
	code := or(map[string]string{"20.04": "focal", "22.04": "jammy", "24.04": "noble", "26.04": "resolute"}[version], "noble")
	d := &Distro{ID: "ubuntu", Version: version, Like: "debian", Codename: code, Pretty: "Ubuntu " + version + " LTS",
		Family: "debian", PM: "apt", Shell: shell.Dash, LoginShell: "/bin/bash", Systemd: true, Arch: "x86_64",
		Kernel: "6.8.0-51-generic", NewKernel: "6.8.0-63-generic", KernelBuild: "#52-Ubuntu SMP PREEMPT_DYNAMIC Thu Dec  5 13:09:44 UTC 2024"}
	both := "Ubuntu:" + version + "/" + code + "-updates, Ubuntu:" + version + "/" + code + "-security"
	d.Packages = packages(ubuntuTable, map[string]string{"u": "Ubuntu:" + version + "/" + code + "-updates", "s": both, "m": "Ubuntu:" + version + "/" + code})
	return d
}

func rhel(id string) func(string) *Distro {
	return func(version string) *Distro {
		version = or(version, "9")
		major, _, minor := strings.Cut(version, ".")
		full := version
		if !minor && id != "fedora" && id != "centos" {
			full = major + ".5"
		}
		name := map[string]string{"rocky": "Rocky Linux", "almalinux": "AlmaLinux", "rhel": "Red Hat Enterprise Linux", "ol": "Oracle Linux Server", "centos": "CentOS Stream", "fedora": "Fedora Linux"}[id]
		d := &Distro{ID: id, Version: full, Like: "rhel centos fedora", Pretty: name + " " + full, Family: "rhel", PM: "dnf",
			Shell: shell.Bash, LoginShell: "/bin/bash", Systemd: true, Arch: "x86_64",
			Kernel: "5.14.0-503.21.1.el9_5.x86_64", NewKernel: "5.14.0-503.40.1.el9_5.x86_64", KernelBuild: "#1 SMP PREEMPT_DYNAMIC Wed Jan 8 17:35:44 UTC 2025"}
		if id == "rocky" {
			d.Pretty += " (Blue Onyx)"
		}
		d.Packages = packages(rockyTable, map[string]string{"u": "baseos", "s": "baseos", "m": "appstream"})
		return d
	}
}

func sles(id string) func(string) *Distro {
	return func(version string) *Distro {
		version = or(version, "15.7")
		if version == "15" {
			version = "15.7"
		}
		pretty := "SUSE Linux Enterprise Server " + strings.Replace(version, ".", " SP", 1)
		if id != "sles" {
			pretty = "openSUSE Leap " + version
		}
		d := &Distro{ID: id, Version: version, Like: "suse", Pretty: pretty, Family: "suse", PM: "zypper", Shell: shell.Bash,
			LoginShell: "/bin/bash", Systemd: true, Arch: "x86_64", Kernel: "6.4.0-150700.51-default", NewKernel: "6.4.0-150700.53.6-default",
			KernelBuild: "#1 SMP PREEMPT_DYNAMIC Mon Apr 28 09:12:11 UTC 2025 (7f9b6b1)"}
		d.Packages = packages(slesTable, map[string]string{"u": "SLE-Module-Basesystem15-SP7-Updates", "s": "SLE-Module-Basesystem15-SP7-Updates", "m": "SLE-Product-SLES15-SP7-Pool"})
		return d
	}
}

func alpine(version string) *Distro {
	version = or(version, "3.22")
	full := version
	if strings.Count(version, ".") < 2 {
		full += ".3"
	}
	d := &Distro{ID: "alpine", Version: full, Pretty: "Alpine Linux v" + version, Family: "alpine", PM: "apk", Shell: shell.Ash,
		LoginShell: "/bin/ash", Arch: "x86_64", Kernel: "6.6.63-0-lts", NewKernel: "6.6.93-0-lts", KernelBuild: "#1-Alpine SMP PREEMPT_DYNAMIC 2024-11-22 10:12:13"}
	d.Packages = packages(alpineTable, map[string]string{})
	return d
}

func arch(string) *Distro {
	d := &Distro{ID: "arch", Pretty: "Arch Linux", Family: "arch", PM: "pacman", Shell: shell.Bash, LoginShell: "/bin/bash",
		Systemd: true, Arch: "x86_64", Kernel: "6.15.2-arch1-1", NewKernel: "6.15.4-arch2-1", KernelBuild: "#1 SMP PREEMPT_DYNAMIC Tue, 10 Jun 2025 21:32:33 +0000"}
	d.Packages = packages(archTable, map[string]string{"u": "core", "m": "extra"})
	return d
}

func freebsd(version string) *Distro {
	version = or(version, "14.4")
	if version == "14" {
		version = "14.4"
	}
	d := &Distro{ID: "freebsd", Version: version, Pretty: "FreeBSD " + version + "-RELEASE", Family: "freebsd", PM: "pkg", Shell: shell.Ash,
		LoginShell: "/bin/sh", Arch: "amd64", Kernel: version + "-RELEASE-p1", NewKernel: version + "-RELEASE-p3", KernelBuild: "GENERIC"}
	d.Packages = packages(freebsdTable, map[string]string{})
	return d
}

// OSRelease is the text of /etc/os-release.
func (d *Distro) OSRelease() string {
	var b strings.Builder
	line := func(k, v string) {
		if v != "" {
			fmt.Fprintf(&b, "%s=%s\n", k, v)
		}
	}
	name := strings.TrimSuffix(strings.Fields(d.Pretty + " ")[0], "")
	line("PRETTY_NAME", `"`+d.Pretty+`"`)
	line("NAME", `"`+map[string]string{"debian": "Debian GNU/Linux", "rocky": "Rocky Linux", "alpine": "Alpine Linux", "sles": "SLES", "arch": "Arch Linux"}[d.ID]+`"`)
	if d.Version != "" {
		line("VERSION_ID", `"`+d.Version+`"`)
	}
	line("VERSION_CODENAME", d.Codename)
	line("ID", d.ID)
	if d.Like != "" {
		line("ID_LIKE", `"`+d.Like+`"`)
	}
	line("HOME_URL", `"https://www.`+strings.ToLower(name)+`.org/"`)
	return b.String()
}
