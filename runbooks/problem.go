package runbooks

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a runbook's file, or with what Resolve was asked for. Line and Col count from 1, Col in
// characters; both are 0 where there is no file to point into.
type Problem struct {
	Source  string // the file as it was named to Parse; "" = not about a file
	Line    int
	Col     int
	Message string
	Advice  string // what to do about it; "" = nothing to add
}

// Error is the problem on one line: "patch.toml:12:3: unknown key "scirpt"".
func (p Problem) Error() string {
	switch {
	case p.Source != "" && p.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", p.Source, p.Line, p.Col, p.Message)
	case p.Source != "":
		return p.Source + ": " + p.Message
	default:
		return p.Message
	}
}

// Hint says what to do about it, or "".
func (p Problem) Hint() string { return p.Advice }

// Problems are all that is wrong, in the file's order.
type Problems []Problem

// Error is one line a problem, with its advice on the line below.
func (ps Problems) Error() string {
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.Error())
		if p.Advice != "" {
			lines = append(lines, "  "+p.Advice)
		}
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each problem as an error, for errors.As.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// refuse adds a problem that belongs to no file.
func (ps *Problems) refuse(advice, format string, args ...any) {
	*ps = append(*ps, Problem{Message: fmt.Sprintf(format, args...), Advice: advice})
}

// err is the problems as an error, nil where there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Nearest is the candidate that s was probably meant to be, or "": at most a third of its letters differ, two at least allowed.
func Nearest(s string, candidates []string) string {
	best, bestD := "", len(s)
	for _, c := range candidates {
		if d := distance(s, c); d < bestD && d <= max(2, len(c)/3) {
			best, bestD = c, d
		}
	}
	return best
}

// didYouMean is the advice that goes with an unknown name.
func didYouMean(s string, candidates []string) string {
	if n := Nearest(s, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(candidates) == 0 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}

// distance is the optimal string alignment distance: edits, and swaps of neighbours, count one each.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var d [65][65]int
	for i := 0; i <= len(a); i++ {
		for j := 0; j <= len(b); j++ {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				cost := 1
				if a[i-1] == b[j-1] {
					cost = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}
