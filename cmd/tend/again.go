package main

import (
	"context"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// leastWatch is how often a run may be repeated, at most: each is a whole run, and stays in the journal.
const leastWatch = 5 * time.Second

// change is what one look found that the one before did not.
type change struct {
	At   time.Time        `json:"at"`
	Run  journal.RunID    `json:"run"`
	Host inventory.HostID `json:"host"`
	Key  string           `json:"key,omitempty"` // "" = how the host ended
	Was  string           `json:"was"`
	Is   string           `json:"is"`
	Text string           `json:"text,omitempty"` // a check's
}

// again carries out a run that only reads, and then once more at each interval; all but the first show only what changed. Ctrl-C ends it,
// with the exit code of the last look that was taken to its end.
func (a *app) again(ctx context.Context, p prepared, f runFlags) error {
	every, err := time.ParseDuration(f.every)
	switch {
	case err != nil:
		return usage("write 30s, 1m or 1h", "--watch: %q is not an interval", f.every)
	case every < leastWatch:
		return usage("each look is a run, and stays in the journal", "--watch: the shortest interval is %s, and %s is shorter", leastWatch, every)
	case p.plan.Risk != runbooks.Read:
		return usage("--dry-run only reads", "--watch repeats what only reads, and %s does more", p.plan.Runbook)
	case f.detach:
		return usage("", "--watch shows what changes, and --detach shows nothing")
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var was *journal.State
	var last error
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		is, err := a.oneLook(ctx, p, f, was == nil)
		if ctx.Err() != nil {
			return last
		}
		if is == nil || is.Result == journal.Open {
			return err
		}
		last = err
		if err := a.tell(was, is, f.json); err != nil {
			return err
		}
		was = is
		select {
		case <-ctx.Done():
			return last
		case <-tick.C:
		}
	}
}

// oneLook is one of the runs. Only the first prints itself.
func (a *app) oneLook(ctx context.Context, p prepared, f runFlags, first bool) (*journal.State, error) {
	tty := terminal(a.in)
	run, err := a.start(ctx, p, how{interactive: tty, reason: f.reason, ticket: f.ticket})
	if err != nil {
		return nil, bad(err)
	}
	return a.watched(ctx, run, watching{json: f.json, answer: tty && first, quiet: !first})
}

func (a *app) tell(was, is *journal.State, asJSON bool) error {
	if was == nil {
		return nil
	}
	all := changes(was, is)
	if asJSON {
		return jsonLines(a, all)
	}
	at := is.Closed.Local().Format("15:04:05")
	for _, c := range all {
		key := c.Key
		if key != "" {
			key += ": "
		}
		text := c.Text
		if text != "" {
			text = ", " + text
		}
		fmt.Fprintf(a.out, "%s %s %s\n", at, c.Host, quote.Line(key+c.Was+" -> "+c.Is+text))
	}
	if len(all) == 0 {
		fmt.Fprintf(a.out, "%s nothing changed on %s (%s)\n", at, plural(len(is.Hosts), "host"), is.Run)
	}
	return nil
}

// changes are the hosts that ended otherwise, the checks with another state, and the facts with another value. A check's value alone is
// no change: a load is never twice the same.
func changes(was, is *journal.State) []change {
	var out []change
	for i := range is.Hosts {
		h := &is.Hosts[i]
		old := was.Host(h.ID)
		if old == nil {
			continue
		}
		add := func(key, before, now, text string) {
			out = append(out, change{At: is.Closed, Run: is.Run, Host: h.ID, Key: key, Was: before, Is: now, Text: text})
		}
		if old.Outcome != h.Outcome {
			add("", old.Outcome.String(), h.Outcome.String(), "")
		}
		if !h.Outcome.Good() && len(h.Facts) == 0 {
			continue // it was not reached: that its facts did not come says nothing of them
		}
		for _, k := range keysOf(old.Facts, h.Facts) {
			a, b := old.Facts[k], h.Facts[k]
			if x, y := standing(a, old.Facts, k), standing(b, h.Facts, k); x != y && len(old.Facts) > 0 {
				add(k, x, y, detail(b))
			}
		}
	}
	return out
}

// standing is a check's state or a fact's value; "gone" where the look did not bring it.
func standing(f runbooks.Fact, all map[string]runbooks.Fact, key string) string {
	switch _, came := all[key]; {
	case !came:
		return "gone"
	case f.Check:
		return f.State.String()
	}
	return f.Value
}

// detail is what a check says beside its state.
func detail(f runbooks.Fact) string {
	if !f.Check {
		return ""
	}
	var words []string
	for _, w := range []string{f.Value, f.Unit, f.Text} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

func keysOf(a, b map[string]runbooks.Fact) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
