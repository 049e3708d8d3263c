package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	xssh "golang.org/x/crypto/ssh"

	"tend/quote"
)

// asking puts a question to the person, with the login's clock standing still and its place given to another host.
func (l *login) asking(q Question) (string, error) {
	defer l.budget.pause()()
	l.place.yield()
	l.asked = true
	q.Host = l.t.host.Name
	if l.s.Batch {
		l.alone = true
		return "", faultf(NoPrompter, "BatchMode forbids to ask for: %s", q.Text)
	}
	answer, err := l.c.ask(l.ctx, q)
	var f *fault
	if errors.As(err, &f) && f.kind == NoPrompter {
		l.alone = true
	}
	return answer, err
}

func (l *login) password() (xssh.AuthMethod, error) {
	value, err := l.secret("password of "+l.s.User, "")
	if value == nil || err != nil {
		return nil, err
	}
	l.auth = "password"
	return xssh.Password(*value), nil
}

// secret returns the user's password: the one that serves all hosts or, where this host refused that one, its own. nil means that
// there is none to try: declined, nobody to ask, or as many were wrong as NumberOfPasswordPrompts allows.
func (l *login) secret(text, note string) (*string, error) {
	l.verdict(wrong) // asked again within one conversation: the last was wrong
	if l.logins++; l.logins > l.s.PasswordPrompts {
		return nil, nil
	}
	value, done, err := l.getSecret("password\x00"+l.s.User, Question{Kind: AskPassword, Text: text, Note: note, Shared: true})
	if err == nil && value == l.sent {
		done(untried)
		key := "password\x00" + l.s.User + "\x00" + string(l.t.host.Name)
		text += " on " + string(l.t.host.Name) + ", which refused the shared one"
		value, done, err = l.getSecret(key, Question{Kind: AskPassword, Text: text, Note: note})
	}
	if err != nil {
		return nil, l.pass(err)
	}
	if l.wire.dead.Load() {
		done(untried)
		return nil, io.EOF
	}
	l.sent, l.pending = value, done
	return &value, nil
}

func (l *login) getSecret(key string, q Question) (string, func(verdict), error) {
	defer l.budget.pause()() // waiting for another host's try costs us neither time nor a place
	l.place.yield()
	l.asked = true
	if l.s.Batch { // said here, so that this host's refusal to ask is not taken for everybody's
		l.alone = true
		return "", nil, faultf(NoPrompter, "BatchMode forbids to ask for: %s", q.Text)
	}
	return l.c.secrets.of(key).get(l.ctx, l.s.PasswordPrompts, func(attempt int) (string, error) {
		q.Attempt = attempt
		return l.asking(q)
	})
}

// pass notes that nobody answered, and goes on with the next method; only the end of the login itself is an error.
func (l *login) pass(err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	l.tried = append(l.tried, err.Error())
	return nil
}

func (l *login) interactive() (xssh.AuthMethod, error) {
	if l.talks++; l.talks > l.s.PasswordPrompts || l.mute || l.talks > 1 && !l.posed { // a host that asks nothing hears nothing new
		return nil, nil
	}
	l.auth = "keyboard-interactive"
	return xssh.KeyboardInteractive(l.challenge), nil
}

// challenge answers one round of keyboard-interactive (RFC 4256).
func (l *login) challenge(name, instruction string, questions []string, echos []bool) ([]string, error) {
	l.rounds++
	if l.rounds > maxRounds || len(questions) > maxPrompts {
		err := faultf(Protocol, "the server asks too much: round %d with %d questions", l.rounds, len(questions))
		l.abort(err)
		return nil, err
	}
	l.posed = l.posed || len(questions) > 0
	answers := make([]string, len(questions))
	note := strings.TrimSpace(clip(name) + "\n" + clip(instruction))
	for i, q := range questions {
		a, err := l.answer(clip(q), note, echos[i])
		if err != nil || a == nil {
			l.mute = true // do not begin another conversation that would end the same
			return nil, errors.Join(err, errNoAnswer)
		}
		answers[i] = *a
	}
	return answers, nil
}

var errNoAnswer = errors.New("no answer")

// clip bounds what a server can put before a person.
func clip(s string) string {
	const most = 1500
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}

var (
	isPassword = regexp.MustCompile(`(?i)\b(password|passwort|mot de passe|contraseña|wachtwoord)\b`)
	isCode     = regexp.MustCompile(`(?i)one[- ]?time|\b(otp|token|code|verification|challenge|new|expired|change)\b`)
)

// answer gets one answer. A hidden question for a password is the user's password, which hosts may share; all else is for this
// host alone, since a one-time code that serves twice is none.
func (l *login) answer(question, note string, echo bool) (*string, error) {
	if !echo && isPassword.MatchString(question) && !isCode.MatchString(question) {
		return l.secret("password of "+l.s.User, note)
	}
	text := fmt.Sprintf("%s asks %s: %s", l.t.host.Name, l.s.User, strings.TrimSpace(quote.Line(question)))
	a, err := l.asking(Question{Kind: AskCode, Text: text, Note: note, Echo: echo, Attempt: l.talks})
	if err != nil {
		return nil, l.pass(err)
	}
	return &a, nil
}
