package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestChecksFold: numbers are never alike over hundreds of hosts; what folds is which check is worst, and the span of its values.
func TestChecksFold(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("health", "web-[01-12]")
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for i, h := range p.Hosts {
		facts := []runbooks.Fact{check("disk:/var", fmt.Sprint(88+i), "%", "85/95", runbooks.CheckWarn), check("load", "1", "", "", runbooks.CheckOK)}
		out := journal.Warned
		if i > 8 {
			facts[0].State, facts[0].Text, out = runbooks.CheckCrit, fmt.Sprintf("%d MiB free", i), journal.Failed
		}
		d.step("r1", h.Name, "checks", fmt.Sprintln(i), out, "", facts...)
	}
	d.do(d.c.openRun("r1"))
	d.Pull().See("FAIL        3  checks       disk:/var 97% to 99%", "WARN        9  checks       disk:/var 88% to 96%").Miss("differs")
}

// TestAFailureOfAnotherKindIsTold: where a step failed and none of its checks is critical, what it said is why, and not that its checks are fine.
func TestAFailureOfAnotherKindIsTold(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("health", "web-[01-02]")
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for i, h := range p.Hosts {
		d.step("r1", h.Name, "checks", "no such package\n", journal.Failed, "exit 1", check("lists", "", "", "", []runbooks.CheckState{runbooks.CheckOK, runbooks.CheckWarn}[i]))
	}
	d.do(d.c.openRun("r1"))
	d.Pull().See("FAIL        2  checks       no such package").Miss("fine").Miss("lists")
}

// TestAFailureIsNoCount: a step that failed and then counted what it had done until then failed for the reason, and not for the count.
func TestAFailureIsNoCount(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("patch", "web-01")
	i := slices.IndexFunc(p.Steps, func(s runbooks.Step) bool { return s.ID == "upgrade" })
	p.Steps[i].Emits, p.Steps[i].Facts = "facts", []runbooks.FactSpec{{Key: "changed", Type: "int"}}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	d.step("r1", "web-01", "upgrade", "E: no room\nchanged=15\n", journal.Failed, "exit 100: E: no room")
	d.do(d.c.openRun("r1"))
	d.Pull().See("FAIL        1  upgrade", "exit 100: E: no room").Miss("changed=15")
}

// TestAnAbortedHostSaysSo: what its last step said is not why it went no further.
func TestAnAbortedHostSaysSo(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("patch", "web-[01-02]")
	first, next := p.Steps[0].ID, p.Steps[1].ID
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for i, h := range p.Hosts {
		d.step("r1", h.Name, first, "yes-done\n", journal.OK, "")
		d.tell("r1", journal.StepEnded{Host: h.Name, Step: next, Outcome: []journal.Outcome{journal.Aborted, journal.Refused}[i], Reason: "the reason"})
	}
	d.do(d.c.openRun("r1"))
	d.Pull().See("ABORTED     1  "+string(next), "refused:1", "REFUSED     1").Miss("yes-done")
}

// TestOwnNamesFold: what every host says of itself is said once; a name within a longer one is not the host's.
func TestOwnNamesFold(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("health", "web-[01-06]")
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for i, h := range p.Hosts {
		out, text := journal.OK, "I am "+string(h.Name)+".example.net\n"
		if i > 2 {
			out, text = journal.Failed, "/var is full on "+string(h.Name)+"\n"
		}
		if i == 5 {
			text = "/var is full on " + string(h.Name) + "9\n"
		}
		d.step("r1", h.Name, "checks", text, out, "exit 1")
	}
	d.do(d.c.openRun("r1"))
	d.Pull().See("FAIL        2  checks       /var is full on <host>", "FAIL        1  checks       /var is full on web-069", "OK          3  checks       I am <host>.example.net").Miss("differs")
	d.Press("G", "enter").Pull().See("web-01| I am web-01", "web-03| I am web-03") // each in its own words
}

