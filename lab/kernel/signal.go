package kernel

import (
	"strconv"
	"strings"
)

// Signal is a Unix signal, numbered as on Linux.
type Signal int

// The signals that scripts use.
const (
	SIGHUP  Signal = 1
	SIGINT  Signal = 2
	SIGQUIT Signal = 3
	SIGABRT Signal = 6
	SIGKILL Signal = 9
	SIGUSR1 Signal = 10
	SIGSEGV Signal = 11
	SIGUSR2 Signal = 12
	SIGPIPE Signal = 13
	SIGALRM Signal = 14
	SIGTERM Signal = 15
	SIGCHLD Signal = 17
	SIGCONT Signal = 18
	SIGSTOP Signal = 19
	SIGTSTP Signal = 20
	SIGXCPU Signal = 24
	SIGXFSZ Signal = 25
	SIGWINC Signal = 28
)

var signalNames = []string{1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL",
	10: "USR1", 11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT",
	19: "STOP", 20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF",
	28: "WINCH", 29: "POLL", 30: "PWR", 31: "SYS"}

// Name is the signal's name without SIG.
func (s Signal) Name() string {
	if s > 0 && int(s) < len(signalNames) {
		return signalNames[s]
	}
	return strconv.Itoa(int(s))
}

// SignalNames lists every name, by number from 1.
func SignalNames() []string { return signalNames[1:] }

// ParseSignal reads "TERM", "SIGTERM", "term" or "15"; "0" and "EXIT" give 0.
func ParseSignal(s string) (Signal, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return Signal(n), n >= 0 && n <= 64
	}
	s = strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if s == "EXIT" {
		return 0, true
	}
	for n, name := range signalNames {
		if name == s && n > 0 {
			return Signal(n), true
		}
	}
	return 0, false
}

func (s Signal) bit() uint64 { return 1 << uint(s&63) }

// ignoredByDefault says which signals do nothing unless they are caught.
func (s Signal) ignoredByDefault() bool {
	return s == SIGCHLD || s == SIGCONT || s == SIGWINC || s == 23
}

func (s Signal) stops() bool { return s == SIGSTOP || s == SIGTSTP || s == 21 || s == 22 }
