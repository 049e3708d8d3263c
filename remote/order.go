package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"tend/inventory"
	"tend/quote"
)

// Order is one attempt at a step. Its fields are those of engine.Order, so that one converts into the other.
type Order struct {
	Host   inventory.Host
	Script string // complete: what goes to sh
	Become bool
	// Private says that the script holds a secret: nobody who may list the host's processes may see it.
	Private bool
	// Job is the detached job's name on the host, "" = attached. It was journalled before the order is given.
	Job string
	// Offset is how much output is recorded already.
	Offset int64
	// Adopt says that the job was ordered before: find it, and start it only where it certainly never began.
	Adopt bool
	// Changes says that the step changes something; whoever gives the order has claimed the host.
	Changes bool
}

// Carry runs the order to its end, over as many connections as that takes, and returns the step's exit code. Output goes to sink piece
// by piece with its offset, in order, without a gap and without a repeat; an error from sink ends the order at once with that
// error, and a detached job goes on without us. Other errors are an *Error, or the transport's where nothing was sent.
func (k *Keeper) Carry(ctx context.Context, o Order, sink func(offset int64, p []byte) error) (exit int, err error) {
	switch {
	case o.Job == "" && o.Host.Shell == "none":
		return k.command(ctx, o, sink)
	case o.Job == "":
		return k.attached(ctx, o, sink)
	case o.Host.Shell == "none":
		return 0, fail(Refused, o.Host, "a host without a shell cannot keep a detached step", "run the step attached, or drop shell = \"none\"")
	}
	if err := checkJob(o.Host, o.Job); err != nil {
		return 0, err
	}
	return k.detached(ctx, o, sink)
}

// command sends the text as it is, for machines that have no sh. Their two streams come as they come.
func (k *Keeper) command(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	out := &pour{off: o.Offset, sink: sink}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out.cancel = cancel
	exit, err := k.t.Exec(ctx, o.Host, o.Script, strings.NewReader(""), out, out)
	if out.err != nil {
		return 0, out.err
	}
	switch {
	case ended(err):
		return 0, fail(Unsaid, o.Host, "the device closed the command without an exit status, as many do; its output is whole", "read what it printed: the device says nothing else about how it went")
	case err != nil:
		return 0, attachedLoss(ctx, o.Host, err)
	}
	return exit, nil
}

// pour numbers the bytes that pass to a sink. Two streams may write to it.
type pour struct {
	mu     sync.Mutex
	off    int64
	sink   func(int64, []byte) error
	cancel context.CancelCauseFunc
	err    error
}

func (p *pour) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return 0, p.err
	}
	if len(b) == 0 {
		return 0, nil
	}
	if p.err = p.sink(p.off, b); p.err != nil {
		if p.cancel != nil {
			p.cancel(p.err)
		}
		return 0, p.err
	}
	p.off += int64(len(b))
	return len(b), nil
}

