package main

import (
	"context"
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// asTend makes the test binary behave as tend itself, so that a run's process, the lab's and a terminal's are all of the code
// under test.
const asTend = "TEND_TEST_AS_TEND"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(dieAfter)); err == nil && os.Getenv(asTend) != "" {
		os.Exit(Main(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Getenv, mortal(n)))
	}
	if os.Getenv(asTend) != "" {
		main()
	}
	moreAtOnce()
	testscript.Main(m, map[string]func(){"tend": main})
}

// moreAtOnce lets more tests run beside each other, which wait for processes and hosts most of their time, unless somebody says how many.
func moreAtOnce() {
	flag.Parse()
	said := flag.Lookup("test.bench").Value.String() != ""
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", "4")
	}
}

// shortDir is a temporary directory with a path short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	d, err := os.MkdirTemp("/tmp", "tt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(d) })
	return d
}

// scriptsOnly skips, with -short, a test of what pages say, of what scripts find out, or of one process and its terminal: what it holds is no
// matter of goroutines that others do not go through as well, and CI,
// which runs it whole, does not run it once more under the race detector.
func scriptsOnly(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED with -short")
	}
}
