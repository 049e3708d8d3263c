package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyNumber calls f with each numeric flag of the command tree.
func everyNumber(c *cobra.Command, f func(c *cobra.Command, flag *pflag.Flag)) {
	c.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if numeric(flag) {
			f(c, flag)
		}
	})
	for _, sub := range c.Commands() {
		everyNumber(sub, f)
	}
}

// TestEveryNumberHasItsRange: what is outside of a numeric flag's range, or no number, is a usage error in one line that says the range;
// both ends of it are taken.
func TestEveryNumberHasItsRange(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	n := 0
	everyNumber(a.root(), func(c *cobra.Command, flag *pflag.Flag) {
		n++
		where := c.CommandPath() + " --" + flag.Name
		s, ok := spanOf(c, flag)
		if !ok {
			t.Errorf("%s has no range", where)
			return
		}
		if flag.DefValue != "0" { // which may say that it was not given
			if err := c.ParseFlags([]string{"--" + flag.Name + "=" + flag.DefValue}); err != nil {
				t.Errorf("%s does not take its own default: %v", where, err)
			}
		}
		parse := func(typed string) error {
			if v, ok := flag.Value.(*once); ok {
				v.given = nil
			}
			return c.ParseFlags([]string{"--" + flag.Name + "=" + typed})
		}
		for _, good := range []string{s.from, s.to} {
			if err := parse(good); err != nil {
				t.Errorf("%s does not take %s: %v", where, good, err)
			}
		}
		for _, wrong := range []string{"-9", "-9s", "99999999", "99999999h", "1e300", "99999999999999999999999", "NaN", "Inf", "0x10", "1,5", "three", ""} {
			err := parse(wrong)
			if err == nil {
				if flag.Name == "seed" && wrong == "99999999" {
					continue // it is in that range
				}
				t.Errorf("%s takes %q", where, wrong)
				continue
			}
			said := c.FlagErrorFunc()(c, err)
			if got := said.Error(); (&app{streams: streams{err: io.Discard}}).report(said) != 2 || strings.Contains(got, "\n") || !strings.Contains(got, " from "+s.from+" to "+s.to) {
				t.Errorf("%s=%q: exit %d, %s", where, wrong, (&app{streams: streams{err: io.Discard}}).report(said), got)
			}
		}
	})
	if n < 15 {
		t.Errorf("%d numeric flags were found: the walk does not see them", n)
	}
}
