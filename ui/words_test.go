package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestNoWordIsDropped: a verb that acts on what the cursor is on refuses words behind it, which name something else.
func TestNoWordIsDropped(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	d.startsAs("r1")
	d.Press(":").Type("replay r1").Press("enter").Pull().See("RUN r1 patch")
	for _, line := range []string{"retry web-10", "skip web-10", "abort web-10", "pause now", "quit all", "fleet nyc1"} {
		name, _, _ := strings.Cut(line, " ")
		d.Press(":").Type(line).Press("enter").See(name+" takes no words", "RUN r1 patch")
	}
	if d.c.prompt != nil || len(d.runs.decided) != 0 || d.quit {
		t.Errorf("it asked %v and decided %v", d.c.prompt, d.runs.decided)
	}
	d.Press("esc", ":").Type("shell db-01").Press("enter").See("shell takes no words", "FLEET")
}

// TestPaletteNamesFirst: what bears the typed name stands first, since Enter does the first one; a key finds its verb.
func TestPaletteNamesFirst(t *testing.T) {
	for text, first := range map[string]string{"rack": "rack", "mark": "mark", "run": "run", "fold": "fold", "*": "mark-all", "J": "journal", "elevation": "rack"} {
		d := newDriver(t, 80, 24)
		v := newPalette(d.c)
		v.field.set(text)
		v.refilter()
		if len(v.shown) == 0 || v.shown[0].name != first {
			t.Errorf("%q finds %v first, want %s", text, v.shown[0].name, first)
		}
	}
}

// TestHelpFindsKeysAsWritten: a key is found as the list writes it, ^R, and as the settings do, ctrl+r.
func TestHelpFindsKeysAsWritten(t *testing.T) {
	for text, first := range map[string]string{"^P": "palette", "^p": "palette", "ctrl+p": "palette", "^F": "page-down"} {
		d := newDriver(t, 80, 24)
		v := newHelp(d.c)
		v.field.set(text)
		v.refilter()
		if len(v.shown) == 0 || v.shown[0].name != first {
			t.Errorf("%q finds %d verbs, and not %s first", text, len(v.shown), first)
		}
	}
}

// TestPaletteBeginsWithWhatCanBeDone: Enter on a palette that was just opened does the first verb, which is none that is not possible now.
func TestPaletteBeginsWithWhatCanBeDone(t *testing.T) {
	d := newDriver(t, 80, 24)
	v := newPalette(d.c)
	seen := false
	for i, b := range v.shown {
		no := b.why != nil && b.why() != ""
		if i == 0 && no || seen && !no {
			t.Errorf("%s is at place %d", b.name, i)
		}
		seen = seen || no
	}
	if !seen {
		t.Error("what is not possible is not shown, with its reason")
	}
}

// TestPaletteOfAPageThatIsTypedOn: its letters are text, so that the palette names none as a key.
func TestPaletteOfAPageThatIsTypedOn(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("r").Type("/patch").Press("enter", "e").See("PARAMETERS").Press("ctrl+p").Type("mouse").See(">         mouse").Press("ctrl+u").Type("redraw").See("^L      redraw")
	d.Press("ctrl+u").Type("quit").See("quit: back, and").Press("enter").Miss("PARAMETERS")
	d.Press("esc", "esc", "ctrl+p").Type("mouse").See("> m       mouse")
}

// TestWrapBreaksNoName: lines end at spaces, else behind commas outside of brackets, and within a word only where it fills the line.
func TestWrapBreaksNoName(t *testing.T) {
	for _, c := range []struct {
		in   string
		w    int
		want string
	}{
		{"groups pg-main, web-nyc1, k8s-nyc1", 20, "groups pg-main,|web-nyc1, k8s-nyc1"},
		{"bak-[0430,0830],db-[0310,0312],dns-1", 17, "bak-[0430,0830],|db-[0310,0312],|dns-1"},
		{"jobs-a[1-3],jobs-l[1-2]", 12, "jobs-a[1-3],|jobs-l[1-2]"},
		{"all: a-1,b-2,c-3", 10, "all: a-1,|b-2,c-3"},
		{"  indented words here", 12, "  indented|words here"},
		{"/a/path/that-is-longer/than", 10, "/a/path/th|at-is-long|er/than"},
		{"exactly ten", 11, "exactly ten"}, {"exactly ten more", 11, "exactly ten|more"}, {"", 5, ""}, {"two\nlines", 9, "two|lines"}, {"日本語の", 5, "日本|語の"}, {"日本", 1, "日本"},
	} {
		if got := strings.Join(wrap(c.in, c.w), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.in, c.w, got, c.want)
		}
	}
}

