package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
)

// sizes are the fleets of the curve.
var sizes = []int{100, 300, 1000, 3000, 5000}

// curve shows what one host costs as fleets grow: beside the floor's, which has the same hosts.
func curve(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	if !o.full {
		return nil
	}
	fmt.Fprint(w, "\n### What a host costs as fleets grow (simulated, cold, journal on)\n\n| hosts | client CPU ms a host | | floor's | x floor | peak KB a host |\n|---|---|---|---|---|---|\n")
	for _, n := range sizes {
		r, err := lab(ctx, filepath.Join(dir, fmt.Sprint("curve-", n)), tend, n)
		if err != nil {
			return err
		}
		err = r.compare(ctx, o.runs, r.tendOn()[:2], func(name string, got, yard []figure) {
			if len(got) > 0 && &got[0] != &yard[0] {
				each := 1000 * median(got, cpu) / float64(n)
				peak := median(got, func(f figure) float64 { return float64(f.rss) })
				fmt.Fprintf(w, "| %d | %.2f | %s | %.2f | %.2f | %.0f |\n", n, each, strings.Repeat("█", int(8*each+0.5)), 1000*median(yard, cpu)/float64(n), ratio(got, yard, cpu), peak/float64(n))
			}
		})
		r.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// fewFiles is a limit of open files that is below the hosts of its fleet.
const (
	fewFiles = 160
	fewHosts = 300
)

var remarked = regexp.MustCompile(`"kind":"remarked"[^\n]*"text":"([^"]*files[^"]*)"`)

// few has tend at a fleet with fewer open files than hosts: all must answer, and the run must say what it did.
func few(ctx context.Context, dir, tend string, o options, w io.Writer) error {
	if !o.full {
		return nil
	}
	r, err := lab(ctx, filepath.Join(dir, "few"), tend, fewHosts)
	if err != nil {
		return err
	}
	defer r.close()
	said := ""
	free, bound := r.tendRuns("as many open files as it likes", "uptime", 1), r.tendRuns(fmt.Sprintf("`ulimit -n %d`", fewFiles), "uptime", 1)
	bound.args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, fewFiles), "sh"}, bound.args...)
	bound.answered = func(out string) int {
		if m := remarked.FindStringSubmatch(out); m != nil {
			said = m[1]
		}
		return ended(out)
	}
	fmt.Fprintf(w, "\n### %d simulated hosts, few open files\n%s", fewHosts, columns)
	if err := r.compare(ctx, o.runs, []contender{free, bound}, func(name string, got, yard []figure) { row(w, fmt.Sprint(fewHosts), fewHosts, name, got, yard) }); err != nil {
		return err
	}
	if said == "" {
		return fmt.Errorf("a run with %d open files did not say that they are few", fewFiles)
	}
	fmt.Fprintf(w, "\nEvery host answered. The run said: %q.\n", said)
	return nil
}
