package userland

import (
	"time"

	"tend/lab/kernel"
)

// Tool is the frame that this package's commands stand on, for tools elsewhere: options as in getopt, buffered output, complaints in
// GNU's form and the exit status.
type Tool struct{ t *tool }

// Start parses args against spec: letters, each followed by ":" where it takes a value; a leading "+" stops at the first operand.
func Start(p *kernel.Proc, args []string, spec string, long map[string]byte) (*Tool, bool) {
	t, ok := start(p, args, spec, long)
	return &Tool{t}, ok
}

// Usage is what a command does after an option that it does not know.
func (t *Tool) Usage(status int) int { return t.t.bad(status) }

// Has reports whether any of the letters was given; Val and All give values.
func (t *Tool) Has(letters string) bool { return t.t.has(letters) }
func (t *Tool) Val(c byte) string       { return t.t.val(c) }
func (t *Tool) All(c byte) []string     { return t.t.all(c) }

// Args are the operands.
func (t *Tool) Args() []string { return t.t.args }

// Proc is the process.
func (t *Tool) Proc() *kernel.Proc { return t.t.p }

// Printf writes to the buffered standard output.
func (t *Tool) Printf(format string, a ...any) { t.t.printf(format, a...) }

// Flush hands on what was written so far.
func (t *Tool) Flush() { t.t.out.Flush() }

// Fail complains, and makes the status at least 1.
func (t *Tool) Fail(format string, a ...any) { t.t.fail(format, a...) }

// Status sets the exit status.
func (t *Tool) Status(n int) { t.t.status = n }

// End flushes and gives the status.
func (t *Tool) End() int { return t.t.end() }

// CommandName is a process's name, as in /proc/PID/comm.
func CommandName(i kernel.Info) string { return comm(i) }

// ParseDate reads what date -d takes.
func ParseDate(s string, now time.Time) (time.Time, bool) { return parseDate(s, now) }

// MatchGlob is fnmatch without flags.
func MatchGlob(pat, s string) bool { return matchGlob(pat, s) }