// TestRackOpensAtTheHost: the cursor stands on the host that it was on, so that its light blinks and no other's.
func TestRackOpensAtTheHost(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("+", ":").Type("filter web-03").Press("enter", "G").See("web-03").Press("e").See("RACK nyc1/r01")
	if top, ok := d.c.top().(*rackScreen); !ok || top.host().Name != "web-03" {
		t.Errorf("the cursor is on %q", top.host().Name)
	}
}

// TestRangeSaysThatItBegan, and what ends it.
func TestRangeSaysThatItBegan(t *testing.T) {
	newDriver(t, 80, 24).Press("v").See("a range begins here").Press("j", "v").Miss("a range begins here")
}

// TestAnotherPlanKeepsWhatWasSaid: reason and ticket outlast a dry run and a change of parameters.
func TestAnotherPlanKeepsWhatWasSaid(t *testing.T) {
	said := func() *driver {
		return newDriver(t, 80, 24).toPlan().Press("i").Type("weekly").Press("enter", "t").Type("OPS-1").Press("enter").See("weekly", "OPS-1")
	}
	said().Press("d").See("dry run: only what reads", "weekly", "OPS-1")
	said().Press("e").See("PARAMETERS patch").Press("ctrl+o", "enter").See("PLAN patch", "reboot=always", "weekly", "OPS-1")
}

// TestDryRunOfNothing: a plan none of whose steps reads has no dry run, which would pass without having done anything.
func TestDryRunOfNothing(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("j", "r", "/").Type("disk").Press("enter", "enter").See("PARAMETERS replace-disk").Type("3").Press("enter").See("PLAN replace-disk")
	d.Press("d").See("dry-run is not possible here: none of its steps only reads", "disrupt")
}

// TestFormSaysItOnce: a parameter that is missing is named by its field, and not again by the plan that could not be made.
func TestFormSaysItOnce(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press(":").Type("run replace-disk db-01").Press("enter").See("PARAMETERS replace-disk", "! slot must be given")
	if n := strings.Count(strings.Join(d.Screen(), "\n"), "\n! "); n != 1 {
		t.Errorf("it says it %d times", n)
	}
}

// TestNarrowHostShowsAges: at the least width every check still says how old it is.
func TestNarrowHostShowsAges(t *testing.T) {
	d := newDriver(t, 60, 20)
	d.health("r1")
	d.Press(":").Type("replay r1").Press("enter").Pull().Press("esc", ":").Type("host db-02").Press("enter")
	for _, l := range d.Screen() {
		if strings.Contains(l, "disk:/var") && strings.Contains(l, "CRIT") && strings.HasSuffix(l, "s") {
			return
		}
	}
	d.See("disk:/var with its age")
}

// TestTooSmallFits: the size that is needed can be read in any window.
func TestTooSmallFits(t *testing.T) {
	d := newDriver(t, 20, 5)
	d.See("too small, min 60x20").Press("ctrl+c", "ctrl+c")
	if !d.quit {
		t.Error("a small window cannot be left")
	}
}

// lineSession answers the line console's questions and returns all that it said.
func (d *driver) lineSession(change func(*Config), lines ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Asks, cfg.Input = Line, &out, nil, strings.NewReader(strings.Join(lines, "\n")+"\n")
	if change != nil {
		change(&cfg)
	}
	if err := Run(context.Background(), cfg); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}

