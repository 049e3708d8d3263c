package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tend/engine"
	"tend/journal"
)

// server is the run's private socket.
type server struct {
	run       journal.RunID
	ln        net.Listener
	asker     *Asker
	decisions chan engine.Word
	ctx       context.Context
	cancel    context.CancelFunc
	wait      sync.WaitGroup
	mu        sync.Mutex
	conns     map[net.Conn]struct{}
}

// listen opens the socket at path, in a directory that is known to be private.
func listen(ctx context.Context, run journal.RunID, path string, asker *Asker) (*server, error) {
	ln, err := bind(path)
	if err != nil {
		return nil, fmt.Errorf("run's socket: %w", err)
	}
	s := &server{run: run, ln: ln, asker: asker, decisions: make(chan engine.Word), conns: map[net.Conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.wait.Go(s.accept)
	return s, nil
}

func bind(path string) (net.Listener, error) {
	if unlock, err := lock(filepath.Dir(path), unix.LOCK_EX); err == nil { // a file system without locks has no sweepers either
		defer unlock()
	}
	_ = os.Remove(path) // of a process that is gone: the segment's lock says that we are the only one
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}

func (s *server) accept() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		if s.ctx.Err() != nil {
			farewell(c)
		}
		s.mu.Unlock()
		s.wait.Go(func() {
			s.serve(c)
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
			c.Close()
		})
	}
}

// farewell ends a connection once what was asked on it is answered: whoever decided to abort is told that the run took it.
func farewell(c net.Conn) {
	_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // not for one who does not read
	if u, ok := c.(*net.UnixConn); ok && u.CloseRead() == nil {
		return
	}
	c.Close()
}

// close ends the socket and waits for everyone on it.
func (s *server) close() {
	s.cancel()
	s.asker.Close()
	s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		farewell(c)
	}
	s.mu.Unlock()
	s.wait.Wait()
}

// maxLine bounds a request, so that a client gone wrong cannot fill the memory of a run.
const maxLine = 1 << 20

func (s *server) serve(c net.Conn) {
	in := bufio.NewScanner(c)
	in.Buffer(nil, maxLine)
	out := json.NewEncoder(c)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			_ = out.Encode(reply{Error: "not a request: " + err.Error()})
			return
		}
		if r.Do == "questions" {
			s.questions(c, out)
			return
		}
		if err := out.Encode(s.do(r)); err != nil {
			return
		}
	}
}

func (s *server) do(r request) reply {
	rep := reply{Run: s.run, PID: os.Getpid()}
	var err error
	switch r.Do {
	case "who":
	case "answer":
		err = s.asker.answer(r)
	case "decide":
		err = s.decide(r.Decided)
	default:
		err = fmt.Errorf("unknown request %q", r.Do)
	}
	if err != nil {
		rep.Error = err.Error()
		errors.As(err, &rep.Late)
	}
	return rep
}

// decide hands a decision to the engine, and waits for what became of it: that it is durable, or that it came too late.
func (s *server) decide(d *journal.Decided) error {
	if d == nil {
		return errors.New("no decision given")
	}
	told := make(chan error, 1)
	select {
	case s.decisions <- engine.Word{Decided: *d, Told: func(err error) {
		if err == nil {
			s.declines(d.Decision)
		}
		told <- err
	}}:
	case <-s.ctx.Done():
		return ended()
	}
	select {
	case err := <-told:
		return err
	case <-s.ctx.Done(): // the engine has returned: it has said all that it will say
	}
	select {
	case err := <-told:
		return err
	default:
		return ended()
	}
}

// ended is what a decision hears that came behind the last that the engine took.
func ended() error {
	return &journal.TooLate{Text: "the run has ended", Next: "tend journal show says how, and who decided what"}
}

// declines says no to what is asked, where the run was ended: nothing begins for which it would be needed.
func (s *server) declines(d journal.Decision) {
	if d == journal.Abort || d == journal.AbortHard {
		s.asker.Decline(d == journal.AbortHard)
	}
}

func (s *server) questions(c net.Conn, out *json.Encoder) {
	now, news, stop := s.asker.listen()
	defer stop()
	// The client says no more; reading tells when it goes away.
	s.wait.Go(func() {
		var b [1]byte
		_, _ = c.Read(b[:])
		stop()
	})
	for i := range now {
		if out.Encode(reply{Run: s.run, Question: &now[i]}) != nil {
			return
		}
	}
	for r := range news {
		r.Run = s.run
		if out.Encode(r) != nil {
			return
		}
	}
}

// private makes dir, or makes sure that it is a directory of ours that nobody else may enter.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return owned(dir)
}

// owned makes sure that dir is a directory of ours that nobody else may enter. Who listens in another one may be anybody, and would ask for
// passwords in a run's name.
func owned(dir string) error {
	st, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !st.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case !ours(st):
		return fmt.Errorf("%s belongs to another user", dir)
	case st.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s: other users may enter it (mode %o); chmod 700 it", dir, st.Mode().Perm())
	}
	return nil
}
