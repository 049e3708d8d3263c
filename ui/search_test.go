package ui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/journal"
)

// searchMemory looks for one word in the journal of the driver, page by page, as the index does.
func (d *driver) searchMemory(page int) Search {
	return func(ctx context.Context, text string, before int64) (Hits, error) {
		if strings.Contains(text, "kind=?") {
			return Hits{}, errors.New(`no kind "?"`)
		}
		runs, err := d.journal.Runs(ctx, journal.Query{})
		if err != nil {
			return Hits{}, err
		}
		var all []Hit
		for _, r := range append(runs, journal.RunSummary{Run: "notes"}) {
			for e, err := range d.journal.Events(ctx, r.Run, 0, false) {
				if err != nil {
					break // there are no notes
				}
				h := Hit{Run: r.Run, Seq: e.Seq, At: e.At, Kind: e.Body.Kind()}
				switch b := e.Body.(type) {
				case journal.OutputRead:
					h.Host, h.Line = b.Host, string(b.Data)
				case journal.Noted:
					h.Run, h.Host, h.Line, h.Text = "", b.Host, first(b.Text), b.Text
				}
				if i := strings.Index(strings.ToLower(h.Line), strings.ToLower(text)); i >= 0 && h.Line != "" {
					from := strings.LastIndexByte(h.Line[:i], '\n') + 1
					h.Line = first(h.Line[from:])
					h.Marks = [][2]int{{i - from, i - from + len(text)}}
					all = append(all, h)
				}
			}
		}
		slices.SortStableFunc(all, func(a, b Hit) int { return b.At.Compare(a.At) })
		var out Hits
		for i := int(before); i < len(all) && len(out.Hits) < page; i++ {
			out.Hits = append(out.Hits, all[i])
			if out.Next = int64(i + 1); i+1 == len(all) {
				out.Next = 0
			}
		}
		return out, nil
	}
}

// withNotes puts a note on a host, and one with an escape sequence in it, beside the runs.
func (d *driver) withNotes() {
	d.health("261122-1200-heal")
	d.patch("261122-1210-patc")
	d.tell("notes", journal.Noted{Host: "db-02", Text: "the linux-modules were in the way\nCHG-4711", By: d.c.cfg.Who},
		journal.Noted{Host: "db-03", Text: "hostile \x1b]52;c;aGk=\x07 linux", By: d.c.cfg.Who})
}

func TestSearchJournal(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.cfg.Search = d.searchMemory(200)
	d.withNotes()
	d.Press("J").Pull().See("2 runs").Press("/").See("search the journal:").Type("LINUX-mod").Press("enter")
	d.See("SEARCH LINUX-mod", "2 hits", "web-10", "output", "db-02", "note")
	// a note in full
	d.Press("enter").See("EVENT", "CHG-4711").Press("esc")
	d.Press("r").See("run is not possible here: it belongs to no run").Press("e").See("HOST db-02").Press("esc")
	// output, at its place, with the words marked
	d.Press("j", "enter").Pull().See("OUTPUT web-10", "/linux-mod", "Unpacking linux-modules")
	if !strings.Contains(d.c.View().Content, "\x1b[7mlinux-mod") {
		t.Errorf("the words are not marked:\n%q", d.c.View().Content)
	}
	d.Press("esc").See("SEARCH").Press("r").Pull().See("RUN 261122-1210-patc").Press("esc")
	// another search in its place; what was asked before is there again
	d.Press("/").See("LINUX-mod_").Press("ctrl+u").Type("dpkg").Press("enter").See("SEARCH dpkg", "1 hit", "web-09").Press("/", "up", "up").See("LINUX-mod_").Press("esc")
	d.Press("/", "ctrl+u").Type("kind=?").Press("enter").See(`no kind "?"`).Press("/", "ctrl+u").Type("nosuchword").Press("enter").See("nothing found", "all the words must stand in one event")
	d.Press("esc").See("JOURNAL").Press("esc")
	// from anywhere, with completion
	d.Press(":").Type("search linux").Press("enter").See("SEARCH linux", "hostile \\x1b]52").Press("esc")
	d.Press(":").Type("search kind=no").Press("tab").See("search kind=noted_").Press("esc")
	// within a pager it is the pager's
	d.c.run(push(newTextPager("TEXT", "x", "a\nb\nneedle")))
	d.Press(":").Type("search needle").Press("enter").See("TEXT", "/needle")
}

