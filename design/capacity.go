package design

import (
	"fmt"
	"math"
	"strings"
	"time"

	"tend/insight"
	"tend/inventory"
)

// capacity finds what growth fills before the next review: a warning where the forecast says so, a note where only the fast end of its
// interval does. What may as well not grow is no forecast, and found by nobody.
func (c *checker) capacity() {
	growth, _ := insight.Growth(c.Samples, c.now)
	for _, g := range growth {
		h, ok := c.inv.Host(g.Host)
		review := c.Review.Hours() / 24
		if !ok || g.Soonest > review {
			continue
		}
		f := Finding{Severity: Warning, Line: h.Line, Hint: "make room or order more now: tend insight growth has the curve; or look again sooner, --review"}
		if g.Full > review {
			f.Severity = Note
		}
		c.foundOn(f, []inventory.Host{h}, func([]inventory.HostID) string { return c.grows(g) })
	}
}

// grows says how sure that is: the interval holds the day 19 times of 20.
func (c *checker) grows(g insight.Forecast) string {
	kind, where, _ := strings.Cut(g.Key, ":")
	latest := "never"
	if g.Latest < 100*365 {
		latest = fmt.Sprint(math.Round(g.Latest))
	}
	return fmt.Sprintf("%s: %s is %.0f%% full, grows by %.2g points a day, and is full in %.0f days (%.0f to %s), on %s; the next review is in %s",
		g.Host, strings.TrimSpace(kind+" "+where), g.Now, g.Slope, g.Full, g.Soonest, latest, date(c.now.Add(time.Duration(g.Full*float64(day)))), span(c.Review))
}
