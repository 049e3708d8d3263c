package ui

import (
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// TestEveryActionHasACommand: on every screen each verb is done by its name on the command line as by its key, and one that cannot be done now
// says why in words, by key, by name and in the help.
func TestEveryActionHasACommand(t *testing.T) {
	for _, readonly := range []bool{false, true} {
		d := newDriver(t, 80, 24, func(c *Config) { c.Readonly = readonly })
		d.health("r0")
		d.patch("r1")
		d.c.follow("r0")
		w := d.c.follow("r1")
		d.Pull()
		rb := library()[1]
		plan := d.plan("patch", "nyc1/r01")
		fleet := d.c.stack[0]
		screens := []screen{fleet, newHostScreen(d.c, "db-01"), newRackScreen(d.c, "nyc1", "r01"), newPicker(d.c, []inventory.HostID{"db-01"}, "db-01"),
			newPlanScreen(d.c, rb, Wish{}, proposal{plan: plan}), newRunScreen(d.c, w), newTextPager("X", "x", "x"), newJournalScreen(d.c, ""), &searchScreen{}, &shellsScreen{},
			&sheetScreen{name: "status"}}
		checked, refused := 0, 0
		for _, s := range screens {
			for _, b := range append(s.Binds(), d.c.commands()...) {
				reset := func() {
					d.c.stack, d.c.note, d.c.prompt, d.c.leaving = []screen{s}, note{}, nil, ""
					if s != fleet {
						d.c.stack = []screen{fleet, s}
					}
				}
				reset()
				all := append(d.c.verbs(), d.c.commands()...)
				i := slices.IndexFunc(all, func(v bind) bool { return v.name == b.name })
				if i < 0 {
					t.Errorf("%s: %s is no verb of the screen", screenName(s), b.name)
					continue
				}
				why := all[i].whyNot()
				d.c.run(d.c.command(b.name)) // what it would read or ask of others is not waited for
				checked++
				if strings.HasPrefix(d.c.note.text, "no command") || strings.Contains(d.c.note.text, `""`) {
					t.Errorf("%s: :%s says %q", screenName(s), b.name, d.c.note.text)
				}
				if why == "" {
					continue
				}
				refused++
				if want := b.name + " is not possible here: " + why; d.c.note.text != want {
					t.Errorf("%s: :%s says %q, want %q", screenName(s), b.name, d.c.note.text, want)
				}
				if words := helpWords(all[i]); !strings.Contains(words, why) {
					t.Errorf("%s: the help of %s does not say why not: %q", screenName(s), b.name, words)
				}
				if key := all[i].key(); key != "" {
					reset()
					d.c.key(keyMsg(key))
					if !strings.Contains(d.c.note.text, why) {
						t.Errorf("%s: %s on %q says %q, not why: %s", screenName(s), b.name, key, d.c.note.text, why)
					}
				}
			}
		}
		if checked < 150 || refused < 15 {
			t.Errorf("%d verbs were tried, %d of them refused", checked, refused)
		}
	}
}

// TestABrokenRunbookIsShown: a file of the operator's own that is no runbook is in the list with what is wrong, and is not run, by key or by name.
func TestABrokenRunbookIsShown(t *testing.T) {
	const why = "runbooks/patch.toml:6:1: unknown key \"colour\""
	d := newDriver(t, 100, 24, func(c *Config) {
		c.Library = c.Library[:1]
		c.Broken = []runbooks.Broken{{Name: "patch", Source: "runbooks/patch.toml", Error: why + "\n  did you mean"}, {Name: "lost", Error: "hidden away", Hidden: true}}
	})
	d.Press("r").See("RUNBOOKS", "health", "patch", "broken", "refused: ").Miss("hidden away")
	d.Press("j").See(why).Press("enter").See("RUNBOOKS", "not possible here: "+why).Press("e").See("RUNBOOKS", "not possible here: "+why)
	d.Press("v").See("RUNBOOK patch", "did you mean").Press("esc", "esc")
	d.Press(":").Type("run patch web-05").Press("enter").See("runbook patch is refused: " + why).Miss("PLAN")
}
