package journal

import "fmt"

// Outcome is how a step, or a host's whole run, ended. The zero value is Unknown: what nobody saw end is not OK.
type Outcome int

// The outcomes.
const (
	Unknown     Outcome = iota // the truth cannot be known
	OK                         // exit 0, checks OK
	Warned                     // exit 0, and something to look at: a check WARN or UNKNOWN, or a failure that the step lets pass
	Failed                     // ran, and failed: exit code, a check CRIT, a time-out
	Unreachable                // certainly never started: the host was not reached, or let nobody in
	Skipped                    // not wanted: `when` did not match, or an operator skipped it
	Aborted                    // ended by an operator's decision
	Refused                    // certainly never started: the host was reached, and it, or tend, would not start it
)

var outcomes = [...]string{"unknown", "ok", "warn", "failed", "unreachable", "skipped", "aborted", "refused"}

// String is the outcome in one word.
func (o Outcome) String() string { return word(outcomes[:], int(o)) }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word; one that this build does not know is Unknown.
func (o *Outcome) UnmarshalText(b []byte) error {
	*o = Outcome(index(outcomes[:], string(b), 0))
	return nil
}

// Good reports whether the host may go on to its next step.
func (o Outcome) Good() bool { return o == OK || o == Warned || o == Skipped }

// Decision is what an operator decided.
type Decision string

// The decisions.
const (
	Pause     Decision = "pause" // start nothing new until Continue
	Continue  Decision = "continue"
	Approve   Decision = "approve"    // the next wave may open
	Abort     Decision = "abort"      // finish the steps that run, start nothing new
	AbortHard Decision = "abort_hard" // also signal the steps that run
	Retry     Decision = "retry"      // run the host's failed or unknown step again
	SkipHost  Decision = "skip_host"  // the host ends as skipped
	SkipStep  Decision = "skip_step"  // the host goes on behind its failed or unknown step
	Answer    Decision = "answer"     // a manual step is done, or not
)

// Result is how a run ended.
type Result int

// The results. Zero is "not ended".
const (
	Open       Result = iota
	Passed            // every host ended well
	SomeFailed        // some host failed, or was not reached
	Stopped           // too many failed: hosts remain that were never started
	WasAborted        // by decision
	Lost              // some host's truth is unknown
)

var results = [...]string{"open", "passed", "failed", "stopped", "aborted", "unknown"}

// String is the result in one word.
func (r Result) String() string { return word(results[:], int(r)) }

// MarshalText writes the word.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the word; one that this build does not know is Lost.
func (r *Result) UnmarshalText(b []byte) error {
	*r = Result(index(results[:], string(b), int(Lost)))
	return nil
}

// ExitCode is the process's exit code for the result: 0 passed, 1 some host failed, 3 aborted or unknown.
func (r Result) ExitCode() int {
	switch r {
	case Passed:
		return 0
	case SomeFailed, Stopped:
		return 1
	}
	return 3
}

func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return fmt.Sprintf("unknown(%d)", i)
	}
	return words[i]
}

func index(words []string, s string, none int) int {
	for i, w := range words {
		if w == s {
			return i
		}
	}
	return none
}
