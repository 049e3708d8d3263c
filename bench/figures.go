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
	"time"

	"github.com/creack/pty"
)

// benchmarks are those of the packages, by the question that they answer.
var benchmarks = []struct{ title, pkg, which, times string }{
	{"Journal: durable appends by runs at once (of-bare: share of what bare write+fsync does in the same batches), follow", "./journal/segments", "Append|Follow", "2000x"},
	{"Journal: verify and read, events a second", "./journal/segments", "Verify|Events", "5x"},
	{"From a durable event to another process's screen", "./cmd/tend", "FollowToScreen", "40x"},
	{"Following a quiet step on 500 hosts at once, a second of it: the whole program, and the road alone", "./cmd/tend", "Following", "20x"},
	{"What a host pays for being followed, a second of it", "./remote", "Follower", "20x"},
	{"Journal's index: search and summaries", "./journal/index", ".", "20x"},
	{"Road: client CPU a host, and what a connection holds while it rests, beside a minimal client", "./ssh", ".", "5x"},
	{"Screen: key to picture, also amid 5,000 lines a second and 100 MB (beside their budgets), first picture, fold", "./ui", "Key|FullSpeed|FirstPaint|Fold|Pull", "200x"},
	{"Screen: opened, a run over 10,000 hosts looked at, and a line of 9600 baud (beside their budgets)", "./ui", "Open|FirstLook|Serial", "20x"},
	{"Engine: deciding for 10,000 hosts, steps", "./engine", ".", "20x"},
	{"Posture of the fleet", "./fleet", ".", "20x"},
	{"Opening a fleet of 10,000 hosts: what is known of each read, and its posture folded", "./cmd/tend", "OpenFleet", "5x"},
	{"Inventory: 10,000 hosts read, selected", "./inventory", ".", "20x"},
}

// figures prints what one process costs, and runs the packages' own benchmarks.
func figures(ctx context.Context, dir, tend string, w io.Writer) error {
	fmt.Fprintf(w, "\n### From the command to the first picture\n\n| | ms | x `tend version` |\n|---|---|---|\n")
	yard, err := often(func() (time.Duration, error) { return firstPaint(ctx, []string{tend, "version"}, "tend") })
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| `tend version` | %.0f | 1 |\n", ms(yard))
	for _, n := range []int{100, 10_000} {
		path := filepath.Join(dir, fmt.Sprint("first", n, ".toml"))
		if err := os.WriteFile(path, []byte(fleetTOML(n)), 0o600); err != nil {
			return err
		}
		took, err := often(func() (time.Duration, error) {
			return firstPaint(ctx, []string{tend, "-i", path, "--fresh"}, "bench")
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| the console with %d hosts | %.0f | %.1f |\n", n, ms(took), took.Seconds()/yard.Seconds())
	}
	for _, b := range benchmarks {
		if err := goBench(ctx, b.title, b.pkg, b.which, b.times, w); err != nil {
			return err
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// often is the median of nine.
func often(once func() (time.Duration, error)) (time.Duration, error) {
	var all []time.Duration
	for range 9 {
		d, err := once()
		if err != nil {
			return 0, err
		}
		all = append(all, d)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// firstPaint starts a command on a terminal of 80x24 and waits until it shows want; then it is ended.
func firstPaint(ctx context.Context, args []string, want string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	state, err := os.MkdirTemp("", "tend-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(state)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "XDG_RUNTIME_DIR="+state, "TERM=xterm-256color")
	begin := time.Now()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return 0, err
	}
	defer tty.Close()
	if err := shows(tty, want); err != nil {
		return 0, fmt.Errorf("%s: %w", args[0], err)
	}
	took := time.Since(begin)
	cancel()
	_ = cmd.Wait() // it was ended by us
	return took, nil
}

// goBench runs a package's benchmarks and prints their metrics.
func goBench(ctx context.Context, title, pkg, which, times string, w io.Writer) error {
	out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", which, "-benchtime", times, "-benchmem", pkg).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -bench %s %s: %w: %s", which, pkg, err, last(string(out)))
	}
	fmt.Fprintf(w, "\n### %s\n\n| `go test -bench . %s` | figures |\n|---|---|\n", title, pkg)
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		var metrics []string
		for i := 2; i+1 < len(f); i += 2 {
			metrics = append(metrics, f[i]+" "+f[i+1])
		}
		fmt.Fprintf(w, "| %s | %s |\n", strings.TrimPrefix(f[0], "Benchmark"), strings.Join(metrics, ", "))
	}
	return nil
}
