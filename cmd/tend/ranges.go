package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A number on the command line is of a range, and the range is said where it is left: -9 meant "all" to one command and "none" to
// another, and so many days that they are more than a time can hold were a time to come.

// span is what a flag takes, both ends included, as they are typed.
type span struct{ from, to string }

// spans are those of every flag that takes a number or a duration, by its name, or by its command's and its own where that command
// has a range of its own.
var spans = map[string]span{
	"canary":   {"-1", "1000000"},
	"chaos":    {"0", "1000"},
	"days":     {"1", "3660"},
	"drop-for": {"1s", "720h"},
	"first":    {"1", "1000"},
	"idle":     {"0s", "24h"},
	"limit":    {"0", "1000000"},
	"linger":   {"0s", "8760h"},
	"parallel": {"0", "1024"},
	"port":     {"0", "65535"},
	"seed":     {"0", "9007199254740991"}, // what a float64, and so JSON, holds exactly
	"speed":    {"0.01", "10000"},
	"wave":     {"0", "1048576"},
	"within":   {"1", "3660"},

	"rehearse speed": {"1", "1000"},
}

// spanOf is the range of a command's flag.
func spanOf(c *cobra.Command, f *pflag.Flag) (span, bool) {
	if s, ok := spans[c.Name()+" "+f.Name]; ok {
		return s, true
	}
	s, ok := spans[f.Name]
	return s, ok
}

// numeric tells whether a flag takes a number or a duration.
func numeric(f *pflag.Flag) bool {
	switch f.Value.Type() {
	case "int", "uint64", "float64", "duration":
		return true
	}
	return false
}

// keepSpans lets every numeric flag of the tree refuse what is outside of its span, and every flag that has one value a second one.
func keepSpans(c *cobra.Command) {
	keep := func(f *pflag.Flag) {
		if s, ok := spanOf(c, f); ok && numeric(f) {
			f.Value = spanned{Value: f.Value, span: s}
		}
		if numeric(f) || f.Value.Type() == "string" {
			f.Value = &once{Value: f.Value}
		}
	}
	c.Flags().VisitAll(keep) // its own: those of the commands above it come with the parsing
	c.PersistentFlags().VisitAll(keep)
	for _, sub := range c.Commands() {
		keepSpans(sub)
	}
}

// spanned is a flag's value that is set only to what is in its span.
type spanned struct {
	pflag.Value
	span
}

// errSpan is what wrongFlag says better.
var errSpan = errors.New("not in its range")

func (v spanned) Set(typed string) error {
	n, ok := v.amount(typed)
	from, _ := v.amount(v.from)
	to, _ := v.amount(v.to)
	if !ok || !(from <= n && n <= to) { // so written, since NaN is a number that is neither less nor more
		return errSpan
	}
	if v.Value.Set(typed) != nil {
		return errSpan
	}
	return nil
}

// once is a flag's value that is given once: of two the last would count, and nobody would hear of the first.
type once struct {
	pflag.Value
	given *string
}

// errTwice is what wrongFlag says better.
var errTwice = errors.New("given twice")

func (v *once) Set(typed string) error {
	if v.given != nil && *v.given != typed {
		return errTwice
	}
	v.given = &typed
	return v.Value.Set(typed)
}

// amount is what is typed as a number; durations are in seconds.
func (v spanned) amount(typed string) (float64, bool) {
	if v.Type() == "duration" {
		d, err := time.ParseDuration(typed)
		return d.Seconds(), err == nil
	}
	n, err := strconv.ParseFloat(typed, 64)
	return n, err == nil
}

// wrongValue says what a flag takes, in one line.
func wrongValue(c *cobra.Command, bad *pflag.InvalidValueError) error {
	f, hint := bad.GetFlag(), "see "+c.CommandPath()+" --help"
	value := f.Value
	if v, ok := value.(*once); ok {
		value = v.Value
		if errors.Is(bad, errTwice) {
			return usage("leave one of them out", "--%s is given twice, as %q and as %q", f.Name, *v.given, bad.GetValue())
		}
	}
	switch v, ok := value.(spanned); {
	case ok && v.Type() == "duration":
		return usage(hint, "--%s takes a time from %s to %s, and no %q", f.Name, v.from, v.to, bad.GetValue())
	case ok && v.Type() == "float64":
		return usage(hint, "--%s takes a number from %s to %s, and no %q", f.Name, v.from, v.to, bad.GetValue())
	case ok:
		return usage(hint, "--%s takes a whole number from %s to %s, and no %q", f.Name, v.from, v.to, bad.GetValue())
	case f.Value.Type() == "bool":
		return usage(hint, "--%s is given or not, and takes no %q", f.Name, bad.GetValue())
	}
	return usage(hint, "--%s takes no %q: %w", f.Name, bad.GetValue(), bad.Unwrap())
}
