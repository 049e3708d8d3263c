package ui

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// toPlan goes to the plan of patch on rack r01 by keys alone.
func (d *driver) toPlan() *driver {
	d.t.Helper()
	return d.Press("j", "r", "j", "enter").See("PLAN patch", "*PROD*", "nothing has run yet")
}

func (d *driver) startsAs(id journal.RunID) {
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		if _, err := d.journal.Append(d.c.work.ctx, id, journal.PlanAccepted{Plan: p, By: journal.Who{User: "ops"}}); err != nil {
			d.t.Error(err)
		}
		return id
	}
}

func TestStartWantsTheBlastRadiusTyped(t *testing.T) {
	for word, starts := range map[string]bool{"nyc1/r01": true, "8": true, "y": false, "yes": false, "": false, "nyc1": false, "nyc1/r02": false, "9": false} {
		d := newDriver(t, 80, 24)
		d.startsAs("r1")
		d.toPlan().Press("i").Type("weekly").Press("enter", "t").Type("OPS-1").Press("enter")
		d.Press("s").See("DISRUPTS 8 PROD hosts. Type nyc1/r01 to start:").Type(word).Press("enter")
		if got := len(d.runs.started) == 1; got != starts {
			t.Errorf("typed %q: started %v, want %v", word, got, starts)
		}
		if !starts {
			d.See("nothing was done", "PLAN patch")
			continue
		}
		d.Pull().See("RUN r1 patch")
		if d.runs.reasons[0] != "weekly/OPS-1" || len(d.runs.started[0].Hosts) != 8 {
			t.Errorf("started with %q on %d hosts", d.runs.reasons, len(d.runs.started[0].Hosts))
		}
		d.Press("esc").See("FLEET")
	}
}

func TestEveryHostIsNotConfirmedByEnter(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.startsAs("r1")
	d.Press(":").Type("run patch").Press("enter").See("PLAN patch", "35 hosts", "all").Press("s").See("DISRUPTS 35 PROD hosts. Type all to start:").Press("enter").See("nothing was done")
	if len(d.runs.started) != 0 {
		t.Fatal("Enter alone disrupts every host")
	}
	d.Press("s").Type("all").Press("enter").Pull().See("RUN r1")
}

func TestReadingWantsAY(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.startsAs("r1")
	d.Press("j", "r", "enter").See("PLAN health", "changes nothing").Press("s").See("Type y to start").Press("enter").See("nothing was done")
	d.Press("s").Type("y").Press("enter").Pull().See("RUN r1 health")
	d = newDriver(t, 80, 24)
	d.startsAs("r2")
	d.Press("j", "r", "enter").See("y starts").Press("y").Pull().See("RUN r2 health")
	d = newDriver(t, 80, 24)
	d.toPlan().Press("y", "enter", "esc").See("PLAN patch")
	if len(d.runs.started) != 0 {
		t.Error("y alone disrupts")
	}
}

func TestConfirmationCannotBePasted(t *testing.T) {
	d := newDriver(t, 80, 24).toPlan().Press("s")
	d.send(tea.PasteMsg{Content: "nyc1/r01\n"})
	d.Press("enter").See("nothing was done")
	if len(d.runs.started) != 0 {
		t.Error("a pasted scope started the run")
	}
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull().Press("x")
	d.send(tea.PasteMsg{Content: "abort"})
	d.Press("enter").See("not typed as asked: the run goes on")
	f := newFakePlans()
	f.page.NoStart, d.c.cfg.Plans = "", f.plans()
	d.Press(":").Type("plan openssl").Press("enter", "s")
	d.send(tea.PasteMsg{Content: "openssl"})
	d.Press("enter").See("not typed as asked: nothing was done")
}

type hinted struct{ error }

func (hinted) Hint() string { return "free some room" }

func TestStartFails(t *testing.T) {
	d := newDriver(t, 100, 24)
	d.runs.err = hinted{errors.New("the journal's disk is full")}
	d.toPlan().Press("s").Type("8").Press("enter").See("not started: the journal's disk is full (free some room)", "PLAN patch")
}

