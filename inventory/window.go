package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must work on a machine without a zone database: a fresh container, a rescue system
)

// Window is when maintenance may happen; the zero value means always. It is written as days, hours and a time zone, several of
// them separated by semicolons:
//
//	Sun 01:00-05:00 Europe/Amsterdam
//	Mon-Thu,Sat 22:00-04:00 UTC            past midnight: it belongs to the day on which it opens
//	2nd Tue 20:00-24:00 America/New_York   of the month; 1st to 5th, or last
//	daily 02:00-03:00 UTC; Sat 00:00-24:00 UTC
//
// Hours are read off the wall clock. Where a clock change skips an hour that opens or closes a window, the moment of the
// change takes its place; where an hour comes twice, the first one counts. So 01:00-05:00 lasts three hours on the night that
// loses one, and five on the night that gains one.
type Window struct {
	text  string
	spans []weekly
}

// weekly is one line of a window.
type weekly struct {
	days       [7]bool // by time.Weekday
	nth        int     // which of the month: 0 = every, 1 to 5, -1 = the last
	open, shut int     // minutes after midnight; shut is above open and may be past 24:00
	zone       *time.Location
}

var dayNames = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// ParseWindow reads a window. "" and "any" mean always.
func ParseWindow(s string) (Window, error) {
	w := Window{text: s}
	if s == "" || s == "any" {
		return Window{}, nil
	}
	for part := range strings.SplitSeq(s, ";") {
		sp, err := parseWeekly(part)
		if err != nil {
			return Window{}, err
		}
		w.spans = append(w.spans, sp)
	}
	return w, nil
}

// WindowError is why a text is no window; Hint says how it is written.
type WindowError struct{ msg, hint string }

func (e *WindowError) Error() string { return e.msg }

// Hint says what to write instead.
func (e *WindowError) Hint() string { return e.hint }

func windowErr(hint, format string, args ...any) error {
	return &WindowError{fmt.Sprintf(format, args...), hint}
}

const windowHint = "write days, hours and zone: Sun 01:00-05:00 Europe/Amsterdam"

func parseWeekly(s string) (weekly, error) {
	var w weekly
	f := strings.Fields(s)
	if len(f) == 4 {
		nth := slices.Index([]string{"last", "", "1st", "2nd", "3rd", "4th", "5th"}, f[0]) - 1
		if nth == -2 {
			return w, windowErr("1st, 2nd, 3rd, 4th, 5th or last", "%q is no week of the month", f[0])
		}
		w.nth = nth
		f = f[1:]
	}
	if len(f) != 3 {
		return w, windowErr(windowHint, "%q is no maintenance window", s)
	}
	if err := w.parseDays(f[0]); err != nil {
		return w, err
	}
	if err := w.parseHours(f[1]); err != nil {
		return w, err
	}
	if f[2] == "Local" {
		return w, windowErr("name the zone: Europe/Amsterdam", "the time zone Local depends on the machine")
	}
	zone, err := time.LoadLocation(f[2])
	if err != nil {
		return w, windowErr("zones are named as in Europe/Amsterdam or UTC", "unknown time zone %q", f[2])
	}
	w.zone = zone
	return w, nil
}

// parseDays reads "daily", "Sun", "Mon-Fri", "Mon,Wed-Thu".
func (w *weekly) parseDays(s string) error {
	if s == "daily" {
		w.days = [7]bool{true, true, true, true, true, true, true}
		return nil
	}
	for item := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(item, "-")
		if !isRange {
			to = from
		}
		a, b := slices.Index(dayNames, from), slices.Index(dayNames, to)
		if a < 0 || b < 0 {
			return windowErr("days are "+strings.Join(dayNames, ", ")+", or daily", "%q is no day", item)
		}
		for ; a != b; a = (a + 1) % 7 {
			w.days[a] = true
		}
		w.days[b] = true
	}
	return nil
}

// parseHours reads "22:00-04:00".
func (w *weekly) parseHours(s string) error {
	from, to, _ := strings.Cut(s, "-")
	var ok, okTo bool
	w.open, ok = clock(from)
	w.shut, okTo = clock(to)
	if !ok || !okTo || w.open == 24*60 {
		return windowErr("hours are written 22:00-04:00", "%q are no hours", s)
	}
	if w.open == w.shut {
		return windowErr("a whole day is 00:00-24:00", "%q opens and closes at once", s)
	}
	if w.shut < w.open {
		w.shut += 24 * 60
	}
	return nil
}

