package runbooks

import (
	"slices"
	"time"

	"tend/inventory"
)

// StepID names a step within its runbook: "upgrade".
type StepID string

// Risk is the worst that a runbook or a step can do to its host.
type Risk string

// The risks, in rising order.
const (
	Read    Risk = "read"    // changes nothing; may run attached and be repeated at will
	Change  Risk = "change"  // changes the host, which goes on serving
	Disrupt Risk = "disrupt" // takes the host, or a service on it, down for a while: groups bind
)

// Kind is what sort of step it is.
type Kind string

// The kinds of step.
const (
	Script Kind = "script" // a script for sh
	Check  Kind = "check"  // a script that only reads; its exit code, or what it emits, is the verdict
	Reboot Kind = "reboot" // the verified reboot
	Manual Kind = "manual" // words for the person in the room, and the answers it asks for
	Wait   Kind = "wait"   // time that must pass
)

// Phase says where in the host's order a step stands.
type Phase string

// The phases, in order. A host whose Before fails is never touched.
const (
	Before Phase = "before"
	Main   Phase = "main"
	After  Phase = "after"
)

// Param is a runbook's parameter. Its value reaches scripts as the quoted shell variable of its name, never by substitution.
type Param struct {
	Name string `json:"name"` // a shell name
	// Type is "string", "int", "bool" (yes or no), "choice", "duration" ("90s", "15m", "2d"; scripts get whole seconds), or "list"
	// (space-separated).
	Type     string   `json:"type"`
	Help     string   `json:"help,omitempty"`     // for the person who sets it
	Default  string   `json:"default,omitempty"`  // what it is where nothing is set
	Options  []string `json:"options,omitempty"`  // of a choice
	Min      *int     `json:"min,omitempty"`      // of an int; of a duration in seconds
	Max      *int     `json:"max,omitempty"`      // of an int; of a duration in seconds
	Pattern  string   `json:"pattern,omitempty"`  // RE2, anchored; of a list's every element
	Required bool     `json:"required,omitempty"` // there is no run without it
	Secret   bool     `json:"secret,omitempty"`   // it is asked for without echo, and reaches neither plan nor journal
}

// FactSpec declares a fact that a step may emit. A key that ends in "*" declares a family: "update.*", "disk:*".
type FactSpec struct {
	Key string `json:"key"` // its name; a "*" at its end stands for any
	// Type is "string", "int", "bool" (yes or no), "number", "time" (RFC 3339, or seconds since 1970), "list" (space-separated), or
	// "check": a check of that name. A check that is declared without a "*" and does not come is UNKNOWN.
	Type string `json:"type"`
	Help string `json:"help,omitempty"` // what it tells
}

// Step is one step of a runbook, and, with its Script rendered, of a Plan.
type Step struct {
	ID    StepID `json:"id"`              // unique in the runbook
	Title string `json:"title,omitempty"` // in a line
	Kind  Kind   `json:"kind"`            // "script", "check" (only reads, and judges), "reboot", "manual" (a person does it) or "wait"
	Phase Phase  `json:"phase"`           // "before" (a host that fails here is not touched), "main" or "after"
	Risk  Risk   `json:"risk"`            // "read", "change" or "disrupt" (takes the host or a service down)
	// Script is what goes to sh on the host. In a Plan it is complete: parameters, library and body.
	Script string `json:"script,omitempty"`
	// Line names the parameter that holds the command line for hosts without a shell, which get it as it is, attached; "" = none. In a
	// Plan it is "" where no host of the plan lacks a shell.
	Line string `json:"line,omitempty"`
	// Fetch is the path of the file that the script brings from the host, with {{ parameter }} as it was written; "" = none.
	Fetch string `json:"fetch,omitempty"`
	// Become runs the script as root, in the way that the host's inventory entry says.
	Become bool `json:"become,omitempty"`
	// Given ties the step to a parameter's value, "reboot=if-needed,always": it is left out of a plan where no host has
	// one of these values, so that the plan names only what can happen.
	Given string `json:"given,omitempty"`
	// When is a selector over the host and the facts that it emitted in this run; the step is skipped where it does not match.
	When string `json:"when,omitempty"`
	// Group names the group of which the step takes a member out, or into which it brings it back: a disruptive plan has such
	// steps besides the runbook's. "" = a step of the runbook.
	Group string `json:"group,omitempty"`
	// Timeout ends the step as failed; 0 means the default of ten minutes, or the wait itself.
	Timeout time.Duration `json:"timeout,omitempty"`
	// AnyTime says that the step may be done while the host's maintenance window is shut, such as a download: a plan whose other steps
	// only read is not bound by windows.
	AnyTime bool `json:"any_time,omitempty"`
	// Retries is how often a step that is safe to repeat is tried again after it failed.
	Retries int `json:"retries,omitempty"`
	// Repeat says that running the script twice does no harm. Steps of risk Read always may.
	Repeat bool `json:"repeat,omitempty"`
	// OnFailure is "stop" (the host ends as failed; the default), or "go-on" (recorded as a warning).
	OnFailure string `json:"on_failure,omitempty"`
	// Undo is the script that takes the step back, for the operator to see; "" = no undo.
	Undo string `json:"undo,omitempty"`
	// Emits: "" or "facts" reads declared key=value lines, "checks" reads check lines as well.
	Emits string     `json:"emits,omitempty"`
	Facts []FactSpec `json:"facts,omitempty"` // that it may emit
	Words string     `json:"words,omitempty"` // of a manual step: what the person is to do
	Asks  []Ask      `json:"asks,omitempty"`  // of a manual step: the answers that are recorded
	// For is how long a wait lasts.
	For time.Duration `json:"for,omitempty"`
}

