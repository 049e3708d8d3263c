package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/remote"
	"tend/runner"
	"tend/ssh"
)

// crowd is a hundred hosts that all want a password at once, and a person who answers in turn; a host takes the words that it likes.
type crowd struct {
	s     *secrets
	asked []runner.Question
	mu    sync.Mutex
	tried map[string]int // how many hosts a word was sent to
}

func newCrowd(answers ...string) *crowd {
	c := &crowd{s: newSecrets("r", runner.NewAsker(), journal.NewRedactor()), tried: map[string]int{}}
	c.s.ask = func(_ context.Context, q runner.Question) (string, error) {
		c.asked = append(c.asked, q)
		if len(c.asked) > len(answers) {
			return "", runner.ErrDeclined
		}
		return answers[len(c.asked)-1], nil
	}
	return c
}

// all has every host ask, try what it gets, and say what came of it; it returns how many took what they got, and how many got nothing.
func (c *crowd) all(t *testing.T, hosts int, likes func(h inventory.HostID, word string) bool) (took, none int) {
	var wait sync.WaitGroup
	for i := range hosts {
		wait.Go(func() {
			h := inventory.Host{Name: inventory.HostID(fmt.Sprintf("h-%d", i)), User: "ops"}
			word, err := c.s.give(t.Context(), h, "sudo")
			c.mu.Lock()
			defer c.mu.Unlock()
			if err != nil {
				none++
				return
			}
			c.tried[word]++
			v := remote.Wrong
			if likes(h.Name, word) {
				took++
				v = remote.Right
			}
			c.s.told(h, "sudo", v)
		})
	}
	wait.Wait()
	return took, none
}

// TestOneQuestionServesAllHosts: a hundred hosts want the same password; one question is asked.
func TestOneQuestionServesAllHosts(t *testing.T) {
	c := newCrowd("right")
	if took, none := c.all(t, 100, func(_ inventory.HostID, w string) bool { return w == "right" }); took != 100 || none != 0 || len(c.asked) != 1 {
		t.Errorf("%d took it, %d got none, %d questions", took, none, len(c.asked))
	}
}

// TestAWrongPasswordIsTriedOnce: a mistyped password is sent to one host; the next question says so, and its answer serves the others.
func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	c := newCrowd("wrogn", "right", "right")
	right := func(_ inventory.HostID, w string) bool { return w == "right" }
	if took, none := c.all(t, 100, right); took != 99 || none != 0 || len(c.asked) != 2 || c.tried["wrogn"] != 1 {
		t.Errorf("%d took it, %d got none, %d questions, sent %v", took, none, len(c.asked), c.tried)
	}
	if n := c.asked[1].Note; !strings.Contains(n, "wrong on "+string(c.asked[0].Host)) || !strings.Contains(n, "no other host") {
		t.Errorf("%q", n)
	}
	// The host that refused it comes back, and is asked for anew; one that never asked gets what the others have taken.
	for i, name := range []inventory.HostID{"late", c.asked[0].Host} {
		h := inventory.Host{Name: name, User: "ops"}
		if i == 1 {
			c.s.refused[name] = 2 // it was given the second answer as well
		}
		w, err := c.s.give(t.Context(), h, "sudo")
		c.s.told(h, "sudo", remote.Right)
		if w != "right" || err != nil || len(c.asked) != 2+i {
			t.Errorf("%s: %q, %v, %d questions", name, w, err, len(c.asked))
		}
	}
}

// TestWhoTookItIsNotAskedAgain: a host whose sudo asks at every step gets the answer that it took; once it refuses it, a person is asked.
func TestWhoTookItIsNotAskedAgain(t *testing.T) {
	c := newCrowd("right", "new")
	h := inventory.Host{Name: "h-1", User: "ops"}
	for i, step := range []struct {
		word  string
		v     remote.Verdict
		asked int
	}{{"right", remote.Right, 1}, {"right", remote.Right, 1}, {"right", remote.Wrong, 1}, {"new", remote.Right, 2}, {"new", remote.Right, 2}} {
		w, err := c.s.give(t.Context(), h, "sudo")
		c.s.told(h, "sudo", step.v)
		if w != step.word || err != nil || len(c.asked) != step.asked {
			t.Fatalf("time %d: %q, %v, %d questions", i+1, w, err, len(c.asked))
		}
	}
	for range 2 { // two sessions at once: neither is told of before the other asks
		if w, err := c.s.give(t.Context(), h, "sudo"); w != "new" || err != nil || len(c.asked) != 2 {
			t.Fatalf("%q, %v, %d questions", w, err, len(c.asked))
		}
	}
	if n := c.asked[1].Note; !strings.Contains(n, "wrong on this host") {
		t.Errorf("%q", n)
	}
}

