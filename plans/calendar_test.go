package plans

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func shown(slots []Slot) string {
	var b strings.Builder
	for _, s := range slots {
		fmt.Fprintf(&b, "%s %s-%s %d", s.Plan, s.Opens.UTC().Format("02.15"), s.Shuts.UTC().Format("02.15"), s.Hosts)
		for _, c := range s.Clash {
			fmt.Fprintf(&b, " %s%v%v", c.Plan, c.Groups, c.Hosts)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func named(t *testing.T, name, text string) Resolved {
	r := resolved(t, text)
	r.Name = name
	return r
}

// TestCalendar: every opening in order, and two plans collide on a host or a group where their windows overlap, and only there.
func TestCalendar(t *testing.T) {
	db := named(t, "db", "goal = \"x\"\nscope = \"db-1\"\n[[run]]\nrunbook = \"health\"\n")                                              // Sun 01-05
	other := named(t, "other", "goal = \"x\"\nscope = \"db-[2-3]\"\n[[run]]\nrunbook = \"health\"\n")                                    // the same window, the same group
	web := named(t, "web", "goal = \"x\"\nscope = \"web-7\"\nwindow = \"Sun 02:00-03:00 UTC\"\n[[run]]\nrunbook = \"health\"\n")         // overlaps, touches nothing of theirs
	again := named(t, "again", "goal = \"x\"\nscope = \"web-[7-8]\"\nwindow = \"Sun 03:00-04:00 UTC\"\n[[run]]\nrunbook = \"health\"\n") // web-7, but later
	now := sunday.Add(-12 * time.Hour)
	got := shown(Calendar([]Resolved{db, other, web, again}, now, now.AddDate(0, 0, 7)))
	want := `db 22.01-22.05 1 other[pg][]
other 22.01-22.05 2 db[pg][]
web 22.02-22.03 1
again 22.03-22.04 2
`
	if got != want {
		t.Errorf("\n%snot\n%s", got, want)
	}
	// Always open meets everything that touches its hosts; a plan's days cut its windows off.
	free := named(t, "free", "goal = \"x\"\nscope = \"web-8\"\nuntil = 2026-11-25\n[[run]]\nrunbook = \"health\"\n")
	over := named(t, "over", "goal = \"x\"\nscope = \"db-1\"\nuntil = 2026-11-01\n[[run]]\nrunbook = \"health\"\n")
	later := named(t, "later", "goal = \"x\"\nscope = \"db-1\"\nfrom = 2026-11-28\n[[run]]\nrunbook = \"health\"\n")
	slots := Calendar([]Resolved{again, free, over, later}, now, now.AddDate(0, 0, 10))
	if len(slots) != 4 || slots[0].Plan != "free" || slots[0].Window != "" || len(slots[0].Clash) != 1 || slots[0].Clash[0].Hosts[0] != "web-8" ||
		slots[1].Plan != "again" || len(slots[1].Clash) != 1 || slots[2].Plan != "later" || slots[2].Clash != nil || slots[3].Plan != "again" || slots[3].Clash != nil {
		t.Errorf("\n%s", shown(slots))
	}
	// What one opening meets again and again is named once.
	ever := named(t, "ever", "goal = \"x\"\nscope = \"web-8\"\n[[run]]\nrunbook = \"health\"\n")
	if slots := Calendar([]Resolved{ever, again}, now, now.AddDate(0, 0, 10)); len(slots) != 3 || len(slots[0].Clash) != 1 {
		t.Errorf("\n%s", shown(slots))
	}
	// A plan over hosts with windows of their own stands in each of them.
	all := named(t, "all", "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"health\"\n")
	if got := shown(Calendar([]Resolved{all}, now, now.AddDate(0, 0, 1))); got != "all 21.14-01.00 2\nall 22.01-22.05 9\n" {
		t.Errorf("\n%s", got)
	}
}
