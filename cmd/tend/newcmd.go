package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"tend/quote"
)

//go:embed start/inventory.toml
var startInventory string

//go:embed start/runbook.toml
var startRunbook string

var bookName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A[a-z][a-z0-9-]{0,63}\z`) }) // it counts, which is dear to compile

func (a *app) newCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "new", Short: "Write a commented start of an inventory or a runbook",
		Example: "  tend new inventory\n  tend new runbook rotate-logs",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.newInventory(), a.newRunbook())
	return c
}

func (a *app) newInventory() *cobra.Command {
	return &cobra.Command{
		Use: "inventory [FILE]", Short: "Write a commented inventory.toml to begin with; never over a file that is there", Args: cobra.MaximumNArgs(1),
		Example: "  tend new inventory\n  tend new inventory ~/.config/tend/inventory.toml\n  tend new inventory -   # print it",
		RunE: func(_ *cobra.Command, args []string) error {
			path := "inventory.toml"
			if len(args) == 1 {
				path = args[0]
			}
			return a.begin(path, startInventory, "tend inventory check "+typed(path))
		},
	}
}

func (a *app) newRunbook() *cobra.Command {
	return &cobra.Command{
		Use: "runbook NAME [FILE]", Short: "Write a commented runbook to begin with; never over a file that is there", Args: cobra.RangeArgs(1, 2),
		Example: "  tend new runbook rotate-logs            # ./runbooks/rotate-logs.toml\n  tend new runbook rotate-logs -          # print it",
		RunE: func(_ *cobra.Command, args []string) error {
			name := strings.TrimSuffix(args[0], ".toml")
			if !bookName().MatchString(name) {
				return usage("lower-case letters, digits and hyphens, a letter first", "%q cannot be a runbook's name", args[0])
			}
			path := filepath.Join("runbooks", name+".toml")
			if len(args) == 2 {
				path = args[1]
			}
			return a.begin(path, strings.ReplaceAll(startRunbook, "NAME", name), "tend runbook check "+typed(path))
		},
	}
}

// begin writes a file that must not be there yet; "-" prints it.
func (a *app) begin(path, text, next string) error {
	if path == "-" {
		_, err := fmt.Fprint(a.out, text)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return bad(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("name another file, or move that one away", "%s is there already, and is left as it is", quote.Line(path))
	}
	if err != nil {
		return bad(err)
	}
	if _, err = f.WriteString(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", quote.Line(path), err), os.Remove(path))
	}
	fmt.Fprintf(a.out, "wrote %s; next: %s\n", quote.Line(path), next)
	return nil
}

var plainPath = regexp.MustCompile(`\A[A-Za-z0-9._/~+-]+\z`)

// typed is a path as one would type it at a shell.
func typed(path string) string {
	if w, err := quote.Word(path); err == nil && !plainPath.MatchString(path) {
		return quote.Line(w)
	}
	return quote.Line(path)
}
