package textdiff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLines(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"x", "x", " x"},
		{"a b c", "a c", " a -b  c"},
		{"a c", "a b c", " a +b  c"},
		{"a b", "c d", "-a -b +c +d"},
		{"a b c d", "b x d", "-a  b -c +x  d"},
	} {
		var got []string
		for _, l := range Lines(strings.Fields(c.a), strings.Fields(c.b)) {
			got = append(got, l.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q to %q: %q, not %q", c.a, c.b, s, c.want)
		}
	}
}

// sides reads both texts again from their lines, and counts what is common.
func sides(lines []Line) (a, b []string, common int) {
	for _, l := range lines {
		if l.Mark != '+' {
			a = append(a, l.Text)
		}
		if l.Mark != '-' {
			b = append(b, l.Text)
		}
		if l.Mark == ' ' {
			common++
		}
	}
	return a, b, common
}

// longest is the length of the longest common subsequence, found the slow way.
func longest(a, b []string) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return 0
	case a[0] == b[0]:
		return 1 + longest(a[1:], b[1:])
	}
	return max(longest(a[1:], b), longest(a, b[1:]))
}

// TestLinesMakeTheOneIntoTheOther is the law, and that nothing common is said to differ.
func TestLinesMakeTheOneIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 8)
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		x, y, common := sides(Lines(a, b))
		if !slices.Equal(x, a) || !slices.Equal(y, b) {
			t.Fatalf("%q and %q are read as %q and %q", a, b, x, y)
		}
		if want := longest(a, b); common != want {
			t.Fatalf("%q and %q: %d common lines, not %d", a, b, common, want)
		}
	})
}

// TestLongTextsDifferAsAWhole: a table that would not fit is not made, and what is said is still true.
func TestLongTextsDifferAsAWhole(t *testing.T) {
	a, b := make([]string, 5000), make([]string, 5000)
	for i := range a {
		a[i], b[i] = fmt.Sprint(i), fmt.Sprint(i+1)
	}
	x, y, common := sides(Lines(a, b))
	if !slices.Equal(x, a) || !slices.Equal(y, b) || common != 0 {
		t.Errorf("%d, %d lines, %d common", len(x), len(y), common)
	}
}
