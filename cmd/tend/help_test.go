package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandExplainsItself: a short line, and an example that begins with the command as it is typed.
func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		if c.Hidden || c.Name() == "help" {
			return
		}
		if c.Short == "" {
			t.Errorf("%s: no short help", c.CommandPath())
		}
		if !strings.Contains(c.Example, "  tend") || !strings.Contains(c.Example, c.Name()) {
			t.Errorf("%s: no example of its own: %q", c.CommandPath(), c.Example)
		}
	}
	walk((&app{}).root())
}
