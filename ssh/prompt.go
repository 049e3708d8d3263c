package ssh

import (
	"context"
	"errors"
	"strings"

	"tend/inventory"
	"tend/quote"
)

// QuestionKind is what is being asked for.
type QuestionKind string

// The kinds of question.
const (
	AskPassphrase QuestionKind = "passphrase" // of a key file; serves every host that the key opens
	AskPassword   QuestionKind = "password"   // serves every host that asks the same user
	AskCode       QuestionKind = "code"       // keyboard-interactive, such as a one-time code: for this host only
	AskHostKey    QuestionKind = "host key"   // answer "yes" or the fingerprint itself to accept it; anything else declines
	AskTouch      QuestionKind = "touch"      // no answer: shown until its context ends, while a security key waits
)

// Question is one question to the person in charge. Every string in it is escaped: it may be drawn as it is.
type Question struct {
	Kind QuestionKind
	Host inventory.HostID // who made us ask
	Via  string           // the jump host that asks, where it is not Host itself
	Text string           // one line: "password of ops on db-0712"
	Note string           // what the host said with it; may have several lines
	Echo bool             // the answer may be shown as it is typed
	// Shared says that the answer will be sent to every host of this run that asks for the same.
	Shared bool
	// Attempt counts from 1; above 1 the last answer was wrong.
	Attempt int
	// KeyType, Fingerprint and Art describe the host key, or the key file that a passphrase is for.
	KeyType, Fingerprint, Art string
}

// Accepts reports whether an answer to AskHostKey accepts the key.
func (q Question) Accepts(answer string) bool {
	return strings.EqualFold(answer, "yes") || answer == q.Fingerprint
}

// ErrDeclined is what a Prompter returns when the person does not want to answer.
var ErrDeclined = errors.New("declined")

// A Prompter asks a person. Prompt returns when it has the answer or when ctx ends. A Client asks one question at a time, except
// that AskTouch is shown beside whatever is open.
type Prompter interface {
	Prompt(ctx context.Context, q Question) (answer string, err error)
}

// ask puts q to the Prompter, one question at a time.
func (c *Client) ask(ctx context.Context, q Question) (string, error) {
	q.Text, q.Note, q.Via = quote.Line(q.Text), quote.Text(q.Note), quote.Line(q.Via)
	if c.o.Prompter == nil {
		return "", faultf(NoPrompter, "needs an answer and there is no terminal to ask on: %s", q.Text)
	}
	if q.Kind != AskTouch {
		select {
		case c.asking <- struct{}{}:
			defer func() { <-c.asking }()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	return c.prompt(ctx, q)
}

// prompt does not trust the Prompter to watch its context.
func (c *Client) prompt(ctx context.Context, q Question) (string, error) {
	type reply struct {
		answer string
		err    error
	}
	got := make(chan reply, 1)
	if !c.own(func() {
		a, err := c.o.Prompter.Prompt(ctx, q)
		got <- reply{a, err}
	}) {
		return "", errClosed
	}
	select {
	case r := <-got:
		return r.answer, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
