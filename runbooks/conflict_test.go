package runbooks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
)

// friday is before all the windows of these tests.
var friday = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// drawBound draws a plan with everything that may hold it back, and its waves as they were before who is down goes first.
func drawBound(t *rapid.T) (Plan, []Wave) {
	p := Plan{Runbook: "x", Risk: Disrupt, Steps: []Step{{ID: "a", Kind: Script, Risk: Disrupt}}, Policy: Policy{
		Parallel: rapid.IntRange(0, 2).Draw(t, "parallel"),
		Pause:    rapid.SampledFrom([]string{"", "manual", "30m", "20h"}).Draw(t, "pause"),
		Cutoff:   rapid.SampledFrom([]string{"", "", "45m", "4h"}).Draw(t, "cutoff"),
	}}
	if d := rapid.SampledFrom([]time.Duration{0, 0, 50 * time.Minute}).Draw(t, "wait"); d > 0 {
		p.Steps = append(p.Steps, Step{ID: "w", Kind: Wait, For: d})
	}
	var waves []Wave
	for i := range rapid.IntRange(1, 7).Draw(t, "hosts") {
		h := inventory.Host{Name: inventory.HostID(fmt.Sprint("h", i))}
		h.Window = rapid.SampledFrom([]string{"", "", "Sat 01:00-04:00 UTC", "Sun 01:00-03:00 UTC", "daily 22:00-23:00 UTC"}).Draw(t, "window")
		p.Hosts = append(p.Hosts, h)
		if i == 0 || rapid.IntRange(0, 2).Draw(t, "cut") == 0 {
			waves = append(waves, Wave{Name: fmt.Sprint(len(waves))})
		}
		w := &waves[len(waves)-1]
		w.Hosts = append(w.Hosts, h.Name)
	}
	for g := range rapid.IntRange(0, 3).Draw(t, "groups") {
		gr := inventory.Group{Name: fmt.Sprint("g", g), MaxDown: rapid.IntRange(1, 2).Draw(t, "max_down"), Hosts: []inventory.HostID{"x0", "x1", "x2"}}
		for _, h := range p.Hosts {
			if rapid.Bool().Draw(t, "member") {
				gr.Hosts = append(gr.Hosts, h.Name)
			}
		}
		p.Groups = append(p.Groups, gr)
	}
	for _, h := range append(names(p.Hosts), "x0", "x1", "x2") {
		if len(p.Groups) > 0 && rapid.IntRange(0, 4).Draw(t, "down") == 0 {
			p.Down = append(p.Down, DownMember{h, "failed"})
		}
	}
	p.Waves = waves
	p.Waves = p.mendFirst()
	return p, waves
}

// TestConflictIsSmallest: the limits that are named conflict by themselves, and without any one of them they do not.
func TestConflictIsSmallest(t *testing.T) {
	conflicts, joint := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p, waves := drawBound(t)
		m := newLimits(p, waves, friday)
		on := slices.Repeat([]bool{true}, len(m.all))
		var e *ConflictError
		if !errors.As(p.conflict(waves, friday), &e) {
			if stuck := m.stuck(on); len(stuck) > 0 {
				t.Fatalf("%v can never begin, and nothing is said", stuck)
			}
			return
		}
		for i, l := range m.all {
			on[i] = slices.Contains(e.Limits, l.words)
		}
		if m.feasible(on) || len(e.Hosts) == 0 || len(e.Limits) == 0 {
			t.Fatalf("these do not conflict: %s", e)
		}
		for i := range on {
			if on[i] {
				on[i] = false
				if !m.feasible(on) {
					t.Fatalf("%q is named, and the others conflict without it: %s", m.all[i].words, e)
				}
				on[i] = true
			}
		}
		conflicts++
		if len(e.Limits) > 2 {
			joint++
		}
	})
	if conflicts == 0 || joint == 0 {
		t.Errorf("%d conflicts were drawn, %d of more than two limits: nothing was tested", conflicts, joint)
	}
}

