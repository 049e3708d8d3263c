package main

import (
	"crypto/ed25519"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"
)

// gear is a switch: an SSH server whose command line knows four commands and no shell, no files, no environment, and which hangs up behind each.
type gear struct {
	addr  *net.TCPAddr
	key   xssh.PublicKey
	mu    sync.Mutex
	heard []string
}

func newGear(t *testing.T) *gear {
	t.Helper()
	_, key, _ := ed25519.GenerateKey(nil)
	signer, err := xssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gear{addr: l.Addr().(*net.TCPAddr), key: signer.PublicKey()}
	cfg := &xssh.ServerConfig{NoClientAuth: true}
	cfg.AddHostKey(signer)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); g.talk(c, cfg) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return g
}

func (g *gear) talk(c net.Conn, cfg *xssh.ServerConfig) {
	_, chans, reqs, err := xssh.NewServerConn(c, cfg)
	if err != nil {
		return
	}
	go xssh.DiscardRequests(reqs)
	for nch := range chans {
		ch, creqs, err := nch.Accept()
		if err != nil {
			return
		}
		for r := range creqs {
			r.Reply(r.Type == "exec", nil)
			var cmd struct{ Line string }
			if r.Type != "exec" || xssh.Unmarshal(r.Payload, &cmd) != nil {
				continue
			}
			if g.command(ch, cmd.Line) {
				return // and hangs up
			}
			ch.Close()
		}
	}
}

// command answers; true where the connection ends with it.
func (g *gear) command(ch xssh.Channel, line string) (gone bool) {
	g.mu.Lock()
	g.heard = append(g.heard, line)
	g.mu.Unlock()
	exit := uint32(0)
	switch line {
	case "show version | include image":
		fmt.Fprint(ch, "Software image version: 4.31.2F\r\n")
	case "show clock": // says no exit code, as much gear does
		fmt.Fprint(ch, "12:00:00.000 UTC\r\n")
		return false
	case "reload":
		fmt.Fprint(ch, "Proceeding with reload\r\n")
		return true
	default:
		fmt.Fprint(ch, "% Invalid input\r\n")
		exit = 1
	}
	ch.SendRequest("exit-status", false, xssh.Marshal(struct{ S uint32 }{exit}))
	return false
}

// lines is what it was told since the last call.
func (g *gear) lines() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.heard
	g.heard = nil
	return all
}

// TestRealGearWithoutAShell: the words arrive as they are and nothing else does; what needs a shell or files is refused before the gear hears a word;
// a command whose end was not heard is unknown, not passed and not run again, and what it printed is shown; and one that only reads, of a device
// that gives no exit status, is something to look at.
func TestRealGearWithoutAShell(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	g := newGear(t)
	s := bareSite(t).withBook("title = \"what time is it there\"\nrisk = \"read\"\n[[param]]\nname = \"line\"\ndefault = \"show clock\"\n[[step]]\nid = \"ask\"\nline = \"line\"\nscript = \"sh -c \\\"$line\\\"\"\n")
	s.write("inventory.toml", fmt.Sprintf("[[site]]\nname = \"here\"\n[[site.host]]\nname = \"sw-1\"\naddr = \"127.0.0.1\"\nport = %d\nuser = \"ops\"\nshell = \"none\"\nhost_key = %q\n",
		g.addr.Port, xssh.FingerprintSHA256(g.key)))
	for _, c := range []struct {
		args []string
		code int
		says string
		told []string
	}{
		{[]string{"exec", "sw-1", "--yes", "--", "show version | include image"}, 0, "Software image version: 4.31.2F", []string{"show version | include image"}},
		{[]string{"exec", "sw-1", "--yes", "--", "show nonsense"}, 1, "Invalid input", []string{"show nonsense"}},
		{[]string{"exec", "sw-1", "--yes", "--", "show clock"}, 3, "device closed the command without an exit status ~ --- sw-1 (1 host): how it ended is not known\n12:00:00.000 UTC", []string{"show clock"}},
		{[]string{"run", "own", "sw-1"}, 0, "warn ~ device closed the command without an exit status", []string{"show clock"}},
		{[]string{"exec", "sw-1", "--yes", "--", "reload"}, 3, "the device hung up, or the link was lost ~ --- sw-1 (1 host): how it ended is not known\nProceeding with reload", []string{"reload"}},
		{[]string{"run", "health", "sw-1"}, 2, "needs a shell, and the inventory says that there is none on sw-1", nil},
		{[]string{"run", "patch", "sw-1", "--yes"}, 2, "needs a shell", nil},
		{[]string{"pull", "sw-1", "/etc/passwd", s.dir}, 1, "SFTP", nil},
	} {
		out, errs, code := s.tend(c.args...)
		for says := range strings.SplitSeq(c.says, " ~ ") {
			if code != c.code || !strings.Contains(out+errs, says) {
				t.Errorf("%v: exit %d, want %d and %q\n%s%s", c.args, code, c.code, says, out, errs)
			}
		}
		if c.code == 3 && !strings.Contains(s.ok("journal", "show", "last", "--output"), map[string]string{"reload": "Proceeding", "show clock": "12:00:00"}[c.told[0]]) {
			t.Errorf("%v: the journal lacks what the gear said", c.args)
		}
		if told := g.lines(); !slices.Equal(told, c.told) {
			t.Errorf("%v: the gear was told %q, want %q", c.args, told, c.told)
		}
	}
	s.planSays("gear", "no shell on sw-1: what is run there is sent as it is, on the connection", "plan", "exec", "--set", "command=show clock", "sw-1")
	s.planSays("gear", "what goes to sw-1, which has no shell\nshow clock\n", "plan", "exec", "--set", "command=show clock", "sw-1")
	if out := s.ok("plan", "exec", "--set", "command=show clock", "sw-1"); strings.Contains(out, "what goes to sh") {
		t.Errorf("the plan shows a script that goes nowhere:\n%s", out)
	}
}
