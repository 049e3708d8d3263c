package inventory

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func window(t testing.TB, s string) Window {
	t.Helper()
	w, err := ParseWindow(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func stamp(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWindowNext(t *testing.T) {
	const ams = "Sun 01:00-05:00 Europe/Amsterdam"
	for _, c := range []struct{ window, now, open, shut string }{
		{ams, "2026-11-18T12:00:00Z", "2026-11-22T00:00:00Z", "2026-11-22T04:00:00Z"},
		{ams, "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-22T04:00:00Z"},
		{ams, "2026-11-22T03:59:59Z", "2026-11-22T00:00:00Z", "2026-11-22T04:00:00Z"},
		{ams, "2026-11-22T04:00:00Z", "2026-11-29T00:00:00Z", "2026-11-29T04:00:00Z"},
		{ams, "2026-07-18T12:00:00Z", "2026-07-18T23:00:00Z", "2026-07-19T03:00:00Z"},
		{ams, "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z"}, // loses 02:00-03:00
		{ams, "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z", "2026-10-25T04:00:00Z"}, // has 02:00-03:00 twice
		// an hour that is skipped opens or closes at the change, 01:00 UTC
		{"Sun 02:30-04:00 Europe/Amsterdam", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"},
		{"Sun 01:00-02:30 Europe/Amsterdam", "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"Sun 02:10-02:50 Europe/Amsterdam", "2026-03-28T12:00:00Z", "2026-04-05T00:10:00Z", "2026-04-05T00:50:00Z"}, // not at all that night
		// an hour that comes twice: the first counts
		{"Sun 02:30-04:00 Europe/Amsterdam", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"},
		{"Sun 01:00-02:30 Europe/Amsterdam", "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"},
		{"Sun 01:00-03:00 America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T05:00:00Z", "2026-11-01T08:00:00Z"},
		{"Sun 02:15-02:45 Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z", "2026-10-03T15:45:00Z"}, // a change of half an hour
		{"Mon-Fri 22:00-04:00 Europe/London", "2026-11-21T03:00:00Z", "2026-11-20T22:00:00Z", "2026-11-21T04:00:00Z"},
		{"Mon-Fri 22:00-04:00 Europe/London", "2026-11-21T05:00:00Z", "2026-11-23T22:00:00Z", "2026-11-24T04:00:00Z"},
		{"Fri-Mon 00:00-01:00 UTC", "2026-11-18T00:30:00Z", "2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z"},
		{"2nd Tue 20:00-23:00 UTC", "2026-11-11T00:00:00Z", "2026-12-08T20:00:00Z", "2026-12-08T23:00:00Z"},
		{"last Sun 20:00-24:00 UTC", "2026-11-01T00:00:00Z", "2026-11-29T20:00:00Z", "2026-11-30T00:00:00Z"},
		{"5th Sat 20:00-21:00 UTC", "2026-02-01T00:00:00Z", "2026-05-30T20:00:00Z", "2026-05-30T21:00:00Z"},
		{"Sat 22:00-24:00 UTC; Sun 00:00-02:00 UTC", "2026-11-21T23:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T02:00:00Z"},
		{"Sun 00:00-02:00 UTC; Sat 22:00-24:00 UTC", "2026-11-20T23:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T02:00:00Z"},
		{"Sat 22:00-23:00 UTC; Sun 00:00-02:00 UTC", "2026-11-20T23:00:00Z", "2026-11-21T22:00:00Z", "2026-11-21T23:00:00Z"},
		{"Sat 02:00-03:00 Asia/Tokyo; Fri 12:00-13:00 America/New_York", "2026-11-20T15:30:00Z", "2026-11-20T17:00:00Z", "2026-11-20T18:00:00Z"},
		{"daily 12:00-13:00 Pacific/Apia", "2011-12-30T00:00:00Z", "2011-12-30T22:00:00Z", "2011-12-30T23:00:00Z"}, // 30 December never was
	} {
		w := window(t, c.window)
		now := stamp(t, c.now)
		open, shut := w.Next(now)
		if !open.Equal(stamp(t, c.open)) || !shut.Equal(stamp(t, c.shut)) {
			t.Errorf("%s at %s: %s to %s, want %s to %s", c.window, c.now, open.UTC().Format(time.RFC3339), shut.UTC().Format(time.RFC3339), c.open, c.shut)
		}
		inside := !open.After(now)
		if w.Contains(now) != inside || w.Remaining(now) > 0 != inside || inside && w.Remaining(now) != shut.Sub(now) {
			t.Errorf("%s at %s: contains %v, remaining %v", c.window, c.now, w.Contains(now), w.Remaining(now))
		}
	}
}

func TestWindowAlways(t *testing.T) {
	now := stamp(t, "2026-11-22T12:00:00Z")
	for _, s := range []string{"", "any"} {
		w := window(t, s)
		open, shut := w.Next(now)
		if !w.Always() || !w.Contains(now) || w.Remaining(now) < 290*365*24*time.Hour || !open.IsZero() || !shut.IsZero() || w.String() != "" {
			t.Errorf("%q: %+v", s, w)
		}
	}
	w := window(t, "daily 00:00-24:00 UTC")
	if w.Always() || !w.Contains(now) || w.Remaining(now) < 100*24*time.Hour {
		t.Errorf("all day, every day: %v", w.Remaining(now))
	}
}

func TestWindowErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Sun", `"Sun" is no maintenance window`},
		{"Sun 01:00-05:00", `"Sun 01:00-05:00" is no maintenance window`},
		{"Sun 01:00-05:00 UTC;", `"" is no maintenance window`},
		{"Sunday 01:00-05:00 UTC", `"Sunday" is no day`},
		{"Sun- 01:00-05:00 UTC", `"Sun-" is no day`},
		{"Sun,,Mon 01:00-05:00 UTC", `"" is no day`},
		{"Sun 1:00-5:00 UTC", `"1:00-5:00" are no hours`},
		{"Sun 01:00 UTC", `"01:00" are no hours`},
		{"Sun 01:60-05:00 UTC", `"01:60-05:00" are no hours`},
		{"Sun 24:00-05:00 UTC", `"24:00-05:00" are no hours`},
		{"Sun 01:00-24:30 UTC", `"01:00-24:30" are no hours`},
		{"Sun 01:00-01:00 UTC", `"01:00-01:00" opens and closes at once`},
		{"Sun 01:00-05:00 Europe/Amsterdm", `unknown time zone "Europe/Amsterdm"`},
		{"Sun 01:00-05:00 Local", `the time zone Local depends on the machine`},
		{"Sun 01:00-05:00 ../../etc/passwd", `unknown time zone "../../etc/passwd"`},
		{"6th Sun 01:00-05:00 UTC", `"6th" is no week of the month`},
	} {
		_, err := ParseWindow(c.in)
		var h interface{ Hint() string }
		if err == nil || err.Error() != c.want || !errors.As(err, &h) || h.Hint() == "" {
			t.Errorf("%q: %v, want %s", c.in, err, c.want)
		}
	}
}

// genWindow draws windows in zones with all sorts of clock changes.
func genWindow() *rapid.Generator[string] {
	part := rapid.Custom(func(rt *rapid.T) string {
		return rapid.SampledFrom([]string{"", "", "", "1st ", "3rd ", "5th ", "last "}).Draw(rt, "nth") +
			rapid.SampledFrom([]string{"Sun", "Sat,Sun", "Mon-Fri", "daily", "Fri-Mon", "Tue"}).Draw(rt, "days") + " " +
			rapid.SampledFrom([]string{"01:00-05:00", "22:00-04:00", "02:30-02:45", "02:15-03:15", "00:00-24:00", "23:30-00:30", "02:00-01:00", "00:30-01:30"}).Draw(rt, "hours") + " " +
			rapid.SampledFrom([]string{"UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"}).Draw(rt, "zone")
	})
	return rapid.Custom(func(rt *rapid.T) string {
		out := part.Draw(rt, "part")
		for range rapid.IntRange(0, 2).Draw(rt, "more") {
			out += "; " + part.Draw(rt, "part")
		}
		return out
	})
}

// inside says by the wall clock alone whether a window is open: day, week of the month, and the minute that the clock shows. It knows nothing
// of clock changes, so it is right only where none is near.
func inside(w Window, at time.Time) bool {
	for _, s := range w.spans {
		local := at.In(s.zone)
		minute := local.Hour()*60 + local.Minute()
		if s.on(local) && s.open <= minute && minute < s.shut {
			return true
		}
		if yesterday := local.AddDate(0, 0, -1); s.on(yesterday) && minute+24*60 < s.shut {
			return true
		}
	}
	return false
}

// steady reports whether no clock of the window changes within two days of the moment.
func steady(w Window, at time.Time) bool {
	for _, s := range w.spans {
		_, a := at.Add(-48 * time.Hour).In(s.zone).Zone()
		_, b := at.In(s.zone).Zone()
		_, c := at.Add(48 * time.Hour).In(s.zone).Zone()
		if a != b || b != c {
			return false
		}
	}
	return true
}

func TestWindowProperties(t *testing.T) {
	windows := genWindow()
	first := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	last := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(rt *rapid.T) {
		text := windows.Draw(rt, "window")
		w, err := ParseWindow(text)
		if err != nil {
			rt.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(first, last).Draw(rt, "now"), 0)
		open, shut := w.Next(now)
		if !open.Before(shut) || !shut.After(now) {
			rt.Fatalf("%s at %s: from %s to %s", text, now, open, shut)
		}
		if w.Contains(now) != !open.After(now) || w.Contains(now) != (w.Remaining(now) > 0) {
			rt.Fatalf("%s at %s: contains %v, remaining %v, open %s", text, now, w.Contains(now), w.Remaining(now), open)
		}
		if open.After(now) && (w.Contains(open.Add(-time.Second)) || !w.Contains(open)) {
			rt.Fatalf("%s at %s: %s is not when it opens", text, now, open)
		}
		if shut.Sub(now) < horizon/2*24*time.Hour && (!w.Contains(shut.Add(-time.Second)) || w.Contains(shut)) {
			rt.Fatalf("%s at %s: %s is not when it closes", text, now, shut)
		}
		if steady(w, now) && inside(w, now) != w.Contains(now) {
			rt.Fatalf("%s at %s: contains %v, by the wall clock %v", text, now, w.Contains(now), inside(w, now))
		}
	})
}

func FuzzWindow(f *testing.F) {
	f.Add("Sun 01:00-05:00 Europe/Amsterdam; last Mon-Fri 22:00-04:00 UTC")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWindow(s)
		if err != nil {
			return
		}
		now := time.Unix(1_800_000_000, 0)
		if open, shut := w.Next(now); !w.Always() && !open.IsZero() && !shut.After(now) {
			t.Fatalf("%q: %s to %s", s, open, shut)
		}
	})
}
