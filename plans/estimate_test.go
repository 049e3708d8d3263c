package plans

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/runbooks"
)

const patchDB = `goal = "x"
scope = "tag=db"
[[run]]
runbook = "reboot"
`

// TestEstimate: a group that spares one member makes a round of each; what never ran is unknown, and stays so beside what is known.
func TestEstimate(t *testing.T) {
	r := resolved(t, patchDB)
	var none Times
	if e := r.Estimate(&none); len(e.Unknown) != 1 || e.Time != 0 || e.String() == "" || !strings.HasPrefix(e.String(), "unknown: no host has been through reboot") {
		t.Errorf("%+v %s", e, e)
	}
	var known Times
	known.Add(past(r.Plans[0], 10*time.Minute, 20*time.Minute, 0))
	known.Add(past(r.Plans[0], 12*time.Minute))
	dry := r.Plans[0]
	dry.Dry = true
	known.Add(past(dry, time.Second, time.Second))
	e := r.Estimate(&known)
	if e.Time != 36*time.Minute || e.Slow != time.Hour || len(e.Unknown) != 0 {
		t.Errorf("%+v", e)
	}
	if want := "about 36 min, 60 min where hosts are slow (reboot: median of 3 hosts in 2 runs)"; e.String() != want {
		t.Errorf("%s\nnot %s", e, want)
	}
	two := resolved(t, patchDB+"[[run]]\nrunbook = \"health\"\n")
	if e := two.Estimate(&known); e.Time != 36*time.Minute || !strings.HasPrefix(e.String(), "unknown: no host has been through health; the rest about 36 min") {
		t.Errorf("%s", e)
	}
}

// TestRounds: how often hosts wait for each other.
func TestRounds(t *testing.T) {
	run := func(more string) *runbooks.Plan {
		r := resolved(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"reboot\"\ncanary = 0\n"+more)
		return &r.Plans[0]
	}
	only := map[inventory.HostID]bool{"web-1": true, "web-8": true}
	for _, c := range []struct {
		more          string
		only          map[inventory.HostID]bool
		rounds, waves int
	}{
		{"batch = \"100%\"\n", nil, 3, 1},                         // db-1..3, one at a time; all web beside them
		{"batch = \"100%\"\nparallel = 2\n", nil, 6, 1},           // 11 hosts by two
		{"batch = 4\n", nil, 3 + 1 + 1, 3},                        // db-[1-3],web-1; four more; three more
		{"canary = 1\nbatch = \"100%\"\n", nil, 1 + 2, 2},         // db-1; then two more of the group
		{"batch = 4\nparallel = 1\n", only, 2, 2},                 // web-1 in the first wave, web-8 in the last
		{"batch = \"100%\"\nparallel = 64\n", only, 1, 1},         // no group binds them
		{"batch = \"100%\"\n", map[inventory.HostID]bool{}, 0, 0}, // nothing to do
	} {
		more := c.more
		if strings.HasPrefix(more, "canary") {
			p := resolved(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"reboot\"\n"+more)
			if n, w := rounds(&p.Plans[0], c.only); n != c.rounds || w != c.waves {
				t.Errorf("%q: %d rounds in %d waves", more, n, w)
			}
			continue
		}
		if n, w := rounds(run(more), c.only); n != c.rounds || w != c.waves {
			t.Errorf("%q: %d rounds in %d waves", more, n, w)
		}
	}
}

// TestRoundsOfOverlappingGroups: who is in two groups waits for both, and a member that is down elsewhere takes its place.
func TestRoundsOfOverlappingGroups(t *testing.T) {
	p := runbooks.Plan{Risk: runbooks.Disrupt, Waves: []runbooks.Wave{{Hosts: []inventory.HostID{"a", "b", "c", "d"}}}, Groups: []inventory.Group{
		{Name: "x", Hosts: []inventory.HostID{"a", "b"}, MaxDown: 1}, {Name: "y", Hosts: []inventory.HostID{"b", "c"}, MaxDown: 1},
		{Name: "z", Hosts: []inventory.HostID{"c", "d", "e"}, MaxDown: 2},
	}}
	if n, _ := rounds(&p, nil); n != 2 { // a and c and d, then b
		t.Errorf("%d rounds", n)
	}
	p.Down = []runbooks.DownMember{{Host: "e"}}
	if n, _ := rounds(&p, nil); n != 2 { // a and c, then b and d
		t.Errorf("%d rounds", n)
	}
	p.Groups[2].Hosts = append(p.Groups[2].Hosts, "a")
	if n, _ := rounds(&p, nil); n != 3 { // z has room for one: a, then c, then d; b beside d
		t.Errorf("%d rounds", n)
	}
	p.Risk = runbooks.Change
	if n, _ := rounds(&p, nil); n != 1 {
		t.Errorf("groups bind what takes nothing down: %d rounds", n)
	}
}

