package main

import (
	"context"
	"fmt"
	"strings"

	"tend/journal"
)

const welcome = `This is tend's tutor. It has a machine room of its own: three sites, 121 hosts, none of them real.
Type tend commands as you would at work. The tutor looks over your shoulder and goes on when a task is done.
  hint   what to type         skip   the next task         quit   leave
`

const farewell = `
That is all it takes. What to read next:
  tend demo                 the console, on a pretend room; ? shows the keys
  tend new inventory        a commented start for your own hosts
  tend import ssh-config    or make one from what you have
  tend doctor               what will not work on this machine, and why
`

// lesson is a task, and how to tell that it is done. done also gives a word for the learner; it is asked after each command.
type lesson struct {
	title, text, hint string
	asks              bool   // it wants an answer
	stall             string // the host whose upgrade stands still until the run was killed: it cannot end before that
	done              func(ctx context.Context, c *class, t turn) (bool, string, error)
}

func lessons() []lesson {
	return []lesson{
		{title: "look at a rack", text: `Run the health checks on rack r01 of site ams1. A selector says which hosts are meant: site=ams1, tag=web,
rack=ams1/r01, web-01[01-08], and !rack=r07 for "not".`, hint: "tend run health rack=ams1/r01",
			done: ran(func(s *journal.State) bool { return s.Plan().Runbook == "health" && s.Result != journal.Open },
				"Seen: failures first, and what is the same is said once for all hosts that say it.")},
		{title: "find the sick host", text: `One web server's nginx is down. Which host is it? Look at what the last run said, or at
  tend fleet rack=ams1/r01
and type:  answer HOST`, hint: "answer web-0102", asks: true, done: findSick},
		{title: "mend it", text: `Restart nginx on that host with the runbook restart-service. "tend runbook show restart-service" says what it takes;
--set gives a parameter, --yes starts without asking. It takes a host down, so the group web-ams1 is asked whether it can spare one,
and the host is taken out of service and brought back around the work.`, hint: "tend run restart-service web-0102 --set services=nginx --yes",
			done: ran(func(s *journal.State) bool { return s.Plan().Runbook == "restart-service" && fine(s, "web-0102") },
				"Mended: drained, restarted, proved, and back in service.")},
		{title: "plan, then patch", text: `Twelve updates are pending on web-0101, web-0102 and web-0103. First see what would be done, and touch nothing:
  tend run patch web-010[1-3] --dry-run
Then do it.`, hint: "tend run patch web-010[1-3] --yes",
			done: ran(func(s *journal.State) bool {
				return s.Plan().Runbook == "patch" && !s.Plan().Dry && s.Result == journal.Passed && fine(s, "web-0101") && fine(s, "web-0102") && fine(s, "web-0103")
			}, "Patched: one canary first, then the others, never more of web-ams1 down than it bears.")},
		{title: "a link that drops", text: `The link to web-0107 drops every two seconds. Over such a link a plain "ssh host apt-get upgrade" dies in the middle of dpkg.
Patch it all the same.`, hint: "tend run patch web-0107 --yes",
			done: ran(func(s *journal.State) bool {
				return s.Plan().Runbook == "patch" && !s.Plan().Dry && s.Result == journal.Passed && fine(s, "web-0107")
			}, "The upgrade ran on the host by itself; tend found it again after each cut. Nothing ran twice, and no line is missing:\n  tend journal show last")},
		{title: "a run that is killed", stall: "web-0106", text: `Start a patch of web-0106 and leave it to itself:
  tend run patch web-0106 --yes --detach
It prints the run's name. Pull its plug in the middle of dpkg with:  kill last
Then take it up where it stands:  tend resume last`, hint: "tend resume last   (after: tend run patch web-0106 --yes --detach, and: kill last)",
			done: ran(func(s *journal.State) bool {
				return s.Plan().Runbook == "patch" && s.Result == journal.Passed && resumed(s) && fine(s, "web-0106")
			},
				"What was under way on the host went on without tend. The resume read the journal, found it there, and took its end.")},
		{title: "read the record", text: `Everything of this stands in the journal: who, when, what, why, and every line of output, each event chained to the one before
by its hash. Have it proved:
  tend journal list
  tend journal verify`, hint: "tend journal verify",
			done: func(_ context.Context, _ *class, t turn) (bool, string, error) {
				done := t.exit == 0 && strings.Contains(t.line, "journal verify")
				return done, map[bool]string{true: "Nobody has changed a byte. \"tend report last\" writes it up for whoever asks."}[done], nil
			}},
	}
}

// ran waits for a run of which cond holds.
func ran(cond func(*journal.State) bool, word string) func(context.Context, *class, turn) (bool, string, error) {
	return func(ctx context.Context, c *class, _ turn) (bool, string, error) {
		found, err := c.anyRun(ctx, cond)
		if !found || err != nil {
			return false, "", err
		}
		return true, word, nil
	}
}

// anyRun folds the newest runs and tells whether cond holds of one.
func (c *class) anyRun(ctx context.Context, cond func(*journal.State) bool) (bool, error) {
	book, err := c.book()
	if err != nil {
		return false, err
	}
	defer book.Close()
	runs, err := book.Runs(ctx, journal.Query{Limit: 5})
	if err != nil {
		return false, err
	}
	for _, r := range runs {
		s := journal.NewState()
		for e, err := range book.Events(ctx, r.Run, 0, false) {
			if err != nil {
				return false, err
			}
			s.Apply(e)
		}
		if cond(s) {
			return true, nil
		}
	}
	return false, nil
}

func fine(s *journal.State, host string) bool {
	h := s.Host(hostOf(host))
	return h != nil && h.Phase == journal.Ended && h.Outcome.Good()
}

// resumed tells whether a second process took the run up.
func resumed(s *journal.State) bool { return s.Runner.Resumed }

func findSick(ctx context.Context, c *class, t turn) (bool, string, error) {
	switch hostOf(t.answer) {
	case "":
		return false, "", nil
	case "web-0102":
		return true, "Yes: its units check is CRIT, and says which unit.", nil
	}
	return false, fmt.Sprintf("No, nginx runs on %s.", t.answer), nil
}
