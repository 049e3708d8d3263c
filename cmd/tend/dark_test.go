package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"tend/ssh"
)

// lit is what a question is written to. It notes each that comes while the terminal still shows what is typed, and answers the moment it has come:
// nobody is quicker.
type lit struct {
	t           *testing.T
	master, tty *os.File
}

func (l lit) Write(p []byte) (int, error) {
	if !strings.HasSuffix(string(p), ": ") {
		return len(p), nil
	}
	now, err := unix.IoctlGetTermios(int(l.tty.Fd()), getTermios)
	if err != nil || now.Lflag&unix.ECHO != 0 {
		l.t.Errorf("%q is asked while what is typed is shown (%v)", p, err)
	}
	if _, err := io.WriteString(l.master, "s3cret\n"); err != nil {
		l.t.Error(err)
	}
	return len(p), nil
}

// TestSecretsAreAskedForInTheDark: a terminal shows nothing of a secret that is typed the moment it is asked for, and everything again afterwards.
func TestSecretsAreAskedForInTheDark(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	to := lit{t, master, tty}
	asks := map[string]func() (string, error){
		"a question of a run": func() (string, error) {
			at := &oneTerminal{out: to}
			return typedLine(t.Context(), tty, false, func() { at.ask("db-1 asks\nPassword: ") })
		},
		"a question of the road": func() (string, error) {
			return desk{tty, to}.Prompt(context.Background(), ssh.Question{Text: "Password"})
		},
		"a passphrase": func() (string, error) {
			b, err := (&app{streams: streams{in: tty, err: to}}).askPassphrase("/home/anna/.ssh/id")()
			return string(b), err
		},
	}
	for name, ask := range asks {
		if got, err := ask(); err != nil || strings.TrimSpace(got) != "s3cret" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if now, err := unix.IoctlGetTermios(int(tty.Fd()), getTermios); err != nil || now.Lflag&unix.ECHO == 0 {
			t.Errorf("%s: afterwards the terminal shows nothing of what is typed (%v)", name, err)
		}
	}
}
