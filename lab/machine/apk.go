package machine

import (
	"fmt"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// Apk knows update, upgrade [-s], version -l, info -v, list and cache.
func Apk(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "sqvl:iUatuIe", map[string]byte{"simulate": 's', "quiet": 'q', "verbose": 'v', "limit": 'l', "update-cache": 'U', "available": 'a', "no-cache": 'n', "upgradable": 'u', "installed": 'I', "wait": 'W', "no-progress": 'q'})
	if !ok || len(t.Args()) == 0 {
		fmt.Fprintln(p.Stderr(), "apk: unrecognized option or no applet given")
		return 1
	}
	switch verb := t.Args()[0]; verb {
	case "update":
		if h.apkRoot(t) {
			p.Sleep(600 * time.Millisecond)
			if _, down := h.Fault("mirror-down"); down {
				fmt.Fprintln(p.Stderr(), "WARNING: updating and opening https://dl-cdn.example.net/alpine/main: temporary error (try again later)\n4 unavailable, 0 stale; 0 distinct packages available")
				return 1
			}
			h.touchLists()
			t.Printf("fetch https://dl-cdn.example.net/alpine/v%s/main/x86_64/APKINDEX.tar.gz\nv%s-128-g1f2a3b4c [https://dl-cdn.example.net/alpine/main]\nOK: 24187 distinct packages available\n", h.D.Version, h.D.Version)
		}
	case "version":
		t.Printf("Installed:                                Available:\n")
		for _, i := range h.pending() {
			pk := h.D.Packages[i]
			if !h.isHeld(pk.Name) {
				t.Printf("%-41s < %s\n", pk.Name+"-"+pk.Old, pk.New)
			}
		}
	case "upgrade":
		return h.apkUpgrade(t, t.Args()[1:])
	case "info", "list":
		for i, pk := range h.D.Packages {
			if t.Has("v") || verb == "list" {
				t.Printf("%s-%s\n", pk.Name, h.version(i))
			} else {
				t.Printf("%s\n", pk.Name)
			}
		}
	case "cache", "stats", "fix", "audit":
	default:
		t.Fail("unrecognized applet '%s'", verb)
	}
	return t.End()
}

func (h *Host) apkRoot(t *userland.Tool) bool {
	if t.Proc().Cred.UID != 0 {
		fmt.Fprintln(t.Proc().Stderr(), "ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied")
		t.Status(99)
		return false
	}
	if holder := h.take(t.Proc(), 0); holder != nil {
		fmt.Fprintln(t.Proc().Stderr(), "ERROR: Unable to lock database: Resource temporarily unavailable\nERROR: Failed to open apk database: Resource temporarily unavailable")
		t.Status(99)
		return false
	}
	h.release(t.Proc())
	return true
}

func (h *Host) apkUpgrade(t *userland.Tool, names []string) int {
	p := t.Proc()
	simulate := t.Has("s")
	if !simulate {
		if !h.apkRoot(t) {
			return t.End()
		}
		h.take(p, 0)
		defer h.release(p)
	}
	todo, _ := h.chosen(names, nil, false)
	show := func(k int, pk Package) {
		t.Printf("(%d/%d) Upgrading %s (%s -> %s)\n", k+1, len(todo), pk.Name, pk.Old, pk.New)
		t.Flush()
	}
	if simulate {
		for k, i := range todo {
			show(k, h.D.Packages[i])
		}
	} else if !h.each(p, "upgrade", todo, show) {
		fmt.Fprintln(p.Stderr(), "ERROR: upgrade failed")
		return 1
	}
	t.Printf("OK: %d MiB in %d packages\n", 180+h.seed%90, len(h.D.Packages))
	return t.End()
}

// Pacman knows -Q, -Qu, -Syu, -Sy and --noconfirm.
func Pacman(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "QSRUyuwqiek", map[string]byte{"noconfirm": 'n', "query": 'Q', "sync": 'S', "upgrades": 'u', "sysupgrade": 'u', "refresh": 'y', "downloadonly": 'w', "ignore": 'g', "quiet": 'q', "needed": 'N', "noprogressbar": 'P'})
	if !ok {
		return 1
	}
	todo, held := h.chosen(nil, t.All('g'), false)
	switch {
	case t.Has("Q") && t.Has("u"):
		for _, i := range append(todo, held...) {
			pk := h.D.Packages[i]
			t.Printf("%s %s -> %s\n", pk.Name, pk.Old, pk.New)
		}
		if len(todo)+len(held) == 0 {
			t.Status(1)
		}
	case t.Has("Q"):
		for i, pk := range h.D.Packages {
			t.Printf("%s %s\n", pk.Name, h.version(i))
		}
	case t.Has("S"):
		if p.Cred.UID != 0 {
			fmt.Fprintln(p.Stderr(), "error: you cannot perform this operation unless you are root.")
			return 1
		}
		if h.take(p, 0) != nil {
			fmt.Fprintln(p.Stderr(), "error: failed to init transaction (unable to lock database)\nerror: could not lock database: File exists")
			return 1
		}
		defer h.release(p)
		t.Printf(":: Synchronizing package databases...\n core is up to date\n extra is up to date\n:: Starting full system upgrade...\n")
		if len(todo) == 0 {
			t.Printf(" there is nothing to do\n")
			return t.End()
		}
		t.Printf("resolving dependencies...\n\nPackages (%d)\n\n:: Proceed with installation? [Y/n] \n", len(todo))
		if !t.Has("w") && !h.each(p, "upgrade", todo, func(k int, pk Package) {
			t.Printf("(%d/%d) upgrading %s\n", k+1, len(todo), pk.Name)
			t.Flush()
		}) {
			return 1
		}
	}
	return t.End()
}

// Checkupdates prints pacman's updates: 0 some, 2 none.
func Checkupdates(h *Host, p *kernel.Proc, _ []string) int {
	todo, held := h.chosen(nil, nil, false)
	for _, i := range append(todo, held...) {
		pk := h.D.Packages[i]
		fmt.Fprintf(p.Stdout(), "%s %s -> %s\n", pk.Name, pk.Old, pk.New)
	}
	if len(todo)+len(held) == 0 {
		return 2
	}
	return 0
}
