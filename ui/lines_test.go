package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestLines(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r1")
	d.patch("r2")
	for _, run := range []journal.RunID{"r1", "r2"} {
		var out bytes.Buffer
		s, err := Lines(&out, d.journal.Events(context.Background(), run, 0, false))
		if err != nil || s.Run != run {
			t.Fatal(s.Run, err)
		}
		golden(t, "lines-"+string(run)+".txt", out.String())
		for _, l := range strings.Split(out.String(), "\n") {
			if strings.TrimRight(l, " ") != l {
				t.Errorf("blanks at the end of %q", l)
			}
		}
	}
}

// TestLinesSayWhatIsAskedOfAPerson: where no screen asks it, the lines say what a manual step wants and the command that answers it, its words
// once for all hosts that wait with it; so they do of a wave that waits for approval.
func TestLinesSayWhatIsAskedOfAPerson(t *testing.T) {
	d := newDriver(t, 80, 24)
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-[01-02]", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Steps[0].Asks[0].Is = "disk.serial"
	told := journal.FactsRead{Host: "db-02", Step: "swap", Facts: []runbooks.Fact{{Key: "disk.serial", Value: "S9"}}}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{}, told, journal.StepStarted{Host: "db-01", Step: "swap", Attempt: 1}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.approval("r2")
	d.tell("r2", journal.Remarked{Text: "batch 1 of 3 waits for approval"})
	var out bytes.Buffer
	for _, run := range []journal.RunID{"r1", "r2"} {
		if _, err := Lines(&out, d.journal.Events(context.Background(), run, 0, false)); err != nil {
			t.Fatal(err)
		}
	}
	for words, n := range map[string]int{
		"db-01 waits for a person: swap, swap the disk\n":                1,
		"    Pull the disk with the red light":                           1,
		"    serial=... serial number of the new disk (db-02 told S9)\n": 1,
		"    serial=... serial number of the new disk\n":                 1,
		"    light=... is the light green (yes or no)\n":                 1,
		"    tend answer r1 db-01 serial=... light=... says":             1,
		"    tend answer r1 db-02 serial=... light=... says":             1,
		"    tend approve r2 lets it begin\n":                            1,
		"--no --reason WHY, that it could not be\n":                      2,
	} {
		if strings.Count(out.String(), words) != n {
			t.Errorf("%q is not there %d times:\n%s", words, n, out.String())
		}
	}
}

// TestLinesAreSafe: hostile output, a torn stream, a pipe that closes.
func TestLinesAreSafe(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("health", "db-01")
	p.Scope = hostile
	d.tell("r1", journal.PlanAccepted{Plan: p, By: journal.Who{User: hostile}})
	d.step("r1", "db-01", "checks", hostile+"\n", journal.Failed, hostile)
	d.tell("r1", journal.Remarked{Host: "db-01", Text: hostile}, journal.RunClosed{Result: journal.SomeFailed, Reason: hostile})
	var out bytes.Buffer
	if _, err := Lines(&out, d.journal.Events(context.Background(), "r1", 0, false)); err != nil {
		t.Fatal(err)
	}
	for i, c := range out.Bytes() {
		if c != '\n' && (c < 0x20 || c > 0x7e) {
			t.Fatalf("the byte %#x at %d of %q", c, i, out.String())
		}
	}
	if _, err := Lines(&out, d.journal.Events(context.Background(), "none", 0, false)); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("a run that is not there gives %v", err)
	}
	if _, err := Lines(brokenPipe{}, d.journal.Events(context.Background(), "r1", 0, false)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed pipe gives %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestLineConsole is a session without a screen: look, ask, run, leave.
func TestLineConsole(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r1")
	var kept []journal.Known
	for e, err := range d.journal.Events(context.Background(), "r1", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := e.Body.(journal.FactsRead); ok {
			for _, fact := range f.Facts {
				kept = append(kept, journal.Known{Host: f.Host, Fact: fact, At: e.At, Run: e.Run, Step: f.Step})
			}
		}
	}
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		d.tell("r2", journal.PlanAccepted{Plan: p, By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0})
		d.step("r2", "db-01", "checks", "", journal.OK, "", check("load", "0.1", "", "2/4", runbooks.CheckOK))
		d.tell("r2", journal.RunClosed{Result: journal.Passed})
		return "r2"
	}
	var out bytes.Buffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Known, cfg.Asks = Line, &out, known(kept...), nil
	cfg.Input = strings.NewReader(strings.Join([]string{"help", "fleet", "problems db", "host db-02", "host nobody", "runbooks", "run nosuch all", "run health db-01", "no", "run health db-01", "y",
		"journal", "replay r1", "nonsense", "quit"}, "\n") + "\n")
	if err := Run(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	golden(t, "lineconsole.txt", out.String())
	if len(d.runs.started) != 1 {
		t.Errorf("%d runs started, one was confirmed", len(d.runs.started))
	}
}

// TestLineQuestions: questions of runs are put in words, and what is not typed as asked answers nothing.
func TestLineQuestions(t *testing.T) {
	d := newDriver(t, 80, 24)
	in, typed := io.Pipe()
	var out safeBuffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Input, cfg.Asks = Line, &out, in, newFakeAsks()
	asks := cfg.Asks.(*fakeAsks)
	over := make(chan error, 1)
	go func() { over <- Run(context.Background(), cfg) }()
	see := func(text string) {
		t.Helper()
		waitFor(t, func() bool { return strings.Contains(out.String(), text) })
	}
	say := func(text string) {
		t.Helper()
		if _, err := io.WriteString(typed, text+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	see("command (help lists them):")
	asks.ch <- Ask{Run: "r1", ID: "k1", Title: "host key of db-01 \x1b[2J", Text: "SHA256:abc", Words: "yes"}
	see("run r1 has a question")
	say("")
	see(`question of run r1: host key of db-01 \x1b[2J`)
	see("SHA256:abc")
	say("y")
	see("the question stays open")
	say("answer")
	say("no")
	waitFor(t, func() bool { asks.mu.Lock(); defer asks.mu.Unlock(); return len(asks.answers) == 1 })
	say("quit")
	select {
	case err := <-over:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the line console does not end")
	}
	if asks.answers[0] != "k1=,false" {
		t.Errorf("no gave %q", asks.answers)
	}
}
