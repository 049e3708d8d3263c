package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// screen is a real terminal: a tmux pane of its own server.
type screen struct {
	t      *testing.T
	dir    string
	socket string // of the tmux server, a new one for each program: one whose last session ended is on its way out
	opened int
	env    []string
	size   [2]int // columns, rows
}

// need skips where a developer's machine lacks a part, and fails where CI does.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing, and CI must have it", program)
		}
		t.Skipf("SKIPPED: %s is not installed", program)
	}
}

// newScreen starts an 80x24 terminal of the type term in which this test binary is tend.
func newScreen(t *testing.T, term, home string) *screen {
	t.Helper()
	need(t, "tmux")
	dir := shortDir(t)
	s := &screen{t: t, dir: dir, size: [2]int{80, 24}}
	s.env = []string{
		asTend + "=1", "HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(home, "state"), "XDG_RUNTIME_DIR=" + dir,
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=" + term, "SSH_AUTH_SOCK=",
	}
	return s
}

func (s *screen) tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", s.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(s.env, "SHELL=/bin/sh")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// open runs tend with the arguments in a new session, of which it is the leader.
func (s *screen) open(args ...string) {
	s.t.Helper()
	s.start(os.Args[0] + " " + strings.Join(args, " "))
}

// start runs a command in a new session.
func (s *screen) start(command string) {
	s.t.Helper()
	s.opened++
	s.socket = filepath.Join(s.dir, "s"+strconv.Itoa(s.opened))
	s.t.Cleanup(func(socket string) func() {
		return func() {
			s.socket = socket
			_, _ = s.tmux("kill-server")
		}
	}(s.socket))
	line := "env " + strings.Join(s.env, " ") + " " + command
	if out, err := s.tmux("new-session", "-d", "-x", strconv.Itoa(s.size[0]), "-y", strconv.Itoa(s.size[1]), "-s", "t", line,
		";", "set-option", "-t", "t", "remain-on-exit", "on"); err != nil { // in one go: a short command may have ended before the next
		s.t.Fatalf("tmux: %v: %s", err, out)
	}
}

// text is what the pane shows.
func (s *screen) text() string {
	out, _ := s.tmux("capture-pane", "-p", "-t", "t")
	return out
}

// keys types keys by their tmux names.
func (s *screen) keys(keys ...string) {
	s.t.Helper()
	if out, err := s.tmux(append([]string{"send-keys", "-t", "t"}, keys...)...); err != nil {
		s.t.Fatalf("send-keys: %v: %s", err, out)
	}
}

// typed types text literally.
func (s *screen) typed(text string) {
	s.t.Helper()
	if out, err := s.tmux("send-keys", "-l", "-t", "t", text); err != nil {
		s.t.Fatalf("send-keys: %v: %s", err, out)
	}
}

// see waits until the pane shows the text.
func (s *screen) see(text string) string {
	s.t.Helper()
	return s.until("to see "+text, func(pane string) bool { return strings.Contains(pane, text) })
}

// within reports whether the pane shows the text before so much time has passed.
func (s *screen) within(d time.Duration, text string) bool {
	for deadline, looked := time.Now().Add(d), time.Now(); time.Now().Before(deadline); looked = rest(looked) {
		if strings.Contains(s.text(), text) {
			return true
		}
	}
	return false
}

func (s *screen) until(what string, ok func(string) bool) string {
	s.t.Helper()
	for deadline, looked := time.Now().Add(2*time.Minute), time.Now(); ; looked = rest(looked) {
		pane := s.text()
		if ok(pane) {
			return pane
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain %s; the screen shows:\n%s", what, pane)
		}
	}
}

// dead reports whether the program in the pane has ended.
func (s *screen) dead() bool {
	out, err := s.tmux("display-message", "-p", "-t", "t", "#{pane_dead}")
	return err != nil || strings.TrimSpace(out) == "1"
}

// ended waits until the program in the pane has ended, and closes the pane.
func (s *screen) ended() {
	s.t.Helper()
	s.until("for the end", func(string) bool { return s.dead() })
	s.end()
}

// killed ends what the pane runs, where how it would end by itself is not what is asked.
func (s *screen) killed() {
	s.t.Helper()
	out, _ := s.tmux("display-message", "-p", "-t", "t", "#{pane_pid}")
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || pid <= 1 {
		s.t.Fatalf("the pane's process: %q: %v", out, err)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	s.until("for the end", func(string) bool { return syscall.Kill(pid, 0) != nil })
	s.end()
}

func (s *screen) end() { _, _ = s.tmux("kill-session", "-t", "t") }
