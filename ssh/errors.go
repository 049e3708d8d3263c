package ssh

import (
	"context"
	"errors"
	"fmt"

	"tend/inventory"
	"tend/quote"
)

// Kind is what an error means, whatever words the network or the host used.
type Kind string

// The meanings.
const (
	Refused    Kind = "refused"     // nobody listens, or the network forbids it
	Timeout    Kind = "timed out"   // no answer within the connect or the login time
	Unresolved Kind = "resolve"     // the name has no address
	KeyUnknown Kind = "key unknown" // first contact: the host's key is in no known_hosts file
	KeyChanged Kind = "key changed" // another key than the one known: refused, always
	KeyRevoked Kind = "key revoked" // a key marked @revoked
	AuthFailed Kind = "auth failed" // the host accepted nothing that we offered
	Throttled  Kind = "throttled"   // the host refuses our address for a while
	Unready    Kind = "unready"     // the host is booting or going down and lets nobody in
	Protocol   Kind = "protocol"    // the far side does not speak SSH as we do
	Forbidden  Kind = "forbidden"   // logged in, but the host refuses the session or the command
	LinkLost   Kind = "link lost"   // an established connection ended under us
	Cancelled  Kind = "cancelled"   // our own context ended
	Config     Kind = "config"      // ssh_config, the inventory or a key file is at fault
	NoPrompter Kind = "no terminal" // something must be asked and nobody can be
	Closed     Kind = "closed"      // the Client was closed or told to drop the host
	NoExit     Kind = "no exit"     // the host closed the session and gave no exit status, as much network gear does; the link stands
	Output     Kind = "output"      // the command ended, but our side could not take its output
	LongLine   Kind = "long line"   // the command line is longer than its server takes; nothing was sent, and standard input has no limit
	FileFault  Kind = "file"        // a file on the host could not be read or written
)

// Error is the one error type of this package. Its text holds no byte that could act on a terminal.
type Error struct {
	Kind Kind
	Host inventory.HostID
	// Via names the jump host that failed, where it is not Host itself.
	Via string
	// Addr is what was dialled, "address:port".
	Addr string
	// Fingerprint is the key that a host presented, for the kinds about keys: "SHA256:…".
	Fingerprint string
	Err         error
	hint        string
	sent        bool
}

// Error names the host once, then the jump host at fault, then what happened.
func (e *Error) Error() string {
	s := quote.Line(string(e.Host)) + ": "
	if e.Via != "" {
		s += "via " + quote.Line(e.Via) + ": "
	}
	if e.Err == nil {
		return s + string(e.Kind)
	}
	return s + quote.Line(clip(e.Err.Error()))
}

// Unwrap gives the cause, so that errors.Is(err, context.Canceled) works.
func (e *Error) Unwrap() error { return e.Err }

// NotStarted reports that the command was not sent, or was refused before it ran: trying again cannot run it twice.
func (e *Error) NotStarted() bool { return !e.sent }

// Ended reports that the command was seen to end, and all that it printed was read, but that the host did not say with what exit status.
func (e *Error) Ended() bool { return e.Kind == NoExit }

// Permanent reports that to try again by itself can only do harm: whoever answers there has not the host's key, and a person must look.
func (e *Error) Permanent() bool { return e.Kind == KeyChanged || e.Kind == KeyRevoked }

// Class is the Kind, for those who know nothing of this package.
func (e *Error) Class() string { return string(e.Kind) }

// Hint says what to do about it, or is empty.
func (e *Error) Hint() string {
	if e.hint != "" {
		return e.hint
	}
	if e.Kind == LinkLost && !e.sent {
		return "the command was not sent; it may be tried again"
	}
	return hints[e.Kind]
}

var hints = map[Kind]string{
	Refused:    "is sshd running there, and is the port right?",
	Timeout:    "is the host up, and does a firewall drop the packets?",
	Unresolved: "check the host's addr in the inventory or HostName in ssh_config",
	Throttled:  "the host penalises our address for failed or unfinished logins; wait, up to ten minutes, before trying again",
	Unready:    "wait until it has booted, then try again",
	LinkLost:   "how the command ended is not known; look on the host before running it again",
	NoExit:     "what it printed is all that the host says; look there whether it did what was meant",
	Forbidden:  "see the host's sshd_config: ForceCommand, AllowUsers, MaxSessions, PermitOpen",
	LongLine:   "a shorter command, or a file that is pushed first, and run",
	NoPrompter: "run it from a terminal, load the key into ssh-agent, or set SSH_ASKPASS",
}

// fault is an error's meaning before the host is known: what lower layers return and link.go dresses up.
type fault struct {
	kind        Kind
	err         error
	hint        string
	fingerprint string
	again       bool   // the host only ran out of patience while a person was being asked
	noCall      bool   // no connection came about; ConnectionAttempts says whether to call again
	pinMissed   string // the type of a key that is not the pinned one, where another of the host's may be
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func faultf(kind Kind, format string, args ...any) *fault {
	return &fault{kind: kind, err: fmt.Errorf(format, args...)}
}

func (f *fault) uncalled() *fault {
	f.noCall = true
	return f
}

func (f *fault) withHint(format string, args ...any) *fault {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// dress makes an Error of err for host. An error that is one already keeps its kind; if it speaks of another host, that host is
// the Via. Whatever is not a fault is taken for the given kind.
func dress(err error, host inventory.HostID, addr string, kind Kind) *Error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		if c.Host != host && c.Via == "" {
			c.Via = string(c.Host)
		}
		c.Host = host
		return &c
	}
	out := &Error{Kind: kind, Host: host, Addr: addr, Err: err}
	var f *fault
	switch {
	case errors.As(err, &f):
		out.Kind, out.hint, out.Fingerprint = f.kind, f.hint, f.fingerprint
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		out.Kind = Cancelled
	}
	return out
}
