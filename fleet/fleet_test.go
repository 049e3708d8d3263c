package fleet

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

var t0 = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func room() *inventory.Inventory {
	inv := &inventory.Inventory{}
	for _, h := range []struct{ name, site, rack string }{
		{"db-1", "nyc1", "r01"}, {"db-2", "nyc1", "r01"}, {"web-1", "nyc1", "r02"}, {"web-2", "lon2", "r01"},
	} {
		inv.Hosts = append(inv.Hosts, inventory.Host{Name: inventory.HostID(h.name), Site: h.site, Rack: h.rack})
	}
	return inv
}

// story is a run told in short: each call appends an event a second later.
type story struct {
	f   *Fleet
	run journal.RunID
	at  time.Time
}

func (s *story) tell(bodies ...journal.Body) {
	for _, b := range bodies {
		s.at = s.at.Add(time.Second)
		s.f.Apply(journal.Event{Run: s.run, At: s.at, Body: b})
	}
}

func plan(runbook string, steps ...runbooks.StepID) journal.PlanAccepted {
	p := journal.PlanAccepted{Plan: runbooks.Plan{Runbook: runbook}}
	for _, id := range steps {
		p.Plan.Steps = append(p.Plan.Steps, runbooks.Step{ID: id})
	}
	return p
}

func check(key, value, unit string, state runbooks.CheckState) runbooks.Fact {
	return runbooks.Fact{Key: key, Value: value, Unit: unit, Check: true, State: state}
}

func want(t *testing.T, f *Fleet, id inventory.HostID, state State, reason string) {
	t.Helper()
	h, ok := f.Host(id)
	if !ok || h.State != state || h.Why(f.now) != reason {
		t.Errorf("%s is %v %q, want %v %q", id, h.State, h.Why(f.now), state, reason)
	}
}

func TestStates(t *testing.T) {
	end := func(step runbooks.StepID, o journal.Outcome, reason string) journal.StepEnded {
		return journal.StepEnded{Host: "db-1", Step: step, Attempt: 1, Outcome: o, Reason: reason}
	}
	facts := func(list ...runbooks.Fact) journal.FactsRead {
		return journal.FactsRead{Host: "db-1", Step: "look", Facts: list}
	}
	fine := check("load", "0.3", "", runbooks.CheckOK)
	dry := plan("patch", "look", "work")
	dry.Plan.Dry = true
	for name, c := range map[string]struct {
		bodies []journal.Body
		state  State
		reason string
	}{
		"nothing":                   {nil, Never, "never seen"},
		"reached only":              {[]journal.Body{journal.HostReached{Host: "db-1"}}, Unknown, "no health check yet"},
		"facts only":                {[]journal.Body{facts(runbooks.Fact{Key: "os", Value: "debian-12"}), end("look", journal.OK, "")}, Unknown, "no health check yet"},
		"fine":                      {[]journal.Body{facts(fine), end("look", journal.OK, "")}, OK, ""},
		"check unknown":             {[]journal.Body{facts(fine, check("smart", "", "", runbooks.CheckUnknown)), end("look", journal.Warned, "")}, Unknown, "smart"},
		"warn":                      {[]journal.Body{facts(fine, check("disk:/var", "91", "%", runbooks.CheckWarn))}, Warn, "disk:/var 91%"},
		"worst is named":            {[]journal.Body{facts(check("disk:/", "91", "%", runbooks.CheckWarn), check("disk:/var", "97", "%", runbooks.CheckCrit)), end("look", journal.Failed, "exit 2")}, Fail, "disk:/var 97%"},
		"step failed":               {[]journal.Body{facts(fine), end("look", journal.Failed, "exit 100")}, Fail, "patch look failed: exit 100"},
		"never answered":            {[]journal.Body{end("look", journal.Unreachable, "i/o timeout 10s")}, Down, "unreachable: i/o timeout 10s"},
		"down after fine":           {[]journal.Body{facts(fine), end("look", journal.OK, ""), end("work", journal.Unreachable, "refused")}, Down, "unreachable: refused"},
		"refused":                   {[]journal.Body{facts(fine), end("work", journal.Refused, "the disk is full")}, Fail, "patch work refused: the disk is full"},
		"lost":                      {[]journal.Body{facts(fine), end("look", journal.Unknown, "link lost")}, Unknown, "patch look ended unseen: link lost"},
		"skipped":                   {[]journal.Body{facts(fine), end("look", journal.Skipped, "")}, OK, ""},
		"failed when dry":           {[]journal.Body{dry, facts(fine), end("look", journal.OK, ""), end("work", journal.Failed, "exit 1")}, OK, ""},
		"warned in step":            {[]journal.Body{facts(fine), end("look", journal.Warned, "held 2"), end("work", journal.OK, "")}, Warn, "patch work warned: held 2"},
		"warned in an earlier step": {[]journal.Body{facts(fine), end("look", journal.Warned, "held 2"), journal.StepStarted{Host: "db-1", Step: "work", Attempt: 1}, end("work", journal.OK, "")}, Warn, "patch work warned: held 2"},
		"last step not wanted":      {[]journal.Body{facts(fine), end("look", journal.Warned, "held 2"), end("work", journal.Skipped, "not in the group")}, Warn, "patch work warned: held 2"},
	} {
		t.Run(name, func(t *testing.T) {
			f := New(room())
			s := &story{f: f, run: "r1", at: t0}
			s.tell(plan("patch", "look", "work"))
			s.tell(c.bodies...)
			want(t, f, "db-1", c.state, c.reason)
			tallies(t, f)
		})
	}
}

