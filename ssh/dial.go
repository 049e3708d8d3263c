package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// dialTCP connects, racing address families as RFC 8305 says (net.Dialer does).
func dialTCP(ctx context.Context, s *Settings) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.ConnectTimeout, faultf(Timeout, "no answer to connect from %s within %s", s.addr(), s.ConnectTimeout).uncalled())
	defer cancel()
	d := net.Dialer{KeepAlive: -1}
	if s.TCPKeepAlive {
		d.KeepAlive = 0
	}
	network := map[string]string{"inet": "tcp4", "inet6": "tcp6"}[s.AddressFamily]
	if network == "" {
		network = "tcp"
	}
	if s.BindAddress != "" {
		local, err := net.ResolveTCPAddr(network, net.JoinHostPort(s.BindAddress, "0"))
		if err != nil {
			return nil, faultf(Config, "BindAddress %s: %w", s.BindAddress, err)
		}
		d.LocalAddr = local
	}
	c, err := d.DialContext(ctx, network, s.addr())
	if err != nil {
		return nil, dialFault(ctx, s, err)
	}
	return c, nil
}

// unresolved says that a name has no address. Hosts that fail alike are told on one line: a name that is the host's own is not said again.
func unresolved(s *Settings, dns *net.DNSError) *fault {
	name := s.HostName
	if name == string(s.Host) {
		name = "its name"
	}
	return faultf(Unresolved, "%s has no address: %s", name, dns.Err)
}

func dialFault(ctx context.Context, s *Settings, err error) error {
	var dns *net.DNSError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &dns):
		return unresolved(s, dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		return faultf(Refused, "connection to %s refused", s.addr()).uncalled()
	case errors.Is(err, syscall.ECONNRESET):
		return faultf(Refused, "%w", errHungUp)
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return faultf(Timeout, "no answer to connect from %s", s.addr()).uncalled()
	}
	return faultf(Refused, "connect to %s: %w", s.addr(), err).uncalled()
}

// retryable says whether a handshake that failed so may simply be tried again: the server hung up before it said who it is, as
// sshd does beyond MaxStartups, or said that it refuses our address for now.
func retryable(err error) (wait time.Duration, again bool) {
	var f *fault
	if !errors.As(err, &f) {
		return 0, false
	}
	switch {
	case f.kind == Throttled:
		return 2 * time.Second, true
	case f.again, errors.Is(f.err, errHungUp):
		return 50 * time.Millisecond, true
	}
	return 0, false
}

var errHungUp = errors.New("the server closed the connection before its banner")

// earlyFault gives a meaning to a handshake that ended before the server's banner; nil where the banner had come.
func earlyFault(w *wire, err error) error {
	said := w.greeting()
	switch {
	case strings.Contains(said, "Not allowed at this time"):
		return faultf(Throttled, "the server says: Not allowed at this time")
	case strings.Contains(said, "Exceeded MaxStartups"):
		return faultf(Refused, "the server says: Exceeded MaxStartups (%w)", errHungUp)
	case w.banner:
		return nil
	case said != "":
		return faultf(Protocol, "not an SSH server: it says %.80q", said)
	case isHangUp(err):
		return faultf(Refused, "%w", errHungUp).withHint("too many logins at once (MaxStartups), or a TCP wrapper or firewall that closes the port")
	}
	return nil
}

func isHangUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// loginFault gives a meaning to a handshake that ended after the banner.
func loginFault(err error, banner string) error {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	text := strings.TrimPrefix(err.Error(), "ssh: handshake failed: ")
	if isHangUp(err) && banner != "" {
		return faultf(Unready, "the server closed the connection, saying: %s", firstLine(banner))
	}
	if isHangUp(err) {
		return faultf(Protocol, "the server closed the connection during the login").withHint("see the host's own log of sshd; a refused address (TCP wrapper, AllowUsers, a firewall) looks like this")
	}
	return faultf(Protocol, "%s", strings.TrimPrefix(text, "ssh: "))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return fmt.Sprintf("%.200s", s)
}
