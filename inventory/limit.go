package inventory

import (
	"math"
	"strconv"
	"strings"
)

// limit works out max_down: below the number of members, and never below the quorum.
func (d *decoder) limit(m *membership, g *Group) {
	n := len(g.Hosts)
	if n == 0 {
		if m.maxDown != nil {
			d.maxDown(m.maxDown, 1) // who the members are is not known, yet the value alone may be wrong
		}
		return
	}
	if g.Quorum > n {
		d.fail(m.quorum.val.at, "", "a quorum of %d in a group of %d", g.Quorum, n)
		return
	}
	if m.maxDown == nil {
		g.MaxDown = n - g.Quorum
		return
	}
	down, ok := d.maxDown(m.maxDown, n)
	if !ok {
		return
	}
	g.MaxDown = down
	switch e := m.maxDown; {
	case down >= n && n == 1:
		d.fail(e.val.at, "0 = a disruptive runbook never touches it; a host without a limit needs no group", "max_down lets the only member go down")
	case down >= n:
		d.fail(e.val.at, "at most "+strconv.Itoa(n-1)+"; 0 = a disruptive runbook never touches them", "max_down lets all %d members go down", n)
	case down > n-g.Quorum:
		d.fail(e.val.at, "", "max_down of %d leaves %d of %d members, fewer than the quorum of %d", down, n-down, n, g.Quorum)
	}
}

// maxDown reads a number of members, or a percentage, which rounds down, to one at least.
func (d *decoder) maxDown(e *entry, n int) (int, bool) {
	const hint = "a number of members, or a percentage such as \"20%\""
	switch e.val.kind {
	case kindInt:
		if e.val.num < 0 {
			d.fail(e.val.at, hint, "max_down cannot be negative")
			return 0, false
		}
		return int(min(e.val.num, math.MaxInt32)), true
	case kindString:
		percent, err := strconv.Atoi(strings.TrimSuffix(e.val.text, "%"))
		if err != nil || !strings.HasSuffix(e.val.text, "%") || percent < 0 || percent > 100 || !isDigit(e.val.text[0]) {
			d.fail(e.val.at, hint, "max_down cannot be %q", e.val.text)
			return 0, false
		}
		if percent == 0 {
			return 0, true
		}
		return max(1, n*percent/100), true
	}
	d.fail(e.val.at, hint, "max_down must be an integer or a percentage, not %s", e.val.kind)
	return 0, false
}
