package ssh

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// doors limits the handshakes under way, in all and for each address, and keeps everybody from an address that throttles us.
type doors struct {
	all     chan struct{}
	perAddr int
	mu      sync.Mutex
	addr    map[string]*door
}

type door struct {
	slots chan struct{}
	mu    sync.Mutex
	shut  time.Time // nobody knocks before then
}

func newDoors(all, perAddr int) *doors {
	return &doors{all: make(chan struct{}, all), perAddr: perAddr, addr: map[string]*door{}}
}

func (d *doors) of(addr string) *door {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.addr[addr] == nil {
		d.addr[addr] = &door{slots: make(chan struct{}, d.perAddr)}
	}
	return d.addr[addr]
}

// place is the right to shake hands.
type place struct {
	d   *doors
	at  *door
	out sync.Once // gives one of all back: by who asks a person, or by who gives up meanwhile
}

// enter waits for a place at addr, then for one in all.
func (d *doors) enter(ctx context.Context, addr string) (*place, error) {
	at := d.of(addr)
	if err := take(ctx, at.slots); err != nil {
		return nil, err
	}
	if err := at.wait(ctx); err != nil {
		<-at.slots
		return nil, err
	}
	if err := take(ctx, d.all); err != nil {
		<-at.slots
		return nil, err
	}
	return &place{d: d, at: at}, nil
}

// yield lets another host in while a person is being asked; the place at the address stays taken, since the server counts it.
func (p *place) yield() {
	p.out.Do(func() { <-p.d.all })
}

func (p *place) leave() {
	p.yield()
	<-p.at.slots
}

func take(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wait returns when the door is open: it may have been shut again meanwhile.
func (d *door) wait(ctx context.Context) error {
	for {
		d.mu.Lock()
		left := time.Until(d.shut)
		d.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

func (d *door) shutFor(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if until := time.Now().Add(t); until.After(d.shut) {
		d.shut = until
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// backoff doubles from base with each try, up to 30 s, and spreads by half: hosts that were refused together do not return together.
func backoff(base time.Duration, try int) time.Duration {
	d := min(base<<min(try, 10), 30*time.Second)
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

// seats limits the sessions of one connection to what its server allows. The limit is found out: when the server refuses one,
// the number then open is the limit.
type seats struct {
	mu    sync.Mutex
	open  int
	limit int // 0 = not known yet
	taken int // how often a seat was
	queue []chan struct{}
}

// seat remembers who else sat when it was taken.
type seat struct {
	others bool
	nth    int
}

// sit is called with the lock, when open counts the seat.
func (s *seats) sit() seat {
	s.taken++
	return seat{others: s.open > 1, nth: s.taken}
}

// take waits for a seat.
func (s *seats) take(ctx context.Context) (seat, error) {
	s.mu.Lock()
	if s.limit == 0 || s.open < s.limit {
		s.open++
		mine := s.sit()
		s.mu.Unlock()
		return mine, nil
	}
	turn := make(chan struct{})
	s.queue = append(s.queue, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.sit(), nil
	case <-ctx.Done():
		s.abandon(turn)
		return seat{}, context.Cause(ctx)
	}
}

func (s *seats) abandon(turn chan struct{}) {
	s.mu.Lock()
	for i, t := range s.queue {
		if t == turn {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	s.release() // it was handed to us as we left
}

// release gives a seat back, to the one who waited longest.
func (s *seats) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if len(s.queue) > 0 && (s.limit == 0 || s.open < s.limit) {
		s.open++
		close(s.queue[0])
		s.queue = s.queue[1:]
	}
}

// full learns from a refused session. It gives the seat back and says whether asking again can help: others are open that will end, or
// were open beside this one, and have ended before the refusal was read.
func (s *seats) full(mine seat) bool {
	s.mu.Lock()
	others := s.open - 1
	if others > 0 && (s.limit == 0 || others < s.limit) {
		s.limit = others
	}
	alone := others == 0 && !mine.others && s.taken == mine.nth
	s.mu.Unlock()
	s.release()
	return !alone
}
