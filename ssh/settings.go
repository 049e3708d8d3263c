package ssh

import (
	"context"
	"net"
	"strconv"
	"time"

	"tend/inventory"
	"tend/ssh/sshconfig"
)

// Settings is everything that decides how a host is reached. Values says where each of it comes from.
type Settings struct {
	Host                  inventory.HostID
	HostName              string
	Port                  int
	User                  string
	HostKeyAlias          string
	Jump                  []string // nearest to us first; nil = straight
	ProxyCommand          string
	Identity              []Identity
	Certificates          []string
	IdentitiesOnly        bool
	AgentSocket           string // "" = no agent
	KnownHosts            []string
	GlobalKnownHosts      []string
	RevokedHostKeys       []string
	StrictHostKeyChecking string // "yes", "ask", "accept-new", "no"
	VerifyHostKeyDNS      string // "no", "ask": shown with an unknown key; "yes": a signed one is believed
	HashKnownHosts        bool
	UpdateHostKeys        bool   // keep the host's other keys once it has proved them
	Pin                   string // the inventory's host_key
	ConnectTimeout        time.Duration
	ConnectionAttempts    int // calls before a host that does not answer is given up
	PasswordPrompts       int // how often one and the same password, passphrase or conversation is asked for
	RequiredRSASize       int // bits; smaller RSA keys are neither believed nor offered
	KeepaliveInterval     time.Duration
	KeepaliveCount        int
	TCPKeepAlive          bool
	AddressFamily         string // "any", "inet", "inet6"
	BindAddress           string
	Batch                 bool     // nobody may be asked
	Methods               []string // of authentication, in the order to try
	Kex, Ciphers, MACs    []string
	HostKeyAlgos          []string
	PubkeyAlgos, CAAlgos  []string
	Env                   []EnvVar
	// Values is every value with its place, for people: "tend host show".
	Values []Value
	// Warnings are options that tend passes over, and lines that it does not know.
	Warnings []string
}

// Value is one setting as text and where it was found: "~/.ssh/config:12", "inventory", "options", "default".
type Value struct{ Name, Text, Source string }

// Identity is a key file to offer.
type Identity struct {
	Path     string
	Explicit bool // somebody named it; the others are OpenSSH's defaults
}

// EnvVar is sent with each command; a host ignores what its AcceptEnv does not name.
type EnvVar struct{ Name, Value string }

func (s *Settings) addr() string { return net.JoinHostPort(s.HostName, strconv.Itoa(s.Port)) }

// Resolve says how h is reached: what the inventory gives outranks ssh_config, as options on ssh's command line do. The name that
// Host and Match lines see is h.Addr where the inventory has one, else h.Name: it is what one would type behind `ssh`. Commands of
// Match exec are run, as ssh runs them.
func Resolve(ctx context.Context, h inventory.Host, o Options) (*Settings, error) {
	o = o.filled()
	cfg, err := o.loadConfig()
	if err != nil {
		return nil, dress(err, h.Name, "", Config)
	}
	return o.settings(ctx, cfg, h, false)
}

// Settings is Resolve, with the files read once and each host's answer kept, but for its Values: a run keeps thousands of them and shows none.
func (c *Client) Settings(ctx context.Context, h inventory.Host) (*Settings, error) {
	c.conf.once.Do(func() { c.conf.cfg, c.conf.err = c.o.loadConfig() })
	if c.conf.err != nil {
		return nil, dress(c.conf.err, h.Name, "", Config)
	}
	key := roadKey(h)
	c.conf.mu.Lock()
	s := c.conf.kept[key]
	c.conf.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := c.o.settings(ctx, c.conf.cfg, h, true)
	if err != nil {
		return nil, err
	}
	c.conf.mu.Lock()
	defer c.conf.mu.Unlock()
	c.conf.kept[key] = s
	return s, nil
}

func (o *Options) settings(ctx context.Context, cfg *sshconfig.Config, h inventory.Host, mute bool) (*Settings, error) {
	q := o.query(h)
	switch {
	case !sshconfig.ValidName(q.Host):
		return nil, dress(faultf(Config, "%q is no host's name: it could act on a shell", q.Host), h.Name, "", Config)
	case !sshconfig.ValidUser(h.User):
		return nil, dress(faultf(Config, "%q is no user's name: it could act on a shell", h.User), h.Name, "", Config)
	}
	a, err := cfg.Resolve(ctx, q)
	if err != nil {
		return nil, dress(err, h.Name, "", Config)
	}
	b := &builder{o: o, h: h, mute: mute, a: a, q: q, s: &Settings{Host: h.Name, HostName: a.Host, Pin: h.HostKey, Warnings: a.Warnings}}
	b.build()
	if b.err != nil {
		return nil, dress(b.err, h.Name, "", Config)
	}
	return b.s, nil
}
