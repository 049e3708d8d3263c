package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

const rpmArch = "x86_64"

// Dnf knows check-update, upgrade, updateinfo, makecache, versionlock, history, needs-restarting and repolist; yum is the same.
func Dnf(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "yqCvbx:d:e:R:o:", map[string]byte{"assumeyes": 'y', "quiet": 'q', "cacheonly": 'C', "security": 'S', "exclude": 'x', "downloadonly": 'D', "best": 'b', "nobest": 'b',
		"refresh": 'r', "setopt": 'o', "list": 'L', "all": 'A', "disablerepo": 'o', "enablerepo": 'o', "allowerasing": 'w', "releasever": 'R', "reboothint": 'h', "services": 's', "available": 'a', "installed": 'i', "upgrades": 'u'})
	if !ok {
		return 1
	}
	words := slices.DeleteFunc(t.Args(), func(w string) bool { return w == "" })
	verb, rest := "", []string(nil)
	if len(words) > 0 {
		verb, rest = words[0], words[1:]
	}
	if verb != "upgrade" && verb != "update" {
		p.Sleep(300 * time.Millisecond)
	}
	if _, down := h.Fault("mirror-down"); down && !t.Has("C") && (verb == "makecache" || verb == "check-update" || verb == "upgrade") {
		fmt.Fprintln(p.Stderr(), "Error: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist: Curl error (7): Couldn't connect to server")
		return 1
	}
	switch verb {
	case "check-update", "check-upgrade":
		return h.dnfCheck(t)
	case "updateinfo", "advisory":
		return h.dnfAdvisories(t, rest)
	case "upgrade", "update", "upgrade-minimal", "dist-sync":
		return h.dnfUpgrade(t, rest)
	case "makecache", "clean", "repolist":
		h.touchLists()
		if !t.Has("q") {
			t.Printf("Metadata cache created.\n")
		}
	case "versionlock":
		for _, n := range h.heldNames() {
			if i, ok := h.D.ByName[n]; ok {
				t.Printf("%s-%s.*\n", n, evr(h.version(i)))
			}
		}
	case "needs-restarting":
		return NeedsRestarting(h, p, append([]string{"needs-restarting"}, flagsOf(args)...))
	case "history":
		t.Printf("ID     | Command line | Date and time    | Action(s)      | Altered\n")
	case "list":
		return h.dnfList(t, rest)
	default:
		t.Fail("No such command: %s. Please use /usr/bin/dnf --help", verb)
	}
	return t.End()
}

func flagsOf(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args[1:]), func(a string) bool { return !strings.HasPrefix(a, "-") || a == "-q" || a == "-C" })
}

// evr puts an epoch of zero where a version names none.
func evr(v string) string {
	if strings.Contains(v, ":") {
		return v
	}
	return "0:" + v
}

func (h *Host) dnfCheck(t *userland.Tool) int {
	todo, _ := h.chosen(nil, t.All('x'), t.Has("S"))
	if len(todo) == 0 {
		return t.End()
	}
	t.Printf("\n")
	for _, i := range todo {
		p := h.D.Packages[i]
		t.Printf("%-40s %-32s %s\n", p.Name+"."+rpmArch, p.New, p.Origin)
	}
	t.Status(100)
	return t.End()
}

func (h *Host) dnfList(t *userland.Tool, words []string) int {
	t.Printf("Installed Packages\n")
	for i, p := range h.D.Packages {
		if len(words) < 2 || slices.Contains(words, p.Name) {
			t.Printf("%-40s %-32s @%s\n", p.Name+"."+rpmArch, h.version(i), p.Origin)
		}
	}
	return t.End()
}

func (h *Host) dnfAdvisories(t *userland.Tool, words []string) int {
	all := t.Has("A") || slices.Contains(words, "all")
	for k, i := range h.pending() {
		p := h.D.Packages[i]
		kind := "bugfix"
		if p.Security {
			kind = []string{"Moderate/Sec.", "Important/Sec.", "Low/Sec."}[k%3]
		} else if !all && (t.Has("S") || slices.Contains(words, "security")) {
			continue
		}
		t.Printf("RLSA-2025:%04d %-14s %s-%s.%s\n", 1000+i*7, kind, p.Name, stripEpoch(p.New), rpmArch)
	}
	return t.End()
}

func stripEpoch(v string) string {
	if _, rest, ok := strings.Cut(v, ":"); ok {
		return rest
	}
	return v
}

func (h *Host) rpmLock(t *userland.Tool) bool {
	p := t.Proc()
	if p.Cred.UID != 0 {
		fmt.Fprintln(p.Stderr(), "Error: This command has to be run with superuser privileges (under the root user on most systems).")
		return false
	}
	for {
		holder := h.take(p, 0)
		if holder == nil {
			return true
		}
		t.Printf("Waiting for process with pid %d to finish.\n", holder.pid)
		t.Flush()
		if !p.Sleep(2 * time.Second) {
			return false
		}
	}
}

