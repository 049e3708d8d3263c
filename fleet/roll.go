package fleet

import (
	"strconv"
	"time"
)

// Sum is a number over those hosts of a set that it is known of.
type Sum struct {
	N       int // over them
	Known   int // how many they are
	Unknown int // how many the others are
}

// String is "12"; "12+" where it is not known of every host, so that it may be more; "?" where it is known of none.
func (s Sum) String() string {
	switch {
	case s.Unknown == 0:
		return strconv.Itoa(s.N)
	case s.Known == 0:
		return "?"
	}
	return strconv.Itoa(s.N) + "+"
}

// add counts a host's number in (by = +1) or out (-1); less than 0 = not known.
func (s *Sum) add(n, by int) {
	if n < 0 {
		s.Unknown += by
		return
	}
	s.N += by * n
	s.Known += by
}

// Roll is a set of hosts in numbers.
type Roll struct {
	Hosts    int
	By       [states]int // hosts by State
	Pending  Sum         // packages that wait
	Security Sum         // those of them that close a security hole
	Reboot   Sum         // hosts that want a restart

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
	r.Pending.add(h.Pending, by)
	r.Security.add(h.Security, by)
	r.Reboot.add(h.restarts(), by)
	if !h.Seen.IsZero() {
		r.sight(h.Seen.Unix(), by)
	}
}

// restarts is 1 where the host wants one, 0 where it wants none, -1 where that is not known.
func (h *Host) restarts() int {
	switch {
	case h.Reboot:
		return 1
	case h.NoReboot:
		return 0
	}
	return -1
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
