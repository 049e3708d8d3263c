package machine

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// apt is one run of apt-get or apt.
type apt struct {
	h        *Host
	t        *userland.Tool
	p        *kernel.Proc
	simulate bool
	options  map[string]string // -o
}

// AptGet knows update, upgrade, dist-upgrade, install, clean, autoremove, check and -s.
func AptGet(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "sqyfdmo:c:t:V", map[string]byte{"simulate": 's', "dry-run": 's', "just-print": 's', "no-act": 's', "quiet": 'q', "yes": 'y', "assume-yes": 'y', "fix-broken": 'f',
		"download-only": 'd', "with-new-pkgs": 'W', "only-upgrade": 'U', "no-remove": 'R', "option": 'o', "no-install-recommends": 'N', "allow-downgrades": 'D',
		"reinstall": 'r', "fix-missing": 'm', "trivial-only": 'T', "purge": 'P', "auto-remove": 'A', "no-upgrade": 'u', "assume-no": 'n', "upgradable": 'L', "installed": 'I', "allow-change-held-packages": 'H', "show-progress": 'S', "no-show-progress": 'S'})
	if !ok {
		return 100
	}
	a := &apt{h: h, t: t, p: p, simulate: t.Has("s"), options: map[string]string{}}
	for _, o := range t.All('o') {
		k, v, _ := strings.Cut(o, "=")
		a.options[strings.TrimSuffix(k, "::")] += " " + v
	}
	verb, rest := "", []string(nil)
	if w := t.Args(); len(w) > 0 {
		verb, rest = w[0], w[1:]
	}
	switch verb {
	case "update":
		return a.update()
	case "upgrade", "dist-upgrade", "full-upgrade":
		return a.upgrade(rest, verb != "upgrade")
	case "install":
		return a.install(rest)
	case "autoremove", "autoclean", "clean", "check", "remove", "purge":
		return a.other(verb)
	case "list":
		return a.list()
	}
	fmt.Fprintf(p.Stderr(), "E: Invalid operation %s\n", verb)
	return 100
}

func (a *apt) say(format string, v ...any) {
	a.t.Printf(format+"\n", v...)
	a.t.Flush()
}

// quiet apt prints no progress.
func (a *apt) progress(text string) {
	if !a.t.Has("q") || a.simulate || true {
		a.say("%s", text)
	}
}

func (a *apt) preamble() {
	for _, l := range []string{"Reading package lists...", "Building dependency tree...", "Reading state information...", "Calculating upgrade..."} {
		a.progress(l)
	}
}

// root and lock are what every change needs first.
func (a *apt) lock() bool {
	if a.simulate {
		return true
	}
	if a.p.Cred.UID != 0 {
		fmt.Fprintln(a.p.Stderr(), "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?")
		return false
	}
	wait, _ := userland.Span(strings.TrimSpace(or(a.options["DPkg::Lock::Timeout"], "0")))
	holder := a.h.take(a.p, wait)
	if holder == nil {
		return true
	}
	fmt.Fprintf(a.p.Stderr(), "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process %d (%s)\nN: Be aware that removing the lock file is not a solution and may break your system.\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n", holder.pid, holder.name)
	return false
}

func (a *apt) update() int {
	if !a.lock() {
		return 100
	}
	defer a.h.release(a.p)
	if a.h.dies(a.p, "update") {
		return 100
	}
	a.p.Sleep(1200 * time.Millisecond)
	if _, broken := a.h.Fault("mirror-down"); broken {
		fmt.Fprintf(a.p.Stderr(), "Err:1 http://deb.example.net/%s %s InRelease\n  Could not connect to deb.example.net:80 (10.0.0.80). - connect (111: Connection refused)\nW: Failed to fetch http://deb.example.net/%s/dists/%s/InRelease  Could not connect to deb.example.net:80\nW: Some index files failed to download. They have been ignored, or old ones used instead.\n", a.h.D.ID, a.h.D.Codename, a.h.D.ID, a.h.D.Codename)
		return 0
	}
	for i, suite := range []string{"", "-updates", "-security"} {
		a.say("Hit:%d http://deb.example.net/%s %s%s InRelease", i+1, a.h.D.ID, a.h.D.Codename, suite)
	}
	a.say("Reading package lists...")
	a.h.touchLists()
	return a.t.End()
}

// touchLists dates the package lists anew.
func (h *Host) touchLists() { h.refreshed.Store(h.Now().Unix()) }

// listsDated is when a host's package lists were fetched.
func listsDated(host any) time.Time { return time.Unix(host.(*Host).refreshed.Load(), 0) }

// selection sorts the pending packages: what is upgraded, what is held, what is phased.
func (a *apt) selection() (todo, held, phased []int) {
	for _, i := range a.h.pending() {
		p := a.h.D.Packages[i]
		switch {
		case a.h.isHeld(p.Name):
			held = append(held, i)
		case a.h.T.Phased && !p.Security && (p.Name == "fwupd" || p.Name == "cloud-init" || p.Name == "landscape-common"):
			phased = append(phased, i)
		default:
			todo = append(todo, i)
		}
	}
	return todo, held, phased
}

func (a *apt) names(list []int) string {
	var out []string
	for _, i := range list {
		out = append(out, a.h.D.Packages[i].Name)
	}
	sort.Strings(out)
	return "  " + strings.Join(out, " ")
}

