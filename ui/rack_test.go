package ui

import (
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

const twoSided = `
[[site]]
name = "ams1"
  [[site.rack]]
  name = "r07"
  units = 24
  row = "B"
  feeds = ["A", "B"]
    [[site.rack.host]]
    name = "db-0712"
    unit = 12
    height = 2
    [[site.rack.host]]
    name = "sw-top"
    unit = 24
    face = "rear"
    [[site.rack.host]]
    name = "pdu-[1-2]"
    unit = 20
    face = "front"
    locate = "uid-led"
    [[site.rack.host]]
    name = "spare"
`

func sided(t *testing.T) func(c *Config) {
	t.Helper()
	inv, err := inventory.Parse("rack.toml", []byte(twoSided))
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) {
		c.Inventory = inv
		led := library()[0]
		led.Name = "uid-led"
		c.Library = append(c.Library, led)
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			if w.Runbook == "uid-led" {
				return runbooks.Resolve(led, w.Select, inv.Select(inventory.Selector{}, nil), nil, nil, nil)
			}
			return resolve(inv, w)
		}
	}
}

// TestBothSidesOfARack: what has the full depth shows on both sides, what has half of it on its own; a wide screen shows both at once.
func TestBothSidesOfARack(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		d.Press("j", "e").See("RACK ams1/r07", "front, 5 hosts", "row B, feeds A B", "tab turn", "U12-13  db-0712", "U21  pdu-2", "front only", "spare").Golden("rack-front")
		if d.c.w < 120 {
			d.Miss("sw-top")
		}
		d.Press("j", "j", "j", "tab").See("rear, 5 hosts", "U24  sw-top", ">", "db-0712").Golden("rack-rear")
		if !strings.Contains(strings.Join(d.Screen(), "\n"), "> U12-13  db-0712") {
			t.Errorf("going around the rack loses the place:\n%s", strings.Join(d.Screen(), "\n"))
		}
	}, sided(t))
}

// TestLocateIsNamedByTheInventory: each host's light by its own runbook; one that is not there is said.
func TestLocateIsNamedByTheInventory(t *testing.T) {
	d := newDriver(t, 80, 24, sided(t))
	d.Press("j", "e", "k", "b").See("nothing is mounted there").Press("j", "b").See("PLAN uid-led").Press("esc")
	d.Press("j", "j", "j", "b").See("locate is not possible here: there is no runbook called locate")
	d.Press("enter").See("HOST db-0712").Press("b").See("there is no runbook called locate")
}

// TestManualStepIsFoundFromTheRack: the engineer who stands there sees which machine waits for him, and answers from there.
func TestManualStepIsFoundFromTheRack(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		d.Press("a").See("answer is not possible here: no step waits for a person")
		p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
		if err != nil {
			t.Fatal(err)
		}
		d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
		d.c.follow("r1")
		d.Press("k").Pull().See("db-02 waits for a person", "a answer")
		d.Press("j", "e").See("RACK nyc1/r01", "MANUAL", "swap the disk").Golden("rack-manual")
		d.Press("a").See("MANUAL STEP db-02").Golden("manual")
		d.Press("ctrl+y").See("an answer is missing").Type("ST-9").Press("esc").See("RACK")
		d.Press("a").See("MANUAL STEP db-02", "ST-9") // a torn arrow key is Esc as well: what was written is not lost by it
	})
}

// TestLongQuestionIsReadWhole: a manual step's question that is longer than a line is not cut, where the cursor is or not.
func TestLongQuestionIsReadWhole(t *testing.T) {
	d := newDriver(t, 60, 20)
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Steps = slices.Clone(p.Steps)
	p.Steps[0].Asks = []runbooks.Ask{{Name: "serial", Text: "serial number of the new disk, as it is printed on its label below the bar code", Type: "text"}}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.do(d.c.openRun("r1"))
	d.Pull().Press("a").Type("WX-7")
	for range 2 {
		d.sizes()
		if text := strings.Join(strings.Fields(strings.Join(d.Screen(), " ")), " "); !strings.Contains(text, "as it is printed on its label below the bar code: WX-7") {
			t.Error(text)
		}
		d.Press("tab")
	}
}

