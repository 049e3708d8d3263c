package machine

import (
	"crypto/md5"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// dies makes the host lose power where a fault says that it shall in this phase of its work. Where one says that it shall stand still,
// it does so first, until that is mended; true also where the process was killed meanwhile.
func (h *Host) dies(p *kernel.Proc, phase string) bool {
	for h.stallsIn(phase) {
		if !p.Sleep(100 * time.Millisecond) {
			return true
		}
	}
	if !h.diesIn(phase) {
		return false
	}
	h.PowerOff()
	return true
}

// dpkgRun unpacks and configures, in dpkg's two phases. A process that is killed between them leaves packages half-configured.
func (h *Host) dpkgRun(a *apt, todo []int) bool {
	p := a.p
	if h.dies(p, "upgrade") {
		return false
	}
	if len(todo) > 0 {
		a.say("(Reading database ... 38412 files and directories currently installed.)")
	}
	for k, i := range todo {
		pk := h.D.Packages[i]
		if k == len(todo)/2 && h.dies(p, "unpack") {
			return false
		}
		if pk.Kernel {
			a.say("Selecting previously unselected package linux-image-%s.\nPreparing to unpack .../linux-image-%s_%s_amd64.deb ...\nUnpacking linux-image-%s (%s) ...", h.D.NewKernel, h.D.NewKernel, pk.New, h.D.NewKernel, pk.New)
		}
		a.say("Preparing to unpack .../%s_%s_amd64.deb ...\nUnpacking %s (%s) over (%s) ...", pk.Name, strings.ReplaceAll(pk.New, ":", "%3a"), pk.Name, pk.New, pk.Old)
		if err := h.roomFor("/var/lib/dpkg/status-new", 4096); err != nil {
			fmt.Fprintf(p.Stderr(), "dpkg: error processing archive /var/cache/apt/archives/%s_%s_amd64.deb (--unpack):\n cannot copy extracted data for './usr/share/doc/%s' to '/usr/share/doc/%s.dpkg-new': failed to write (%s)\n", pk.Name, pk.New, pk.Name, pk.Name, err)
			return false
		}
		h.setState(i, pkgHalf)
		if !p.Sleep(time.Duration(120+pk.KB/60) * time.Millisecond) {
			return false
		}
	}
	return h.configure(a.t, keepsConf(a.options["Dpkg::Options"]))
}

// confChoice is what dpkg does about a changed configuration file.
type confChoice int

const (
	confAsk confChoice = iota
	confKeep
	confNew
)

func keepsConf(options string) confChoice {
	switch {
	case strings.Contains(options, "--force-confold"):
		return confKeep
	case strings.Contains(options, "--force-confnew"):
		return confNew
	}
	return confAsk
}

// configure is dpkg's second phase, for all that is unpacked.
func (h *Host) configure(t *userland.Tool, conf confChoice) bool {
	p := t.Proc()
	ok := true
	bad, fails := h.Fault("upgrade-fails")
	for _, i := range h.halfConfigured() {
		pk := h.D.Packages[i]
		if h.dies(p, "configure") {
			return false
		}
		t.Printf("Setting up %s (%s) ...\n", pk.Name, pk.New)
		t.Flush()
		if fails && (bad == "" || bad == pk.Name) {
			fmt.Fprintf(p.Stderr(), "dpkg: error processing package %s (--configure):\n installed %s package post-installation script subprocess returned error exit status 1\nErrors were encountered while processing:\n %s\n", pk.Name, pk.Name, pk.Name)
			ok = false
			if bad == "" {
				return false
			}
			continue
		}
		if pk.Conf != "" && !h.configFile(t, pk, conf) {
			ok = false
			continue
		}
		if !p.Sleep(time.Duration(80+pk.KB/200) * time.Millisecond) {
			return false
		}
		h.installed(i)
	}
	if ok {
		t.Printf("Processing triggers for libc-bin ...\n")
	}
	h.log("dpkg", "upgrade finished", 6)
	return ok
}

// configFile deals with a package's configuration file: one that was changed here is kept, replaced, or asked about.
func (h *Host) configFile(t *userland.Tool, pk Package, conf confChoice) bool {
	now, err := h.FS.ReadFile(vfs.Cred{}, "/", pk.Conf)
	if err != nil || string(now) == shipped(pk.Conf) {
		return true
	}
	switch conf {
	case confKeep:
		t.Printf("\nConfiguration file '%s'\n ==> Modified (by you or by a script) since installation.\n ==> Package distributor has shipped an updated version.\n ==> Keeping old config file as default.\n", pk.Conf)
		h.FS.WriteFile(pk.Conf+".dpkg-dist", 0o644, []byte(shipped(pk.Conf)+"# new\n"))
	case confNew:
		t.Printf("Installing new version of config file %s ...\n", pk.Conf)
		h.FS.WriteFile(pk.Conf+".dpkg-old", 0o644, now)
		h.FS.WriteFile(pk.Conf, 0o644, []byte(shipped(pk.Conf)))
	default:
		t.Printf("\nConfiguration file '%s'\n ==> Modified (by you or by a script) since installation.\n ==> Package distributor has shipped an updated version.\n   What would you like to do about it ?  Your options are:\n    Y or I  : install the package maintainer's version\n    N or O  : keep your currently-installed version\n*** %s (Y/I/N/O/D/Z) [default=N] ? ", pk.Conf, path.Base(pk.Conf))
		t.Flush()
		fmt.Fprintf(t.Proc().Stderr(), "dpkg: error processing package %s (--configure):\n end of file on stdin at conffile prompt\n", pk.Name)
		return false
	}
	return true
}

// shipped is a configuration file as its package has it.
func shipped(file string) string {
	if file == "/etc/ssh/sshd_config" {
		return "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
	}
	return "# " + file + "\n"
}

func (h *Host) abbrev(i int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pkgs[i] == pkgHalf {
		return "iU "
	}
	if h.held[h.D.Packages[i].Name] {
		return "hi "
	}
	return "ii "
}

// Dpkg knows --configure -a, --audit, -l, -s, --get-selections, --print-architecture, --compare-versions and -L.
func Dpkg(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "alsLSCi:P", map[string]byte{"configure": 'c', "audit": 'C', "list": 'l', "status": 's', "pending": 'a', "force-confdef": 'd', "force-confold": 'o', "force-confnew": 'n',
		"print-architecture": 'p', "get-selections": 'g', "listfiles": 'L', "compare-versions": 'v', "search": 'S', "force-depends": 'F', "print-foreign-architectures": 'f'})
	if !ok {
		return 2
	}
	switch {
	case t.Has("v"):
		return compareVersions(t.Args())
	case t.Has("p"):
		t.Printf("amd64\n")
	case t.Has("f"):
	case t.Has("c"):
		return h.dpkgConfigure(t)
	case t.Has("C"):
		if half := h.halfConfigured(); len(half) > 0 {
			t.Printf("The following packages have been unpacked but not yet configured.\nThey must be configured using dpkg --configure or the configure\nmenu option in dselect for them to work:\n")
			for _, i := range half {
				t.Printf(" %s\n", h.D.Packages[i].Name)
			}
		}
	case t.Has("g"):
		for i, pk := range h.D.Packages {
			t.Printf("%-50s%s\n", pk.Name, map[bool]string{true: "hold", false: "install"}[h.abbrev(i) == "hi "])
		}
	default:
		return h.dpkgList(t)
	}
	return t.End()
}