// TestDownAtOnceIsABound: whatever hosts a random plan lets go together, there are never more than its blast radius says.
func TestDownAtOnceIsABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "hosts")
		p := runbooks.Plan{Risk: runbooks.Disrupt, Waves: []runbooks.Wave{{}}, Policy: runbooks.Policy{Parallel: rapid.IntRange(1, 12).Draw(t, "parallel")}}
		for i := range n {
			h := inventory.HostID(rune('a' + i))
			p.Hosts = append(p.Hosts, inventory.Host{Name: h, Site: "s"})
			p.Waves[0].Hosts = append(p.Waves[0].Hosts, h)
		}
		for range rapid.IntRange(0, 4).Draw(t, "groups") {
			members := rapid.SliceOfNDistinct(rapid.SampledFrom(p.Waves[0].Hosts), 1, n, rapid.ID).Draw(t, "members")
			p.Groups = append(p.Groups, inventory.Group{Hosts: members, MaxDown: rapid.IntRange(1, n).Draw(t, "max_down")})
		}
		r := Resolved{Plans: []runbooks.Plan{p}}
		bound := r.Blast().Down
		order := rapid.Permutation(p.Waves[0].Hosts).Draw(t, "order")
		q := queue{width: p.Policy.Parallel}
		q.groups(&p)
		room, at := slices.Clone(q.room), 0
		for _, h := range order {
			if at < q.width && !slices.ContainsFunc(q.of[h], func(g int) bool { return room[g] == 0 }) {
				at++
				for _, g := range q.of[h] {
					room[g]--
				}
			}
		}
		if at > bound {
			t.Fatalf("%d go at once, and the bound is %d", at, bound)
		}
		if rounds, _ := rounds(&p, nil); rounds*bound < n {
			t.Fatalf("%d rounds of %d at most cannot do %d hosts", rounds, bound, n)
		}
	})
}

func TestPausesCount(t *testing.T) {
	var known Times
	r := resolved(t, patchDB+"batch = 1\ncanary = 0\npause = \"5m\"\n")
	known.Add(past(r.Plans[0], 10*time.Minute))
	if e := r.Estimate(&known); e.Time != 40*time.Minute || e.Asks != 0 {
		t.Errorf("%+v", e)
	}
	r = resolved(t, patchDB+"batch = 1\ncanary = 0\npause = \"manual\"\n")
	if e := r.Estimate(&known); e.Time != 30*time.Minute || e.Asks != 2 || !strings.Contains(e.String(), "and 2 times a person's approval") {
		t.Errorf("%s", e)
	}
}

