package ui

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// TestEveryActionHasACommand: on every page each verb is done by its name on the command line as by its key; one that cannot be done now says
// why in words, by key, by name and in the help; and none that can be done does nothing in silence. A page that is not among everyPage fails it.
func TestEveryActionHasACommand(t *testing.T) {
	for _, readonly := range []bool{false, true} {
		d := newDriver(t, 80, 24, func(c *Config) { c.Readonly = readonly })
		tried, refused := map[string]bool{}, 0
		for _, s := range d.everyPage() {
			tried[typeName(s)] = true
			own := s.Binds()
			slices.SortStableFunc(own, func(a, b bind) int { // first, while there is something to be cleared
				return map[string]int{"clear": -1}[a.name] - map[string]int{"clear": -1}[b.name]
			})
			if !readonly {
				own = append(own, append(d.c.binds(), d.c.commands()...)...)
			}
			for _, b := range own {
				refused += d.tries(s, b)
			}
		}
		if refused < 40 {
			t.Errorf("%d verbs were refused", refused)
		}
		for _, name := range pagesInSource(t) {
			if !tried[name] {
				t.Errorf("everyPage has no %s: its verbs are not looked at", name)
			}
		}
	}
}

func typeName(s screen) string { return reflect.TypeOf(s).Elem().Name() }

// pagesInSource are the types that are pages: all that have Binds and View.
func pagesInSource(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(gotoken.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Binds" {
				names = append(names, fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name)
			}
		}
	}
	if len(names) < 15 {
		t.Errorf("only %v are pages", names)
	}
	return names
}