func TestSearchGoesOn(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.cfg.Search = d.searchMemory(2)
	d.withNotes()
	d.Press(":").Type("search linux").Press("enter").See("the newest 2 hits", "+ shows older ones").Press("G", "+").See("the newest 4 hits").Press("+").See("6 hits").Miss("newest 6 hits")
	d.Press("+").See("more is not possible here: these are all")
}

// slowly hands over what a search has after every hit, as one does that has far to look.
func (d *driver) slowly(find Search) Search {
	return func(ctx context.Context, text string, before int64) (Hits, error) {
		found, err := find(ctx, text, before)
		if found.Next > 0 {
			found.Unseen = d.now
		}
		return found, err
	}
}

// TestSearchCutShort: what is found so far is shown at once, with how far it was looked; then the search goes on by itself, unless nobody
// waits for it any more.
func TestSearchCutShort(t *testing.T) {
	d := newDriver(t, 80, 24)
	asked := 0
	find := d.slowly(d.searchMemory(1))
	d.c.cfg.Search = func(ctx context.Context, text string, before int64) (Hits, error) {
		asked++
		return find(ctx, text, before)
	}
	d.withNotes()
	d.Press(":").Type("search linux").Press("enter").See("6 hits").Miss("so far").Miss("older ones")
	if asked != 6 {
		t.Errorf("asked %d times", asked)
	}
	s := d.c.top().(*searchScreen)
	s.unseen = d.now
	d.See("6 hits so far", "looking at what is older than "+d.now.Local().Format("2006-01-02 15:04")).Press("+").See("they are being looked for")
	s.hits = nil
	d.See("nothing yet: what is older is being looked at").Miss("nothing found")
	d.Press("esc")
	asked = 0
	d.do(s.load(d.c))
	if asked != 1 {
		t.Errorf("a search that was left went on %d times", asked)
	}
}

// TestSearchIsKept: the screen is there again, as are the searches that were typed.
func TestSearchIsKept(t *testing.T) {
	dir := t.TempDir()
	state := func(c *Config) { c.StateDir = dir }
	d := newDriver(t, 80, 24, state)
	d.c.cfg.Search = d.searchMemory(200)
	d.health("r0")
	for _, text := range []string{"linux one", "linux two", "linux three"} {
		d.tell("notes", journal.Noted{Host: "db-02", Text: text})
	}
	d.Press("J").Pull().Press("/").Type("linux").Press("enter", "j", "j").See("> 11-22", "linux three")
	was := strings.Join(d.Screen(), "\n")
	if err := d.c.memory().save(d.c.cfg); err != nil {
		t.Fatal(err)
	}
	again := newDriver(t, 80, 24, state)
	again.journal, again.c.cfg.Journal, again.c.cfg.Search = d.journal, d.journal, d.c.cfg.Search
	again.c.restore(loadMemory(again.c.cfg))
	again.do(again.c.Init())
	if now := strings.Join(again.Pull().Screen(), "\n"); now != was {
		t.Errorf("before:\n%s\nafter:\n%s", was, now)
	}
	again.Press("/", "ctrl+u", "up").See("linux_")
}

func TestSearchIsWritten(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.cfg.Search = d.searchMemory(200)
	d.withNotes()
	path := filepath.Join(t.TempDir(), "hits.txt")
	d.Press(":").Type("search linux").Press("enter", "w", "ctrl+u").Type(path).Press("enter").See("bytes written to")
	raw, err := os.ReadFile(path)
	if err != nil || bytes.Count(raw, []byte("\n")) != 6 || bytes.Contains(raw, []byte("\x1b")) {
		t.Errorf("%v: %q", err, raw)
	}
}

func TestNoSearch(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("J").Pull().Press("/").See("search is not possible here: there is no index of the journal here")
	d.Press(":").Type("search x").Press("enter").See("there is no index of the journal here")
}

func TestLineConsoleSearches(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.withNotes()
	var out bytes.Buffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Asks, cfg.Search = Line, &out, nil, d.searchMemory(200)
	cfg.Input = strings.NewReader("search linux-mod\nsearch nosuch\nsearch\nquit\n")
	if err := Run(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"note  db-02: the linux-modules were in the way", "output 261122-1210-patc web-10: Unpacking linux-modules", "nothing found", "say what to look for"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
