package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// rawTTY is a pseudo terminal that hands keys over as they come.
func rawTTY(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); tty.Close() })
	if _, err := term.MakeRaw(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	return master, tty
}

// TestKeyboardGivesTheTerminalBack: time and again a reader is stopped while it waits, and a key is typed: the next reader has it.
func TestKeyboardGivesTheTerminalBack(t *testing.T) {
	master, tty := rawTTY(t)
	for i := range 300 {
		k, err := newKeyboard(tty)
		if err != nil {
			t.Fatal(err)
		}
		took := make(chan string, 1)
		go func() {
			b, err := io.ReadAll(k)
			if err != nil {
				b = append(b, err.Error()...)
			}
			took <- string(b)
		}()
		if i%3 == 0 { // sometimes it has read something before
			if _, err := master.Write([]byte("a")); err != nil {
				t.Fatal(err)
			}
		}
		k.Stop()
		if _, err := master.Write([]byte("k")); err != nil {
			t.Fatal(err)
		}
		got := readUntil(t, tty, 'k')
		if all := <-took + got; all != map[bool]string{true: "ak", false: "k"}[i%3 == 0] {
			t.Fatalf("round %d: of what was typed there is %q", i, all)
		}
		if n, err := k.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("after the end it reads %d, %v", n, err)
		}
	}
}

// TestRawKeysGiveTheTerminalBack is the same for the keys of a replay.
func TestRawKeysGiveTheTerminalBack(t *testing.T) {
	master, tty := rawTTY(t)
	for i := range 100 {
		keys, stop, err := rawKeys(tty)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := master.Write([]byte("q")); err != nil {
			t.Fatal(err)
		}
		if k := <-keys; k != 'q' {
			t.Fatalf("round %d: the key %q", i, k)
		}
		stop()
		if _, err := master.Write([]byte("k")); err != nil {
			t.Fatal(err)
		}
		if got := readUntil(t, tty, 'k'); got != "k" {
			t.Fatalf("round %d: the next reader has %q", i, got)
		}
	}
}

func readUntil(t *testing.T, r io.Reader, last byte) string {
	t.Helper()
	var got []byte
	var b [1]byte
	for !bytes.HasSuffix(got, []byte{last}) {
		if _, err := r.Read(b[:]); err != nil {
			t.Fatal(err)
		}
		got = append(got, b[0])
	}
	return string(got)
}
