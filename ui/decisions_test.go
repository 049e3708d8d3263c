package ui

import (
	"slices"
	"testing"

	"tend/journal"
)

// TestSteeredFromElsewhere: what somebody decides at another terminal shows at once, with who and when, and the run's information keeps all of it;
// a question that he has answered meanwhile sends nothing; and what the run waits for is the first key of the footer.
func TestSteeredFromElsewhere(t *testing.T) {
	kim := journal.Who{User: "kim", From: "desk-7"}
	d := newDriver(t, 80, 24)
	d.approval("r1")
	d.do(d.c.openRun("r1"))
	d.Pull().See("WAITS FOR APPROVAL", "\na answer").Press("a").See("let batch 1 of 3 begin").Type("5")
	d.tell("r1", journal.Decided{Decision: journal.Approve, Wave: 1, By: kim}, journal.WaveOpened{Wave: 1}, journal.Decided{Decision: journal.Pause, By: kim})
	d.Pull().See("PAUSED", "paused by kim on desk-7, 12:00").Press("enter").See("batch 1 of 3 waits no more (kim on desk-7, 12:00); nothing was sent")
	if len(d.runs.decided) != 0 {
		t.Errorf("sent all the same: %v", d.runs.decided)
	}
	for _, h := range d.c.watches["r1"].ids([]int{1, 2}) {
		d.tell("r1", journal.Decided{Decision: journal.SkipHost, Host: h, By: kim, Reason: "burnt"})
	}
	d.tell("r1", journal.Decided{Decision: journal.Answer, Host: "web-09", Step: "upgrade", By: kim, OK: true, Answers: map[string]string{"serial": "WX-7"}},
		journal.Decided{Decision: journal.AbortHard, By: kim})
	d.Pull().See("ABORTING", "aborted by kim on desk-7").Press("i", "G").See("decisions", "kim on desk-7: approve batch 1 of 3", "kim on desk-7: pause\n", "kim on desk-7: skip host web-[07-08]: burnt",
		"kim on desk-7: answer web-09 upgrade: done, serial=WX-7", "kim on desk-7: abort hard")
	if i := slices.IndexFunc(d.Screen(), func(l string) bool { return l == "decisions" }); i < 0 {
		t.Error("the decisions have no heading")
	}
}
