package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
)

// TestSearchGivesKeysTheirTurn: a search through all that is held goes on in pieces; what is pressed meanwhile is done, and ends it.
func TestSearchGivesKeysTheirTurn(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := newTextPager("TEXT", "x", "")
	line := []byte(long("abcdefgh ", 22) + "\n")
	for range 6 << 20 / len(line) {
		p.store.add(-1, noon, line)
	}
	p.store.add(-1, noon, []byte("the needle\n"))
	d.c.run(push(p))
	p.search, p.searched = regexp.MustCompile("(?i)needle"), "needle"
	step := func(cmd tea.Cmd) tea.Cmd {
		if cmd == nil {
			return nil
		}
		_, next := d.c.Update(cmd())
		return next
	}
	pieces := 0
	for cmd := d.c.run(p.find(+1)); cmd != nil; pieces++ {
		if pieces == 1 {
			d.See("searching for needle ... line ")
		}
		cmd = step(cmd)
	}
	if pieces < 2 || !strings.Contains(p.at(p.top).text, "needle") {
		t.Errorf("%d pieces, at line %d", pieces, p.top)
	}
	d.Press("g")
	cmd := d.c.run(p.find(+1))
	d.Press("space")
	at := p.top
	for cmd != nil {
		cmd = step(cmd)
	}
	if p.top != at {
		t.Errorf("a search that was left moved from line %d to %d", at, p.top)
	}
}

// TestSearchWaitsForThePast: what is still being read of a run that has ended is not said to be without the word.
func TestSearchWaitsForThePast(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := newTextPager("OUTPUT", "x", "first")
	p.past, p.feed = true, &feed[journal.Event]{cost: eventCost, stop: func() {}}
	p.feed.room.L = &p.feed.mu
	d.c.run(push(p))
	d.See("the journal is being read")
	p.search, p.searched = regexp.MustCompile("needle"), "needle"
	cmd := d.c.run(p.find(+1))
	d.See("searching for needle ... 1 lines are read so far").Miss("no more matches")
	p.store.add(-1, noon, []byte("the needle\n"))
	d.c.run(cmd().(quietMsg).act)
	if d.See("the needle"); p.top != 1 {
		t.Errorf("at line %d", p.top)
	}
	p.feed = nil
	d.Press("n").See("no more matches for needle below")
}

// TestEveryMatchIsMarked: all of a line's matches, not the first one only.
func TestEveryMatchIsMarked(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.run(push(newTextPager("TEXT", "x", "eth0 eth1 lo eth2")))
	d.Press("/").Type("eth.").Press("enter")
	if got := strings.Count(d.c.View().Content, "\x1b[7meth"); got != 3 {
		t.Errorf("%d matches are marked, there are 3:\n%q", got, d.c.View().Content)
	}
	d.Press("/", "ctrl+u").Type("x*").Press("enter") // matches nothing everywhere
	d.sizes()
}

// TestOutputHostByHost: what many hosts said in a run that is over is read one after the other; o shows it as it came.
func TestOutputHostByHost(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("health", "nyc1/r01")
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{})
	for _, h := range p.Hosts[:3] {
		d.tell("r1", journal.StepStarted{Host: h.Name, Step: "checks", Attempt: 1})
	}
	for i := range 2 {
		for _, h := range p.Hosts[:3] {
			d.tell("r1", journal.OutputRead{Host: h.Name, Step: "checks", Attempt: 1, Offset: int64(i * 7), Data: fmt.Appendf(nil, "part %d\n", i)})
		}
	}
	d.do(d.c.openRun("r1"))
	d.Pull()
	out := newOutputPager(d.c, d.c.watches["r1"], d.c.watches["r1"].ids([]int{0, 1, 2}))
	d.c.run(push(out))
	d.Pull().Press("o").See("order is not possible here: lines still come").Press("k", "esc")
	d.tell("r1", journal.RunClosed{Result: journal.Passed})
	d.Pull()
	out = newOutputPager(d.c, d.c.watches["r1"], d.c.watches["r1"].ids([]int{0, 1, 2}))
	d.c.run(push(out))
	d.Pull().See("by host")
	var got []string
	for i := range out.store.len() {
		got = append(got, out.prefix(out.at(i))+out.at(i).text)
	}
	want := "db-01| == checks ==,db-01| part 0,db-01| part 1,db-02| == checks ==,db-02| part 0,db-02| part 1,db-03| == checks ==,db-03| part 0,db-03| part 1"
	if strings.Join(got, ",") != want {
		t.Errorf("shown as %q", got)
	}
	d.Press("o").Miss("by host")
	if out.at(1).host != 1 {
		t.Errorf("as they came, the second line is of host %d", out.at(1).host)
	}
}
