package main

import (
	"context"
	"errors"
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
			answers, err := assignments(args[2:], "write name=text, such as serial=S3X9")
			if err != nil {
				return err
			}
			d := journal.Decided{Decision: journal.Answer, Host: inventory.HostID(args[1]), OK: !no, Answers: answers, By: a.who(), Reason: strings.TrimSpace(reason)}
			step, err := a.waiting(c.Context(), args[0], &d)
			if err != nil {
				return err
			}
			if err := answersAll(step, d); err != nil {
				return err
			}
			return a.decide(c.Context(), args[0], d)
		},
		ValidArgsFunction: a.completeRunHost,
	}
	c.Flags().BoolVar(&no, "no", false, "it could not be done")
	c.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return c
}

// waiting is the manual step that the host of an answer waits with, which the answer is told.
func (a *app) waiting(ctx context.Context, typed string, d *journal.Decided) (step runbooks.Step, err error) {
	s, err := a.stands(ctx, typed, d)
	if err != nil {
		return step, err
	}
	if late := (*journal.TooLate)(nil); errors.As(s.Late(*d), &late) {
		return step, usage("tend journal show "+string(s.Run)+" says where it is", "%w", late)
	}
	if wrong := (*journal.TooLate)(nil); errors.As(s.Contradicted(*d), &wrong) {
		return step, usage(wrong.Hint(), "%w", wrong)
	}
	return s.Plan().Steps[s.StepIndex(d.Step)], nil
}

// stands folds a run, and tells a decision about a host which step that stands at, and at which attempt. If it is elsewhere when the
// decision gets there, because somebody else's came first, this one decides nothing.
func (a *app) stands(ctx context.Context, typed string, d *journal.Decided) (*journal.State, error) {
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	defer book.Close()
	run, err := a.find(ctx, book, typed)
	if err != nil {
		return nil, err
	}
	s, err := folded(ctx, book, run)
	if err != nil {
		return nil, bad(err)
	}
	if d.Decision == journal.Approve {
		d.Wave = max(s.Waits(), s.Approved)
		return s, nil
	}
	h := s.Host(d.Host)
	if h == nil {
		return nil, noHostOf(run, d.Host)
	}
	if h.Step < len(h.Steps) {
		d.Step, d.Attempt = s.Plan().Steps[h.Step].ID, h.Steps[h.Step].Attempt
	}
	return s, nil
}

func noHostOf(run journal.RunID, host inventory.HostID) error {
	return usage("tend journal show "+string(run)+" lists its hosts", "run %s has no host %q", run, host)
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
