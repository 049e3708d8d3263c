package kernel

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tend/lab/vfs"
)

// numFD is how many descriptors a process has: a POSIX shell can name 0 to 9.
const numFD = 10

// Proc is a process. Cred, Cwd, Umask and Env belong to the goroutine that runs it; everything else is guarded.
// It is a context.Context that ends when the process does.
type Proc struct {
	Sys   *System
	PID   int
	Cred  vfs.Cred
	Cwd   string
	Umask uint16
	Env   []string
	Start time.Time

	// What others read while the process goes on.
	ppid, pgid, sid atomic.Int64
	login           atomic.Pointer[string]
	tty             atomic.Pointer[TTY]

	mu      sync.Mutex
	args    []string
	uid     int
	fd      [numFD]*desc
	ignored uint64
	caught  uint64
	pending uint64
	stopped chan struct{} // non-nil while stopped; closed by CONT
	wake    chan struct{} // told of a caught signal

	ended  chan struct{}
	dead   bool
	status int
	by     Signal // what killed it, if anything did
}

var _ context.Context = (*Proc)(nil)

// Deadline, Done, Err and Value make a process the context of what it does.
func (p *Proc) Deadline() (time.Time, bool) { return time.Time{}, false }
func (p *Proc) Done() <-chan struct{}       { return p.ended }
func (p *Proc) Value(any) any               { return nil }
func (p *Proc) Err() error {
	select {
	case <-p.ended:
		return context.Canceled
	default:
		return nil
	}
}

// Dead reports whether the process has ended; a program's loop ends with it.
func (p *Proc) Dead() bool { return p.Err() != nil }

// New makes a process with no parent but init, such as a login session or a service.
func (s *System) New(args []string, cred vfs.Cred, env []string, cwd string) (*Proc, error) {
	p := &Proc{Sys: s, Cred: cred, uid: cred.UID, Cwd: cwd, Umask: 0o022, Env: env, args: args, Start: s.Clock.Now(),
		ended: make(chan struct{})}
	p.ppid.Store(1)
	if err := s.register(p); err != nil {
		return nil, err
	}
	p.Cred.PID = p.PID
	p.pgid.Store(int64(p.PID))
	p.sid.Store(int64(p.PID))
	return p, nil
}

// Fork makes a child that shares the open files and inherits the rest.
func (p *Proc) Fork(args []string) (*Proc, error) {
	if p.Dead() {
		return nil, vfs.ESRCH
	}
	c := &Proc{Sys: p.Sys, Cred: p.Cred, uid: p.Cred.UID, Cwd: p.Cwd, Umask: p.Umask, Env: p.Env,
		args: args, Start: p.Sys.Clock.Now(), ended: make(chan struct{})}
	c.ppid.Store(int64(p.PID))
	c.pgid.Store(p.pgid.Load())
	c.sid.Store(p.sid.Load())
	c.login.Store(p.login.Load())
	c.tty.Store(p.tty.Load())
	p.mu.Lock()
	c.ignored = p.ignored
	c.fd = p.fd
	for _, d := range c.fd {
		d.ref()
	}
	p.mu.Unlock()
	if err := p.Sys.register(c); err != nil {
		c.closeAll()
		return nil, err
	}
	c.Cred.PID = c.PID
	return c, nil
}

// Do runs fn as p in this goroutine, ends p with what fn returns, and gives the status that a parent would see.
func (p *Proc) Do(fn func() int) int {
	status := p.guarded(fn)
	p.die(status)
	return p.Status()
}

// Go runs fn as p in a goroutine of its own, which the System owns.
func (p *Proc) Go(fn func() int) {
	p.Sys.mu.Lock()
	if p.Sys.off { // whoever waits for the system must not miss us
		p.Sys.mu.Unlock()
		p.die(128 + int(SIGKILL))
		return
	}
	p.Sys.wg.Add(1)
	p.Sys.mu.Unlock()
	go func() {
		defer p.Sys.wg.Done()
		p.Do(fn)
	}()
}

func (p *Proc) guarded(fn func() int) (status int) {
	defer p.Sys.guard(p, &status)
	return fn()
}

