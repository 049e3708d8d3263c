package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/journal"
)

// hostile is what a host may print to do harm: C0, C1, OSC 8 and 52, bidi, an SGR that is never closed, bad UTF-8, zero-width and wide runes.
var hostile = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil\x07link\x1b]8;;\x07 \u009b31m \x9b31m \x1b[31mred \rover \b\b\a \u202egnp.exe \u2066x \xff\xfe \u200b\u200dz \ufeff 世界 e\u0301 \U000e0041 \x00end"

// act reports what in s would act on a terminal, after our own SGR has been taken away.
func acts(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == 0x1b { // ours: ESC [ digits and ; m
			j := i + 1
			if j < len(s) && s[j] == '[' {
				for j++; j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == ';'); j++ {
				}
				if j < len(s) && s[j] == 'm' {
					i = j
					continue
				}
			}
			return fmt.Sprintf("an escape sequence at %d: %q", i, s[i:min(i+12, len(s))])
		}
	}
	for i, r := range s {
		switch {
		case r == '\n' || r == 0x1b || r == 0xfffd && strings.HasPrefix(s[i:], "\ufffd"):
		case r == 0xfffd, r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xe0000 && r <= 0xe0fff:
			return fmt.Sprintf("%U at %d: %q", r, i, s[max(i-10, 0):min(i+10, len(s))])
		}
	}
	return ""
}

// TestHostile puts hostile bytes wherever a host, a file, a journal or a run can put text, and looks at every screen.
func TestHostile(t *testing.T) {
	for _, tier := range []Tier{Full, Basic, Plain} {
		t.Run(tier.String(), func(t *testing.T) {
			d := newDriver(t, 100, 30, func(c *Config) { c.Tier, c.Env = tier, []string{"TERM=xterm-256color", "LANG=C.UTF-8"} })
			look := func(where string) {
				t.Helper()
				if bad := acts(d.c.View().Content); bad != "" {
					t.Errorf("%s: %s", where, bad)
				}
				d.sizes()
			}
			p := d.plan("patch", "nyc1/r01")
			p.Title, p.Scope, p.Warnings, p.Params["reboot"] = hostile, hostile, []string{hostile}, hostile
			p.Steps[0].Title, p.Steps[0].Script = hostile, hostile
			d.tell("r1", journal.PlanAccepted{Plan: p, By: journal.Who{User: hostile}, Reason: hostile, Ticket: hostile}, journal.WaveOpened{Wave: 0})
			d.step("r1", "db-01", "precheck", hostile+"\n"+hostile, journal.Failed, hostile, check(hostile, hostile, hostile, hostile, 0))
			d.tell("r1", journal.Remarked{Host: "db-01", Text: hostile}, journal.StepStarted{Host: "db-02", Step: "precheck", Attempt: 1},
				journal.OutputRead{Host: "db-02", Step: "precheck", Attempt: 1, Data: []byte(hostile)})
			d.do(d.c.openRun("r1"))
			d.Pull()
			look("run")
			d.Press("tab")
			look("table")
			d.Press("tab")
			look("grid")
			d.Press("tab", "enter")
			d.Pull()
			look("pager")
			d.Press("w", "t")
			look("wrapped")
			d.Press("/").Type("evil").Press("enter")
			look("searched")
			d.Press("esc", "i")
			look("info")
			d.Press("esc", "esc")
			look("fleet")
			d.Press("j", "enter", "j", "enter")
			look("host")
			d.Press("esc", "J")
			look("journal")
			d.Press("esc", "e")
			look("rack")
			d.c.run(push(newPlanScreen(d.c, library()[1], Wish{}, proposal{plan: p})))
			look("plan")
			d.Press("enter")
			look("script")
			f := newForm(library()[1], hostile, Wish{})
			f.fail(fmt.Errorf("%s", hostile))
			d.c.run(push(f))
			look("form")
			d.ask(Ask{Run: "r1", ID: "k", Host: "db-01", Title: hostile, Text: hostile + "\n" + hostile, Words: hostile})
			look("ask")
			d.now = d.now.Add(time.Minute)
			d.Press("esc")
			d.c.run(warnOf(hostile))
			look("message")
			d.Press("/")
			d.c.prompt = &prompt{label: hostile, field: newField(hostile)}
			look("prompt")
		})
	}
}

// FuzzPager: whatever comes, in whatever pieces, what is drawn acts on no terminal and is as wide as it may be.
func FuzzPager(f *testing.F) {
	f.Add([]byte(hostile), uint8(3), true)
	f.Add([]byte(strings.Repeat("世界\u0301", 50)), uint8(7), true)
	f.Fuzz(func(t *testing.T, data []byte, piece uint8, wrap bool) {
		for _, tier := range []Tier{Full, Plain} {
			p := &pager{name: "X", wrap: wrap}
			for n := int(piece)%64 + 1; len(data) > 0; {
				n = min(n, len(data))
				p.store.add(-1, noon, data[:n])
				data = data[n:]
			}
			a := area{w: 61, h: 14, now: noon, pen: newPen(tier, true)}
			for range 5 {
				for _, l := range p.View(a).body {
					if bad := acts(l); bad != "" {
						t.Fatal(bad)
					}
					if width(l) > a.w {
						t.Fatalf("%d cells wide: %q", width(l), l)
					}
				}
				p.scroll(7)
			}
		}
	})
}

func (d *driver) paging(lines int) *pager {
	d.t.Helper()
	p := newTextPager("TEXT", "x", "")
	p.store = store{}
	for i := range lines {
		p.store.add(-1, noon.Add(time.Duration(i)*time.Second), fmt.Appendf(nil, "line %d\n", i))
	}
	d.c.run(push(p))
	return p
}

