package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// dialCommand runs a ProxyCommand; its standard input and output are the connection, as with ssh.
func (c *Client) dialCommand(_ context.Context, s *Settings) (net.Conn, error) {
	cmd := exec.Command("/bin/sh", "-c", "exec "+s.ProxyCommand)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that all of it can be ended
	p := &process{cmd: cmd, name: s.addr(), ended: make(chan struct{})}
	cmd.Stderr = &p.said
	cmd.WaitDelay = time.Second
	ours, theirs, err := pipes()
	if err != nil {
		return nil, faultf(Config, "ProxyCommand: %w", err)
	}
	p.in, p.out = ours[0], ours[1]
	cmd.Stdin, cmd.Stdout = theirs[0], theirs[1]
	err = cmd.Start()
	theirs[0].Close()
	theirs[1].Close()
	if err == nil && !c.own(p.wait) {
		err = errClosed
		p.kill(syscall.SIGKILL)
		p.wait()
	}
	if err != nil {
		p.in.Close()
		p.out.Close()
		return nil, faultf(Config, "ProxyCommand: %w", err)
	}
	return p, nil
}

// pipes makes a pair for each direction: [write to it, read from it] is ours, [its stdin, its stdout] theirs.
func pipes() (ours, theirs [2]*os.File, err error) {
	theirs[0], ours[0], err = os.Pipe()
	if err != nil {
		return ours, theirs, err
	}
	ours[1], theirs[1], err = os.Pipe()
	if err != nil {
		theirs[0].Close()
		ours[0].Close()
	}
	return ours, theirs, err
}

// process is a running ProxyCommand as a net.Conn.
type process struct {
	cmd     *exec.Cmd
	in, out *os.File
	name    string
	said    tail
	ended   chan struct{}
	once    sync.Once
}

func (p *process) Read(b []byte) (int, error)  { return p.out.Read(b) }
func (p *process) Write(b []byte) (int, error) { return p.in.Write(b) }

// wait reaps the command and whatever it left in its group.
func (p *process) wait() {
	p.cmd.Wait()
	close(p.ended)
}

// Close closes the command's streams, which ends most; the others are told to hang up, as ssh tells them, and then killed. It does
// not wait: wait does, and Client.Close for it.
func (p *process) Close() error {
	p.once.Do(func() {
		p.in.Close()
		p.out.Close()
		time.AfterFunc(hangUpAfter, func() { p.kill(syscall.SIGHUP) })
		time.AfterFunc(2*hangUpAfter, func() { p.kill(syscall.SIGKILL) })
	})
	return nil
}

// hangUpAfter is how long a command may take to end by itself: it may still be writing why.
const hangUpAfter = 300 * time.Millisecond

// kill signals the whole group while its leader has not been reaped: only then is the number surely still ours.
func (p *process) kill(sig syscall.Signal) {
	select {
	case <-p.ended:
	default:
		syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}

// complaint is how a command ended that hung up, and the end of what it wrote to stderr; "" while it runs.
func (p *process) complaint() error {
	select {
	case <-p.ended:
	case <-time.After(3 * hangUpAfter):
		return nil
	}
	text := strings.TrimSpace(p.said.String())
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	if text == "" {
		text = p.cmd.ProcessState.String()
	}
	return faultf(Refused, "ProxyCommand ended: %w", errors.New(clip(text)))
}

func (p *process) LocalAddr() net.Addr              { return tunnelAddr("") }
func (p *process) RemoteAddr() net.Addr             { return tunnelAddr(p.name) }
func (p *process) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (p *process) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (p *process) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// tail keeps the last 4 KiB of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - 4096; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
