package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tend/quote"
)

// warmRounds is how many commands a kept connection answers beyond its first.
const warmRounds = 20

// warmBook is a runbook of the first command and of warmRounds more over the same connections.
func warmBook() string {
	var b strings.Builder
	b.WriteString("name = \"warm\"\ntitle = \"One command again and again\"\nrisk = \"read\"\n")
	for i := range warmRounds + 1 {
		fmt.Fprintf(&b, "[[step]]\nid = \"uptime-%d\"\nkind = \"check\"\nrisk = \"read\"\nscript = \"uptime\"\n", i+1)
	}
	return b.String()
}

// sameWork is what tend has a host do for one command, for the floor: sh, its environment, the command's two streams as one.
func sameWork() (string, error) {
	return quote.Argv("LC_ALL=C; export LC_ALL\ncd \"${HOME:-/}\" 2>/dev/null || cd /\nprintf '\\nA\\n'\n( eval uptime ) </dev/null 2>&1\nprintf '\\nE %s\\n' \"$?\"\n")
}

// warm measures what a command costs once its connection stands: the cost of many commands a host, less that of one, over how many
// more they are.
func (r *room) warm(ctx context.Context, runs int, w io.Writer) error {
	path := filepath.Join(filepath.Dir(r.inv), "runbooks", "warm.toml")
	if err := os.WriteFile(path, []byte(warmBook()), 0o600); err != nil {
		return err
	}
	line, err := sameWork()
	if err != nil {
		return err
	}
	one, many := r.floor(1), r.floor(warmRounds+1)
	one.args[len(one.args)-2], many.args[len(many.args)-2] = line, line
	got := map[string][]figure{}
	keep := func(name string, all, _ []figure) { got[name] = all }
	if err = r.compare(ctx, runs, []contender{one, r.tendRuns("one", "uptime", 1), many, r.tendRuns("many", "warm", warmRounds+1)}, keep); err != nil {
		return err
	}
	more := float64(len(r.hosts) * warmRounds)
	cost := func(first, many string, of func(figure) float64) float64 {
		return (median(got[many], of) - median(got[first], of)) / more
	}
	floorWall, floorCPU := cost(one.name, many.name, wall), cost(one.name, many.name, cpu)
	tendWall, tendCPU := cost("one", "many", wall), cost("one", "many", cpu)
	fmt.Fprintf(w, "| %d | floor | %.0f | 1.00 | %.3f | 1.00 |\n", len(r.hosts), 1/floorWall, 1000*floorCPU)
	fmt.Fprintf(w, "| %d | tend, journal on | %.0f | %.2f | %.3f | %.2f |\n", len(r.hosts), 1/tendWall, floorWall/tendWall, 1000*tendCPU, tendCPU/floorCPU)
	return nil
}
