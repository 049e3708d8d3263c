package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
)

// TestMatchExecThatHangs: a command that does not end is ended with all that it started, and says of nobody whether its values hold: the
// host is refused rather than reached by another way. An answer that was given up is not kept.
func TestMatchExecThatHangs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := filepath.Join(dir, "child")
	if _, err := ssh.MatchExecForTest(t.Context(), "sleep 600 & echo $! >"+child+".new; mv "+child+".new "+child+"; wait", 500*time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end within 500ms") {
		t.Errorf("%v", err)
	}
	text, err := os.ReadFile(child)
	if err != nil {
		t.Skip("the machine is too busy to start a shell in that time")
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	for deadline := time.Now().Add(time.Minute); running(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the command started goes on")
		}
	}
	cfg, done := filepath.Join(dir, "config"), filepath.Join(dir, "done")
	put(t, cfg, "Match exec \"test -e "+done+" || sleep 600\"\n  User other\n")
	c, h := newClient(t, ssh.Options{ConfigFiles: []string{cfg}}), inventory.Host{Name: "web-1"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := c.Settings(ctx, h); err == nil || !strings.Contains(err.Error(), cfg+":1") {
		t.Errorf("%+v, %v", s, err)
	}
	put(t, done, "")
	if s, err := c.Settings(t.Context(), h); err != nil || s.User != "other" {
		t.Errorf("%+v, %v", s, err)
	}
}

// running says whether a process is there and no zombie that nobody has reaped yet.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		return !strings.Contains(string(stat), ") Z")
	}
	return syscall.Kill(pid, 0) == nil
}
