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

// TestWordsOfNumbers: a trend, a series and a number as the tables have them.
func TestWordsOfNumbers(t *testing.T) {
	for want, trend := range map[string]Trend{"too few": {Of: fewest - 1}, "steady": {Of: fewest}, "25% slower": {Known: true, Of: 3, By: 0.25}, "25% faster": {Known: true, Of: 9, By: -0.25}} {
		if got := trend.Words(); got != want {
			t.Errorf("%+v is %q, want %q", trend, got, want)
		}
	}
	for want, s := range map[string]Series{"1 . 3.5 40": {1, 1, -1, -1, 3, 4, -1, 40}, "0 12": {0, 12}, "": nil} {
		if got := Numbers(s); got != want {
			t.Errorf("%v is %q, want %q", s, got, want)
		}
	}
}

// TestAForecastGoesOnFromTheLastDays: where days resemble each other, what lies above the line stays there for now, and is full sooner.
func TestAForecastGoesOnFromTheLastDays(t *testing.T) {
	full := func(by float64) float64 {
		values := ramp(40, 20, 1)
		for i := range values {
			values[i] += by * math.Cos(12*math.Pi*float64(i)/39) // the same in both directions of time, so that the line lies where it did
		}
		f, ok := forecast(daily("a", "disk:/", values...), now)
		if !ok {
			t.Fatalf("%v: withheld", by)
		}
		return f.Full
	}
	if above, below := full(1), full(-1); above > below-0.8 {
		t.Errorf("above the line it is full in %.1f days, below in %.1f", above, below)
	}
}