// TestFit: the verdict against what is left of the opening that the run would work in.
func TestFit(t *testing.T) {
	r := resolved(t, patchDB) // three hosts, one after the other, Sun 01:00-05:00 UTC
	var known, none Times
	known.Add(past(r.Plans[0], 20*time.Minute, 30*time.Minute, 50*time.Minute)) // 90 min, 150 where they are slow
	at := func(h, m int) time.Time { return time.Date(2026, 11, 22, h, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		t    *Times
		now  time.Time
		fits Fits
		left time.Duration
	}{
		{"open", &known, at(2, 0), FitYes, 3 * time.Hour},
		{"two hours left", &known, at(3, 0), FitMaybe, 2 * time.Hour},
		{"an hour left", &known, at(4, 0), FitNo, time.Hour},
		{"opens later", &known, at(0, 0), FitYes, 4 * time.Hour},
		{"next week", &known, at(5, 0), FitYes, 4 * time.Hour},
		{"never ran", &none, at(2, 0), FitUnknown, 3 * time.Hour},
	} {
		fits := FitRun(&r.Plans[0], c.t, c.now)
		if len(fits) != 1 || fits[0].Fits != c.fits || fits[0].Shuts.Sub(fits[0].Opens) != c.left || len(fits[0].Hosts) != 3 {
			t.Errorf("%s: %v", c.name, fits)
		}
	}
	if f := FitRun(&r.Plans[0], &known, at(3, 0))[0]; f.String() != "db-[1-3]: may not fit into Sun 22 Nov 03:00 to Sun 05:00 UTC, 2 h 0 min: about 90 min, 2 h 30 min where hosts are slow (reboot: median of 3 hosts in 1 run)" {
		t.Errorf("%s", f)
	}
	for cutoff, want := range map[string]Fits{"45m": FitYes, "80m": FitYes, "81m": FitMaybe, "2h": FitMaybe, "121m": FitNo} { // 02:00 to 05:00: the last begins at 03:00, or at 03:40
		cut := r.Plans[0]
		cut.Policy.Cutoff = cutoff
		if f := FitRun(&cut, &known, at(2, 0)); f[0].Fits != want || !strings.Contains(f[0].String(), ", 3 h 0 min, the last host begun by 0") {
			t.Errorf("cutoff %s: %s", cutoff, f[0])
		}
	}
	asks := resolved(t, patchDB+"batch = 1\ncanary = 0\npause = \"manual\"\n")
	if f := FitRun(&asks.Plans[0], &known, at(2, 0)); f[0].Fits != FitUnknown {
		t.Errorf("%v", f)
	}
	free := r.Plans[0]
	free.OutsideWindow = "the vendor is on the phone"
	if f := FitRun(&free, &known, at(2, 0)); f != nil {
		t.Errorf("%v", f)
	}
	health := resolved(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"health\"\n")
	if f := FitRun(&health.Plans[0], &known, at(2, 0)); f != nil {
		t.Errorf("what only reads minds no window: %v", f)
	}
}

// TestFitsOneAfterTheOther: a later run has what the earlier ones leave of the window.
func TestFitsOneAfterTheOther(t *testing.T) {
	r := resolved(t, patchDB+"[[run]]\nrunbook = \"reboot\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n")
	var known Times
	known.Add(past(r.Plans[0], 20*time.Minute, 30*time.Minute, 40*time.Minute)) // a run of three: 90 min, 120 where they are slow
	at := func(h, m int) time.Time { return time.Date(2026, 11, 22, h, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		now  time.Time
		want [3]Fits
	}{
		{at(0, 0), [3]Fits{FitYes, FitYes, FitUnknown}},    // 01:00 to 05:00: 90 and 90, or 120 and 120
		{at(1, 30), [3]Fits{FitYes, FitMaybe, FitUnknown}}, // 210 min are left: 180, or 240
		{at(2, 30), [3]Fits{FitYes, FitNo, FitUnknown}},    // 150 are left
	} {
		for i, fits := range r.Fits(&known, c.now) {
			if len(fits) != 1 || fits[0].Fits != c.want[i] {
				t.Errorf("%s: run %d: %v", c.now.Format("15:04"), i+1, fits)
			}
		}
	}
	swapped := resolved(t, "goal = \"x\"\nscope = \"tag=db\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n[[run]]\nrunbook = \"reboot\"\n")
	if f := swapped.Fits(&known, at(1, 0)); f[1][0].Fits != FitUnknown {
		t.Errorf("what comes after an unknown run is not known: %v", f)
	}
}

func TestBlast(t *testing.T) {
	r := resolved(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"health\"\n[[run]]\nrunbook = \"reboot\"\ncanary = 0\nbatch = \"100%\"\n")
	b := r.Blast()
	if b.Hosts != 11 || b.Prod != 9 || b.Racks != 1 || len(b.Sites) != 2 || b.Risk != runbooks.Disrupt || b.Down != 9 {
		t.Errorf("%+v", b)
	}
	if want := "11 hosts in 2 sites, 1 rack; disrupt, 9 down at once at most; 9 in production; groups pg; services shop"; b.String() != want {
		t.Errorf("%s", b)
	}
	look := resolved(t, "goal = \"x\"\nscope = \"web-7\"\n[[run]]\nrunbook = \"health\"\n")
	if b := look.Blast(); b.String() != "1 host in 1 site, 0 racks; read; services shop" || b.Down != 0 {
		t.Errorf("%+v %s", b, b)
	}
}

func TestSpell(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 300 * time.Millisecond: "1 s", 99 * time.Second: "99 s", 100 * time.Second: "2 min", 61 * time.Minute: "61 min", 125 * time.Minute: "2 h 5 min"} {
		if got := spell(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}