// clock reads "hh:mm" up to 24:00 as minutes.
func clock(s string) (int, bool) {
	if !clockPair(s) {
		return 0, false
	}
	h, errH := strconv.Atoi(s[:2])
	m, errM := strconv.Atoi(s[3:])
	return h*60 + m, errors.Join(errH, errM) == nil && m < 60 && h*60+m <= 24*60
}

// String gives the window as it was written.
func (w Window) String() string { return w.text }

// Always reports whether the window never closes.
func (w Window) Always() bool { return len(w.spans) == 0 }

// on reports whether the window opens on the day that t falls on, in t's own zone.
func (w *weekly) on(t time.Time) bool {
	if !w.days[t.Weekday()] {
		return false
	}
	switch w.nth {
	case 0:
		return true
	case -1:
		return t.AddDate(0, 0, 7).Month() != t.Month()
	}
	return (t.Day()-1)/7+1 == w.nth
}

// opening returns when the window opens and closes that belongs to the day, n days after today; ok is false where it stays shut.
func (w *weekly) opening(today time.Time, n int) (open, shut time.Time, ok bool) {
	y, m, d := today.Date()
	day := time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC)
	if !w.on(day) {
		return open, shut, false
	}
	open, shut = wall(day, w.open, w.zone), wall(day, w.shut, w.zone)
	return open, shut, open.Before(shut)
}

// wall returns the first moment at which the clock on the zone's wall shows the minutes after the day's midnight, or more.
func wall(day time.Time, minutes int, zone *time.Location) time.Time {
	want := day.Add(time.Duration(minutes) * time.Minute) // the wall's reading, as if in UTC
	y, m, d := want.Date()
	t := time.Date(y, m, d, want.Hour(), want.Minute(), 0, 0, zone)
	start, end := t.ZoneBounds()
	switch read := reading(t); {
	case read.After(want): // skipped: Date took the offset from before the change
		return start
	case read.Before(want): // skipped: Date took the offset from after it
		return end
	}
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		first := time.Unix(want.Unix()-int64(before), 0).In(zone)
		if first.Before(start) && reading(first).Equal(want) {
			return first
		}
	}
	return t
}

// reading is what the wall clock shows, as if it were UTC.
func reading(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// horizon is how many days ahead Next looks: a fifth weekday of a month comes at most 91 days after the one before it, and a window
// may be skipped whole by a clock change.
const horizon = 200

// Next returns when the window that contains now opened, or else when the next one opens, and when that closes. Windows that
// touch or overlap are joined. For a window that is always open both are the zero time.
func (w Window) Next(now time.Time) (open, shut time.Time) {
	open, shut = w.first(now)
	return open, w.joined(shut)
}

// first is Next without looking whether another span goes on when this one closes.
func (w *Window) first(now time.Time) (open, shut time.Time) {
	for i := range w.spans {
		s := &w.spans[i]
		today := now.In(s.zone)
		for n := -2; n <= horizon; n++ {
			o, c, ok := s.opening(today, n)
			if !ok || !c.After(now) {
				continue
			}
			if open.IsZero() || o.Before(open) {
				open, shut = o, c
			}
			break
		}
	}
	return open, shut
}

// joined returns when it really closes: as long as another span is open at that moment, its end takes its place.
func (w Window) joined(shut time.Time) time.Time {
	for range horizon * len(w.spans) { // for a window that never closes, such as daily 00:00-24:00, this is far enough
		later := shut
		for i := range w.spans {
			s := &w.spans[i]
			for n := -2; n <= 0; n++ {
				o, c, ok := s.opening(shut.In(s.zone), n)
				if ok && !o.After(shut) && c.After(later) {
					later = c
				}
			}
		}
		if later.Equal(shut) {
			break
		}
		shut = later
	}
	return shut
}

// Contains reports whether the window is open at that moment. The moment of closing is outside.
func (w Window) Contains(now time.Time) bool {
	open, shut := w.first(now)
	return w.Always() || !open.After(now) && shut.After(now)
}

// Remaining returns for how long the window stays open from now; 0 = it is closed. What is always open remains for the longest
// time that there is.
func (w Window) Remaining(now time.Time) time.Duration {
	if w.Always() {
		return 1<<63 - 1
	}
	open, shut := w.Next(now)
	if open.After(now) {
		return 0
	}
	return shut.Sub(now)
}
