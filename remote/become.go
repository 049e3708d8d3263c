package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"tend/inventory"
)

// shell is the command that starts sh for h. Root needs no help from anyone. The words carry no "!" and nest no quotes, so that
// tcsh and fish as login shells pass them on as they are.
func shell(h inventory.Host, become bool) string {
	if !become {
		return "exec /bin/sh -s"
	}
	how := `echo "not root, and the inventory names no way to become it" >&2; exit 77`
	switch h.Become {
	case "sudo":
		how = "exec sudo -n -- /bin/sh -s"
	case "doas":
		how = "exec doas -n /bin/sh -s"
	}
	return asRoot("exec /bin/sh -s", how)
}

func asRoot(already, how string) string {
	return `exec /bin/sh -c 'test "$(id -u)" = 0 && ` + already + `; ` + how + `'`
}

// askingShell is the command for a sudo that asks on standard error with our prompt, reads the password from standard input, and says
// our mark once we are root. A password sent blindly to a sudo that wants none would reach the shell.
func askingShell(nonce string) string {
	mark := `exec /bin/sh -c "echo; echo ` + nonce + ` M; exec /bin/sh -s"`
	return asRoot(mark, "exec sudo -S -p "+nonce+"-password: -- "+strings.TrimPrefix(mark, "exec "))
}

// session runs c as the user that it wants to be. Sudo is first asked whether it lets us in without a password.
func (k *Keeper) session(ctx context.Context, c call, nonce string) (exit int, said string, err error) {
	asks := c.become && c.host.Become == "sudo" && k.o.Secrets != nil
	if !asks || !k.memo(place{c.host.Name, true}).password {
		in := newFeed()
		c.open(in)
		exit, said, err = k.exec(ctx, c, shell(c.host, c.become), in, nil)
		if !asks || err != nil || exit != 1 || c.began() {
			return exit, said, err
		}
	}
	return k.askedSession(ctx, c, nonce)
}

// askedSession holds sh's input back until sudo has let us in.
func (k *Keeper) askedSession(ctx context.Context, c call, nonce string) (exit int, said string, err error) {
	in := newFeed()
	d := &dialog{prompt: []byte(nonce + "-password:"), in: in, patience: 30 * time.Second}
	d.ask = func() (string, error) { return k.password(ctx, c.host) }
	through := false
	c.out = &gate{mark: nonce + " M", out: c.out, open: func() {
		through = true
		d.over()
		k.at(place{c.host.Name, true}, func(m *memo) { m.password = true })
		c.open(in)
	}}
	exit, said, err = k.exec(ctx, c, askingShell(nonce), in, d)
	d.over()
	said = strings.TrimSpace(strings.ReplaceAll(said, string(d.prompt), ""))
	switch {
	case d.failed() != nil:
		err = d.failed()
	case err == nil && !through && d.asked && !strings.Contains(said, "sudoers"):
		err = errWrong
	}
	if errors.Is(err, errWrong) && d.sum != "" {
		k.at(place{c.host.Name, true}, func(m *memo) { m.wrong = d.sum })
	}
	return exit, said, err
}

// What a dialog with sudo may end in.
var (
	errWrong   = errors.New("sudo refused the password")
	errUnasked = errors.New("sudo neither asked for a password nor let us in")
	errLines   = errors.New("a password of more than one line cannot be sent")
)

// password asks for the password, and never gives the same wrong one twice: hosts lock users out.
func (k *Keeper) password(ctx context.Context, h inventory.Host) (string, error) {
	s, err := k.o.Secrets(ctx, h, "sudo")
	if err != nil {
		return "", &secretError{err}
	}
	if strings.ContainsAny(s, "\n\r\x00") {
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

// dialogError is a talk with sudo that failed: the script was never sent.
func dialogError(h inventory.Host, said string, err error) *Error {
	if errors.Is(err, errUnasked) {
		return fail(Refused, h, err.Error()+": "+lastLine(said), "log in by hand and try sudo there; a second factor cannot be given here")
	}
	return fail(Refused, h, err.Error(), "give the right password; this one is not tried again")
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
}

// dialog watches sudo's standard error for our prompt: the first one gets the password, a second one means that it was wrong.
type dialog struct {
	prompt   []byte
	in       *feed
	ask      func() (string, error)
	patience time.Duration // from sudo's first word; a PAM module that asks in words of its own would wait for ever

	seen  []byte
	asked bool
	sum   string // digest of the password that was sent

	mu    sync.Mutex
	timer *time.Timer
	ended bool
	err   error
}

func (d *dialog) Write(p []byte) (int, error) {
	d.wait()
	d.seen = append(d.seen, p...)
	for {
		i := bytes.Index(d.seen, d.prompt)
		if i < 0 {
			break
		}
		d.seen = d.seen[i+len(d.prompt):]
		d.answer()
	}
	if n := len(d.seen) - len(d.prompt); n > 0 {
		d.seen = d.seen[n:]
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

func (d *dialog) over() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *dialog) answer() {
	if d.asked {
		d.fail(errWrong)
		return
	}
	s, err := d.ask()
	if err != nil {
		d.fail(err)
		return
	}
	d.asked, d.sum = true, digest(s)
	d.in.add(s + "\n")
	d.wait()
}

// fail ends sudo's input, on which it gives up.
func (d *dialog) fail(err error) {
	d.mu.Lock()
	if d.err == nil && !d.ended {
		d.err = err
	}
	d.mu.Unlock()
	d.in.close()
}

func (d *dialog) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// gate passes nothing on before the mark's line, and all that comes after it.
type gate struct {
	mark string
	out  io.Writer
	open func()
	line []byte
	past bool
}

func (g *gate) Write(p []byte) (int, error) {
	n := len(p)
	for !g.past && len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			g.line = append(g.line, p[:min(len(p), maxLine-min(maxLine, len(g.line)))]...)
			return n, nil
		}
		g.line = append(g.line, p[:min(i, maxLine-min(maxLine, len(g.line)))]...)
		g.past = string(g.line) == g.mark
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

// refusal turns a session that ended before sh said anything into words: sh was certainly never given the script, or never ran it.
func refusal(c call, exit int, said string) *Error {
	text := lastLine(said)
	low := strings.ToLower(text)
	switch {
	case c.become && strings.Contains(low, "password"):
		return fail(Refused, c.host, c.host.Become+" wants a password: "+text, "give it when asked, or allow this user to become root without one")
	case c.become:
		return fail(Refused, c.host, fmt.Sprintf("could not become root (exit %d): %s", exit, text), "try `"+c.host.Become+" -n true` on the host")
	}
	return fail(Refused, c.host, fmt.Sprintf("/bin/sh did not start (exit %d): %s", exit, text), "log in by hand and run /bin/sh; network gear wants shell = \"none\"")
}
