package fleet

import (
	"slices"
	"testing"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// TestAWrongClockOutranksNothing: what a clock that was years ahead has dated is neither fresh nor the latest for years. Whatever has a time that
// can be takes its place, in whichever order the two are told.
func TestAWrongClockOutranksNothing(t *testing.T) {
	wrong := t0.AddDate(10, 0, 0)
	ahead := []journal.Known{verdict(wrong, "disk", runbooks.CheckOK), fact(wrong, "pending", "0")}
	right := []journal.Known{verdict(t0, "disk", runbooks.CheckCrit), fact(t0, "pending", "7")}
	tell := func(f *Fleet, all []journal.Known) {
		for _, k := range all {
			k.Host = "db-1"
			f.Known(k)
		}
	}
	for name, told := range map[string][][]journal.Known{"wrong first": {ahead, right}, "right first": {right, ahead}} {
		f := New(room())
		f.Refresh(t0.Add(time.Minute))
		for _, k := range told {
			tell(f, k)
		}
		if h, _ := f.Host("db-1"); h.State != Fail || h.Pending != 7 || !h.Seen.Equal(t0) {
			t.Errorf("%s: %+v", name, h)
		}
		tallies(t, f)
	}
	f := New(room())
	f.Refresh(t0)
	tell(f, ahead)
	want(t, f, "db-1", Unknown, "dated ahead of time: a clock was wrong")
	f.Refresh(wrong.Add(-30 * time.Minute)) // it was ours that was wrong
	want(t, f, "db-1", OK, "")

	f = New(room())
	f.Refresh(t0)
	f.Ran(journal.HostRun{Host: "db-1", Run: "r1", Runbook: "patch", Started: wrong, Outcome: "ok"})
	f.Ran(journal.HostRun{Host: "db-1", Run: "r2", Runbook: "health", Started: t0, Outcome: "unreachable"})
	want(t, f, "db-1", Down, "unreachable")
	p := Postures(room(), f, []journal.HostRun{{Host: "db-1", Run: "r1", Runbook: "patch", Started: wrong, Outcome: "ok"}}, t0)
	if !p[0].Patched.IsZero() {
		t.Errorf("patched in %v", p[0].Patched)
	}
}

// TestARestartIsDueAsLastSeen: the check of a health run and the fact of a reboot say the same thing, and the later is right: on the screen,
// in the posture and to selectors.
func TestARestartIsDueAsLastSeen(t *testing.T) {
	early, late := t0.Add(-2*time.Hour), t0.Add(-time.Hour)
	is := verdict(early, "load", runbooks.CheckOK)
	for _, c := range []struct {
		name  string
		known []journal.Known
		state State
		value string // "" = not known
	}{
		{"restarted since", []journal.Known{is, verdict(early, "reboot", runbooks.CheckWarn), fact(late, "reboot_due", "no")}, OK, "no"},
		{"a kernel came since", []journal.Known{is, verdict(early, "reboot", runbooks.CheckOK), fact(late, "reboot_due", "yes")}, OK, "yes"},
		{"the check is later", []journal.Known{is, {At: late, Fact: runbooks.Fact{Key: "reboot", Value: "yes", Check: true, State: runbooks.CheckWarn}}, fact(early, "reboot_due", "no")}, Warn, "yes"},
		{"by the facts alone", []journal.Known{is, fact(late, "reboot_due", "yes")}, OK, "yes"},
		{"long ago", []journal.Known{is, fact(t0.AddDate(0, 0, -3), "reboot_due", "no")}, OK, ""},
		{"never asked", []journal.Known{is}, OK, ""},
	} {
		f := New(room())
		f.Refresh(t0)
		for _, k := range c.known {
			k.Host = "db-1"
			f.Known(k)
		}
		h, _ := f.Host("db-1")
		value, ok := f.Values("db-1", "reboot")
		p := Postures(room(), f, nil, t0)[0]
		posture, known := p.Value("reboot", t0)
		if h.State != c.state || ok != (c.value != "") || ok && value != c.value || known != ok || known && posture != c.value {
			t.Errorf("%s: %v, reboot %q %v, posture %q %v", c.name, h.State, value, ok, posture, known)
		}
		tallies(t, f)
	}
}

// TestSumsSayWhatIsNotKnown: a number over hosts of which some were never asked is not a number of all of them.
func TestSumsSayWhatIsNotKnown(t *testing.T) {
	f := New(room())
	f.Refresh(t0)
	if r := f.All(); r.Pending.String() != "?" || r.Reboot.String() != "?" {
		t.Errorf("of hosts that were never asked: %v %v", r.Pending, r.Reboot)
	}
	for i, id := range []string{"db-1", "db-2", "web-1", "web-2"} {
		k := fact(t0, "pending", "3")
		k.Host = f.At(i).ID
		f.Known(k)
		if want := []string{"3+", "6+", "9+", "12"}[i]; f.All().Pending.String() != want {
			t.Errorf("with %s: %v, wanted %s", id, f.All().Pending, want)
		}
	}
	p := Postures(room(), f, nil, t0)
	p[0].Pending = -1
	r := RollUp(p, "site")
	r = slices.DeleteFunc(r, func(r Rolled) bool { return r.Name != "nyc1" })
	pending, security, reboot := r[0].Sums()
	if got := pending.String() + " " + security.String() + " " + reboot.String(); got != "6+ ? ?" || r[0].Unknown != (Unread{Pending: 1, Security: 3, Reboot: 3}) {
		t.Errorf("%s: %s, %+v", r[0].Name, got, r[0].Unknown)
	}
}
