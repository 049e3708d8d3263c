package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:]))
}

type options struct {
	hosts []int
	runs  int
	table string
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	hosts := fs.String("hosts", "50,200", "fleet sizes, separated by commas")
	fs.IntVar(&o.runs, "runs", 5, "how often each is run; the median counts")
	fs.StringVar(&o.table, "table", "", "write the table to this `file` as well")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if os.Getenv("FULL") == "1" {
		*hosts = "50,200,1000"
	}
	for _, s := range strings.Split(*hosts, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 || n > 10000 {
			return o, fmt.Errorf("-hosts: %q is not a fleet's size", s)
		}
		o.hosts = append(o.hosts, n)
	}
	return o, nil
}

func run(ctx context.Context, args []string) int {
	if len(args) > 0 && args[0] == "floor" {
		return floorMain(ctx, args[1:])
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
	if err := adoptOrphans(); err != nil {
		return err
	}
	var out strings.Builder
	header(&out)
	for _, n := range o.hosts {
		if err := fleetOf(ctx, dir, tend, n, o.runs, &out); err != nil {
			return err
		}
	}
	fmt.Print(out.String())
	if o.table != "" {
		return os.WriteFile(o.table, []byte(out.String()), 0o644)
	}
	return nil
}
