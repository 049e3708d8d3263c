package machine

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// Uname prints what runs: -a -s -n -r -v -m -p -i -o.
func Uname(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "asnrvmpioKU", map[string]byte{"all": 'a', "kernel-name": 's', "nodename": 'n', "kernel-release": 'r', "kernel-version": 'v', "machine": 'm', "operating-system": 'o'})
	if !ok {
		return 1
	}
	name, system := "Linux", "GNU/Linux"
	if h.D.Family == "freebsd" {
		name, system = "FreeBSD", "FreeBSD"
	}
	if h.D.Family == "alpine" {
		system = "Linux"
	}
	var out []string
	for _, f := range []struct{ opt, val string }{{"s", name}, {"n", h.Name}, {"r", h.KernelRelease()}, {"v", h.D.KernelBuild}, {"m", h.D.Arch}, {"p", h.D.Arch}, {"i", h.D.Arch}, {"o", system}} {
		if t.Has(f.opt) || t.Has("a") && f.opt != "p" && f.opt != "i" {
			out = append(out, f.val)
		}
	}
	if len(out) == 0 {
		out = []string{name}
	}
	t.Printf("%s\n", strings.Join(out, " "))
	return t.End()
}

// Hostname prints the name: -f -s -i -I.
func Hostname(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "fsiId", map[string]byte{"fqdn": 'f', "long": 'f', "short": 's', "all-ip-addresses": 'I'})
	if !ok || len(t.Args()) > 0 {
		fmt.Fprintln(p.Stderr(), "hostname: you must be root to change the host name")
		return 1
	}
	switch {
	case t.Has("f"):
		t.Printf("%s.lab.example.net\n", h.Name)
	case t.Has("iI"):
		t.Printf("%s \n", h.address())
	case t.Has("d"):
		t.Printf("lab.example.net\n")
	default:
		t.Printf("%s\n", h.Name)
	}
	return t.End()
}

// Sysctl reads kernel settings: -n and names.
func Sysctl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "neaqbiw", map[string]byte{"values": 'n'})
	if !ok {
		return 1
	}
	vals := h.sysctls()
	sep := " = "
	if h.D.Family == "freebsd" {
		sep = ": "
	}
	names := t.Args()
	if t.Has("a") {
		for k := range vals {
			names = append(names, k)
		}
		sort.Strings(names)
	}
	for _, k := range names {
		v, ok := vals[k]
		switch {
		case !ok && h.D.Family == "freebsd":
			t.Fail("unknown oid '%s'", k)
		case !ok:
			t.Fail("cannot stat /proc/sys/%s: No such file or directory", strings.ReplaceAll(k, ".", "/"))
			t.Status(255)
		case t.Has("n"):
			t.Printf("%s\n", v)
		default:
			t.Printf("%s%s%s\n", k, sep, v)
		}
	}
	return t.End()
}

func (h *Host) sysctls() map[string]string {
	if h.D.Family != "freebsd" {
		return map[string]string{"kernel.hostname": h.Name, "kernel.osrelease": h.KernelRelease(), "kernel.random.boot_id": h.BootID(), "vm.swappiness": "60",
			"net.ipv4.ip_forward": "0", "kernel.pid_max": "4194304", "vm.overcommit_memory": "0"}
	}
	total, avail := h.memoryUsed()
	a, b, c := h.load()
	guest := "none"
	if h.T.Virtual {
		guest = "kvm"
	}
	boot := h.bootTime()
	return map[string]string{"kern.hostname": h.Name, "kern.osrelease": h.KernelRelease(), "kern.ostype": "FreeBSD", "hw.ncpu": fmt.Sprint(h.T.CPUs), "hw.model": h.cpuModel(),
		"hw.physmem": fmt.Sprint(total << 10), "hw.pagesize": "4096", "vm.loadavg": fmt.Sprintf("{ %.2f %.2f %.2f }", a, b, c), "kern.vm_guest": guest, "kern.disks": strings.Join(h.disks(), " "),
		"vm.stats.vm.v_free_count": fmt.Sprint(avail / 8), "vm.stats.vm.v_inactive_count": fmt.Sprint(avail / 8), "vm.stats.vm.v_laundry_count": "1200",
		"kern.boottime":        fmt.Sprintf("{ sec = %d, usec = %d } %s", boot.Unix(), boot.Nanosecond()/1000, boot.UTC().Format("Mon Jan _2 15:04:05 2006")),
		"kern.bootsessionuuid": h.BootID(), "kern.boot_id": h.BootID()}
}

