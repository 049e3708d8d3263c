package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tend/plans"
	"tend/quote"
	"tend/sshsig"
)

// approving are the flags of plan approve.
type approving struct {
	by, key    string
	yes        bool
	passphrase func() ([]byte, error) // asks for the key's; nil = the terminal does
}

func (a *app) planApprove() *cobra.Command {
	var f approving
	c := &cobra.Command{
		Use: "approve FILE", Short: "Approve a maintenance plan as it is now; a change of it voids the approval", Args: cobra.ExactArgs(1),
		Long: `Approve a maintenance plan: the digest of what it would do now, with its hosts, scripts and limits. The approval is a file in the directory
beside the plan (openssl-3.5.approvals for openssl-3.5.toml), to be committed with it. It is void as soon as the plan, the inventory or a runbook changes what
would be done.

Where the plan has a key for the approver, the approval is signed with it: by the agent, or by the key that --key names. "ssh-keygen -Y verify -n plan@tend"
checks the signature as well. Where it has none, an approval is a word on file and proves nothing.`,
		Example: "  tend plan approve plans/openssl-3.5.toml\n  tend plan approve plans/openssl-3.5.toml --by ann --key ~/.ssh/id_ed25519",
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.planOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.approve(c.Context(), &p, f)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.by, "by", "", "who approves, by the `name` in the plan; else this account's")
	fl.StringVar(&f.key, "key", "", "the `file` of the key to sign with, private or public; else the agent's key that the plan names")
	fl.BoolVarP(&f.yes, "yes", "y", false, "approve without asking")
	return c
}

func (a *app) approve(ctx context.Context, p *planned, f approving) error {
	who, err := a.approver(p, f.by)
	if err != nil {
		return err
	}
	standing, err := p.standing(a.now())
	if err != nil {
		return err
	}
	if !f.yes {
		if !terminal(a.in) {
			return usage("add --yes once tend plan show shows what you mean", "nobody is there to confirm the approval")
		}
		printMaintenance(a.err, p, standing, a.now())
		if err := a.typed(fmt.Sprintf("\nYou approve this as %s. Type %s to go on: ", who.Name, p.Name), p.Name, "not approved"); err != nil {
			return err
		}
	}
	me := a.who()
	ap := plans.Approval{Plan: p.Name, Digest: p.Digest, By: who.Name, At: a.now().UTC().Truncate(1e9), From: strings.TrimSpace(me.User + " on " + me.From)}
	if len(who.Keys) > 0 {
		if err := a.signApproval(ctx, &ap, who, f); err != nil {
			return err
		}
	}
	if v := p.Judge([]plans.Approval{ap}, a.now()).Verdicts[0]; !v.Counts {
		return usage("", "the approval would not count: %s", v.Why)
	}
	path, err := plans.SaveApproval(p.Path, ap)
	if err != nil {
		return bad(err)
	}
	if standing, err = p.standing(a.now()); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "wrote %s; approval: %s\n", quote.Line(path), standing)
	return nil
}

// approver is who approves: who was named, else this account's name.
func (a *app) approver(p *planned, by string) (plans.Approver, error) {
	if len(p.Approvers) == 0 {
		return plans.Approver{}, usage("[[approver]] in the plan says who must", "the plan %s asks for no approval", p.Name)
	}
	if by == "" {
		if by = a.getenv("SUDO_USER"); by == "" {
			by = a.user()
		}
	}
	i := slices.IndexFunc(p.Approvers, func(w plans.Approver) bool { return w.Name == by })
	if i < 0 {
		var names []string
		for _, w := range p.Approvers {
			names = append(names, w.Name)
		}
		return plans.Approver{}, usage("--by says who you are in the plan", "%s is no approver of the plan %s, which are %s", by, p.Name, strings.Join(names, ", "))
	}
	return p.Approvers[i], nil
}

func (a *app) signApproval(ctx context.Context, ap *plans.Approval, who plans.Approver, f approving) error {
	if f.passphrase == nil {
		f.passphrase = a.askPassphrase(f.key)
	}
	k, err := sshsig.Open(ctx, sshsig.Wanted{
		Path: tilde(f.key, a.getenv("HOME")), Socket: a.getenv("SSH_AUTH_SOCK"), Keys: who.Keys, Ask: f.passphrase,
	})
	if err != nil {
		return bad(fmt.Errorf("the plan wants %s to sign: %w", who.Name, err))
	}
	defer k.Close()
	return ap.Sign(k)
}

// typed asks for a word at the terminal; another one is an abort.
func (a *app) typed(question, want, otherwise string) error {
	fmt.Fprint(a.err, question)
	return a.confirmed(want, otherwise)
}
