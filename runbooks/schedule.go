package runbooks

import (
	"slices"
	"time"
)

// schedule is one plan played under some of its limits, with every host as quick as it can be.
type schedule struct {
	*limits
	on      []bool
	now     time.Time
	waves   [][]int
	open    int         // waves that are
	waiting []int       // hosts of open waves that have not begun, in their order
	atWork  []int       // in the order in which they began
	ends    []time.Time // by host
	begun   []bool
	down    []int // by the place of a group's limit: who is down, waiting ones that were down before included
	taken   []int // the same without those
}

// stuck are the hosts that could never begin under the limits that are on, those of the first wave that holds any: by the rules of the
// engine's Next.
func (m *limits) stuck(on []bool) []int {
	s := &schedule{limits: m, on: on, now: m.now, waves: m.inWaves(on), ends: make([]time.Time, len(m.hosts)), begun: make([]bool, len(m.hosts)),
		down: make([]int, len(m.all)), taken: make([]int, len(m.all))}
	s.count()
	last := m.now
	for {
		s.admit()
		switch {
		case len(s.waiting) == 0 && len(s.atWork) == 0 && s.open == len(s.waves):
			return nil
		case len(s.waiting) == 0 && len(s.atWork) == 0:
			if s.open > 0 && s.is(m.pause) && s.now.Before(last.Add(m.pauseTime)) {
				s.now = last.Add(m.pauseTime)
			}
			s.waiting = slices.Clone(s.waves[s.open])
			s.open++
		case !s.onward():
			return s.waiting
		}
		last = s.now
	}
}

func (s *schedule) is(limit int) bool { return limit >= 0 && s.on[limit] }

// inWaves are the waves as they are under the limits: who counts as down goes first.
func (m *limits) inWaves(on []bool) [][]int {
	was := func(i int) bool { return m.hosts[i].down >= 0 && on[m.hosts[i].down] }
	var first, rest []int
	for _, i := range slices.Concat(m.waves...) {
		if was(i) {
			first = append(first, i)
		} else {
			rest = append(rest, i)
		}
	}
	if m.order < 0 || !on[m.order] {
		return [][]int{append(first, rest...)}
	}
	out := [][]int{first}
	for _, w := range m.waves {
		out = append(out, slices.DeleteFunc(slices.Clone(w), was))
	}
	return slices.DeleteFunc(out, func(w []int) bool { return len(w) == 0 })
}

// count counts who is down before anything begins.
func (s *schedule) count() {
	for g, outside := range s.outside {
		for _, k := range outside {
			if s.on[k] {
				s.down[g]++
				s.taken[g]++
			}
		}
	}
	for i, h := range s.hosts {
		if s.was(i) {
			for _, g := range h.groups {
				s.down[g]++
			}
		}
	}
}

func (s *schedule) was(i int) bool { return s.is(s.hosts[i].down) && !s.begun[i] }

// admit begins whom it may, and again for as long as somebody who took no time made room.
func (s *schedule) admit() {
	for again := true; again; {
		again = false
		s.waiting = slices.DeleteFunc(s.waiting, func(i int) bool {
			if s.is(s.many) && len(s.atWork) >= s.parallel || !s.may(i) {
				return false
			}
			again = true
			s.begin(i)
			return true
		})
	}
}

func (s *schedule) may(i int) bool {
	h := &s.hosts[i]
	if s.is(h.window) {
		w := &s.all[h.window]
		last := w.shut
		if s.is(s.by) {
			last = last.Add(-s.cutoff)
		}
		if s.now.Before(w.open) || !s.now.Before(last) {
			return false
		}
	}
	for _, g := range h.groups {
		down := s.down[g]
		if s.was(i) {
			down = s.taken[g]
		}
		if s.is(g) && down >= s.all[g].room {
			return false
		}
	}
	return true
}

func (s *schedule) begin(i int) {
	was := s.was(i)
	s.begun[i] = true
	for _, g := range s.hosts[i].groups {
		s.taken[g]++
		if !was {
			s.down[g]++
		}
	}
	if s.hosts[i].length > 0 && s.is(s.wait) {
		s.ends[i] = s.now.Add(s.hosts[i].length)
		s.atWork = append(s.atWork, i)
		return
	}
	s.end(i)
}

func (s *schedule) end(i int) {
	for _, g := range s.hosts[i].groups {
		s.taken[g]--
		s.down[g]--
	}
}

// onward goes to the next moment at which something changes; false = there is none any more.
func (s *schedule) onward() bool {
	var next time.Time
	soonest := func(t time.Time) {
		if t.After(s.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, i := range s.atWork {
		soonest(s.ends[i])
	}
	for _, i := range s.waiting {
		if w := s.hosts[i].window; s.is(w) {
			soonest(s.all[w].open)
		}
	}
	if next.IsZero() {
		return false
	}
	s.now = next
	s.atWork = slices.DeleteFunc(s.atWork, func(i int) bool {
		over := !s.ends[i].After(s.now)
		if over {
			s.end(i)
		}
		return over
	})
	return true
}
