package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// raw is a server that does with each connection what handle does.
func raw(t *testing.T, handle func(n int, c net.Conn)) inventory.Host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, nil)
			wg.Go(func() { handle(n, c); c.Close(); open.Delete(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return inventory.Host{Name: "evil", Addr: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "ops"}
}

// clean wants a text that can act on no terminal.
func clean(t *testing.T, what, s string) {
	t.Helper()
	for _, r := range s {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2066 || r == 0x200b || r == 0xfffd {
			t.Errorf("%s holds %U: %q", what, r, s)
			return
		}
	}
}

const nasty = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\r\b\x00\x7f\u009b31m\u202e\u2066\u200b\xff"

func TestBytesBeforeTheBanner(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		say, want string
		kind      ssh.Kind
	}{
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400", ssh.Protocol},
		{nasty + "\r\n", "not an SSH server", ssh.Protocol},
		{strings.Repeat("x", 5000), "", ssh.Protocol},
		{"SSH-1.5-old\r\n", "", ssh.Protocol},
		{"SSH-2.0-x\r\n" + strings.Repeat("\xff", 4096), "", ssh.Protocol},
		{"SSH-2.0-x\r\n\x7f\xff\xff\xff\x00", "", ssh.Protocol},
	} {
		h := raw(t, func(_ int, c net.Conn) {
			io.WriteString(c, tt.say)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
		})
		_, err := newClient(t, ssh.Options{}).Exec(ctxFor(t, time.Minute), h, "x", nil, nil, nil)
		e := fault(t, err, tt.kind)
		clean(t, "the error", err.Error()+e.Hint())
		if !strings.Contains(err.Error(), tt.want) || !e.NotStarted() || len(err.Error()) > 1000 {
			t.Errorf("%.20q: %v", tt.say, err)
		}
	}
}

func TestHungUpAtTheDoorIsTriedAgain(t *testing.T) {
	t.Parallel()
	key := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	cfg := &xssh.ServerConfig{NoClientAuth: true}
	cfg.AddHostKey(key)
	p := &peer{}
	for _, how := range []string{"reset", "close", "Exceeded MaxStartups\r\n"} {
		h := raw(t, func(n int, c net.Conn) {
			switch {
			case n > 3:
				p.answer(c, cfg)
			case how == "reset":
				c.(*net.TCPConn).SetLinger(0)
			case how != "close":
				io.WriteString(c, how)
			}
		})
		h.HostKey = keyLine(key.PublicKey())
		c := newClient(t, ssh.Options{})
		if _, out, _, err := run(t, c, h, "x"); err != nil || out != "hello ops\n" {
			t.Errorf("%s: %q %v", how, out, err)
		}
		if road, ok := c.Road(h.Name); !ok || road.TurnedAway != 3 {
			t.Errorf("%s: %d of 3 refusals were counted", how, road.TurnedAway)
		}
	}
}

// TestMaxStartups has two hundred hosts behind one door that refuses at random from the tenth connection on, as sshd does with
// 10:30:100.
func TestMaxStartups(t *testing.T) {
	t.Parallel()
	key := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	cfg := &xssh.ServerConfig{NoClientAuth: true}
	cfg.AddHostKey(key)
	var starting atomic.Int32
	var refused atomic.Int32
	p := &peer{}
	cfg.AuthLogCallback = func(_ xssh.ConnMetadata, _ string, err error) {
		if err == nil {
			starting.Add(-1)
		}
	}
	h := raw(t, func(_ int, c net.Conn) {
		n := starting.Add(1)
		if n >= 10 && rand.IntN(100) < 30+int(n) {
			starting.Add(-1)
			refused.Add(1)
			c.(*net.TCPConn).SetLinger(0)
			return
		}
		p.answer(c, cfg)
	})
	h.HostKey = keyLine(key.PublicKey())
	c := newClient(t, ssh.Options{})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			h := h
			h.Name = inventory.HostID(fmt.Sprint("h", i))
			if _, out, _, err := run(t, c, h, "x"); err != nil || out != "hello ops\n" {
				t.Errorf("%q %v", out, err)
			}
		})
	}
	wg.Wait()
	if refused.Load() > 0 {
		t.Errorf("%d connections were refused: the limit for one address does not hold", refused.Load())
	}
}

func TestThrottledIsSaidSoAndNobodyIsAsked(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	h := raw(t, func(_ int, c net.Conn) { n.Add(1); io.WriteString(c, "Not allowed at this time\r\n") })
	person := says("x")
	c := newClient(t, ssh.Options{Prompter: person})
	ssh.HurryForTest(c)
	_, err := c.Exec(ctxFor(t, time.Minute), h, "x", nil, nil, nil)
	e := fault(t, err, ssh.Throttled)
	if !strings.Contains(e.Hint(), "penalises") || !e.NotStarted() || len(person.questions()) > 0 || n.Load() != 4 {
		t.Errorf("%v, hint %q, %d questions, %d tries", err, e.Hint(), len(person.questions()), n.Load())
	}
}

