package fleet

import "time"

// Roll is a set of hosts in numbers.
type Roll struct {
	Hosts    int
	By       [states]int // hosts by State
	Pending  int         // packages, over the hosts where that is known
	Security int
	Reboot   int // hosts that want a restart

	seen   map[int64]int // hosts by the second that they were last seen in
	oldest int64         // the least key of seen; 0 = none
}

// Count is how many of the hosts are in the state.
func (r Roll) Count(s State) int { return r.By[s] }

// Problems is how many of the hosts are not OK.
func (r Roll) Problems() int { return r.Hosts - r.By[OK] }

// Seen is when the host that was not seen for longest was last seen, to the second; zero where none ever was. Hosts that were never
// seen do not count: they are counted as Never.
func (r Roll) Seen() time.Time {
	if r.oldest == 0 {
		return time.Time{}
	}
	return time.Unix(r.oldest, 0)
}

// add counts a host in (by = +1) or out (-1).
func (r *Roll) add(h *Host, by int) {
	r.Hosts += by
	r.By[h.State] += by
	r.Pending += by * max(h.Pending, 0)
	r.Security += by * max(h.Security, 0)
	if h.Reboot {
		r.Reboot += by
	}
	if !h.Seen.IsZero() {
		r.sight(h.Seen.Unix(), by)
	}
}

// sight keeps the oldest sighting; only when that one leaves are the others looked through.
func (r *Roll) sight(at int64, by int) {
	if r.seen == nil {
		r.seen = make(map[int64]int)
	}
	if r.seen[at] += by; r.seen[at] > 0 {
		if r.oldest == 0 || at < r.oldest {
			r.oldest = at
		}
		return
	}
	delete(r.seen, at)
	if at != r.oldest {
		return
	}
	r.oldest = 0
	for t := range r.seen {
		if r.oldest == 0 || t < r.oldest {
			r.oldest = t
		}
	}
}

// All is the whole fleet in numbers.
func (f *Fleet) All() Roll { return f.all }

// Site is a site in numbers.
func (f *Fleet) Site(name string) Roll {
	if r := f.sites[name]; r != nil {
		return *r
	}
	return Roll{}
}

// Rack is a rack in numbers; rack "" are the hosts of the site that stand in none.
func (f *Fleet) Rack(site, rack string) Roll {
	if r := f.racks[place{site, rack}]; r != nil {
		return *r
	}
	return Roll{}
}
