package main

import (
	"errors"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is stamped by the linker; a build from source says what Go knows.
var version = ""

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	c := &cobra.Command{
		Use:   "tend",
		Short: "Runbook and maintenance console for racks of hosts",
		Long: `tend loads an inventory of sites, racks and hosts, connects over SSH, runs health, patching and other runbooks on
many hosts at once, and records every action in a local journal. Without a command it opens the console.`,
		Example: `  tend demo                              # a pretend machine room, nothing to set up
  tend                                   # the console on ./inventory.toml
  tend run health site=ams1              # every health check on a site
  tend run patch tag=web --dry-run       # what would be patched
  tend journal list                      # what was done`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return a.console(c.Context(), "") },
	}
	c.PersistentFlags().StringVarP(&a.inventory, "inventory", "i", "", "inventory `file` (else $TEND_INVENTORY, ./inventory.toml, ~/.config/tend/inventory.toml)")
	c.PersistentFlags().BoolVar(&a.noPager, "no-pager", false, "print long lists as they are, not through $PAGER or less")
	a.screenFlags(c)
	c.Flags().BoolVar(&a.fresh, "fresh", false, "forget the console's cursor, folds and marks")
	c.SetFlagErrorFunc(wrongFlag)
	c.SetHelpCommand(a.helpCmd())
	c.CompletionOptions.DisableDefaultCmd = true
	c.AddCommand(a.rooms()...)
	c.AddCommand(a.importCmd())
	c.AddCommand(a.runCmd(), a.planCmd(), a.execCmd(), a.runsCmd(), a.attachCmd(), a.resumeCmd())
	c.AddCommand(a.decideCmds()...)
	c.AddCommand(a.journalCmd(), a.noteCmd(), a.runbookCmd(), a.inventoryCmd(), a.hostCmd(), a.commissionCmd(), a.versionCmd(), a.runnerCmd(), a.checkCmd(), a.reportCmd(), a.compareCmd())
	c.AddCommand(a.schemaCmd(), a.newCmd(), a.doctorCmd(), a.manCmd(), a.fleetCmd(), a.statusCmd(), a.insightCmd(), a.driftCmd(), a.rehearseCmd(), a.shellCmd(), a.pullCmd(), a.pushCmd(), a.completionCmd())
	a.markUsage(c)
	keepSpans(c)
	a.completeFlags(c)
	a.pageLong(c)
	return c
}

// markUsage makes every wrong argument a usage error: exit code 2, with how it is typed.
func (a *app) markUsage(c *cobra.Command) {
	if c.Args == nil && !c.HasSubCommands() {
		c.Args = cobra.ArbitraryArgs
	}
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := nothingEmpty(c, args); err != nil {
				return err
			}
			err := check(c, args)
			var f *fault
			if err == nil || errors.As(err, &f) {
				return err
			}
			return a.wrongArgs(c, args, err)
		}
	}
	for _, sub := range c.Commands() {
		a.markUsage(sub)
	}
}

// screenFlags are those of every command that opens the console.
func (a *app) screenFlags(c *cobra.Command) {
	c.Flags().StringVar(&a.tierFlag, "tier", "auto", "what the terminal can do: `auto`, full, basic, plain or line")
	c.Flags().BoolVar(&a.readonly, "readonly", false, "look, and start nothing")
}

func (a *app) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Example: "  tend version",
		RunE: func(c *cobra.Command, _ []string) error {
			c.Println("tend " + buildVersion())
			return nil
		},
	}
}