func TestReadonly(t *testing.T) {
	d := newDriver(t, 100, 24, func(c *Config) { c.Readonly = true })
	d.See("READ-ONLY").toPlan().Press("s").See("start is not possible here: this console is read-only (--readonly)")
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull()
	for _, k := range []string{"p", "x", "t", "z", "Z", "a"} {
		d.Press(k).See("is not possible here: this console is read-only").Press("down")
	}
	if len(d.runs.started)+len(d.runs.decided) != 0 {
		t.Error("a read-only console asked for something")
	}
}

func (d *driver) toRun() *driver {
	d.t.Helper()
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	return d.Pull().See("RUN r1 patch", "RUNNING")
}

func TestDecisions(t *testing.T) {
	for name, c := range map[string]struct {
		keys []string
		want []journal.Decided
	}{
		"pause":             {[]string{"p"}, []journal.Decided{{Decision: journal.Pause}}},
		"abort":             {[]string{"x", "a", "b", "o", "r", "t", "enter"}, []journal.Decided{{Decision: journal.Abort}}},
		"kill":              {[]string{"x", "k", "i", "l", "l", "enter"}, []journal.Decided{{Decision: journal.AbortHard}}},
		"abort not typed":   {[]string{"x", "enter"}, nil},
		"abort left":        {[]string{"x", "a", "b", "o", "r", "t", "esc"}, nil},
		"retry":             {[]string{"t", "1", "enter"}, []journal.Decided{{Decision: journal.Retry, Host: "web-09", Step: "upgrade"}}},
		"retry not typed":   {[]string{"t", "enter"}, nil},
		"retry what is OK":  {[]string{"j", "j", "t", "1", "enter"}, nil},
		"skip":              {[]string{"z", "1", "enter"}, []journal.Decided{{Decision: journal.SkipHost, Host: "web-09", Step: "upgrade"}}},
		"skip step":         {[]string{"Z", "1", "enter"}, []journal.Decided{{Decision: journal.SkipStep, Host: "web-09", Step: "upgrade"}}},
		"skip the waiting":  {[]string{"G", "z", "1", "0", "enter"}, []journal.Decided{{Decision: journal.SkipHost, Host: "web-11", Step: "precheck"}}},
		"esc":               {[]string{"esc", "esc", "esc"}, nil},
		"a torn arrow key":  {[]string{"esc", "[", "A", "esc", "[", "B"}, nil},
		"nothing to answer": {[]string{"a"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, 80, 24).toRun().Press(c.keys...)
			got := d.runs.decided
			if name == "skip the waiting" {
				if len(got) != 10 {
					t.Fatalf("%d decisions, ten hosts wait", len(got))
				}
				got = got[:1]
			}
			if len(got) != len(c.want) {
				t.Fatalf("decided %+v, want %+v", got, c.want)
			}
			for i := range c.want {
				c.want[i].By = journal.Who{User: "ops", From: "test"}
				if got[i].Decision != c.want[i].Decision || got[i].Host != c.want[i].Host || got[i].Step != c.want[i].Step || got[i].By != c.want[i].By {
					t.Errorf("decided %+v, want %+v", got[i], c.want[i])
				}
			}
		})
	}
}

// TestARunThatStandsStillSaysWhy: nobody is at work and nothing is asked of anyone; who looks sees what the run waits for, until it goes on.
func TestARunThatStandsStillSaysWhy(t *testing.T) {
	const why = "5 hosts are outside the maintenance window, which opens at Sun 6 Dec 01:00 CET"
	d := newDriver(t, 80, 24)
	p := d.plan("patch", "nyc1/r02")
	p.Policy.Pause = "5m"
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for _, s := range p.Steps {
		d.step("r1", "web-06", s.ID, "", journal.OK, "")
	}
	d.tell("r1", journal.Remarked{Text: why})
	d.do(d.c.openRun("r1"))
	d.Pull().See("WAITS 0", why).Miss("RUNNING")
	d.tell("r1", journal.WaveOpened{Wave: 1})
	d.Pull().See("RUNNING").Miss("outside the maintenance window")
}