// Timedatectl answers show and status.
func Timedatectl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "p:a", map[string]byte{"property": 'p', "value": 'V', "no-pager": 'N'})
	if !ok {
		return 1
	}
	synced := map[bool]string{true: "no", false: "yes"}[h.T.NTPOff]
	if len(t.Args()) > 0 && t.Args()[0] == "show" {
		for _, kv := range [][2]string{{"Timezone", "Etc/UTC"}, {"LocalRTC", "no"}, {"CanNTP", "yes"}, {"NTP", "yes"}, {"NTPSynchronized", synced}} {
			if v := t.Val('p'); v != "" && v != kv[0] {
				continue
			}
			if t.Has("V") {
				t.Printf("%s\n", kv[1])
			} else {
				t.Printf("%s=%s\n", kv[0], kv[1])
			}
		}
		return t.End()
	}
	now := h.Now().UTC().Format("Mon 2006-01-02 15:04:05 MST")
	t.Printf("               Local time: %s\n           Universal time: %s\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: %s\n              NTP service: active\n          RTC in local TZ: no\n", now, now, synced)
	return t.End()
}

// Chronyc answers -c tracking, tracking and sources.
func Chronyc(h *Host, p *kernel.Proc, args []string) int {
	csv := false
	verb := "tracking"
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") {
			csv = csv || strings.Contains(a, "c")
			continue
		}
		verb = a
	}
	if verb != "tracking" {
		fmt.Fprintln(p.Stdout(), "^* 10.0.0.123                    2   6   377    21    +12us[  +18us] +/- 4512us")
		return 0
	}
	offset := (h.dice("clock").Float64() - 0.5) / 400
	ref, stratum, leap := "10.0.0.123", 3, "Normal"
	if h.T.NTPOff {
		ref, stratum, leap = "", 0, "Not synchronised"
	}
	if csv {
		fmt.Fprintf(p.Stdout(), "0A00007B,%s,%d,%d.123456789,%.9f,0.000012,0.000034,-12.345,0.001,0.012,0.004512,0.000321,64.2,%s\n", ref, stratum, h.Now().Unix()-20, offset, leap)
		return 0
	}
	fmt.Fprintf(p.Stdout(), "Reference ID    : 0A00007B (%s)\nStratum         : %d\nSystem time     : %.9f seconds slow of NTP time\nLeap status     : %s\n", ref, stratum, offset, leap)
	return 0
}

// Busctl answers get-property of logind's KillUserProcesses.
func Busctl(h *Host, p *kernel.Proc, args []string) int {
	if len(args) == 6 && args[1] == "get-property" && args[5] == "KillUserProcesses" {
		fmt.Fprintf(p.Stdout(), "b %v\n", h.killsUsers())
		return 0
	}
	fmt.Fprintln(p.Stderr(), "Failed to get property: Unknown interface or property")
	return 1
}

// Loginctl answers list-sessions, show-user, enable-linger and disable-linger.
func Loginctl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "p:al", map[string]byte{"property": 'p', "value": 'V', "no-legend": 'L', "no-pager": 'N', "no-ask-password": 'K'})
	if !ok {
		return 1
	}
	verb, rest := "list-sessions", t.Args()
	if len(rest) > 0 {
		verb, rest = rest[0], rest[1:]
	}
	user := userland.UserName(p, p.Cred.UID)
	if len(rest) > 0 {
		user = rest[0]
	}
	switch verb {
	case "list-sessions":
		for i, l := range h.Logins() {
			t.Printf("%7s %5d %-8s      %s\n", fmt.Sprint(i+1), 1000, l.User, l.TTY)
		}
	case "show-user":
		linger := "no"
		if h.lingers(user) {
			linger = "yes"
		}
		if t.Has("V") {
			t.Printf("%s\n", linger)
		} else {
			t.Printf("Linger=%s\n", linger)
		}
	case "enable-linger":
		h.FS.WriteFile("/var/lib/systemd/linger/"+user, 0o644, nil)
	case "disable-linger":
		return p.Run("loginctl", []string{"rm", "-f", "/var/lib/systemd/linger/" + user}, nil)
	}
	return t.End()
}

// Virt is systemd-detect-virt.
func Virt(h *Host, p *kernel.Proc, args []string) int {
	if h.T.Virtual {
		fmt.Fprintln(p.Stdout(), "kvm")
		return 0
	}
	fmt.Fprintln(p.Stdout(), "none")
	return 1
}

// Who lists who is logged in.
func Who(h *Host, p *kernel.Proc, args []string) int {
	for _, a := range args[1:] {
		if a == "-b" {
			fmt.Fprintf(p.Stdout(), "         system boot  %s\n", h.bootTime().UTC().Format("2006-01-02 15:04"))
			return 0
		}
	}
	for _, l := range h.Logins() {
		fmt.Fprintf(p.Stdout(), "%-8s %-12s %s (%s)\n", l.User, l.TTY, l.At.UTC().Format("2006-01-02 15:04"), l.From)
	}
	return 0
}

