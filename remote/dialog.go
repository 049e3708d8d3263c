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

// moreError is that the password was not all that was asked for. Whether it was right is not known: PAM may ask for everything before it
// says no. Words are the program's, where it had any of its own.
type moreError struct{ words string }

func (e *moreError) Error() string {
	if e.words == "" {
		return "asks for more than the password"
	}
	return "asks for more than the password: " + e.words
}

// patience is how long such a program may say nothing: a PAM module that asks in words of its own would wait for ever. moreAfter is how long a
// line that looks like another question may be all that came after the password.
const (
	patience  = 30 * time.Second
	moreAfter = 2 * time.Second
)

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
	if m := k.memo(place{h.Name, true}); m.wrong != "" && m.wrong == digest(s) {
		return "", m.why
	}
	return s, nil
}

// secretError is that whoever was asked for a password gave none.
type secretError struct{ err error }

func (e *secretError) Error() string { return "no password was given: " + e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

func isDialog(err error) bool {
	var d *secretError
	var more *moreError
	return errors.As(err, &more) || errors.Is(err, errWrong) || errors.Is(err, errLate) || errors.Is(err, errUnasked) || errors.Is(err, errLines) || errors.As(err, &d)
}

// dialogError is a talk that failed: the script was never sent.
func dialogError(h inventory.Host, said string, err error) *Error {
	var more *moreError
	switch {
	case errors.As(err, &more):
		return fail(Refused, h, h.Become+" "+err.Error(), "a second factor cannot be given here: log in by hand, or allow this user to become root without one")
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
	if more := (*moreError)(nil); errors.As(err, &more) && d.asked {
		k.at(place{h.Name, true}, func(m *memo) { m.wrong, m.why = d.sum, err })
	}
	switch {
	case through || !d.asked || err != nil && !errors.Is(err, errWrong):
		return err
	case strings.Contains(said, "timed out"):
		return errLate
	}
	k.at(place{h.Name, true}, func(m *memo) { m.wrong, m.why = d.sum, errWrong })
	if err == nil && refuses.MatchString(said) {
		return errWrong
	}
	return err
}

// refuses matches what sudo, doas and su say of a wrong password. What else they end with (an account that expired, somebody who is not in
// sudoers) says itself what it is.
var refuses = regexp.MustCompile(`(?i)incorrect password|authentication fail|authentication error|sorry|no password was provided|a password is required`)

// asks finds where a question for the password begins and ends in what a program wrote so far; an end of -1 where there is none yet.
type asks func(seen []byte) (begin, end int)

// nonceAsks is the question of a program that asks in our words.
func nonceAsks(prompt string) asks {
	return func(seen []byte) (int, int) {
		if i := bytes.Index(seen, []byte(prompt)); i >= 0 {
			return i, i + len(prompt)
		}
		return 0, -1
	}
}

// question is how su and doas ask, which have words of their own: the end of a line that is not over, in the C locale. Anything may be
// asked by more.
var (
	question = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)password[^\r\n]{0,200}: ?$`) }) // dear to compile, and most runs ask nobody
	more     = regexp.MustCompile(`[^\r\n]*[:?>] ?$`)
)

// terminalAsks is a question in such words. What came before our line is a profile's, and asks for nothing.
func terminalAsks(nonce string) asks {
	begin, begun := []byte(nonce+" P"), false
	return func(seen []byte) (int, int) {
		from := 0
		if !begun {
			i := bytes.Index(seen, begin)
			if i < 0 {
				return 0, -1
			}
			begun, from = true, i+len(begin)
		}
		if !question().Match(seen[from:]) {
			return 0, -1
		}
		return max(from, bytes.LastIndexAny(seen, "\r\n")+1), len(seen)
	}
}

// dialog watches what a program that asks for a password writes: the first question gets it. A second one behind words of the program's
// means that it was wrong; without a word between, that something else is wanted as well.
type dialog struct {
	asks     asks
	in       *feed
	ask      func() (string, error)
	patience time.Duration // from the program's first word; it does not run while a person is asked
	end      func()        // ends a session that does not end with its input; may be nil

	seen  []byte
	words bool // it has said something since the answer
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
	d.wait(d.patience, errUnasked)
	d.seen = append(d.seen, p...)
	for {
		begin, end := d.asks(d.seen)
		if end < 0 {
			break
		}
		before, asked := d.seen[:begin], string(d.seen[begin:end])
		d.words = d.words || len(bytes.TrimSpace(before)) > 0
		d.seen = d.seen[:copy(d.seen, d.seen[end:])]
		d.answer(asked)
	}
	if n := len(d.seen) - keptTalk; n > 0 {
		d.seen, d.words = d.seen[:copy(d.seen, d.seen[n:])], true
	}
	if q := more.Find(d.seen); d.asked && q != nil {
		d.wait(min(d.patience, moreAfter), &moreError{strings.TrimSpace(string(q))})
	}
	return len(p), nil
}

// wait starts the clock, and starts it again at each word; after that long without another, err is what came of the talk.
func (d *dialog) wait(long time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(long, func() { d.fail(err) })
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

// answer gives the password, once. The words of a second question are shown where they are not ours.
func (d *dialog) answer(asked string) {
	if d.asked {
		d.fail(d.again(asked))
		return
	}
	d.rest()
	s, err := d.ask()
	if err != nil {
		d.fail(err)
		return
	}
	d.asked, d.words, d.sum = true, false, digest(s)
	d.in.add(s + "\n")
	d.wait(d.patience, errUnasked)
}

func (d *dialog) again(asked string) error {
	if d.words {
		return errWrong
	}
	if !question().MatchString(asked) || !strings.Contains(strings.TrimSpace(asked), " ") {
		asked = ""
	}
	return &moreError{strings.TrimSpace(asked)}
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
