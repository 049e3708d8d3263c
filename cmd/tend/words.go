package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/quote"
	"tend/runbooks"
)

// A wrong command line is answered in the words of the command's own usage line, with what may have been meant.

// wrongArgs says what a command line lacks or has too much; err is what cobra says of it.
func (a *app) wrongArgs(c *cobra.Command, args []string, err error) error {
	need := neededWords(c)
	switch {
	case len(args) < len(need):
		return usage(shownUse(c), "%s: %s is missing", c.CommandPath(), need[len(args)])
	case c.HasSubCommands() && len(args) > 0:
		return a.noCommand(c, args[0])
	case len(c.ValidArgs) > 0 && len(args) == 1:
		return usage("it is one of "+strings.Join(c.ValidArgs, ", "), "%s: there is no %q", c.CommandPath(), args[0])
	case len(args) > 0:
		return usage(shownUse(c), "%s takes no %q here", c.CommandPath(), args[len(args)-1])
	}
	return usage("see "+c.CommandPath()+" --help", "%w", err)
}

// nothingEmpty refuses an empty argument, and an empty text of a flag: in a script it is a variable that is not set, and no selector means
// every host. What stands behind -- is the host's.
func nothingEmpty(c *cobra.Command, args []string) error {
	if dash := c.ArgsLenAtDash(); dash >= 0 {
		args = args[:dash]
	}
	for _, arg := range args {
		if strings.TrimSpace(arg) == "" {
			return usage("is a variable not set? Leave it out where nothing is meant; all means every host", "%s: an argument is empty", c.CommandPath())
		}
	}
	var err error
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && strings.TrimSpace(f.Value.String()) == "" {
			err = usage("is a variable not set? Leave the flag out where nothing is meant", "--%s is empty", f.Name)
		}
	})
	return err
}

// neededWords are the arguments that the usage line has outside of brackets.
func neededWords(c *cobra.Command) []string {
	var out []string
	for _, w := range strings.Fields(c.Use)[1:] {
		if strings.HasPrefix(w, "[") || strings.HasPrefix(w, "-") || strings.HasPrefix(w, "|") {
			break
		}
		out = append(out, strings.TrimSuffix(w, "…"))
	}
	return out
}

// shownUse is how a command is typed, and its first example.
func shownUse(c *cobra.Command) string {
	out := strings.TrimSuffix(c.CommandPath()+" "+strings.Join(strings.Fields(c.Use)[1:], " "), " ")
	first, _, _ := strings.Cut(c.Example, "\n")
	first, _, _ = strings.Cut(first, "  #")
	if first = strings.TrimSpace(first); first != "" && first != out {
		out += ", such as " + first
	}
	return out
}

// noCommand says that there is no such command, and which may have been meant: one of that name elsewhere, or a runbook.
func (a *app) noCommand(parent *cobra.Command, word string) error {
	names := map[string]string{}
	known := subCommands(parent, names, nil)
	if !parent.HasParent() {
		for _, sub := range parent.Commands() {
			known = subCommands(sub, names, known)
		}
	}
	hint := parent.CommandPath() + " --help lists them"
	if parent.Name() == "new" && word == "plan" {
		hint = "a maintenance plan is begun with tend plan new NAME"
	}
	if n := runbooks.Nearest(word, known); n != "" && len(word) > 1 {
		hint = "did you mean " + names[n] + "?"
	}
	if lib, err := a.books(); err == nil && !parent.HasParent() {
		if _, err := lib.Get(word); err == nil {
			hint = "a runbook is run with tend run " + word
		}
	}
	return usage(hint, "%s has no command %q", parent.CommandPath(), word)
}

// subCommands adds the names below a command to known, and to paths where each leads; a name that is taken stays.
func subCommands(parent *cobra.Command, paths map[string]string, known []string) []string {
	for _, sub := range parent.Commands() {
		if _, taken := paths[sub.Name()]; taken || sub.Hidden {
			continue
		}
		paths[sub.Name()] = sub.CommandPath()
		known = append(known, sub.Name())
	}
	return known
}

// wrongFlag says which flag may have been meant.
func wrongFlag(c *cobra.Command, err error) error {
	hint := "see " + c.CommandPath() + " --help"
	var none *pflag.NotExistError
	if errors.As(err, &none) && len(none.GetSpecifiedName()) > 1 {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if n := runbooks.Nearest(none.GetSpecifiedName(), known); n != "" {
			hint = "did you mean --" + n + "?"
		}
		return usage(hint, "%s has no flag --%s", c.CommandPath(), none.GetSpecifiedName())
	}
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		return wrongValue(c, bad)
	}
	return usage(hint, "%w", err)
}

// helpCmd shows a command's help. Unlike cobra's own it fails where there is no such command.
func (a *app) helpCmd() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND…]", Short: "Show what a command does, its flags and examples",
		Example: "  tend help run\n  tend help journal list",
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			at, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() && strings.HasPrefix(sub.Name(), typed) {
					out = append(out, sub.Name()+"\t"+sub.Short)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			at, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return a.noCommand(at, append(rest, args...)[0])
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

// fileWords writes the system's words about a file as tend's own: the file first, then what is wrong with it.
func fileWords(text string, err error) string {
	var p *fs.PathError
	if !errors.As(err, &p) {
		return text
	}
	what := p.Err.Error()
	switch {
	case errors.Is(p.Err, fs.ErrNotExist):
		what = "there is no such file"
	case errors.Is(p.Err, syscall.EISDIR):
		what = "this is a directory, not a file"
	case errors.Is(p.Err, fs.ErrPermission):
		what = "you may not read or write it (" + p.Op + ": permission denied)"
	}
	return strings.Replace(text, quote.Text(p.Error()), quote.Text(fmt.Sprintf("%s: %s", p.Path, what)), 1)
}
