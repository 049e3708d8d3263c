package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func (a *app) answerCmd() *cobra.Command {
	var no bool
	var reason string
	c := &cobra.Command{
		Use: "answer RUN HOST [name=text…]", Short: "Say that a manual step is done, with what it asks for", Args: cobra.MinimumNArgs(2),
		Example: "  tend answer last db-0712 serial=S3X9 bay=4\n  tend answer last db-0712 --no --reason \"no spare disk\"",
		RunE: func(c *cobra.Command, args []string) error {
			answers, err := assignments(args[2:])
			if err != nil {
				return err
			}
			d := journal.Decided{Decision: journal.Answer, Host: inventory.HostID(args[1]), OK: !no, Answers: answers, By: a.who(), Reason: strings.TrimSpace(reason)}
			step, err := a.waiting(c.Context(), args[0], d.Host)
			if err != nil {
				return err
			}
			if err := answersAll(step, d); err != nil {
				return err
			}
			d.Step = step.ID // if the host is elsewhere by then, it answers nothing there
			return a.decide(c.Context(), args[0], d)
		},
		ValidArgsFunction: a.completeRunHost,
	}
	c.Flags().BoolVar(&no, "no", false, "it could not be done")
	c.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return c
}

// waiting is the manual step that a host of a run waits with. An answer to anything else would be recorded, and answer nothing.
func (a *app) waiting(ctx context.Context, typed string, host inventory.HostID) (step runbooks.Step, err error) {
	book, err := a.book()
	if err != nil {
		return step, err
	}
	defer book.Close()
	run, err := a.find(ctx, book, typed)
	if err != nil {
		return step, err
	}
	s, err := folded(ctx, book, run)
	if err != nil {
		return step, bad(err)
	}
	h := s.Host(host)
	if h == nil {
		return step, usage("tend journal show "+string(run)+" lists its hosts", "run %s has no host %q", run, host)
	}
	steps := s.Plan().Steps
	if h.Step >= len(steps) || !h.Steps[h.Step].Running || steps[h.Step].Kind != runbooks.Manual {
		return step, usage("tend journal show "+string(run)+" says where it is", "%s waits for no answer", host)
	}
	return steps[h.Step], nil
}

// answersAll makes sure that an answer says all that the step asks for, and nothing else; or why it could not be done.
func answersAll(step runbooks.Step, d journal.Decided) error {
	asked := map[string]bool{}
	for _, q := range step.Asks {
		asked[q.Name] = true
		v := strings.TrimSpace(d.Answers[q.Name])
		switch {
		case !d.OK:
		case v == "":
			return usage(q.Name+"=…: "+q.Text, "the step %s asks for %s", step.ID, q.Name)
		case q.Type == "yes" && v != "yes" && v != "no":
			return usage(q.Name+"=yes or "+q.Name+"=no: "+q.Text, "%s is yes or no, not %q", q.Name, v)
		}
	}
	for name := range d.Answers {
		if !asked[name] {
			return usage("it asks for "+namesOf(step.Asks), "the step %s does not ask for %q", step.ID, name)
		}
	}
	if !d.OK && d.Reason == "" {
		return usage("--reason \"no spare disk\"", "--no wants the reason why it could not be done")
	}
	return nil
}

func namesOf(asks []runbooks.Ask) string {
	all := make([]string, len(asks))
	for i, q := range asks {
		all[i] = q.Name
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
