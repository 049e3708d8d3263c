package lab

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/lab/machine"
)

// loginGrace is how long a client may take to log in, as sshd's LoginGraceTime.
const loginGrace = 2 * time.Minute

// maxSessions is sshd's default for one connection.
const maxSessions = 10

func (l *Lab) accept(ln net.Listener) {
	defer l.wg.Done()
	for {
		c, err := ln.Accept()
		if err != nil {
			if l.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors: give some back first
			continue
		}
		e := l.entryOf(c)
		if e == nil {
			reset(c)
			continue
		}
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			l.serve(c, e)
		}()
	}
}

// entryOf is the host that a connection is for; nil where either end is not loopback.
func (l *Lab) entryOf(c net.Conn) *entry {
	local, ok1 := addrPort(c.LocalAddr())
	remote, ok2 := addrPort(c.RemoteAddr())
	if !ok1 || !ok2 || !local.Addr().IsLoopback() || !remote.Addr().IsLoopback() {
		return nil
	}
	return l.byAddr[local]
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}

// reset closes so that the client sees a connection refused or reset, and nothing else.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.Close()
}

// serve handles one connection from its first byte to its end.
func (l *Lab) serve(c net.Conn, e *entry) {
	l.count(1)
	defer l.count(-1)
	e.mu.Lock()
	e.conns[c] = true
	e.mu.Unlock()
	defer func() {
		c.Close()
		e.mu.Lock()
		delete(e.conns, c)
		e.mu.Unlock()
	}()
	if l.ctx.Err() != nil {
		return
	}
	m := l.machine(e)
	if !l.greet(c, m) {
		return
	}
	sys := m.System()
	if sys == nil {
		reset(c)
		return
	}
	ended := make(chan struct{})
	l.wg.Add(1)
	go func() { // a host that goes down takes its connections with it
		defer l.wg.Done()
		select {
		case <-sys.Down():
			c.Close()
		case <-ended:
		}
	}()
	defer close(ended)
	l.handshake(c, e, m)
}

// greet plays the faults of a connection's beginning; false ends it.
func (l *Lab) greet(c net.Conn, m *machine.Host) bool {
	on := func(name string) bool { _, ok := m.Fault(name); return ok }
	switch {
	case on("refuse"):
		reset(c)
		return false
	case dead(m):
		io.Copy(io.Discard, c) // until the client gives up
		return false
	case on("hang-banner"):
		io.WriteString(c, "SSH-2.0-Open")
		io.Copy(io.Discard, c)
		return false
	case on("throttled"):
		io.WriteString(c, "Not allowed at this time\r\n")
		return false
	}
	if v, ok := m.Fault("slow-banner"); ok {
		l.pause(v)
	}
	return l.ctx.Err() == nil
}

// dead reports whether a host accepts connections and says nothing.
func dead(m *machine.Host) bool {
	_, made := m.Fault("dead")
	_, alive := m.Fault("alive")
	return made || m.T.Dead && !alive
}

// pause waits for a fault's duration of real time, or until the lab ends.
func (l *Lab) pause(v string) {
	d, err := time.ParseDuration(v)
	if err != nil {
		d = time.Second
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ctx.Done():
	}
}

func (l *Lab) handshake(c net.Conn, e *entry, m *machine.Host) {
	cfg, err := l.configOf(e, m)
	if err != nil {
		l.o.Log("lab: %s: %v", e.inv.Name, err)
		return
	}
	c.SetDeadline(time.Now().Add(loginGrace))
	conn, chans, reqs, err := xssh.NewServerConn(c, cfg)
	if err != nil {
		return
	}
	c.SetDeadline(time.Time{})
	l.wg.Add(1)
	go func() { // sshd answers keepalives, which it does not know, with a failure: that is what they are for
		defer l.wg.Done()
		xssh.DiscardRequests(reqs)
	}()
	if v, ok := m.Fault("flap"); ok {
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			l.pause(v)
			c.Close()
		}()
	}
	l.channels(conn, chans, c, e, m)
	conn.Close()
}

// configOf is the server's side of the handshake; one for each host, made on first use.
func (l *Lab) configOf(e *entry, m *machine.Host) (*xssh.ServerConfig, error) {
	_, changed := m.Fault("changed-key")
	_, refused := m.Fault("auth-refused")
	_, hostile := m.Fault("hostile-output")
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.config != nil && !changed && !refused && !hostile {
		return e.config, nil
	}
	turn := 0
	if changed {
		turn = 1
	}
	signer, err := l.keys.signer(string(e.inv.Name), turn)
	if err != nil {
		return nil, err
	}
	want := l.keys.user.Marshal()
	user := m.User()
	cfg := &xssh.ServerConfig{ServerVersion: sshVersion(m.D), MaxAuthTries: 6,
		PublicKeyCallback: func(meta xssh.ConnMetadata, key xssh.PublicKey) (*xssh.Permissions, error) {
			if refused || !bytes.Equal(key.Marshal(), want) || meta.User() != user && meta.User() != "root" {
				return nil, errors.New("permission denied")
			}
			return &xssh.Permissions{}, nil
		}}
	if hostile {
		cfg.BannerCallback = func(xssh.ConnMetadata) string { return hostileText + "\r\n" }
	}
	cfg.AddHostKey(signer)
	if !changed && !refused && !hostile {
		e.config = cfg
	}
	return cfg, nil
}

// sshVersion is the version string of the distribution's OpenSSH.
func sshVersion(d *machine.Distro) string {
	switch d.ID {
	case "debian":
		if d.Version == "13" {
			return "SSH-2.0-OpenSSH_10.0p2 Debian-7"
		}
		return "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"
	case "ubuntu":
		return "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5"
	case "freebsd":
		return "SSH-2.0-OpenSSH_9.7 FreeBSD-20240806"
	case "alpine":
		return "SSH-2.0-OpenSSH_9.7"
	case "arch":
		return "SSH-2.0-OpenSSH_10.0"
	}
	return "SSH-2.0-OpenSSH_8.7"
}

// channels serves sessions until the connection ends, and waits for them.
func (l *Lab) channels(conn *xssh.ServerConn, chans <-chan xssh.NewChannel, c net.Conn, e *entry, m *machine.Host) {
	var live = make(chan struct{}, maxSessions)
	for nc := range chans {
		if nc.ChannelType() == "direct-tcpip" {
			l.wg.Add(1)
			go func() {
				defer l.wg.Done()
				l.forward(nc)
			}()
			continue
		}
		if nc.ChannelType() != "session" {
			nc.Reject(xssh.UnknownChannelType, "unknown channel type")
			continue
		}
		select {
		case live <- struct{}{}:
		default:
			nc.Reject(xssh.ResourceShortage, "open failed")
			continue
		}
		ch, reqs, err := nc.Accept()
		if err != nil {
			<-live
			continue
		}
		s := &session{lab: l, m: m, conn: c, user: conn.User(), ch: ch, done: make(chan struct{})}
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			defer func() { <-live }()
			s.serve(reqs)
		}()
	}
}
