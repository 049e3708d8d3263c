package ssh

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// What a process wants of its open files beside connections: the journal, sockets, libraries; and what one connection takes, a
// ProxyCommand's pipes included.
const (
	filesAside  = 32
	filesOfLink = 1
	filesOfPipe = 3
	fewestLives = 4
)

// evictable is how old a connection that never served anybody must be before it may be ended for another's sake.
const evictable = 30 * time.Second

// lives limits the connections that are open at once to what this process may open (ulimit -n). It is a count of files, not of hosts:
// what rides through a jump host takes none.
type lives struct {
	mu   sync.Mutex
	left int
	told bool
	more chan struct{} // closed when some are given back
}

// filesFor is how many files connections may take: most, or what the process's limit leaves.
func filesFor(most int) int {
	var l unix.Rlimit
	if most > 0 {
		return most
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil || uint64(l.Cur) > 1<<20 {
		return 1 << 20
	}
	return max(int(l.Cur)-filesAside, fewestLives)
}

func newLives(n int) *lives { return &lives{left: n, more: make(chan struct{})} }

// take waits until n files are free. Meanwhile it asks for the ending of connections that rest.
func (l *lives) take(ctx context.Context, n int, evict func() bool, short func()) (release func(), err error) {
	for {
		l.mu.Lock()
		if l.left >= n {
			l.left -= n
			l.mu.Unlock()
			return sync.OnceFunc(func() { l.give(n) }), nil
		}
		more, told := l.more, l.told
		l.told = true
		l.mu.Unlock()
		if !told {
			short()
		}
		evict()
		select {
		case <-more:
		case <-time.After(50 * time.Millisecond): // a connection may have come to rest
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (l *lives) give(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left += n
	close(l.more)
	l.more = make(chan struct{})
}

// enough takes the files that a connection by r wants, ending one that rests where there are none left.
func (c *Client) enough(ctx context.Context, s *Settings, r route) (release func(), err error) {
	n := filesOfLink
	switch {
	case s.ProxyCommand != "":
		n = filesOfPipe
	case len(r.jumps) > 0:
		return func() {}, nil
	}
	return c.lives.take(ctx, n, c.evict, func() {
		c.warn("", "this process may open too few files for all connections at once: those that rest are ended for others; see ulimit -n")
	})
}

// evict ends one connection that nobody uses.
func (c *Client) evict() bool {
	c.mu.Lock()
	links := make([]*link, 0, len(c.links))
	for _, l := range c.links {
		links = append(links, l)
	}
	c.mu.Unlock()
	for _, l := range links {
		l.mu.Lock()
		cn := l.conn
		l.mu.Unlock()
		if cn != nil && cn.retireIdle() {
			return true
		}
	}
	return false
}

// retireIdle ends the connection if nobody uses it and it takes files of ours.
func (cn *conn) retireIdle() bool {
	cn.mu.Lock()
	rests := cn.users == 0 && !cn.retired && !cn.gone && len(cn.road.Jumps) == 0 && (cn.served || time.Since(cn.road.Since) > evictable)
	if rests {
		cn.retired = true
	}
	cn.mu.Unlock()
	if rests {
		cn.kill(errClosed)
	}
	return rests
}
