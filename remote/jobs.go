package remote

import (
	"context"
	"fmt"

	"tend/inventory"
)

// Forget removes what an ended job left on the host. A job that still runs is left alone, and that is an error; one that is not there is
// none.
func (k *Keeper) Forget(ctx context.Context, h inventory.Host, job string) error {
	a, err := k.find(ctx, h, job, nil, "forget")
	if err != nil {
		return err
	}
	switch a.state {
	case "running", "unclaimed":
		return fail(Left, h, "the step still runs: nothing was removed", "")
	case "hidden":
		return lost(a.state, h)
	}
	k.dropJob(h, job)
	return nil
}

// Signal sends TERM or KILL to the process group of the job. One that has not begun is given up; one that has ended is no error.
func (k *Keeper) Signal(ctx context.Context, h inventory.Host, job string, sig string) error {
	if sig != "TERM" && sig != "KILL" {
		return fail(Refused, h, fmt.Sprintf("signal %q is not one that a step gets", sig), "TERM or KILL")
	}
	a, err := k.find(ctx, h, job, vars{{"t_sig", sig}}, "signal")
	if err != nil {
		return err
	}
	switch a.state {
	case "running":
		if a.flags != "-" {
			return fail(Torn, h, "the step could not be signalled: "+a.flags, "")
		}
		return nil
	case "void", "done", "draining", "gone":
		return nil
	}
	return lost(a.state, h)
}

// find runs a script on a job as the user who owns it. Where that is not known, the login user's jobs are looked at first.
func (k *Keeper) find(ctx context.Context, h inventory.Host, job string, more vars, script string) (answer, error) {
	if err := checkJob(h, job); err != nil {
		return answer{}, err
	}
	j, known := k.job(h, job)
	if !known && h.Become != "" && h.Become != "none" {
		a, err := k.ask(ctx, h, false, job, nil, func(frame) {}, "common", "status")
		if err != nil {
			return a, err
		}
		j.become = a.state == "absent" || a.state == "hidden"
	}
	return k.ask(ctx, h, j.become, job, more, func(frame) {}, "common", script)
}

// Status is what has become of a job, in start.sh's words, and its exit code where it ended. It changes nothing.
func (k *Keeper) Status(ctx context.Context, h inventory.Host, job string) (state, exit string, err error) {
	a, err := k.find(ctx, h, job, nil, "status")
	return a.state, a.exit, err
}

// witness gives a boot identity from before the order was first sent, from what is known of the run's lease; "" = there is none.
func (k *Keeper) witness(o Order) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.witnesses[place{o.Host.Name, o.Become}]
}

// Knew tells the keeper which boot identity the host had at a time before any step of this run was ordered on it, as the journal has
// it. With it a step that was ordered and is not on the host is started, if the host was not restarted since; without it
// nobody can know, and Carry says so.
func (k *Keeper) Knew(h inventory.HostID, become bool, boot string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.witnesses[place{h, become}] = boot
}
