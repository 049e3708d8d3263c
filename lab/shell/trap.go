package shell

import (
	"strings"

	"tend/lab/kernel"
)

func (s *Shell) trap(args []string) int {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] == "-p" {
		for _, name := range append([]string{"EXIT"}, kernel.SignalNames()...) {
			sig, _ := kernel.ParseSignal(name)
			if cmd, ok := s.traps[sig]; ok {
				s.out("trap -- " + quoteValue(cmd) + " " + name + "\n")
			}
		}
		return 0
	}
	if rest[0] == "-l" {
		s.out(strings.Join(kernel.SignalNames(), " ") + "\n")
		return 0
	}
	action, names := rest[0], rest[1:]
	reset := action == "-"
	if _, ok := kernel.ParseSignal(action); ok && (len(names) == 0 || action[0] >= '0' && action[0] <= '9') {
		reset, names = true, rest // "trap 2" and "trap INT" reset
	}
	status := 0
	for _, name := range names {
		if !s.setTrap(name, action, reset) {
			status = s.usage(args, name+": bad trap", 1)
		}
	}
	return status
}

func (s *Shell) setTrap(name, action string, reset bool) bool {
	sig, ok := kernel.ParseSignal(name)
	if !ok {
		return s.kind == Bash && (name == "ERR" || name == "DEBUG" || name == "RETURN")
	}
	if s.traps == nil {
		s.traps = map[kernel.Signal]string{}
	}
	switch {
	case reset:
		delete(s.traps, sig)
		s.p.Handle(sig, kernel.Default)
	case action == "":
		s.traps[sig] = ""
		s.p.Handle(sig, kernel.Ignore)
	default:
		s.traps[sig] = action
		if sig != 0 {
			s.p.Handle(sig, kernel.Catch)
		}
	}
	return true
}

// runTraps runs the traps of the signals that came.
func (s *Shell) runTraps() {
	for !s.exiting {
		sig, ok := s.p.Caught()
		if !ok {
			return
		}
		cmd := s.traps[sig]
		if cmd == "" || s.trapping {
			continue
		}
		status := s.last
		breaks, continues, returning := s.breaks, s.continues, s.returning
		s.breaks, s.continues, s.returning = 0, 0, false
		s.trapping = true
		s.eval(cmd)
		s.trapping = false
		s.breaks, s.continues, s.returning = breaks, continues, returning
		if !s.exiting {
			s.last = status
		}
	}
}
