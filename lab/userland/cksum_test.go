package userland

import "testing"

// TestCksum: the sums are GNU cksum's.
func TestCksum(t *testing.T) {
	for text, want := range map[string]uint32{"": 4294967295, "hello\n": 3015617425, "ops ALL=(ALL) ALL\n": 792585081} {
		if got := cksum([]byte(text)); got != want {
			t.Errorf("cksum of %q is %d, wanted %d", text, got, want)
		}
	}
}
