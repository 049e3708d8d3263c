package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:]))
}

type options struct {
	lab, real, delays []int
	runs, behind      int
	figures, full     bool // full: also what takes fleets of its own
	table             string
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	lab := fs.String("hosts", "50,200", "sizes of the simulated fleets, separated by commas; \"\" for none")
	real := fs.String("real", "50", "how many addresses a real sshd serves; \"\" for none")
	delays := fs.String("delays", "", "round trips in ms of slow links to the first simulated fleet")
	fs.IntVar(&o.behind, "behind", 100, "how many simulated hosts stand behind a bastion; 0 for none")
	fs.IntVar(&o.runs, "runs", 5, "how often each is run; the median counts")
	fs.BoolVar(&o.figures, "figures", false, "the figures of screen, journal and engine as well (some minutes)")
	fs.StringVar(&o.table, "table", "", "write the page to this `file` as well")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if os.Getenv("FULL") == "1" {
		*lab, *real, *delays, o.behind, o.figures, o.full = "50,200,1000,5000", "50", "50,150,300", 500, true, true
	}
	for _, l := range []struct {
		name, text string
		to         *[]int
	}{{"hosts", *lab, &o.lab}, {"real", *real, &o.real}, {"delays", *delays, &o.delays}} {
		for _, s := range strings.FieldsFunc(l.text, func(r rune) bool { return r == ',' || r == ' ' }) {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > 10000 {
				return o, fmt.Errorf("-%s: %q is not a number from 1 to 10000", l.name, s)
			}
			*l.to = append(*l.to, n)
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "floor":
			return floorMain(ctx, args[1:])
		case "once":
			return onceMain(ctx, args[1:])
		case "screen":
			return screenMain(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func bench(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("/tmp", "tb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tend := filepath.Join(dir, "tend")
	build := exec.CommandContext(ctx, "go", "build", "-o", tend, "./cmd/tend")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build tend (run this at the top of the repository): %w", err)
	}
	var page strings.Builder
	out := io.MultiWriter(&page, os.Stdout)
	fmt.Fprintf(out, "# Results\n\n%s\nMade by `go run ./bench` ([what it does](README.md)).\n", machine(ctx))
	if err := fleets(ctx, dir, tend, o, out); err != nil {
		return err
	}
	if o.figures {
		if err := figures(ctx, dir, tend, out); err != nil {
			return err
		}
	}
	if o.table != "" {
		return os.WriteFile(o.table, []byte(page.String()), 0o644)
	}
	return nil
}

// peersUpTo is the largest simulated fleet that the peers are given, and warmUpTo the largest that is asked again and again: more takes minutes.
const (
	peersUpTo = 200
	warmUpTo  = 1000
)

const columns = "\n| hosts | contender | wall s | x wall | client CPU ms a host | x CPU | peak MB |\n|---|---|---|---|---|---|---|\n"

func fleets(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	for i, sizes := range [][]int{o.lab, o.real} {
		if len(sizes) == 0 {
			continue
		}
		open := []func(context.Context, string, string, int) (*room, error){lab, openssh}[i]
		fmt.Fprintf(w, "\n### %s\n%s", []string{"Simulated hosts, cold (a new connection for each host)", "Real sshd, cold"}[i], columns)
		for _, n := range sizes {
			if err := fleet(ctx, filepath.Join(dir, fmt.Sprint(i, "-", n)), tend, n, i, open, o, w); err != nil {
				return err
			}
		}
	}
	for _, more := range []func(context.Context, string, string, options, io.Writer) error{kept, curve, bastion, few, slow} {
		if err := more(ctx, dir, tend, o, w); err != nil {
			return err
		}
	}
	return nil
}

func fleet(ctx context.Context, dir, tend string, n, kind int, open func(context.Context, string, string, int) (*room, error), o options, w io.Writer) error {
	r, err := open(ctx, dir, tend, n)
	if err != nil {
		return err
	}
	defer r.close()
	all := append(r.tendOn(), r.onScreen())
	if kind == 1 {
		all = all[:2] // health of one machine n times at once says nothing
	}
	if n <= peersUpTo {
		all = append(all, r.peers()...)
	}
	return r.compare(ctx, o.runs, all, func(name string, got, yard []figure) { row(w, fmt.Sprint(n), n, name, got, yard) })
}

// kept measures over connections that stand.
func kept(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	if len(o.lab) > 0 {
		fmt.Fprint(w, "\n### Simulated hosts, warm (what one more command costs on a connection that stands)\n\n| hosts | contender | commands a second | x floor's time | client CPU ms a command | x CPU |\n|---|---|---|---|---|---|\n")
	}
	for _, n := range o.lab {
		if n > warmUpTo {
			continue
		}
		r, err := lab(ctx, filepath.Join(dir, fmt.Sprint("warm-", n)), tend, n)
		if err != nil {
			return err
		}
		err = r.warm(ctx, o.runs, w)
		r.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func bastion(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	if o.behind == 0 {
		return nil
	}
	return behind(ctx, filepath.Join(dir, "bastion"), tend, o.behind, o.runs, w)
}

func slow(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	if len(o.delays) == 0 || len(o.lab) == 0 {
		return nil
	}
	r, err := lab(ctx, filepath.Join(dir, "far"), tend, o.lab[0])
	if err != nil {
		return err
	}
	defer r.close()
	return distances(ctx, r, o.runs, o.delays, w)
}

// machine says where the figures were taken.
func machine(ctx context.Context) string {
	said := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
		if err != nil && len(out) == 0 {
			return "unknown"
		}
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return line
	}
	return fmt.Sprintf("%s, %d CPUs (%s), %s %s, %s; commit %s; client and servers on the same CPUs.\n", time.Now().UTC().Format(time.DateOnly),
		runtime.NumCPU(), runtime.GOARCH, said("uname", "-sr"), runtime.Version(), said("ssh", "-V"), said("git", "describe", "--always", "--dirty"))
}
