package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"tend/inventory"
)

// What a talk with sudo, doas or su may end in.
var (
	errWrong   = errors.New("refused the password")
	errLate    = errors.New("stopped waiting for the password before it was given")
	errUnasked = errors.New("neither asked for a password nor let us in")
	errLines   = errors.New("a password with control characters cannot be sent")
)

// patience is how long such a program may say nothing: a PAM module that asks in words of its own would wait for ever.
const patience = 30 * time.Second

// password asks for the password, and never gives the same wrong one twice: hosts lock users out.
func (k *Keeper) password(ctx context.Context, h inventory.Host, d *dialog) (string, error) {
	if k.o.Secrets == nil {
		return "", &secretError{errors.New("there is nobody to ask")}
	}
	s, err := k.o.Secrets(ctx, h, h.Become)
	if err != nil {
		return "", &secretError{err}
	}
	d.given = true
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errLines
	}
	if wrong := k.memo(place{h.Name, true}).wrong; wrong != "" && wrong == digest(s) {
		return "", errWrong
	}
	return s, nil
}

// secretError is that whoever was asked for a password gave none.
type secretError struct{ err error }

func (e *secretError) Error() string { return "no password was given: " + e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

func isDialog(err error) bool {
	var d *secretError
	return errors.Is(err, errWrong) || errors.Is(err, errLate) || errors.Is(err, errUnasked) || errors.Is(err, errLines) || errors.As(err, &d)
}

// dialogError is a talk that failed: the script was never sent.
func dialogError(h inventory.Host, said string, err error) *Error {
	switch {
	case errors.Is(err, errUnasked):
		return fail(Refused, h, h.Become+" "+err.Error()+": "+lastLine(said), "log in by hand and try "+h.Become+" there; a second factor cannot be given here")
	case errors.Is(err, errLate):
		return fail(Refused, h, h.Become+" "+err.Error(), "try the step again")
	case errors.Is(err, errWrong):
		return fail(Refused, h, h.Become+" "+err.Error(), "give the right password; this one is not tried again")
	case errors.Is(err, errLines):
		return fail(Refused, h, err.Error(), "a password is one line, without control characters")
	}
	return fail(Refused, h, h.Become+" wants a password; "+err.Error(), "give it when asked, or allow this user to become root without one")
}

// tell says what became of the password, once.
func (k *Keeper) tell(h inventory.Host, d *dialog, v Verdict) {
	if d.given {
		d.given = false
		k.o.Told(h, h.Become, v)
	}
}

// talkEnd judges a talk in which the host did not let us in; err is the session's own. The password that was sent then is not sent again.
func (k *Keeper) talkEnd(h inventory.Host, d *dialog, through bool, said string, err error) error {
	err = k.talkError(h, d, through, said, err)
	v := Unjudged
	if errors.Is(err, errWrong) {
		v = Wrong
	}
	k.tell(h, d, v)
	return err
}

func (k *Keeper) talkError(h inventory.Host, d *dialog, through bool, said string, err error) error {
	if d.failed() != nil {
		err = d.failed()
	}
	switch {
	case through || !d.asked || err != nil && !errors.Is(err, errWrong):
		return err
	case strings.Contains(said, "timed out"):
		return errLate
	}
	k.at(place{h.Name, true}, func(m *memo) { m.wrong = d.sum })
	if err == nil && refuses.MatchString(said) {
		return errWrong
	}
	return err
}

// refuses matches what sudo, doas and su say of a wrong password. What else they end with (an account that expired, somebody who is not in
// sudoers) says itself what it is.
var refuses = regexp.MustCompile(`(?i)incorrect password|authentication fail|authentication error|sorry|no password was provided|a password is required`)

// asks finds where a question for the password ends in what a program wrote so far; -1 where there is none yet.
type asks func(seen []byte) int

// nonceAsks is the question of a program that asks in our words.
func nonceAsks(prompt string) asks {
	return func(seen []byte) int {
		if i := bytes.Index(seen, []byte(prompt)); i >= 0 {
			return i + len(prompt)
		}
		return -1
	}
}

// question is how su and doas ask, which have words of their own: the end of a line that is not over, in the C locale.
var question = regexp.MustCompile(`(?i)password[^\r\n]{0,200}: ?$`)

// terminalAsks is a question in such words. What came before our line is a profile's, and asks for nothing.
func terminalAsks(nonce string) asks {
	begin, begun := []byte(nonce+" P"), false
	return func(seen []byte) int {
		if !begun {
			i := bytes.Index(seen, begin)
			if i < 0 {
				return -1
			}
			begun, seen = true, seen[i+len(begin):]
		}
		if question.Match(seen) {
			return len(seen)
		}
		return -1
	}
}

// dialog watches what a program that asks for a password writes: the first question gets it, a second one means that it was wrong.
type dialog struct {
	asks     asks
	in       *feed
	ask      func() (string, error)
	patience time.Duration // from the program's first word; it does not run while a person is asked
	end      func()        // ends a session that does not end with its input; may be nil

	seen  []byte
	given bool // somebody has given a password, and wants to hear what became of it
	asked bool
	sum   string // digest of the password that was sent

	mu    sync.Mutex
	timer *time.Timer
	ended bool
	err   error
}

// keptTalk is how much of what was said is looked at for a question.
const keptTalk = 4 << 10

func (d *dialog) Write(p []byte) (int, error) {
	d.wait()
	d.seen = append(d.seen, p...)
	for {
		i := d.asks(d.seen)
		if i < 0 {
			break
		}
		d.seen = d.seen[:copy(d.seen, d.seen[min(i, len(d.seen)):])]
		d.answer()
	}
	if n := len(d.seen) - keptTalk; n > 0 {
		d.seen = d.seen[:copy(d.seen, d.seen[n:])]
	}
	return len(p), nil
}

// wait starts the clock, and starts it again at each word.
func (d *dialog) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.ended:
	case d.timer == nil:
		d.timer = time.AfterFunc(d.patience, func() { d.fail(errUnasked) })
	default:
		d.timer.Reset(d.patience)
	}
}

