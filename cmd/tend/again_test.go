package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
	"tend/ssh/sshtest"
)

// TestRealWatch repeats a run on a real host: what changed is told, and what did not is not.
func TestRealWatch(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "").withBook(`
name = "own"
title = "how deep a queue is"
risk = "read"
param = [{ name = "file" }]
[[step]]
id = "depth"
kind = "check"
script = '''
read -r n <"$file"
if [ "$n" -gt 9 ]; then state=WARN; else state=OK; fi
tend_check queue "$state" "$n" jobs 9 'wait'
tend_fact owner kim
'''
[step.facts]
queue = "check jobs"
owner = "string"
`)
	s.write("depth", "1\n")
	c := s.onTerminal("run", "own", "--set", "file="+s.dir+"/depth", "--watch", "5s")
	c.see("nothing changed on 1 host")
	s.write("depth", "12\n")
	c.see("real-1 queue: OK -> WARN, 12 jobs wait")
	if strings.Contains(c.text(), "owner") {
		t.Errorf("a fact that did not change is told:\n%s", c.text())
	}
	if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := c.ended(); code != 0 {
		t.Errorf("ended with %d\n%s", code, c.text())
	}
	for args, want := range map[string]string{
		"run health --watch soon":        `"soon" is not an interval`,
		"run health --watch 1s":          "the shortest interval is 5s",
		"run patch --watch 1m --yes":     "--watch repeats what only reads, and patch does more",
		"run health --watch 1m --detach": "--detach shows nothing",
	} {
		if _, errs, code := s.tend(strings.Fields(args)...); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s", args, code, errs)
		}
	}
}

func TestChangesAreOfStatesAndFacts(t *testing.T) {
	check := func(state runbooks.CheckState, value string) runbooks.Fact {
		return runbooks.Fact{Key: "load", Check: true, State: state, Value: value, Text: "t"}
	}
	at := func(outcome journal.Outcome, facts ...runbooks.Fact) *journal.State {
		s := journal.NewState()
		s.Apply(journal.Event{Run: "r", Body: journal.PlanAccepted{Plan: planOf("h")}})
		h := s.Host("h")
		h.Outcome, h.Facts = outcome, map[string]runbooks.Fact{}
		for _, f := range facts {
			h.Facts[f.Key] = f
		}
		return s
	}
	fact := runbooks.Fact{Key: "kernel", Value: "6.1"}
	newer := runbooks.Fact{Key: "kernel", Value: "6.2"}
	for name, c := range map[string]struct {
		was, is *journal.State
		want    string
	}{
		"a value alone": {at(journal.OK, check(runbooks.CheckOK, "1")), at(journal.OK, check(runbooks.CheckOK, "2")), ""},
		"a state":       {at(journal.OK, check(runbooks.CheckOK, "1")), at(journal.Warned, check(runbooks.CheckWarn, "9")), ":OK->warn load:OK->WARN"},
		"a fact":        {at(journal.OK, fact), at(journal.OK, newer), "kernel:6.1->6.2"},
		"gone":          {at(journal.OK, fact, check(runbooks.CheckOK, "1")), at(journal.OK, fact), "load:OK->gone"},
		"unreachable":   {at(journal.OK, fact), at(journal.Unreachable), ":OK->unreachable"},
		"back":          {at(journal.Unreachable), at(journal.OK, fact), ":unreachable->OK"},
	} {
		var got []string
		for _, ch := range changes(c.was, c.is) {
			got = append(got, fmt.Sprintf("%s:%s->%s", ch.Key, ch.Was, ch.Is))
		}
		if s := strings.Join(got, " "); !strings.EqualFold(s, c.want) {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
}

func planOf(hosts ...inventory.HostID) runbooks.Plan {
	p := runbooks.Plan{Runbook: "own", Steps: []runbooks.Step{{ID: "look"}}, Waves: []runbooks.Wave{{Name: "all", Hosts: hosts}}}
	for _, h := range hosts {
		p.Hosts = append(p.Hosts, inventory.Host{Name: h})
	}
	return p
}
