package remote

import (
	"errors"
	"fmt"
	"strings"

	"tend/inventory"
	"tend/quote"
)

// Kind is what is known of a job that brought no exit code.
type Kind int

// The kinds. Of Refused, Keepless, Leased and Void it is certain that nothing was started; of all others nobody knows how the step ended.
const (
	// Refused: the host or we would not start it (full disk, missing tool, a password that sudo wants).
	Refused Kind = iota + 1
	// Keepless: the host cannot keep a detached step.
	Keepless
	// Leased: another run is at work on the host.
	Leased
	// Void: it was given up before it began, and can begin no more.
	Void
	// LostReboot: the host was restarted in mid-step.
	LostReboot
	// LostKilled: the step and its supervisor were killed; no exit code was recorded.
	LostKilled
	// Absent: nothing of it is on the host, and the host may have been restarted or reinstalled since it was ordered.
	Absent
	// Gone: it ended earlier, and its result was cleaned up.
	Gone
	// Hidden: the place where it would be cannot be looked into.
	Hidden
	// Torn: what the host holds or says does not fit together.
	Torn
	// LinkLost: the link was lost and cannot be taken up again; a detached step goes on without us.
	LinkLost
	// Unsaid: it was seen to end and its output is whole, but the host gave no exit status, as much network gear does.
	Unsaid
	// Left: we were told to stop following; the step goes on.
	Left
)

var kindWords = map[Kind]string{Refused: "refused", Keepless: "cannot keep a step", Leased: "leased", Void: "given up before it began", LostReboot: "lost in a reboot", LostKilled: "killed",
	Absent: "absent", Gone: "cleaned up", Hidden: "hidden", Torn: "torn", LinkLost: "link lost", Unsaid: "no exit status", Left: "left running"}

// String is the kind in words.
func (k Kind) String() string { return kindWords[k] }

// Error is why an order brought no exit code.
type Error struct {
	Kind Kind
	Host inventory.HostID
	Text string // for people; foreign bytes in it are escaped
	Fix  string // what to do about it, or ""
	Err  error  // the transport's, which names the host itself; or nil
}

// Error names the host once.
func (e *Error) Error() string {
	host := string(e.Host) + ": "
	if e.Err != nil {
		return host + e.Text + ": " + strings.TrimPrefix(e.Err.Error(), host)
	}
	return host + e.Text
}

// Unwrap gives the transport's error.
func (e *Error) Unwrap() error { return e.Err }

// Why is the text without the words that all errors of its kind begin with.
func (e *Error) Why() string { return strings.TrimPrefix(e.Text, noKeep) }

// NotStarted reports whether the step certainly never began.
func (e *Error) NotStarted() bool {
	return e.Kind == Refused || e.Kind == Keepless || e.Kind == Leased || e.Kind == Void
}

// Answered reports whether the step certainly never began though the host was there: it, or we, would not start it.
func (e *Error) Answered() bool { return e.NotStarted() && e.Err == nil }

// Ended reports that the step was seen to end, though not with what exit status.
func (e *Error) Ended() bool { return e.Kind == Unsaid }

// Hint is what to do about it.
func (e *Error) Hint() string {
	if e.Fix != "" || e.Err == nil {
		return e.Fix
	}
	var h interface{ Hint() string }
	if errors.As(e.Err, &h) {
		return h.Hint()
	}
	return ""
}

func fail(k Kind, h inventory.Host, text, fix string) *Error {
	return &Error{Kind: k, Host: h.Name, Text: quote.Line(text), Fix: fix}
}

// noKeep begins the text of every Keepless error.
const noKeep = "cannot keep a detached step: "

func keepless(h inventory.Host, why, fix string) *Error {
	return fail(Keepless, h, noKeep+why, fix+"; or say --attached "+string(h.Name)+": a lost link may then end its steps, and nobody knows how")
}

// lost is what each state of a job that brought no exit code means.
func lost(state string, h inventory.Host) *Error {
	switch state {
	case "lost-reboot":
		return fail(LostReboot, h, "the host was restarted while the step ran; how it ended is not known", "look at the host, then decide: repeat or skip the step")
	case "lost-killed":
		return fail(LostKilled, h, "the step was killed from outside (kill -9, out of memory); it left no exit code", "look at the host's kernel log, then decide: repeat or skip the step")
	case "void":
		return fail(Void, h, "the step was given up before it began", "")
	case "forsaken", "absent", "unclaimed":
		return fail(Absent, h, "nothing of the step is on the host, and it cannot be shown that the host was not restarted since the step was ordered",
			"look at the host, then decide: repeat or skip the step")
	case "gone":
		return fail(Gone, h, "the step ended earlier and its result was cleaned up", "look for its result in the journal of the console that ran it")
	case "hidden":
		return fail(Hidden, h, "the directory that would hold the step cannot be looked into", "was it started as root? ask as root")
	}
	return fail(Torn, h, fmt.Sprintf("the host reports a state that does not exist: %q", state), "")
}

func notStarted(err error) bool {
	var e interface{ NotStarted() bool }
	return errors.As(err, &e) && e.NotStarted()
}

func ended(err error) bool {
	var e interface{ Ended() bool }
	return errors.As(err, &e) && e.Ended()
}

// class is what kind of trouble the transport has, "" where it does not say: a link that was lost is one thing, and a login that is refused
// when it is made anew, as by a locked agent, another.
func class(err error) string {
	var e interface{ Class() string }
	if errors.As(err, &e) {
		return e.Class()
	}
	return ""
}

func permanent(err error) bool {
	var e interface{ Permanent() bool }
	return errors.As(err, &e) && e.Permanent()
}
