package remote

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// sudoer is a Transport to this machine as a user who exists only in a mount namespace of ours: its passwd, shadow and sudoers lie over
// the real ones, which are never touched. The password is "right pass".
type sudoer struct{ dir string }

func (sudoer) Drop(inventory.HostID) {}

func (s sudoer) Exec(ctx context.Context, _ inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	c := exec.CommandContext(ctx, "unshare", "-m", "sh", "-c", `
for f in passwd shadow group sudoers; do mount --bind "$1/$f" /etc/$f || exit 99; done
export HOME="$1/home" LANG=C.UTF-8
exec setpriv --reuid=54321 --regid=54321 --clear-groups sh -c "$2"`, "sh", s.dir, cmd)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Stdout, c.Stderr = stdout, stderr
	c.WaitDelay = 10 * time.Second
	in, err := c.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	go func() { // as in x/crypto/ssh, nobody waits for whoever feeds standard input
		_, _ = io.Copy(in, stdin)
		_ = in.Close()
	}()
	err = c.Wait()
	if _, ran := err.(*exec.ExitError); err == nil || ran {
		return c.ProcessState.ExitCode(), nil
	}
	return 0, err
}

// withRealSudo makes the user; skips where there is no sudo, or where we may not mount.
func withRealSudo(t *testing.T, sudoers string) *world {
	t.Helper()
	for _, tool := range []string{"sudo", "unshare", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root can lay files over /etc")
	}
	dir := t.TempDir()
	// openssl passwd -6 -salt tendtend 'right pass'
	const hash = "$6$tendtend$11R/.0PIfeeU1h7LLpKjbC0uLOhq2DLYMZ90.h.CnPGQ0vBOBDU2kWwtys3dmuq4hBBbAcD6ZUOaPVynrjW6a1"
	for name, add := range map[string]string{"passwd": "tendtest:x:54321:54321::" + dir + "/home:/bin/sh\n", "shadow": "tendtest:" + hash + ":19000:0:99999:7:::\n", "group": "tendtest:x:54321:\n"} {
		b, err := os.ReadFile("/etc/" + name)
		if err != nil {
			t.Skip(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(b, add...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sudoers"), []byte("Defaults !lecture,timestamp_timeout=0\nroot ALL=(ALL:ALL) ALL\n"+sudoers+"\n"), 0o440); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/home", 0o755); err != nil {
		t.Fatal(err)
	}
	for p := dir; p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, "dash")
	w.host.Become, w.via = "sudo", sudoer{dir}
	var said strings.Builder
	if exit, err := w.via.Exec(within(t, 90*time.Second), w.host, "id -un", strings.NewReader(""), &said, &said); err != nil || exit != 0 || said.String() != "tendtest\n" {
		t.Skipf("no user of our own can be made here: exit %d, %v: %s", exit, err, said.String())
	}
	return w
}

// TestRealSudo holds the dialog against sudo itself; the fake one of TestSudo only remembers what it does.
func TestRealSudo(t *testing.T) {
	t.Parallel()
	step := func(t *testing.T, w *world, job string, more ...func(*Options)) (string, int, error) {
		s := &sink{t: t}
		exit, err := w.keeper(more...).Carry(within(t, 60*time.Second), Order{Host: w.host, Job: job, Become: true, Script: "id -u; cat; exit 6"}, s.take)
		return s.String(), exit, err
	}
	t.Run("no password", func(t *testing.T) {
		w := withRealSudo(t, "tendtest ALL=(ALL) NOPASSWD: ALL")
		var asked atomic.Int64
		for _, job := range []string{"", "j"} {
			if out, exit, err := step(t, w, job, password("right pass", &asked)); out != "0\n" || exit != 6 || err != nil || asked.Load() != 0 {
				t.Errorf("job %q: exit %d, %v, output %q, asked %d times", job, exit, err, out, asked.Load())
			}
		}
	})
	t.Run("a password", func(t *testing.T) {
		w := withRealSudo(t, "tendtest ALL=(ALL) ALL")
		var asked atomic.Int64
		for _, job := range []string{"", "j"} {
			if out, exit, err := step(t, w, job, password("right pass", &asked)); out != "0\n" || exit != 6 || err != nil {
				t.Errorf("job %q: exit %d, %v, output %q", job, exit, err, out)
			}
		}
		out, _, err := step(t, w, "w", password("wrong", &asked))
		if err == nil || asError(t, err).Kind != Refused || !strings.Contains(err.Error(), "password") || out != "" {
			t.Errorf("a wrong one: %v, output %q", err, out)
		}
		out, _, err = step(t, w, "n")
		if err == nil || asError(t, err).Kind != Refused || !strings.Contains(err.Error(), "password is required") || out != "" {
			t.Errorf("none: %v, output %q", err, out)
		}
	})
	t.Run("one try only", func(t *testing.T) {
		w := withRealSudo(t, "Defaults passwd_tries=1\ntendtest ALL=(ALL) ALL")
		var asked atomic.Int64
		_, _, err := step(t, w, "j", password("wrong", &asked))
		if err == nil || asError(t, err).Kind != Refused || !strings.Contains(err.Error(), "refused the password") || asked.Load() != 1 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})
	t.Run("not allowed", func(t *testing.T) {
		w := withRealSudo(t, "")
		var asked atomic.Int64
		for _, job := range []string{"", "j"} {
			_, _, err := step(t, w, job, password("right pass", &asked))
			if err == nil || asError(t, err).Kind != Refused || !strings.Contains(err.Error(), "sudoers") {
				t.Errorf("job %q: %v", job, err)
			}
		}
	})
}