// Ask is one answer that a manual step wants.
type Ask struct {
	Name string `json:"name"` // of the answer in the journal
	Text string `json:"text"` // the question
	Type string `json:"type"` // "yes", "text"
	// Is names the fact of an earlier step that the answer must agree with, where the host told it; "" = none.
	Is string `json:"is,omitempty"`
}

// Policy is how a runbook walks over the hosts.
type Policy struct {
	// Canary is the size of the first wave; 0 = none.
	Canary int `json:"canary,omitempty"`
	// Batch is the size of each later wave: "5", "20%", or "" for all the rest. A percentage rounds down, to one at least.
	Batch string `json:"batch,omitempty"`
	// By is the failure domain that waves keep to: "site", "rack" or "feed"; "" = none. A wave then holds hosts of one domain only, and
	// a Batch in per cent is of the domain's hosts.
	By string `json:"by,omitempty"`
	// Parallel is how many hosts are at work at once; 0 = 64, DefaultParallel.
	Parallel int `json:"parallel,omitempty"`
	// MaxFailures is how many hosts may fail before nothing new starts: "3" stops at the 4th, "0" at the first, a percentage
	// rounds down ("10%" of 50 stops at the 6th), "" or "100%" never stops. What runs, finishes. The semantics are AWS SSM's.
	MaxFailures string `json:"max_failures,omitempty"`
	// Pause between waves: "" = none, "manual" = an operator's approval, else a duration.
	Pause string `json:"pause,omitempty"`
	// Cutoff is how long before the end of a host's maintenance window it is not begun any more; "" = up to the end.
	Cutoff string `json:"cutoff,omitempty"`
}

// CutoffTime is Cutoff as a time; a plan's was checked when it was resolved.
func (p Policy) CutoffTime() time.Duration {
	d, err := parseDuration(p.Cutoff)
	if err != nil {
		return 0
	}
	return d
}

// DefaultParallel is how many hosts are at work at once where nothing else is said.
const DefaultParallel = 64

// Runbook is a runbook as read from its file, validated.
type Runbook struct {
	Name   string  `json:"name"`             // what it is run by
	Title  string  `json:"title"`            // in a line
	Doc    string  `json:"doc,omitempty"`    // when to use it, and what it does
	Risk   Risk    `json:"risk"`             // of its worst step: "read", "change" or "disrupt"
	Params []Param `json:"params,omitempty"` // that it takes
	Steps  []Step  `json:"steps"`            // in order: Before, Main, After
	Policy Policy  `json:"policy"`           // how it walks over the hosts, unless the run says otherwise
	// Source is "built-in" or the file's path. Shadows is the source that this one hides, if any.
	Source  string `json:"source"`
	Shadows string `json:"shadows,omitempty"` // none = it hides none
}

