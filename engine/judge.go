package engine

import (
	"errors"
	"fmt"
	"strings"

	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// judge says how a script's attempt ended, in events. None means that nothing is known to have ended: the step is left on its host,
// for a resume to find.
func (a *attempt) judge(exit int, err error) []journal.Body {
	end, why := a.verdict(journal.Unknown, ""), a.why()
	if err != nil && why == 0 && a.ctx.Err() != nil {
		return nil // the step is left on its host; what the mask holds back is read again by a resume
	}
	if errors.Is(err, journal.ErrNotSaved) {
		a.broken = err // the hands record roads themselves
		return nil
	}
	_ = a.tap.close(a.ctx) // an error is the context's, which the switch looks at
	switch {
	case err == nil:
		return a.ran(exit, why)
	case NotStarted(err):
		end.Outcome, end.Again, end.Reason = notBegun(err), true, a.reason(err)
	case why == timedOut && a.job == "":
		end.Outcome, end.Exit, end.Reason = a.failed(), -1, "timed out after "+a.limit().String()
	case why == timedOut:
		end.Reason, err = "timed out after "+a.limit().String()+a.leftBehind(), stray(a.job)
	case why == aborted && a.job == "":
		end.Outcome, end.Reason = journal.Aborted, "the run was aborted; the step only reads"
	case why == aborted:
		end.Reason, err = "the run was aborted"+a.leftBehind(), stray(a.job)
	case sawEnd(err) && a.step.Risk == runbooks.Read:
		end.Outcome, end.Exit, end.Reason = journal.Warned, -1, a.reason(err)
	default:
		end.Reason = a.reason(err)
	}
	end.Hint = Hint(err)
	return []journal.Body{end}
}

// ran judges a script that ran to its end: by its exit code, by what it emitted, and by whether it was made to end.
func (a *attempt) ran(exit int, why ending) []journal.Body {
	facts, warnings, output := a.emitted()
	end := a.verdict(journal.OK, "")
	end.Exit = exit
	switch state := a.e.opt.Verdict; {
	case why == timedOut && exit != 0:
		end.Outcome, end.Reason = a.failed(), fmt.Sprintf("timed out after %s; ended with exit %d", a.limit(), exit)
	case why == aborted && exit != 0:
		end.Outcome, end.Reason = journal.Aborted, fmt.Sprintf("the run was aborted; its process group was signalled and ended with exit %d", exit)
	case exit != 0 && a.step.Emits == "checks" && state(facts) == runbooks.CheckCrit: // they say why; its last line may be one that is well
		end.Outcome, end.Reason = a.failed(), fmt.Sprintf("exit %d: %s", exit, checks(facts, runbooks.CheckCrit))
	case exit != 0:
		end.Outcome, end.Reason = a.failed(), exitReason(exit, *a.step, output)
	case a.step.Emits == "checks" && state(facts) == runbooks.CheckCrit:
		end.Outcome, end.Reason = a.failed(), checks(facts, runbooks.CheckCrit)
	case a.step.Emits == "checks" && state(facts) != runbooks.CheckOK:
		end.Outcome, end.Reason = journal.Warned, checks(facts, runbooks.CheckUnknown, runbooks.CheckWarn)
	case len(warnings) > 0:
		end.Outcome, end.Reason = journal.Warned, warnings[0]
	}
	var bodies []journal.Body
	if len(facts) > 0 {
		bodies = append(bodies, journal.FactsRead{Host: a.host.Name, Step: a.step.ID, Facts: facts})
	}
	for _, w := range warnings {
		bodies = append(bodies, journal.Remarked{Host: a.host.Name, Step: a.step.ID, Text: w})
	}
	return append(bodies, end)
}

// emitted reads what the step told of its host.
func (a *attempt) emitted() (facts []runbooks.Fact, warnings []string, output []byte) {
	output, cut := a.tap.kept.bytes()
	if a.step.Emits == "" {
		return nil, nil, output
	}
	facts, warnings = a.e.opt.Parse(*a.step, output)
	if cut {
		warnings = append(warnings, fmt.Sprintf("the output is longer than %d KiB: what it tells in its middle was not read", 2*keepFacts>>10))
	}
	return facts, warnings, output
}

func (a *attempt) verdict(o journal.Outcome, reason string) journal.StepEnded {
	end := journal.StepEnded{Host: a.host.Name, Step: a.step.ID, Attempt: a.n, Outcome: o, Exit: -1, Reason: reason}
	if o == journal.OK {
		end.Exit = 0
	}
	return end
}

// failed is the outcome of a failure, which the step may let pass.
func (a *attempt) failed() journal.Outcome {
	return failure(a.step, &journal.StepState{Attempt: a.n, Free: a.free})
}

// notBegun is the outcome of what certainly never began: a host that answers is reachable, whatever keeps the step from beginning there.
func notBegun(err error) journal.Outcome {
	var e interface{ Answered() bool }
	if errors.As(err, &e) && e.Answered() {
		return journal.Refused
	}
	return journal.Unreachable
}

// leftBehind says what may still be on the host, and whether it heard that it was to end.
func (a *attempt) leftBehind() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := "; job " + a.job + " was signalled, and may still run on the host"
	if !a.signalled {
		s = "; job " + a.job + " could not be signalled, and may still run on the host"
	}
	if a.trouble != "" {
		s += " (" + quote.Line(a.trouble) + ")"
	}
	return s
}

// stray is a job that was let go of before its end. Its end is recorded as unknown: no resume looks for it any more.
type stray string

func (s stray) Error() string { return "let go of job " + string(s) }

// Hint is where a person finds it.
func (s stray) Hint() string { return "look whether it still runs there: ps -ef | grep " + string(s) }

// reason is an error for people. The host stands beside it wherever it is shown, and hosts that fail alike are told on one line: its
// name is not said again.
func (a *attempt) reason(err error) string {
	return strings.TrimPrefix(quote.Line(err.Error()), quote.Line(string(a.host.Name))+": ")
}

// exitReason is the exit code with the last words of the output: most programs say there what went wrong.
func exitReason(exit int, step runbooks.Step, output []byte) string {
	s := fmt.Sprintf("exit %d", exit)
	last := runbooks.LastLine(step, output)
	if len(last) == 0 {
		return s
	}
	return s + ": " + quote.Line(string(last[:min(len(last), 200)]))
}

// checks names the checks in the given states, the first three of them.
func checks(facts []runbooks.Fact, states ...runbooks.CheckState) string {
	var parts []string
	for _, s := range states {
		for _, f := range facts {
			if f.Check && f.State == s {
				parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Key, s, f.Amount(), f.Text)))
			}
		}
	}
	if len(parts) == 0 {
		return "no check was reported"
	}
	for i, p := range parts {
		parts[i] = quote.Line(strings.Join(strings.Fields(p), " "))
	}
	return strings.Join(firstFew(parts, 3), "; ")
}