// TestFactsOfAHost: the checks stand first, the worst before the others, and then the rest by key.
func TestFactsOfAHost(t *testing.T) {
	f := New(room())
	(&story{f: f, run: "r1", at: t0}).tell(journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{{Key: "b", Value: "1"}, check("d", "1", "", runbooks.CheckOK), {Key: "a", Value: "1"},
		check("e", "1", "", runbooks.CheckCrit), check("c", "1", "", runbooks.CheckOK)}})
	var got string
	for _, k := range f.Facts("db-1") {
		got += k.Fact.Key
	}
	if got != "ecdab" {
		t.Errorf("the facts stand as %s", got)
	}
}

// TestOldestLeaves: when the host that was not seen for longest is seen again, the next oldest is.
func TestOldestLeaves(t *testing.T) {
	for range 20 { // the others stand in a map
		var r Roll
		for _, at := range []int64{30, 10, 20, 40, 50} {
			r.sight(at, +1)
		}
		r.sight(10, -1)
		r.sight(60, +1)
		if r.oldest != 20 {
			t.Fatalf("the oldest is of %d", r.oldest)
		}
	}
}

// TestUnknownIsNotOK is law 6: age alone turns a host, with no event.
func TestUnknownIsNotOK(t *testing.T) {
	f := New(room())
	s := &story{f: f, run: "r1", at: t0}
	s.tell(plan("health", "look"),
		journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("load", "0.3", "", runbooks.CheckOK), {Key: FactPending, Value: "0"}}},
		journal.StepEnded{Host: "db-1", Step: "look", Outcome: journal.OK})
	want(t, f, "db-1", OK, "")
	if v, ok := f.Values("db-1", FactPending); !ok || v != "0" {
		t.Errorf("pending is %q, %v while fresh", v, ok)
	}
	f.Refresh(t0.Add(DefaultPatience - time.Minute))
	want(t, f, "db-1", OK, "")
	f.Refresh(t0.Add(DefaultPatience + 4*time.Hour))
	want(t, f, "db-1", Unknown, "not looked at for 29h")
	if v, ok := f.Values("db-1", FactPending); ok {
		t.Errorf("a stale pending still counts, as %q", v)
	}
	if h, _ := f.Host("db-1"); h.Pending != -1 {
		t.Errorf("a stale pending is shown as %d", h.Pending)
	}
	if n := f.All().Count(OK); n != 0 {
		t.Errorf("%d hosts are green, none has been looked at", n)
	}
	tallies(t, f)
}