func (h *Host) dnfUpgrade(t *userland.Tool, names []string) int {
	p := t.Proc()
	if !h.rpmLock(t) {
		return 1
	}
	defer h.release(p)
	todo, held := h.chosen(names, t.All('x'), t.Has("S"))
	t.Printf("Last metadata expiration check: 0:12:31 ago.\nDependencies resolved.\n")
	if len(todo) == 0 {
		t.Printf("Nothing to do.\nComplete!\n")
		return t.End()
	}
	for _, i := range held {
		t.Printf("Excluding %s: versionlock\n", h.D.Packages[i].Name)
	}
	t.Printf("================================================================================\n Package                 Architecture  Version                  Repository  Size\n================================================================================\nUpgrading:\n")
	for _, i := range todo {
		pk := h.D.Packages[i]
		t.Printf(" %-24s %-12s %-24s %-10s %d k\n", pk.Name, rpmArch, pk.New, pk.Origin, pk.KB)
	}
	t.Printf("\nTransaction Summary\n================================================================================\nUpgrade  %d Packages\n\nTotal download size: %d k\nDownloading Packages:\n", len(todo), kilobytes(h, todo))
	if !h.each(p, "download", todo, func(k int, pk Package) {
		t.Printf("(%d/%d): %s-%s.%s.rpm\n", k+1, len(todo), pk.Name, stripEpoch(pk.New), rpmArch)
		t.Flush()
	}) {
		return 1
	}
	if t.Has("D") {
		t.Printf("Complete!\nThe downloaded packages were saved in cache until the next successful transaction.\n")
		return t.End()
	}
	t.Printf("Running transaction check\nTransaction check succeeded.\nRunning transaction test\nTransaction test succeeded.\nRunning transaction\n")
	if !h.each(p, "upgrade", todo, func(k int, pk Package) {
		t.Printf("  Upgrading        : %-60s %d/%d\n", pk.Name+"-"+pk.New+"."+rpmArch, k+1, len(todo))
		t.Flush()
	}) {
		fmt.Fprintln(p.Stderr(), "Error: Transaction failed")
		return 1
	}
	t.Printf("\nUpgraded:\n")
	for _, i := range todo {
		pk := h.D.Packages[i]
		t.Printf("  %s-%s.%s\n", pk.Name, pk.New, rpmArch)
	}
	t.Printf("\nComplete!\n")
	return t.End()
}

// Rpm knows -q, -qa with --qf, -V, --rebuilddb and --version.
func Rpm(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "qaVeilf:Q:", map[string]byte{"qf": 'Q', "queryformat": 'Q', "query": 'q', "all": 'a', "rebuilddb": 'R', "version": 'v', "last": 'L', "whatprovides": 'w', "eval": 'E'})
	if !ok {
		return 1
	}
	format := "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n"
	names := t.Args()
	if q := t.Val('Q'); q != "" {
		format = q
	}
	switch {
	case t.Has("v"):
		t.Printf("RPM version 4.16.1.3\n")
		return t.End()
	case t.Has("R"):
		return t.End()
	case t.Has("V"):
		return t.End()
	case !t.Has("q"):
		t.Fail("no arguments given")
		return t.End()
	}
	found := map[string]bool{}
	for i, pk := range h.D.Packages {
		if !t.Has("a") && !slices.Contains(names, pk.Name) {
			continue
		}
		found[pk.Name] = true
		t.Printf("%s", rpmFormat(format, pk.Name, h.version(i)))
	}
	for _, n := range names {
		if !t.Has("a") && !found[n] {
			t.Printf("package %s is not installed\n", n)
			t.Status(1)
		}
	}
	return t.End()
}

func rpmFormat(format, name, version string) string {
	epoch, rest, has := strings.Cut(version, ":")
	if !has {
		epoch, rest = "", version
	}
	ver, rel := rest, "1"
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		ver, rel = rest[:i], rest[i+1:]
	}
	cond := ""
	if has {
		cond = epoch + ":"
	}
	out := strings.NewReplacer("%|EPOCH?{%{EPOCH}:}:{}|", cond, "%{NAME}", name, "%{VERSION}", ver, "%{RELEASE}", rel, "%{ARCH}", rpmArch, "%{EPOCH}", or(epoch, "(none)"),
		"%{EVR}", version, "%{NEVRA}", name+"-"+version+"."+rpmArch, "%{INSTALLTIME}", "1746500000", `\n`, "\n", `\t`, "\t")
	return out.Replace(strings.ReplaceAll(format, "%{name}", "%{NAME}"))
}

// NeedsRestarting is -r (1 and words where a reboot is due) and -s.
func NeedsRestarting(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "rsu", map[string]byte{"reboothint": 'r', "services": 's'})
	if !ok {
		return 1
	}
	if t.Has("s") {
		for _, u := range h.staleUnits() {
			t.Printf("%s\n", u)
		}
		return t.End()
	}
	var core []string
	h.mu.Lock()
	for name, at := range h.upgraded {
		if at.After(h.bootAt) && (name == "kernel" || name == "kernel-core" || name == "glibc" || name == "systemd" || name == "linux-firmware" || name == "openssl-libs" || name == "gnutls") {
			core = append(core, name)
		}
	}
	h.mu.Unlock()
	if h.kernelDue() && !slices.Contains(core, "kernel") {
		core = append(core, "kernel")
	}
	if len(core) == 0 {
		t.Printf("No core libraries or services have been updated since boot-up.\nReboot should not be necessary.\n")
		return t.End()
	}
	slices.Sort(core)
	t.Printf("Core libraries or services have been updated since boot-up:\n")
	for _, c := range core {
		t.Printf("  * %s\n", c)
	}
	t.Printf("\nReboot is required to fully utilize these updates.\nMore information: https://access.redhat.com/solutions/27943\n")
	t.Status(1)
	return t.End()
}
