package runner

import (
	"encoding/json"

	"tend/inventory"
	"tend/journal"
)

// Commission is what a run's process is started with, as JSON on its standard input.
type Commission struct {
	Run     journal.RunID    `json:"run"`
	Origin  journal.OriginID `json:"origin"`
	Journal string           `json:"journal"` // the journal's directory
	Socket  string           `json:"socket"`  // where the process listens
	// Accepted is the plan to open the run with; nil means: resume the run from its journal.
	Accepted *journal.PlanAccepted `json:"accepted,omitempty"`
	// Secrets are the values of secret parameters.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Interactive says that somebody is there to answer questions; HostKeys that this includes keys of unknown hosts.
	Interactive bool `json:"interactive,omitempty"`
	HostKeys    bool `json:"host_keys,omitempty"`
	// Road is the settings of the SSH client, which are the business of whoever wires it.
	Road json.RawMessage `json:"road,omitempty"`
}

// Question is something that the road must ask a person: a passphrase, a password, whether a key is the right one.
type Question struct {
	ID   int              `json:"id"`
	Run  journal.RunID    `json:"run"`
	Kind string           `json:"kind"` // "passphrase", "password", "code", "host key", "touch"
	Host inventory.HostID `json:"host,omitempty"`
	Via  string           `json:"via,omitempty"`
	Text string           `json:"text"`           // one line, already fit for a terminal
	Note string           `json:"note,omitempty"` // what belongs to it, in lines
	Echo bool             `json:"echo,omitempty"`
}

// request is a line from a terminal to the process, reply a line back. One request gets one reply, except "questions", which
// gets one reply for each question that opens or closes until the connection ends.
type request struct {
	Do      string           `json:"do"` // "who", "decide", "answer", "questions"
	Decided *journal.Decided `json:"decided,omitempty"`
	ID      int              `json:"id,omitempty"`
	Answer  string           `json:"answer,omitempty"`
	OK      bool             `json:"ok,omitempty"`
}

type reply struct {
	Error string `json:"error,omitempty"`
	// Late says that a decision does not count, where that is the error.
	Late     *journal.TooLate `json:"late,omitempty"`
	Run      journal.RunID    `json:"run,omitempty"`
	PID      int              `json:"pid,omitempty"`
	Question *Question        `json:"question,omitempty"`
	Closed   int              `json:"closed,omitempty"` // ID of a question that needs no answer any more
}
