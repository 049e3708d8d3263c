package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/quote"
)

// manCmd is for whoever makes packages.
func (a *app) manCmd() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a directory", Args: cobra.ExactArgs(1), Hidden: true,
		Example: "  tend man /usr/local/share/man/man1",
		RunE: func(c *cobra.Command, args []string) error {
			date, err := a.buildDate()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return bad(err)
			}
			if err := writeManPages(c.Root(), args[0], date); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "wrote the manual pages into %s\n", quote.Line(args[0]))
			return nil
		},
	}
}

// writeManPages writes a page for a command and for each below it: tend-run.1.
func writeManPages(c *cobra.Command, dir string, date time.Time) error {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(manPage(c, buildVersion(), date)), 0o644); err != nil {
		return err
	}
	for _, sub := range c.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := writeManPages(sub, dir, date); err != nil {
			return err
		}
	}
	return nil
}

// buildDate is $SOURCE_DATE_EPOCH where it is set (https://reproducible-builds.org/specs/source-date-epoch/), so that a package is the
// same whenever it is built. One that is no number is refused, as that page asks for: a build that should be reproducible would not be.
func (a *app) buildDate() (time.Time, error) {
	text := a.getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return a.now(), nil
	}
	s, err := strconv.ParseInt(text, 10, 64)
	if err != nil || s < 0 || s > 253402300799 { // the last second of year 9999
		return time.Time{}, usage("unset it, or give whole seconds since 1970", "SOURCE_DATE_EPOCH is %q, which is no time", text)
	}
	return time.Unix(s, 0).UTC(), nil
}