// rest stops the clock while a person thinks.
func (d *dialog) rest() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *dialog) over() {
	d.rest()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
}

func (d *dialog) answer() {
	if d.asked {
		d.fail(errWrong)
		return
	}
	d.rest()
	s, err := d.ask()
	if err != nil {
		d.fail(err)
		return
	}
	d.asked, d.sum = true, digest(s)
	d.in.add(s + "\n")
	d.wait()
}

// fail ends the program's input, on which it gives up, and where that is a terminal the session.
func (d *dialog) fail(err error) {
	d.mu.Lock()
	if d.err == nil && !d.ended {
		d.err = err
	}
	d.mu.Unlock()
	d.in.close()
	if d.end != nil {
		d.end()
	}
}

func (d *dialog) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// gate passes nothing on before the mark's line, and all that comes after it. Before hears what is not passed on; nil = nobody.
type gate struct {
	mark   string
	out    io.Writer
	before io.Writer
	open   func()
	line   []byte
	past   bool
}

func (g *gate) Write(p []byte) (int, error) {
	n := len(p)
	for !g.past && len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			g.line = append(g.line, p[:min(len(p), maxLine-min(maxLine, len(g.line)))]...)
			return n, g.overhear(p)
		}
		g.line = append(g.line, p[:min(i, maxLine-min(maxLine, len(g.line)))]...)
		g.past = string(g.line) == g.mark
		if !g.past {
			if err := g.overhear(p[:i+1]); err != nil {
				return 0, err
			}
		}
		g.line, p = g.line[:0], p[i+1:]
		if g.past {
			g.open()
		}
	}
	if len(p) == 0 {
		return n, nil
	}
	if _, err := g.out.Write(p); err != nil {
		return 0, err
	}
	return n, nil
}

func (g *gate) overhear(p []byte) error {
	if g.before == nil {
		return nil
	}
	_, err := g.before.Write(p)
	return err
}