func compareVersions(a []string) int {
	if len(a) != 3 {
		return 2
	}
	c := userland.VersionCompare(a[0], a[2])
	ok := map[string]bool{"lt": c < 0, "le": c <= 0, "eq": c == 0, "ne": c != 0, "ge": c >= 0, "gt": c > 0}[a[1]]
	if ok {
		return 0
	}
	return 1
}

func (h *Host) dpkgConfigure(t *userland.Tool) int {
	p := t.Proc()
	if p.Cred.UID != 0 {
		t.Fail("error: requested operation requires superuser privilege")
		return 2
	}
	if holder := h.take(p, 0); holder != nil {
		t.Fail("error: dpkg frontend lock was locked by another process with pid %d\nNote: removing the lock file is always wrong, can damage the locked area\nand the entire system. See <https://wiki.debian.org/Teams/Dpkg/FAQ#db-lock>.", holder.pid)
		return 2
	}
	defer h.release(p)
	conf := confAsk
	if t.Has("o") {
		conf = confKeep
	} else if t.Has("n") {
		conf = confNew
	}
	if len(h.halfConfigured()) > 0 && !h.configure(t, conf) {
		t.Status(1)
	}
	return t.End()
}

func (h *Host) dpkgList(t *userland.Tool) int {
	t.Printf("Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name Version Architecture Description\n+++-====-=======-============-===========\n")
	for i, pk := range h.D.Packages {
		if len(t.Args()) == 0 || slices.Contains(t.Args(), pk.Name) {
			t.Printf("%s %-24s %-32s amd64  %s\n", strings.TrimSpace(h.abbrev(i)), pk.Name, h.version(i), pk.Name)
		}
	}
	return t.End()
}

// DpkgQuery knows -W with -f/--showformat, -l, -s, -S and -L.
func DpkgQuery(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "Wf:lsSL", map[string]byte{"show": 'W', "showformat": 'f', "list": 'l', "status": 's', "search": 'S', "listfiles": 'L'})
	if !ok {
		return 2
	}
	if t.Has("l") {
		return h.dpkgList(t)
	}
	format := strings.TrimPrefix(or(t.Val('f'), "${binary:Package}\t${Version}\n"), "=") // dpkg takes -f=FORMAT too
	found := map[string]bool{}
	for i, pk := range h.D.Packages {
		if len(t.Args()) > 0 && !slices.Contains(t.Args(), pk.Name) {
			continue
		}
		found[pk.Name] = true
		t.Printf("%s", h.dpkgFormat(format, i))
	}
	if h.D.Family == "debian" {
		h.kernelPackages(t, format, found)
	}
	for _, a := range t.Args() {
		if !found[a] && !found[strings.TrimSuffix(a, ":amd64")] {
			t.Fail("no packages found matching %s", a)
		}
	}
	return t.End()
}