// attached runs the step in one session, one round trip.
func (k *Keeper) attached(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	nonce := k.o.Nonce()
	line := k.inLine(o, nonce)
	script := ""
	if line == "" {
		var err error
		if script, err = compose(vars{{"t_n", nonce}, {"t_body", whole(o.Script)}}, "attached"); err != nil {
			return 0, fail(Refused, o.Host, "the script cannot be sent: "+err.Error(), "")
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &pour{off: o.Offset, sink: sink}
	r := &rawStream{nonce: nonce, out: out}
	over := &linger{after: drain, cancel: cancel}
	defer over.stop()
	r.ended = over.start
	c := call{host: o.Host, become: o.Become, out: r, began: func() bool { return r.phase > 0 },
		open: func(in *feed) { in.add(script); in.close() }, line: line}
	exit, said, err := k.session(ctx, c, nonce)
	switch {
	case out.err != nil:
		return 0, out.err
	case r.phase == rawOver: // whatever became of the session, the step ended
		if over.struck() {
			k.o.Remark(o.Host.Name, "", "the step left something behind that holds its output open; what that writes is not recorded")
		}
		return r.exit, nil
	case line != "" && class(err) == "long line" && notStarted(err):
		k.tooLong(o.Host)
		return k.attached(ctx, o, sink)
	case err != nil && !r.began():
		return 0, k.unreached(ctx, c, said, err)
	case err != nil:
		return 0, attachedLoss(ctx, o.Host, err)
	case !r.began():
		return 0, refusal(c, exit, said)
	}
	if err := r.flush(); err != nil {
		return 0, err
	}
	return 0, fail(LinkLost, o.Host, fmt.Sprintf("the session ended (exit %d) before the step did", exit), "the step may have been killed; it is not known how it ended")
}

// maxArgv is how long a command line with a script in it may be. execve(2) takes 128 KiB in one argument on Linux, and a forced command gets the
// line again in its environment.
const maxArgv = 96 << 10

// inLine is the command line that holds the whole script, "" where it must go by standard input. In the line it costs one round trip
// less: input may be sent only once the host has accepted the command.
func (k *Keeper) inLine(o Order, nonce string) string {
	if o.Become || o.Private || k.isBrief(o.Host) {
		return ""
	}
	body, err := k.coded(o.Script)
	if err != nil {
		return ""
	}
	line, err := quote.Argv(carrier(), nonce, body)
	if err != nil || len(line) > maxArgv {
		return ""
	}
	return line
}

// tooLong remembers that a host gets its scripts by standard input.
func (k *Keeper) tooLong(h inventory.Host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.brief[h.Name] = true
}

func (k *Keeper) isBrief(h inventory.Host) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.brief[h.Name]
}

// carrier is the script that runs another, which is its second word; its first is the nonce. To the other it looks as if there were no words.
var carrier = sync.OnceValue(func() string {
	return "t_n=$1\nt_body=$(printf '%b.' \"$2\")\nt_body=${t_body%.}\nset --\n" + part("attached") + "exit 0\n"
})

// maxCoded is how many scripts are kept coded: a run's steps, of which many hosts get the same.
const maxCoded = 16

// coded is the script as it travels in a line. It is made once for all hosts that get the same.
func (k *Keeper) coded(script string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c, ok := k.lines[script]; ok {
		return c, nil
	}
	c, err := quote.Coded(whole(script))
	if err != nil {
		return "", err
	}
	if len(k.lines) >= maxCoded {
		clear(k.lines)
	}
	k.lines[script] = c
	return c, nil
}

// whole ends a script with a newline: a here-document wants one.
func whole(script string) string {
	if strings.HasSuffix(script, "\n") {
		return script
	}
	return script + "\n"
}

// unreached is the error of a session in which sh said nothing.
func (k *Keeper) unreached(ctx context.Context, c call, said string, err error) error {
	if isDialog(err) {
		return dialogError(c.host, said, err)
	}
	return attachedLoss(ctx, c.host, err)
}

func attachedLoss(ctx context.Context, h inventory.Host, err error) error {
	if notStarted(err) {
		return err
	}
	kind, text := LinkLost, "the link was lost in mid-step; how the step ended is not known"
	if h.Shell == "none" {
		text = "the device hung up, or the link was lost, before an exit status came; how the step ended is not known"
	}
	if ctx.Err() != nil {
		kind, text = Left, "stopped waiting in mid-step; how the step ended is not known"
	}
	return &Error{Kind: kind, Host: h.Name, Text: text, Err: err}
}

// The phases of a raw stream: before our first line, the step's output, the exit code's line, and what a daemon writes afterwards.
const (
	rawBefore = iota
	rawOutput
	rawCode
	rawOver
)

// rawStream finds the step's output in an attached session: all between the line "NONCE A" and the line "NONCE E exit". It holds
// back no more than what could be the beginning of that last line.
type rawStream struct {
	nonce string
	out   io.Writer
	ended func()
	phase int
	exit  int
	buf   []byte
}

func (r *rawStream) began() bool { return r.phase > rawBefore }

func (r *rawStream) Write(p []byte) (int, error) {
	r.buf = append(r.buf, p...)
	for {
		phase := r.phase
		if err := r.step(); err != nil {
			return 0, err
		}
		if r.phase == phase {
			return len(p), nil
		}
	}
}

func (r *rawStream) step() error {
	switch r.phase {
	case rawBefore:
		r.before()
	case rawOutput:
		return r.output()
	case rawCode:
		return r.code()
	case rawOver:
		return r.flush()
	}
	return nil
}

func (r *rawStream) before() {
	for {
		i := bytes.IndexByte(r.buf, '\n')
		if i < 0 {
			if len(r.buf) > maxLine { // a foreign line, and too long to be ours
				r.buf = append(r.buf[:0], 'x')
			}
			return
		}
		line := string(r.buf[:i])
		r.buf = r.buf[i+1:]
		if line == r.nonce+" A" {
			r.phase = rawOutput
			return
		}
	}
}

func (r *rawStream) output() error {
	mark := []byte("\n" + r.nonce + " E ")
	i := bytes.Index(r.buf, mark)
	if i >= 0 {
		r.phase = rawCode
		return r.emit(i, len(mark))
	}
	// What could still become the mark stays.
	keep := min(len(r.buf), len(mark)-1)
	for keep > 0 && !bytes.HasPrefix(mark, r.buf[len(r.buf)-keep:]) {
		keep--
	}
	return r.emit(len(r.buf)-keep, 0)
}

// emit hands on n bytes and skips the next few.
func (r *rawStream) emit(n, skip int) error {
	if n > 0 {
		if _, err := r.out.Write(r.buf[:n]); err != nil {
			return err
		}
	}
	r.buf = append(r.buf[:0], r.buf[n+skip:]...)
	return nil
}

func (r *rawStream) code() error {
	i := bytes.IndexByte(r.buf, '\n')
	if i < 0 {
		if len(r.buf) > maxLine {
			return errFrame
		}
		return nil
	}
	n, err := strconv.Atoi(string(r.buf[:i]))
	if err != nil || n < 0 || n > 255 {
		return fmt.Errorf("%w: no exit code", errFrame)
	}
	r.exit, r.phase = n, rawOver
	r.buf = r.buf[i+1:]
	r.ended()
	return nil
}

// flush hands on what was held back.
func (r *rawStream) flush() error { return r.emit(len(r.buf), 0) }
