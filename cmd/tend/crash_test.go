package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/lab"
	"tend/runner"
	"tend/ssh/sshtest"
)

// crashBook is a run of these steps, of which each but one that only reads leaves a mark each time it runs. One of its hosts fails at the last.
func crashBook(steps ...string) string {
	return `
name = "crash"
title = "a few steps, counted"
risk = "change"
param = [{ name = "me", default = "?" }, { name = "dir", default = "/nonexistent" }]
[waves]
canary = 1
batch = 2
max_failures = 3
` + strings.Join(steps, "")
}

const lookStep = `
[[step]]
id = "look"
title = "only reads"
risk = "read"
script = '''
echo "looked at $me"
'''
`

var lastStep = countedStep("last", `case $me in *3) echo "E: broken"; exit 100 ;; esac`)

func countedStep(id, end string) string {
	return fmt.Sprintf(`
[[step]]
id = %[1]q
title = "leaves a mark"
risk = "change"
script = '''
echo run >>"$dir/%[1]s.$me"
i=0
while [ $i -lt 150 ]; do
	echo "%[1]s on $me, line $i"
	i=$((i + 1))
done
%[2]s
'''
`, id, end)
}

// ground is where a crashing run works: three hosts, the marks that a step made on one, and whether something of a job is left there.
type ground struct {
	site  *site
	count func(step, host string) string
	left  func(host, job string) bool
}

var crashHosts = []string{"host-1", "host-2", "host-3"}

// crashInventory gives every host its own name and the directory for its marks as parameters.
func crashInventory(text, marks string) string {
	for _, h := range crashHosts {
		text = strings.Replace(text, fmt.Sprintf("name = %q\n", h), fmt.Sprintf("name = %q\nvars = { \"crash.me\" = %q, \"crash.dir\" = %q }\n", h, h, marks), 1)
	}
	return text
}

// onSSHD is a ground of one real sshd that goes by three names. One step less than in the lab, since its logins, and what a step
// that is kept is made of there, are most of what the test costs.
func onSSHD(t *testing.T, srv *sshtest.Server) *ground {
	s := newSite(t, srv, 3, "")
	marks := filepath.Join(s.dir, "marks")
	if err := os.Mkdir(marks, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("inventory.toml", crashInventory(strings.ReplaceAll(string(text), `"real-`, `"host-`), marks))
	return &ground{site: s.withBook(crashBook(lookStep, countedStep("one", ""), lastStep)),
		count: func(step, host string) string {
			b, _ := os.ReadFile(filepath.Join(marks, step+"."+host))
			return string(b)
		},
		left: func(_, job string) bool {
			_, err := os.Stat(filepath.Join(s.dir, "jobs", "jobs", job))
			return err == nil
		},
	}
}

// onLab is a ground of three simulated hosts with userlands of three kinds. nth keeps its leases and jobs apart from those of others.
func onLab(t *testing.T, l *lab.Lab, nth int) *ground {
	s := bareSite(t)
	marks, root := fmt.Sprintf("/var/tmp/marks-%d", nth), fmt.Sprintf("/var/tmp/jobs-%d", nth)
	path, err := l.WriteInventory()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.write("inventory.toml", crashInventory(string(text), marks))
	s.env = append(s.env, "TEND_JOB_ROOT="+root)
	book := crashBook(lookStep, countedStep("one", ""), countedStep("two", ""), lastStep)
	return &ground{site: s.withBook(strings.ReplaceAll(book, `echo run >>`, `mkdir -p "$dir"; echo run >>`)),
		count: func(step, host string) string {
			v, _ := l.Host(host)
			b, _ := v.ReadFile(marks + "/" + step + "." + host)
			return string(b)
		},
		left: func(host, job string) bool {
			v, _ := l.Host(host)
			_, err := v.ReadFile(root + "/jobs/" + job + "/out")
			return err == nil
		},
	}
}

const crashLab = `
[defaults]
user = "ops"
become = "sudo"
[[site]]
name = "lab1"
[[site.rack]]
name = "r01"
units = 42
[[site.rack.host]]
name = "host-1"
addr = "10.1.1.1"
os = "debian-12"
[[site.rack.host]]
name = "host-2"
addr = "10.1.1.2"
os = "alpine-3.20"
[[site.rack.host]]
name = "host-3"
addr = "10.1.1.3"
os = "freebsd-14"
`

func crashingLab(t *testing.T) *lab.Lab {
	t.Helper()
	inv, err := inventory.Parse("lab.toml", []byte(crashLab))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l, err := lab.Serve(ctx, lab.Options{Inventory: inv, Dir: shortDir(t), Seed: 7, Speed: 20, Faults: []lab.Fault{{Name: "alive"}}})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); l.Wait() })
	return l
}

