package rehearse

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

const fleetTOML = `
[[site]]
name = "par1"
jump = "bastion.example.net"
window = "Sun 01:00-05:00 Europe/Paris"
[[site.rack]]
name = "a1"
units = 42
[[site.rack.host]]
name = "pg-[1-3]"
addr = "10.1.1.[1-3]"
os = "debian-12"
tags = ["db"]
[[group]]
name = "pg"
members = "tag=db"
max_down = 1
quorum = 2
`

func fleetOf(t *testing.T) *inventory.Inventory {
	t.Helper()
	inv, err := inventory.Parse("fleet.toml", []byte(fleetTOML))
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

var facts = map[string]string{
	"pg-1 os.id": "rocky", "pg-1 os.version": "9.4", "pg-1 pending": "7", "pg-1 units.failed": "nginx.service cron.service",
	"pg-2 state": "down", "pg-3 units.failed": "none", "pg-3 pending": "-1",
}

func told(h inventory.HostID, key string) (string, bool) {
	v, ok := facts[string(h)+" "+key]
	return v, ok
}

func TestTwinIsWhatTheJournalKnew(t *testing.T) {
	inv := fleetOf(t)
	cast := Cast(inv, told)
	if h := cast.Hosts[0]; h.OS != "rocky-9.4" || h.Window != "" || !slices.Contains(h.Tags, "healthy") {
		t.Errorf("%+v", h)
	}
	if h := cast.Hosts[2]; h.OS != "debian-12" {
		t.Errorf("nothing is known of pg-3, and its system is %q", h.OS)
	}
	if h := inv.Hosts[0]; h.Window == "" || slices.Contains(h.Tags, "healthy") {
		t.Errorf("the real inventory was changed: %+v", h)
	}
	want := "pg-1:pending=7 pg-1:failed-unit=nginx.service pg-2:dead"
	if got := strings.Join(Troubles(inv.Hosts, told), " "); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestJumpsHaveTwins: each jump host outside of the inventory has one twin for each login, and those inside are their own.
func TestJumpsHaveTwins(t *testing.T) {
	inv, err := inventory.Parse("t.toml", []byte(`[[site]]
name = "s"
[[site.host]]
name = "gate"
[[site.host]]
name = "a"
jump = "gate"
[[site.host]]
name = "b"
jump = "ops@gate:2222"
[[site.host]]
name = "c"
jump = ["ann@far.example.net:22", "[2001:db8::1]:22"]
[[site.host]]
name = "d"
jump = ["bob@far.example.net"]
[[site.host]]
name = "e"
jump = ["bob@far.example.net:2222"]
`))
	if err != nil {
		t.Fatal(err)
	}
	j := JumpsOf(inv)
	var names []string
	for i := range j.Hosts {
		j.Hosts[i].Addr = "127.9.9.9"
		names = append(names, string(j.Hosts[i].Name)+"/"+j.Hosts[i].User)
	}
	if got := strings.Join(names, " "); got != "far.example.net/ann 2001:db8::1/ bob@far.example.net/bob" {
		t.Errorf("twins: %s", got)
	}
	find := j.Find(inv, j.Hosts)
	for spec, want := range map[inventory.HostID]inventory.HostID{"gate": "gate", "ops@gate:2222": "gate", "a": "a", "[2001:db8::1]:22": "2001:db8::1",
		"bob@far.example.net:2222": "bob@far.example.net", "elsewhere": ""} {
		if h, ok := find(spec); h.Name != want || ok != (want != "") {
			t.Errorf("%s: %q %v", spec, h.Name, ok)
		}
	}
}

func TestChaosIsTheSameForASeed(t *testing.T) {
	hosts := fleetOf(t).Hosts
	a, b := Chaos(hosts, 2, 7), Chaos(hosts, 2, 7)
	if !slices.Equal(a, b) || len(a) != 2 || len(Chaos(hosts, 99, 1)) != len(hosts) {
		t.Errorf("%q, then %q", a, b)
	}
}

// TestSafe: nothing that could be a real host is rehearsed on.
func TestSafe(t *testing.T) {
	twin := inventory.Host{Name: "x", Addr: "127.1.2.3", Port: 4000, KnownHosts: []string{"/twin/known_hosts"}, Identity: []string{"/twin/id"}}
	gate := inventory.Host{Name: "gate", Addr: "127.1.2.4", Port: 4000, KnownHosts: twin.KnownHosts, Identity: twin.Identity}
	real := inventory.Host{Name: "real", Addr: "192.0.2.1", KnownHosts: twin.KnownHosts, Identity: twin.Identity}
	beyond := gate
	beyond.Jump = []string{"bastion"}
	find := func(id inventory.HostID) (inventory.Host, bool) {
		h, ok := map[inventory.HostID]inventory.Host{"gate": gate, "real": real, "beyond": beyond}[id]
		return h, ok
	}
	behind := twin
	behind.Jump = []string{"gate"}
	if err := Safe(&runbooks.Plan{Hosts: []inventory.Host{twin, behind}}, "/twin/known_hosts", find); err != nil {
		t.Errorf("the twin itself: %v", err)
	}
	for name, change := range map[string]func(*inventory.Host){
		"a real address": func(h *inventory.Host) { h.Addr = "10.0.0.7" },
		"a name":         func(h *inventory.Host) { h.Addr = "localhost" },
		"no address":     func(h *inventory.Host) { h.Addr = "" },
		"a jump":         func(h *inventory.Host) { h.Jump = []string{"bastion"} },
		"a real jump":    func(h *inventory.Host) { h.Jump = []string{"real"} },
		"a jump beyond":  func(h *inventory.Host) { h.Jump = []string{"beyond"} },
		"real keys":      func(h *inventory.Host) { h.KnownHosts = []string{"/home/me/.ssh/known_hosts"} },
		"no identity":    func(h *inventory.Host) { h.Identity = nil },
	} {
		h := twin
		change(&h)
		if Safe(&runbooks.Plan{Hosts: []inventory.Host{twin, h}}, "/twin/known_hosts", find) == nil {
			t.Errorf("%s was let through", name)
		}
	}
}

func TestClock(t *testing.T) {
	c := NewClock(1000)
	begin := c.Now()
	tick, stop := c.Timer(10 * time.Second)
	defer stop()
	<-tick
	if d := c.Now().Sub(begin); d < 10*time.Second {
		t.Errorf("after a timer of 10 s the clock says %s", d)
	}
}

// night is a run over the three members, told event by event.
type night struct {
	t   *testing.T
	w   *Watch
	at  time.Time
	seq uint64
}

func newNight(t *testing.T, down ...runbooks.DownMember) *night {
	inv := fleetOf(t)
	steps := []runbooks.Step{
		{ID: "swap", Kind: runbooks.Manual, Risk: runbooks.Disrupt, Words: "Swap it.", Asks: []runbooks.Ask{{Name: "serial", Text: "serial number"}, {Name: "ok", Text: "is it well", Type: "yes"}}},
		{ID: "verify", Kind: runbooks.Script, Risk: runbooks.Read},
	}
	p := runbooks.Plan{Runbook: "swap", Risk: runbooks.Disrupt, Steps: steps, Hosts: inv.Hosts, Groups: inv.Groups, Down: down,
		Waves: []runbooks.Wave{{Name: "canary", Hosts: []inventory.HostID{"pg-1"}}, {Name: "rest", Hosts: []inventory.HostID{"pg-2", "pg-3"}}}}
	n := &night{t: t, w: NewWatch(), at: time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)}
	n.tell(journal.PlanAccepted{Plan: p})
	return n
}

func (n *night) tell(b journal.Body) *journal.Decided {
	n.seq++
	n.at = n.at.Add(time.Minute)
	return n.w.Apply(journal.Event{Run: "r", Seq: n.seq, At: n.at, Body: b})
}

func (n *night) host(id inventory.HostID, o journal.Outcome) {
	n.tell(journal.StepStarted{Host: id, Step: "swap", Attempt: 1})
	n.tell(journal.StepEnded{Host: id, Step: "swap", Attempt: 1, Outcome: o, Reason: "because"})
	if o == journal.OK {
		n.tell(journal.StepStarted{Host: id, Step: "verify", Attempt: 1})
		n.tell(journal.StepEnded{Host: id, Step: "verify", Attempt: 1, Outcome: o})
	}
}

func TestWatchSeesALimitBroken(t *testing.T) {
	n := newNight(t)
	n.tell(journal.WaveOpened{Wave: 0})
	n.host("pg-1", journal.Failed)
	if g := n.w.Run().Groups[0]; g.Worst != 1 || !g.Held() || !g.Quorate() {
		t.Errorf("one of one: %+v", g)
	}
	n.tell(journal.WaveOpened{Wave: 1})
	n.host("pg-2", journal.OK) // no engine would: a member is down already
	n.tell(journal.RunClosed{Result: journal.SomeFailed})
	r := n.w.Run()
	g := r.Groups[0]
	if g.Worst != 2 || g.Held() || g.Quorate() || !slices.Equal(g.Who, []inventory.HostID{"pg-1", "pg-2"}) {
		t.Errorf("%+v", g)
	}
	if len(r.Failed) != 1 || r.Failed[0].Host != "pg-1" || r.Counts["untouched"] != 1 || r.Took != 9*time.Minute {
		t.Errorf("%+v", r)
	}
	rep := Report{Subject: "night", Speed: 100, Runs: []Run{r}}
	var out strings.Builder
	if err := rep.Write(&out); err != nil || rep.Held() || rep.Passed() {
		t.Errorf("%v, held %v, passed %v", err, rep.Held(), rep.Passed())
	}
	for _, want := range []string{"A GROUP LOST MORE THAN IT MAY", "OVER ITS LIMIT", "pg-[1-2]", "quorum 2 LOST", "FAILED at swap: because", "1 untouched"} {
		if !strings.Contains(strings.ToUpper(out.String()), strings.ToUpper(want)) {
			t.Errorf("the report does not say %q:\n%s", want, out.String())
		}
	}
}

func TestWatchKnowsWhoWasDownBefore(t *testing.T) {
	n := newNight(t, runbooks.DownMember{Host: "pg-2", Why: "unreachable"})
	n.tell(journal.WaveOpened{Wave: 0})
	n.tell(journal.WaveOpened{Wave: 1})
	n.host("pg-2", journal.OK)
	n.host("pg-3", journal.OK)
	if g := n.w.Run().Groups[0]; g.Worst != 1 || g.Before != 1 || !g.Held() {
		t.Errorf("a member that is mended first is not down twice: %+v", g)
	}
}

// TestWatchCounts: who is at work is down from the first moment, and so is who was down before.
func TestWatchCounts(t *testing.T) {
	down := runbooks.DownMember{Host: "pg-2", Why: "unreachable"}
	start := journal.StepStarted{Host: "pg-1", Step: "swap", Attempt: 1}
	for name, c := range map[string]struct {
		before []runbooks.DownMember
		told   []journal.Body
		worst  int
	}{
		"nothing yet":            {[]runbooks.DownMember{down}, nil, 0},
		"at work":                {nil, []journal.Body{start}, 1},
		"beside one down before": {[]runbooks.DownMember{down}, []journal.Body{start}, 2},
	} {
		n := newNight(t, c.before...)
		n.tell(journal.WaveOpened{Wave: 0})
		for _, b := range c.told {
			n.tell(b)
		}
		if g := n.w.Run().Groups[0]; g.Worst != c.worst {
			t.Errorf("%s: %d down at worst, want %d: %+v", name, g.Worst, c.worst, g)
		}
	}
}

// TestHeld: a limit alone that broke, or a quorum alone that was lost, is enough.
func TestHeld(t *testing.T) {
	for want, g := range map[bool][]Group{
		true:  {{}, {Members: 3, MaxDown: 1, Quorum: 2, Worst: 1}},
		false: {{Members: 5, MaxDown: 1, Quorum: 2, Worst: 2}, {Members: 3, MaxDown: 2, Quorum: 2, Worst: 2}},
	} {
		for _, g := range g {
			if r := (Report{Runs: []Run{{Groups: []Group{{}, g}}}}); r.Held() != want {
				t.Errorf("%+v: held = %v", g, r.Held())
			}
		}
	}
}

// TestIdle: a fault that no host failed of is told; of one that may be survived nothing is known.
func TestIdle(t *testing.T) {
	r := Report{Faults: []string{"pg-1:die-in=upgrade", "pg-*, x:never-returns", "pg-2,pg-3:stall-in=update", "die-in=reboot", "pg-2:slow=2s", "pg-3:dead"},
		Runs: []Run{{}, {Failed: []Failure{{Host: "pg-1"}}}}}
	if got := r.Idle(); len(got) != 1 || got[0] != "It never came to pg-2,pg-3:stall-in=update: no host failed of it." {
		t.Errorf("%q", got)
	}
	if r.Runs = nil; len(r.Idle()) != 4 {
		t.Errorf("%q", r.Idle())
	}
}

func TestWatchAnswersAsAPersonWould(t *testing.T) {
	n := newNight(t)
	n.tell(journal.WaveOpened{Wave: 0})
	d := n.tell(journal.StepStarted{Host: "pg-1", Step: "swap", Attempt: 1})
	if d == nil || d.Decision != journal.Answer || !d.OK || d.Answers["ok"] != "yes" || d.Answers["serial"] == "" {
		t.Fatalf("%+v", d)
	}
	d = n.tell(journal.Remarked{Text: "rest waits for approval"})
	if d == nil || d.Decision != journal.Approve || d.Wave != 1 {
		t.Fatalf("%+v", d)
	}
	if asked := n.w.Run().Asked; len(asked) != 4 || asked[3].Text != "rest waits for approval" {
		t.Errorf("%+v", asked)
	}
}
