package ui

import (
	"context"
	"io"
	"iter"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Runs is where runs live: each in its own process, which the console never is.
type Runs interface {
	// Start begins a run of exactly this plan and returns once its first event is durable.
	Start(ctx context.Context, plan runbooks.Plan, reason, ticket string) (journal.RunID, error)
	// Decide hands a decision to the run. It returns nil once that counts and is recorded; a *journal.TooLate says that it does not count.
	Decide(ctx context.Context, run journal.RunID, d journal.Decided) error
	// Alive lists the runs that some process is at work on.
	Alive(ctx context.Context) ([]journal.RunID, error)
}

// Resumer is a Runs that can also take up a run whose process is gone.
type Resumer interface {
	Resume(ctx context.Context, run journal.RunID) error
}

// Asks is what running runs want to know: passphrases, host keys, passwords.
type Asks interface {
	// Asks yields questions until ctx ends; the channel is closed then.
	Asks(ctx context.Context) <-chan Ask
	// Answer hands the answer over. ok is false where the operator refused.
	Answer(ctx context.Context, a Ask, answer string, ok bool) error
}

// Ask is one question of a run. Title and Text come from elsewhere and are escaped before they are drawn.
type Ask struct {
	Run    journal.RunID
	ID     string // unique within Run
	Host   inventory.HostID
	Title  string // "host key of db-0712"
	Text   string // several lines: the fingerprint, what known_hosts says
	Secret bool   // the answer is not echoed and touches nothing but Answer
	// Words is what must be typed to say yes, for a question that is not to be answered by habit; "" = any text, or Enter.
	Words string
	// Gone says that the question with this ID was answered elsewhere, or is moot.
	Gone bool
}

// Wish is what an operator wants to run; Config.Resolve makes it a plan, or says what is wrong.
type Wish struct {
	Runbook string
	Select  string            // a selector, as typed or as the marks spell it
	Params  map[string]string // those that differ from the runbook's defaults
	Policy  *runbooks.Policy  // nil = the runbook's own
	// Attached are hosts whose steps run on the connection, since they cannot keep them: only ever by the operator's decision.
	Attached []inventory.HostID
	// AssumeUp are hosts that count as up, though the journal knows them as down: only ever by the operator's word, which the plan records.
	AssumeUp []inventory.HostID
}

// Refusal is a host that will refuse a plan's steps, since it cannot keep a detached one, and why.
type Refusal struct {
	Host inventory.HostID
	Why  string
}

// Config is what the console is given. Inventory, Journal and Now must be there; what is nil is shown as not available.
type Config struct {
	Inventory *inventory.Inventory
	// Library are the runbooks, those that are hidden left out.
	Library []runbooks.Runbook
	// Broken are the operator's own files that are no runbooks: they are shown, and cannot be run.
	Broken  []runbooks.Broken
	Journal journal.Journal // reading only
	Runs    Runs
	Asks    Asks
	// Known yields the latest facts of every host, for the first picture of the fleet.
	Known func(context.Context) iter.Seq2[journal.Known, error]
	// Last yields every host's part in the latest run of each runbook: without it a host that was unreachable last night looks no worse
	// than its facts.
	Last func(context.Context) iter.Seq2[journal.HostRun, error]
	// Resolve is pure: it makes a plan and touches nothing. Its errors are shown where they belong; one with Hint() string, with it.
	Resolve func(Wish) (runbooks.Plan, error)
	// Refusing are the hosts of a plan that will refuse its steps, by the journal; nil = nobody knows of any. It may take its time.
	Refusing func(*runbooks.Plan) []Refusal
	// Pace says how long a plan would take, by the journal, and whether that fits the windows of its hosts, a line each with its name; nil =
	// nobody knows. It reads the journal, and may take its time.
	Pace func(context.Context, *runbooks.Plan) [][2]string
	// Sheet makes a page: "status", "posture", "drift", "insight" or "calendar", in one of its orders ("" = the first). It reads the journal, and may take
	// its time; nil = there are none.
	Sheet func(ctx context.Context, name, order string) (Sheet, error)
	// Plans are the maintenance plans.
	Plans Plans
	// Note writes a note into the journal.
	Note func(context.Context, journal.Noted) error
	// Shell opens an interactive session on a host; nil = there is none.
	Shell Shell
	// Search looks through the journal; nil = there is no index.
	Search Search
	// Shells are the sessions that were; nil = nobody knows.
	Shells   Shells
	Now      func() time.Time
	Tier     Tier
	Readonly bool
	Who      journal.Who
	// StateDir is where the console keeps its cursor and its crash logs; "" = nowhere.
	StateDir string
	// Fresh forgets the kept cursor, folds and marks.
	Fresh  bool
	Input  io.Reader
	Output io.Writer
	// Settings are the operator's own keys and colours; see ParseSettings.
	Settings Settings
	// Env is the environment that the terminal is judged by; nil = the process's.
	Env []string
	// Open is a run to show first; "" = the fleet.
	Open journal.RunID
}
