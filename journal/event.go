package journal

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// RunID names a run: "261122-2213-k7f3", UTC to the minute and four random base32 digits. It sorts by time and can be said aloud.
type RunID string

// OriginID names a machine and a user that write a journal: "ops@console1".
type OriginID string

// Hash is a SHA-256. In JSON it is hex.
type Hash [32]byte

// NewRunID makes a run's name for the time at.
func NewRunID(at time.Time) RunID {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	s := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	return RunID(at.UTC().Format("060102-1504-") + s[:4])
}

// MarshalText writes the hash as hex.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hex digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("a hash has 64 hex digits, this has %d", len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Event is one thing that happened, as it stands in the journal. Seq counts from 1 within a run; Prev is the Hash of the event
// before it (zero for the first).
type Event struct {
	Origin OriginID
	Run    RunID
	Seq    uint64
	At     time.Time
	Prev   Hash
	Hash   Hash
	Body   Body
}

// Body is what happened. The set is closed: a kind that this build does not know reads back as Foreign and folds to nothing.
type Body interface {
	// Kind is the stable name of the event's kind in the segment: "step_started".
	Kind() string
}

// Who is a person at a terminal.
type Who struct {
	User string `json:"user"`           // "ops"
	From string `json:"from,omitempty"` // host, terminal or SSH client: "console1 pts/3"
}

// InventoryRef says which inventory a run was planned from.
type InventoryRef struct {
	Path   string `json:"path,omitempty"`   // of its file
	Digest string `json:"digest,omitempty"` // hex SHA-256 of the file
	Commit string `json:"commit,omitempty"` // of the git repository that holds it
	Dirty  bool   `json:"dirty,omitempty"`  // the file was not as that commit has it
}

// Recording is how long the file of a session's recording is, and its hash.
type Recording struct {
	Bytes  int64 `json:"bytes"`  // how long the file is
	SHA256 Hash  `json:"sha256"` // of the file, hex
	// Recovered says that its console died, and that another found the recording as it is.
	Recovered bool `json:"recovered,omitempty"`
}

// Maintenance says which run of which maintenance plan this is.
type Maintenance struct {
	Plan     string   `json:"plan"`                  // its name
	Digest   string   `json:"digest"`                // of the whole plan, as it was approved
	Run      int      `json:"run"`                   // from 1
	Of       int      `json:"of"`                    // how many runs the plan has
	Approved []string `json:"approved_by,omitempty"` // whose approvals counted; "ann (signed)"
}

