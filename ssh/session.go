package ssh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/quote"
)

// heldQuiet is how long the output must stay quiet after the exit status before we ask whether more will come.
const heldQuiet = 2 * time.Second

// session is one command on a connection. It runs in a goroutine of the Client, which outlives the caller if the host is slow to
// close it; the gates keep it from the caller's writers by then.
type session struct {
	cn       *conn
	cmd      Command
	seat     seat
	done     chan outcome // buffered: the caller may be gone
	out, err *gate
	moved    atomic.Int64 // bytes of output read
	copies   sync.WaitGroup

	mu      sync.Mutex
	ch      xssh.Channel
	sent    bool
	aborted bool
}

type outcome struct {
	Result
	err error
}

func (s *session) run() {
	ch, reqs, err := s.cn.x.OpenChannel("session", nil)
	if err != nil {
		s.done <- outcome{err: s.openFault(err)}
		return
	}
	defer s.cn.seats.release()
	if !s.send(ch) {
		ch.Close()
		drain(reqs)
		return
	}
	if err := s.request(ch); err != nil {
		s.done <- outcome{err: err}
		ch.Close()
		drain(reqs)
		return
	}
	s.stream(ch)
	if s.cmd.PTY != nil && s.cmd.PTY.Resize != nil {
		ended := make(chan struct{})
		defer close(ended)
		s.cn.c.wg.Go(func() { s.resize(ch, ended) })
	}
	s.wait(ch, reqs)
}

// openFault gives the seat back and says why there was no session.
func (s *session) openFault(err error) error {
	var oe *xssh.OpenChannelError
	if !errors.As(err, &oe) {
		s.cn.seats.release()
		if !s.cn.ended() {
			s.cn.kill(faultf(Protocol, "the host answers nonsense: %w", err))
		}
		return fmt.Errorf("%w: %w", errStale, s.cn.lost())
	}
	if s.cn.seats.full(s.seat) {
		return errFull
	}
	return faultf(Forbidden, "the host opens no session: %s", strings.TrimSpace(oe.Message))
}

// send takes the decision that cannot be taken back; false if the caller has gone.
func (s *session) send(ch xssh.Channel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aborted {
		return false
	}
	s.ch, s.sent = ch, true
	return true
}

// abort tells the far side to end the command and says whether it was sent. It does not wait for an answer.
func (s *session) abort() (sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborted = true
	if ch := s.ch; ch != nil {
		s.cn.c.own(func() {
			ch.SendRequest("signal", false, xssh.Marshal(struct{ Signal string }{"TERM"}))
			ch.Close()
		})
	}
	return s.sent
}

// request sends the environment and the command. Only the command asks for an answer: one round trip.
func (s *session) request(ch xssh.Channel) error {
	for _, v := range s.cn.env {
		ch.SendRequest("env", false, xssh.Marshal(v))
	}
	if p := s.cmd.PTY; p != nil {
		if ok, err := ch.SendRequest("pty-req", true, p.request()); err != nil || !ok {
			s.unsend()
			return errors.Join(err, faultf(Forbidden, "the host gives no terminal").withHint("see PermitTTY in its sshd_config"))
		}
	}
	lent := lines.Get().(*[]byte)                    // what is sent is a copy
	defer func() { clear(*lent); lines.Put(lent) }() // a device's command may hold a password
	*lent = appendString((*lent)[:0], s.cmd.Line)
	kind, payload := "exec", *lent
	switch {
	case s.cmd.Subsystem:
		kind = "subsystem"
	case s.cmd.PTY != nil && s.cmd.Line == "":
		kind, payload = "shell", nil
	}
	ok, err := ch.SendRequest(kind, true, payload)
	switch {
	case err != nil:
		return s.unknown(faultf(Protocol, "the host closed the session before it took the command: %w", err))
	case !ok && s.cmd.Subsystem:
		return faultf(Forbidden, "the host has no %s", strings.ToUpper(s.cmd.Line)).withHint("is Subsystem %s set in its sshd_config? Gear without a shell often has none", s.cmd.Line)
	case !ok:
		return faultf(Forbidden, "the host refuses to run the command")
	}
	return nil
}

// lines are the command lines that are being asked for. One may hold a whole script.
var lines = sync.Pool{New: func() any { return new([]byte) }}

// appendString appends a string as RFC 4251 section 5 has it.
func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}

// unsend takes back what send said, while nothing that runs was asked for.
func (s *session) unsend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = false
}

// request is the payload of pty-req (RFC 4254 section 6.2), without special modes.
func (p *PTY) request() []byte {
	return xssh.Marshal(struct {
		Term                      string
		Cols, Rows, Width, Height uint32
		Modes                     string
	}{p.Term, uint32(p.Cols), uint32(p.Rows), 0, 0, "\x00"})
}

// resize passes the terminal's sizes on until the session ends.
func (s *session) resize(ch xssh.Channel, ended <-chan struct{}) {
	for {
		select {
		case n, ok := <-s.cmd.PTY.Resize:
			if !ok {
				return
			}
			ch.SendRequest("window-change", false, xssh.Marshal(struct{ Cols, Rows, Width, Height uint32 }{uint32(n.Cols), uint32(n.Rows), 0, 0}))
		case <-ended:
			return
		}
	}
}

// unknown is an end that tells nothing about how the command went: the link's, or where that stands, the session's alone.
func (s *session) unknown(alone *fault) error {
	var cause error = alone
	if !s.cn.stands() {
		cause = s.cn.lost()
	}
	e := dress(cause, s.cn.host, s.cn.road.Addr, LinkLost)
	e.sent = true
	return e
}

// standsAfter is how long a host may take to answer whether the link still stands. One that never answers such questions but holds the
// link for so long has closed the session alone: the end of a connection is seen at once behind that of its sessions.
const standsAfter = 3 * time.Second

