package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSpacious: what the heap grows into afterwards was asked for in large pages, and none of it is in memory before it is used. In a
// process of its own, whose heap nobody else has used.
func TestSpacious(t *testing.T) {
	const child = "TEND_TEST_SPACIOUS"
	if mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || strings.Contains(string(mode), "[never]") {
		t.Skipf("SKIPPED: this kernel gives no large pages: %s%v", mode, err)
	}
	if os.Getenv(child) == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSpacious$")
		again.Env = append(os.Environ(), child+"=yes")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	before := resident(t)
	spacious(32 << 20)
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^VmFlags:.* hg\b`).Match(maps) {
		t.Error("no mapping has asked for large pages")
	}
	if more := resident(t) - before; more > 8<<20 && !raceOn { // the race detector keeps a shadow of what is asked for
		t.Errorf("%d bytes more are in memory", more)
	}
}

func TestRoomFor(t *testing.T) {
	for hosts, want := range map[int]int{0: 0, 63: 0, 64: 4 << 20, 1000: 1000 * hostSpace, 100_000: mostSpace} {
		if got := roomFor(hosts); got != want {
			t.Errorf("%d hosts: %d bytes, want %d", hosts, got, want)
		}
	}
}

// resident is how much of this process is in memory, in bytes (proc_pid_statm(5)).
func resident(t *testing.T) int {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(statm))
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