// die ends the process once: it leaves the table, its descriptors close, whoever waits for it is told.
func (p *Proc) die(status int) {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return
	}
	p.dead, p.status = true, status&0xff
	p.mu.Unlock()
	p.closeAll()
	p.Sys.remove(p)
	close(p.ended)
}

// Status is the exit status, 128 + n for a signal; meaningful once Done is closed.
func (p *Proc) Status() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// KilledBy is the signal that ended the process, or 0.
func (p *Proc) KilledBy() Signal {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by
}

// WaitFor blocks until child has ended, or until p dies or catches a signal (then ok is false).
func (p *Proc) WaitFor(child *Proc) (status int, ok bool) {
	select {
	case <-child.ended:
		return child.Status(), true
	case <-p.ended:
		return 0, false
	case <-p.wakeup():
		return 0, false
	}
}

// Sleep waits for a span of lab time; false means that the process died first.
func (p *Proc) Sleep(d time.Duration) bool {
	t := time.NewTimer(p.Sys.Clock.Real(d))
	defer t.Stop()
	select {
	case <-t.C:
		return p.runnable()
	case <-p.ended:
		return false
	}
}

// runnable blocks while the process is stopped and reports whether it is alive.
func (p *Proc) runnable() bool {
	for {
		p.mu.Lock()
		ch, dead := p.stopped, p.dead
		p.mu.Unlock()
		if dead {
			return false
		}
		if ch == nil {
			return true
		}
		select {
		case <-ch:
		case <-p.ended:
			return false
		}
	}
}

// Now is the lab's time.
func (p *Proc) Now() time.Time { return p.Sys.Clock.Now() }

// Getenv reads the environment.
func (p *Proc) Getenv(name string) string {
	for _, e := range p.Env {
		if len(e) > len(name) && e[len(name)] == '=' && strings.HasPrefix(e, name) {
			return e[len(name)+1:]
		}
	}
	return ""
}

// Setenv replaces or adds a variable; the slice is never shared afterwards.
func (p *Proc) Setenv(name, value string) {
	p.Env = append(slices.DeleteFunc(slices.Clone(p.Env), func(e string) bool { return strings.HasPrefix(e, name+"=") }), name+"="+value)
}

// Args is the command line as ps shows it; SetArgs changes it, as exec does.
func (p *Proc) Args() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.args
}
func (p *Proc) SetArgs(args []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.args = args
}

// SetCred changes who the process is.
func (p *Proc) SetCred(c vfs.Cred) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Cred, p.uid = c, c.UID
	p.Cred.PID = p.PID
}

// PPID is the parent; 1 once it is gone.
func (p *Proc) PPID() int { return int(p.ppid.Load()) }

// PGID is the process group.
func (p *Proc) PGID() int { return int(p.pgid.Load()) }

// TTY is the terminal; nil where it has none.
func (p *Proc) TTY() *TTY { return p.tty.Load() }

// SetTTY gives the process a terminal.
func (p *Proc) SetTTY(t *TTY) { p.tty.Store(t) }

// Login is the login session it belongs to ("" for a service), as in its cgroup.
func (p *Proc) Login() string {
	if l := p.login.Load(); l != nil {
		return *l
	}
	return ""
}

// SetLogin puts the process into a login session, or a unit.
func (p *Proc) SetLogin(name string) { p.login.Store(&name) }

// SID is the session.
func (p *Proc) SID() int { return int(p.sid.Load()) }

// Setsid makes p the leader of a new session and group, without a terminal.
func (p *Proc) Setsid() {
	p.sid.Store(int64(p.PID))
	p.pgid.Store(int64(p.PID))
	p.tty.Store(nil)
}

// Setpgid makes p the leader of a new group.
func (p *Proc) Setpgid() { p.pgid.Store(int64(p.PID)) }

func (p *Proc) info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := Info{PID: p.PID, PPID: p.PPID(), PGID: p.PGID(), SID: p.SID(), UID: p.uid, Args: p.args, Start: p.Start,
		Stat: "S", TTY: "?", RSS: 3400 << 10}
	if p.stopped != nil {
		i.Stat = "T"
	}
	if tty := p.TTY(); tty != nil {
		i.TTY = tty.Name
	}
	if i.SID == i.PID {
		i.Stat += "s"
	}
	return i
}
