package machine

import (
	"tend/lab/kernel"
	"tend/lab/vfs"
)

var rootCred = vfs.Cred{}

// commonPrograms are the tools that every host has.
func commonPrograms() map[string]hostProgram {
	return map[string]hostProgram{
		"chronyc": Chronyc, "df": Df, "dmesg": Dmesg, "doas": Doas, "findmnt": Findmnt, "free": Free, "getconf": Getconf, "halt": Poweroff,
		"hostname": Hostname, "ip": IP, "logger": Logger, "lsblk": Lsblk, "mount": Mount, "nproc": Nproc, "openssl": Openssl, "ping": Ping,
		"poweroff": Poweroff, "reboot": Reboot, "shutdown": Shutdown, "smartctl": Smartctl, "ss": Ss, "su": Su, "sudo": Sudo,
		"sysctl": Sysctl, "uname": Uname, "uptime": Uptime, "w": Who, "who": Who,
		"arch": func(h *Host, p *kernel.Proc, _ []string) int { p.Stdout().Write([]byte(h.D.Arch + "\n")); return 0 },
	}
}

// familyPrograms are those of a distribution's family.
func familyPrograms(d *Distro) map[string]hostProgram {
	out := map[string]hostProgram{}
	add := func(set map[string]hostProgram) {
		for k, v := range set {
			out[k] = v
		}
	}
	if d.Systemd {
		add(map[string]hostProgram{"systemctl": Systemctl, "systemd-run": SystemdRun, "journalctl": Journalctl, "busctl": Busctl, "loginctl": Loginctl,
			"timedatectl": Timedatectl, "systemd-detect-virt": Virt, "mdadm": Mdadm, "ipmitool": Ipmitool,
			"nginx": configTest("nginx", nginxSound, "nginx.service"), "sshd": configTest("sshd", "", "ssh.service", "sshd.service")})
	}
	switch d.PM {
	case "apt":
		add(map[string]hostProgram{"apt": AptGet, "apt-get": AptGet, "apt-mark": AptMark, "apt-cache": AptCache, "dpkg": Dpkg, "dpkg-query": DpkgQuery,
			"needrestart": Needrestart, "lsb_release": LsbRelease})
	case "dnf":
		add(map[string]hostProgram{"dnf": Dnf, "yum": Dnf, "rpm": Rpm, "needs-restarting": NeedsRestarting})
	case "zypper":
		add(map[string]hostProgram{"zypper": Zypper, "rpm": Rpm})
	case "apk":
		add(map[string]hostProgram{"apk": Apk, "rc-status": RcStatus, "rc-service": RcService, "netstat": Netstat})
	case "pacman":
		add(map[string]hostProgram{"pacman": Pacman, "checkupdates": Checkupdates})
	case "pkg":
		add(map[string]hostProgram{"pkg": Pkg, "freebsd-update": FreebsdUpdate, "freebsd-version": FreebsdVersion, "netstat": Netstat, "ifconfig": Ifconfig,
			"route": Route, "service": RcService, "daemon": DaemonCmd, "zpool": Zpool})
	}
	return out
}