// TestAClockFarAhead: what a machine with a wrong clock recorded does not make what others saw old; a clock that is little ahead counts.
func TestAClockFarAhead(t *testing.T) {
	f := New(room())
	f.Refresh(t0.Add(time.Minute))
	s := &story{f: f, run: "r1", at: t0}
	fine := journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("load", "0.3", "", runbooks.CheckOK)}}
	s.tell(plan("health", "look"), fine, journal.StepEnded{Host: "db-1", Step: "look", Outcome: journal.OK})
	years := t0.AddDate(4, 0, 0)
	f.Known(journal.Known{Host: "db-2", Fact: check("load", "9", "", runbooks.CheckOK), At: years, Run: "r2", Step: "look"})
	f.Ended("db-2", Last{Run: "r2", At: years, Outcome: journal.OK})
	f.Apply(journal.Event{Run: "r3", At: years, Body: journal.HostReached{Host: "db-2"}})
	f.Refresh(t0.Add(2 * time.Minute))
	want(t, f, "db-1", OK, "")
	f.Apply(journal.Event{Run: "r3", At: t0.Add(30 * time.Minute), Body: journal.HostReached{Host: "db-2"}})
	if f.now != t0.Add(30*time.Minute) {
		t.Errorf("it is %s", f.now)
	}
}

// TestGoneCheck: a check that its step no longer reports leaves the verdict once it is stale; until then it stands.
func TestGoneCheck(t *testing.T) {
	f := New(room())
	old := &story{f: f, run: "r1", at: t0}
	old.tell(plan("health", "look"), journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("disk:/old", "99", "%", runbooks.CheckCrit)}})
	later := &story{f: f, run: "r2", at: t0.Add(20 * time.Hour)}
	later.tell(plan("health", "look"), journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("load", "1", "", runbooks.CheckOK)}})
	want(t, f, "db-1", Fail, "disk:/old 99%")
	f.Refresh(t0.Add(30 * time.Hour))
	want(t, f, "db-1", OK, "")
}

// TestOldestStaleCheckIsTold: of checks that nobody has looked at for different times the longest is the host's.
func TestOldestStaleCheckIsTold(t *testing.T) {
	f := New(room())
	for i := range 20 {
		f.Known(journal.Known{Host: "db-1", Fact: check("check"+strconv.Itoa(i), "1", "", runbooks.CheckOK), At: t0.Add(time.Duration(i) * time.Hour), Run: "r1", Step: "look"})
	}
	f.Refresh(t0.Add(100 * time.Hour))
	want(t, f, "db-1", Unknown, "not looked at for 4d")
	tallies(t, f)
}

func TestOlderRunsChangeNothing(t *testing.T) {
	f := New(room())
	newer := &story{f: f, run: "r2", at: t0.Add(time.Hour)}
	newer.tell(plan("health", "look"), journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("load", "1", "", runbooks.CheckOK)}},
		journal.StepEnded{Host: "db-1", Step: "look", Outcome: journal.OK})
	older := &story{f: f, run: "r1", at: t0}
	older.tell(plan("health", "look"), journal.FactsRead{Host: "db-1", Step: "look", Facts: []runbooks.Fact{check("load", "99", "", runbooks.CheckCrit)}},
		journal.StepEnded{Host: "db-1", Step: "look", Outcome: journal.Failed})
	f.Ended("db-1", Last{Run: "r0", Runbook: "patch", At: t0, Outcome: journal.Unreachable})
	want(t, f, "db-1", OK, "")
	if h, _ := f.Host("db-1"); h.Last.Run != "r2" {
		t.Errorf("last run is %s, want r2", h.Last.Run)
	}
}

