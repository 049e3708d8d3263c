package ui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// desktop puts a clipboard program on the path that keeps what it is given in a file, or fails.
func desktop(t *testing.T, name, script string) (kept string) {
	t.Helper()
	dir := t.TempDir()
	kept = filepath.Join(dir, "kept")
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+strings.ReplaceAll(script, "KEPT", kept)+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return kept
}

// TestCopyToTheDesktop: each program is used where its desktop is, in every tier, and what came of it is said.
func TestCopyToTheDesktop(t *testing.T) {
	for name, env := range map[string][]string{"wl-copy": {"WAYLAND_DISPLAY=wayland-0"}, "xclip": {"DISPLAY=:0"}, "xsel": {"DISPLAY=:0", "SSH_CONNECTION=1"}, "pbcopy": {}} {
		t.Run(name, func(t *testing.T) {
			kept := desktop(t, name, `echo "$@" >KEPT.args; cat >KEPT`)
			t.Setenv("PATH", filepath.Dir(kept)+":/bin") // a desktop's own program must not be found first
			d := newDriver(t, 80, 24, func(c *Config) { c.Env = append([]string{"TERM=vt220"}, env...) })
			d.c.run(push(newTextPager("TEXT", "x", "some words\nand more")))
			d.See("and more").Press("y").See("20 bytes copied with " + name)
			if raw, err := os.ReadFile(kept); err != nil || string(raw) != "some words\nand more\n" {
				t.Errorf("it was given %q, %v", raw, err)
			}
		})
	}
}

func TestCopySaysWhatHappened(t *testing.T) {
	desktop(t, "wl-copy", "exit 3")
	env := func(tier Tier, env ...string) func(*Config) {
		return func(c *Config) { c.Tier, c.Env = tier, append([]string{"TERM=xterm-256color"}, env...) }
	}
	press := func(change func(*Config), text string) *driver {
		d := newDriver(t, 120, 24, change)
		d.c.run(push(newTextPager("TEXT", "x", text)))
		return d.See("TEXT x").Press("y")
	}
	press(env(Plain, "WAYLAND_DISPLAY=w"), "x").See("not copied: wl-copy: exit status 3; write a file instead")
	press(env(Full, "WAYLAND_DISPLAY=w"), "x").See("wl-copy: exit status 3; 2 bytes sent to the terminal (OSC 52), which does not say whether it took them")
	press(env(Full), "x").See("2 bytes sent to the terminal (OSC 52)")
	press(env(Full, "TMUX=x"), "x").See("sent to tmux and the terminal")
	press(env(Full, "STY=x"), "x").See("sent to the terminal around screen")
	press(env(Full), strings.Repeat("x", 8000)).See("8001 bytes sent")
	d := newDriver(t, 80, 24, env(Full))
	d.c.run(copyText(strings.Repeat("x", 100_000)))
	d.See("not copied: 100000 bytes are more than a terminal's clipboard takes")
	kept := desktop(t, "wl-copy", "cat >KEPT")
	press(env(Full, "WAYLAND_DISPLAY=w"), "x").See("2 bytes copied with wl-copy; and sent to the terminal (OSC 52)")
	if raw, _ := os.ReadFile(kept); string(raw) != "x\n" {
		t.Errorf("it was given %q", raw)
	}
	desktop(t, "pbcopy", "cat >KEPT")
	press(env(Plain, "SSH_CONNECTION=1"), "x").See("not copied: neither") // it would be the clipboard of another desk
}

// TestCopyOverTheWire: on a real terminal the sequence arrives with the text in it.
func TestCopyOverTheWire(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	x := openTerminal(t, "xterm-256color", nil)
	x.keys(":host db-01\r")
	x.see("HOST db-01")
	x.keys("y")
	x.see("sent to the terminal (OSC 52)")
	var m []string
	osc := regexp.MustCompile("\x1b]52;c;([A-Za-z0-9+/=]*)(\x07|\x1b\\\\)")
	x.until("OSC 52", func(string) bool { // what is said of it may be drawn first: it is sent on another way
		m = osc.FindStringSubmatch(x.bytes())
		return m != nil
	})
	if text, err := base64.StdEncoding.DecodeString(m[1]); err != nil || !strings.Contains(string(text), "HOST db-01") {
		t.Errorf("%v: %q", err, text)
	}
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}