// TestNotDoneWantsAReason: no alone says too little to whoever reads the journal; the note is what the journal keeps.
func TestNotDoneWantsAReason(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Type("x")
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.c.follow("r1")
	d.Pull().Press("a", "ctrl+n").See("say in the note why it could not be done").Type("wrong disk was sent").Press("ctrl+n")
	got := d.runs.decided
	if len(got) != 1 || got[0].OK || got[0].Reason != "wrong disk was sent" {
		t.Fatalf("decided %+v", got)
	}
}

// TestLongWordsOfAManualStep: what does not fit is read page by page, and the questions stay in sight.
func TestLongWordsOfAManualStep(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		rb := library()[2]
		for i := range 60 {
			rb.Steps[0].Words += "\nand then turn screw " + itoa(i) + " a quarter to the left."
		}
		inv := d.c.cfg.Inventory
		sel, err := inventory.ParseSelector("db-02")
		if err != nil {
			t.Fatal(err)
		}
		p, err := runbooks.Resolve(rb, "db-02", inv.Select(sel, nil), inv.Groups, map[string]string{"slot": "3"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
		d.c.follow("r1")
		d.Pull().Press("a").See("Pull the disk", "^F reads on", "note, for the journal:").Golden("manual-long")
		for range 10 {
			d.Press("ctrl+f")
			d.sizes()
		}
		d.See("screw 59", "note, for the journal:").Press("ctrl+b").Miss("screw 59").Miss("Pull the disk")
	})
}

// TestLargeLetters: every letter of a host's name can be drawn, five rows high, and none wider than the screen.
func TestLargeLetters(t *testing.T) {
	p := newPen(Plain, false)
	for _, c := range []struct {
		text string
		w    int
		want int // columns of the first row; 0 = not drawn
	}{{"db-0712", 72, 54}, {"db-0712", 30, 27}, {"db-0712", 20, 0}, {"é", 72, 0}, {"", 72, 0}, {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 140, 103}, {"U12 a_b.c/d", 140, 86}} {
		rows := large(p, c.text, c.w)
		if c.want == 0 {
			if rows != nil {
				t.Errorf("%q in %d cells is drawn", c.text, c.w)
			}
			continue
		}
		if len(rows) != largeRows {
			t.Fatalf("%q has %d rows", c.text, len(rows))
		}
		for _, r := range rows {
			if len(r) != c.want || strings.Trim(r, "# ") != "" {
				t.Errorf("%q in %d cells: %d wide, %q", c.text, c.w, len(r), r)
			}
		}
	}
	seen := map[string]rune{}
	for r, bits := range largeFont {
		if other, ok := seen[bits]; ok {
			t.Errorf("%q and %q look alike", r, other)
		}
		seen[bits] = r
	}
}

// TestManualWordsAreReadWell: words that were broken to a width of their own are broken anew, not once more; lines that say one thing each stay
// lines; which machine it is stands in large letters before there is air between the lines; and the run that is answered is not at work elsewhere.
func TestManualWordsAreReadWell(t *testing.T) {
	got := sentences("Before the rack: find the host's bay, whose light blinks where the enclosure\ncan do that. Pull the disk a finger's width, wait until it has stopped\nturning, and compare the serial number.\n\nPull the plug\nWait\n")
	want := []string{"Before the rack: find the host's bay, whose light blinks where the enclosure can do that. Pull the disk a finger's width, wait until it has stopped turning, and compare the serial number.", "", "Pull the plug", "Wait"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	d := newDriver(t, 80, 24)
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Steps = slices.Clone(p.Steps)
	p.Steps[0].Words = got[0] + "\nThen put the new one in."
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.c.follow("r1")
	d.Pull().Press("a").See("##", "Then put the new one in.", "note, for the journal:", "what you say goes into the journal with your name").Miss("at work").sizes()
	d.Press("ctrl+p").See("S-tab   previous")
}

// TestAStepThatWaitsNamesTheKeyThatAnswers: as it is bound, on the fleet as at the rack.
func TestAStepThatWaitsNamesTheKeyThatAnswers(t *testing.T) {
	s, err := ParseSettings([]byte("[keys]\n\"fleet.answer\" = \"ctrl+g\"\n\"rack.answer\" = \"ctrl+t\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDriver(t, 80, 24, func(c *Config) { c.Settings = s })
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	d.tell("r1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
	d.c.follow("r1")
	d.Pull().See("db-02 waits for a person: swap the disk (^G)").Press("j", "e").See("RACK nyc1/r01", "swap the disk (^T)")
}
