package insight

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Cost is what a step of a runbook took over the period.
type Cost struct {
	Runbook string           `json:"runbook"`           // that the step is of
	Step    runbooks.StepID  `json:"step"`              // its id
	Runs    int              `json:"runs"`              // in which it ended on a host
	Hosts   int              `json:"hosts"`             // how often it ended on a host
	Failed  int              `json:"failed"`            // how often it did not end well
	Total   time.Duration    `json:"total"`             // added up over the hosts
	Mean    time.Duration    `json:"mean"`              // a host
	Longest time.Duration    `json:"longest"`           // on one host
	Slowest inventory.HostID `json:"slowest,omitempty"` // the host that took longest
	Took    Series           `json:"took"`              // mean seconds a host
	Failing Series           `json:"failing"`           // share that failed, 0 to 1
	Trend   Trend            `json:"trend"`             // of the time it takes
	runs    []float64        // mean seconds a host, a run each
}

// Rate is the share of its hosts that failed.
func (c Cost) Rate() float64 { return float64(c.Failed) / float64(max(c.Hosts, 1)) }

// Steps adds up what steps took, the costliest first.
func Steps(spent []journal.Spent, since, until time.Time) []Cost {
	type key struct {
		runbook string
		step    runbooks.StepID
	}
	at := map[key]int{}
	var out []Cost
	var took, failing []tally
	for _, s := range spent {
		if s.Hosts == 0 {
			continue
		}
		k := key{s.Runbook, s.Step}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out, took, failing = append(out, Cost{Runbook: s.Runbook, Step: s.Step}), append(took, tally{}), append(failing, tally{})
		}
		out[i].add(s)
		where := slot(since, until, s.At)
		took[i].add(where, s.Total.Seconds(), float64(s.Hosts))
		failing[i].add(where, float64(s.Failed), float64(s.Hosts))
	}
	for i := range out {
		c := &out[i]
		c.Mean, c.Took, c.Failing, c.Trend = c.Total/time.Duration(c.Hosts), took[i].series(), failing[i].series(), trend(c.runs)
	}
	slices.SortStableFunc(out, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Runbook, b.Runbook), cmp.Compare(a.Step, b.Step))
	})
	return out
}

func (c *Cost) add(s journal.Spent) {
	c.Runs++
	c.Hosts += s.Hosts
	c.Failed += s.Failed
	c.Total += s.Total
	if s.Longest > c.Longest {
		c.Longest, c.Slowest = s.Longest, s.Slowest
	}
	c.runs = append(c.runs, s.Total.Seconds()/float64(s.Hosts))
}

// Failing are those of the costs that failed, the most often failing first.
func Failing(costs []Cost) []Cost {
	out := slices.DeleteFunc(slices.Clone(costs), func(c Cost) bool { return c.Failed == 0 })
	slices.SortStableFunc(out, func(a, b Cost) int { return cmp.Or(b.Failed-a.Failed, cmp.Compare(b.Rate(), a.Rate())) })
	return out
}

// Trend says how the newer half of a series of measurements compares with the older half.
type Trend struct {
	Known bool    `json:"known"`   // false: too few, or no more than chance
	By    float64 `json:"by"`      // 0.25 = a quarter more; of the medians
	Of    int     `json:"of"`      // measurements
	P     float64 `json:"p_value"` // how often chance alone would differ as much
}

// fewest is how many measurements a trend needs.
const fewest = 8

// trend compares halves by Mann and Whitney's rank test (normal approximation, ties averaged), which asks nothing of how times are spread.
func trend(values []float64) Trend {
	n := len(values)
	t := Trend{Of: n, P: 1}
	if n < fewest {
		return t
	}
	old, recent := values[:n/2], values[n/2:]
	t.P = rankTest(old, recent)
	was := median(old)
	if was <= 0 {
		return t
	}
	t.By = median(recent)/was - 1
	t.Known = t.P < 0.05 && math.Abs(t.By) >= 0.1
	return t
}

