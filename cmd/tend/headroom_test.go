package main

import (
	"strings"
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// TestGarbageHasASize: what may lie before the next collection is the same whatever lives, up to where most of what lives is more; and never
// more than at the start.
func TestGarbageHasASize(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, start}, {1 << 20, start}, {6 << 20, 200}, {12 << 20, 100}, {24 << 20, 50}, {32 << 20, 37}, {40 << 20, 50}, {200 << 20, 90}, {1 << 40, 99}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("with %d MB alive the pace is %d %%, want %d", c.live>>20, got, c.want)
		}
	}
}

func TestRoomFor(t *testing.T) {
	for _, c := range []struct {
		hosts, script, want int
	}{{0, 0, 0}, {63, 0, 0}, {64, 0, 4 << 20}, {1000, 100, 1000 * (hostSpace + copies*100)}, {100_000, 0, mostSpace}} {
		p := runbooks.Plan{Hosts: make([]inventory.Host, c.hosts), Steps: []runbooks.Step{{Script: strings.Repeat("x", c.script)}, {}}}
		if got := roomFor(p); got != c.want {
			t.Errorf("%d hosts, a script of %d bytes: %d, want %d", c.hosts, c.script, got, c.want)
		}
	}
}