func TestPagerMoves(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.paging(1000)
	d.See("line 0", "line 17", "lines 1-18 of 1000").Miss("line 18")
	d.Press("space").See("line 17", "line 34").Press("b").See("line 0").Press("G").See("line 999", "(end)").Press("k").See("line 998").Miss("line 999")
	d.Press("g").See("line 0").Press("t").See("12:00:00 line 0", "times")
	d.Press("/").Type("LINE 5").Press("enter").See("no more matches")
	d.Press("/").Type("line 5.0$").Press("enter").See("line 500").Press("n").See("line 510").Press("N", "N").See("no more matches")
	if p.top != 500 {
		t.Errorf("at %d, the first match is at 500", p.top)
	}
	d.Press("n", "n", "n").Press("/").Type("a[").Press("enter").See("no more matches for a[ below")
	d.Press("/", "up", "up").See("search: line 5.0$_").Press("esc")
	d.Press("f").See("nothing more comes", "line 999")
}

func TestPagerWraps(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := newTextPager("TEXT", "x", long("0123456789", 100)+"\nsecond\n"+long("世", 100))
	d.c.run(push(p))
	d.See("second").Press("w").See("wrap", "second")
	if got := strings.Count(strings.Join(d.Screen(), "\n"), "0123456789"); got != 100 {
		t.Errorf("%d pieces of ten show, 100 were written", got)
	}
	d.sizes()
	for range 40 {
		d.Press("j")
		d.sizes()
	}
	for range 80 {
		d.Press("k")
	}
	if p.top != 0 || p.sub != 0 {
		t.Errorf("at %d/%d after going back to the beginning", p.top, p.sub)
	}
	d.Press("G").sizes()
	d.Press("w", "l").See("6789012345")
}

// TestHeadingsShowWhole: what the pager itself says of a host is not cut at the screen's edge, as output is, and every row of it can be reached.
func TestHeadingsShowWhole(t *testing.T) {
	d := newDriver(t, 80, 24)
	p := d.paging(40)
	p.store.put(stored{text: "-- HOST KEY CHANGED: " + long("somebody may be between you and the host ", 5) + "at the end", host: -1, mark: true})
	p.store.add(-1, noon, []byte("last line\n"))
	d.See("line 0").Press("G").See("HOST KEY CHANGED", "at the end", "last line", "(end)").Press("j").See("last line").Press("k").See("at the end").Miss("last line")
	for range 30 {
		d.Press("j")
	}
	d.See("last line").Press("g").See("line 0").Miss("line 18")
}

// TestPagerRing: what is held is bounded, one long line is as cheap as many, and what left is said.
func TestPagerRing(t *testing.T) {
	var s store
	block := []byte(long("x", 200) + "\n")
	for range (storeBytes + 20<<20) / 200 {
		s.add(-1, noon, block)
	}
	if s.bytes > storeBytes || s.dropped == 0 || s.len() > storeLines {
		t.Errorf("%d bytes in %d lines held, %d dropped", s.bytes, s.len(), s.dropped)
	}
	s = store{}
	s.add(-1, noon, []byte(long("y", 10<<20)))
	s.flush(-1, noon)
	for i := range s.len() {
		if l := s.line(i); len(l.text) > lineBytes {
			t.Fatalf("a line of %d bytes is held whole", len(l.text))
		}
	}
	if s.bytes != 10<<20 {
		t.Errorf("%d bytes of a line of 10 MB are held", s.bytes)
	}
}

func TestOutputOfManyHosts(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull().Press("j", "j", "enter").Pull().See("OUTPUT patch web-06").Miss("web-07|")
	d.Press("esc", "esc")
	p := newOutputPager(d.c, d.c.watches["r1"], d.c.watches["r1"].ids([]int{0, 1, 2, 3}))
	d.c.run(push(p))
	d.Pull().Press("g").See("web-06| == precheck ==").Press("G").See("web-09| dpkg: error: /var is full", "failed, exit 100")
	d.step("r1", "web-11", "precheck", "not for this pager\n", journal.OK, "")
	d.Pull().Miss("not for this pager")
	path := filepath.Join(t.TempDir(), "out.txt")
	d.Press("s", "ctrl+u").Type(path).Press("enter").See("bytes written to")
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "== web-09 upgrade ==\nUnpacking\ndpkg: error") {
		t.Fatalf("%v\n%s", err, raw)
	}
	d.Press("s", "ctrl+u").Type(path).Press("enter").See("not written")
}

// TestOutputIsReadOnce: a piece that overlaps what was read, as after a link that was lost, adds only what is new.
func TestOutputIsReadOnce(t *testing.T) {
	var a, b output
	a.sum, b.sum = newOwnSum("web-01"), newOwnSum("web-01")
	a.read(journal.OutputRead{Data: []byte("one\ntwo\nthree\n")})
	for _, p := range []struct {
		at   int64
		data string
	}{{0, "one\ntw"}, {4, "two\nth"}, {0, "one"}, {10, "ree\n"}} {
		b.read(journal.OutputRead{Offset: p.at, Data: []byte(p.data)})
	}
	if a.sum.sum != b.sum.sum || a.words() != "three" || b.words() != "three" || a.lines != 3 || b.lines != 3 {
		t.Errorf("%+v\n%+v", a, b)
	}
	var c output
	c.read(journal.OutputRead{Data: []byte("first\n\n   \nlast words\n\n \n")})
	if c.words() != "last words" {
		t.Errorf("the last words are %q", c.words())
	}
}
