package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAbsent: a job that was ordered and is not there may be ordered again in the same boot only.
func TestAbsent(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		proc := filepath.Join(filepath.Dir(w.root), "proc")
		w.setBoot(proc, "boot-1", 1)
		k := w.keeper(func(o *Options) { o.proc = proc })
		script, want := w.counting(1)
		adopt := func(k *Keeper, job string) (int, string, error) {
			s := &sink{t: t}
			exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Script: script, Adopt: true}, s.take)
			return exit, s.String(), err
		}
		_, _, err := adopt(k, "nobody-knows")
		if e := asError(t, err); e.Kind != Absent || e.NotStarted() || w.executions() != 0 {
			t.Errorf("without a witness: %v", err)
		}
		k.Knew(w.host.Name, false, "boot-0+1")
		_, _, err = adopt(k, "other-boot")
		if e := asError(t, err); e.Kind != Absent || w.executions() != 0 {
			t.Errorf("after a reboot: %v", err)
		}
		k.Knew(w.host.Name, false, "boot-1+1")
		if exit, out, err := adopt(k, "same-boot"); err != nil || exit != 37 || out != want || w.executions() != 1 {
			t.Errorf("same boot: exit %d, %v, %d executions", exit, err, w.executions())
		}
		// What was given up as unknown is never begun later, whatever is still on its way.
		_, _, err = adopt(k, "other-boot")
		if e := asError(t, err); e.Kind != Absent || w.executions() != 1 {
			t.Errorf("a late start of what was given up: %v", err)
		}
		// What this very process has sent is never sent as though for the first time.
		if err := os.RemoveAll(filepath.Join(w.root, "jobs", "same-boot")); err != nil {
			t.Fatal(err)
		}
		w.setBoot(proc, "boot-2", 1)
		_, err = k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "same-boot", Script: script}, (&sink{t: t}).take)
		if e := asError(t, err); e.Kind != Absent || w.executions() != 1 {
			t.Errorf("sent again after a reboot: %v, %d executions", err, w.executions())
		}
	})
}

// TestLateStart: a start that was on its way all the time arrives when the job was done and cleaned up.
func TestLateStart(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k := w.keeper()
		script, _ := w.counting(1)
		o := Order{Host: w.host, Job: "j", Script: script}
		f := &following{k: k, o: o, nonce: "late"}
		late, err := f.script()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Carry(within(t, 90*time.Second), o, (&sink{t: t}).take); err != nil {
			t.Fatal(err)
		}
		if err := k.Forget(within(t, 90*time.Second), w.host, "j"); err != nil {
			t.Fatal(err)
		}
		in, out := newFeed(), &strings.Builder{}
		in.add(late)
		in.close()
		if _, err := w.Exec(within(t, 90*time.Second), w.host, "exec /bin/sh -s", in, out, &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "late X 0 gone") || w.executions() != 1 {
			t.Errorf("%d executions; the late start was told %q", w.executions(), out)
		}
		// The same with a start that has passed the look at the tombstone and launches now.
		d := filepath.Join(w.root, "jobs", "j")
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"cmd.x": script, "sup.x": part("sup"), "out": ""} {
			if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		in = newFeed()
		in.add(fmt.Sprintf("setsid sh %s/sup.x %s x %s %s/gone/%s/j 022 tend:j", d, d, w.boot(k), w.root, w.boot(k)))
		in.close()
		if _, err := w.Exec(within(t, 90*time.Second), w.host, "exec /bin/sh -s", in, out, &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(d); err == nil || w.executions() != 1 {
			t.Errorf("%d executions; directory: %v", w.executions(), err)
		}
	})
}
