package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// Pkg is FreeBSD's: update, upgrade [-n -y -F -U], audit, query, info, version, lock.
func Pkg(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "nyFUqfe:vlao", nil)
	if !ok || len(t.Args()) == 0 {
		fmt.Fprintln(p.Stderr(), "usage: pkg [-v] <command> [<args>]")
		return 64
	}
	words := t.Args()
	switch words[0] {
	case "update":
		if p.Cred.UID != 0 {
			fmt.Fprintln(p.Stderr(), "pkg: Insufficient privileges to update the repository catalogue.")
			return 1
		}
		p.Sleep(500 * time.Millisecond)
		t.Printf("Updating FreeBSD repository catalogue...\nFreeBSD repository is up to date.\nAll repositories are up to date.\n")
	case "upgrade":
		return h.pkgUpgrade(t, words[1:])
	case "audit":
		for _, i := range h.pending() {
			if pk := h.D.Packages[i]; pk.Security {
				t.Printf("%s-%s\n", pk.Name, pk.Old)
				t.Status(1)
			}
		}
	case "query":
		return h.pkgQuery(t, words[1:])
	case "info":
		for i, pk := range h.D.Packages {
			t.Printf("%s-%s\n", pk.Name, h.version(i))
		}
	case "version", "lock", "unlock", "autoremove", "clean", "check":
	default:
		fmt.Fprintf(p.Stderr(), "pkg: unknown command: %s\n", words[0])
		return 64
	}
	return t.End()
}

func (h *Host) pkgQuery(t *userland.Tool, words []string) int {
	if len(words) == 0 {
		return 64
	}
	locked := strings.Contains(t.Val('e'), "%k")
	for i, pk := range h.D.Packages {
		if locked && !h.isHeld(pk.Name) || len(words) > 1 && !slices.Contains(words[1:], pk.Name) {
			continue
		}
		t.Printf("%s\n", strings.NewReplacer("%n", pk.Name, "%v", h.version(i), "%o", "misc/"+pk.Name).Replace(words[0]))
	}
	return t.End()
}

func (h *Host) pkgUpgrade(t *userland.Tool, names []string) int {
	p := t.Proc()
	todo, _ := h.chosen(names, nil, false)
	if !t.Has("U") {
		t.Printf("Updating FreeBSD repository catalogue...\nFreeBSD repository is up to date.\nAll repositories are up to date.\n")
	}
	if len(todo) == 0 {
		t.Printf("Checking for upgrades (0 candidates): 100%%\nProcessing candidates (0 candidates): 100%%\nChecking integrity... done (0 conflicting)\nYour packages are up to date.\n")
		return t.End()
	}
	t.Printf("Checking for upgrades (%d candidates): 100%%\nProcessing candidates (%d candidates): 100%%\nThe following %d package(s) will be affected (of 0 checked):\n\nInstalled packages to be UPGRADED:\n", len(todo), len(todo), len(todo))
	for _, i := range todo {
		pk := h.D.Packages[i]
		t.Printf("\t%s: %s -> %s [FreeBSD]\n", pk.Name, pk.Old, pk.New)
	}
	t.Printf("\nNumber of packages to be upgraded: %d\n", len(todo))
	if t.Has("n") {
		t.Status(1)
		return t.End()
	}
	if p.Cred.UID != 0 {
		fmt.Fprintln(p.Stderr(), "pkg: Insufficient privileges to upgrade packages")
		return 77
	}
	if h.take(p, 0) != nil {
		fmt.Fprintln(p.Stderr(), "pkg: Cannot get an advisory lock on a database, it is locked by another process")
		return 74
	}
	defer h.release(p)
	if t.Has("F") {
		return t.End()
	}
	if !h.each(p, "upgrade", todo, func(k int, pk Package) {
		t.Printf("[%d/%d] Upgrading %s from %s to %s...\n[%d/%d] Extracting %s-%s: 100%%\n", k+1, len(todo), pk.Name, pk.Old, pk.New, k+1, len(todo), pk.Name, pk.New)
		t.Flush()
	}) {
		return 1
	}
	return t.End()
}

// FreebsdVersion is freebsd-version: -k the installed kernel, -r the running one, -u the userland.
func FreebsdVersion(h *Host, p *kernel.Proc, args []string) int {
	installed := h.KernelRelease()
	if h.kernelDue() || h.T.RebootDue && h.Boots() == 0 {
		installed = h.D.NewKernel
	}
	if len(args) > 1 && args[1] == "-r" {
		fmt.Fprintln(p.Stdout(), h.KernelRelease())
		return 0
	}
	fmt.Fprintln(p.Stdout(), installed)
	return 0
}

func (h *Host) baseReady() bool {
	_, err := h.FS.ReadFile(rootCred, "/", "/var/db/freebsd-update/installed")
	return err == nil
}

// FreebsdUpdate knows fetch, install, updatesready and cron.
func FreebsdUpdate(h *Host, p *kernel.Proc, args []string) int {
	verb := ""
	for _, a := range args[1:] {
		if !strings.HasPrefix(a, "-") {
			verb = a
		}
	}
	const ready = "/var/db/freebsd-update/ready"
	_, err := h.FS.Stat(rootCred, "/", ready)
	switch {
	case verb == "updatesready":
		if err == nil {
			fmt.Fprintln(p.Stdout(), "There are updates available to install.\nRun 'freebsd-update install' to proceed.")
			return 0
		}
		fmt.Fprintln(p.Stdout(), "No updates are available to install.")
		return 2
	case p.Cred.UID != 0:
		fmt.Fprintln(p.Stderr(), "freebsd-update: must be run as root.")
		return 1
	case verb == "fetch" || verb == "cron":
		p.Sleep(time.Second)
		if h.baseReady() || h.T.Pending == 0 {
			fmt.Fprintf(p.Stdout(), "No updates needed to update system to %s.\n", h.D.NewKernel)
			return 0
		}
		h.FS.WriteFile(ready, 0o600, nil)
		fmt.Fprintf(p.Stdout(), "The following files will be updated as part of updating to %s:\n/boot/kernel/kernel\n/usr/lib/libssl.so.30\n", h.D.NewKernel)
	case verb == "install":
		if err != nil {
			fmt.Fprintln(p.Stdout(), "No updates are available to install.\nRun 'freebsd-update fetch' first.")
			return 2
		}
		p.Sleep(2 * time.Second)
		h.FS.Remove(rootCred, "/", ready, false)
		h.mu.Lock()
		h.newKernel = true
		h.mu.Unlock()
		h.FS.WriteFile("/var/db/freebsd-update/installed", 0o600, []byte(h.D.NewKernel))
		fmt.Fprintln(p.Stdout(), "Installing updates...\n done.")
	}
	return 0
}
