package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// figure is what one run of a contender cost. CPU is user and system time of its whole process tree.
type figure struct {
	wall, cpu time.Duration
	rss       int64 // KiB, of the largest process
}

// contender is somebody who does the work. answered counts the hosts in its output.
type contender struct {
	name     string
	args     []string
	env      []string
	answered func(out string) int
}

// adoptOrphans makes the processes that outlive their parent (a run does, by design) children of this one, so that their time is
// counted (prctl(2), PR_SET_CHILD_SUBREAPER).
func adoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// measure runs a contender once and waits for its whole tree.
func measure(ctx context.Context, c contender, hosts int, lab int) (figure, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	f := figure{wall: time.Since(begin)}
	f.add(cmd.ProcessState.SysUsage().(*syscall.Rusage))
	if n := c.answered(out.String()); n != hosts {
		return f, fmt.Errorf("%s: %d of %d hosts answered (%v): %s", c.name, n, hosts, err, last(errs.String()))
	}
	return f, f.orphans(lab)
}

func (f *figure) add(u *syscall.Rusage) {
	f.cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	f.rss = max(f.rss, u.Maxrss)
}

// orphans waits for what the contender left behind; the lab's own process is not one of them.
func (f *figure) orphans(lab int) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		var u syscall.Rusage
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, &u)
		switch {
		case err == syscall.ECHILD:
			return nil
		case err != nil:
			return err
		case pid == lab:
			return fmt.Errorf("the lab ended")
		case pid > 0:
			f.add(&u)
			continue
		case onlyChild(lab) || time.Now().After(deadline):
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// onlyChild reports whether the lab is the only child left.
func onlyChild(lab int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil {
		return true
	}
	return strings.TrimSpace(string(b)) == fmt.Sprint(lab)
}

func last(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// median of one aspect of figures.
func median(all []figure, of func(figure) float64) float64 {
	v := make([]float64, len(all))
	for i, f := range all {
		v[i] = of(f)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func header(w io.Writer) {
	fmt.Fprintf(w, "| hosts | contender | wall s | x wall | client CPU ms a host | x CPU | peak MB |\n|---|---|---|---|---|---|---|\n")
}

func row(w io.Writer, hosts int, name string, all, yard []figure) {
	wall := func(f figure) float64 { return f.wall.Seconds() }
	cpu := func(f figure) float64 { return f.cpu.Seconds() }
	fmt.Fprintf(w, "| %d | %s | %.2f | %.2f | %.2f | %.2f | %.0f |\n", hosts, name,
		median(all, wall), median(all, wall)/median(yard, wall), 1000*median(all, cpu)/float64(hosts),
		median(all, cpu)/median(yard, cpu), median(all, func(f figure) float64 { return float64(f.rss) / 1024 }))
}
