package lab_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/lab"
	"tend/quote"
	"tend/remote"
)

// draft is the detached step that was tested against real hosts before the project began, kept under testdata: the lab must run
// that style of script too, and not only what remote sends today.
type draft struct {
	id, root string
}

const nonce = "n0nce77"

func (d draft) read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/draft_" + name + ".sh")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (d draft) wrap(t testing.TB, body string) string {
	t.Helper()
	common := strings.Replace(strings.Replace(d.read(t, "common"), "id=ID", "id="+q(t, d.id), 1), "d=ROOT", "d="+q(t, d.root), 1)
	return "{\n" + common + strings.ReplaceAll(body, "NONCE", nonce) + "\nexit 0\n}\n"
}

func q(t testing.TB, s string) string {
	t.Helper()
	w, err := quote.Word(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (d draft) start(t testing.TB, script string) string {
	t.Helper()
	body := strings.NewReplacer("BODY", q(t, script), "LEN", strconv.Itoa(len(script)), "SUP", q(t, d.read(t, "sup"))).Replace(d.read(t, "start"))
	return d.wrap(t, body)
}

func (d draft) status(t testing.TB) string {
	t.Helper()
	return d.wrap(t, `printf '\nNONCE state %s\n' "$(state)"`)
}

func (d draft) follow(t testing.TB, off int) string {
	t.Helper()
	return d.wrap(t, strings.Replace(d.read(t, "follow"), "OFF", strconv.Itoa(off), 1))
}

var stateLine = regexp.MustCompile(nonce + ` (?:state|started|exists|X \d+) (.*)`)

func stateOf(t testing.TB, out string) string {
	t.Helper()
	m := stateLine.FindAllStringSubmatch(out, -1)
	if m == nil {
		t.Fatalf("no state in %q", out)
	}
	return m[len(m)-1][1]
}

// TestDraft starts, follows and asks on each kind of launcher: systemd-run as root, setsid as a user and where there is no systemd,
// daemon on FreeBSD.
func TestDraft(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 10})
	for _, h := range []struct{ name, sh, root string }{
		{"deb-1", "exec /bin/sh -s", "/home/ops/.tend/jobs"}, {"deb-1", "exec sudo -n -- /bin/sh -s", "/var/lib/tend/jobs"}, {"rocky-1", "exec sudo -n -- /bin/sh -s", "/var/lib/tend/jobs"},
		{"alp-1", "exec doas -n /bin/sh -s", "/var/lib/tend/jobs"}, {"bsd-1", "exec sudo -n -- /bin/sh -s", "/var/lib/tend/jobs"},
	} {
		t.Run(h.name+" "+h.sh, func(t *testing.T) {
			c := mustDial(t, l, h.name)
			sh := func(text string) string {
				out, errs, status, err := run(c, h.sh, text)
				if err != nil || status != 0 {
					t.Fatalf("exit %d, %v\n%s%s", status, err, out, errs)
				}
				return out
			}
			d := draft{"job 'one", h.root}
			if st := stateOf(t, sh(d.status(t))); st != "absent" {
				t.Fatalf("before: %s", st)
			}
			out := sh(d.start(t, "echo first; umask; sleep 2; echo second >&2; exit 37"))
			if st := stateOf(t, out); !strings.HasPrefix(st, "running ") {
				t.Fatalf("started as %s", st)
			}
			if st := stateOf(t, sh(d.start(t, "echo again"))); strings.HasPrefix(st, "absent") {
				t.Errorf("a second start: %s", st)
			}
			out = sh(d.follow(t, 0))
			if stateOf(t, out) != "done 37" || !strings.Contains(out, "first\n0022\n") || !strings.Contains(out, "second\n") || strings.Contains(out, "again") {
				t.Errorf("followed: %q", out)
			}
			if st := stateOf(t, sh(d.status(t))); st != "done 37" {
				t.Errorf("afterwards: %s", st)
			}
		})
	}
}

// TestDraftCut delivers the start cut short at many places: nothing runs, or it runs once and whole.
func TestDraftCut(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 100})
	c := mustDial(t, l, "deb-1")
	full := draft{"cut", "/home/ops/j"}.start(t, "echo x >>/tmp/ran")
	for cut := len(full) - 2; cut > 0; cut -= 1 + len(full)/40 { // one byte less is whole: only a newline is missing
		run(c, "exec /bin/sh -s", full[:cut])
		if out, _, _, _ := run(c, "cat /tmp/ran 2>/dev/null; ls j 2>/dev/null", ""); out != "" {
			t.Fatalf("cut at %d of %d ran something: %q", cut, len(full), out)
		}
	}
}

// TestSurvivesTheClient kills the connection in mid-step: the step goes on, and its output and exit code are found again.
func TestSurvivesTheClient(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 10})
	c := mustDial(t, l, "deb-1")
	d := draft{"j1", "/home/ops/j"}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	s.Stdin = strings.NewReader(d.start(t, "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 1; done; exit 5"))
	if err := s.Run("exec /bin/sh -s"); err != nil {
		t.Fatal(err)
	}
	f, _ := c.NewSession()
	f.Stdin = strings.NewReader(d.follow(t, 0))
	if err := f.Start("exec /bin/sh -s"); err != nil {
		t.Fatal(err)
	}
	c.Conn.Close()
	c = mustDial(t, l, "deb-1")
	out := script(t, c, d.follow(t, 4))
	if stateOf(t, out) != "done 5" || !strings.Contains(out, nonce+" D 4 ") {
		t.Errorf("found again: %q", out)
	}
	v, _ := l.Host("deb-1")
	b, err := v.ReadFile("/home/ops/j/j1/out")
	if string(b) != "1\n2\n3\n4\n5\n6\n7\n8\n" {
		t.Errorf("output %q, %v", b, err)
	}
}

