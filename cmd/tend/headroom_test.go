package main

import "testing"

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