// TestLineConsoleIsNotAsOldAsItself: what runs find while it is open is in its answers, its own run's and another's.
func TestLineConsoleIsNotAsOldAsItself(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.tell("r0", journal.PlanAccepted{Plan: d.plan("health", "db-02"), By: d.c.cfg.Who})
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		d.tell("r1", journal.PlanAccepted{Plan: p, By: d.c.cfg.Who})
		d.step("r1", "db-01", "checks", "", journal.Failed, "exit 1", check("load", "9", "", "2/4", runbooks.CheckCrit))
		d.tell("r1", journal.RunClosed{Result: journal.SomeFailed})
		d.step("r0", "db-02", "checks", "", journal.OK, "", check("load", "1", "", "2/4", runbooks.CheckOK)) // another's, which began before
		d.tell("r0", journal.RunClosed{Result: journal.Passed})
		d.tell("r2", journal.PlanAccepted{Plan: d.plan("health", "db-03"), By: d.c.cfg.Who}) // another's, which begins and ends meanwhile
		d.step("r2", "db-03", "checks", "", journal.Warned, "", check("load", "3", "", "2/4", runbooks.CheckWarn))
		d.tell("r2", journal.RunClosed{Result: journal.Passed})
		return "r1"
	}
	out := d.lineSession(nil, "run health db-01", "y", "problems db-*", "fleet", "quit")
	for _, want := range []string{"run r0 has not ended: health on db-02, waiting:1", "2 hosts not OK: FAIL 1, WARN 1\nFAIL db-01: load 9", "\nWARN db-03: load 3", "OK:1  WARN:1  FAIL:1"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

// TestLineProblemsAreCountedFirst: how many there are, then the worst, alike ones together; no more than can be listened to at once.
func TestLineProblemsAreCountedFirst(t *testing.T) {
	d := newDriver(t, 80, 24)
	var facts []journal.Known
	for i, h := range d.plan("health", "all").Hosts[:30] { // the last five were never seen
		state, load := runbooks.CheckWarn, fmt.Sprint(i)
		if i >= 28 {
			state, load = runbooks.CheckCrit, "99" // alike
		}
		facts = append(facts, journal.Known{Host: h.Name, Fact: check("load", load, "", "2/4", state), At: d.now, Run: "r1", Step: "checks"})
	}
	out := d.lineSession(func(c *Config) { c.Known = known(facts...) }, "problems", "more", "more", "problems nobody", "quit")
	answers := strings.Split(out, "command (help lists them): ")
	if got := answers[1]; !strings.HasPrefix(got, "35 hosts not OK: FAIL 2, WARN 28, NEVER 5\nFAIL 2 hosts, load 99: ") || strings.Count(got, "\n") != linesAtOnce+2 || !strings.HasSuffix(got, "10 lines left; more says them\n") {
		t.Errorf("the first answer is\n%s", got)
	}
	if got := answers[2]; strings.Count(got, "\n") != 10 || !strings.Contains(got, "\nNEVER 5 hosts, never seen: ") || answers[3] != "that was all\n" || answers[4] != "0 hosts not OK\n" {
		t.Errorf("more says\n%q", answers[2:])
	}
}

// TestRackByItsNameAlone: the site is wanted only where two racks share a name.
func TestRackByItsNameAlone(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press(":").Type("rack r02").Press("enter").See("RACK nyc1/r02").Press("esc", ":").Type("rack nosuch").Press("enter").See(`no rack "nosuch"`, "FLEET")
	twin := &d.c.cfg.Inventory.Sites[1]
	twin.Racks = append(twin.Racks, inventory.Rack{Name: "r02", Site: twin.Name})
	d.Press(":").Type("rack r02").Press("enter").See(`"r02" is one of nyc1/r02, `+twin.Name+"/r02", "FLEET")
}

// TestPagerEndIsTheEnd: "(end)" is said of the last row, not of the last line's first one; and the lines that show are counted, not guessed.
func TestPagerEndIsTheEnd(t *testing.T) {
	d := newDriver(t, 60, 20)
	p := newTextPager("TEXT", "x", strings.Repeat(strings.Repeat("y", 150)+"\n", 6)) // 6 lines, 18 rows, 14 of them show
	d.c.run(push(p))
	d.See("(end)", "lines 1-6 of 6").Press("w").See("lines 1-5 of 6").Miss("(end)").Press("G").See("(end)")
}

// TestProseIsWrapped between its words, and no fact is hidden behind the edge of the screen.
func TestProseIsWrapped(t *testing.T) {
	d := newDriver(t, 60, 20)
	d.c.run(push(newProse("RUNBOOK", "x", "what follows is "+strings.Repeat("prose ", 10)+"whose last word is here")))
	d.See("wrap", "prose\nprose", "here").Press("w").Miss("here")
}

// TestDegreesAreRead in ASCII as well, and in the line console.
func TestDegreesAreRead(t *testing.T) {
	p := newPen(Plain, false)
	if got := p.text("temperature 96 °C: hottest \u202e"); got != `temperature 96 C: hottest \u{202e}` {
		t.Errorf("%q", got)
	}
	d := newDriver(t, 80, 24)
	out := d.lineSession(func(c *Config) {
		c.Known = known(journal.Known{Host: "db-01", Fact: check("temperature", "96", "°C", "80/90", runbooks.CheckCrit), At: d.now, Run: "r1", Step: "checks"})
	}, "problems db-01", "quit")
	if !strings.Contains(out, "FAIL db-01: temperature 96 C") {
		t.Error(out)
	}
}

// TestLineConsoleAsksForParameters that must be given: without them nothing that has any could be run from it.
func TestLineConsoleAsksForParameters(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		d.tell("r1", journal.PlanAccepted{Plan: p}, journal.RunClosed{Result: journal.Passed})
		return "r1"
	}
	out := d.lineSession(nil, "run replace-disk db-01", "", "run replace-disk db-01", "99", "3", "1", "quit")
	if len(d.runs.started) != 1 || d.runs.started[0].Params["slot"] != "3" || !strings.Contains(out, "slot must be given: nothing was done") {
		t.Errorf("started %d\n%s", len(d.runs.started), out)
	}
}