func TestBulk(t *testing.T) {
	f := New(room())
	f.Known(
		journal.Known{Host: "db-1", Fact: check("disk:/var", "97", "%", runbooks.CheckCrit), At: t0, Run: "r1", Step: "look"},
		journal.Known{Host: "db-1", Fact: runbooks.Fact{Key: FactPending, Value: "17"}, At: t0, Run: "r1"},
		journal.Known{Host: "db-2", Fact: check("load", "1", "", runbooks.CheckOK), At: t0.Add(-time.Minute), Run: "r1"},
		journal.Known{Host: "web-2", Fact: runbooks.Fact{Key: FactReboot, Value: "yes"}, At: t0, Run: "r1"},
		journal.Known{Host: "stranger", Fact: check("load", "1", "", runbooks.CheckOK), At: t0, Run: "r1"},
	)
	f.Ended("web-1", Last{Run: "r1", Runbook: "health", At: t0, Outcome: journal.Unreachable, Reason: "no route"})
	want(t, f, "db-1", Fail, "disk:/var 97%")
	want(t, f, "db-2", OK, "")
	want(t, f, "web-1", Down, "unreachable: no route")
	want(t, f, "web-2", Unknown, "no health check yet")
	r01 := f.Rack("nyc1", "r01")
	if r01.Hosts != 2 || r01.Count(Fail) != 1 || r01.Count(OK) != 1 || r01.Pending.String() != "17+" {
		t.Errorf("nyc1/r01 = %+v", r01)
	}
	if got := r01.Seen(); !got.Equal(t0.Add(-time.Minute)) {
		t.Errorf("nyc1/r01 was seen at %v, the oldest is %v", got, t0.Add(-time.Minute))
	}
	if all := f.All(); all.Hosts != 4 || all.Reboot.String() != "1+" || all.Problems() != 3 {
		t.Errorf("all = %+v", all)
	}
	if s := f.Site("nyc1"); s.Hosts != 3 || s.Count(Down) != 1 {
		t.Errorf("nyc1 = %+v", s)
	}
	tallies(t, f)
}