// kernelPackages lists the kernels, which are packages of their own.
func (h *Host) kernelPackages(t *userland.Tool, format string, found map[string]bool) {
	for k, release := range []string{h.D.Kernel, h.D.NewKernel} {
		name := "linux-image-" + release
		if _, err := h.FS.Stat(vfs.Cred{}, "/", "/boot/vmlinuz-"+release); err != nil || len(t.Args()) > 0 && !slices.Contains(t.Args(), name) {
			continue
		}
		found[name] = true
		for _, p := range h.D.Packages {
			if p.Kernel {
				version := []string{p.Old, p.New}[k]
				t.Printf("%s", strings.NewReplacer("${binary:Package}", name, "${Package}", name, "${Version}", version, "${db:Status-Abbrev}", "ii ", "${Conffiles}", "", `\n`, "\n", `\t`, "\t").Replace(format))
			}
		}
	}
}

func (h *Host) dpkgFormat(format string, i int) string {
	pk := h.D.Packages[i]
	conf := ""
	if pk.Conf != "" {
		conf = fmt.Sprintf("\n %s %x", pk.Conf, md5.Sum([]byte(shipped(pk.Conf))))
	}
	return strings.NewReplacer("${binary:Package}", pk.Name, "${Package}", pk.Name, "${Version}", h.version(i), "${db:Status-Abbrev}", h.abbrev(i), "${Architecture}", "amd64",
		"${Status}", "install ok installed", "${db:Status-Status}", "installed", "${Installed-Size}", fmt.Sprint(pk.KB), "${Conffiles}", conf, "${source:Package}", pk.Name, `\n`, "\n", `\t`, "\t").Replace(format)
}

func (h *Host) dpkgStatus() []byte {
	var b strings.Builder
	for i, pk := range h.D.Packages {
		fmt.Fprintf(&b, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n\n", pk.Name, h.version(i))
	}
	return []byte(b.String())
}

// AptMark knows showhold, hold, unhold, showmanual and showauto.
func AptMark(h *Host, p *kernel.Proc, args []string) int {
	if len(args) < 2 {
		return 1
	}
	switch verb := args[1]; verb {
	case "showhold":
		for _, n := range h.heldNames() {
			fmt.Fprintln(p.Stdout(), n)
		}
	case "showmanual", "showauto":
		for _, pk := range h.D.Packages {
			fmt.Fprintln(p.Stdout(), pk.Name)
		}
	case "hold", "unhold":
		if p.Cred.UID != 0 {
			fmt.Fprintln(p.Stderr(), "E: Could not create temporary file for /var/lib/apt/extended_states - mkstemp (13: Permission denied)")
			return 100
		}
		for _, n := range args[2:] {
			if _, ok := h.D.ByName[n]; !ok {
				fmt.Fprintf(p.Stderr(), "E: Unable to locate package %s\n", n)
				return 100
			}
			h.setHeld(n, verb == "hold")
			fmt.Fprintf(p.Stdout(), "%s %s.\n", n, map[string]string{"hold": "set on hold", "unhold": "was already not on hold"}[verb])
		}
	}
	return 0
}

// AptCache knows policy and show.
func AptCache(h *Host, p *kernel.Proc, args []string) int {
	if len(args) < 3 {
		return 0
	}
	for _, n := range args[2:] {
		i, ok := h.D.ByName[n]
		if !ok {
			fmt.Fprintf(p.Stderr(), "N: Unable to locate package %s\n", n)
			continue
		}
		pk := h.D.Packages[i]
		fmt.Fprintf(p.Stdout(), "%s:\n  Installed: %s\n  Candidate: %s\n  Version table:\n     %s 500\n        500 http://deb.example.net/%s %s/main amd64 Packages\n", n, h.version(i), pk.New, pk.New, h.D.ID, h.D.Codename)
	}
	return 0
}

// Needrestart is needrestart -b: NEEDRESTART-KSTA and -SVC lines. Without root it knows nothing of other users' processes.
func Needrestart(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "bklr:m:pqvwn:c:u:", nil)
	if !ok {
		return 1
	}
	ksta := 1
	if h.kernelDue() {
		ksta = 3
	}
	t.Printf("NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: %s\nNEEDRESTART-KEXP: %s\nNEEDRESTART-KSTA: %d\n", h.KernelRelease(), h.expectedKernel(), ksta)
	if !t.Has("k") && p.Cred.UID == 0 {
		for _, u := range h.staleUnits() {
			t.Printf("NEEDRESTART-SVC: %s\n", u)
		}
	}
	return t.End()
}

func (h *Host) expectedKernel() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newestKernel()
}

func (h *Host) staleUnits() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := map[string]bool{}
	for _, d := range h.daemonTable() {
		if h.stale(d) {
			seen[d.unit] = true
		}
	}
	var out []string
	for u := range seen {
		out = append(out, u)
	}
	sort.Strings(out)
	return out
}
