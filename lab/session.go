package lab

import (
	"io"
	"net"
	"strings"
	"sync"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/lab/kernel"
	"tend/lab/machine"
)

// session is one channel: a command, a shell, or sftp.
type session struct {
	lab  *Lab
	m    *machine.Host
	conn net.Conn
	user string
	ch   xssh.Channel
	env  []string
	tty  *terminal

	begin func() // starts what was asked for, once the answer is out: a quick command must not close the channel before it

	mu      sync.Mutex
	leader  *kernel.Proc
	started bool
	done    chan struct{} // closed when the client has closed the channel
	wg      sync.WaitGroup
}

// serve answers the channel's requests until it is closed, and waits for what it started; what that started in turn may live on.
func (s *session) serve(reqs <-chan *xssh.Request) {
	for r := range reqs {
		ok := s.request(r)
		if r.WantReply {
			r.Reply(ok, nil)
		}
		if s.begin != nil {
			s.begin()
			s.begin = nil
		}
	}
	close(s.done)
	s.mu.Lock()
	p := s.leader
	s.mu.Unlock()
	if p != nil && s.tty != nil {
		p.Sys.Kill(p, -p.PGID(), kernel.SIGHUP) // a terminal that is gone hangs up its session
		p.Signal(kernel.SIGHUP)
	}
	s.ch.Close()
	s.wg.Wait()
}

func (s *session) request(r *xssh.Request) bool {
	switch r.Type {
	case "env":
		var kv struct{ Name, Value string }
		if xssh.Unmarshal(r.Payload, &kv) != nil || kv.Name != "LANG" && !strings.HasPrefix(kv.Name, "LC_") {
			return false // as sshd with Debian's AcceptEnv
		}
		s.env = append(s.env, kv.Name+"="+kv.Value)
		return true
	case "pty-req":
		var pty struct {
			Term          string
			Cols, Rows    uint32
			Width, Height uint32
			Modes         string
		}
		if xssh.Unmarshal(r.Payload, &pty) != nil || s.tty != nil {
			return false
		}
		s.tty = newTerminal(s, int(pty.Cols), int(pty.Rows))
		return true
	case "window-change":
		var w struct{ Cols, Rows, Width, Height uint32 }
		if xssh.Unmarshal(r.Payload, &w) == nil && s.tty != nil {
			s.tty.resize(int(w.Cols), int(w.Rows))
		}
		return true
	case "exec":
		var cmd struct{ Line string }
		if xssh.Unmarshal(r.Payload, &cmd) != nil {
			return false
		}
		return s.start([]string{s.m.D.LoginShell, "-c", cmd.Line})
	case "shell":
		name := s.m.D.LoginShell
		return s.start([]string{"-" + name[strings.LastIndexByte(name, '/')+1:]})
	case "signal":
		var sig struct{ Name string }
		if xssh.Unmarshal(r.Payload, &sig) == nil {
			s.signal(sig.Name)
		}
		return true
	case "subsystem":
		var sub struct{ Name string }
		return xssh.Unmarshal(r.Payload, &sub) == nil && sub.Name == "sftp" && s.startSFTP()
	}
	return false
}

// signal is for the whole process group, as sshd delivers it.
func (s *session) signal(name string) {
	s.mu.Lock()
	p := s.leader
	s.mu.Unlock()
	if sig, ok := kernel.ParseSignal(name); ok && p != nil {
		p.Sys.Kill(p, -p.PGID(), sig)
	}
}

// start runs argv as the login shell's process.
func (s *session) start(argv []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return false
	}
	s.started = true
	var tty *kernel.TTY
	if s.tty != nil {
		tty = s.tty.tty
	}
	p, err := s.m.Session(s.user, argv, tty, s.env)
	if err != nil {
		return false
	}
	s.leader = p
	pipes := s.streams(p)
	login, uid := p.Login(), p.Cred.UID // as it logged in: what it becomes later, by sudo say, is its own affair
	s.begin = func() {
		s.wg.Go(func() { s.finish(p, pipes, login, uid) })
		p.Go(func() int { return s.run(p, argv) })
	}
	return true
}

// run plays the faults of a login, then is the shell.
func (s *session) run(p *kernel.Proc, argv []string) int {
	if v, ok := s.m.Fault("slow"); ok {
		d, err := time.ParseDuration(v)
		if err != nil {
			d = 2 * time.Second
		}
		p.Sleep(d)
	}
	if s.m.T.Slow {
		p.Sleep(1500 * time.Millisecond)
	}
	if _, ok := s.m.Fault("noisy-login"); ok {
		io.WriteString(p.Stdout(), "Welcome to the lab!\nYou have mail.")
	}
	status, err := p.ExecPath(s.m.D.LoginShell, argv)
	if err != nil {
		io.WriteString(p.Stderr(), argv[0]+": "+err.Error()+"\n")
		return 127
	}
	return status
}

// streams connects descriptors 0 to 2 to the channel, or to the terminal. The returned channel is closed when nobody holds the output
// any more.
func (s *session) streams(p *kernel.Proc) <-chan struct{} {
	closed := make(chan struct{})
	if s.tty != nil {
		for fd := range 3 {
			p.SetFD(fd, s.tty.tty)
		}
		s.tty.begin(p)
		close(closed)
		return closed
	}
	var mu sync.Mutex
	left := 2
	release := func() {
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			close(closed)
		}
	}
	out := &filter{s: s, w: s.ch}
	errs := &filter{s: s, w: s.ch.Stderr(), errs: true}
	p.SetFD(0, &kernel.Stream{R: s.ch})
	p.SetFD(1, &kernel.Stream{W: out, OnClose: release})
	p.SetFD(2, &kernel.Stream{W: errs, OnClose: release})
	return closed
}

// finish reports how the command ended: at once, as sshd does, while the channel stays open until nobody holds its output.
func (s *session) finish(p *kernel.Proc, pipes <-chan struct{}, login string, uid int) {
	select {
	case <-p.Done():
	case <-s.done: // the client is gone: the command runs on, and meets SIGPIPE when it writes
		s.m.Logout(login, uid)
		return
	}
	if p.Sys.Off() { // without power nobody says how a command ended
		<-s.done
		return
	}
	if _, ok := s.m.Fault("hostile-output"); ok {
		io.WriteString(s.ch, hostileText)
	}
	if _, ok := s.m.Fault("no-exit-status"); !ok {
		s.sendExit(p)
	}
	select {
	case <-pipes:
	case <-s.done:
	}
	s.m.Logout(p.Login(), p.Cred.UID)
	s.ch.CloseWrite()
	s.ch.Close()
}

func (s *session) sendExit(p *kernel.Proc) {
	if sig := p.KilledBy(); sig != 0 {
		s.ch.SendRequest("exit-signal", false, xssh.Marshal(struct {
			Name  string
			Core  bool
			Error string
			Lang  string
		}{Name: sig.Name()}))
		return
	}
	s.ch.SendRequest("exit-status", false, xssh.Marshal(struct{ Status uint32 }{uint32(p.Status())}))
}