// TestRan: what an index tells of earlier runs counts, by the time of the run.
func TestRan(t *testing.T) {
	f := New(room())
	fine := check("load", "1", "", runbooks.CheckOK)
	f.Known(journal.Known{Host: "db-1", Fact: fine, At: t0, Run: "r1"}, journal.Known{Host: "db-2", Fact: fine, At: t0, Run: "r1"})
	f.Ran(journal.HostRun{Host: "db-1", Runbook: "health", Run: "r1", Started: t0, Outcome: "ok"})
	f.Ran(journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r2", Started: t0.Add(time.Hour), Outcome: "unreachable"})
	f.Ran(journal.HostRun{Host: "db-2", Runbook: "patch", Run: "r3", Started: t0.Add(-time.Hour), Outcome: "failed"})
	f.Ran(journal.HostRun{Host: "db-2", Runbook: "health", Run: "r1", Started: t0, Outcome: "ok"})
	f.Ran(journal.HostRun{Host: "web-1", Runbook: "health", Run: "r4", Started: t0, Outcome: "waiting"})
	f.Ran(journal.HostRun{Host: "web-2", Runbook: "health", Run: "r4", Started: t0, Outcome: "running"})
	want(t, f, "db-1", Down, "unreachable")
	want(t, f, "db-2", OK, "")
	want(t, f, "web-1", Never, "never seen")
	if h, _ := f.Host("web-2"); !h.Last.Running || h.State != Never {
		t.Errorf("web-2 is %+v", h)
	}
	tallies(t, f)
}

func TestValues(t *testing.T) {
	f := New(room())
	f.Known(journal.Known{Host: "db-1", Fact: check("disk:/var", "97", "%", runbooks.CheckCrit), At: t0, Run: "r1"},
		journal.Known{Host: "db-1", Fact: runbooks.Fact{Key: FactReboot, Value: "true"}, At: t0, Run: "r1"})
	var values inventory.Values = f.Values
	for key, want := range map[string]string{"state": "fail", "disk:/var": "97", FactReboot: "yes"} {
		if v, ok := values("db-1", key); !ok || v != want {
			t.Errorf("%s = %q, %v; want %q", key, v, ok, want)
		}
	}
	for _, key := range []string{"pending", "security", "last", "runbook", "nonsense"} {
		if v, ok := values("db-1", key); ok {
			t.Errorf("%s = %q, which nobody has told", key, v)
		}
	}
	if _, ok := values("stranger", "state"); ok {
		t.Error("a host that the inventory does not have has a state")
	}
}

// tallies compares the numbers that are kept, of all, each site and each rack, with a count of the hosts.
func tallies(t *testing.T, f *Fleet) {
	t.Helper()
	same := func(what string, got Roll, in func(h *inventory.Host) bool) {
		t.Helper()
		var want Roll
		for i := range f.Len() {
			if h := f.At(i); in(&f.inv.Hosts[i]) {
				want.add(&h, +1)
			}
		}
		if got.Hosts != want.Hosts || got.By != want.By || got.Pending != want.Pending || got.Security != want.Security || got.Reboot != want.Reboot || got.oldest != want.oldest ||
			!maps.Equal(got.seen, want.seen) {
			t.Errorf("%s: kept %+v, counted %+v", what, got, want)
		}
	}
	same("all", f.All(), func(*inventory.Host) bool { return true })
	for name := range f.sites {
		same(name, f.Site(name), func(h *inventory.Host) bool { return h.Site == name })
	}
	for p := range f.racks {
		same(p.site+"/"+p.rack, f.Rack(p.site, p.rack), func(h *inventory.Host) bool { return h.Site == p.site && h.Rack == p.rack })
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{-1: "0s", 12 * time.Second: "12s", 90 * time.Second: "1m", 3 * time.Hour: "3h", 47 * time.Hour: "47h", 300 * time.Hour: "12d"} {
		if got := Age(d); got != want {
			t.Errorf("Age(%v) = %s, want %s", d, got, want)
		}
	}
}

func BenchmarkKnown(b *testing.B) {
	inv := &inventory.Inventory{}
	var known []journal.Known
	for i := range 10_000 {
		id := inventory.HostID("h" + strconv.Itoa(i))
		inv.Hosts = append(inv.Hosts, inventory.Host{Name: id, Site: "s" + strconv.Itoa(i%10), Rack: "r" + strconv.Itoa(i%250)})
		for _, key := range []string{"load", "disk:/", "units"} {
			known = append(known, journal.Known{Host: id, Fact: check(key, "1", "", runbooks.CheckOK), At: t0.Add(time.Duration(i) * time.Millisecond), Run: "r"})
		}
	}
	for b.Loop() {
		New(inv).Known(known...)
	}
}

// TestAStepThatIsNotWanted: a host's part in a run is as its other steps were, in the run as in what an index tells of it later; it is skipped only
// where none of them was wanted.
func TestAStepThatIsNotWanted(t *testing.T) {
	for _, c := range []struct{ look, work, want journal.Outcome }{
		{journal.OK, journal.Skipped, journal.OK}, {journal.Warned, journal.Skipped, journal.Warned}, {journal.Skipped, journal.OK, journal.OK},
		{journal.Skipped, journal.Skipped, journal.Skipped},
	} {
		f := New(room())
		s := &story{f: f, run: "r1", at: t0}
		s.tell(plan("patch", "look", "work"), journal.StepEnded{Host: "db-1", Step: "look", Outcome: c.look}, journal.StepEnded{Host: "db-1", Step: "work", Outcome: c.work})
		if h, _ := f.Host("db-1"); h.Last.Outcome != c.want || h.Last.Running {
			t.Errorf("%v, then %v: %v, running %v", c.look, c.work, h.Last.Outcome, h.Last.Running)
		}
	}
}
