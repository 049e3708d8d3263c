package insight

import (
	"math"
	"testing"
	"time"

	"tend/journal"
)

// TestStudent holds the quantiles against the tables' (97.5 %, one-sided).
func TestStudent(t *testing.T) {
	for df, want := range map[float64]float64{1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 8: 2.306, 10: 2.228, 15: 2.131, 20: 2.086, 30: 2.042, 60: 2.000, 120: 1.980, 1e9: 1.960} {
		if got := student(df); math.Abs(got-want) > 0.08/df+0.001 {
			t.Errorf("%v degrees of freedom: %.4f, the table says %.3f", df, got, want)
		}
	}
}

// TestRankTest: by hand, U's normal approximation with the correction for continuity, and for ties: 3 and 3 values that do not overlap have
// z = (4.5 - 0.5) / sqrt(9/12 * 7); with three pairs of equals z = (4 - 0.5) / sqrt(9/12 * (7 - 18/30)).
func TestRankTest(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{4, 5, 6}, 0.0808556},
		{[]float64{4, 5, 6}, []float64{1, 2, 3}, 0.0808556},
		{[]float64{1, 1, 2}, []float64{2, 3, 3}, 0.1101489},
		{[]float64{1, 2}, []float64{1, 2}, 1},
		{[]float64{7, 7}, []float64{7, 7}, 1},
	} {
		if got := rankTest(c.a, c.b); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v and %v: %.7f, want %.7f", c.a, c.b, got, c.want)
		}
	}
}

// TestBooksCountWhatDidNotPass: each way of not passing, and no run that passed.
func TestBooksCountWhatDidNotPass(t *testing.T) {
	var runs []journal.RunSummary
	for _, r := range []journal.Result{journal.Passed, journal.Passed, journal.Passed, journal.SomeFailed, journal.Lost} {
		runs = append(runs, journal.RunSummary{Runbook: "patch", Started: ago(1), Ended: ago(1).Add(time.Minute), Result: r})
	}
	if got := Books(runs, ago(7), now); len(got) != 1 || got[0].Runs != 5 || got[0].Bad != 2 {
		t.Errorf("%+v", got)
	}
}

// TestThin: a picture begins and ends with what was measured first and last.
func TestThin(t *testing.T) {
	var s []journal.Sample
	for i := range 100 {
		s = append(s, journal.Sample{Value: float64(i)})
	}
	if got := thin(s); len(got) != 24 || got[0] != 0 || got[23] != 99 || got[12] <= got[11] {
		t.Errorf("%v", got)
	}
	if got := thin(s[:1]); len(got) != 1 || got[0] != 0 || len(thin(nil)) != 0 {
		t.Errorf("of one: %v", got)
	}
}
