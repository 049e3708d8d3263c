package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// The passwords of the user and of root in machineUser.
const (
	userWord, rootWord = "right pass", "roots word"
	userHash           = "$6$tendtend$11R/.0PIfeeU1h7LLpKjbC0uLOhq2DLYMZ90.h.CnPGQ0vBOBDU2kWwtys3dmuq4hBBbAcD6ZUOaPVynrjW6a1"
)

// machineUser is a world behind a real sshd that sees a copy of /etc of its own: in there is a user without rights, root has a password, and
// files lie over the machine's. The machine's own /etc is never touched.
func machineUser(t *testing.T, become string, files map[string]string) *world {
	t.Helper()
	for _, tool := range []string{"unshare", "openssl", become} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not here, and CI=true wants it", tool)
			}
			t.Skipf("%s is not here", tool)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root can lay files over /etc")
	}
	dir := t.TempDir()
	etc := filepath.Join(dir, "etc")
	if out, err := exec.Command("cp", "-a", "/etc", etc).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	if err := os.MkdirAll(dir+"/home", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir+"/home", 54321, 54321); err != nil {
		t.Skip(err)
	}
	people(t, etc, dir)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o440); err != nil {
			t.Fatal(err)
		}
	}
	s := sshtest.Start(t, sshtest.Config{Under: []string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc || exit 99; exec "$@"`, etc}})
	for _, p := range []string{dir, s.Dir} {
		for ; p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
			if err := os.Chmod(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(filepath.Join(s.Dir, "authorized_keys"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "dash")
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: t.TempDir(), AgentSocket: "none", Getenv: func(string) string { return "" }})
	t.Cleanup(func() { _ = c.Close() })
	w.host, w.via = s.Host("h1"), c
	w.host.User, w.host.Become = "tendtest", become
	return w
}

// people adds the user, and gives root a password.
func people(t *testing.T, etc, dir string) {
	t.Helper()
	out, err := exec.Command("openssl", "passwd", "-6", "-salt", "tendroot", rootWord).Output()
	if err != nil {
		t.Fatal(err)
	}
	edit := func(name string, f func(string) string) {
		p := filepath.Join(etc, name)
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(f(string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("passwd", func(s string) string { return s + "tendtest:x:54321:54321::" + dir + "/home:/bin/sh\n" })
	edit("group", func(s string) string { return s + "tendtest:x:54321:\n" })
	edit("shadow", func(s string) string {
		_, rest, _ := strings.Cut(s, "\n")
		return "root:" + strings.TrimSpace(string(out)) + ":19000:0:99999:7:::\n" + rest + "tendtest:" + userHash + ":19000:0:99999:7:::\n"
	})
}

// odd is a script whose output a terminal would spoil, in a size that no line of a terminal holds.
const odd = "# " + "0123456789012345678901234567890123456789012345678901234567890123456789" + "\n" +
	`id -u; printf 'a\tb\nc\r\n\001\003\004\021\023\032\177\\end\n'; tty; cat; exit 6` + "\n"

const oddWant = "0\na\tb\nc\r\n\x01\x03\x04\x11\x13\x1a\x7f\\end\nnot a tty\n"

func answers(become, word string, asked *atomic.Int64) func(*Options) {
	return func(o *Options) {
		o.Secrets = func(_ context.Context, _ inventory.Host, kind string) (string, error) {
			asked.Add(1)
			if kind != become {
				return "", context.Canceled
			}
			return word, nil
		}
	}
}

// TestRealBecome: each way to root that wants a terminal, in the program's own real form behind a real sshd.
func TestRealBecome(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("sudo", "--version").Output(); err == nil {
		t.Logf("%.40s", out)
	}
	for name, c := range map[string]struct {
		become, word string
		files        map[string]string
		asked        int64
		wrong        string // what the error of a wrong password says
	}{
		"su":           {"su", rootWord, nil, 2, "su refused the password"},
		"doas":         {"doas", userWord, map[string]string{"doas.conf": "permit tendtest as root\n"}, 2, "doas refused the password"},
		"doas, nopass": {"doas", userWord, map[string]string{"doas.conf": "permit nopass tendtest as root\n"}, 0, ""},
		"sudo, use_pty": {"sudo", userWord, map[string]string{"sudoers": "Defaults use_pty,!lecture,timestamp_timeout=0\nroot ALL=(ALL:ALL) ALL\ntendtest ALL=(ALL) ALL\n"},
			2, "sudo refused the password"},
		"sudo, requiretty": {"sudo", userWord, map[string]string{"sudoers": "Defaults requiretty,!lecture,timestamp_timeout=0\nroot ALL=(ALL:ALL) ALL\ntendtest ALL=(ALL) ALL\n"},
			2, "sudo refused the password"},
		"sudo, requiretty, use_pty, no password": {"sudo", "", map[string]string{"sudoers": "Defaults requiretty,use_pty,!lecture\nroot ALL=(ALL:ALL) ALL\ntendtest ALL=(ALL) NOPASSWD: ALL\n"},
			0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := machineUser(t, c.become, c.files)
			step := func(k *Keeper, job, script string) (string, int, error) {
				s := &sink{t: t}
				exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Become: true, Script: script}, s.take)
				return s.String(), exit, err
			}
			var asked atomic.Int64
			k := w.keeper(answers(c.become, c.word, &asked))
			for _, job := range []string{"", "j"} {
				if out, exit, err := step(k, job, odd); out != oddWant || exit != 6 || err != nil {
					t.Errorf("job %q: exit %d, %v, output %q", job, exit, err, out)
				}
			}
			if asked.Load() != c.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), c.asked)
			}
			large := "# " + strings.Repeat("x", 200_000) + "\nseq 1 100000\n"
			if out, exit, err := step(k, "large", large); len(out) != 588895 || exit != 0 || err != nil {
				t.Errorf("a large step: exit %d, %v, %d bytes", exit, err, len(out))
			}
			if c.wrong == "" {
				return
			}
			asked.Store(0)
			k = w.keeper(answers(c.become, "wrong", &asked))
			for range 3 { // the second and third do not reach the host with it
				out, _, err := step(k, "w", odd)
				if err == nil || asError(t, err).Kind != Refused || !strings.Contains(err.Error(), c.wrong) || out != "" {
					t.Errorf("a wrong one: %v, output %q", err, out)
				}
			}
			out, _, err := step(w.keeper(), "n", odd)
			if err == nil || asError(t, err).Kind != Refused || out != "" {
				t.Errorf("nobody to ask: %v, output %q", err, out)
			}
		})
	}
}
