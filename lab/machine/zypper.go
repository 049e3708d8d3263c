package machine

import (
	"fmt"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// Zypper knows refresh, list-updates, list-patches, patch-check, patch, update, locks, needs-rebooting and ps; its exit codes are
// those of zypper(8).
func Zypper(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "nqlysg:vA", map[string]byte{"non-interactive": 'n', "quiet": 'q', "no-refresh": 'r', "category": 'g', "non-interactive-include-reboot-patches": 'I', "with-update": 'W',
		"download-only": 'D', "auto-agree-with-licenses": 'l', "no-confirm": 'y', "all": 'A', "gpg-auto-import-keys": 'G', "no-color": 'k', "terse": 'T'})
	if !ok {
		return 2
	}
	words := t.Args()
	verb, rest := "", []string(nil)
	if len(words) > 0 {
		verb, rest = words[0], words[1:]
	}
	if holder := h.holder(); holder != nil && verb != "needs-rebooting" {
		fmt.Fprintf(p.Stderr(), "System management is locked by the application with pid %d (%s).\nClose this application before trying again.\n", holder.pid, holder.name)
		return 7
	}
	p.Sleep(300 * time.Millisecond)
	todo, _ := h.chosen(rest, nil, false)
	patches := h.zypperPatches()
	switch verb {
	case "refresh", "ref":
		h.touchLists()
		t.Printf("Repository 'SLE-Module-Basesystem15-SP7-Updates' is up to date.\nAll repositories have been refreshed.\n")
	case "list-updates", "lu":
		h.zypperTable(t, todo)
	case "list-patches", "lp":
		h.zypperPatchTable(t, patches)
	case "patch-check", "pchk":
		t.Printf("%d patches needed (%d security patches)\n", len(patches), len(patches))
		if len(patches) > 0 {
			t.Status(101)
		}
	case "locks", "ll":
		h.zypperLocks(t)
	case "patch", "update", "up", "dist-upgrade", "dup":
		return h.zypperUpgrade(t, verb, rest)
	case "needs-rebooting":
		if h.kernelDue() {
			t.Printf("Core libraries or services have been updated.\nReboot is suggested to ensure that your system benefits from these updates.\n")
			t.Status(102)
		}
	case "ps":
		for _, u := range h.staleUnits() {
			t.Printf("%s\n", strings.TrimSuffix(u, ".service"))
		}
	default:
		t.Fail("Unknown command '%s'", verb)
		t.Status(2)
	}
	return t.End()
}

func (h *Host) zypperPatches() []int {
	todo, _ := h.chosen(nil, nil, true)
	return todo
}

func (h *Host) zypperTable(t *userland.Tool, todo []int) {
	if len(todo) == 0 {
		t.Printf("No updates found.\n")
		return
	}
	t.Printf("S | Repository                          | Name                 | Current Version          | Available Version        | Arch\n--+-------------------------------------+----------------------+--------------------------+--------------------------+-------\n")
	for _, i := range todo {
		p := h.D.Packages[i]
		t.Printf("v | %-35s | %-20s | %-24s | %-24s | x86_64\n", p.Origin, p.Name, p.Old, p.New)
	}
}

func (h *Host) zypperPatchTable(t *userland.Tool, patches []int) {
	if len(patches) == 0 {
		t.Printf("No updates found.\n")
		return
	}
	t.Printf("Repository                          | Name                                   | Category | Severity  | Interactive | Status | Summary\n------------------------------------+----------------------------------------+----------+-----------+-------------+--------+--------\n")
	for _, i := range patches {
		p := h.D.Packages[i]
		inter := "---"
		if p.Kernel {
			inter = "reboot"
		}
		t.Printf("%-35s | SUSE-SLE-Module-Basesystem-15-SP7-2025-%d | security | important | %-11s | needed | Security update for %s\n", p.Origin, 1200+i, inter, p.Name)
	}
}

func (h *Host) zypperLocks(t *userland.Tool) {
	names := h.heldNames()
	if len(names) == 0 {
		t.Printf("There are no package locks defined.\n")
		return
	}
	t.Printf("# | Name           | Type    | Repository | Comment\n--+----------------+---------+------------+--------\n")
	for k, n := range names {
		t.Printf("%d | %-14s | package | (any)      |\n", k+1, n)
	}
}

func (h *Host) zypperUpgrade(t *userland.Tool, verb string, names []string) int {
	p := t.Proc()
	if p.Cred.UID != 0 {
		fmt.Fprintln(p.Stderr(), "Root privileges are required to run this command.")
		return 5
	}
	if h.take(p, 0) != nil {
		return 7
	}
	defer h.release(p)
	security := verb == "patch" && !t.Has("W")
	todo, held := h.chosen(names, nil, security)
	renewed, kernel := false, false
	for _, i := range todo {
		pk := h.D.Packages[i]
		kernel = kernel || pk.Kernel
		renewed = renewed || pk.Name == "zypper" || pk.Name == "libzypp"
	}
	if renewed && verb == "patch" { // the package manager comes first, then it wants to be run again
		todo, _ = h.chosen([]string{"zypper", "libzypp"}, nil, false)
		kernel = false
	}
	if len(todo) == 0 {
		t.Printf("Loading repository data...\nReading installed packages...\n\nNothing to do.\n")
		return t.End()
	}
	t.Printf("Loading repository data...\nReading installed packages...\nResolving package dependencies...\n\nThe following %d packages are going to be upgraded:\n ", len(todo))
	for _, i := range todo {
		t.Printf(" %s", h.D.Packages[i].Name)
	}
	for _, i := range held {
		t.Printf("\nThe following item is locked and will not be changed by any action:\n  %s", h.D.Packages[i].Name)
	}
	t.Printf("\n\n%d packages to upgrade.\nOverall download size: %d KiB.\nContinue? [y/n/v/...? shows all options] (y): y\n", len(todo), kilobytes(h, todo))
	if !h.each(p, "download", todo, func(k int, pk Package) {
		t.Printf("Retrieving: %s-%s.x86_64 (%s) (%d/%d), %d KiB\n", pk.Name, pk.New, pk.Origin, k+1, len(todo), pk.KB)
		t.Flush()
	}) {
		return 8
	}
	if t.Has("D") {
		return t.End()
	}
	if !h.each(p, "upgrade", todo, func(k int, pk Package) {
		t.Printf("(%d/%d) Installing: %s-%s.x86_64 [done]\n", k+1, len(todo), pk.Name, pk.New)
		t.Flush()
	}) {
		return 8
	}
	switch {
	case renewed && verb == "patch":
		t.Printf("Warning: One of the installed patches affects the package manager itself. Run this command once more to install any other needed patches.\n")
		t.Status(103)
	case kernel && verb == "patch":
		t.Printf("Warning: One of the installed patches requires a reboot of your machine. Reboot as soon as possible.\n")
		t.Status(102)
	}
	return t.End()
}
