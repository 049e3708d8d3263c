package fleet

// State is how a host stands. The zero value is Never, because a host that nobody has looked at is not OK.
type State int

// The states, from least known to best.
const (
	Never   State = iota // no run has ever reached it
	Unknown              // reached once, but what is known is stale, or says nothing about its health
	Down                 // the last attempt to reach it failed
	Fail                 // a check is critical, or its last run failed
	Warn                 // a check warns
	OK                   // every check is fine, and fresh
	states  = int(OK) + 1
)

var words = [states]string{"NEVER", "UNKNOWN", "DOWN", "FAIL", "WARN", "OK"}

// String is the state in one word, in capitals as the screens show it.
func (s State) String() string {
	if s < 0 || int(s) >= states {
		return "UNKNOWN"
	}
	return words[s]
}

// ranks orders states by how much they want attention.
var ranks = [states]int{Fail: 0, Down: 1, Warn: 2, Unknown: 3, Never: 4, OK: 5}

// Rank orders states by how much they want attention: 0 is Fail, the most; then Down, Warn, Unknown, Never and OK.
func (s State) Rank() int {
	if s < 0 || int(s) >= states {
		return ranks[Unknown]
	}
	return ranks[s]
}

// Problem reports whether the state wants somebody's attention: everything but OK.
func (s State) Problem() bool { return s != OK }