func (a *apt) upgrade([]string, bool) int {
	if !a.lock() {
		return 100
	}
	if !a.simulate {
		defer a.h.release(a.p)
	}
	todo, held, phased := a.selection()
	a.preamble()
	if !a.unmet() {
		return 100
	}
	if len(held) > 0 {
		a.say("The following packages have been kept back:\n%s", a.names(held))
	}
	if len(phased) > 0 {
		a.say("The following upgrades have been deferred due to phasing:\n%s", a.names(phased))
	}
	return a.perform(todo, len(held)+len(phased))
}

// unmet complains where an earlier run left packages half-configured.
func (a *apt) unmet() bool {
	half := a.h.halfConfigured()
	if len(half) == 0 || a.t.Has("f") || a.simulate {
		return true
	}
	fmt.Fprintln(a.p.Stderr(), "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.")
	return false
}

// install upgrades named packages, "name" or "name=version"; with -f and no name it finishes what was left.
func (a *apt) install(words []string) int {
	if !a.lock() {
		return 100
	}
	if !a.simulate {
		defer a.h.release(a.p)
	}
	a.preamble()
	if len(words) == 0 && a.t.Has("f") {
		return a.perform(nil, 0)
	}
	if !a.unmet() {
		return 100
	}
	pending := a.h.pending()
	var todo []int
	for _, w := range words {
		name, version, pinned := strings.Cut(w, "=")
		name, _, _ = strings.Cut(name, ":")
		i, ok := a.h.D.ByName[name]
		if !ok {
			fmt.Fprintf(a.p.Stderr(), "E: Unable to locate package %s\n", name)
			return 100
		}
		p := a.h.D.Packages[i]
		if pinned && version != p.New && version != a.h.version(i) {
			fmt.Fprintf(a.p.Stderr(), "E: Version '%s' for '%s' was not found\n", version, name)
			return 100
		}
		if a.h.isHeld(name) && slices.Contains(pending, i) && !a.t.Has("H") {
			fmt.Fprintln(a.p.Stderr(), "E: Held packages were changed and -y was used without --allow-change-held-packages.")
			return 100
		}
		if slices.Contains(pending, i) {
			todo = append(todo, i)
		} else {
			a.say("%s is already the newest version (%s).", name, a.h.version(i))
		}
	}
	return a.perform(todo, len(pending)-len(todo))
}

// perform simulates, downloads or upgrades.
func (a *apt) perform(todo []int, left int) int {
	h := a.h
	newKernel := slices.ContainsFunc(todo, func(i int) bool { return h.D.Packages[i].Kernel })
	news := 0
	if newKernel {
		news = 1
		a.say("The following NEW packages will be installed:\n  linux-image-%s", h.D.NewKernel)
	}
	if len(todo) > 0 {
		a.say("The following packages will be upgraded:\n%s", a.names(todo))
	}
	a.say("%d upgraded, %d newly installed, 0 to remove and %d not upgraded.", len(todo), news, left)
	if a.simulate {
		return a.simulation(todo)
	}
	kb := 0
	for _, i := range todo {
		kb += h.D.Packages[i].KB
	}
	if len(todo) > 0 {
		a.say("Need to get %d kB of archives.\nAfter this operation, %d kB of additional disk space will be used.", kb, kb/12)
	}
	if !a.fetch(todo) {
		return 100
	}
	if a.t.Has("d") {
		a.say("Download complete and in download only mode")
		return a.t.End()
	}
	if !h.dpkgRun(a, todo) {
		fmt.Fprintln(a.p.Stderr(), "E: Sub-process /usr/bin/dpkg returned an error code (1)")
		return 100
	}
	return a.t.End()
}

func (a *apt) simulation(todo []int) int {
	h := a.h
	for _, i := range todo {
		p := h.D.Packages[i]
		if p.Kernel {
			a.say("Inst linux-image-%s (%s %s [amd64])", h.D.NewKernel, p.New, p.Origin)
		}
		a.say("Inst %s [%s] (%s %s [amd64])", p.Name, p.Old, p.New, p.Origin)
	}
	for _, i := range todo {
		a.say("Conf %s (%s %s [amd64])", h.D.Packages[i].Name, h.D.Packages[i].New, h.D.Packages[i].Origin)
	}
	return a.t.End()
}

func (a *apt) fetch(todo []int) bool {
	if a.h.dies(a.p, "download") {
		return false
	}
	total := 0
	for k, i := range todo {
		p := a.h.D.Packages[i]
		a.say("Get:%d http://deb.example.net/%s %s/main amd64 %s amd64 %s [%d kB]", k+1, a.h.D.ID, a.h.D.Codename, p.Name, p.New, p.KB)
		total += p.KB
		if !a.p.Sleep(time.Duration(30+p.KB/200) * time.Millisecond) {
			return false
		}
	}
	if total > 0 {
		a.say("Fetched %d kB in %ds (%d kB/s)", total, 1+total/30000, min(total, 30000))
	}
	return true
}

func (a *apt) other(verb string) int {
	if !a.lock() {
		return 100
	}
	defer a.h.release(a.p)
	if verb == "autoremove" {
		a.say("0 upgraded, 0 newly installed, 0 to remove and %d not upgraded.", len(a.h.pending()))
	}
	return a.t.End()
}

func (a *apt) list() int {
	a.say("Listing...")
	for _, i := range a.h.pending() {
		p := a.h.D.Packages[i]
		suite := p.Origin[strings.IndexByte(p.Origin, '/')+1:]
		suite, _, _ = strings.Cut(suite, ",")
		a.say("%s/%s %s amd64 [upgradable from: %s]", p.Name, suite, p.New, p.Old)
	}
	return a.t.End()
}