// TestNobodyAnswersOnce: that a person declines, or is not there, is said once for all hosts; who comes back is asked again.
func TestNobodyAnswersOnce(t *testing.T) {
	c := newCrowd()
	if took, none := c.all(t, 100, nil); took != 0 || none != 100 || len(c.asked) != 1 {
		t.Errorf("%d took it, %d got none, %d questions", took, none, len(c.asked))
	}
	if _, err := c.s.give(t.Context(), inventory.Host{Name: "h-7", User: "ops"}, "sudo"); err == nil || len(c.asked) != 2 {
		t.Errorf("%v, %d questions", err, len(c.asked))
	}
}

// TestAnUnjudgedPasswordIsTriedOn: a host that vanishes with the first try leaves the answer to the next, and no new question.
func TestAnUnjudgedPasswordIsTriedOn(t *testing.T) {
	c := newCrowd("right")
	for i, v := range []remote.Verdict{remote.Unjudged, remote.Unjudged, remote.Right, remote.Wrong, remote.Right} {
		h := inventory.Host{Name: inventory.HostID(fmt.Sprintf("h-%d", i)), User: "ops"}
		if w, err := c.s.give(t.Context(), h, "sudo"); w != "right" || err != nil || len(c.asked) != 1 {
			t.Errorf("%s: %q, %v, %d questions", h.Name, w, err, len(c.asked))
		}
		c.s.told(h, "sudo", v)
	}
}

// TestQuestionsCanBeLeft: who waits for another's question, or for a trial, may go; and a question whose host has gone is nobody's answer.
func TestQuestionsCanBeLeft(t *testing.T) {
	c := newCrowd("right")
	a, b := inventory.Host{Name: "a", User: "ops"}, inventory.Host{Name: "b", User: "ops"}
	if w, err := c.s.give(t.Context(), a, "sudo"); w != "right" || err != nil {
		t.Fatalf("%q, %v", w, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.s.give(ctx, b, "sudo"); err == nil {
		t.Error("waiting for another's trial was not cancelled")
	}
	c.s.told(a, "sudo", remote.Wrong)
	c.s.ask = func(context.Context, runner.Question) (string, error) { return "", ctx.Err() }
	if _, err := c.s.give(t.Context(), b, "sudo"); err == nil {
		t.Error("an answer from nowhere")
	}
	c.s.ask = func(context.Context, runner.Question) (string, error) { return "right", nil }
	if w, err := c.s.give(t.Context(), b, "sudo"); w != "right" || err != nil {
		t.Errorf("%q, %v", w, err)
	}
}

// TestAQuestionHasItsTime: nobody answers for as long as a question waits, and the run goes on without.
func TestAQuestionHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecrets("r", runner.NewAsker(), journal.NewRedactor())
		began := time.Now()
		if _, err := s.give(t.Context(), inventory.Host{Name: "a"}, "sudo"); err != runner.ErrNobody || time.Since(began) != runner.Patience {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// TestAnAcceptedHostKeyIsRecorded: what a person accepts at the screen stands in the journal, and what is declined or mistyped does not.
func TestAnAcceptedHostKeyIsRecorded(t *testing.T) {
	var recorded []ssh.Warning
	answer := ""
	p := prompter{func(context.Context, runner.Question) (string, error) { return answer, nil }, runner.Commission{HostKeys: true}, func(w ssh.Warning) { recorded = append(recorded, w) }}
	q := ssh.Question{Kind: ssh.AskHostKey, Host: "web-1", KeyType: "ssh-ed25519", Fingerprint: "SHA256:abc"}
	for _, answer = range []string{"no", "SHA256:abd", ""} {
		if _, err := p.Prompt(t.Context(), q); err != nil || len(recorded) > 0 {
			t.Fatalf("%q: %v, %v", answer, err, recorded)
		}
	}
	for i, a := range []string{"yes", "SHA256:abc"} {
		answer = a
		if _, err := p.Prompt(t.Context(), q); err != nil || len(recorded) != i+1 {
			t.Fatalf("%q: %v, %v", answer, err, recorded)
		}
		if w := recorded[i]; w.Host != "web-1" || !strings.Contains(w.Text, "ssh-ed25519 SHA256:abc") {
			t.Errorf("%+v", w)
		}
	}
	p.c.HostKeys = false
	if _, err := p.Prompt(t.Context(), q); err != ssh.ErrDeclined || len(recorded) != 2 {
		t.Errorf("%v, %v", err, recorded)
	}
}
