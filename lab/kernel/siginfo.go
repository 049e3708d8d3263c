package kernel

// Signal delivers sig: ignored, caught (pending until the program looks), or its default.
func (p *Proc) Signal(sig Signal) {
	p.mu.Lock()
	if sig == SIGCONT && p.stopped != nil {
		close(p.stopped)
		p.stopped = nil
	}
	fixed := sig == SIGKILL || sig == SIGSTOP
	switch {
	case !fixed && p.ignored&sig.bit() != 0:
	case !fixed && p.caught&sig.bit() != 0:
		p.pending |= sig.bit()
		if p.wake != nil {
			close(p.wake)
			p.wake = nil
		}
	case sig.ignoredByDefault():
	case sig.stops():
		if p.stopped == nil {
			p.stopped = make(chan struct{})
		}
	default:
		if !p.dead {
			p.by = sig
		}
		p.mu.Unlock()
		p.die(128 + int(sig))
		return
	}
	p.mu.Unlock()
}

// wakeup is closed when a caught signal arrives.
func (p *Proc) wakeup() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wake == nil {
		p.wake = make(chan struct{})
		if p.pending != 0 {
			close(p.wake)
			ch := p.wake
			p.wake = nil
			return ch
		}
	}
	return p.wake
}

// Disposition is what a process does with a signal.
type Disposition int

// The three dispositions.
const (
	Default Disposition = iota
	Ignore
	Catch
)

// Handle sets a disposition, as sigaction(2) does.
func (p *Proc) Handle(sig Signal, d Disposition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ignored &^= sig.bit()
	p.caught &^= sig.bit()
	switch d {
	case Ignore:
		p.ignored |= sig.bit()
	case Catch:
		p.caught |= sig.bit()
	}
}

// Ignores reports whether a signal is ignored.
func (p *Proc) Ignores(sig Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ignored&sig.bit() != 0
}

// Caught takes one pending caught signal.
func (p *Proc) Caught() (Signal, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending == 0 {
		return 0, false
	}
	for n := Signal(1); n < 64; n++ {
		if p.pending&n.bit() != 0 {
			p.pending &^= n.bit()
			return n, true
		}
	}
	return 0, false
}

// HasPending is a cheap look for Caught.
func (p *Proc) HasPending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending != 0
}