func TestApproval(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.plan("patch", "nyc1/r02")
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0})
	for _, s := range p.Steps {
		d.step("r1", "web-06", s.ID, "", journal.OK, "")
	}
	d.do(d.c.openRun("r1"))
	d.Pull().See("WAITS FOR APPROVAL", "waits for approval: a")
	d.Press("a").See("5 hosts. Type 5:").Type("5").Press("enter")
	if len(d.runs.decided) != 1 || d.runs.decided[0].Decision != journal.Approve || d.runs.decided[0].Wave != 1 {
		t.Fatalf("decided %+v", d.runs.decided)
	}
	d.tell("r1", d.runs.decided[0], journal.WaveOpened{Wave: 1})
	d.Pull().Miss("WAITS FOR APPROVAL")
}

func TestManualStep(t *testing.T) {
	d := newDriver(t, 80, 24)
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.do(d.c.openRun("r1"))
	d.Pull().See("WAITS FOR A PERSON").Press("a").See("MANUAL STEP db-02", "Pull the disk with the red light", "nyc1/r01 U4")
	d.Press("ctrl+y").See("an answer is missing: serial number")
	d.Type("WX-7").Press("tab").Type("perhaps").Press("ctrl+y").See("yes or no")
	d.Press("ctrl+u").Type("yes").Press("tab").Type("bay 3").Press("ctrl+y")
	got := d.runs.decided
	if len(got) != 1 || got[0].Decision != journal.Answer || !got[0].OK || got[0].Answers["serial"] != "WX-7" || got[0].Answers["light"] != "yes" || got[0].Reason != "bay 3" {
		t.Fatalf("decided %+v", got)
	}
	d.See("RUN r1")
}

// TestNoVerbOnWhatALinkInvents: a torn arrow key types Esc, [ and a letter; a torn F-key digits and ~.
func TestNoVerbOnWhatALinkInvents(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.patch("r1")
	w := d.c.follow("r1")
	d.Pull()
	rb := library()[1]
	plan := d.plan("patch", "nyc1/r01")
	screens := []screen{d.c.stack[0], newHostScreen(d.c, "db-01"), newRackScreen(d.c, "nyc1", "r01"), newPicker(d.c, []inventory.HostID{"db-01"}, "db-01"),
		newForm(rb, "db-01", Wish{}), newPlanScreen(d.c, rb, Wish{}, proposal{plan: plan}), newRunScreen(d.c, w), newTextPager("X", "x", "x"), newJournalScreen(d.c, ""), &searchScreen{}, &shellsScreen{},
		newHelp(d.c), newOffer(d.c, nil, nil), &askScreen{}, &manualScreen{}}
	for _, s := range screens {
		d.c.stack = []screen{s}
		seen := map[string]string{}
		for _, b := range append(s.Binds(), d.c.binds()...) {
			for k := range strings.FieldsSeq(b.keys) {
				if slices.Contains(strings.Split("[ ~ 0 1 2 3 4 5 6 7 8 9 A B C D F H O P Q R S", " "), k) {
					t.Errorf("%T: %s is on %q, which a slow link can invent", s, b.name, k)
				}
				if strings.HasPrefix(k, "alt+") || len(k) > 1 && k[0] == 'f' && k[1] >= '0' && k[1] <= '9' {
					t.Errorf("%T: %s is on %q, which not every terminal has", s, b.name, k)
				}
				if other, ok := seen[k]; ok && k != "esc" && k != "q" {
					t.Errorf("%T: %q is both %s and %s", s, k, other, b.name)
				}
				seen[k] = b.name
			}
			if b.help == "" || b.do == nil {
				t.Errorf("%T: %s has no help or does nothing", s, b.name)
			}
			one := strings.Fields(b.keys)
			reach := len(one) == 0
			for _, k := range one {
				reach = reach || !slices.Contains([]string{"up", "down", "left", "right", "pgup", "pgdown", "home", "end"}, k)
			}
			if !reach {
				t.Errorf("%T: %s needs an arrow key", s, b.name)
			}
		}
	}
}

