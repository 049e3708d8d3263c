package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"

	"tend/inventory"
)

// TestKeysInFlightAreTheShells: what is typed behind the key that opens a shell never acts on the screen, neither before the shell nor after
// it; what is typed while the shell is on its way is the shell's; and the key after it is the screen's again.
func TestKeysInFlightAreTheShells(t *testing.T) {
	begun, typed := make(chan struct{}), make(chan string, 1)
	shell := func(_ context.Context, _ inventory.HostID, _ string, in io.Reader, _ io.Writer) error {
		tty := in.(*os.File)
		was, err := term.MakeRaw(tty.Fd())
		if err != nil {
			return err
		}
		defer func() { _ = term.Restore(tty.Fd(), was) }()
		close(begun)
		var got []byte
		var b [1]byte
		for !strings.HasSuffix(string(got), "end") {
			if _, err := tty.Read(b[:]); err != nil {
				return err
			}
			got = append(got, b[0])
		}
		typed <- string(got)
		return nil
	}
	x := openTerminal(t, "xterm-256color", func(c *Config) { c.Shell = shell })
	x.keys(":host app-01\r")
	x.see("HOST app-01")
	x.keys("snin flight\rrrnnJJ") // one piece: the framework has read all of it
	<-begun
	x.keys("the shell's, to the end")
	if got := <-typed; !strings.HasSuffix(got, "the shell's, to the end") {
		t.Errorf("the shell read %q", got)
	}
	x.see("back from app-01")
	if text := x.text(); !strings.Contains(text, "HOST app-01") || strings.Contains(text, "note:") {
		t.Errorf("keys in flight acted on the screen:\n%s", text)
	}
	x.keys("n")
	x.see("notes cannot be written from here")
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}

// TestPanicWhileLent: a fault while something else has the terminal ends the console as any other does.
func TestPanicWhileLent(t *testing.T) {
	x := openTerminal(t, "xterm-256color", func(c *Config) {
		c.Shell = func(context.Context, inventory.HostID, string, io.Reader, io.Writer) error { panic("boom in a shell") }
	})
	x.keys(":host app-01\r")
	x.see("HOST app-01")
	x.keys("s")
	var crash *CrashError
	if err := x.left(); !errors.As(err, &crash) {
		t.Fatalf("ended with %v", err)
	}
	if raw, err := os.ReadFile(crash.Log); err != nil || !strings.Contains(string(raw), "boom in a shell") {
		t.Fatalf("%s holds %q, %v", crash.Log, raw, err)
	}
}

// TestSignalWhileLent: a signal ends the console at once while a shell has the terminal, and the shell with it.
func TestSignalWhileLent(t *testing.T) {
	x := openTerminal(t, "xterm-256color", func(c *Config) {
		c.Shell = func(ctx context.Context, _ inventory.HostID, _ string, _ io.Reader, out io.Writer) error {
			_, _ = io.WriteString(out, "LENT")
			<-ctx.Done()
			return ctx.Err()
		}
	})
	x.keys(":host app-01\rs")
	x.see("LENT")
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := x.left(); err != nil {
		t.Error(err)
	}
}

// TestConsoleEndsWithItsTerminal: a terminal that is closed tells the leader of its session alone, which may be somebody who lives on. The console
// ends nevertheless, whatever it shows.
func TestConsoleEndsWithItsTerminal(t *testing.T) {
	for keys, see := range map[string]string{"": "FLEET", ":host": "host_"} {
		x := openTerminal(t, "xterm-256color", nil)
		x.keys(keys)
		x.see(see)
		x.master.Close()
		_, _ = x.tty.WriteString(" ") // ends the read of the master that is under way, and holds it open
		select {
		case err := <-x.over:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the console lives on")
		}
	}
}
