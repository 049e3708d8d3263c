package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"tend/journal"
)

func TestDetectTier(t *testing.T) {
	for _, c := range []struct {
		env  string
		tty  bool
		want Tier
	}{
		{"TERM=xterm-256color", true, Full}, {"TERM=tmux-256color", true, Full}, {"TERM=xterm-kitty", true, Full}, {"TERM=xterm", true, Basic}, {"TERM=screen", true, Basic},
		{"TERM=xterm-16color", true, Basic}, {"TERM=linux", true, Plain}, {"TERM=vt220", true, Plain}, {"TERM=vt100", true, Plain}, {"TERM=vt102-am", true, Plain},
		{"TERM=dumb", true, Plain}, {"TERM=", true, Plain}, {"", true, Plain}, {"TERM=xterm-256color NO_COLOR=1", true, Plain}, {"TERM=xterm-256color NO_COLOR=yes", true, Plain},
		{"TERM=xterm-256color NO_COLOR=", true, Full}, {"TERM=xterm-256color ACCESSIBLE=1", true, Line}, {"TERM=xterm-256color", false, Line}, {"TERM=dumb TERM=xterm-256color", true, Full},
	} {
		if got := DetectTier(strings.Fields(c.env), c.tty); got != c.want {
			t.Errorf("%q on a terminal %v is %v, want %v", c.env, c.tty, got, c.want)
		}
	}
	for i, name := range tiers {
		if got, err := ParseTier(name); err != nil || got != Tier(i) || got.String() != name {
			t.Errorf("%s is read as %v, %v", name, got, err)
		}
	}
	if _, err := ParseTier("vt"); err == nil || !strings.Contains(err.Error(), "auto, full, basic, plain, line") {
		t.Errorf("an unknown tier: %v", err)
	}
}

