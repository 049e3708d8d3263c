package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

// contender is somebody who does the work. answered counts the answers in its output: so many are due of each host.
type contender struct {
	name     string
	args     []string
	env      []string
	answered func(out string) int
	answers  int
	peer     bool
	atMost   int // how often it is run, where it takes minutes; 0 = as often as the others
}

// patience is how long a contender may take.
const patience = 3 * time.Minute

// adoptOrphans makes the processes that outlive their parent (a run does, by design) children of this one, so that their time is
// counted (prctl(2), PR_SET_CHILD_SUBREAPER).
func adoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// measure runs a contender once, by a small process of its own: what a process peaked at counts for its children until they are another
// program (getrusage(2)), and this one has grown.
func measure(ctx context.Context, c contender, hosts int, dir string) (figure, error) {
	out := filepath.Join(dir, "out")
	cmd := exec.CommandContext(ctx, own(), append([]string{"once", out}, c.args...)...)
	cmd.Env = append(os.Environ(), c.env...)
	var said, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &errs
	err := cmd.Run()
	var f figure
	if _, scan := fmt.Sscan(said.String(), &f.wall, &f.cpu, &f.rss); scan != nil {
		return f, fmt.Errorf("%s: it could not be measured (%v): %s", c.name, err, last(errs.String()))
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return f, err
	}
	if n := c.answered(string(text)); n != hosts*c.answers {
		return f, fmt.Errorf("%s: %d of %d answers: %s", c.name, n, hosts*c.answers, last(errs.String()))
	}
	return f, nil
}

// onceMain runs a command, its output to a file, waits for its whole tree, and prints what that cost: once FILE COMMAND…
func onceMain(ctx context.Context, args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench once FILE COMMAND…")
		return 2
	}
	f, err := tree(ctx, args[0], args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "once:", err)
		return 1
	}
	fmt.Println(int64(f.wall), int64(f.cpu), f.rss)
	return 0
}

func tree(ctx context.Context, file string, args []string) (figure, error) {
	if err := adoptOrphans(); err != nil {
		return figure{}, err
	}
	out, err := os.Create(file)
	if err != nil {
		return figure{}, err
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	begin := time.Now()
	err = cmd.Run()
	f := figure{wall: time.Since(begin)}
	if cmd.ProcessState == nil {
		return f, err
	}
	f.add(cmd.ProcessState.SysUsage().(*syscall.Rusage)) // how it ended is told by its answers
	return f, f.orphans()
}

func (f *figure) add(u *syscall.Rusage) {
	f.cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	f.rss = max(f.rss, u.Maxrss)
}

// orphans waits for what the contender left behind.
func (f *figure) orphans() error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		var u syscall.Rusage
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, &u)
		switch {
		case err == syscall.ECHILD:
			return nil
		case err != nil:
			return err
		case pid > 0:
			f.add(&u)
			continue
		case time.Now().After(deadline):
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
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

// compare lets the contenders work in turn, and tells each one's figures beside those of the first, the yardstick. A peer that does
// not bring every host's answer is left out, and that is said.
func (r *room) compare(ctx context.Context, runs int, all []contender, tell func(name string, got, yard []figure)) error {
	got := make([][]figure, len(all))
	failed := make([]error, len(all))
	for round := range runs {
		for i, c := range all {
			if failed[i] != nil || c.atMost > 0 && round >= c.atMost {
				continue
			}
			f, err := measure(ctx, c, len(r.hosts), r.dir)
			if err != nil && !c.peer {
				return err
			}
			failed[i] = err
			got[i] = append(got[i], f)
		}
	}
	for i, c := range all {
		if failed[i] != nil {
			fmt.Fprintln(os.Stderr, "left out:", failed[i])
			continue
		}
		name := c.name
		if c.atMost > 0 && c.atMost < runs {
			name += fmt.Sprintf(" (%d runs)", c.atMost)
		}
		tell(name, got[i], got[0])
	}
	return nil
}

func wall(f figure) float64 { return f.wall.Seconds() }
func cpu(f figure) float64  { return f.cpu.Seconds() }

// ratio is the median, over the rounds, of one aspect against the yardstick's in the same round: what the machine did meanwhile hits both.
func ratio(all, yard []figure, of func(figure) float64) float64 {
	v := make([]float64, min(len(all), len(yard)))
	for i := range v {
		v[i] = of(all[i]) / of(yard[i])
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func row(w io.Writer, first string, hosts int, name string, all, yard []figure) {
	fmt.Fprintln(w, line(first, hosts, name, all, yard))
}

func line(first string, hosts int, name string, all, yard []figure) string {
	return fmt.Sprintf("| %s | %s | %.2f | %.2f | %.2f | %.2f | %.0f |", first, name,
		median(all, wall), ratio(all, yard, wall), 1000*median(all, cpu)/float64(hosts),
		ratio(all, yard, cpu), median(all, func(f figure) float64 { return float64(f.rss) / 1024 }))
}
