package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// judge works a host's state out anew. The host must be out of the numbers meanwhile.
func (f *Fleet) judge(i int) {
	h := &f.hosts[i]
	h.turns = time.Time{}
	h.view.State, h.view.Reason, h.view.Stale = f.verdict(h)
	h.view.Pending = f.number(h, FactPending)
	h.view.Security = f.number(h, FactSecurity)
	reboot, ok := f.restart(h.facts)
	fresh := ok && f.touch(h, reboot.At)
	h.view.Reboot = fresh && truth(reboot.Fact.Value)
	h.view.NoReboot = fresh && !h.view.Reboot
	f.due(h.turns)
}

// verdict is the worst of the host's last run and its checks.
func (f *Fleet) verdict(h *host) (State, string, time.Time) {
	if h.verdict.Run == "" && h.view.Seen.IsZero() && len(h.facts) == 0 {
		return Never, "never seen", time.Time{}
	}
	state, reason, stale := f.checks(h)
	v := h.verdict
	if v.Run == "" {
		return state, reason, stale
	}
	what := strings.TrimSpace(v.Runbook + " " + string(v.Step))
	switch {
	case v.Outcome == journal.Unreachable:
		return Down, why("unreachable", v.Reason), time.Time{}
	case v.Outcome == journal.Refused && state != Fail:
		return Fail, why(what+" refused", v.Reason), time.Time{}
	case v.Outcome == journal.Failed && state != Fail:
		return Fail, why(what+" failed", v.Reason), time.Time{}
	case v.Outcome == journal.Unknown && Unknown.Rank() < state.Rank():
		return Unknown, why(what+" ended unseen", v.Reason), time.Time{}
	case v.Outcome == journal.Warned && state == OK:
		return Warn, why(what+" warned", v.Reason), time.Time{}
	}
	return state, reason, stale
}

func why(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}

// checks is the worst check; of several that are as bad the first by its words, of several that are stale the oldest. A stale one is unknown,
// unless its step has since run again without it: then it is gone.
func (f *Fleet) checks(h *host) (state State, reason string, stale time.Time) {
	state, seen := OK, false
	for i := range h.facts {
		k := &h.facts[i]
		if !k.Fact.Check {
			continue
		}
		s, fresh := stateOf(k.Fact.State), f.touch(h, k.At)
		if !fresh && f.replaced(h, k) {
			continue
		}
		seen = true
		switch {
		case !fresh:
			s = Unknown
		case f.overtaken(h, k):
			s = OK
		}
		if s == OK || s.Rank() > state.Rank() {
			continue // most are: no words are made of them
		}
		text, at := Words(k.Fact), time.Time{}
		switch {
		case fresh:
		case f.can(k.At):
			text, at = "not looked at", k.At
		default:
			text = "dated ahead of time: a clock was wrong"
		}
		if s != state || text < reason || text == reason && at.Before(stale) {
			state, reason, stale = s, text, at
		}
	}
	if !seen {
		return Unknown, "no health check yet", time.Time{}
	}
	return state, reason, stale
}

// restart is what was last learnt of whether a restart is due: health asks with a check, and a reboot or the facts say it with a fact. So a
// host that was restarted is not told to be, because a check said so before.
func (f *Fleet) restart(known facts) (journal.Known, bool) {
	check, ok := known.at(FactReboot)
	due, also := known.at(factRebootDue)
	if also && (!ok || journal.Replaces(due.At, check.At, f.limit())) {
		return due, true
	}
	return check, ok
}

// overtaken reports whether the check says that a restart is due, and something later that none is.
func (f *Fleet) overtaken(h *host, k *journal.Known) bool {
	if k.Fact.Key != FactReboot {
		return false
	}
	last, _ := f.restart(h.facts)
	return last.Fact.Key == factRebootDue && last.At != k.At && !truth(last.Fact.Value) && f.Fresh(last.At)
}

// touch reports whether something of the time at is fresh, and remembers when it will not be.
func (f *Fleet) touch(h *host, at time.Time) bool {
	ends := at.Add(f.Patience)
	if !f.now.Before(ends) {
		return false
	}
	can := f.can(at)
	if !can {
		ends = at.Add(-journal.Ahead) // the clock may be ours that is wrong: then it counts from there on
	}
	if h.turns.IsZero() || ends.Before(h.turns) {
		h.turns = ends
	}
	return can
}

func (f *Fleet) replaced(h *host, k *journal.Known) bool {
	for i := range h.facts {
		other := &h.facts[i]
		if other.Step == k.Step && other.Run != k.Run && f.Fresh(other.At) {
			return true
		}
	}
	return false
}

// fresh is the host's fact, where it is known and not stale.
func (f *Fleet) fresh(h *host, key string) (journal.Known, bool) {
	k, ok := h.facts.at(key)
	if !ok || !f.touch(h, k.At) {
		return journal.Known{}, false
	}
	return k, true
}

func (f *Fleet) number(h *host, key string) int {
	k, ok := f.fresh(h, key)
	if !ok {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(k.Fact.Value))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "1", "required":
		return true
	}
	return false
}

func stateOf(s runbooks.CheckState) State {
	switch s {
	case runbooks.CheckOK:
		return OK
	case runbooks.CheckWarn:
		return Warn
	case runbooks.CheckCrit:
		return Fail
	}
	return Unknown
}

// Words is a check in words: "disk:/var 97%: 2 GiB free of 80".
func Words(c runbooks.Fact) string {
	value := c.Amount()
	words := strings.TrimSpace(c.Key + " " + value)
	switch {
	case c.Text == "":
		return words
	case value == "":
		return words + " " + c.Text
	}
	return words + ": " + c.Text
}

// Age is a duration as screens show it, in two figures and a unit at most: "12s", "4m", "3h", "12d".
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
