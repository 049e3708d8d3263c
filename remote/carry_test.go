package remote

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAttached(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, script, out string
		exit              int
	}{
		{"both streams in order", "echo a; echo b >&2; printf c; exit 3", "a\nb\nc", 3},
		{"no output", "true", "", 0},
		{"a reader of standard input eats nothing", "cat; echo after", "after\n", 0},
		{"an open quote", "echo it's", "", 2},
		{"a here-document at the end", "cat <<X\nhello\nX", "hello\n", 0},
		{"a brace too many", "echo x; }", "", 2},
		{"killed", "kill -9 $(sh -c 'echo $PPID')", "", 137},
		{"no words of ours", "printf '%s %s' $# \"${1-none}\"", "0 none", 0},
		{"what a login over SSH may lack", "case :$PATH: in *:/usr/local/sbin:*) echo path ;; esac; [ \"$(pwd -P)\" = \"$(cd \"$HOME\" && pwd -P)\" ] && echo home", "path\nhome\n", 0},
		{"newlines at the end stay", "printf 'x\\n\\n\\n'", "x\n\n\n", 0},
	}
	eachShell(t, func(t *testing.T, w *world) {
		k := w.keeper()
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s, before := &sink{t: t}, w.calls.Load()
				exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Script: c.script}, s.take)
				if err != nil || exit == 0 != (c.exit == 0) || (c.exit != 2 && exit != c.exit) {
					t.Fatalf("exit %d, %v; want %d", exit, err, c.exit)
				}
				// mksh says what became of a child.
				if out := strings.TrimPrefix(s.String(), "Killed \n"); c.exit != 2 && out != c.out {
					t.Errorf("output %q, want %q", s, c.out)
				}
				if n := w.calls.Load() - before; n != 1 {
					t.Errorf("%d sessions for an attached step, want 1", n)
				}
			})
		}
	})
}

func TestDetached(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k, s := w.keeper(), &sink{t: t}
		o := Order{Host: w.host, Job: "run-1.step.1", Script: "umask -S; case :$PATH: in *:/usr/local/sbin:*) echo a ;; esac; echo b >&2; cat; printf \"it's c\"; exit 37"}
		exit, err := k.Carry(within(t, 90*time.Second), o, s.take)
		if err != nil || exit != 37 {
			t.Fatalf("exit %d, %v", exit, err)
		}
		if want := "u=rwx,g=rx,o=rx\na\nb\nit's c"; s.String() != want {
			t.Errorf("output %q, want %q", s, want)
		}
		d := filepath.Join(w.root, "jobs", o.Job)
		if fi, err := os.Stat(d); err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("the job's directory: %v, %v; want mode 0700", fi, err)
		}
		if left, _ := filepath.Glob(d + "/cmd.*"); len(left) > 0 {
			t.Errorf("the script is still on the host: %v", left)
		}
		// The same order again finds the same end.
		s2 := &sink{t: t, off: 5}
		exit, err = w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: o.Job, Offset: 5, Adopt: true}, s2.take)
		if err != nil || exit != 37 || s2.String() != s.String()[5:] {
			t.Errorf("adopted: exit %d, %v, output %q", exit, err, s2)
		}
		if err := k.Forget(within(t, 90*time.Second), w.host, o.Job); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(d); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("forgotten, and still there: %v", err)
		}
		if n := w.calls.Load(); n != 3 {
			t.Errorf("%d sessions for a step, its adoption and its removal; want 3", n)
		}
		_, err = w.keeper().Carry(within(t, 90*time.Second), o, s.take)
		if e := asError(t, err); e.Kind != Gone {
			t.Errorf("a start after the end was cleaned up: %v", err)
		}
	})
}

func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is not an *Error", err)
	}
	if !strings.Contains(e.Error(), ":") {
		t.Errorf("error %q names nobody", e)
	}
	return e
}