// TestOwnSumIsWhole: the sum does not depend on the pieces that output comes in.
func TestOwnSumIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"web-01", "web-0", "1", "w", " ", "\n", ".net"})).Draw(t, "text"), "")
		whole, parts, other := newOwnSum("web-01"), newOwnSum("web-01"), newOwnSum("db-7")
		whole.add([]byte(text))
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			parts.add(rest[:n])
			rest = rest[n:]
		}
		a, ownA := whole.value()
		b, ownB := parts.value()
		if general := general(text, "web-01"); a != b || ownA != ownB || ownA != (general != text) {
			t.Fatalf("%q: %x %v, in pieces %x %v", text, a, ownA, b, ownB)
		}
		other.add([]byte(strings.ReplaceAll(general(text, "web-01"), "<host>", "db-7")))
		if c, _ := other.value(); c != a && !strings.Contains(text, "db-7") {
			t.Fatalf("%q is another thing of another host", text)
		}
	})
}

// TestFoldIsWhole: every host is in exactly one group, failures come first, and groups that differ say so only beside their like.
func TestFoldIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "hosts")
		p := runbooks.Plan{Runbook: "x", Steps: []runbooks.Step{{ID: "a"}, {ID: "b"}}}
		for i := range n {
			p.Hosts = append(p.Hosts, inventory.Host{Name: inventory.HostID(fmt.Sprintf("h%02d", i))})
		}
		w := &watch{state: journal.NewState()}
		seq := uint64(0)
		tell := func(b journal.Body) {
			seq++
			w.apply(journal.Event{Run: "r", Seq: seq, At: noon, Body: b})
		}
		tell(journal.PlanAccepted{Plan: p})
		for range rapid.IntRange(0, 120).Draw(t, "events") {
			h := p.Hosts[rapid.IntRange(0, n-1).Draw(t, "host")].Name
			step := rapid.SampledFrom([]runbooks.StepID{"a", "b", "c"}).Draw(t, "step")
			attempt := rapid.IntRange(1, 2).Draw(t, "attempt")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				tell(journal.StepStarted{Host: h, Step: step, Attempt: attempt})
			case 1:
				tell(journal.OutputRead{Host: h, Step: step, Attempt: attempt, Data: []byte(rapid.SampledFrom([]string{"x\n", "y", "\n\n"}).Draw(t, "out"))})
			case 2:
				tell(journal.StepEnded{Host: h, Step: step, Attempt: attempt, Outcome: journal.Outcome(rapid.IntRange(0, 6).Draw(t, "outcome")), Reason: "why"})
			case 3:
				tell(journal.FactsRead{Host: h, Step: step, Facts: []runbooks.Fact{check("c", "1", "", "", runbooks.CheckState(rapid.IntRange(0, 3).Draw(t, "state")))}})
			}
		}
		seen := map[int]bool{}
		rank := -1
		for i, g := range w.fold() {
			if g.rank < rank {
				t.Fatalf("group %d has rank %d after %d", i, g.rank, rank)
			}
			rank = g.rank
			if g.differs && i == 0 {
				t.Fatal("the first group differs from nothing")
			}
			for _, h := range g.hosts {
				if seen[h] {
					t.Fatalf("host %d is in two groups", h)
				}
				seen[h] = true
			}
		}
		if len(seen) != n {
			t.Fatalf("%d of %d hosts are in a group", len(seen), n)
		}
	})
}

// TestBacklogIsFoldedSeldom: while more waits to be taken up, the groups are not made anew for each picture; the last picture has all of it, with
// each host's checks as they were read last.
func TestBacklogIsFoldedSeldom(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	w := d.c.follow("r1")
	d.Pull()
	s := newRunScreen(d.c, w)
	s.refresh()
	was := len(s.groups)
	w.behind, s.made = true, time.Now().Add(time.Hour) // however slow the machine is
	for e, err := range d.journal.Events(t.Context(), "r1", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		if b, ok := e.Body.(journal.StepStarted); ok && b.Host == "web-10" && b.Step == "upgrade" {
			e.Body, e.Seq = journal.StepEnded{Host: "web-10", Step: "upgrade", Attempt: 1, Outcome: journal.Failed, Reason: "another"}, e.Seq+1000
			w.apply(e)
		}
	}
	if s.refresh(); len(s.groups) != was {
		t.Errorf("folded amid a backlog: %d groups, then %d", was, len(s.groups))
	}
	w.behind = false
	if s.refresh(); s.groups[0].word != "FAIL" || len(s.groups[0].hosts)+len(s.groups[1].hosts) != 2 {
		t.Errorf("after it: %+v", s.groups[:2])
	}
}
