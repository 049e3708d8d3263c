package remote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"tend/inventory"
)

// fakeSudo is what matters of sudo(8): -n refuses where a password is needed; -S -p prompts on standard error and reads one line of
// standard input, three times. It logs what it was given.
const fakeSudo = `#!/bin/sh
log=LOG; prompt= stdin=no ask=yes
while [ $# -gt 0 ]; do case $1 in -n) ask=no ;; -S) stdin=yes ;; -p) prompt=$2; shift ;; --) shift; break ;; esac; shift; done
echo "call ask=$ask stdin=$stdin" >>$log
case MODE in
nopasswd) exec "$@" ;;
late) [ $ask = no ] || [ -e $log.late ] || { : >$log.late; printf %s "$prompt" >&2; echo "sudo: timed out reading password" >&2; exit 1; } ;;
esac
[ $ask = yes ] || { echo "sudo: a password is required" >&2; exit 1; }
for i in 1 2 3; do
	printf %s "$prompt" >&2
	IFS= read -r got || { echo "sudo: no password was provided" >&2; exit 1; }
	echo "got $got" >>$log
	case MODE in
	code) echo >&2; printf 'Code from your telephone: ' >&2; read -r x; exit 1 ;;
	push) echo 'A message was sent to your telephone' >&2; while [ ! -e $log.free ]; do sleep 0.1; done; exit 1 ;;
	twice) echo >&2; continue ;;
	insult) echo >&2; echo 'Are you on drugs?' >&2; continue ;;
	esac
	if [ "$got" = 'right pass' ]; then echo >&2; SUDONE=1 exec "$@"; fi
	echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1
`

// withSudo puts a fake sudo on the path and makes us somebody other than root until it has let us in.
func withSudo(t *testing.T, mode string) (w *world, log func() string) {
	t.Helper()
	w = newWorld(t, "dash")
	dir := filepath.Dir(w.root)
	text := strings.NewReplacer("LOG", dir+"/sudolog", "MODE", mode).Replace(fakeSudo)
	id := "#!/bin/sh\nif [ \"${SUDONE:-}" + map[string]string{"nopasswd": "x"}[mode] + "\" ]; then exec /usr/bin/id \"$@\"; fi\necho 1000\n"
	for name, text := range map[string]string{"sudo": text, "id": id} {
		if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.host.Become = "sudo"
	return w, func() string {
		b, _ := os.ReadFile(dir + "/sudolog")
		return string(b)
	}
}

func password(s string, asked *atomic.Int64) func(*Options) {
	return func(o *Options) {
		o.Secrets = func(_ context.Context, _ inventory.Host, kind string) (string, error) {
			asked.Add(1)
			if kind != "sudo" {
				return "", errors.New("asked for " + kind)
			}
			return s, nil
		}
	}
}

// both runs an attached and a detached step as root.
func both(t *testing.T, w *world, k *Keeper, check func(exit int, err error, out string)) {
	t.Helper()
	for _, job := range []string{"", "j", ""} {
		s := &sink{t: t}
		exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Become: true, Script: "echo as root; cat; exit 6"}, s.take)
		check(exit, err, s.String())
	}
}

func TestSudo(t *testing.T) {
	t.Parallel()
	t.Run("no password is needed, and one is saved", func(t *testing.T) { // SSH.md, case 22
		w, log := withSudo(t, "nopasswd")
		var asked atomic.Int64
		both(t, w, w.keeper(password("right pass", &asked)), func(exit int, err error, out string) {
			if exit != 6 || err != nil || out != "as root\n" {
				t.Errorf("exit %d, %v, output %q", exit, err, out)
			}
		})
		if asked.Load() != 0 || strings.Contains(log(), "stdin=yes") {
			t.Errorf("the password was asked for %d times; sudo saw %q", asked.Load(), log())
		}
	})
	t.Run("the right password", func(t *testing.T) {
		w, log := withSudo(t, "password")
		var asked atomic.Int64
		both(t, w, w.keeper(password("right pass", &asked)), func(exit int, err error, out string) {
			if exit != 6 || err != nil || out != "as root\n" {
				t.Errorf("exit %d, %v, output %q", exit, err, out)
			}
		})
		if n := strings.Count(log(), "ask=no"); n != 1 {
			t.Errorf("sudo -n was tried %d times, want once", n)
		}
		if strings.Count(log(), "got") != 3 || strings.Count(log(), "got right pass\n") != 3 {
			t.Errorf("sudo got %q", log())
		}
	})
	t.Run("a wrong password is sent once", func(t *testing.T) {
		w, log := withSudo(t, "password")
		var asked atomic.Int64
		both(t, w, w.keeper(password("wrong", &asked)), func(exit int, err error, out string) {
			if e := asError(t, err); e.Kind != Refused || !e.NotStarted() || e.Hint() == "" || !strings.Contains(e.Error(), "password") || out != "" {
				t.Errorf("exit %d, %v, output %q", exit, err, out)
			}
		})
		if n := strings.Count(log(), "got"); n != 1 || !strings.Contains(log(), "got wrong\n") {
			t.Errorf("sudo got %d lines: %q", n, log())
		}
	})
	t.Run("nobody knows the password", func(t *testing.T) {
		w, log := withSudo(t, "password")
		both(t, w, w.keeper(), func(exit int, err error, out string) {
			if e := asError(t, err); e.Kind != Refused || !e.NotStarted() || !strings.Contains(e.Error(), "a password is required") || out != "" {
				t.Errorf("exit %d, %v, output %q", exit, err, out)
			}
		})
		if strings.Contains(log(), "got") {
			t.Errorf("sudo got %q", log())
		}
	})
	t.Run("the prompt is declined", func(t *testing.T) {
		w, log := withSudo(t, "password")
		k := w.keeper(func(o *Options) {
			o.Secrets = func(context.Context, inventory.Host, string) (string, error) { return "", errors.New("declined") }
		})
		both(t, w, k, func(exit int, err error, out string) {
			if e := asError(t, err); e.Kind != Refused || !strings.Contains(e.Error(), "declined") || out != "" {
				t.Errorf("exit %d, %v, output %q", exit, err, out)
			}
		})
		if strings.Contains(log(), "got") {
			t.Errorf("sudo got %q", log())
		}
	})
}

