package machine

import (
	"fmt"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// Smartctl judges a disk; its exit code is the bit mask of smartctl(8). Only root may look.
func Smartctl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "HAial:n:d:jcqs:xT:t:", map[string]byte{"health": 'H', "attributes": 'A', "json": 'j', "info": 'i', "all": 'a', "scan": 'S', "nocheck": 'n', "log": 'l'})
	if !ok {
		return 1
	}
	if t.Has("S") {
		for _, d := range h.disks() {
			t.Printf("/dev/%s -d scsi # /dev/%s, SCSI device\n", d, d)
		}
		return t.End()
	}
	if len(t.Args()) == 0 {
		t.Printf("ERROR: smartctl requires a device name as the final command-line argument.\n")
		t.Status(1)
		return t.End()
	}
	dev := strings.TrimPrefix(t.Args()[0], "/dev/")
	known := false
	for _, d := range h.disks() {
		known = known || d == dev
	}
	t.Printf("smartctl 7.3 2022-02-28 r5338 [x86_64-linux-%s] (local build)\nCopyright (C) 2002-22, Bruce Allen, Christian Franke, www.smartmontools.org\n\n", h.KernelRelease())
	if !known || p.Cred.UID != 0 {
		reason := "No such device"
		if known {
			reason = "Permission denied"
		}
		t.Printf("Smartctl open device: /dev/%s failed: %s\n", dev, reason)
		t.Status(2)
		return t.End()
	}
	status := 0
	verdict := "PASSED"
	if h.T.Degraded && dev == "sdb" {
		status, verdict = 8, "FAILED!"
	} else if h.dice("smart"+dev).Float64() < 0.01 {
		status = 64
	}
	t.Printf("=== START OF READ SMART DATA SECTION ===\nSMART overall-health self-assessment test result: %s\n\n", verdict)
	t.Printf("ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE\n  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       %d\n  9 Power_On_Hours          0x0032   095   095   000    Old_age   Always       -       %d\n194 Temperature_Celsius     0x0022   068   054   000    Old_age   Always       -       32\n", status*3, 12000+h.seed%9000)
	t.Status(status)
	return t.End()
}

// Mdadm answers --detail [--test] and --version.
func Mdadm(h *Host, p *kernel.Proc, args []string) int {
	if p.Cred.UID != 0 {
		fmt.Fprintln(p.Stderr(), "mdadm: must be super-user to perform this action")
		return 1
	}
	if !h.T.Mirror {
		fmt.Fprintln(p.Stderr(), "mdadm: cannot open /dev/md0: No such file or directory")
		return 4
	}
	state, working, second := "clean", 2, "active sync"
	if h.T.Degraded {
		state, working, second = "clean, degraded", 1, "faulty"
	}
	fmt.Fprintf(p.Stdout(), "/dev/md0:\n           Version : 1.2\n        Raid Level : raid1\n      Raid Devices : 2\n     Total Devices : 2\n             State : %s\n    Active Devices : %d\n   Working Devices : %d\n\n", state, working, working)
	fmt.Fprintf(p.Stdout(), "    Number   Major   Minor   RaidDevice State\n       0       8        2        0      active sync   /dev/sda2\n       1       8       18        1      %s   /dev/sdb2\n", second)
	for _, a := range args {
		if (a == "--test" || a == "-t") && h.T.Degraded {
			return 1
		}
	}
	return 0
}

// Ipmitool makes the chassis' light blink, and says so as ipmi_chassis.c does; the lab's controllers have no sensors and no event log.
func Ipmitool(_ *Host, p *kernel.Proc, args []string) int {
	if len(args) > 2 && args[1] == "chassis" && args[2] == "identify" {
		return identify(p, args[3:])
	}
	fmt.Fprintln(p.Stderr(), "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory")
	return 1
}

