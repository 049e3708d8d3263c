package main

import (
	"embed"
	"iter"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/inventory"
	"tend/journal"
)

// Completions never fail and never ask: what cannot be loaded completes to nothing.

func (a *app) completeRunbook(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	lib, err := a.books()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, rb := range lib.All() {
		out = append(out, rb.Name+"\t"+rb.Title)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeRun(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeRunbook(c, args, typed)
	}
	return a.completeSelector(c, args, typed)
}

// completeSelector offers hosts, sites, racks, tags, groups, services, systems and feeds, also behind a "!" and behind a comma.
func (a *app) completeSelector(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	inv, err := a.load()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	bang := ""
	if rest, not := strings.CutPrefix(typed, "!"); not {
		bang, typed = "!", rest
	}
	key, values, compares := strings.Cut(typed, "=")
	if compares {
		key += "="
	} else {
		key, values = "", typed
	}
	before := ""
	if i := strings.LastIndexByte(values, ','); i >= 0 {
		before, typed = values[:i+1], key+values[i+1:]
	}
	seen := map[string]bool{}
	var out []string
	for word := range selectorWords(inv) {
		if word == "" || seen[word] || !strings.HasPrefix(word, typed) {
			continue
		}
		seen[word] = true
		if before != "" {
			word = key + before + strings.TrimPrefix(word, key)
		}
		out = append(out, bang+word)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// selectorWords are the terms that some host of an inventory answers to.
func selectorWords(inv *inventory.Inventory) iter.Seq[string] {
	return func(yield func(string) bool) {
		put := func(key string, values ...string) bool {
			for _, v := range values {
				if !yield(key + v) {
					return false
				}
			}
			return true
		}
		if !put("", "all") || !put("prod=", "yes", "no") {
			return
		}
		for _, s := range inv.Sites {
			if !put("site=", s.Name) {
				return
			}
			for _, r := range s.Racks {
				if !put("rack=", r.Name) || !put("", s.Name+"/"+r.Name) {
					return
				}
			}
		}
		for _, g := range inv.Groups {
			if !put("group=", g.Name) {
				return
			}
		}
		for _, s := range inv.Services {
			if !put("service=", s.Name) {
				return
			}
		}
		for _, h := range inv.Hosts {
			if !put("tag=", h.Tags...) || !put("feed=", h.Feeds...) || h.OS != "" && !put("os=", h.OS) || !put("", string(h.Name)) {
				return
			}
		}
	}
}

// completeHost offers hosts alone, for a command that takes one.
func (a *app) completeHost(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.hostNames(), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) hostNames() []string {
	inv, err := a.load()
	if err != nil {
		return nil
	}
	var out []string
	for _, h := range inv.Hosts {
		out = append(out, string(h.Name)+"\t"+strings.Trim(h.Site+"/"+h.Rack, "/"))
	}
	return out
}

// completeRunHost offers a run that has not ended, and then a host.
func (a *app) completeRunHost(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return a.hostNames(), cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeOpenRun(c, args, typed)
}

// completeSet offers the parameters of the runbook that is typed already, and the values of a choice.
func (a *app) completeSet(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	lib, err := a.books()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	rb, err := lib.Get(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name, _, assigned := strings.Cut(typed, "=")
	how := cobra.ShellCompDirectiveNoFileComp
	if !assigned {
		how |= cobra.ShellCompDirectiveNoSpace // its value follows
	}
	var out []string
	for _, p := range rb.Params {
		if !assigned {
			out = append(out, p.Name+"=\t"+p.Help)
		} else if p.Name == name {
			for _, o := range p.Options {
				out = append(out, name+"="+o)
			}
		}
	}
	return out, how
}

// completeFlags gives every flag whose value tend can know its completion, by the flag's name: one name means one thing everywhere.
func (a *app) completeFlags(c *cobra.Command) {
	none := func(of func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return func(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return of(c, nil, typed)
		}
	}
	known := map[string]func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective){
		"host": none(a.completeHost), "run": none(a.completeRunID), "runbook": none(a.completeRunbook), "set": a.completeSet, "without": none(a.completeSelector),
		"assume-up": none(a.completeHost),
		"tier":      cobra.FixedCompletions([]string{"auto", "full", "basic", "plain", "line"}, cobra.ShellCompDirectiveNoFileComp),
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if complete, ok := known[f.Name]; ok {
			_ = c.RegisterFlagCompletionFunc(f.Name, complete) // fails only where it is registered already
		}
	})
	for _, sub := range c.Commands() {
		a.completeFlags(sub)
	}
}

// scripts are the completions of shells, in place of cobra's: those evaluate what is typed, so that a $(command) or a > of an unfinished
// line acts when tab is pressed, and they give up within quotes.
//
//go:embed complete/tend.*
var scripts embed.FS

// completed are the shells that have a script, with how each takes it up: for a look in the shell at hand, and for good.
var completed = []struct{ name, now, kept string }{
	{"bash", `eval "$(tend completion bash)"`, `mkdir -p ~/.local/share/bash-completion/completions
  tend completion bash > ~/.local/share/bash-completion/completions/tend
  # without the package bash-completion, and with the bash 3.2 of macOS,
  # this line in ~/.bashrc or ~/.bash_profile instead:
  eval "$(tend completion bash)"`},
	{"zsh", `autoload -U compinit; compinit; source <(tend completion zsh)`, `mkdir -p ~/.zfunc && tend completion zsh > ~/.zfunc/_tend
  # and in ~/.zshrc, before compinit: fpath=(~/.zfunc $fpath)`},
	{"fish", `tend completion fish | source`, `mkdir -p ~/.config/fish/completions
  tend completion fish > ~/.config/fish/completions/tend.fish`},
}

// completionCmd stands in place of cobra's own, which has other scripts, names a package that ours do not need, and a flag and a shell that
// they do not know.
func (a *app) completionCmd() *cobra.Command {
	all := &cobra.Command{
		Use: "completion", Short: "Print what completes commands, hosts, runbooks and runs in your shell", Args: cobra.NoArgs,
		Example: "  tend completion bash --help   # how it is taken up\n  tend completion fish | source",
		Long: `Print the completion of a shell. It needs nothing else installed, and evaluates nothing of an unfinished line. The packages of tend
bring it along; the help of each shell's command says how to take it up by hand.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, sh := range completed {
		all.AddCommand(&cobra.Command{
			Use: sh.name, Short: "Print the completion of " + sh.name, Args: cobra.NoArgs, ValidArgsFunction: cobra.NoFileCompletions,
			Example: "  tend completion " + sh.name + "   # prints it\n  " + sh.now + "   # takes it up in this shell only\n  # in every new one:\n  " + sh.kept,
			RunE: func(c *cobra.Command, _ []string) error {
				text, err := scripts.ReadFile("complete/tend." + sh.name)
				if err != nil {
					return err
				}
				_, err = c.OutOrStdout().Write(text)
				return err
			},
		})
	}
	return all
}

func (a *app) completeRunID(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeRuns(c, args, journal.Query{Limit: 50}, "last\tthe newest run")
}

// completeOpenRun offers the runs that have not ended, of which something can still be asked.
func (a *app) completeOpenRun(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeRuns(c, args, journal.Query{Limit: 50, Open: true})
}

func (a *app) completeRuns(c *cobra.Command, args []string, q journal.Query, out ...string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	book, err := a.book()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer book.Close()
	runs, _ := book.Runs(c.Context(), q)
	for _, r := range runs {
		out = append(out, string(r.Run)+"\t"+r.Runbook+" "+r.Scope)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