// TestSlowPerson: what gives root waits for a person, and we do too; where sudo does not, it is asked again now that the answer is there.
func TestSlowPerson(t *testing.T) {
	t.Parallel()
	in := newFeed()
	d := &dialog{asks: nonceAsks("N:"), in: in, patience: time.Hour}
	d.ask = func() (string, error) {
		if d.timer.Stop() {
			t.Error("the clock runs while a person is asked")
		}
		return "word", nil
	}
	if _, err := d.Write([]byte("lecture\nN:")); err != nil || !d.timer.Stop() {
		t.Errorf("%v; or the clock does not run after the answer", err)
	}
	w, log := withSudo(t, "late")
	var asked atomic.Int64
	both(t, w, w.keeper(password("right pass", &asked)), func(exit int, err error, out string) {
		if exit != 6 || err != nil || out != "as root\n" {
			t.Errorf("exit %d, %v, output %q", exit, err, out)
		}
	})
	if n := strings.Count(log(), "got right pass\n"); n != 3 {
		t.Errorf("sudo got %q", log())
	}
}

func TestNoWayToRoot(t *testing.T) {
	t.Parallel()
	w, _ := withSudo(t, "password")
	for _, become := range []string{"", "none", "su", "doas"} {
		w.host.Become = become
		both(t, w, w.keeper(), func(exit int, err error, out string) {
			if e := asError(t, err); e.Kind != Refused || !e.NotStarted() || out != "" {
				t.Errorf("become %q: exit %d, %v, output %q", become, exit, err, out)
			}
		})
	}
}

// TestNoise: what a profile prints before our shell starts is nobody's output, even where it looks like ours.
func TestNoise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	w.before = "printf 'Welcome\\n%s X 0 done 0 -\\nlast line without end' abc;"
	for _, job := range []string{"", "j"} {
		s := &sink{t: t}
		exit, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Script: "echo out; exit 6"}, s.take)
		if exit != 6 || err != nil || s.String() != "out\n" {
			t.Errorf("job %q: exit %d, %v, output %q", job, exit, err, s)
		}
	}
	w.before = "echo 'This account is not available' >&2; exit 1;"
	for _, job := range []string{"", "j2"} {
		_, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Script: "echo out"}, (&sink{t: t}).take)
		if e := asError(t, err); e.Kind != Refused || !strings.Contains(e.Error(), "not available") {
			t.Errorf("job %q: %v", job, err)
		}
	}
}

// TestRefusalIsShort: what a host says in one line of megabytes is a reason of a few words.
func TestRefusalIsShort(t *testing.T) {
	err := refusal(call{}, 1, "hello\n"+strings.Repeat("é", 1<<20))
	if got := err.Error(); len(got) > 500 || !strings.Contains(got, "éé…") || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %.600s", len(got), got)
	}
}

// TestWrongPasswordDoesNotLoseAStep: a run is taken up, and somebody mistypes the password. The step is on the host, so it is asked for again;
// whoever does not know it is not asked for ever.
func TestWrongPasswordDoesNotLoseAStep(t *testing.T) {
	t.Parallel()
	w, log := withSudo(t, "password")
	var asked atomic.Int64
	o := Order{Host: w.host, Job: "j", Become: true, Script: "echo as root; exit 6"}
	if _, err := w.keeper(password("right pass", &asked)).Carry(within(t, 90*time.Second), o, (&sink{t: t}).take); err != nil {
		t.Fatal(err)
	}
	o.Adopt = true
	words := []string{"worse", "wrong", "right pass"}
	typed := func(words ...string) func(*Options) {
		return func(o *Options) {
			o.Secrets = func(context.Context, inventory.Host, string) (string, error) {
				word := words[0]
				words = words[1:]
				return word, nil
			}
		}
	}
	var told []string
	s := &sink{t: t}
	exit, err := w.keeper(typed(words...), func(o *Options) { o.Remark = func(_ inventory.HostID, _, text string) { told = append(told, text) } }).Carry(within(t, 90*time.Second), o, s.take)
	if exit != 6 || err != nil || s.String() != "as root\n" {
		t.Errorf("exit %d, %v, output %q", exit, err, s)
	}
	if len(told) != 2 || !strings.Contains(told[0], "sudo refused the password; it is asked for again") {
		t.Errorf("remarks %q", told)
	}
	_, err = w.keeper(typed("a", "b", "c")).Carry(within(t, 90*time.Second), o, (&sink{t: t}).take)
	if e := asError(t, err); e.Kind != LinkLost || e.NotStarted() || !strings.Contains(e.Error(), "refused the password") {
		t.Errorf("three wrong ones: %v", err)
	}
	for _, word := range []string{"worse", "wrong", "a", "b", "c"} {
		if n := strings.Count(log(), "got "+word+"\n"); n != 1 {
			t.Errorf("%s was sent %d times", word, n)
		}
	}
}