// The kinds of event.
type (
	// PlanAccepted opens a run: the operator approved the plan's digest.
	PlanAccepted struct {
		Plan      runbooks.Plan `json:"plan"`               // what was shown, and is done
		By        Who           `json:"by"`                 // who started the run
		Reason    string        `json:"reason,omitempty"`   // as its user gave it
		Ticket    string        `json:"ticket,omitempty"`   // as its user gave it
		Inventory InventoryRef  `json:"inventory,omitzero"` // that the plan was made from
		Version   string        `json:"version,omitempty"`  // tend's
		// Maintenance is the plan that the run is part of; none = a run of its own.
		Maintenance *Maintenance `json:"maintenance,omitempty"`
	}
	// RunnerStarted says that a process took the run up: once at its start, and once at each resume.
	RunnerStarted struct {
		PID     int    `json:"pid"`               // of the process
		Host    string `json:"host"`              // the machine that it runs on
		Resumed bool   `json:"resumed,omitempty"` // it took the run up again
		// BootID tells whether this machine was restarted between two RunnerStarted.
		BootID string `json:"boot_id,omitempty"`
		// Up is how long this machine had been up by then, sleep included, in milliseconds: beside the event's time it tells how its clock
		// was set between two RunnerStarted of one boot.
		Up int64 `json:"up,omitempty"`
	}
	// WaveOpened lets the hosts of Plan.Waves[Wave] start.
	WaveOpened struct {
		Wave int `json:"wave"` // counted from 0
	}
	// HostReached records the road taken to a host, once per connection.
	HostReached struct {
		Host inventory.HostID `json:"host"`           // its name
		Addr string           `json:"addr"`           // that the connection goes to: address:port
		Via  []string         `json:"via,omitempty"`  // jump hosts, nearest to us first, as user@host:port
		User string           `json:"user,omitempty"` // that was logged in
		Key  string           `json:"key,omitempty"`  // "ssh-ed25519 SHA256:…"
		Auth string           `json:"auth,omitempty"` // "publickey ssh-ed25519 SHA256:… (agent)"
		// TurnedAway counts the logins that the server refused at the door before this one (MaxStartups, penalties).
		TurnedAway int `json:"turned_away,omitempty"`
	}
	// StepStarted is durable before the step's command leaves. Job names a detached step on its host; "" = attached.
	StepStarted struct {
		Host    inventory.HostID `json:"host"`          // where
		Step    runbooks.StepID  `json:"step"`          // its id
		Attempt int              `json:"attempt"`       // from 1
		Job     string           `json:"job,omitempty"` // the name of its directory on the host
	}
	// OutputRead is a piece of a step's output, standard output and error as the step interleaved them, raw.
	OutputRead struct {
		Host    inventory.HostID `json:"host"`    // where
		Step    runbooks.StepID  `json:"step"`    // its id
		Attempt int              `json:"attempt"` // from 1
		Offset  int64            `json:"offset"`  // of Data's first byte in the attempt's output
		Data    []byte           `json:"-"`       // segments store it as text where it is UTF-8, else as base64
	}
	// FactsRead is what a step learnt of its host.
	FactsRead struct {
		Host  inventory.HostID `json:"host"`           // that they are about
		Step  runbooks.StepID  `json:"step,omitempty"` // that emitted them
		Facts []runbooks.Fact  `json:"facts"`          // in the order in which they came
	}
	// StepEnded is the verdict. Exit is meaningful for OK, Warned and Failed only.
	StepEnded struct {
		Host    inventory.HostID `json:"host"`             // where
		Step    runbooks.StepID  `json:"step"`             // its id
		Attempt int              `json:"attempt"`          // from 1
		Outcome Outcome          `json:"outcome"`          // "ok", "warn", "failed", "unreachable", "refused", "skipped", "aborted" or "unknown"
		Exit    int              `json:"exit"`             // the script's, where the outcome is ok, warn or failed; -1 = there was none
		Reason  string           `json:"reason,omitempty"` // for people, sanitised
		Hint    string           `json:"hint,omitempty"`   // what to do about it
		// Again says that the step certainly did not start, so that trying again can do no harm.
		Again bool `json:"again,omitempty"`
	}
	// Decided is an operator's decision on a run.
	Decided struct {
		Decision Decision          `json:"decision"`          // "pause", "continue", "approve", "abort", "abort_hard", "retry", "skip_host", "skip_step" or "answer"
		Host     inventory.HostID  `json:"host,omitempty"`    // that it is about; none = the whole run
		Step     runbooks.StepID   `json:"step,omitempty"`    // that it is about
		Attempt  int               `json:"attempt,omitempty"` // of that step, that was looked at; none = whichever it stands at
		Wave     int               `json:"wave,omitempty"`    // of Approve: the wave that may open
		By       Who               `json:"by"`                // who decided
		Reason   string            `json:"reason,omitempty"`  // as the user gave it
		Answers  map[string]string `json:"answers,omitempty"` // of a manual step
		OK       bool              `json:"ok,omitempty"`      // of a manual step: done, or not
	}
	// Remarked is something that an operator should know and that decides nothing: an adopted job, a host's full disk.
	Remarked struct {
		Host inventory.HostID `json:"host,omitempty"` // that it is about; none = the whole run
		Step runbooks.StepID  `json:"step,omitempty"` // that it is about
		Text string           `json:"text"`           // for people
		// ClockSet is how far the clock of this machine was set since the event before, in milliseconds; less than 0 = back.
		ClockSet int64 `json:"clock_set,omitempty"`
	}
	// Noted is a note by a person, on a host, a run or at large.
	Noted struct {
		Host inventory.HostID `json:"host,omitempty"`   // that it is about
		Run  RunID            `json:"of_run,omitempty"` // that it is about
		Text string           `json:"text"`             // what was written
		By   Who              `json:"by"`               // who wrote it
	}
	// Sealed is a signature over where the journal stood: Statement says it in lines of text, Signature is OpenSSH's (PROTOCOL.sshsig,
	// armored), Key the signer's public key as an authorized_keys line. It stands in the notes.
	Sealed struct {
		Statement string `json:"statement"` // the text that is signed
		Signature string `json:"signature"` // armored
		Key       string `json:"key"`       // the signer's, as an authorized_keys line
	}
	// ShellOpened is written before an interactive shell is opened on a host. It stands in the notes.
	ShellOpened struct {
		Session  RunID            `json:"session"`            // the shell's name, made as a run's is
		Host     inventory.HostID `json:"host"`               // where it was opened
		By       Who              `json:"by"`                 // who opened it
		Reason   string           `json:"reason,omitempty"`   // as the user gave it
		Recorded bool             `json:"recorded,omitempty"` // into SESSION.cast, beside the notes
	}
	// ShellClosed ends a shell. It stands in the notes.
	ShellClosed struct {
		Session RunID            `json:"session"`          // the shell's name
		Host    inventory.HostID `json:"host"`             // where it was open
		Exit    int              `json:"exit"`             // of the shell; meaningful where Reason is empty
		Reason  string           `json:"reason,omitempty"` // why it ended, where it did not end by itself
		// Recording vouches for the recording, an asciicast v3; none = there is no recording.
		Recording *Recording `json:"recording,omitempty"`
	}
	// RunClosed ends a run. Nothing follows it but notes in other segments.
	RunClosed struct {
		Result Result `json:"result"`           // "passed", "failed", "stopped", "aborted" or "unknown"
		Reason string `json:"reason,omitempty"` // of that result
	}
	// Foreign is a kind that a newer build wrote. Raw is the JSON of its body.
	Foreign struct {
		Name string
		Raw  []byte
	}
)