// killedAfter is how far the events are apart after which a run is killed: one in CI, where it takes two minutes.
func killedAfter() int {
	switch {
	case raceOn || testing.Short():
		return 17 // the plain run covers them all
	case os.Getenv("CI") == "":
		return 5 // a person waits
	}
	return 1
}

// chains are after how many events of its own each process of a run dies, one after the other, until one of them sees the run's end. It takes
// six to take up three hosts, and more where a link is made twice: with fewer a run hardly gets on.
func chains(ground string) []int {
	if raceOn || testing.Short() || ground == "sshd" { // whose logins are most of what the test costs
		return []int{10}
	}
	return []int{10, 13}
}

// TestRealCrashAfterEveryEvent kills the process of a run of three hosts and three or four steps with SIGKILL after every one of its events (killedAfter),
// kills some of those that take it up a few events later, and resumes; and kills every process of a run, again and again (chains). Each side
// effect happened once, the output is byte for byte that of the undisturbed run, and so is the end; nothing is left on the host. The same
// on the lab and on a real sshd.
func TestRealCrashAfterEveryEvent(t *testing.T) {
	t.Parallel()
	l := crashingLab(t)
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxStartups 100"}})
	for name, make := range map[string]func(t *testing.T, nth int) *ground{
		"sshd": func(t *testing.T, _ int) *ground { return onSSHD(t, srv) },
		"lab":  func(t *testing.T, nth int) *ground { return onLab(t, l, nth) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := make(t, 0)
			g.site.tend("run", "crash", "--yes")
			g.site.alone()
			want, events := g.ended(t)
			if events < 30 || !strings.Contains(want, "host-3 failed") {
				t.Fatalf("the undisturbed run has %d events and ends as\n%.2000s", events, want)
			}
			for n := 1; n <= events; n += killedAfter() {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					g := make(t, n)
					g.dies(n, "run", "crash", "--yes", "--detach")
					if n%3 == 1 && (name == "lab" || n%9 == 1) {
						g.dies(1+n%5, "resume", "last", "--detach")
					}
					g.site.tend("resume", "last")
					g.site.alone()
					if got, _ := g.ended(t); got != want {
						t.Errorf("killed after event %d, and again %d later, it ends as\n%.3000s\nwant\n%.3000s", n, 1+n%5, got, want)
					}
				})
			}
			for _, n := range chains(name) {
				t.Run(fmt.Sprint("again and again ", n), func(t *testing.T) {
					t.Parallel()
					g := make(t, 1000+n)
					g.dies(n, "run", "crash", "--yes", "--detach")
					deaths := 1
					for ; g.site.open(func(*segments.Segments, journal.RunID) {}); deaths++ {
						if deaths > 2*events {
							t.Fatalf("the run does not get on: %d deaths", deaths)
						}
						g.dies(n, "resume", "last", "--detach")
					}
					g.site.alone()
					if got, _ := g.ended(t); got != want || deaths < 3 {
						t.Errorf("after %d deaths it ends as\n%.3000s\nwant\n%.3000s", deaths, got, want)
					}
				})
			}
		})
	}
}

