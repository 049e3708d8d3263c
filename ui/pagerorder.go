package ui

// at is the i-th line as it is shown: as it came, or host by host.
func (p *pager) at(i int) *stored {
	if p.order != nil && i < len(p.order) {
		return p.store.line(int(p.order[i]))
	}
	return p.store.line(i)
}

// arrange puts the lines of a run that is over host by host: read one after the other they tell a story, which the order of their arrival
// does not. While lines still come, they stand as they come.
func (p *pager) arrange() {
	if !p.byHost || p.feed != nil {
		p.order = nil
		return
	}
	n := p.store.len()
	if len(p.order) == n {
		return
	}
	hosts := 1 // host -1 is what belongs to none
	for i := range n {
		hosts = max(hosts, int(p.store.line(i).host)+2)
	}
	next := make([]int32, hosts+1) // a counting sort: it keeps a host's lines in order
	for i := range n {
		next[p.store.line(i).host+2]++
	}
	for h := 1; h < len(next); h++ {
		next[h] += next[h-1]
	}
	p.order = make([]int32, n)
	for i := range n {
		h := p.store.line(i).host + 1
		p.order[next[h]] = int32(i)
		next[h]++
	}
}

// noOrder says why lines cannot be arranged.
func (p *pager) noOrder() string {
	switch {
	case !p.names:
		return "there is one host only"
	case p.feed != nil:
		return "lines still come, and stand as they come"
	}
	return ""
}
