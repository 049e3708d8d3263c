package design

import (
	"fmt"
	"strings"
	"time"
)

// plural is "1 host", "3 hosts".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// span writes a duration as the inventory does, in its two largest units: "1h30m", "2d", "15m".
func span(d time.Duration) string {
	d = d.Round(time.Second)
	var out []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / u.unit; n > 0 && len(out) < 2 {
			out = append(out, fmt.Sprintf("%d%s", n, u.name))
			d -= n * u.unit
		} else if len(out) > 0 {
			break
		}
	}
	if len(out) == 0 {
		return "0s"
	}
	return strings.Join(out, "")
}

// ago is how long before now something was, in days; "never" for the zero time.
func ago(now, at time.Time) string {
	switch d := now.Sub(at); {
	case at.IsZero():
		return "never"
	case d < day:
		return "today"
	default:
		return fmt.Sprintf("%d days ago", d/day)
	}
}

// ends is when something ends, or ended: "ends on 2026-12-31, in 38 days". The last day itself still counts.
func ends(now, last time.Time) string {
	if !now.Before(last.Add(day)) {
		return fmt.Sprintf("ended on %s, %s", date(last), ago(now, last))
	}
	n := int(last.Sub(now.Truncate(day)) / day) // of the calendar, whatever the hour
	if n == 0 {
		return fmt.Sprintf("ends on %s, today", date(last))
	}
	return fmt.Sprintf("ends on %s, in %s", date(last), plural(n, "day"))
}

// all is "all 3 hosts", "both hosts".
func all(n int) string {
	if n == 2 {
		return "both hosts"
	}
	return "all " + plural(n, "host")
}