// TestPlainWriter: what asks, titles, colours the whole screen or sets what a VT100 does not have stays here, however it is cut.
func TestPlainWriter(t *testing.T) {
	in := "a\x1b[?2026$p\x1b[?2027$p\x1b[>4;2m\x1b[>1u\x1b[?u\x1b[?2004h\x1b[?1049h\x1b[2;3Hb\x1b]0;title\x07\x1b]11;?\x1b\\\x1bP+q544e\x1b\\\x1b[c\x1b[>c\x1b[6n\x1b[7mc\x1b[m\x1b[?25l\x1b[K\x1b[?5W" +
		ansi.SetModeInsertReplace + "e" + ansi.ResetModeInsertReplace + "\x1b[20h" + ansi.RequestNameVersion + "d\u2500\x0f\x1b[=1u\x1b[<1u"
	want := "a\x1b[?1049h\x1b[2;3Hb\x1b[7mc\x1b[m\x1b[?25l\x1b[K\x1b[4he\x1b[4ld?"
	for size := 1; size < len(in); size++ {
		var out bytes.Buffer
		w := plainWriter(&out)
		for b := []byte(in); len(b) > 0; {
			n := min(size, len(b))
			if m, err := w.Write(b[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			b = b[n:]
		}
		if out.String() != want {
			t.Fatalf("in pieces of %d: %q, want %q", size, out.String(), want)
		}
	}
}

func TestTorn(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "a": false, "\x1b": true, "\x1b[": true, "\x1b[1": true, "\x1b[1;5": true, "\x1b[A": false, "\x1b[1;5A": false, "\x1bO": true, "\x1bOA": false, "\x1bx": false,
		"\x1b[[": true, "\x1b[[A": false, "\x1b[3~": false, "x\x1b": true, "\x1b[Aj": false, "\x1b\x1b": true,
	} {
		if torn([]byte(s)) != want {
			t.Errorf("%q torn: %v", s, !want)
		}
	}
}

// terminal is a real pseudo terminal with an emulator behind it that the console runs on.
type terminal struct {
	t      testing.TB
	master *os.File
	tty    *os.File
	mu     sync.Mutex
	screen *vt.Emulator
	raw    bytes.Buffer
	before *term.State
	over   chan error
}

func newTerminal(t testing.TB, w, h uint16) *terminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: w, Rows: h}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, master: master, tty: tty, screen: vt.NewEmulator(int(w), int(h)), over: make(chan error, 1)}
	if x.before, err = term.GetState(tty.Fd()); err != nil {
		t.Fatal(err)
	}
	var wg, written sync.WaitGroup
	written.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			x.mu.Lock()
			x.raw.Write(buf[:n])
			_, _ = x.screen.Write(buf[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	wg.Go(func() { // the emulator answers queries; nobody reads them, as on a serial line
		buf := make([]byte, 256)
		for {
			if _, err := x.screen.Read(buf); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { // the emulator is closed when nobody writes to it any more
		tty.Close()
		master.Close()
		written.Wait()
		_ = x.screen.InputPipe().(io.Closer).Close()
		wg.Wait()
	})
	return x
}

// run starts the console on it.
func (x *terminal) run(ctx context.Context, cfg Config) {
	cfg.Input, cfg.Output = x.tty, x.tty
	go func() { x.over <- Run(ctx, cfg) }()
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

func (x *terminal) bytes() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

func (x *terminal) see(text string) {
	x.t.Helper()
	x.until(text, func(screen string) bool { return strings.Contains(screen, text) })
}

// until waits for a screen that is so.
func (x *terminal) until(what string, so func(screen string) bool) {
	x.t.Helper()
	end := time.Now().Add(15 * time.Second)
	for !so(x.text()) {
		if time.Now().After(end) {
			x.t.Fatalf("the terminal never shows %q:\n%s", what, x.text())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (x *terminal) keys(s string) {
	x.t.Helper()
	if _, err := x.master.WriteString(s); err != nil {
		x.t.Fatal(err)
	}
}

// left waits for the console to end and sees that the terminal is as it was.
func (x *terminal) left() error {
	x.t.Helper()
	select {
	case err := <-x.over:
		state, e := term.GetState(x.tty.Fd())
		if e != nil {
			x.t.Fatal(e)
		}
		if *state != *x.before {
			x.t.Errorf("the terminal's settings are not restored: %+v, were %+v", state, x.before)
		}
		return err
	case <-time.After(15 * time.Second):
		x.t.Fatal("the console does not end")
	}
	return nil
}

func realConfig(t testing.TB) Config {
	t.Helper()
	return Config{Inventory: theRoom(t), Library: library(), Journal: journal.NewMemory("ops@test", nil), StateDir: t.TempDir()}
}

// openTerminal is the console on a real terminal of that type, once its fleet shows; change alters what it is given.
func openTerminal(t testing.TB, name string, change func(*Config)) *terminal {
	t.Helper()
	x := newTerminal(t, 80, 24)
	cfg := realConfig(t)
	cfg.Env = []string{"TERM=" + name}
	if change != nil {
		change(&cfg)
	}
	x.run(context.Background(), cfg)
	x.see("FLEET")
	return x
}

// queries are the sequences that want an answer, or that a VT220 does not know.
var queries = regexp.MustCompile("\x1b\\[[?>=<][0-9;]*[$a-zA-Z]|\x1b[\\]P_^]|\x1b\\[[0-9;]*[cnu]")

// TestPlainTerminal: on the terminals of a server room no query is sent, nothing but ASCII is drawn, and the selection shows.
func TestPlainTerminal(t *testing.T) {
	for _, name := range []string{"vt220", "vt100", "linux", "dumb"} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t, 80, 24)
			cfg := realConfig(t)
			cfg.Env = []string{"TERM=" + name, "LANG=C.UTF-8"}
			x.run(context.Background(), cfg)
			x.see("FLEET all sites")
			x.see("> [-] nyc1")
			x.keys("j")
			x.see(">   [+] r01")
			x.keys("\rj\r")
			x.see("HOST db-01")
			x.keys("q")
			x.see("FLEET")
			if err := x.end(); err != nil {
				t.Fatal(err)
			}
			raw := x.bytes()
			for _, q := range queries.FindAllString(raw, -1) {
				if !slices.Contains([]string{"\x1b[?25l", "\x1b[?25h", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?7l", "\x1b[?7h"}, q) {
					t.Errorf("sent %q", q)
				}
			}
			for i := 0; i < len(raw); i++ {
				if raw[i] > 0x7e {
					t.Fatalf("sent the byte %#x", raw[i])
				}
			}
			if !strings.Contains(raw, "\x1b[7m") {
				t.Error("the selection is not in reverse video")
			}
		})
	}
}

// TestTornArrow: Up and Down whose bytes come 300 ms apart, as over three hops, move the cursor and do not go back.
func TestTornArrow(t *testing.T) {
	x := openTerminal(t, "vt220", nil)
	x.see("> [-] nyc1")
	x.keys("J")
	x.see("JOURNAL")
	x.keys("q")
	for i, piece := range []string{"\x1b", "[", "B"} {
		if i > 0 {
			time.Sleep(300 * time.Millisecond) // the link's own delay: what is tested
		}
		x.keys(piece)
	}
	x.see(">   [+] r01")
	x.keys("J")
	x.see("JOURNAL")
	x.keys("\x1b")
	x.see("FLEET")
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}

// TestEscAndAKeyAtOnce: Esc and the next key, pressed faster than a torn sequence is waited for, are these two keys and not Alt; an arrow that was torn
// for longer still goes nowhere; words in a field are moved over as in a shell.
func TestEscAndAKeyAtOnce(t *testing.T) {
	x := openTerminal(t, "linux", nil) // where text moves by rewriting it: the emulator knows no insert mode, which a vt220 has
	x.see("> [-] nyc1")
	x.keys("J")
	x.see("JOURNAL")
	x.keys("\x1b/")
	x.see("filter: _")
	x.keys("db-0")
	x.see("filter: db-0_")
	x.keys("\x1bJ")
	x.see("JOURNAL")
	x.keys("\x1b\x1b")
	x.see("filter: none")
	x.keys("/one two\x1bbX")
	x.see("one X_two")
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
	d := newDriver(t, 80, 24).Press("J")
	d.send(tea.KeyPressMsg{Code: '[', Mod: tea.ModAlt})
	d.send(tea.KeyPressMsg{Code: 'o', Mod: tea.ModAlt | tea.ModShift})
	d.Press("A").See("JOURNAL")
}

// end leaves the console.
func (x *terminal) end() error {
	x.keys("\x03\x03")
	return x.left()
}

// TestSignals: a hang-up and a polite kill end the console in order.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			x := openTerminal(t, "xterm-256color", nil)
			if err := syscall.Kill(os.Getpid(), sig); err != nil {
				t.Fatal(err)
			}
			if err := x.left(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { // the alternate screen is left
				raw := x.bytes()
				return strings.LastIndex(raw, "\x1b[?1049l") > strings.LastIndex(raw, "\x1b[?1049h")
			})
		})
	}
}

func TestContextEnds(t *testing.T) {
	x := newTerminal(t, 80, 24)
	cfg := realConfig(t)
	cfg.Env = []string{"TERM=xterm"}
	ctx, cancel := context.WithCancel(context.Background())
	x.run(ctx, cfg)
	x.see("FLEET")
	cancel()
	if err := x.left(); err != nil {
		t.Fatal(err)
	}
}

// TestPanicOnTerminal: a panic in a handler leaves a terminal that works, and names the file.
func TestPanicOnTerminal(t *testing.T) {
	x := openTerminal(t, "xterm-256color", func(c *Config) {
		c.Note = func(context.Context, journal.Noted) error { panic("boom") }
	})
	x.keys("j\rj\r")
	x.see("HOST db-01")
	x.keys("nhello\r")
	var crash *CrashError
	if err := x.left(); !errors.As(err, &crash) {
		t.Fatalf("ended with %v", err)
	}
	if raw, err := os.ReadFile(crash.Log); err != nil || !strings.Contains(string(raw), "boom") {
		t.Fatalf("%s holds %q, %v", crash.Log, raw, err)
	}
}

// TestResize: small, nothing, and back.
func TestResize(t *testing.T) {
	x := openTerminal(t, "xterm-256color", nil)
	for _, s := range []pty.Winsize{{Cols: 20, Rows: 5}, {Cols: 0, Rows: 0}, {Cols: 120, Rows: 40}} {
		if err := pty.Setsize(x.master, &s); err != nil {
			t.Fatal(err)
		}
		x.mu.Lock()
		x.screen.Resize(max(int(s.Cols), 1), max(int(s.Rows), 1))
		x.mu.Unlock()
		if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
			t.Fatal(err)
		}
		if s.Cols == 20 {
			x.see("too small")
		}
	}
	x.see("sort:state")
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}
