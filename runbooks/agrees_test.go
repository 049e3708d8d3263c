package runbooks

import "testing"

// TestAgrees: labels, drives and controllers write one serial number in several ways; another number is another number.
func TestAgrees(t *testing.T) {
	for _, c := range []struct {
		typed, told string
		want        bool
	}{
		{"WD-WCC4N0123456", "WD-WCC4N0123456", true},
		{"wcc4n 0123456", "WD-WCC4N0123456", true}, // the label lacks the maker's prefix
		{"WCC4N0123456 A00", "WCC4N0123456", true}, // and another has a revision behind it
		{"123456", "WD-WCC4N0123456", true},
		{"23456", "WD-WCC4N0123456", false},  // too short to tell two disks apart
		{"4N0123", "WD-WCC4N0123456", false}, // its middle
		{"WD-WCC4N0123457", "WD-WCC4N0123456", false},
		{"", "WD-WCC4N0123456", false},
		{"-", "WD-WCC4N0123456", false},
		{"S1", "s-1", true},
	} {
		if Agrees(c.typed, c.told) != c.want {
			t.Errorf("%q and %q: %v", c.typed, c.told, !c.want)
		}
	}
}