// Wave is a set of hosts that are worked on before the next wave opens.
type Wave struct {
	Name  string             `json:"name"`  // "canary", "batch 2 of 5"
	Hosts []inventory.HostID `json:"hosts"` // that are worked on before the next one opens
}

// Plan is a runbook resolved: every choice is made. Its JSON form, with Digest empty, is what Digest is the SHA-256 of.
type Plan struct {
	Runbook string `json:"runbook"` // its name
	Title   string `json:"title"`   // the runbook's
	Source  string `json:"source"`  // of the runbook: "built-in", or the file's path
	Risk    Risk   `json:"risk"`    // of its worst step: "read", "change" or "disrupt"
	Scope   string `json:"scope"`   // the selector as typed
	// Params are the values in force; a secret's value is replaced by "(secret)".
	Params map[string]string `json:"params,omitempty"`
	Steps  []Step            `json:"steps"`            // the order in which every host goes through them
	Hosts  []inventory.Host  `json:"hosts"`            // exactly those that it runs on, as the inventory had them
	Groups []inventory.Group `json:"groups,omitempty"` // those with a member among Hosts
	Waves  []Wave            `json:"waves"`            // in this order, one after another
	Policy Policy            `json:"policy"`           // the limits in force
	// Secrets are the secret parameters that the run asks for; the plan never holds their values.
	Secrets []Param `json:"secrets,omitempty"`
	// Vars are per-host overrides that the steps' scripts receive, by host.
	Vars map[inventory.HostID]map[string]string `json:"vars,omitempty"`
	// Digest is hex SHA-256.
	Digest string `json:"digest,omitempty"`
	// Warnings are for the operator: shadowed runbooks, hosts that cannot keep a detached step, and so on.
	Warnings []string `json:"warnings,omitempty"`
	// OutsideWindow is why the hosts' maintenance windows do not bind this run, in the operator's words; "" = they bind.
	OutsideWindow string `json:"outside_window,omitempty"`
	// Down are members of Groups that count as down, as the journal knew them when the plan was made. One that is among Hosts counts
	// until the run has ended well on it.
	Down []DownMember `json:"down,omitempty"`
	// Attached are hosts that cannot keep a detached step, and on which steps that change something run on the connection all the same, on
	// the operator's word: a lost link may end them, and nobody then knows how.
	Attached []inventory.HostID `json:"attached,omitempty"`
	// Dry says that this is the reading part of a plan that changes something.
	Dry bool `json:"dry,omitempty"`
}

// Windowed reports whether the hosts' maintenance windows bind the plan: it changes something that may not be changed at any time, and
// its operator gave no reason to go ahead without them.
func (p *Plan) Windowed() bool {
	return p.Risk != Read && p.OutsideWindow == "" && slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Risk != Read && !s.AnyTime })
}

// DownMember is a group's member that counts as down before a run has done anything.
type DownMember struct {
	Host inventory.HostID `json:"host"` // its name
	Why  string           `json:"why"`  // "unreachable at 2026-11-22 01:12, run 261122-0112-k7f3"
}

// CheckState is a check's verdict. The zero value is UNKNOWN, because unknown is not OK (law 6).
type CheckState int

// The verdicts, as Nagios numbers them except that the zero value is Unknown.
const (
	CheckUnknown CheckState = iota
	CheckOK
	CheckWarn
	CheckCrit
)

// Fact is something learnt about a host. A check's result is a Fact with a State.
type Fact struct {
	Key   string `json:"key"`   // "pending", "disk:/var"
	Value string `json:"value"` // as it was emitted
	// The rest is a check's.
	Check     bool       `json:"check,omitempty"`
	State     CheckState `json:"state,omitempty"`     // 0 = UNKNOWN, 1 = OK, 2 = WARN, 3 = CRIT
	Unit      string     `json:"unit,omitempty"`      // of the value: "%"
	Threshold string     `json:"threshold,omitempty"` // "90/95": warn/crit, as text
	Text      string     `json:"text,omitempty"`      // the verdict in words
}

// Amount is the value with its unit, as it is read: "97%", "218 in 60 minutes".
func (f Fact) Amount() string {
	if f.Unit == "" || f.Unit == "%" || f.Value == "" {
		return f.Value + f.Unit
	}
	return f.Value + " " + f.Unit
}