// Shutdown is shutdown(8): -r -h -P -c, and now or +MINUTES.
func Shutdown(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "rhPHpcfk", map[string]byte{"reboot": 'r', "poweroff": 'P', "halt": 'H', "no-wall": 'k'})
	if !ok {
		return 1
	}
	after := 500 * time.Millisecond
	if a := t.Args(); len(a) > 0 && strings.HasPrefix(a[0], "+") {
		if d, ok := userland.Span(a[0][1:] + "m"); ok && d > 0 {
			after = d
		}
	}
	return h.power(p, "shutdown", t.Has("r"), after)
}

// Reboot is reboot(8); Poweroff is poweroff(8) and halt(8).
func Reboot(h *Host, p *kernel.Proc, _ []string) int {
	return h.power(p, "reboot", true, 300*time.Millisecond)
}
func Poweroff(h *Host, p *kernel.Proc, _ []string) int {
	return h.power(p, "poweroff", false, 300*time.Millisecond)
}

// Getconf answers _NPROCESSORS_ONLN, PAGESIZE and LONG_BIT.
func Getconf(h *Host, p *kernel.Proc, args []string) int {
	vals := map[string]string{"_NPROCESSORS_ONLN": fmt.Sprint(h.T.CPUs), "_NPROCESSORS_CONF": fmt.Sprint(h.T.CPUs), "PAGESIZE": "4096", "PAGE_SIZE": "4096", "LONG_BIT": "64", "ARG_MAX": "2097152", "CLK_TCK": "100"}
	if len(args) < 2 || vals[args[1]] == "" {
		fmt.Fprintln(p.Stderr(), "getconf: Unrecognized variable")
		return 2
	}
	fmt.Fprintln(p.Stdout(), vals[args[1]])
	return 0
}

// LsbRelease is lsb_release.
func LsbRelease(h *Host, p *kernel.Proc, _ []string) int {
	fmt.Fprintf(p.Stdout(), "Distributor ID:\t%s\nDescription:\t%s\nRelease:\t%s\nCodename:\t%s\n", h.D.ID, h.D.Pretty, h.D.Version, h.D.Codename)
	return 0
}

// RcStatus is OpenRC's: --crashed lists what has crashed.
func RcStatus(h *Host, p *kernel.Proc, args []string) int {
	crashed := strings.Contains(strings.Join(args, " "), "crashed")
	units := h.unitList()
	names := make([]string, 0, len(units))
	for u := range units {
		names = append(names, strings.TrimSuffix(u, ".service"))
	}
	sort.Strings(names)
	for _, n := range names {
		s := or(units[n], units[n+".service"])
		switch {
		case crashed && s == "failed":
			fmt.Fprintf(p.Stdout(), "%s\n", n)
		case !crashed && s == "failed":
			fmt.Fprintf(p.Stdout(), " %-70s [ crashed  ]\n", n)
		case !crashed:
			fmt.Fprintf(p.Stdout(), " %-70s [  started  ]\n", n)
		}
	}
	return 0
}

// RcService starts, stops and restarts OpenRC's and rc(8)'s services.
func RcService(h *Host, p *kernel.Proc, args []string) int {
	if len(args) < 3 {
		fmt.Fprintln(p.Stderr(), "usage: "+args[0]+" service command")
		return 1
	}
	name, verb := args[1], args[2]
	units := h.unitList()
	s := or(units[name], units[name+".service"])
	switch {
	case s == "":
		fmt.Fprintf(p.Stderr(), " * %s: service `%s' does not exist\n", args[0], name)
		return 1
	case verb == "status":
		fmt.Fprintf(p.Stdout(), " * status: %s\n", map[string]string{"active": "started", "failed": "crashed", "inactive": "stopped"}[s])
		return map[string]int{"active": 0, "failed": 32, "inactive": 3}[s]
	case p.Cred.UID != 0:
		fmt.Fprintf(p.Stderr(), " * %s: superuser access required\n", args[0])
		return 1
	}
	if !h.setUnit(name, verb) {
		fmt.Fprintf(p.Stderr(), " * ERROR: %s failed to %s\n", name, verb)
		return 1
	}
	return 0
}

// DaemonCmd is FreeBSD's daemon(8): it starts a command in a session of its own.
func DaemonCmd(_ *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "+cfrSu:p:P:o:t:R:", nil)
	if !ok || len(t.Args()) == 0 {
		return 1
	}
	child, err := p.Fork(t.Args())
	if err != nil {
		t.Fail("fork: %s", err)
		return 1
	}
	child.Setsid()
	if t.Has("f") {
		for fd := range 3 {
			child.SetFD(fd, kernel.Null())
		}
	}
	child.Go(func() int { return child.ExecOr("daemon", t.Args()) })
	return 0
}