func identify(p *kernel.Proc, args []string) int {
	text := "default (15 seconds)"
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		switch {
		case args[0] == "force":
			text = "indefinite"
		case err != nil || n < 0 || n > 255:
			fmt.Fprintf(p.Stderr(), "Given Interval '%s' is invalid, out of range, or invalid option.\n", args[0])
			return 1
		case n == 0:
			text = "off"
		default:
			text = fmt.Sprintf("%d seconds", n)
		}
	}
	fmt.Fprintf(p.Stdout(), "Chassis identify interval: %s\n", text)
	return 0
}

// Zpool answers status -x and list.
func Zpool(h *Host, p *kernel.Proc, args []string) int {
	verb := ""
	if len(args) > 1 {
		verb = args[1]
	}
	health := "ONLINE"
	if h.T.Degraded {
		health = "DEGRADED"
	}
	switch verb {
	case "status":
		if health == "ONLINE" {
			fmt.Fprintln(p.Stdout(), "all pools are healthy")
			return 0
		}
		fmt.Fprintln(p.Stdout(), "  pool: zroot\n state: DEGRADED\nstatus: One or more devices could not be used because the label is missing or\n\tinvalid.  Sufficient replicas exist for the pool to continue\n\tfunctioning in a degraded state.")
		return 0
	case "list":
		used := 30 + h.dice("zpool").IntN(40)
		if strings.Contains(strings.Join(args, " "), "-H") {
			fmt.Fprintf(p.Stdout(), "zroot\t%s\t%d%%\n", health, used)
		} else {
			fmt.Fprintf(p.Stdout(), "NAME    SIZE  ALLOC   FREE  CKPOINT  EXPANDSZ   FRAG    CAP  DEDUP    HEALTH  ALTROOT\nzroot  10.9T  %4.1fT  %4.1fT        -         -     3%%    %d%%  1.00x    %s  -\n", 10.9*float64(used)/100, 10.9*float64(100-used)/100, used, health)
		}
		return 0
	}
	fmt.Fprintln(p.Stderr(), "usage: zpool command args ...")
	return 2
}

// Free prints memory: -k -m -g -h -b.
func Free(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "kmghbtwls:c:", map[string]byte{"human": 'h', "mebi": 'm', "gibi": 'g', "kibi": 'k', "bytes": 'b'})
	if !ok {
		return 1
	}
	total, avail := h.memoryUsed()
	n := func(kb int) string {
		switch {
		case t.Has("h"):
			return userland.Human(int64(kb)<<10) + "i"
		case t.Has("g"):
			return fmt.Sprint(kb >> 20)
		case t.Has("m"):
			return fmt.Sprint(kb >> 10)
		case t.Has("b"):
			return fmt.Sprint(kb << 10)
		}
		return fmt.Sprint(kb)
	}
	t.Printf("               total        used        free      shared  buff/cache   available\n")
	t.Printf("Mem:     %11s %11s %11s %11s %11s %11s\n", n(total), n(total-avail), n(avail/2), n(1400), n(avail/2), n(avail))
	t.Printf("Swap:    %11s %11s %11s\n", n(2097148), n(0), n(2097148))
	return t.End()
}

// Nproc prints the number of CPUs.
func Nproc(h *Host, p *kernel.Proc, _ []string) int {
	fmt.Fprintln(p.Stdout(), h.T.CPUs)
	return 0
}

// Uptime prints how long the host is up: -p -s.
func Uptime(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "ps", map[string]byte{"pretty": 'p', "since": 's'})
	if !ok {
		return 1
	}
	up := h.uptime()
	days, hours, mins := int(up.Hours())/24, int(up.Hours())%24, int(up.Minutes())%60
	switch {
	case t.Has("s"):
		t.Printf("%s\n", h.bootTime().UTC().Format("2006-01-02 15:04:05"))
	case t.Has("p"):
		t.Printf("up %d days, %d hours, %d minutes\n", days, hours, mins)
	default:
		a, b, c := h.load()
		span := fmt.Sprintf("%2d:%02d", hours, mins)
		if days > 0 {
			span = fmt.Sprintf("%d days, %s", days, span)
		}
		t.Printf(" %s up %s,  %d users,  load average: %.2f, %.2f, %.2f\n", h.Now().UTC().Format("15:04:05"), span, len(h.Logins()), a, b, c)
	}
	return t.End()
}
