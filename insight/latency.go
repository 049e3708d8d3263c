package insight

import (
	"cmp"
	"slices"
	"time"

	"tend/inventory"
	"tend/journal"
)

// Latency is how many days updates took from being published to being installed.
type Latency struct {
	Site      string  `json:"site"`                 // "" = all of them
	Installed int     `json:"installed"`            // how many updates were
	Median    float64 `json:"median_days"`          // 0 = none was installed
	Most      float64 `json:"p90_days"`             // nine of ten were faster
	Security  int     `json:"security_installed"`   // how many of the installed close a security hole
	SecMedian float64 `json:"security_median_days"` // of those
	Waiting   int     `json:"waiting"`              // how many updates are not installed yet
	Oldest    float64 `json:"oldest_days"`          // of those that wait
	Days      Series  `json:"days"`                 // the median, by when they were installed
}

// Latencies measures by site, the slowest first, and then all together. An update that gave way to a newer one of the same package was not
// installed: its wait goes on in the newer one.
func Latencies(updates []journal.Awaited, site func(inventory.HostID) string, since, until time.Time) []Latency {
	of := map[string]*waits{}
	for i := range updates {
		u := &updates[i]
		end := installed(updates, i)
		where := ""
		if site != nil {
			where = site(u.Host)
		}
		for _, s := range []string{where, everywhere} {
			if s == "" {
				continue
			}
			if of[s] == nil {
				of[s] = &waits{}
			}
			of[s].take(u, end, since, until)
		}
	}
	var out []Latency
	for s, w := range of {
		if l := w.latency(s); s == everywhere || l.Installed+l.Waiting > 0 {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b Latency) int {
		return cmp.Or(cmp.Compare(b2i(a.Site == ""), b2i(b.Site == "")), cmp.Compare(b.Median, a.Median), inventory.CompareNames(a.Site, b.Site))
	})
	return out
}

const everywhere = "\x00" // no site has such a name

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// installed is when the i-th update, or the one that took its place, was first not waited for; zero = not yet.
func installed(all []journal.Awaited, i int) time.Time {
	end := all[i].Gone
	for j := i + 1; j < len(all) && all[j].Host == all[i].Host && all[j].Name == all[i].Name && !end.IsZero() && !all[j].First.After(end); j++ {
		end = all[j].Gone
	}
	return end
}

type waits struct {
	days, secure []float64
	by           [slots][]float64
	waiting      int
	oldest       float64
}

func (w *waits) take(u *journal.Awaited, end, since, until time.Time) {
	if end.IsZero() {
		w.waiting++
		w.oldest = max(w.oldest, until.Sub(u.Published).Hours()/24)
		return
	}
	if end.Before(since) {
		return
	}
	d := end.Sub(u.Published).Hours() / 24
	w.days = append(w.days, d)
	if u.Security {
		w.secure = append(w.secure, d)
	}
	k := slot(since, until, end)
	w.by[k] = append(w.by[k], d)
}

func (w *waits) latency(site string) Latency {
	if site == everywhere {
		site = ""
	}
	l := Latency{Site: site, Installed: len(w.days), Median: median(w.days), Most: quantile(w.days, 0.9), Security: len(w.secure), SecMedian: median(w.secure),
		Waiting: w.waiting, Oldest: w.oldest, Days: make(Series, slots)}
	for i, d := range w.by {
		l.Days[i] = -1
		if len(d) > 0 {
			l.Days[i] = median(d)
		}
	}
	return l
}
