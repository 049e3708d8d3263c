package ui

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestMain(m *testing.M) {
	time.Local = time.UTC // goldens show local times
	os.Exit(m.Run())
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// driver presses keys on the console and reads its screen, synchronously: a command that a key leads to has ended before the next key.
type driver struct {
	t       *testing.T
	c       *console
	now     time.Time
	journal *journal.Memory
	runs    *fakeRuns
	asks    *fakeAsks
	quit    bool
}

// theRoom is the inventory of testdata/inventory.toml.
func theRoom(t testing.TB) *inventory.Inventory {
	t.Helper()
	raw, err := os.ReadFile("testdata/inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Parse("testdata/inventory.toml", raw)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// newDriver shows the fleet of testdata/inventory.toml.
func newDriver(t *testing.T, w, h int, change ...func(*Config)) *driver {
	t.Helper()
	d := &driver{t: t, now: noon, asks: newFakeAsks()}
	d.journal = journal.NewMemory("ops@test", func() time.Time { return d.now })
	d.runs = &fakeRuns{open: func(ctx context.Context) ([]journal.RunID, error) {
		var ids []journal.RunID
		open, err := d.journal.Runs(ctx, journal.Query{Open: true})
		for _, r := range open {
			ids = append(ids, r.Run)
		}
		return ids, err
	}}
	inv := theRoom(t)
	cfg := Config{
		Inventory: inv, Library: library(), Journal: d.journal, Runs: d.runs, Asks: d.asks, Tier: Plain, Who: journal.Who{User: "ops", From: "test"},
		Now: func() time.Time { return d.now }, Env: []string{"TERM=vt220"},
		Resolve: func(w Wish) (runbooks.Plan, error) { return resolve(inv, w) },
	}
	for _, f := range change {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	work := &work{ctx: ctx}
	t.Cleanup(func() { cancel(); work.close() })
	d.c = newConsole(cfg, work)
	d.do(d.c.Init())
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

// send hands a message over and sees its commands to their end.
func (d *driver) send(msg tea.Msg) {
	d.t.Helper()
	_, cmd := d.c.Update(msg)
	d.c.View() // as the program does after every message
	d.do(cmd)
}

func (d *driver) do(cmd tea.Cmd) {
	d.t.Helper()
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		d.quit = true
	case tea.BatchMsg:
		for _, c := range msg {
			d.do(c)
		}
	default:
		if run, ok := execOf(msg); ok { // the framework would lend the terminal; there is none here
			d.send(run())
			return
		}
		d.send(msg)
	}
}

// Press presses keys by their names, in order: "j", "enter", "ctrl+p".
func (d *driver) Press(names ...string) *driver {
	d.t.Helper()
	for _, name := range names {
		d.send(keyMsg(name))
	}
	return d
}

// Type types text letter by letter.
func (d *driver) Type(text string) *driver {
	d.t.Helper()
	for _, r := range text {
		d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return d
}

var named = map[string]rune{
	"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "backspace": tea.KeyBackspace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
}

func keyMsg(name string) tea.KeyPressMsg {
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	if code, ok := named[name]; ok {
		k := tea.KeyPressMsg{Code: code}
		if name == "space" {
			k.Text = " "
		}
		return k
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}

// Pull lets the console take up what its readers have read, after they have read all that there is.
func (d *driver) Pull() *driver {
	d.t.Helper()
	for range 1000 {
		d.settle()
		before := d.c.pulled()
		d.send(pullMsg{})
		d.settle()
		if d.c.pulled() == before && !d.pending() {
			return d
		}
	}
	d.t.Fatal("the readers never come to rest")
	return d
}

// pending reports whether something was read that the console has not taken up: on a busy machine a pull's time may be over before it begins.
func (d *driver) pending() bool {
	for _, w := range d.c.watches {
		if full(w.feed) {
			return true
		}
	}
	for _, s := range d.c.stack {
		if p, ok := s.(*pager); ok && s == d.c.top() && p.feed != nil && full(p.feed) {
			return true
		}
	}
	if f, ok := d.c.top().(*filmScreen); ok && (f.coming != nil || f.ahead != nil || f.w.state.Seq < f.goal()) {
		return true
	}
	return d.c.known != nil && full(d.c.known)
}

// over reports whether a feed has read all that it will.
func over[T any](f *feed[T]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

func full[T any](f *feed[T]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.buf) > 0
}

// settle waits until every reader has handed over what the journal holds, or its feed is full.
func (d *driver) settle() {
	for id, w := range d.c.watches {
		d.settleFeed(id, w.feed, w.state)
	}
	for _, s := range d.c.stack {
		if p, ok := s.(*pager); ok && p.feed != nil {
			d.settleFeed(p.run, p.feed, p.state)
		}
	}
	if f, ok := d.c.top().(*filmScreen); ok {
		waitFor(d.t, func() bool { return f.coming == nil || over(f.coming) })
		waitFor(d.t, func() bool { return f.ahead == nil || over(f.ahead.feed) })
		waitFor(d.t, func() bool { return f.w.state.Seq >= f.goal() || over(f.w.feed) })
	}
	if d.c.known != nil {
		waitFor(d.t, func() bool {
			d.c.known.mu.Lock()
			defer d.c.known.mu.Unlock()
			return d.c.known.ended || len(d.c.known.buf) > 0
		})
	}
}

func (d *driver) settleFeed(id journal.RunID, f *feed[journal.Event], st *journal.State) {
	want := uint64(0)
	for e, err := range d.journal.Events(context.Background(), id, 0, false) {
		if err != nil {
			return
		}
		want = e.Seq
	}
	waitFor(d.t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.ended || len(f.buf) > 0 || st.Seq >= want
	})
}

// waitFor polls a condition that another goroutine brings about.
func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for !cond() {
		if time.Now().After(end) {
			t.Fatal("waited for ten seconds")
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// Screen is the picture without its colours, one string a line.
func (d *driver) Screen() []string {
	v := d.c.View()
	return strings.Split(ansi.Strip(v.Content), "\n")
}

// See fails the test where the screen does not hold the text.
func (d *driver) See(texts ...string) *driver {
	d.t.Helper()
	screen := strings.Join(d.Screen(), "\n")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Fatalf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return d
}

// Miss fails the test where the screen holds the text.
func (d *driver) Miss(text string) *driver {
	d.t.Helper()
	if screen := strings.Join(d.Screen(), "\n"); strings.Contains(screen, text) {
		d.t.Fatalf("the screen shows %q:\n%s", text, screen)
	}
	return d
}

// everywhere runs f at the three sizes in every tier that draws screens. The basic tier has no pictures of its own: without box characters
// it must draw what the plain one does, but for its attributes.
func everywhere(t *testing.T, f func(t *testing.T, d *driver), change ...func(*Config)) {
	t.Helper()
	for _, tier := range []Tier{Plain, Basic, Full} {
		for _, size := range [][2]int{{60, 20}, {80, 24}, {140, 40}} {
			if *update && tier == Basic {
				continue
			}
			t.Run(fmt.Sprint(tier, size[0], "x", size[1]), func(t *testing.T) {
				f(t, newDriver(t, size[0], size[1], append(change, func(c *Config) {
					c.Tier = tier
					if tier == Basic {
						c.Env = []string{"TERM=xterm", "LANG=C"}
					}
				})...))
			})
		}
	}
}

// Golden compares the screen with testdata/NAME.WxH.txt.
func (d *driver) Golden(name string) *driver {
	d.t.Helper()
	d.sizes()
	path := filepath.Join("testdata", fmt.Sprintf("%s%s.%dx%d.txt", map[bool]string{true: "full-"}[d.c.cfg.Tier == Full], name, d.c.w, d.c.h))
	got := ""
	for _, l := range d.Screen() {
		got += strings.TrimRight(l, " ") + "\n"
	}
	if *update && d.c.cfg.Tier != Basic {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return d
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if d.c.cfg.Tier == Basic { // it has a mouse, and the plain tier says why it has none
		want = bytes.ReplaceAll(want, []byte("  [not now: this terminal's tier has no mouse]"), nil)
	}
	if string(want) != got {
		d.t.Errorf("%s differs; -update writes it anew. got:\n%s\nwant:\n%s", path, got, want)
	}
	return d
}

// sizes checks what holds of every picture: its height exactly, no line wider than the width, nothing that acts on a terminal.
func (d *driver) sizes() {
	d.t.Helper()
	raw := d.c.View().Content
	lines := strings.Split(raw, "\n")
	if len(lines) != d.c.h && d.c.h >= minHeight && d.c.w >= minWidth {
		d.t.Errorf("%d lines at %dx%d", len(lines), d.c.w, d.c.h)
	}
	for i, l := range lines {
		if n := ansi.StringWidthWc(l); n > d.c.w {
			d.t.Errorf("line %d is %d cells wide at %dx%d: %q", i, n, d.c.w, d.c.h, l)
		}
		for _, r := range ansi.Strip(l) {
			if r < 0x20 || r >= 0x7f && r < 0xa0 {
				d.t.Errorf("line %d holds the control character %U: %q", i, r, l)
			}
			if d.c.cfg.Tier == Plain && r > 0x7e {
				d.t.Errorf("line %d holds %q, which is not ASCII", i, r)
			}
		}
	}
	if n := reflect.TypeFor[console]().NumField(); n >= 20 {
		d.t.Errorf("the console has %d fields; it is becoming a bag", n)
	}
}

func windowSize(w, h int) tea.Msg { return tea.WindowSizeMsg{Width: w, Height: h} }

// execOf takes the framework's own message for a program that borrows the terminal apart: it has no exported form.
func execOf(msg tea.Msg) (func() tea.Msg, bool) {
	v := reflect.ValueOf(msg)
	if v.Kind() != reflect.Struct || v.Type().Name() != "execMsg" {
		return nil, false
	}
	field := func(i int) any { // unexported fields are read by their address
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		return reflect.NewAt(c.Field(i).Type(), c.Field(i).Addr().UnsafePointer()).Elem().Interface()
	}
	cmd, fn := field(0).(tea.ExecCommand), field(1).(tea.ExecCallback)
	return func() tea.Msg { return fn(cmd.Run()) }, true
}
