package remote

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"tend/inventory"
)

// shell is the command that starts sh for h. Root needs no help from anyone. The words carry no "!" and nest no quotes, so that
// tcsh and fish as login shells pass them on as they are.
func shell(h inventory.Host, become bool) string {
	if !become {
		return "exec /bin/sh -s"
	}
	how := fmt.Sprintf(`echo "not root, and the inventory names no way to become it" >&2; exit %d`, notRoot)
	switch h.Become {
	case "sudo":
		how = "exec sudo -n -- /bin/sh -s"
	case "doas":
		how = "exec doas -n /bin/sh -s"
	case "su":
		how = fmt.Sprintf(`echo "su asks on a terminal" >&2; exit %d`, notRoot)
	}
	return asRoot("exec /bin/sh -s", how)
}

// notRoot is the exit code of a login that is not root and gets there in no way that asks nothing.
const notRoot = 77

func asRoot(already, how string) string {
	return `exec /bin/sh -c 'test "$(id -u)" = 0 && ` + already + `; ` + how + `'`
}

// askingShell is the command for a sudo that asks on standard error with our prompt, reads the password from standard input, and says
// our mark once we are root. A password sent blindly to a sudo that wants none would reach the shell.
func askingShell(nonce string) string {
	mark := `exec /bin/sh -c "echo; echo ` + nonce + ` M; exec /bin/sh -s"`
	return asRoot(mark, "exec sudo -S -p "+nonce+"-password: -- "+strings.TrimPrefix(mark, "exec "))
}

// session runs c as the user that it wants to be. Whatever gives root is first asked whether it lets us in without a password; su is not,
// but a login that is root already needs no su.
func (k *Keeper) session(ctx context.Context, c call, nonce string) (exit int, said string, err error) {
	if c.line != "" {
		return k.exec(ctx, c, c.line, nil, nil)
	}
	talk := k.memo(place{c.host.Name, true}).talk
	if !c.become || talk == talkNone {
		in := newFeed()
		c.open(in)
		exit, said, err = k.exec(ctx, c, shell(c.host, c.become), in, nil)
		if !c.become || err != nil || exit == 0 || c.began() {
			return exit, said, err
		}
		if talk = k.wants(c.host, exit, said); talk == talkNone {
			return exit, said, err
		}
		k.at(place{c.host.Name, true}, func(m *memo) { m.talk = talk })
	}
	if talk == talkTerminal {
		return k.again(func() (int, string, error) { return k.terminalSession(ctx, c, nonce) })
	}
	return k.again(func() (int, string, error) { return k.askedSession(ctx, c, nonce) })
}

// The ways to talk to what gives root: not at all, over standard input, on a terminal.
const (
	talkNone = iota
	talkInput
	talkTerminal
)

// wants is the way in which h wants to be talked to, after what it said to the first try.
func (k *Keeper) wants(h inventory.Host, exit int, said string) int {
	low := strings.ToLower(said)
	switch {
	case h.Become == "su" && exit == notRoot:
		return talkTerminal
	case exit != 1:
		return talkNone
	case h.Become == "sudo" && strings.Contains(low, "must have a tty"):
		return talkTerminal
	case k.o.Secrets == nil:
		return talkNone
	case h.Become == "sudo":
		return talkInput
	case h.Become == "doas" && (strings.Contains(low, "authentic") || strings.Contains(low, "password")):
		return talkTerminal
	}
	return talkNone
}

// again talks a second time where the host had not the patience for a person's answer: that answer is there now.
func (k *Keeper) again(talk func() (int, string, error)) (exit int, said string, err error) {
	exit, said, err = talk()
	if errors.Is(err, errLate) {
		return talk()
	}
	return exit, said, err
}

// askedSession holds sh's input back until sudo has let us in.
func (k *Keeper) askedSession(ctx context.Context, c call, nonce string) (exit int, said string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := newFeed()
	prompt := nonce + "-password:"
	d := &dialog{asks: nonceAsks(prompt), in: in, patience: k.o.patience}
	d.end = func() { time.AfterFunc(k.o.patience, cancel) } // sudo ends with its input; what a PAM module of it waits for may be something else
	d.ask = func() (string, error) { return k.password(ctx, c.host, d) }
	through := false
	c.out = &gate{mark: nonce + " M", out: c.out, open: func() {
		through = true
		d.over()
		k.tell(c.host, d, Right)
		c.open(in)
	}}
	exit, said, err = k.exec(ctx, c, askingShell(nonce), in, d)
	d.over()
	said = strings.TrimSpace(strings.ReplaceAll(said, prompt, ""))
	return exit, said, k.talkEnd(c.host, d, through, said, err)
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
}

// reasonLimit is how much of a host's last line, which may have megabytes, stands in an error.
const reasonLimit = 300

// refusal turns a session that ended before sh said anything into words: sh was certainly never given the script, or never ran it.
func refusal(c call, exit int, said string) *Error {
	text := lastLine(said)
	low := strings.ToLower(text)
	if len(text) > reasonLimit {
		text = strings.ToValidUTF8(text[:reasonLimit], "") + "…"
	}
	switch {
	case c.become && strings.Contains(low, "password"):
		return fail(Refused, c.host, c.host.Become+" wants a password: "+text, "nobody was asked for it: start it at a terminal and without --detach, or allow this user to become root without one")
	case c.become && c.host.Become == "":
		return fail(Refused, c.host, "could not become root: "+text, `say become = "sudo", "doas" or "su" in the inventory, or log in as root`)
	case c.become && c.host.Become == "su":
		return fail(Refused, c.host, fmt.Sprintf("could not become root (exit %d): %s", exit, text), "try `su root -c id` on the host")
	case c.become:
		return fail(Refused, c.host, fmt.Sprintf("could not become root (exit %d): %s", exit, text), "try `"+c.host.Become+" -n true` on the host")
	}
	if text == "" {
		text = "the host said nothing about it"
	}
	return fail(Refused, c.host, fmt.Sprintf("/bin/sh did not start (exit %d): %s", exit, text), "log in by hand and run /bin/sh; network gear wants shell = \"none\"")
}
