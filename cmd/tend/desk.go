package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"tend/quote"
	"tend/runner"
	"tend/ssh"
)

// desk asks the person at this terminal what the road asks, for commands that are no runs: a shell, a look at a key, a file. Trust in an
// unknown host key is not given here; the error says how it is.
type desk struct {
	tty *os.File
	out io.Writer
}

// deskOf is the Prompter of this command: the terminal, where there is one and SSH_ASKPASS_REQUIRE does not send questions elsewhere.
func (a *app) deskOf() ssh.Prompter {
	f, ok := a.in.(*os.File)
	switch a.getenv("SSH_ASKPASS_REQUIRE") {
	case "force", "prefer":
		return nil
	}
	if !ok || !terminal(f) {
		return nil
	}
	return desk{f, a.err}
}

// Prompt is the road's. It waits as long as a run's question does, and leaves the terminal as it was.
func (d desk) Prompt(ctx context.Context, q ssh.Question) (string, error) {
	if q.Kind == ssh.AskHostKey {
		return "", ssh.ErrDeclined
	}
	ctx, cancel := context.WithTimeoutCause(ctx, runner.Patience, runner.ErrNobody)
	defer cancel()
	text := strings.TrimSpace(quote.Text(note(q)) + "\n" + quote.Line(q.Text))
	if q.Via != "" {
		text += " (asked by " + quote.Line(q.Via) + ")"
	}
	// A shell has made the terminal raw before its host asks: each line begins at the left all the same.
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if q.Kind == ssh.AskTouch {
		fmt.Fprint(d.out, text+"\r\n")
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	defer fmt.Fprint(d.out, "\r\n")
	return d.line(ctx, text+": ", q.Echo)
}

// line asks for one line and reads it, key by key, so that it can be given up at any time; ^C and ^D decline. What is typed is not shown by
// the terminal from before it is asked for.
func (d desk) line(ctx context.Context, ask string, echo bool) (string, error) {
	was, err := term.MakeRaw(int(d.tty.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(d.tty.Fd()), was) }()
	fmt.Fprint(d.out, ask)
	keys, done, err := lend(ctx, d.tty)
	if err != nil {
		return "", err
	}
	defer done()
	var word []byte
	defer func() { clear(word[:cap(word)]) }()
	one := make([]byte, 1)
	for {
		if _, err := keys.Read(one); err != nil {
			if ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
			return "", err
		}
		switch c := one[0]; c {
		case '\r', '\n':
			return string(word), nil
		case 3, 4:
			return "", ssh.ErrDeclined
		case 8, 127:
			if len(word) > 0 {
				_, n := utf8.DecodeLastRune(word)
				clear(word[len(word)-n:])
				word = word[:len(word)-n]
				d.show(echo, "\b \b")
			}
		case 21:
			d.show(echo, strings.Repeat("\b \b", utf8.RuneCount(word)))
			clear(word)
			word = word[:0]
		default:
			if c < ' ' || len(word) == 1024 {
				continue
			}
			word = grown(word, c)
			d.show(echo, string(one)) // a byte, which may be a part of a letter
		}
	}
}

func (d desk) show(echo bool, s string) {
	if echo {
		fmt.Fprint(d.out, s)
	}
}

// grown is append that leaves no copy of the word behind.
func grown(word []byte, c byte) []byte {
	if len(word) < cap(word) {
		return append(word, c)
	}
	more := make([]byte, len(word), 2*cap(word)+32)
	copy(more, word)
	clear(word)
	return append(more, c)
}
