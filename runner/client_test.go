package runner

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

// oddProcess listens in a run's place, and does with each connection what it is told.
func oddProcess(t *testing.T, do func(net.Conn)) *Client {
	t.Helper()
	dir := short(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", SocketPath(dir, "/j", run))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
			do(c)
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	return Dial(dir, "/j", run)
}

// TestAClientOfAnOddProcess: a terminal is told what became of the run's process, and is not held up by one that says nothing.
func TestAClientOfAnOddProcess(t *testing.T) {
	long := strings.Repeat("x", maxLine/2)
	say := func(s string) func(net.Conn) {
		return func(c net.Conn) { _, _ = io.WriteString(c, s+"\n") }
	}
	for name, c := range map[string]struct {
		do   func(net.Conn)
		want string
	}{
		"dies":  {func(c net.Conn) { c.Close() }, ErrGone.Error()},
		"junk":  {say("junk"), "invalid character"},
		"long":  {say(`{"error":"` + long + `"}`), long},
		"quiet": {func(net.Conn) {}, context.Canceled.Error()},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cl := oddProcess(t, func(conn net.Conn) {
			c.do(conn)
			if name == "quiet" {
				cancel()
			}
		})
		pid, err := cl.PID(ctx)
		if err == nil || pid != 0 || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrGone) != (name == "dies") {
			t.Errorf("%s: %d, %.200v", name, pid, err)
		}
		cancel()
	}
}

// TestWhoBreaksOffIsNotToldThatTheRunIsGone: at whatever moment a terminal breaks off, before it has asked or after, a living process is
// not called a dead one, whose socket would be swept away.
func TestWhoBreaksOffIsNotToldThatTheRunIsGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := gone(ctx, net.ErrClosed); !errors.Is(err, ErrGone) {
		t.Errorf("nobody broke off: %v", err)
	}
	cancel()
	if err := gone(ctx, net.ErrClosed); !errors.Is(err, context.Canceled) || errors.Is(err, ErrGone) {
		t.Errorf("broken off: %v", err)
	}
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		cl := oddProcess(t, func(net.Conn) { cancel() })
		if _, err := cl.PID(ctx); errors.Is(err, ErrGone) {
			t.Fatalf("broken off when it had been reached: %v", err)
		}
	}
}

// TestQuestionsOfAnOddProcess: listening ends with the process and with the listener, and says which.
func TestQuestionsOfAnOddProcess(t *testing.T) {
	for name, want := range map[string]string{"dies": "", "junk": "invalid character", "quiet": context.Canceled.Error()} {
		ctx, cancel := context.WithCancel(t.Context())
		cl := oddProcess(t, func(c net.Conn) {
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, `{"closed":7}`+"\n")
			switch name {
			case "dies":
				c.Close()
			case "junk":
				_, _ = io.WriteString(c, "junk\n")
			}
		})
		heard, said := 0, ""
		for n, err := range cl.Questions(ctx) {
			switch {
			case err != nil:
				said += err.Error()
			case n.Closed != 7:
				t.Errorf("%s: %+v", name, n)
			default:
				heard++
			}
			if name == "quiet" {
				cancel()
			}
		}
		if heard != 1 || want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("%s: heard %d, then %q", name, heard, said)
		}
		cancel()
	}
}
