package ssh

import (
	"context"
	"errors"
	"sync"
	"time"

	"tend/inventory"
	"tend/quote"
)

// Client reaches hosts. It is safe for concurrent use, and keeps one connection per host until Drop or Close.
type Client struct {
	o       Options
	ctx     context.Context // ends with Close
	cancel  context.CancelCauseFunc
	asking  chan struct{}
	doors   *doors
	lives   *lives
	secrets secrets
	keys    keyring
	known   knownFiles
	conf    configs
	retry   retryPolicy

	mu       sync.Mutex
	closed   bool
	links    map[string]*link
	warned   map[string]bool
	warnings []Warning
	wg       sync.WaitGroup
}

// retryPolicy says how often a handshake that was turned away at the door is tried again.
type retryPolicy struct {
	hungUp, throttled int     // tries
	pace              float64 // multiplies the waits; tests shorten it
}

var errClosed = &fault{kind: Closed, err: errors.New("the ssh client was closed")}

// New makes a Client. It does nothing until it is asked for a host.
func New(o Options) *Client {
	o = o.filled()
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Client{
		o: o, ctx: ctx, cancel: cancel,
		asking: make(chan struct{}, 1),
		doors:  newDoors(o.Dials, o.DialsPerAddr),
		lives:  newLives(filesFor(o.Files)),
		retry:  retryPolicy{hungUp: 8, throttled: 4, pace: 1},
		links:  map[string]*link{},
		warned: map[string]bool{},
		conf:   configs{kept: map[string]*Settings{}},
	}
}

// Close ends every connection, cancels what is under way, and waits until all goroutines of the Client have ended. A caller's
// writer that never returns from Write, or a Prompter that never returns, keeps it waiting.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	links := c.links
	c.links = map[string]*link{}
	c.mu.Unlock()
	c.cancel(errClosed)
	for _, l := range links {
		l.drop(errClosed)
	}
	c.wg.Wait()
	return nil
}

// Drop forgets the kept connection of a host, as before a reboot. Commands still running on it end with LinkLost.
func (c *Client) Drop(h inventory.HostID) {
	c.mu.Lock()
	l := c.links[hostKeyOf(h)]
	c.mu.Unlock()
	if l != nil {
		l.drop(&fault{kind: LinkLost, err: errors.New("the connection was dropped on request")})
	}
}

// Road tells how a host was reached last; false where it never was.
func (c *Client) Road(h inventory.HostID) (Road, bool) {
	c.mu.Lock()
	l := c.links[hostKeyOf(h)]
	c.mu.Unlock()
	if l == nil {
		return Road{}, false
	}
	return l.lastRoad()
}

// Linked reports whether a connection to the host is open: who uses it now asks nobody for anything.
func (c *Client) Linked(h inventory.HostID) bool {
	c.mu.Lock()
	l := c.links[hostKeyOf(h)]
	c.mu.Unlock()
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn != nil && !l.conn.ended()
}

// Warnings lists what was passed over so far.
func (c *Client) Warnings() []Warning {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Warning(nil), c.warnings...)
}

// warn says text once, however many hosts it concerns.
func (c *Client) warn(h inventory.HostID, text string) {
	text = quote.Line(text)
	c.mu.Lock()
	again := c.warned[text]
	c.warned[text] = true
	if !again {
		c.warnings = append(c.warnings, Warning{h, text})
	}
	c.mu.Unlock()
	if !again && c.o.Warn != nil {
		c.o.Warn(Warning{h, text})
	}
}

// own runs f in a goroutine that Close waits for; false once the Client is closed.
func (c *Client) own(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Go(f)
	return true
}

// Road is how a host was reached: what a journal should keep. Every string is escaped.
type Road struct {
	Addr        string   // "host:port", or the ProxyCommand, as dialled
	Peer        string   // the address that answered; "" behind a jump host
	Jumps       []string // nearest to us first, as user@host:port
	User        string
	HostKeyType string
	Fingerprint string // of the host's key: "SHA256:…"
	KnownBy     string // what vouched for the key: "known_hosts:12", "inventory", "accepted now"
	Auth        string // "publickey ssh-ed25519 SHA256:… (agent)", "password", …
	Server      string // the server's version line
	Kex, Cipher string
	Banner      string // what the server showed before the login; at most 8 KiB
	Since       time.Time
	TurnedAway  int // logins that the server refused at the door (MaxStartups, penalties) before this one
}