func TestOpenRunsAreOffered(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("261122-1210-open")
	d.runs.alive = []journal.RunID{"261122-1210-open"}
	d.do(d.c.loadOpen())
	d.See("OPEN RUNS", "261122-1210-open", "some process is at work on it")
	d.Press("enter").Pull().See("RUN 261122-1210-open").Press("esc").See("FLEET", "at work: patch 4/15")
	d.runs.alive = []journal.RunID{}
	d.do(d.c.loadOpen())
	d.See("no process is at work on it").Press("enter").Pull().See("RUN 261122-1210-open")
	d.now = d.now.Add(10 * time.Second)
	d.Pull()
	d.now = d.now.Add(2 * time.Second)
	d.Pull().See("OPEN, NO PROCESS", "c takes it up").Press("p").See("no process is at work on the run")
	d.Press("c").See("taken up again", "RUNNING")
	if len(d.runs.resumed) != 1 {
		t.Errorf("resumed %v", d.runs.resumed)
	}
}

// TestRunsThatReadAreNotOffered: while they are at work the status line names them; left behind, they are offered like any other.
func TestRunsThatReadAreNotOffered(t *testing.T) {
	d := newDriver(t, 80, 24)
	const run = "261122-1210-read"
	d.tell(run, journal.PlanAccepted{Plan: d.plan("health", "nyc1/r02"), By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0})
	d.runs.alive = []journal.RunID{run}
	d.do(d.c.loadOpen())
	d.See("FLEET").Pull().See("at work: health")
	d.runs.alive = []journal.RunID{}
	d.do(d.c.loadOpen())
	d.See("OPEN RUNS", run)
}

func TestLeaving(t *testing.T) {
	d := newDriver(t, 80, 24).toRun()
	d.Press("ctrl+c").See("ctrl+c again leaves the console; runs go on").Press("j").Press("ctrl+c")
	if d.quit {
		t.Fatal("one ctrl+c was enough")
	}
	d.Press("ctrl+c")
	if !d.quit || len(d.runs.decided) != 0 {
		t.Fatal("two do not leave, or touch the run")
	}
	d = newDriver(t, 80, 24).Press(":").Type("fleet").Press("ctrl+c").See("ctrl+c again leaves").Press("ctrl+c")
	if !d.quit {
		t.Fatal("two ctrl+c do not leave an open prompt")
	}
	d = newDriver(t, 80, 24).Press("J", "q", "q")
	if d.quit {
		t.Fatal("q left from a screen below")
	}
	if d.Press("q"); !d.quit {
		t.Fatal("q twice on the fleet does not leave")
	}
	d = newDriver(t, 80, 24).Press(":").Type("q").Press("enter")
	if !d.quit {
		t.Fatal(":q does not leave")
	}
}

func TestMarks(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("/").Type("db").See("filter: db", "(3 hosts)", "db-03").Miss("web-01").Press("enter", "*").See("3 marked").Press("esc").Miss("filter: db")
	d.Press("r").See("RUNBOOKS for db-[01-03]", "3 hosts").Press("esc", "u").Miss("marked")
	d.Press("+", "g", "j", "j", "v", "j", "j", "v").See("3 marked").Press("u", "g", "j", "space").See("8 marked").Press("k", "space").Miss("marked")
	d.Press(":").Type("mark tag=app !app-01").Press("enter").See("11 hosts marked", "11 marked")
	d.Press("r").See("RUNBOOKS for app-[02-12]").Miss("*PROD*")
}

func TestFilterLine(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.c.follow("r0")
	d.Pull()
	for text, want := range map[string]string{
		"web-1": "(10 hosts)", "WEB-1": "(10 hosts)", "!web nyc": "(3 hosts)", "state=fail": "(1 host)", "state=": "none", "pending>5": "(1 host)", "tag=db": "(3 hosts)",
		"nyc1/r01": "(8 hosts)", "web-[01-03]": "(3 hosts)", "os=alpine*": "(12 hosts)", "alpine": "(12 hosts)", "nosuch": "(0 hosts)", "reboot=yes": "(0 hosts)",
	} {
		d.Press("/", "ctrl+u").Type(text)
		if want == "none" {
			d.See("OK:5", "35 hosts")
		} else {
			d.See(want)
		}
		d.Press("esc").See("filter: none")
	}
	d.Press("o").See("(30 hosts)", "problems").Press("esc").See("filter: none")
	d.Press("/").Type("db").Press("enter", "/").Type("x").Press("esc").See("filter: db")
}