// TestSupervisorKilled: the step goes on and its real exit is recorded; the whole group killed is lost; a reboot is told apart.
func TestSupervisorKilled(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 10})
	c := mustDial(t, l, "deb-1")
	d := draft{"j1", "/home/ops/j"}
	script(t, c, d.start(t, "sleep 3; exit 9"))
	script(t, c, "kill -9 $(readlink j/j1/run)")
	if st := stateOf(t, script(t, c, d.status(t))); !strings.HasPrefix(st, "running") {
		t.Errorf("supervisor killed: %s", st)
	}
	if out := script(t, c, d.follow(t, 0)); stateOf(t, out) != "draining 9" && stateOf(t, out) != "done 9" {
		t.Errorf("supervisor killed, in the end: %q", out)
	}
	d = draft{"j2", "/home/ops/j"}
	script(t, c, d.start(t, "sleep 3000; exit 9"))
	script(t, c, "kill -9 -$(readlink j/j2/run)")
	if st := stateOf(t, script(t, c, d.status(t))); !strings.HasPrefix(st, "lost-killed") {
		t.Errorf("group killed: %s", st)
	}
	d = draft{"j3", "/home/ops/j"}
	script(t, c, d.start(t, "sleep 3000; exit 9"))
	run(c, "sudo -n reboot", "")
	c = back(t, l, "deb-1", c)
	if st := stateOf(t, script(t, c, d.status(t))); st != "lost-reboot" {
		t.Errorf("after a reboot: %s", st)
	}
}

// back waits until a host has gone down and answers again.
func back(t testing.TB, l *lab.Lab, name string, old *xssh.Client) *xssh.Client {
	t.Helper()
	gone := make(chan struct{})
	go func() { old.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(20 * time.Second * slowdown):
		t.Fatal("the connection outlived the reboot")
	}
	deadline := time.Now().Add(20 * time.Second * slowdown)
	for {
		c, err := dial(l, name)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come back: %v", name, err)
		}
		time.Sleep(20 * time.Millisecond) // between attempts, not instead of a signal
	}
}

// TestKillUserProcesses: with setsid alone a step dies with its session; through systemd-run as root it lives.
func TestKillUserProcesses(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}, {Name: "kill-user-processes"}}, Speed: 10})
	c := mustDial(t, l, "deb-1")
	user, root := draft{"u", "/home/ops/j"}, draft{"r", "/var/lib/tend/jobs"}
	script(t, c, user.start(t, "sleep 2; exit 1"))
	if st := stateOf(t, script(t, c, user.status(t))); !strings.HasPrefix(st, "lost-killed") {
		t.Errorf("a user's: %s", st)
	}
	out, _, _, err := run(c, "exec sudo -n -- /bin/sh -s", root.start(t, "sleep 2; exit 7"))
	if err != nil {
		t.Fatal(out, err)
	}
	out, _, _, _ = run(c, "exec sudo -n -- /bin/sh -s", root.follow(t, 0))
	if stateOf(t, out) != "done 7" {
		t.Errorf("root's: %q", out)
	}
}

// TestKeeperThroughFaults has the project's own keeper carry a step while the lab plays its faults: each executes once, whole.
func TestKeeperThroughFaults(t *testing.T) {
	for _, f := range []string{"flap=300ms", "noisy-login", "cut-after=2000", "slow=100ms", "no-exit-status", "hostile-output"} {
		t.Run(f, func(t *testing.T) {
			fault, err := lab.ParseFault(f)
			if err != nil {
				t.Fatal(err)
			}
			l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}, fault}, Speed: 20})
			_, k := road(t, remote.Options{})
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second*slowdown)
			defer cancel()
			var out output
			var want strings.Builder
			for i := range 400 {
				fmt.Fprintf(&want, "line %d\n", i)
			}
			o := remote.Order{Host: twin(t, l, "deb-1"), Job: "once", Script: "echo x >>/tmp/runs; i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); [ $((i%100)) = 0 ] && sleep 2; done; exit 3"}
			exit, err := k.Carry(ctx, o, out.take)
			if f == "no-exit-status" || f == "hostile-output" {
				// Both may be reported as an error; what may not be is a wrong result.
				if err == nil && (exit != 3 || string(out.b) != want.String()) {
					t.Errorf("exit %d, output %q", exit, out.b)
				}
			} else if err != nil || exit != 3 || string(out.b) != want.String() {
				t.Errorf("exit %d, %v, %d bytes of %d", exit, err, len(out.b), want.Len())
			}
			v, _ := l.Host("deb-1")
			if runs, _ := v.ReadFile("/tmp/runs"); string(runs) != "x\n" {
				t.Errorf("it ran %q", runs)
			}
		})
	}
}

// TestTwentyStarts has twenty starts race for one job: one execution.
func TestTwentyStarts(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 20})
	c := mustDial(t, l, "deb-1")
	d := draft{"race", "/home/ops/j"}
	text := d.start(t, "echo x >>/tmp/race; sleep 1")
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				_, _, _, err := run(c, "exec /bin/sh -s", text)
				if err == nil {
					return
				}
				if !strings.Contains(err.Error(), "open failed") { // MaxSessions: wait for a place
					t.Error(err)
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
	}
	wg.Wait()
	out := script(t, c, d.follow(t, 0))
	if stateOf(t, out) != "done 0" || script(t, c, "cat /tmp/race") != "x\n" {
		t.Errorf("%q; ran %q", out, script(t, c, "cat /tmp/race"))
	}
}