// stands tells a session that the host closed from one that went with its connection: it asks the host for an answer.
func (cn *conn) stands() bool {
	if cn.ended() {
		return false
	}
	answered := make(chan bool, 1)
	if !cn.c.own(func() {
		_, _, err := cn.x.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err == nil
	}) {
		return false
	}
	wait := time.NewTimer(standsAfter)
	defer wait.Stop()
	select {
	case ok := <-answered:
		if !ok {
			<-cn.done // it is over; why is known in a moment
		}
		return ok
	case <-cn.done:
		return false
	case <-wait.C:
		return true
	}
}

// stream moves the three streams, each in its own goroutine. The one that reads stdin is not waited for by anybody: only the caller
// can end a Read of its own reader, and the command may be long over by then.
func (s *session) stream(ch xssh.Channel) {
	c := s.cn.c
	if empty(s.cmd.Stdin) {
		ch.CloseWrite()
	} else {
		go s.feed(ch)
	}
	s.copies.Add(2)
	c.wg.Go(func() { defer s.copies.Done(); s.pump(s.out, ch) })
	c.wg.Go(func() { defer s.copies.Done(); s.pump(s.err, ch.Stderr()) })
}

// feed streams stdin and closes it.
func (s *session) feed(ch xssh.Channel) {
	buf := buffers.Get().(*[]byte)
	io.CopyBuffer(ch, s.cmd.Stdin, *buf)
	clear(*buf) // it may have held a password
	buffers.Put(buf)
	ch.CloseWrite()
}

// empty says of a reader that it has nothing, as far as that can be known without a Read: nobody need wait for it then.
func empty(r io.Reader) bool {
	l, ok := r.(interface{ Len() int })
	return r == nil || ok && l.Len() == 0
}

// Most commands say a line or two: each stream begins with a little buffer, and takes one of the size of a packet once that was filled.
var (
	buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}
	little  = sync.Pool{New: func() any { b := make([]byte, 2<<10); return &b }}
)

// pump reads to the end whatever becomes of the writer: a host must not block because our side has no room.
func (s *session) pump(g *gate, src io.Reader) {
	pool := &little
	buf := pool.Get().(*[]byte)
	defer func() { pool.Put(buf) }()
	for {
		n, err := src.Read(*buf)
		if n > 0 {
			s.moved.Add(int64(n))
			g.write((*buf)[:n])
		}
		if err != nil {
			return
		}
		if n == len(*buf) && pool == &little {
			pool.Put(buf)
			pool = &buffers
			buf = pool.Get().(*[]byte)
		}
	}
}

// wait collects the end of the command, delivers it, and stays until the far side has closed the session.
func (s *session) wait(ch xssh.Channel, reqs <-chan *xssh.Request) {
	var end ending
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for open := true; open; {
		select {
		case r, ok := <-reqs:
			if open = ok; !ok {
				break
			}
			if end.take(r) {
				quiet.Reset(heldQuiet)
			}
		case <-quiet.C:
			if s.held(ch, &end) {
				s.done <- outcome{Result: end.Result}
				ch.Close()
				drain(reqs)
				return
			}
			quiet.Reset(heldQuiet / 4)
		}
	}
	s.copies.Wait()
	s.done <- s.outcome(&end)
}

func (s *session) outcome(end *ending) outcome {
	if !end.known {
		return outcome{err: s.unknown(faultf(NoExit, "the host closed the session without an exit status"))}
	}
	if err := errors.Join(s.out.failed(), s.err.failed()); err != nil {
		e := dress(faultf(Output, "the command ended with %d, but its output could not be taken: %w", end.Exit, err), s.cn.host, s.cn.road.Addr, Output)
		e.sent = true
		return outcome{end.Result, e}
	}
	return outcome{Result: end.Result}
}

// held decides, after a quiet time, whether a child still holds the output. Before it says so it asks the server for an answer on
// this session: whatever the server had in hand comes before that answer.
func (s *session) held(ch xssh.Channel, end *ending) bool {
	now := s.moved.Load()
	if s.out.busy() || s.err.busy() || end.moved != now {
		end.moved, end.probe = now, nil
		return false
	}
	if end.probe == nil {
		probe := make(chan struct{})
		end.probe = probe
		s.cn.c.wg.Go(func() { ch.SendRequest("keepalive@openssh.com", true, nil); close(probe) })
		return false
	}
	select {
	case <-end.probe:
		end.Held = true
		return true
	default:
		return false
	}
}

// ending is what a session said about its command's end.
type ending struct {
	Result
	known bool
	moved int64
	probe chan struct{}
}

// signals maps RFC 4254 section 6.10's names to numbers; a name that is not in it gives 128.
var signals = map[string]int{"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15}

// take reads one request of the far side's; true when it told the end.
func (e *ending) take(r *xssh.Request) bool {
	defer r.Reply(false, nil)
	switch r.Type {
	case "exit-status":
		var m struct{ Status uint32 }
		if xssh.Unmarshal(r.Payload, &m) != nil || e.known {
			return false
		}
		e.Exit, e.known = int(m.Status), true
	case "exit-signal":
		var m struct {
			Signal     string
			Core       bool
			Text, Lang string
		}
		if xssh.Unmarshal(r.Payload, &m) != nil || e.known {
			return false
		}
		e.Signal, e.Core, e.Said = quote.Line(clip(m.Signal)), m.Core, quote.Line(clip(m.Text))
		e.Exit, e.known = 128+signals[m.Signal], true
	default:
		return false
	}
	return true
}

func drain(reqs <-chan *xssh.Request) {
	for r := range reqs {
		r.Reply(false, nil)
	}
}