// TestLineErrorsHaveLines: an error of several lines is said in as many, and its hint once.
func TestLineErrorsHaveLines(t *testing.T) {
	d := newDriver(t, 80, 24)
	fail := hinted{errors.New("parameter slot is required\n  free some room")}
	if out := d.lineSession(func(c *Config) { c.Resolve = func(Wish) (runbooks.Plan, error) { return runbooks.Plan{}, fail } }, "run patch db-01", "quit"); !strings.Contains(out, "error: parameter slot is required\nfree some room\n") {
		t.Error(out)
	}
}

// TestALetterWithoutAVerbSaysSo, by the key that help has; a key with a name that moves nothing stays silent, and so does what a verb takes.
func TestALetterWithoutAVerbSaysSo(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("Z").See("Z does nothing here; ? lists the keys").Press("j").Miss("does nothing here")
	d.Press("tab").Miss("does nothing here").Press("?", "Z").Miss("does nothing here")
	own, err := ParseSettings([]byte("[keys]\nhelp = \"ctrl+g\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	newDriver(t, 80, 24, func(c *Config) { c.Settings = own }).Press("Z").See("Z does nothing here; ^G lists the keys")
}

// TestCompareStaysSaid: the first run of a comparison is named until the second one is chosen, whatever is pressed between.
func TestCompareStaysSaid(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r1")
	d.patch("r2")
	d.Press("J", "c", "j").See("compare r2 with: c on another").Press("c").See("COMPARE r2 with r1").Press("esc").Miss("c on another")
}

// TestOffersAreShort: tab names the offers behind the one that it has typed, by the word in which they differ.
func TestOffersAreShort(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press(":").Type("mark site=").Press("tab").See(": mark site=lon2_  tab: site=nyc1").Press("tab").See(": mark site=nyc1_  tab: site=lon2")
}

// TestOnlyFailuresIsSaid: a run from which hosts are left out says so, in every one of its looks.
func TestOnlyFailuresIsSaid(t *testing.T) {
	d := newDriver(t, 60, 20)
	d.patch("r1")
	d.Press(":").Type("replay r1").Press("enter").Pull().Miss("only failures").Press("f").See("- only failures --").Press("tab").See("only failures").Press("tab").See("only failures").Press("f").Miss("only failures")
}

// TestPlanSaysWhoIsDown: members that are down already are counted in their group and make a wave of their own, and the plan says both.
func TestPlanSaysWhoIsDown(t *testing.T) {
	d := newDriver(t, 80, 24)
	p, err := d.plan("patch", "tag=db").Under(runbooks.Circumstances{Down: []runbooks.DownMember{{Host: "db-02", Why: "failed"}}})
	if err != nil {
		t.Fatal(err)
	}
	d.c.run(push(newPlanScreen(d.c, library()[1], Wish{}, proposal{plan: p})))
	d.See("pg-main 3 of 3, 1 down already, 1 m", "order     1 down already, canary 1")
}

// TestLineConsoleHasThePages that the screens have, as lines.
func TestLineConsoleHasThePages(t *testing.T) {
	d := newDriver(t, 80, 24)
	out := d.lineSession(func(c *Config) {
		c.Sheet = func(_ context.Context, name, _ string) (Sheet, error) {
			switch name {
			case "status":
				return Sheet{Right: "35 hosts", Sub: "week", Rows: []SheetRow{{Text: "NOW", Title: true}, {Text: "1 host   down: db-03"}}}, nil
			case "drift":
				return Sheet{Right: "0 departures", None: "nothing is known"}, nil
			}
			return Sheet{}, errors.New("no journal")
		}
	}, "status", "drift", "insight", "quit")
	for _, want := range []string{"status: 35 hosts, week\nNOW:\n1 host down: db-03\n", "drift: 0 departures\nnothing is known\n", "error: no journal\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

// TestHelpIsReadWhole: a verb's help, and why it cannot be used now, stand in the list in full however narrow the screen is; paging through the
// list passes none over, and the cursor's verb is never cut off at an edge.
func TestHelpIsReadWhole(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}} {
		d := newDriver(t, size[0], size[1]).Press("?")
		v := d.c.top().(*verbs)
		seen := map[string]bool{}
		for range len(v.shown) {
			d.sizes()
			text := strings.Join(d.Screen()[3:d.c.h-3], "\n")
			for _, b := range v.shown {
				words := strings.Fields(b.name + " " + b.help)
				if why := b.whyNot(); why != "" {
					words = append(words, strings.Fields("[not now: "+why+"]")...)
				}
				seen[b.name] = seen[b.name] || strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(words, " "))
			}
			on := v.shown[v.list.at]
			last := strings.Fields(on.help)[len(strings.Fields(on.help))-1]
			if at := strings.Index(text, "> "); at < 0 || !strings.Contains(text[at:], last) {
				t.Fatalf("the cursor's verb %s is not whole in\n%s", on.name, text)
			}
			d.Press("pgdown")
		}
		for range len(v.shown) {
			d.Press("pgup")
		}
		if v.list.at != 0 || v.list.top != 0 {
			t.Errorf("back at %d, line %d", v.list.at, v.list.top)
		}
		for _, b := range v.shown {
			if !seen[b.name] {
				t.Errorf("at %dx%d %s was never to be read whole", size[0], size[1], b.name)
			}
		}
	}
}

// TestFormSaysAllOfWhy no plan could be made, however long that is and however small the screen: what to do about it stands at its end.
func TestFormSaysAllOfWhy(t *testing.T) {
	d := newDriver(t, 60, 20)
	d.c.cfg.Resolve = func(Wish) (runbooks.Plan, error) {
		return runbooks.Plan{}, hinted{errors.New("patch can never begin on lb-0520, since these together forbid it: group lb-nyc1 allows 1 of its 2 members down; " +
			"lb-0620 is down already (health: failed at 2026-11-30 05:15, run 261130-0515-dmie); lb-0621 is down already (health: failed at 2026-11-30 05:16)")}
	}
	d.Press(":").Type("run health nyc1/r01").Press("enter").See("! patch can never begin", "> disk_crit", "(free some room)").sizes()
}
