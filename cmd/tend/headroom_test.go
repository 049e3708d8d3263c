package main

import "testing"

// TestGarbageHasASize: what may lie before the next collection is the same whatever lives, up to where a share of that is more; and never
// less than the least that makes a collection worth its while.
func TestGarbageHasASize(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, start}, {1 << 20, start}, {10 << 20, 200}, {20 << 20, 100}, {27 << 20, 74}, {200 << 20, spare}, {1 << 40, spare}} {
		if got := percent(c.live); got != c.want {
			t.Errorf("with %d MB alive the pace is %d %%, want %d", c.live>>20, got, c.want)
		}
	}
}