// dies has a command start a run's process that kills itself after so many events, and waits for its death, or its end.
func (g *ground) dies(after int, args ...string) {
	s := g.site
	s.t.Helper()
	c := s.cmd(args...)
	c.Env = append(c.Env, fmt.Sprintf("%s=%d", dieAfter, after))
	said, err := c.CombinedOutput() // it fails where the process died before it could say that the run is open
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("tend %s, to die after %d: %v\n%s", strings.Join(args, " "), after, err, said)
		}
	})
	for deadline, looked := time.Now().Add(2*time.Minute), time.Now(); ; looked = rest(looked) {
		if !s.busy() {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the run's process does not die")
		}
	}
}

// ended tells how the only run of the ground ended, its whole output, and what it left behind; and how many events it has.
func (g *ground) ended(t *testing.T) (string, int) {
	t.Helper()
	book, err := segments.Open(g.site.journal(), (&app{}).origin())
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	runs, err := book.Runs(t.Context(), journal.Query{})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	s, out, n := journal.NewState(), map[string]string{}, 0
	for e, err := range book.Events(t.Context(), runs[0].Run, 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		s.Apply(e)
		n++
		if b, ok := e.Body.(journal.OutputRead); ok {
			key := fmt.Sprint(b.Host, " ", b.Step)
			if b.Offset == 0 {
				out[key] = ""
			}
			if int64(len(out[key])) != b.Offset {
				t.Errorf("%s: output at %d where %d was due", key, b.Offset, len(out[key]))
			}
			out[key] += string(b.Data)
		}
	}
	if rep, err := book.Verify(t.Context()); err != nil || len(rep.Problems) > 0 {
		t.Errorf("verify: %v, %+v", err, rep.Problems)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", s.Result, s.Reason)
	for _, h := range s.Hosts {
		fmt.Fprintf(&b, "%s %s\n", h.ID, h.Outcome)
		for i, st := range h.Steps {
			id := s.Plan().Steps[i].ID
			fmt.Fprintf(&b, "%s %s, attempt %d, exit %d, %s: ran %q\n%s\n", id, st.Outcome, st.Attempt-st.Free, st.Exit, st.Reason,
				g.count(string(id), string(h.ID)), out[fmt.Sprint(h.ID, " ", id)])
			if st.Job != "" && g.left(string(h.ID), st.Job) {
				t.Errorf("job %s is left on %s", st.Job, h.ID)
			}
		}
	}
	return b.String(), n
}

// journal is the directory of the site's journal.
func (s *site) journal() string { return filepath.Join(s.dir, "state", "tend", "journal") }

// alone waits until no run's process answers: one that has ended its run tidies up its last job's directory.
func (s *site) alone() {
	s.t.Helper()
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); ; looked = rest(looked) {
		alive, err := runner.Alive(context.Background(), filepath.Join(s.dir, "run", "tend"), s.journal())
		if err == nil && len(alive) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("a run's process does not end: %v, %v", alive, err)
		}
	}
}

// open reports whether a run of the site has not ended, and shows the newest such to see.
func (s *site) open(see func(*segments.Segments, journal.RunID)) bool {
	s.t.Helper()
	book, err := segments.Open(s.journal(), (&app{}).origin())
	if err != nil {
		s.t.Fatal(err)
	}
	defer book.Close()
	runs, err := book.Runs(context.Background(), journal.Query{Open: true})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(runs) > 0 {
		see(book, runs[0].Run)
	}
	return len(runs) > 0
}

// busy reports whether some process has the lock of the newest open run.
func (s *site) busy() bool {
	s.t.Helper()
	var err error
	s.open(func(book *segments.Segments, run journal.RunID) {
		if err = book.Claim(context.Background(), run); err == nil {
			err = book.Release(run)
		}
	})
	return errors.Is(err, journal.ErrBusy)
}
