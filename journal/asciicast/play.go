package asciicast

import (
	"context"
	"io"
	"iter"
	"time"
)

// Pace is how a recording is played.
type Pace struct {
	Speed float64       // 1 = as it was
	Idle  time.Duration // pauses are no longer than this; 0 = as long as they were
}

// slowest and fastest bound what keys can ask for.
const slowest, fastest = 1.0 / 16, 64

// Play writes a recording's output to w, each piece when it came, until its end, until ctx ends, or until a key says so:
//
//	space   pause, and go on
//	.       in a pause: the next piece
//	+ -     twice, half as fast
//	q ^C    end
//
// keys may be nil.
func Play(ctx context.Context, w io.Writer, events iter.Seq2[Event, error], p Pace, keys <-chan byte) error {
	pl := player{Pace: p, keys: keys}
	safe := NewSafe(w)
	var last time.Duration
	for e, err := range events {
		if err != nil {
			return err
		}
		wait := e.At - last
		last = e.At
		if p.Idle > 0 {
			wait = min(wait, p.Idle)
		}
		if end, err := pl.pass(ctx, wait); end || err != nil {
			return err
		}
		if e.Code != "o" {
			continue
		}
		if _, err := io.WriteString(safe, e.Data); err != nil {
			return err
		}
	}
	return nil
}

type player struct {
	Pace
	keys   <-chan byte
	paused bool
}

// pass lets that much of the recording's time pass; end says that a key ended it.
func (p *player) pass(ctx context.Context, left time.Duration) (end bool, err error) {
	for left > 0 || p.paused {
		begun, timer := time.Now(), time.NewTimer(p.real(left))
		tick := timer.C
		if p.paused {
			tick = nil
		}
		var key byte
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-tick:
			left = 0
		case k, ok := <-p.keys:
			if key = k; !ok {
				p.keys, p.paused = nil, false
			}
			if !p.paused {
				left = max(left-time.Duration(float64(time.Since(begun))*p.Speed), 0)
			}
		}
		timer.Stop()
		if err != nil {
			return true, err
		}
		if key != 0 {
			if end, next := p.key(key); end || next {
				return end, nil
			}
		}
	}
	return false, ctx.Err()
}

func (p *player) real(d time.Duration) time.Duration {
	if p.Speed <= 0 {
		p.Speed = 1
	}
	return time.Duration(float64(d) / p.Speed)
}

// key does what a key says: whether to end, whether to show the next piece.
func (p *player) key(k byte) (end, next bool) {
	switch k {
	case ' ':
		p.paused = !p.paused
	case '.':
		return false, p.paused
	case '+':
		p.Speed = min(p.Speed*2, fastest)
	case '-':
		p.Speed = max(p.Speed/2, slowest)
	case 'q', 3:
		return true, false
	}
	return false, false
}