// Kinds are those of all events that this build knows.
func Kinds() []string {
	var out []string
	for _, b := range []Body{PlanAccepted{}, RunnerStarted{}, WaveOpened{}, HostReached{}, StepStarted{}, OutputRead{}, FactsRead{}, StepEnded{}, Decided{}, Remarked{},
		Noted{}, Sealed{}, ShellOpened{}, ShellClosed{}, RunClosed{}} {
		out = append(out, b.Kind())
	}
	return out
}

// Kind and its siblings give the names that segments carry; they never change.
func (PlanAccepted) Kind() string  { return "plan_accepted" }
func (RunnerStarted) Kind() string { return "runner_started" }
func (WaveOpened) Kind() string    { return "wave_opened" }
func (HostReached) Kind() string   { return "host_reached" }
func (StepStarted) Kind() string   { return "step_started" }
func (OutputRead) Kind() string    { return "output_read" }
func (FactsRead) Kind() string     { return "facts_read" }
func (StepEnded) Kind() string     { return "step_ended" }
func (Decided) Kind() string       { return "decided" }
func (Remarked) Kind() string      { return "remarked" }
func (Noted) Kind() string         { return "noted" }
func (Sealed) Kind() string        { return "sealed" }
func (ShellOpened) Kind() string   { return "shell_opened" }
func (ShellClosed) Kind() string   { return "shell_closed" }
func (RunClosed) Kind() string     { return "run_closed" }
func (f Foreign) Kind() string     { return f.Name }
