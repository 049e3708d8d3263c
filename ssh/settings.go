package ssh

import (
	"net"
	"strconv"
	"time"

	"tend/inventory"
)

// Settings is everything that decides how a host is reached.
type Settings struct {
	Host                  inventory.HostID
	HostName              string
	Port                  int
	User                  string
	HostKeyAlias          string
	Jump                  []string // nearest to us first
	ProxyCommand          string
	Identity              []Identity
	Certificates          []string
	IdentitiesOnly        bool
	AgentSocket           string // "" = no agent
	KnownHosts            []string
	GlobalKnownHosts      []string
	StrictHostKeyChecking string // "yes", "ask", "accept-new", "no"
	HashKnownHosts        bool
	Pin                   string // the inventory's host_key
	ConnectTimeout        time.Duration
	KeepaliveInterval     time.Duration
	KeepaliveCount        int
	TCPKeepAlive          bool
	AddressFamily         string // "any", "inet", "inet6"
	BindAddress           string
	Methods               []string // of authentication, in the order to try
	Kex, Ciphers, MACs    []string
	HostKeyAlgos          []string
	PubkeyAlgos           []string
	Warnings              []string
	env                   []envVar
}

// Identity is a key file to offer.
type Identity struct {
	Path     string
	Explicit bool // somebody named it; the others are OpenSSH's defaults
}

func (s *Settings) addr() string { return net.JoinHostPort(s.HostName, strconv.Itoa(s.Port)) }

// Settings resolves how h is reached.
func (c *Client) Settings(h inventory.Host) (*Settings, error) {
	o, algs := c.o, defaultAlgorithms()
	s := &Settings{Host: h.Name, HostName: h.Addr, Port: h.Port, User: h.User, Jump: h.Jump, Pin: h.HostKey,
		StrictHostKeyChecking: "ask", ConnectTimeout: 10 * time.Second, KeepaliveInterval: 15 * time.Second, KeepaliveCount: 3, TCPKeepAlive: true,
		Methods: []string{"publickey", "keyboard-interactive", "password"},
		Kex:     algs.KeyExchanges, Ciphers: algs.Ciphers, MACs: algs.MACs, HostKeyAlgos: algs.HostKeys, PubkeyAlgos: algs.PublicKeyAuths,
	}
	if s.HostName == "" {
		s.HostName = string(h.Name)
	}
	if s.Port == 0 {
		s.Port = 22
	}
	for _, p := range append(h.Identity, o.Identity...) {
		s.Identity = append(s.Identity, Identity{p, true})
	}
	s.KnownHosts = o.KnownHosts
	if h.KnownHosts != nil {
		s.KnownHosts = h.KnownHosts
	}
	s.AgentSocket = o.AgentSocket
	if o.ConnectTimeout > 0 {
		s.ConnectTimeout = o.ConnectTimeout
	}
	if o.KeepaliveInterval > 0 {
		s.KeepaliveInterval = o.KeepaliveInterval
	}
	if o.KeepaliveCount > 0 {
		s.KeepaliveCount = o.KeepaliveCount
	}
	return s, nil
}
