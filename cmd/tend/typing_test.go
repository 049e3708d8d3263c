package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tend/ssh/sshtest"
)

// echoes reports whether the terminal shows what is typed, in its own line mode.
func (c *tty) echoes() bool {
	c.t.Helper()
	st, err := unix.IoctlGetTermios(int(c.in.(*os.File).Fd()), getTermios)
	if err != nil {
		c.t.Fatal(err)
	}
	return st.Lflag&unix.ECHO != 0 && st.Lflag&unix.ICANON != 0
}

// TestTerminalIsLeftAsItWas: whatever ends a question or a session, the terminal echoes what is typed behind it.
func TestTerminalIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	locked := filepath.Join(t.TempDir(), "locked")
	sshtest.WriteKey(t, locked, sshtest.NewKey(t, "ed25519"), "open sesame")
	s := newSite(t, sshtest.Start(t, sshtest.Config{Bare: true}), 1, "record_shell = true")
	c := s.onTerminal("journal", "seal", "--key", locked)
	c.see("Passphrase for")
	c.typed("\x03")
	if code := c.ended(); code != 3 || !c.echoes() || !strings.Contains(c.text(), "broken off") {
		t.Errorf("^C at a passphrase: exit %d, echo %v\n%s", code, c.echoes(), c.text())
	}
	c = s.onTerminal("shell", "real-1")
	c.typed("PS1='ready> '; echo in-$((40+2))\n")
	c.see("in-42")
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	if code := c.ended(); code != 3 || !c.echoes() {
		t.Errorf("SIGTERM to a shell: exit %d, echo %v\n%s", code, c.echoes(), c.text())
	}
	c = s.onTerminal("journal", "replay", "last", "--speed", "0.01")
	c.see("space pauses")
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	if c.ended(); !c.echoes() {
		t.Errorf("SIGTERM to a replay leaves no echo\n%s", c.text())
	}
}

// TestQuestionAnsweredElsewhereIsTakenBack: of two keys with passphrases, one is given at another terminal. This one puts the next question,
// and what is typed here is the answer to that. What was typed for the first is thrown away: it would show at a shell, or go with the next.
func TestQuestionAnsweredElsewhereIsTakenBack(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 0, "")
	text := fmt.Sprintf("[defaults]\nuser = %q\nknown_hosts = [%q]\nport = %d\n[[site]]\nname = \"here\"\n", srv.User, srv.KnownHosts, srv.Port)
	for _, k := range []string{"one", "two"} {
		path := filepath.Join(srv.Dir, "key-"+k)
		srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, "ed25519"), "open "+k))
		text += fmt.Sprintf("[[site.host]]\nname = %q\naddr = %q\nidentity = [%q]\n", "real-"+k, srv.Addr, path)
	}
	s.write("inventory.toml", text)
	here := s.onTerminal("exec", "--yes", "--", "true")
	here.see("passphrase")
	here.see(": ")
	first, second := "one", "two"
	if strings.Contains(here.text(), "key-two") {
		first, second = second, first
	}
	here.typed("open f") // and the other one is quicker
	there := s.onTerminal("attach", "last", "--lines")
	there.see("key-" + first)
	there.typed("open " + first + "\n")
	here.see("needs no answer any more")
	here.see("key-" + second)
	here.typed("open " + second + "\n")
	if code := here.ended(); code != 0 || !here.echoes() {
		t.Errorf("here: exit %d\n%s", code, here.text())
	}
	if code := there.ended(); code != 0 || !there.echoes() {
		t.Errorf("there: exit %d\n%s", code, there.text())
	}
}

// TestTutorsCommandsCanBeInterrupted: ^C ends what was typed at the tutor's prompt, as at any shell's.
func TestTutorsCommandsCanBeInterrupted(t *testing.T) {
	c := &class{app: &app{streams: streams{out: io.Discard, err: io.Discard}}}
	if code := c.shell(context.Background(), "kill -INT $$; exit 7"); code == 7 {
		t.Error("the command did not hear the interrupt")
	}
	if code := c.shell(context.Background(), "exit 7"); code != 7 {
		t.Errorf("undisturbed: exit %d", code)
	}
	var said bytes.Buffer
	nothing, typed := io.Pipe()
	defer typed.Close()
	c = &class{app: &app{streams: streams{out: &said}}, in: bufio.NewReader(nothing)}
	gone, cancel := context.WithCancel(t.Context()) // a signal, or a terminal that is closed
	cancel()
	if err := c.teach(gone, lessons()[:1]); err != nil || !strings.Contains(said.String(), "Nothing of this is left behind") {
		t.Errorf("at the prompt: %v, %s", err, said.String())
	}
}
