package ui

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"tend/journal"
	"tend/runbooks"
)

// typing is a line console that is typed to while it is read.
type typing struct {
	t    *testing.T
	d    *driver
	in   *io.PipeWriter
	out  safeBuffer
	read int
	over chan error
}

// newTyping opens one on a run at work, of patch, and one that waits for a person.
func newTyping(t *testing.T, change ...func(*Config)) *typing {
	t.Helper()
	d := newDriver(t, 80, 24)
	d.patch("r1")
	in, typed := io.Pipe()
	y := &typing{t: t, d: d, in: typed, over: make(chan error, 1)}
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Input, cfg.Asks = Line, &y.out, in, newFakeAsks()
	d.asks = cfg.Asks.(*fakeAsks)
	for _, f := range change {
		f(&cfg)
	}
	go func() { y.over <- Run(context.Background(), cfg) }()
	y.see("command (help lists them):")
	return y
}

// see waits for a text behind what was seen before.
func (y *typing) see(texts ...string) *typing {
	y.t.Helper()
	for _, text := range texts {
		waitFor(y.t, func() bool {
			at := strings.Index(y.out.String()[y.read:], text)
			if at >= 0 {
				y.read += at + len(text)
			}
			return at >= 0
		})
	}
	return y
}

func (y *typing) say(lines ...string) *typing {
	y.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(y.in, l+"\n"); err != nil {
			y.t.Fatal(err)
		}
	}
	return y
}

func (y *typing) quit() {
	y.t.Helper()
	y.say("quit")
	if err := <-y.over; err != nil {
		y.t.Error(err)
	}
}

// decisions are those that have arrived, in words.
func (y *typing) decisions() []string {
	y.d.runs.mu.Lock()
	defer y.d.runs.mu.Unlock()
	var out []string
	for _, d := range y.d.runs.decided {
		words := strings.TrimSpace(string(d.Decision) + " " + string(d.Host) + " " + string(d.Step) + " " + d.Reason)
		for _, k := range sortedKeys(d.Answers) {
			words += " " + k + "=" + d.Answers[k]
		}
		out = append(out, words)
	}
	return out
}

