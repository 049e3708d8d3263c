package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// TestALongQuestionLeavesItsAnswerRoom: with a fingerprint's picture in it, a question is longer than a crash cart's screen.
func TestALongQuestionLeavesItsAnswerRoom(t *testing.T) {
	title := "the host's key is not known: [127.0.0.1]:24222 presents ssh-ed25519 SHA256:iLAdvcoRSFxdtCjAXubYINnpuJuss7FK5mz0sSYFiHA"
	for _, size := range [][2]int{{60, 20}, {80, 24}} {
		d := newDriver(t, size[0], size[1])
		d.ask(Ask{Run: "r1", ID: "k", Title: title, Words: "yes", Text: "SHA256:iLA" + strings.Repeat("\n| =oo.. oo        |", 11)})
		d.now = d.now.Add(2 * grace)
		d.See("presents", "SHA256:iLA", "type yes to say yes").Type("ye").See("answer: ye_").Press("enter").See("type exactly: yes", "answer: ye_")
	}
	d := newDriver(t, 60, 20)
	d.ask(Ask{Run: "r1", ID: "k", Title: "t", Text: strings.Repeat("line\n", 20) + "the end", Words: "yes"})
	d.now = d.now.Add(2 * grace)
	d.Miss("the end").See("^F reads on").Press("ctrl+f", "ctrl+f").See("the end", "answer:").Press("ctrl+b", "ctrl+b").Miss("the end")
}

func TestAskSwallowsKeysInFlight(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press(":").Type("hos")
	d.ask(Ask{Run: "r1", ID: "k1", Title: "host key of db-01 is not known", Text: "SHA256:abc", Words: "yes"}).See("QUESTION", "SHA256:abc", "thrown away")
	d.Type("yes").Press("enter").See("QUESTION")
	if len(d.asks.answers) != 0 {
		t.Fatalf("keys in flight answered: %v", d.asks.answers)
	}
	d.now = d.now.Add(2 * time.Second)
	d.See("what was typed as it opened is lost; ^U begins anew").Press("enter").See("type exactly: yes").Type("YES").Press("enter").See("type exactly: yes").Press("ctrl+u")
	d.send(tea.PasteMsg{Content: "yes"})
	d.Press("enter").See("type exactly: yes")
	d.Type("yes").Press("enter").See("FLEET")
	d.ask(Ask{Run: "r1", ID: "p1", Title: "passphrase of id_ed25519", Secret: true})
	d.now = d.now.Add(2 * time.Second)
	d.Press("enter").See("nothing is typed; enter again sends that")
	d.Type("s3cret").Miss("s3cret").Miss("nothing is typed").See("******").Press("enter")
	d.ask(Ask{Run: "r1", ID: "k2", Title: "host key of db-02", Words: "yes"})
	d.now = d.now.Add(2 * time.Second)
	d.Press("ctrl+n").See("FLEET")
	d.ask(Ask{Run: "r1", ID: "k3", Title: "host key of db-03", Words: "yes"}).See("db-03").ask(Ask{Run: "r1", ID: "k3", Gone: true}).See("FLEET")
	d.ask(Ask{Run: "r1", ID: "e4", Title: "press enter to go on"})
	d.now = d.now.Add(2 * time.Second)
	d.Press("enter", "enter").See("FLEET")
	if got, want := strings.Join(d.asks.answers, " "), "k1=yes,true p1=s3cret,true k2=,false e4=,true"; got != want {
		t.Errorf("answers %q, want %q", got, want)
	}
}

// TestWhatWasTypedForAnotherGoesNowhere: somebody else answers while this one types. The rest of the word is part of a password: it reaches neither
// the question behind, which is another host's, nor a screen whose keys act.
func TestWhatWasTypedForAnotherGoesNowhere(t *testing.T) {
	d := newDriver(t, 80, 24)
	for _, id := range []string{"h3", "h5"} {
		d.ask(Ask{Run: "r1", ID: id, Title: "password on " + id, Secret: true})
		d.now = d.now.Add(2 * grace)
	}
	d.See("on h5").Type("rig").ask(Ask{Run: "r1", ID: "h5", Gone: true}).See("on h3").Type("ht").Press("enter", "enter").See("on h3", "thrown away").Miss("*")
	d.send(tea.PasteMsg{Content: "right"})
	d.Miss("*")
	d.now = d.now.Add(2 * grace)
	d.Type("hq").ask(Ask{Run: "r1", ID: "h3", Gone: true}).See("FLEET").Type("J").See("FLEET", "thrown away")
	for range 3 { // one who types on has not looked up yet
		d.now = d.now.Add(grace - time.Millisecond)
		d.Press("J").See("FLEET", "thrown away")
	}
	d.now = d.now.Add(2 * grace)
	d.Press("J").See("JOURNAL")
	if len(d.asks.answers) != 0 {
		t.Errorf("answered: %v", d.asks.answers)
	}
}

// TestEscLeavesAQuestionOpen: esc answers nothing; the question waits, the status line of every screen says so, and one key or a command has
// it back, until it is answered here or elsewhere.
func TestEscLeavesAQuestionOpen(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("!").See("question is not possible here: no question waits")
	for _, id := range []string{"k1", "p2"} {
		d.ask(Ask{Run: "r1", ID: id, Title: "about " + id, Secret: id == "p2"})
		d.now = d.now.Add(2 * grace)
		d.Press("esc").See("FLEET")
	}
	if len(d.asks.answers) != 0 {
		t.Fatalf("esc answered: %v", d.asks.answers)
	}
	d.Press("J").See("JOURNAL", "2 questions wait (!)").Press("!").See("QUESTION", "about k1").Type("yes").Press("enter").See("JOURNAL", "a question waits (!)")
	d.Press(":").Type("question").Press("enter").See("about p2").Type("x").Press("esc").See("the question stays open; ! shows it again").Press("!").Miss("*") // what was typed of a secret is gone
	d.Press("esc").ask(Ask{Run: "r1", ID: "p2", Gone: true}).Miss("waits").Press("!").See("no question waits")
	if got := strings.Join(d.asks.answers, " "); got != "k1=yes,true" {
		t.Errorf("answers %q", got)
	}
}
