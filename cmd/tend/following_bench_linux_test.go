package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
	"tend/remote"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// followed is how many hosts have a step at work at once.
const followed = 500

// BenchmarkFollowing follows a quiet step on 500 simulated hosts at once; one turn of it is a second of following. The hosts are served by
// another process, so that what is measured is the client's: CPU, processes, memory. "run" is the whole program, "road" is the keeper and
// its connections alone, whose goroutines can be counted.
//
//	go test ./cmd/tend -run xxx -bench Following -benchtime 20x
func BenchmarkFollowing(b *testing.B) {
	f := newFollowed(b)
	b.Run("run", f.run)
	b.Run("road", f.road)
}

type followedLab struct {
	dir string
	env []string
}

func newFollowed(b *testing.B) *followedLab {
	b.Helper()
	dir, err := os.MkdirTemp("/tmp", "tb") // short enough for sockets
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	f := &followedLab{dir: dir, env: append(os.Environ(), asTend+"=1", "HOME="+dir, "XDG_STATE_HOME="+dir, "XDG_RUNTIME_DIR="+dir, "XDG_CONFIG_HOME=",
		"SSH_AUTH_SOCK=", "TEND_INVENTORY="+filepath.Join(dir, "lab", "inventory.toml"))}
	fleet := fmt.Sprintf("[defaults]\nuser = \"ops\"\nbecome = \"sudo\"\ntags = [\"healthy\"]\n[[site]]\nname = \"s\"\n[[site.host]]\nname = \"h[001-%d]\"\nos = \"debian-12\"\n", followed)
	if err := os.WriteFile(filepath.Join(dir, "fleet.toml"), []byte(fleet), 0o600); err != nil {
		b.Fatal(err)
	}
	lab := f.cmd("lab", "-i", filepath.Join(dir, "fleet.toml"), "--dir", filepath.Join(dir, "lab"))
	out, err := lab.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := lab.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = lab.Process.Kill(); _ = lab.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		b.Fatal("the lab did not start: ", err)
	}
	return f
}

func (f *followedLab) cmd(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Dir, c.Env, c.Stderr = f.dir, f.env, os.Stderr
	return c
}

func (f *followedLab) run(b *testing.B) {
	out, err := f.cmd("exec", "--yes", "--detach", "--parallel", fmt.Sprint(followed), "--", "sleep 600").Output()
	if err != nil {
		b.Fatal(err)
	}
	id := strings.TrimSpace(string(out))
	pid := f.atWork(b, id)
	defer func() {
		_ = f.cmd("abort", id, "--hard", "--reason", "measured").Run()
		_ = f.cmd("attach", id).Run() // waits for its end
	}()
	time.Sleep(calm)
	b.ResetTimer()
	before := spent(b, pid)
	for range b.N {
		time.Sleep(time.Second)
	}
	tellCost(b, spent(b, pid)-before, pid)
}

// atWork waits until the run's step is at work on every host, and says which process carries the run out.
func (f *followedLab) atWork(b *testing.B, id string) (pid int) {
	b.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out, err := f.cmd("journal", "show", id, "--json").Output()
		if err != nil {
			b.Fatal(err)
		}
		started := 0
		for line := range strings.Lines(string(out)) {
			var e struct {
				Kind string
				Body struct{ PID int }
			}
			_ = json.Unmarshal([]byte(line), &e)
			switch e.Kind {
			case "runner_started":
				pid = e.Body.PID
			case "step_started":
				started++
			case "step_ended":
				b.Fatalf("a step has ended: %s", line)
			}
		}
		if started == followed && pid > 0 {
			return pid
		}
	}
	b.Fatal("the step is not at work on every host")
	return 0
}

// calm is how long what was begun is left alone before it is measured: hosts say less and less often that a quiet step goes on.
const calm = 10 * time.Second

// spent is the user and system time of a process (proc_pid_stat(5), fields 14 and 15), in ticks of 10 ms.
func spent(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	sys, _ := strconv.Atoi(f[12])
	return time.Duration(user+sys) * 10 * time.Millisecond
}

// tellCost tells what the client needed for each second of following, and the processes that it has beside itself.
func tellCost(b *testing.B, cpu time.Duration, pid int) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // a second, by its make
	b.ReportMetric(cpu.Seconds()*1000/float64(b.N), "cpu-ms/s")
	b.ReportMetric(cpu.Seconds()*1e6/float64(b.N)/followed, "cpu-µs/s/host")
	b.ReportMetric(float64(len(childrenOf(pid))), "processes-beside")
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
		pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
		b.ReportMetric(float64(pages*os.Getpagesize())/1024/followed, "KiB/host")
	}
}

// TestFollowingHasNoProcesses: a run that follows steps on its hosts has no process beside its own.
func TestFollowingHasNoProcesses(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	run := s.started(s.gated())
	awaitFile(t, s.count())
	if all := childrenOf(s.runnerPID(run)); len(all) > 0 {
		t.Errorf("the run's process has children: %v", all)
	}
	s.write("gate", "")
	s.attached(run, 1)
}

// childrenOf lists the processes that a process has (proc(5), task/[tid]/children).
func childrenOf(pid int) (all []string) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, l := range lists {
		text, _ := os.ReadFile(l)
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

func (f *followedLab) road(b *testing.B) {
	inv, err := inventory.Load(filepath.Join(f.dir, "lab", "inventory.toml"))
	if err != nil {
		b.Fatal(err)
	}
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: f.dir, AgentSocket: "none", Getenv: func(string) string { return "" }})
	k := remote.New(c, remote.Options{})
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer func() { stop(); all.Wait(); _ = c.Close() }()
	var up atomic.Int64
	rest := runtime.NumGoroutine()
	for _, h := range inv.Hosts {
		all.Go(func() {
			_, err := k.Carry(ctx, remote.Order{Host: h, Job: "bench", Become: true, Script: "echo up; exec sleep 600"}, func(int64, []byte) error { up.Add(1); return nil })
			if ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	for end := time.Now().Add(2 * time.Minute); up.Load() < followed; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("the step is at work on %d hosts", up.Load())
		}
	}
	time.Sleep(calm)
	b.ResetTimer()
	before := rusage(b)
	for range b.N {
		time.Sleep(time.Second)
	}
	cpu := rusage(b) - before
	// This process's children are the lab, and nobody else.
	tellCost(b, cpu, os.Getpid())
	b.ReportMetric(float64(len(childrenOf(os.Getpid()))-1), "processes-beside")
	b.ReportMetric(float64(runtime.NumGoroutine()-rest)/followed, "goroutines/host")
}

func rusage(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
