package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// chosen is the pending updates that names (none: all), excludes and the holds of the host leave.
func (h *Host) chosen(names, exclude []string, securityOnly bool) (todo, held []int) {
	match := func(list []string, name string) bool {
		return slices.ContainsFunc(list, func(pat string) bool {
			pat, _, _ = strings.Cut(pat, ".x86_64")
			return pat == name || userland.MatchGlob(pat, name)
		})
	}
	for _, i := range h.pending() {
		p := h.D.Packages[i]
		switch {
		case len(names) > 0 && !match(names, p.Name), match(exclude, p.Name), securityOnly && !p.Security:
		case h.isHeld(p.Name):
			held = append(held, i)
		default:
			todo = append(todo, i)
		}
	}
	return todo, held
}

// each does one step of a transaction for every package, slowly enough to be watched; false where the process was killed, the power
// failed or the disk is full.
func (h *Host) each(p *kernel.Proc, phase string, todo []int, fn func(k int, pk Package)) bool {
	for k, i := range todo {
		if k == 0 && h.dies(p, phase) {
			return false
		}
		pk := h.D.Packages[i]
		if err := h.roomFor("/usr/lib/x", 4096); err != nil && phase == "upgrade" {
			fmt.Fprintf(p.Stderr(), "error: unpacking of archive failed on file /usr/lib/%s: %s\n", pk.Name, err)
			return false
		}
		if bad, fails := h.Fault("upgrade-fails"); fails && phase == "upgrade" && (bad == "" || bad == pk.Name) {
			fmt.Fprintf(p.Stderr(), "error: %%post(%s-%s) scriptlet failed, exit status 1\n", pk.Name, pk.New)
			return false
		}
		fn(k, pk)
		if !p.Sleep(time.Duration(60+pk.KB/100) * time.Millisecond) {
			return false
		}
		if phase == "upgrade" {
			h.installed(i)
		}
	}
	return true
}

func kilobytes(h *Host, todo []int) int {
	n := 0
	for _, i := range todo {
		n += h.D.Packages[i].KB
	}
	return n
}
