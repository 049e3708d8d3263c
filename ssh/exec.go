package ssh

import (
	"context"
	"errors"
	"io"
	"strings"

	"tend/inventory"
)

// Command is one command and its three streams. A nil Stdin is empty; a nil writer discards.
type Command struct {
	Line   string // what the host's login shell gets
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// Subsystem asks for the subsystem named Line instead of running a command.
	Subsystem bool
	// PTY asks for a terminal; with it, an empty Line is the login shell, and stderr comes with stdout.
	PTY *PTY
}

// PTY is a terminal on the host.
type PTY struct {
	Term       string // "xterm-256color"
	Rows, Cols int
	Resize     <-chan Size // may be nil; the session reads it until its end
}

// Size is that of a terminal, in characters.
type Size struct{ Rows, Cols int }

// Shell runs the login shell of the host on a terminal, or cmd if it is not empty.
func (c *Client) Shell(ctx context.Context, h inventory.Host, cmd string, p PTY, stdin io.Reader, stdout io.Writer) (Result, error) {
	return c.Run(ctx, h, Command{Line: cmd, Stdin: stdin, Stdout: stdout, PTY: &p})
}

// Result is how a command ended.
type Result struct {
	Exit   int    // its exit status; 128 + the signal's number where a signal ended it
	Signal string // "KILL", without SIG; "" where none did
	Core   bool   // it dumped core
	Said   string // what the host said about the signal, escaped
	// Held says that the command ended while a child of it still held its output open: we did not wait for that child.
	Held bool
}

// Exec runs cmd on the host and streams its output. A non-zero exit with a nil error means that it ran and failed. An error means
// that we do not know how it ended, unless NotStarted is true of it.
//
// When ctx ends, the command gets SIGTERM as far as the host allows and Exec returns at once. A Write that is under way then may go
// on if it takes longer than a second; none begins afterwards. A Read of stdin that is under way is not waited for.
func (c *Client) Exec(ctx context.Context, h inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	r, err := c.Run(ctx, h, Command{Line: cmd, Stdin: stdin, Stdout: stdout, Stderr: stderr})
	return r.Exit, err
}

// ExecTerminal is Exec on a terminal of the host, for programs that read a password from nothing else. What is written to either stream
// comes to out; the end of in is not the end of the terminal's input.
func (c *Client) ExecTerminal(ctx context.Context, h inventory.Host, cmd string, in io.Reader, out io.Writer) (exit int, err error) {
	r, err := c.Run(ctx, h, Command{Line: cmd, Stdin: in, Stdout: out, PTY: &PTY{Term: "dumb", Rows: 24, Cols: 80}})
	return r.Exit, err
}

// Run is Exec with all that is known about the end.
func (c *Client) Run(ctx context.Context, h inventory.Host, cmd Command) (Result, error) {
	t := target{key: hostKeyOf(h.Name), host: h}
	for try := 0; ; try++ {
		cn, kept, err := c.reach(ctx, t)
		if err != nil {
			return Result{}, err
		}
		r, err := cn.run(ctx, cmd)
		if kept && try < 2 && errors.Is(err, errStale) {
			continue // the kept link had died while idle; nothing was sent, so a new one is as good
		}
		if err != nil {
			return r, dress(err, h.Name, cn.road.Addr, LinkLost)
		}
		return r, nil
	}
}

// errStale marks the loss of a connection before the command was sent on it.
var errStale = errors.New("the connection was lost before the command was sent")

// lineMax is how long a command line may be for a server that is not OpenSSH, in bytes. No implementation has to take packets of more than 32 KiB
// (RFC 4253 section 6.1): dropbear ends the connection at one, and takes 9000 bytes of a command (MAX_CMD_LEN in its sysoptions.h).
// OpenSSH takes packets of 256 KiB (PACKET_MAX_SIZE in its packet.h).
const lineMax = 8 << 10

// takes says whether the server takes a command line of so many bytes.
func (cn *conn) takes(n int) bool {
	return n <= lineMax || strings.HasPrefix(string(cn.x.ServerVersion()), "SSH-2.0-OpenSSH")
}

// run takes a seat on the connection and carries the command out.
func (cn *conn) run(ctx context.Context, cmd Command) (Result, error) {
	if !cn.takes(len(cmd.Line)) {
		return Result{}, dress(faultf(LongLine, "a command line of %d bytes is more than its server takes", len(cmd.Line)), cn.host, cn.road.Addr, LongLine)
	}
	for {
		mine, err := cn.seats.take(ctx)
		if err != nil {
			return Result{}, dress(err, cn.host, cn.road.Addr, Cancelled)
		}
		r, err := cn.session(ctx, cmd, mine)
		if !errors.Is(err, errFull) {
			return r, err
		}
	}
}

// errFull marks a session that the server had no place for, while others are open.
var errFull = errors.New("no more sessions on this connection")

// session runs the command on a seat, which is given back when the far side has closed the session.
func (cn *conn) session(ctx context.Context, cmd Command, mine seat) (Result, error) {
	cn.use(1)
	s := &session{cn: cn, cmd: cmd, seat: mine, done: make(chan outcome, 1)}
	s.out, s.err = newGates(cmd.Stdout, cmd.Stderr)
	if !cn.c.own(func() { defer cn.use(-1); s.run() }) {
		cn.use(-1)
		cn.seats.release()
		return Result{}, errClosed
	}
	select {
	case o := <-s.done:
		s.out.close()
		s.err.close()
		return o.Result, o.err
	case <-ctx.Done():
		sent := s.abort()
		s.out.close()
		s.err.close()
		e := dress(context.Cause(ctx), cn.host, cn.road.Addr, Cancelled)
		e.sent = sent
		return Result{}, e
	}
}
