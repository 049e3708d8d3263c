package ui

import (
	"strings"
	"testing"

	"tend/journal"
)

func TestSettings(t *testing.T) {
	s, err := ParseSettings([]byte("tier = \"plain\"\nmouse = true\n[keys]\n\"fleet.mark\" = \"M\"\nhelp = \"ctrl+g\"\nquestion = \"ctrl+k\"\n\"fleet.range\" = \"ctrl+t\"\n\"pager.previous\" = \"M\"\n\"pager.save\" = \"ctrl+s\"\n[theme]\nbad = \"bold magenta\"\n"))
	if err != nil || s.Tier != Plain || !s.Mouse {
		t.Fatal(s, err)
	}
	d := newDriver(t, 80, 24, func(c *Config) { c.Settings = s })
	d.See("M mark", "^G help").Press("M").See("23 marked").Press("space").See("23 marked").Press("ctrl+g").See("HELP")
	d.Type("unfold or open").See("l")
	d.Press("esc").ask(Ask{Run: "r1", ID: "k1", Title: "about k1"})
	d.now = d.now.Add(2 * grace)
	d.Press("esc").See("the question stays open; ^K shows it again", "a question waits (^K)")
	for _, b := range d.c.newAsk(Ask{}).Binds() {
		if b.name == "later" && !strings.Contains(b.help, "; ^K shows") {
			t.Errorf("a question's help says %q", b.help)
		}
	}
	d.Press("ctrl+t").See("and ^T marks it").Press("esc", "ctrl+g").Type("whole page").See("in a pager the key is ^S").Press("esc")
	d.paging(9)
	d.Press("/").Type("none").Press("enter").See("below; M looks above")
	if got := newPenWith(Full, true, false, s).paint(bad, "x"); !strings.Contains(got, "35") || strings.Contains(got, "31") {
		t.Errorf("bad is drawn as %q", got)
	}
}

// TestKeysOfEveryPage: the pages that are typed on have keys that can be set as well, and what a run offers only at times keeps its key.
func TestKeysOfEveryPage(t *testing.T) {
	s, err := ParseSettings([]byte("[keys]\n\"form.plan\" = \"ctrl+s\"\n\"form.next\" = \"ctrl+j f2\"\n\"manual.done\" = \"ctrl+d\"\n\"offer.open\" = \"o\"\nnext = \"n ctrl+g\"\n\"run.pause\" = \"ctrl+s\"\n\"run.resume\" = \"M\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDriver(t, 80, 24, func(c *Config) { c.Settings = s })
	d.Press("r").Type("/patch").Press("enter", "e").See("PARAMETERS patch", "^S plan", "^J next", "> reboot").Press("f2").See("> security_only").Press("n").See("non").Press("backspace", "ctrl+s").See("PLAN patch")
	w := &watch{run: "r9", state: journal.NewState()}
	for _, paused := range []bool{false, true} {
		w.state.Paused = paused
		binds := s.rebind("run", newRunScreen(d.c, w).Binds())
		for _, b := range binds {
			if b.name == "pause" && b.keys != "ctrl+s" || b.name == "continue" && b.keys != "ctrl+s" || b.name == "resume" && b.keys != "M" {
				t.Errorf("%s is on %s", b.name, b.keys)
			}
		}
	}
	if _, err := ParseSettings([]byte("[keys]\n\"manual.done\" = \"y\"\n")); err == nil || !strings.Contains(err.Error(), "types text there") {
		t.Errorf("a letter on a page that is typed on: %v", err)
	}
}

func TestSettingsTellAllThatIsWrong(t *testing.T) {
	_, err := ParseSettings([]byte("colour = 1\ntier = \"vt\"\n[keys]\n\"fleet.mark\" = \"o\"\n\"run.abort\" = \"A\"\nnosuch = \"x\"\n[theme]\nbad = \"mauve\"\nworse = \"red\"\n"))
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{"unknown key colour", `no tier "vt"`, `on the fleet screen "o" is both mark and problems`, `keys.run.abort: "A" is what a slow link makes`, "keys.nosuch: there is no such action",
		`"mauve" is no colour`, "theme.worse"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q:\n%v", want, err)
		}
	}
	if _, err := ParseSettings([]byte("tier = \n")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a syntax error without its place: %v", err)
	}
	if _, err := ParseSettings([]byte("\na = " + strings.Repeat("{a=", 1000))); err == nil || !strings.Contains(err.Error(), "line 2, column 308: more than 100 values") {
		t.Errorf("a file that is far too deep: %v", err)
	}
	if s, err := ParseSettings(nil); err != nil || s.Tier != Auto {
		t.Errorf("an empty file: %v %v", s, err)
	}
}
