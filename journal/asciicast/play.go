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
	From  time.Duration // what came until then is shown at once
	Still bool          // it begins with a pause, there
}

// jump is how far keys go on and back.
const jump = 10 * time.Second

// slowest and fastest bound what keys can ask for.
const slowest, fastest = 1.0 / 16, 64

// Play writes a recording's output to w, each piece when it came, until its end, until ctx ends, or until a key says so:
//
//	space   pause, and go on
//	.       in a pause: the next piece
//	+ -     twice, half as fast
//	f b     ten seconds on, and back
//	q ^C    end
//
// Going back, it returns from where it is to be played again, of the events from the first one on. keys may be nil.
func Play(ctx context.Context, w io.Writer, events iter.Seq2[Event, error], p Pace, keys <-chan byte) (again *Pace, err error) {
	pl := player{Pace: p, keys: keys, ahead: p.From, paused: p.Still}
	safe := NewSafe(w)
	var last time.Duration
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		wait := e.At - last
		last, pl.next = e.At, e.At
		if p.Idle > 0 && pl.ahead == 0 {
			wait = min(wait, p.Idle)
		}
		if end, err := pl.pass(ctx, wait); end || err != nil {
			return pl.again, err
		}
		if e.Code != "o" {
			continue
		}
		if _, err := io.WriteString(safe, e.Data); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

type player struct {
	Pace
	keys   <-chan byte
	paused bool
	ahead  time.Duration // so much of the recording's time passes at once
	next   time.Duration // when the next piece came
	again  *Pace
}

// pass lets that much of the recording's time pass; end says that a key ended it.
func (p *player) pass(ctx context.Context, left time.Duration) (end bool, err error) {
	for left > 0 || p.paused {
		if p.ahead > 0 {
			d := min(left, p.ahead)
			if left, p.ahead = left-d, p.ahead-d; left == 0 {
				return false, ctx.Err()
			}
		}
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
			if key == 'b' {
				p.again = &Pace{Speed: p.Speed, Idle: p.Idle, From: max(p.next-left-jump, 0), Still: p.paused}
				return true, nil
			}
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
	case 'f':
		p.ahead += jump
	case 'q', 3:
		return true, false
	}
	return false, false
}