// rankTest is the two-sided p-value of Mann and Whitney's U.
func rankTest(a, b []float64) float64 {
	type item struct {
		v     float64
		first bool
	}
	all := make([]item, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, item{v, true})
	}
	for _, v := range b {
		all = append(all, item{v, false})
	}
	slices.SortFunc(all, func(x, y item) int { return cmp.Compare(x.v, y.v) })
	n, ranks, ties := float64(len(all)), 0.0, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		same := float64(j - i)
		ties += same*same*same - same
		for k := i; k < j; k++ {
			if all[k].first {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	na, nb := float64(len(a)), float64(len(b))
	u := ranks - na*(na+1)/2
	spread := math.Sqrt(na * nb / 12 * (n + 1 - ties/(n*(n-1))))
	if spread == 0 {
		return 1
	}
	z := max(math.Abs(u-na*nb/2)-0.5, 0) / spread
	return math.Erfc(z / math.Sqrt2)
}

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile interpolates between the two nearest; 0 of nothing.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (s[i+1]-s[i])*(at-float64(i))
}

// Book is how a runbook's runs went over the period.
type Book struct {
	Runbook string        `json:"runbook"` // its name
	Runs    int           `json:"runs"`    // how many ended
	Bad     int           `json:"bad"`     // runs that did not pass
	Took    time.Duration `json:"took"`    // the median of the runs that ended
	Times   Series        `json:"times"`   // mean seconds a run, in twelve pieces of the period, the oldest first; -1 = none ended in it
	Failing Series        `json:"failing"` // share of the runs that did not pass
	Trend   Trend         `json:"trend"`   // of the time that a run takes
}

// Books adds runs up by runbook, the most often used first.
func Books(runs []journal.RunSummary, since, until time.Time) []Book {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b journal.RunSummary) int { return a.Started.Compare(b.Started) })
	at := map[string]int{}
	var out []Book
	var took, failing []tally
	var times [][]float64
	for _, r := range runs {
		if r.Ended.IsZero() || r.Runbook == "" {
			continue
		}
		i, ok := at[r.Runbook]
		if !ok {
			i = len(out)
			at[r.Runbook] = i
			out, took, failing, times = append(out, Book{Runbook: r.Runbook}), append(took, tally{}), append(failing, tally{}), append(times, nil)
		}
		where, secs, bad := slot(since, until, r.Started), r.Ended.Sub(r.Started).Seconds(), 0.0
		out[i].Runs++
		if r.Result != journal.Passed {
			out[i].Bad++
			bad = 1
		}
		took[i].add(where, secs, 1)
		failing[i].add(where, bad, 1)
		times[i] = append(times[i], secs)
	}
	for i := range out {
		out[i].Took = seconds(median(times[i]))
		out[i].Times, out[i].Failing, out[i].Trend = took[i].series(), failing[i].series(), trend(times[i])
	}
	slices.SortStableFunc(out, func(a, b Book) int { return cmp.Or(b.Runs-a.Runs, cmp.Compare(a.Runbook, b.Runbook)) })
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Waited is how long runs of a runbook stood still for a person.
type Waited struct {
	Runbook string          `json:"runbook"`        // whose runs stood still
	What    string          `json:"what"`           // "approval of a wave", "a manual step" or "pause"
	Step    runbooks.StepID `json:"step,omitempty"` // the manual one
	Who     string          `json:"who"`            // the user who ended it
	Times   int             `json:"times"`          // how often
	Total   time.Duration   `json:"total"`          // added up
	Longest time.Duration   `json:"longest"`        // at one time
	Run     journal.RunID   `json:"run"`            // that of the longest
}

// Waits adds up who was waited for, the longest first.
func Waits(stood []journal.Stood) []Waited {
	type key struct {
		runbook, what string
		step          runbooks.StepID
		who           string
	}
	at := map[key]int{}
	var out []Waited
	for _, s := range stood {
		k := key{s.Runbook, s.What, s.Step, s.Who}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, Waited{Runbook: s.Runbook, What: s.What, Step: s.Step, Who: s.Who})
		}
		w := &out[i]
		w.Times++
		w.Total += s.For
		if s.For > w.Longest {
			w.Longest, w.Run = s.For, s.Run
		}
	}
	slices.SortStableFunc(out, func(a, b Waited) int { return cmp.Or(cmp.Compare(b.Total, a.Total), b.Times-a.Times) })
	return out
}
