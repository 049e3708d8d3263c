package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// The facts by which a reboot is found again after its runner died. Their Text names the attempt, since a host's facts outlive a step.
const (
	rebootBefore  = "reboot.before"  // the boot's identity, durable before the restart is ordered
	rebootOrdered = "reboot.ordered" // the restart was ordered
	rebootAfter   = "reboot.after"   // the identity that it came back with
)

// The bounds of the wait between two looks at a host that restarts.
const (
	firstLook = 2 * time.Second
	lastLook  = 30 * time.Second
	lookTime  = time.Minute // for one question: a host that goes down may leave a connection frozen
)

// reboot restarts the host and proves that it is another boot that came back:
//
//	identity before, durable → restart ordered → polled with back-off until the identity is there and is another one
//
// Losing the connection is expected, and is not success. An error that is Permanent (a changed host key) ends it at once.
func (a *attempt) reboot() []journal.Body {
	if !a.adopted || a.before == "" {
		if end := a.orderRestart(); end != nil {
			return end
		}
		return a.awaitBoot(false)
	}
	return a.awaitBoot(!a.ordered)
}

// orderRestart records who the host is now, and has it restart.
func (a *attempt) orderRestart() []journal.Body {
	id, err := a.identity()
	if err == nil && id == "" {
		err = errors.New("the host does not tell which boot this is")
	}
	if err != nil {
		return a.notRestarted(err)
	}
	a.before = id
	if a.record(a.trace(rebootBefore, id)) != nil || a.ctx.Err() != nil {
		return a.interrupted(false)
	}
	return a.restart()
}

func (a *attempt) identity() (id string, err error) {
	err = a.within(lookTime, func(ctx context.Context) error {
		id, err = a.e.reb.Identity(ctx, a.host)
		if err != nil && ctx.Err() != nil && a.ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", lookTime) // in words that are not those of an end of ours
		}
		return err
	})
	return id, err
}

func (a *attempt) restart() []journal.Body {
	err := a.within(lookTime, func(ctx context.Context) error { return a.e.reb.Restart(ctx, a.host) })
	if err != nil && (NotStarted(err) || permanent(err)) {
		return a.notRestarted(err)
	}
	// Any other error is the connection going down with the host, or looks like it. Whether it restarts is seen, not believed.
	_ = a.record(a.trace(rebootOrdered, "yes"))
	return nil
}

// awaitBoot looks at the host until it is another boot. Where the restart may not have been ordered, and the old boot still answers
// after Settle, it is ordered once: a host that is going down anyway takes no harm from it.
func (a *attempt) awaitBoot(unsure bool) []journal.Body {
	start, look := a.e.opt.Clock.Now(), firstLook
	last := errNotSeen
	for {
		if !unsure && !a.sleep(look) {
			return a.interrupted(true, last)
		}
		id, err := a.identity()
		if a.ctx.Err() == nil { // a look that our own end broke off tells nothing of the host
			last = err
		}
		switch {
		case a.ctx.Err() != nil:
			return a.interrupted(true, last)
		case permanent(err):
			return a.failedBoot(err)
		case err == nil && id != "" && id != a.before:
			return a.booted(id)
		case err == nil && unsure && a.e.opt.Clock.Now().Sub(start) >= a.e.opt.Settle:
			unsure = false
			if end := a.restart(); end != nil {
				return end
			}
		case unsure && !a.sleep(look):
			return a.interrupted(true, last)
		}
		look = min(2*look, lastLook)
	}
}

// errNotSeen stands for what the first look would have told.
var errNotSeen = errors.New("it was not looked at since")

func (a *attempt) booted(id string) []journal.Body {
	return []journal.Body{a.trace(rebootAfter, id), a.verdict(journal.OK, "")}
}

// notRestarted ends a reboot that was certainly not ordered.
func (a *attempt) notRestarted(err error) []journal.Body {
	if a.ctx.Err() != nil {
		return a.interrupted(false, err)
	}
	end := a.verdict(notBegun(err), a.reason(err))
	end.Again, end.Hint = true, Hint(err)
	if permanent(err) {
		end.Outcome, end.Again = journal.Failed, false
	}
	return []journal.Body{end}
}

func (a *attempt) failedBoot(err error) []journal.Body {
	end := a.verdict(journal.Failed, "after the restart: "+a.reason(err))
	end.Exit, end.Hint = -1, Hint(err)
	return []journal.Body{end}
}

// interrupted ends a reboot whose context ended: by its time-out, by an abort, or with the runner (no end at all).
func (a *attempt) interrupted(ordered bool, last ...error) []journal.Body {
	text := "the restart was not ordered"
	if ordered {
		text = "the restart was ordered, and the host still answers as the same boot"
	}
	for _, err := range last {
		if err != nil && !errors.Is(err, context.Canceled) {
			text = "the restart was ordered, and the host has not come back: " + quote.Line(err.Error())
		}
	}
	switch a.why() {
	case timedOut:
		end := a.verdict(a.failed(), fmt.Sprintf("timed out after %s: %s", a.limit(), text))
		end.Exit = -1
		return []journal.Body{end}
	case aborted:
		return []journal.Body{a.verdict(journal.Aborted, "the run was aborted: "+text)}
	}
	return nil
}

// trace is a fact by which a resume finds this attempt's reboot.
func (a *attempt) trace(key, value string) journal.FactsRead {
	return journal.FactsRead{Host: a.host.Name, Step: a.step.ID, Facts: []runbooks.Fact{{Key: key, Value: value, Text: a.name()}}}
}

func (a *attempt) name() string { return fmt.Sprintf("%s, attempt %d", a.step.ID, a.n) }

// rebootTraces reads what an earlier runner recorded of this attempt.
func rebootTraces(facts map[string]runbooks.Fact, a *attempt) (before string, ordered bool) {
	f, g := facts[rebootBefore], facts[rebootOrdered]
	if f.Text == a.name() {
		before = f.Value
	}
	return before, g.Text == a.name()
}

// permanent reports whether trying again cannot help: a changed host key.
func permanent(err error) bool {
	var e interface{ Permanent() bool }
	return errors.As(err, &e) && e.Permanent()
}