func TestBackoffEndsWithTheContext(t *testing.T) {
	t.Parallel()
	h := raw(t, func(_ int, c net.Conn) { io.WriteString(c, "Not allowed at this time\r\n") })
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := newClient(t, ssh.Options{}).Exec(ctx, h, "x", nil, nil, nil)
	fault(t, err, ssh.Cancelled)
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %s", d)
	}
}

func TestRefusedAndUnresolved(t *testing.T) {
	t.Parallel()
	c := newClient(t, ssh.Options{})
	for kind, h := range map[ssh.Kind]inventory.Host{
		ssh.Refused:    {Name: "a", Addr: "127.0.0.1", Port: 1},
		ssh.Unresolved: {Name: "b", Addr: "no-such-host.invalid"},
	} {
		_, _, _, err := run(t, c, h, "x")
		if e := fault(t, err, kind); e.Hint() == "" || !e.NotStarted() {
			t.Errorf("%v: hint %q", err, e.Hint())
		}
	}
}

func TestSlowDripEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	h := raw(t, func(_ int, c net.Conn) {
		for _, b := range []byte("SSH-2.0-slow\r\n" + strings.Repeat("\x00", 1000)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	start := time.Now()
	_, err := newClient(t, ssh.Options{AuthTimeout: 600 * time.Millisecond}).Exec(context.Background(), h, "x", nil, nil, nil)
	var e *ssh.Error
	if !errors.As(err, &e) || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

// flood is a server that lets no one in and says something without end while it pretends to authenticate.
func flood(t *testing.T, what func(xssh.ConnMetadata, xssh.KeyboardInteractiveChallenge) error) *peer {
	return serve(t, &xssh.ServerConfig{KeyboardInteractiveCallback: func(m xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
		return nil, what(m, ask)
	}}, nil)
}

func TestTenThousandPrompts(t *testing.T) {
	t.Parallel()
	many := make([]string, 10000)
	rounds := 0
	for name, what := range map[string]func(xssh.ConnMetadata, xssh.KeyboardInteractiveChallenge) error{
		"in one round": func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", "", many, make([]bool, len(many)))
			return err
		},
		"round after round": func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) error {
			for ; rounds < 10000; rounds++ {
				if _, err := ask("", "", []string{"code?"}, []bool{true}); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		person := &person{answer: func(ssh.Question) (string, error) { return "x", nil }}
		_, _, _, err := run(t, newClient(t, ssh.Options{Prompter: person}), flood(t, what).host("evil"), "x")
		fault(t, err, ssh.Protocol)
		if n := len(person.questions()); n > 12 {
			t.Errorf("%s: a person was asked %d times", name, n)
		}
	}
}

func TestEndlessBanner(t *testing.T) {
	t.Parallel()
	key := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	p := serve(t, &xssh.ServerConfig{PasswordCallback: func(m xssh.ConnMetadata, _ []byte) (*xssh.Permissions, error) {
		for {
			if err := m.(xssh.ServerPreAuthConn).SendAuthBanner(nasty + strings.Repeat("spam ", 1000)); err != nil {
				return nil, err
			}
		}
	}}, nil)
	_ = key
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, _, _, err := run(t, newClient(t, ssh.Options{Prompter: says("x")}), p.host("evil"), "x")
	runtime.GC()
	runtime.ReadMemStats(&after)
	fault(t, err, ssh.Protocol)
	clean(t, "the error", err.Error())
	if grew := int64(after.HeapAlloc) - int64(before.HeapAlloc); grew > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grew>>20)
	}
}

func TestWeakServerIsToldWhichOptionWouldHelp(t *testing.T) {
	t.Parallel()
	for option, cfg := range map[string]xssh.Config{
		"KexAlgorithms +diffie-hellman-group1-sha1": {KeyExchanges: []string{xssh.InsecureKeyExchangeDH1SHA1}},
		"Ciphers +3des-cbc":                         {Ciphers: []string{xssh.InsecureCipherTripleDESCBC}},
	} {
		p := serve(t, &xssh.ServerConfig{Config: cfg, NoClientAuth: true}, nil)
		h := p.host("old-pdu")
		_, _, _, err := run(t, newClient(t, ssh.Options{}), h, "x")
		if e := fault(t, err, ssh.Protocol); !strings.Contains(e.Hint(), option) {
			t.Errorf("%v: hint %q, want %s", err, e.Hint(), option)
		}
		home := t.TempDir()
		put(t, home+"/cfg", "Host 127.0.0.1\n "+option+"\n")
		if _, _, _, err := run(t, newClient(t, ssh.Options{Home: home, ConfigFiles: []string{home + "/cfg"}}), h, "x"); err != nil {
			t.Errorf("with %s: %v", option, err)
		}
		c := newClient(t, ssh.Options{})
		other := h
		other.Name = "new-pdu"
		h.LegacyCrypto = true
		if _, _, _, err := run(t, c, h, "x"); err != nil {
			t.Errorf("with legacy_crypto: %v", err)
		}
		if _, _, _, err := run(t, c, other, "x"); err == nil {
			t.Error("another host is spoken to with weak algorithms as well")
		}
	}
}