// TestEveryScreenIsCopiedAndWritten: y and w, or save, do something on every screen; what is written has all rows of a list, also
// those that the screen has no room for, and no escape sequence.
func TestEveryScreenIsCopiedAndWritten(t *testing.T) {
	kept := desktop(t, "xclip", "cat >KEPT")
	d := newDriver(t, 80, 24, func(c *Config) { c.Env = []string{"TERM=xterm", "DISPLAY=:0"}; c.Tier = Basic })
	d.c.cfg.Search = d.searchMemory(200)
	d.withNotes()
	d.c.follow("261122-1200-heal")
	d.c.follow("261122-1210-patc")
	d.Pull()
	dir := t.TempDir()
	try := func(name, want string, write string) {
		t.Helper()
		before := strings.Join(d.Screen()[:20], "\n")
		d.Press(":").Type("copy").Press("enter").See("bytes copied with xclip")
		if raw, _ := os.ReadFile(kept); !strings.Contains(string(raw), want) || strings.ContainsRune(string(raw), 0x1b) {
			t.Errorf("%s: copied is %q", name, raw)
		}
		path := filepath.Join(dir, name)
		d.Press(":").Type(write).Press("enter", "ctrl+u").Type(path).Press("enter").Pull().See("bytes written to")
		if raw, _ := os.ReadFile(path); !strings.Contains(string(raw), want) || strings.ContainsRune(string(raw), 0x1b) {
			t.Errorf("%s: written is %q", name, raw)
		}
		if after := strings.Join(d.Screen()[:20], "\n"); after != before {
			t.Errorf("%s: copying moved it:\n%s\nwas\n%s", name, after, before)
		}
	}
	d.Press("+")
	try("fleet", "nyc1", "write")
	if raw, _ := os.ReadFile(filepath.Join(dir, "fleet")); !strings.Contains(string(raw), "app-12") {
		t.Errorf("of the fleet only what shows was written:\n%s", raw)
	}
	d.Press("j", "e")
	try("rack", "r01", "write")
	d.Press("esc", ":").Type("host web-09").Press("enter")
	try("host", "web-09", "write")
	d.Press("esc", "J").Pull()
	try("journal", "261122-1210-patc", "write")
	d.Press("enter").Pull()
	try("run", "dpkg", "write")
	d.Press("enter").Pull()
	d.Press("y").See("copied with xclip").Press("s", "ctrl+u").Type(filepath.Join(dir, "output")).Press("enter").Pull().See("bytes written")
	d.Press("esc", "esc", "/").Type("linux").Press("enter")
	try("search", "linux-modules", "write")
	d.Press(":").Type("fleet").Press("enter").Press("r")
	try("runbooks", "health", "write")
	d.Press("enter").Pull()
	try("plan", "health", "write")
	d.Press("c").See("copied with xclip")
}

// TestBodyOfTheClipboardIsClean: hostile output is escaped in the clipboard as on the screen.
func TestBodyOfTheClipboardIsClean(t *testing.T) {
	kept := desktop(t, "xclip", "cat >KEPT")
	d := newDriver(t, 80, 24, func(c *Config) { c.Env = []string{"DISPLAY=:0"} })
	d.c.run(push(newTextPager("TEXT", "x", "a\x1b]52;c;aGk=\x07b\u202ec")))
	d.See("TEXT").Press("y").See("copied with xclip")
	if raw, _ := os.ReadFile(kept); strings.ContainsAny(string(raw), "\x1b\x07\u202e") {
		t.Errorf("copied is %q", raw)
	}
}
