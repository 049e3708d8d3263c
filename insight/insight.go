package insight

import (
	"time"

	"tend/inventory"
	"tend/journal"
)

// Material is what insight is made from: what an index lists of the period, each list as it orders it.
type Material struct {
	Since   time.Time
	Runs    []journal.RunSummary
	Spent   []journal.Spent
	Stood   []journal.Stood
	Typed   []journal.Typed
	Samples []journal.Sample
	Updates []journal.Awaited
	// Site is where a host stands; "" = not in the inventory, and left out of what is told by site.
	Site func(inventory.HostID) string
}

// Insight is what a period shows. Each list begins with what is worth looking at first.
type Insight struct {
	Since    time.Time  `json:"since"`                   // where the period begins
	Until    time.Time  `json:"until"`                   // where it ends: now
	Runbooks []Book     `json:"runbooks,omitempty"`      // the most often used first
	Steps    []Cost     `json:"steps,omitempty"`         // by the time that they took, over all hosts
	Waits    []Waited   `json:"waits,omitempty"`         // for people, the longest first
	Habits   []Habit    `json:"by_hand,omitempty"`       // what was typed three times or more, the most often first
	Latency  []Latency  `json:"patch_latency,omitempty"` // of updates, by site, the slowest first; all sites together last
	Growth   []Forecast `json:"growth,omitempty"`        // what is sure to grow, the first to be full first
	Measured int        `json:"measured"`                // how many things were looked at for growth
}

// Of is the insight of a period that ends now.
func Of(m Material, now time.Time) Insight {
	growth, measured := Growth(m.Samples, now)
	return Insight{
		Since: m.Since, Until: now,
		Runbooks: Books(m.Runs, m.Since, now), Steps: Steps(m.Spent, m.Since, now), Waits: Waits(m.Stood), Habits: Habits(m.Typed),
		Latency: Latencies(m.Updates, m.Site, m.Since, now), Growth: growth, Measured: measured,
	}
}

// Empty reports whether there is nothing to tell.
func (i Insight) Empty() bool {
	return len(i.Runbooks)+len(i.Steps)+len(i.Waits)+len(i.Habits)+len(i.Latency)+len(i.Growth) == 0
}

// slots is how many pieces a period is cut into for a series.
const slots = 12

// slot is the piece of the period that a time falls in.
func slot(since, until, at time.Time) int {
	span := until.Sub(since)
	if span <= 0 {
		return 0
	}
	return min(max(int(float64(at.Sub(since))/float64(span)*slots), 0), slots-1)
}

// Series are numbers over the period, oldest first; -1 = nothing was there to be measured.
type Series []float64

// means turns sums and counts into a series.
func means(sum, n []float64) Series {
	s := make(Series, len(sum))
	for i := range sum {
		s[i] = -1
		if n[i] > 0 {
			s[i] = sum[i] / n[i]
		}
	}
	return s
}

// tally is a sum and a count in each slot.
type tally struct{ sum, n [slots]float64 }

func (t *tally) add(slot int, v, n float64) {
	t.sum[slot] += v
	t.n[slot] += n
}

func (t *tally) series() Series { return means(t.sum[:], t.n[:]) }
