package kernel

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tend/lab/vfs"
)

// Program is what an executable does. It runs as p and returns the exit status; args[0] is the name it was called by.
type Program func(p *Proc, args []string) int

// System is one boot of one host.
type System struct {
	FS    *vfs.FS
	Clock Clock
	// Programs are the executables that the lab performs, by the name in vfs.Node.Prog. Shared, never written.
	Programs map[string]Program
	// Host is whatever the programs need to know of the machine.
	Host any
	// Static lists processes that exist only to be listed: the host's daemons.
	Static func() []Info
	// Panicked is told of a fault in a program of the lab (the process then ends as by SIGSEGV).
	Panicked func(p *Proc, value any, stack []byte)

	Started atomic.Int64 // how many processes were ever started

	mu    sync.Mutex
	procs map[int]*Proc
	gone  map[int]bool // static processes that were killed
	fifos map[uint64]*pipe
	next  int
	off   bool
	bombs map[string]bool // login sessions that forked without end
	down  chan struct{}
	wg    sync.WaitGroup
}

// maxProcs bounds a host's processes; the next fork says EAGAIN, as under RLIMIT_NPROC. Unlike there, the login session that
// asked for it is then killed: a fork bomb would else keep the machine beneath busy for ever.
const maxProcs = 1500

// Boot makes a running system. firstPID is where process numbers start.
func Boot(fs *vfs.FS, clock Clock, firstPID int) *System {
	return &System{FS: fs, Clock: clock, procs: map[int]*Proc{}, gone: map[int]bool{}, fifos: map[uint64]*pipe{}, next: firstPID,
		down: make(chan struct{})}
}

// PowerOff kills every process and refuses new ones. It does not wait; see Wait.
func (s *System) PowerOff() {
	s.mu.Lock()
	if s.off {
		s.mu.Unlock()
		return
	}
	s.off = true
	close(s.down)
	all := make([]*Proc, 0, len(s.procs))
	for _, p := range s.procs {
		all = append(all, p)
	}
	s.mu.Unlock()
	for _, p := range all {
		p.die(128 + int(SIGKILL))
	}
}

// Down is closed when the system is powered off.
func (s *System) Down() <-chan struct{} { return s.down }

// Off reports whether the system was powered off.
func (s *System) Off() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off
}

// Wait returns when every goroutine of every process has ended.
func (s *System) Wait() { s.wg.Wait() }

// Info is one row of the process table.
type Info struct {
	PID, PPID, PGID, SID int
	UID                  int
	Stat, TTY            string
	Args                 []string
	Start                time.Time
	RSS                  int64 // bytes
	CPU                  time.Duration
}

// List is the process table, ordered by pid.
func (s *System) List() []Info {
	s.mu.Lock()
	all := make([]*Proc, 0, len(s.procs))
	for _, p := range s.procs {
		all = append(all, p)
	}
	var out []Info
	if s.Static != nil {
		for _, i := range s.Static() {
			if !s.gone[i.PID] {
				out = append(out, i)
			}
		}
	}
	s.mu.Unlock()
	for _, p := range all {
		out = append(out, p.info())
	}
	slices.SortFunc(out, func(a, b Info) int { return a.PID - b.PID })
	return out
}

// Get returns the live process of that number.
func (s *System) Get(pid int) *Proc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[pid]
}

// Count is the number of live processes, static ones not counted.
func (s *System) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.procs)
}

// register gives p its number and puts it into the table.
func (s *System) register(p *Proc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return vfs.ESRCH
	}
	if s.bombs[p.Login()] {
		return vfs.EAGAIN
	}
	if len(s.procs) >= maxProcs {
		s.defuse(p.Login())
		return vfs.EAGAIN
	}
	for {
		s.next++
		if s.next > 4194303 {
			s.next = 300
		}
		if s.procs[s.next] == nil {
			break
		}
	}
	p.PID = s.next
	s.procs[p.PID] = p
	s.Started.Add(1)
	return nil
}

// defuse kills a login session and lets it start nothing more. The caller holds the lock.
func (s *System) defuse(login string) {
	if login == "" {
		return
	}
	if s.bombs == nil {
		s.bombs = map[string]bool{}
	}
	s.bombs[login] = true
	var all []*Proc
	for _, p := range s.procs {
		if p.Login() == login {
			all = append(all, p)
		}
	}
	s.wg.Add(1)
	go func() { // not under the lock: a dying process takes it
		defer s.wg.Done()
		for _, p := range all {
			p.Signal(SIGKILL)
		}
	}()
}

func (s *System) remove(p *Proc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.procs[p.PID] != p {
		return
	}
	delete(s.procs, p.PID)
	for _, kid := range s.procs {
		if kid.ppid.Load() == int64(p.PID) {
			kid.ppid.Store(1) // orphans are adopted by init
		}
	}
}

// Kill sends a signal as kill(2) does: pid > 0 one process, < -1 a group, 0 the sender's own group, -1 everything.
func (s *System) Kill(from *Proc, pid int, sig Signal) error {
	match := func(i Info) bool { return i.PID == pid }
	switch {
	case pid == 0:
		pgid := from.info().PGID
		match = func(i Info) bool { return i.PGID == pgid }
	case pid == -1:
		match = func(i Info) bool { return i.PID > 1 && i.PID != from.PID }
	case pid < -1:
		match = func(i Info) bool { return i.PGID == -pid }
	}
	found, allowed := false, false
	for _, i := range s.List() {
		if !match(i) {
			continue
		}
		found = true
		if from.Cred.UID != 0 && from.Cred.UID != i.UID {
			continue
		}
		allowed = true
		if sig != 0 {
			s.deliver(i.PID, sig)
		}
	}
	switch {
	case !found:
		return vfs.ESRCH
	case !allowed:
		return vfs.EPERM
	}
	return nil
}

func (s *System) deliver(pid int, sig Signal) {
	if p := s.Get(pid); p != nil {
		p.Signal(sig)
		return
	}
	if pid != 1 && (sig == SIGKILL || sig == SIGTERM) {
		s.mu.Lock()
		s.gone[pid] = true
		s.mu.Unlock()
	}
}

// guard turns a fault in the lab's own code into the death of one process, and reports it.
func (s *System) guard(p *Proc, status *int) {
	v := recover()
	if v == nil {
		return
	}
	stack := debug.Stack()
	if s.Panicked != nil {
		s.Panicked(p, v, stack)
	}
	fmt.Fprintf(p.Stderr(), "Segmentation fault\n")
	*status = 128 + int(SIGSEGV)
}

// Find is the row of one process.
func (s *System) Find(pid int) (Info, bool) {
	if p := s.Get(pid); p != nil {
		return p.info(), true
	}
	if s.Static == nil {
		return Info{}, false
	}
	for _, i := range s.Static() {
		if i.PID == pid {
			s.mu.Lock()
			defer s.mu.Unlock()
			return i, !s.gone[pid]
		}
	}
	return Info{}, false
}
