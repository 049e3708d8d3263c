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
// installed: both are one wait, from the first one's being published to the last one's being installed, and it counts once.
func Latencies(updates []journal.Awaited, site func(inventory.HostID) string, since, until time.Time) []Latency {
	of := map[string]*waits{}
	for len(updates) > 0 {
		n := oneWait(updates)
		u := updates[:n]
		updates = updates[n:]
		where := ""
		if site != nil {
			where = site(u[0].Host)
		}
		for _, s := range []string{where, everywhere} {
			if s == "" {
				continue
			}
			if of[s] == nil {
				of[s] = &waits{}
			}
			of[s].take(u, since, until)
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

// oneWait is how many updates, from the first on, are one wait: each gave way to the next one of its package on its host.
func oneWait(all []journal.Awaited) int {
	n := 1
	for n < len(all) && gaveWay(&all[n-1], &all[n]) {
		n++
	}
	return n
}

// gaveWay reports whether the newer one was seen by the time that the older one was not waited for any more.
func gaveWay(old, next *journal.Awaited) bool {
	return next.Host == old.Host && next.Name == old.Name && !old.Gone.IsZero() && !next.First.After(old.Gone)
}

type waits struct {
	days, secure []float64
	by           [slots][]float64
	waiting      int
	oldest       float64
}

// take counts one wait: what closes a security hole is counted from the first in it that does.
func (w *waits) take(wait []journal.Awaited, since, until time.Time) {
	begun, end := wait[0].Published, wait[len(wait)-1].Gone
	if end.IsZero() {
		w.waiting++
		w.oldest = max(w.oldest, until.Sub(begun).Hours()/24)
		return
	}
	if end.Before(since) {
		return
	}
	d := end.Sub(begun).Hours() / 24
	w.days = append(w.days, d)
	if i := slices.IndexFunc(wait, func(u journal.Awaited) bool { return u.Security }); i >= 0 {
		w.secure = append(w.secure, end.Sub(wait[i].Published).Hours()/24)
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
