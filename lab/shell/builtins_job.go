package shell

import (
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/userland"
)

func (s *Shell) umask(args []string) int {
	if len(args) == 1 {
		s.out("0" + padOctal(s.p.Umask) + "\n")
		return 0
	}
	if args[1] == "-S" {
		s.out(symbolicMask(s.p.Umask) + "\n")
		return 0
	}
	if m, err := strconv.ParseUint(args[1], 8, 12); err == nil {
		s.p.Umask = uint16(m)
		return 0
	}
	m, ok := userland.SymbolicMode(args[1], 0o777&^s.p.Umask, false)
	if !ok {
		return s.usage(args, "Illegal mode: "+args[1], 2)
	}
	s.p.Umask = 0o777 &^ m
	return 0
}

func padOctal(m uint16) string {
	t := strconv.FormatUint(uint64(m), 8)
	return strings.Repeat("0", max(0, 3-len(t))) + t
}

func symbolicMask(m uint16) string {
	var b strings.Builder
	for i, who := range "ugo" {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteRune(who)
		b.WriteByte('=')
		for k, c := range "rwx" {
			if m&(1<<(8-3*i-k)) == 0 {
				b.WriteRune(c)
			}
		}
	}
	return b.String()
}

func (s *Shell) kill(args []string) int {
	for i, a := range args {
		if i > 0 && strings.HasPrefix(a, "%") {
			if j := s.jobOf(a); j != nil {
				args[i] = strconv.Itoa(j.proc.PID)
			}
		}
	}
	return userland.Kill(s.p, args)
}

// jobOf finds %n, %+, %% or %-.
func (s *Shell) jobOf(spec string) *job {
	n := len(s.jobs)
	if v, err := strconv.Atoi(strings.TrimPrefix(spec, "%")); err == nil {
		n = v
	}
	if n < 1 || n > len(s.jobs) {
		return nil
	}
	return s.jobs[n-1]
}

func (s *Shell) jobsCmd(args []string) int {
	if args[0] == "fg" && len(s.jobs) > 0 {
		j := s.jobs[len(s.jobs)-1]
		j.proc.Signal(kernel.SIGCONT)
		status, _ := s.wait(j.proc)
		s.jobs = s.jobs[:len(s.jobs)-1]
		return status
	}
	for i, j := range s.jobs {
		state := "Running"
		if j.proc.Dead() {
			state = "Done"
		}
		s.out("[" + strconv.Itoa(i+1) + "]+ " + state + "                 " + j.text + "\n")
	}
	return 0
}