// TestLineSteering: a run that is followed is steered by typed words, each dangerous one confirmed; what is no word for it waits, and leaving ends
// nothing.
func TestLineSteering(t *testing.T) {
	y := newTyping(t)
	y.say("follow r1").see("the run is at work: help says", "FAILED web-09 upgrade")
	y.say("help").see("leave: stop following").say("where").see("FAIL 1 host, upgrade: web-09")
	y.say("pause").see("pause: the run has it").say("continue").see("continue: the run has it")
	y.say("retry").see("retry 1 host: web-09. Type 1 to go on:").say("2").see("nothing was done").say("retry", "1").see("retry: the run has it")
	y.say("skip").see("say which").say("skip nobody-1").see("none of these hosts").say("skip web-11").see("skip 1 host: web-11. Type 1").say("1").see("skip: the run has it")
	y.say("skip-step web-09", "1").see("skip-step: the run has it")
	y.say("approve").see("no wave waits").say("answer").see("nothing waits for an answer")
	y.say("problems").see("problems waits until the run has ended")
	y.say("abort").see("type abort").say("no").see("the run goes on").say("abort", "kill").see("abort: the run has it")
	y.say("leave").see("the run goes on; follow r1", "problems:", "hosts not OK", "command (help")
	y.say("pause").see("run r1, patch:", "pause: the run has it") // from the prompt, where it is the only one
	y.quit()
	want := []string{"pause", "continue", "retry web-09 upgrade", "skip_host web-11 precheck", "skip_step web-09 upgrade", "abort_hard", "pause"}
	if got := y.decisions(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLineSteersToTheEnd: when the run ends, the console asks for the next command, and what was typed meanwhile is done.
func TestLineSteersToTheEnd(t *testing.T) {
	y := newTyping(t)
	y.say("follow r1").see("FAILED web-09").say("journal").see("journal waits")
	y.d.tell("r1", journal.RunClosed{Result: journal.Stopped, Reason: "enough"})
	y.see("run r1 ended", "journal:", "patch on nyc1/r02: stopped").say("pause").see("no run is at work that could be asked to pause").quit()
}

// TestLineManualStep: a step that waits for a person says so, and its questions are put one by one.
func TestLineManualStep(t *testing.T) {
	y := newTyping(t)
	p, err := y.d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Steps[0].Asks[0].Is = "disk.serial"
	y.d.tell("r2", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.FactsRead{Host: "db-02", Step: "swap", Facts: []runbooks.Fact{{Key: "disk.serial", Value: "S1"}}}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	y.say("answer").see("name one of the runs at work: answer RUN")
	y.say("follow r2").see("db-02 waits for a person: Pull the disk with the red light", "answer db-02")
	y.say("answer").see("swap the disk", "is it done?").say("").see("the step stays open")
	y.say("answer", "no").see("serial number").say("", "", "").see("say in the note why", "the step stays open")
	y.say("answer db-02", "yes").see("serial number of the new disk (db-02 told S1):").say("S2", "yes", "").see("serial: S2 is not what db-02 told, S1 (if it is another one, put it back", "the step stays open")
	y.say("answer db-02", "yes").see("serial number").say("S1").see("is the light green (yes or no):").say("yes").see("a note").say("").see("answer: the run has it").say("leave").quit()
	if got := y.decisions(); !slices.Equal(got, []string{"answer db-02 swap light=yes serial=S1"}) {
		t.Errorf("%q", got)
	}
}

// TestLineQuestionStaysOpen: an empty line answers nothing; the question is asked again by answer, and refused by refuse alone.
func TestLineQuestionStaysOpen(t *testing.T) {
	y := newTyping(t)
	y.say("refuse").see("no question is open")
	y.say("follow r1").see("FAILED web-09")
	y.d.asks.ch <- Ask{Run: "r1", ID: "k1", Title: "host key of db-01", Words: "yes"}
	y.see("run r1 has a question; press Enter").say("").see("question of run r1: host key of db-01").say("yess").see("the question stays open")
	y.say("answer").see("host key of db-01").say("yes")
	y.d.asks.ch <- Ask{Run: "r1", ID: "p2", Title: "password"}
	y.see("run r1 has a question").say("refuse")
	y.d.asks.ch <- Ask{Run: "r1", ID: "p3", Title: "password"}
	y.see("run r1 has a question")
	for _, id := range []string{"p3", "p4", "p5"} { // when the third is taken up, the first was dealt with
		y.d.asks.ch <- Ask{Run: "r1", ID: id, Gone: true}
	}
	y.say("refuse").see("no question is open").say("leave").quit()
	if got := strings.Join(y.d.asks.answers, " "); got != "k1=yes,true p2=,false" {
		t.Errorf("answers %q", got)
	}
}

// TestLinePlan: a maintenance plan is heard, compared, rehearsed, approved and started by typed words.
func TestLinePlan(t *testing.T) {
	f := newFakePlans()
	y := newTyping(t, func(c *Config) { c.Plans = f.plans() })
	f.run = func() journal.RunID { return "r1" }
	y.say("plan").see("say which").say("plan openssl").see("approval 0 of 1; still asked: ann").say("plan openssl start").see("not approved").say("plan openssl dance").see(`not "dance"`)
	y.say("plan openssl difference").see("hosts added: web-02").say("plan openssl rehearse chaos 3").see("Every limit held")
	y.say("plan openssl approve").see("Type openssl:").say("no").see("nothing was done").say("plan openssl approve", "openssl").see("wrote plans/openssl.approvals")
	y.say("plan openssl start").see("Type openssl to start:").say("ope").see("not typed as asked: nothing was done")
	y.say("plan openssl start").see("Type openssl to start:").say("openssl").see("the run is at work").say("leave").quit()
	want := "compare plans/openssl.toml approved;rehearse plans/openssl.toml chaos 3;approve 3f2a ann key= pass=;start plans/openssl.toml 3f2a 1"
	if got := strings.Join(f.asked, ";"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLineReadOnly: a console that only looks steers and starts nothing.
func TestLineReadOnly(t *testing.T) {
	y := newTyping(t, func(c *Config) { c.Readonly = true })
	y.say("pause").see("no run is at work that could be asked to pause").say("resume r1").see("cannot be taken up").say("run health db-01").see("runs cannot be started from here")
	y.quit()
	if got := y.decisions(); got != nil {
		t.Errorf("%q", got)
	}
}
