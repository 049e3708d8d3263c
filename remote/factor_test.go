package remote

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tend/inventory"
)

// pamStack is a service of PAM that wants the password and then a code.
func pamStack(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{"/lib", "/usr/lib", "/lib64", "/usr/lib64"} {
		for _, pattern := range []string{"/security/pam_oath.so", "/*/security/pam_oath.so"} {
			if all, _ := filepath.Glob(dir + pattern); len(all) > 0 {
				users := filepath.Join(t.TempDir(), "users")
				if err := os.WriteFile(users, []byte("HOTP tendtest - 3132333435363738393031323334353637383930\nHOTP root - 3132333435363738393031323334353637383930\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				return "auth required pam_unix.so\nauth required pam_oath.so usersfile=" + users + "\naccount required pam_permit.so\nsession required pam_permit.so\n"
			}
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("pam_oath (package libpam-oath) is not here, and CI=true wants it")
	}
	t.Skip("pam_oath (package libpam-oath) is not here")
	return ""
}

// TestRealSecondFactor: where sudo, doas or su wants a code behind the password, the step is refused at once, the error has the question, and the password
// is neither taken for wrong nor for right.
func TestRealSecondFactor(t *testing.T) {
	t.Parallel()
	const allow = "!lecture,timestamp_timeout=0\nroot ALL=(ALL:ALL) ALL\ntendtest ALL=(ALL) ALL\n"
	for name, c := range map[string]struct {
		become, word string
		files        map[string]string
		says         string
	}{ // sudo asks for everything in our own words
		"sudo":             {"sudo", userWord, map[string]string{"sudoers": "Defaults " + allow}, ""},
		"sudo, requiretty": {"sudo", userWord, map[string]string{"sudoers": "Defaults requiretty," + allow}, ""},
		"doas":             {"doas", userWord, map[string]string{"doas.conf": "permit tendtest as root\n"}, ": One-time password (OATH) for"},
		"su":               {"su", rootWord, nil, ": One-time password (OATH) for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"pam.d/" + c.become: pamStack(t)}
			for name, text := range c.files {
				files[name] = text
			}
			w := machineUser(t, c.become, files)
			var asked, judged atomic.Int64
			k := w.keeper(answers(c.become, c.word, &asked), func(o *Options) {
				o.Told = func(_ inventory.Host, _ string, v Verdict) {
					if v != Unjudged {
						judged.Add(1)
					}
				}
			})
			for _, job := range []string{"", "j"} {
				s := &sink{t: t}
				_, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Become: true, Script: "id -u"}, s.take)
				e := asError(t, err)
				if e.Kind != Refused || !e.NotStarted() || !strings.Contains(e.Error(), c.become+" asks for more than the password"+c.says) || !strings.Contains(e.Hint(), "second factor") || s.String() != "" {
					t.Errorf("job %q: %v; hint %q; output %q", job, err, e.Hint(), s)
				}
			}
			if asked.Load() != 2 || judged.Load() != 0 {
				t.Errorf("asked %d times, %d verdicts", asked.Load(), judged.Load())
			}
		})
	}
}

// TestSecondFactor: a question in words of its own behind the password, and a module that waits for something else and does not care that its
// input has ended: one clear error each, while a wrong password stays a wrong one.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"code":   "sudo asks for more than the password: Code from your telephone:",
		"push":   "sudo neither asked for a password nor let us in",
		"twice":  "sudo asks for more than the password",
		"insult": "sudo refused the password",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w, log := withSudo(t, mode)
			t.Cleanup(func() { os.WriteFile(filepath.Join(filepath.Dir(w.root), "sudolog.free"), nil, 0o600) })
			var asked atomic.Int64
			k := w.keeper(password("right pass", &asked), func(o *Options) {
				if o.patience = time.Hour; mode == "push" {
					o.patience = time.Second / 2
				}
			})
			both(t, w, k, func(exit int, err error, out string) {
				e := asError(t, err)
				if e.Kind != Refused || !e.NotStarted() || e.Hint() == "" || !strings.Contains(e.Error(), want) || out != "" {
					t.Errorf("exit %d, %v, output %q", exit, err, out)
				}
			})
			if n := strings.Count(log(), "got "); n != 1 && mode != "push" {
				t.Errorf("the password was sent %d times", n)
			}
		})
	}
}