// TestConflictWords: what an operator reads, for the conflicts that there are.
func TestConflictWords(t *testing.T) {
	base := func() Plan {
		p := circumstancesPlan(t, "disrupt") // db-1 and web-1; a db and two webs may be down
		p.Hosts[0].Window, p.Hosts[1].Window = "Sun 01:00-05:00 UTC", "Sat 22:00-23:00 UTC"
		return p
	}
	oneByOne := func(p *Plan) {
		p.Waves = []Wave{{Hosts: []inventory.HostID{"db-1"}}, {Hosts: []inventory.HostID{"web-1"}}}
	}
	for name, c := range map[string]struct {
		change func(*Plan)
		down   []inventory.HostID
		want   []string // "" = there is no conflict
		not    string
	}{
		"all at once":       {func(*Plan) {}, nil, nil, ""},
		"waves and windows": {oneByOne, nil, []string{"on web-1", "2 waves go one after the other", "the window Sun 01:00-05:00 UTC of db-1 is open from Sun 29 Nov 01:00 to Sun 05:00", "the window Sat 22:00-23:00 UTC of web-1"}, "group"},
		"mended first":      {func(*Plan) {}, []inventory.HostID{"db-1"}, []string{"on web-1", "db-1 is down already", "2 waves", "window Sun", "window Sat"}, "group"},
		"a full group":      {oneByOne, []inventory.HostID{"db-2", "db-3"}, []string{"on db-1", "group db allows 1 of its 3 members down", "is down already"}, "window"},
		"two of two":        {func(p *Plan) { p.Hosts[0].Window = "" }, []inventory.HostID{"web-2", "web-3"}, []string{"on web-1", "group web allows 2", "web-2 is", "web-3 is"}, "window"},
		"pause":             {func(p *Plan) { oneByOne(p); p.Hosts[0].Window = ""; p.Policy.Pause = "40h" }, nil, []string{"on web-1", "pause of 40h", "2 waves", "window Sat"}, "Sun"},
		"cutoff":            {func(p *Plan) { p.Policy.Cutoff = "2h" }, nil, []string{"on web-1", "last 2h of a window", "window Sat"}, "Sun"},
		"what waits": {func(p *Plan) {
			p.Hosts = append(p.Hosts, inventory.Host{Name: "db-2", Window: "Sun 01:00-05:00 UTC"})
			p.Waves[0].Hosts = append(p.Waves[0].Hosts, "db-2")
			p.Steps = append(p.Steps, Step{ID: "w", Kind: Wait, Risk: Read, For: 4 * time.Hour})
		}, nil, []string{"on db-2", "steps on a host wait for 4h", "group db", "window Sun"}, "Sat"},
	} {
		p := base()
		c.change(&p)
		k := Circumstances{Now: friday}
		for _, h := range c.down {
			k.Down = append(k.Down, DownMember{h, "unreachable"})
		}
		_, err := p.Under(k)
		if (err != nil) != (c.want != nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
		if err != nil && c.not != "" && strings.Contains(err.Error(), c.not) {
			t.Errorf("%s: %q has nothing to do with it: %v", name, c.not, err)
		}
		k.OutsideWindow = "the vendor is on the phone"
		if _, err := p.Under(k); err != nil && !slices.ContainsFunc(c.want, func(w string) bool { return strings.HasPrefix(w, "group") }) {
			t.Errorf("%s: outside of windows: %v", name, err)
		}
	}
}

// TestConflictOfManyHosts: ten thousand hosts in a thousand groups are looked through in no time, one conflict among them.
func TestConflictOfManyHosts(t *testing.T) {
	p := Plan{Runbook: "x", Risk: Disrupt, Steps: []Step{{ID: "a", Kind: Script, Risk: Disrupt}}, Waves: []Wave{{}}}
	for i := range 10_000 {
		h := inventory.HostID(fmt.Sprint("h", i))
		p.Hosts = append(p.Hosts, inventory.Host{Name: h, Window: "Sat 01:00-04:00 UTC"})
		p.Waves[0].Hosts = append(p.Waves[0].Hosts, h)
		if i%10 == 0 {
			p.Groups = append(p.Groups, inventory.Group{Name: fmt.Sprint("g", i), MaxDown: 1})
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Hosts = append(g.Hosts, h)
	}
	p.Groups[700].Hosts = append(p.Groups[700].Hosts, "y")
	p.Down = []DownMember{{"y", "failed"}}
	var e *ConflictError
	if err := p.conflict(p.Waves, friday); !errors.As(err, &e) || len(e.Limits) != 2 || len(e.Hosts) != 10 || !strings.Contains(err.Error(), "group g7000 allows 1 of its 11") {
		t.Error(err)
	}
}

// TestConflictOfSoak: a group whose members soak behind the work takes them one after the other, and the last may come too late.
func TestConflictOfSoak(t *testing.T) {
	rb, err := Parse("x.toml", []byte("title = \"x\"\nrisk = \"disrupt\"\n[[step]]\nid = \"a\"\nscript = \"true\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	hosts := []inventory.Host{{Name: "db-1", Window: "Sun 01:00-05:00 UTC"}, {Name: "db-2", Window: "Sun 01:00-05:00 UTC"}}
	for soak, fits := range map[time.Duration]bool{3 * time.Hour: true, 4 * time.Hour: false} {
		g := inventory.Group{Name: "db", Hosts: []inventory.HostID{"db-1", "db-2", "db-3"}, MaxDown: 1, Drain: "true", UndrainProof: "true", Soak: soak}
		p, err := Resolve(rb, "", hosts, []inventory.Group{g}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Under(Circumstances{Now: friday})
		if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "on db-2, since these together forbid it: the steps on a host wait for 4h0m0s; group db allows 1 of its 3 members down; the window") {
			t.Errorf("soak %s: %v", soak, err)
		}
	}
}
