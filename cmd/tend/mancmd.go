package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tend/quote"
)

// manCmd is for whoever makes packages.
func (a *app) manCmd() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a directory", Args: cobra.ExactArgs(1), Hidden: true,
		Example: "  tend man /usr/local/share/man/man1",
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return bad(err)
			}
			date := a.buildDate()
			head := &doc.GenManHeader{Title: "TEND", Section: "1", Source: "tend " + buildVersion(), Manual: "tend", Date: &date}
			if err := doc.GenManTree(c.Root(), head, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "wrote the manual pages into %s\n", quote.Line(args[0]))
			return nil
		},
	}
}

// buildDate is $SOURCE_DATE_EPOCH where it is set (https://reproducible-builds.org/specs/source-date-epoch/), so that a package is the
// same whenever it is built.
func (a *app) buildDate() time.Time {
	if s, err := strconv.ParseInt(a.getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(s, 0).UTC()
	}
	return a.now()
}