func TestForm(t *testing.T) {
	d := newDriver(t, 80, 24).Press("j", "r", "j", "j", "enter").See("PARAMETERS replace-disk", "must be given")
	d.Press("enter").See("slot: must be given").Type("99").Press("enter").See("PARAMETERS")
	d.Press("ctrl+u").Type("3").Press("enter").See("PLAN replace-disk", "slot=3", "a person in the room")
	d.Press("e").See("PARAMETERS").Press("tab").Type("x").See("a number, 0 or more").Press("ctrl+r").Miss("a number")
	d.Press("esc", "esc", "j", "r", "j", "e").See("PARAMETERS patch").Press("ctrl+o").See("> reboot              never|if-nee~ always_")
	d.Press("enter").See("PLAN patch", "reboot=always")
}

func TestJournalFilter(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("261122-1200-heal")
	d.patch("261122-1210-patc")
	d.Press("J").See("2 runs").Press("f").Type("!patch").See("1 run").Miss("1210-patc").Press("enter", "esc").See("2 runs")
	d.Press("j", "enter").Pull().See("RUN 261122-1200-heal", "FAILED").Press("esc", "esc").See("FLEET")
}

// TestPanic: whoever panics, the console ends in order and says where the cause is; nothing is decided.
func TestPanic(t *testing.T) {
	for name, where := range map[string]func(d *driver){
		"key":  func(d *driver) { d.c.stack = append(d.c.stack, panics{}); d.Press("j") },
		"view": func(d *driver) { d.c.stack = append(d.c.stack, panics{}); d.c.View(); d.Press("k") },
		"command": func(d *driver) {
			d.do(d.c.work.do(func(context.Context) tea.Msg { panic("boom in a command") }))
			d.Press("k")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := newDriver(t, 80, 24, func(c *Config) { c.StateDir = dir })
			where(d)
			if !d.quit || d.c.crash == "" {
				t.Fatalf("quit %v, log %q", d.quit, d.c.crash)
			}
			raw, err := os.ReadFile(d.c.crash)
			if err != nil || !strings.Contains(string(raw), "boom") || !strings.Contains(string(raw), "goroutine") {
				t.Fatalf("the log holds %q, %v", raw, err)
			}
			if info, _ := os.Stat(d.c.crash); info.Mode().Perm() != 0o600 {
				t.Errorf("the log's mode is %v", info.Mode())
			}
		})
	}
}

type panics struct{}

func (panics) Binds() []bind {
	return []bind{{keys: "j", name: "boom", help: "x", do: func() action { panic("boom at a key") }}}
}
func (panics) View(area) frame { panic("boom in a view") }

// TestOpenRunsCoverNothing: where somebody has opened a page before it was known which runs are open, a line says so.
func TestOpenRunsCoverNothing(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.cfg.Sheet = sheetOf
	d.patch("261122-1210-open")
	found := d.c.loadOpen()
	d.Press("V").See("DRIFT")
	d.do(found)
	d.See("DRIFT", "1 run not ended; J lists it").Miss("OPEN RUNS")
}

// TestNoFoldBehindAFilter: what a filter shows is unfolded; a key that folds or unfolds says so, and changes nothing that shows when the filter goes.
func TestNoFoldBehindAFilter(t *testing.T) {
	d := newDriver(t, 80, 24)
	was := strings.Join(d.Screen(), "\n")
	d.Press("/").Type("db-0").Press("enter", "j").See(">   [-] r01")
	for _, k := range []string{"enter", "+", "-"} {
		d.Press(k).See("a filter unfolds all; esc clears it")
	}
	d.Press("j", "h").See(">   [-] r01").Press("h").See("> [-] nyc1", "db-01").Press("j", "j", "enter").See("HOST db-0").Press("esc", "esc", "g")
	if now := strings.Join(d.Screen(), "\n"); now != was {
		t.Errorf("behind the filter it stood:\n%s\nand then:\n%s", was, now)
	}
}