// everyPage is each page that there is, as full as it gets, and empty where it can be.
func (d *driver) everyPage() []screen {
	d.health("r0")
	d.patch("r1")
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
	if err != nil {
		d.t.Fatal(err)
	}
	asks := func(run journal.RunID) *watch {
		d.tell(run, journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
		return d.c.follow(run)
	}
	ended, live, manual, late := d.c.follow("r0"), d.c.follow("r1"), asks("r2"), asks("r3")
	d.Pull()
	tooLate := newManualScreen(d.c.cfg, late, 0)
	d.tell("r3", journal.RunClosed{Result: journal.SomeFailed})
	d.Pull()
	c, rb := d.c, library()[1]
	film := newFilm(c, "r0")
	c.stack = append(c.stack, film)
	d.Pull()
	film.playing = false
	c.stack = c.stack[:1]
	runs, err := d.journal.Runs(c.work.ctx, journal.Query{})
	if err != nil {
		d.t.Fatal(err)
	}
	full, offered := newJournalScreen(c, ""), newOffer(c, runs, nil)
	full.runs, full.loaded = runs, true
	full.refilter("r")
	shell := newTextPager("SHELL", "x", "x")
	shell.play = func() action { return say("plays") }
	none := newPicker(c, []inventory.HostID{"db-01"}, "db-01")
	none.refilter("no such runbook")
	nobody := newFleetScreen(c)
	nobody.filter = "no-such-host"
	out := []screen{c.stack[0], nobody, newHostScreen(c, "db-01"), newRackScreen(c, "nyc1", "r01"), newPicker(c, []inventory.HostID{"db-01"}, "db-01"), none,
		newForm(rb, "db-01", Wish{Runbook: rb.Name, Select: "db-01"}), newPlanScreen(c, rb, Wish{}, proposal{plan: d.plan("patch", "nyc1/r01")}),
		newPlanScreen(c, library()[0], Wish{}, proposal{plan: d.plan("health", "nyc1/r01")}), newRunScreen(c, ended), newRunScreen(c, live), newRunScreen(c, manual),
		newRunScreen(c, &watch{run: "r9", state: journal.NewState()}), newManualScreen(c.cfg, manual, 0), tooLate,
		newTextPager("X", "x", "x"), shell, newOutputPager(c, live, []inventory.HostID{"web-06", "web-07"}), newJournalScreen(c, ""), full, offered, newOffer(c, nil, nil),
		&searchScreen{cfg: c.cfg}, &searchScreen{cfg: c.cfg, loaded: true, hits: []Hit{{Run: "r0", Host: "db-02", Line: "x", Kind: "output_read"}, {Line: "y"}}},
		&shellsScreen{cfg: c.cfg}, &shellsScreen{cfg: c.cfg, loaded: true, all: []ShellEntry{{ID: "s1", Host: "db-01", Recorded: true}}},
		&maintenance{cfg: c.cfg, page: newFakePlans().page}, &askScreen{ask: Ask{Run: "r1", ID: "q", Title: "host key"}, field: newField(""), now: c.cfg.Now},
		newHelp(c), newPalette(c), film, newFilm(c, "r9")}
	for _, sh := range sheets {
		rows := []SheetRow{{Text: "HEAD", Title: true}, {Text: "one", Hosts: []inventory.HostID{"db-01"}, Run: "r0", Plan: "openssl", Runbook: "health", Accept: "health"}}
		s := &sheetScreen{cfg: c.cfg, name: sh.name, title: sh.title}
		s.take(Sheet{Rows: rows, Sorts: []string{"risk", "host"}}, nil)
		out = append(out, s, &sheetScreen{cfg: c.cfg, name: sh.name, title: sh.title})
	}
	return out
}

// tries does a verb of a page by its name and by its key, and says whether it was refused.
func (d *driver) tries(s screen, b bind) (refused int) {
	d.t.Helper()
	reset := func() {
		clear(d.c.marks)
		d.c.stack, d.c.note, d.c.prompt, d.c.leaving = []screen{d.c.stack[0], s}, note{}, nil, ""
		if s == d.c.stack[0] {
			d.c.stack = d.c.stack[:1]
		}
		d.c.View()
	}
	reset()
	where := screenName(s) + ": " + b.name
	all := append(d.c.verbs(), d.c.commands()...)
	i := slices.IndexFunc(all, func(v bind) bool { return v.name == b.name })
	if i < 0 {
		d.t.Errorf("%s is no verb of the screen", where)
		return 0
	}
	why := all[i].whyNot()
	done := func(how string, do func() tea.Cmd) {
		reset()
		was := d.looks()
		cmd := do() // what it would read or ask of others is not waited for
		switch said := d.c.note.text; {
		case strings.HasPrefix(said, "no command") || strings.Contains(said, `""`):
			d.t.Errorf("%s by %s says %q", where, how, said)
		case why != "" && said != b.name+" is not possible here: "+why:
			d.t.Errorf("%s by %s says %q, not why it is not possible: %s", where, how, said, why)
		case why == "" && !moves[b.name] && b.name+how != "filtername" && cmd == nil && was == d.looks():
			d.t.Errorf("%s by %s does nothing, and does not say why", where, how)
		}
	}
	if !answered(s) { // a question has no command line: all that is typed is the answer
		done("name", func() tea.Cmd { return d.c.run(d.c.command(b.name)) })
	}
	for k := range strings.FieldsSeq(all[i].keys) {
		if slices.ContainsFunc(s.Binds(), func(v bind) bool { return v.has(k) }) || !typed(s, k) {
			done(k, func() tea.Cmd { return d.c.key(keyMsg(k)) })
		}
	}
	if why == "" {
		return 0
	}
	if words := helpWords(all[i]); !strings.Contains(words, why) {
		d.t.Errorf("%s: the help does not say why not: %q", where, words)
	}
	return 1
}

// answered are the pages whose keys are all their own.
func answered(s screen) bool {
	switch s.(type) {
	case *askScreen, *verbs:
		return true
	}
	return false
}

// typed reports whether the page takes the key as text. The palette does what such a page's letters cannot, and no page may take its key.
func typed(s screen, k string) bool {
	_, types := s.(typer)
	return answered(s) || types && k != "ctrl+p"
}

// moves are the verbs that change nothing where all is already as they would make it.
var moves = map[string]bool{"down": true, "up": true, "page-down": true, "page-up": true, "half-down": true, "half-up": true, "top": true, "bottom": true, "left": true, "right": true,
	"fold": true, "fold-all": true, "unfold-all": true, "unmark": true, "default": true, "back": true, "fleet": true,
	"beginning": true, "end": true}

// looks is all that a verb can change at once.
func (d *driver) looks() string {
	view := d.c.View()
	return fmt.Sprintf("%p %d %v %v\n%s", d.c.top(), len(d.c.stack), d.c.note, d.c.prompt != nil, view.Content)
}
