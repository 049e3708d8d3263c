package main

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"tend/ssh/sshtest"
)

// tty is a command that runs on a pseudo-terminal.
type tty struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.Writer
	mu   sync.Mutex
	out  bytes.Buffer
	done chan error
}

func (s *site) onTerminal(args ...string) *tty {
	s.t.Helper()
	c := &tty{t: s.t, cmd: s.cmd(args...), done: make(chan error, 1)}
	f, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		s.t.Fatal(err)
	}
	c.in = f
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := f.Read(b)
			c.mu.Lock()
			c.out.Write(b[:n])
			c.mu.Unlock()
			if err != nil { // EIO: the last writer has gone
				c.done <- c.cmd.Wait()
				return
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		f.Close()
	})
	return c
}

func (c *tty) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
}

func (c *tty) see(text string) {
	c.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(c.text(), text) {
		if time.Now().After(deadline) {
			c.t.Fatalf("waited in vain for %q; the terminal shows\n%s", text, c.text())
		}
		time.Sleep(20 * time.Millisecond) // polling another process's terminal
	}
}

func (c *tty) ended() int {
	c.t.Helper()
	select {
	case <-c.done:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(60 * time.Second):
		c.t.Fatalf("it does not end; the terminal shows\n%s", c.text())
		return -1
	}
}

// TestRealPassphraseIsAskedOnce: one encrypted key, three hosts, one question; what was typed stands nowhere.
func TestRealPassphraseIsAskedOnce(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	key := sshtest.NewKey(t, "ed25519")
	path := filepath.Join(t.TempDir(), "locked")
	srv.Authorize(sshtest.WriteKey(t, path, key, "correct horse"))
	srv.Key = path
	s := newSite(t, srv, 3, "")
	c := s.onTerminal("exec", "--yes", "--", "true")
	c.see("passphrase")
	if _, err := io.WriteString(c.in, "correct horse\n"); err != nil {
		t.Fatal(err)
	}
	if code := c.ended(); code != 0 {
		t.Fatalf("exit %d\n%s", code, c.text())
	}
	if n := strings.Count(c.text(), "passphrase"); n != 1 || strings.Contains(c.text(), "correct horse") {
		t.Errorf("asked %d times, or echoed:\n%s", n, c.text())
	}
	if out, err := exec.Command("grep", "-r", "-l", "correct horse", s.dir).Output(); err == nil {
		t.Errorf("the passphrase stands in %s", out)
	}
	out, errs, code := s.tend("exec", "real-1", "--yes", "--", "true")
	if code != 1 || !strings.Contains(out+errs, "passphrase") {
		t.Errorf("with nobody to ask: exit %d\n%s%s", code, out, errs)
	}
}

// TestRealAgent: the key is in the agent alone.
func TestRealAgent(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	key := sshtest.NewKey(t, "ed25519")
	srv.Authorize(sshtest.Signer(t, key).PublicKey())
	agent := sshtest.StartAgent(t, key)
	srv.Key = ""
	s := newSite(t, srv, 2, "")
	s.env = append(s.env, "SSH_AUTH_SOCK="+agent.Socket)
	s.ok("exec", "--yes", "--", "true")
	if show := s.ok("journal", "show", "last", "--json"); !strings.Contains(show, "(agent)") {
		t.Error("the journal does not say that the agent's key opened the door")
	}
}
