package ssh_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// nameServer answers questions for SSHFP records on loopback, over UDP or, where it says that an answer is cut, TCP.
type nameServer struct {
	addr    string
	records [][]byte
	signed  bool
	cut     bool
	code    byte
	asked   atomic.Int64
}

func serveNames(t *testing.T, n *nameServer) *nameServer {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.addr = udp.LocalAddr().String()
	tcp, err := net.Listen("tcp", n.addr)
	if err != nil {
		t.Skipf("the TCP port beside it is taken: %v", err)
	}
	done := make(chan struct{}, 2)
	t.Cleanup(func() { udp.Close(); tcp.Close(); <-done; <-done })
	go func() {
		defer func() { done <- struct{}{} }()
		buf := make([]byte, 4096)
		for {
			k, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			n.asked.Add(1)
			udp.WriteTo([]byte("noise that is no answer"), from)
			udp.WriteTo(n.answer(buf[:k], n.cut), from)
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			var size [2]byte
			if _, err := io.ReadFull(c, size[:]); err == nil {
				q := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, q); err == nil {
					a := n.answer(q, false)
					c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
				}
			}
			c.Close()
		}
	}()
	return n
}

func (n *nameServer) answer(q []byte, cut bool) []byte {
	end := 12
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	a := append([]byte{}, q[:end+5]...)
	a[2], a[3] = 0x81, 0x80|n.code
	if n.signed {
		a[3] |= 0x20
	}
	copy(a[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	if cut {
		a[2] |= 2
		return a
	}
	a[7] = byte(len(n.records) + 1)
	a = append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1) // an A record that nobody asked for
	for _, r := range n.records {
		a = append(a, 0xc0, 12, 0, 44, 0, 1, 0, 0, 0, 9, 0, byte(len(r)))
		a = append(a, r...)
	}
	return a
}

// keygenRecords are the records of a key as ssh-keygen -r makes them for a zone file.
func keygenRecords(t *testing.T, key xssh.PublicKey) (out [][]byte) {
	t.Helper()
	pub := filepath.Join(t.TempDir(), "k.pub")
	put(t, pub, keyLine(key))
	text, err := exec.Command("ssh-keygen", "-r", "localhost", "-f", pub).Output()
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) { // localhost IN SSHFP 4 2 hex
		f := strings.Fields(line)
		algo, _ := strconv.Atoi(f[3])
		hash, _ := strconv.Atoi(f[4])
		sum, err := hex.DecodeString(f[5])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, append([]byte{byte(algo), byte(hash)}, sum...))
	}
	return out
}

// TestSSHFP: an unknown key is held against the DNS where VerifyHostKeyDNS says so: a signed record is believed where it says yes, any other
// is told to the person who decides, and one that differs is never passed over.
func TestSSHFP(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{kind}})
		right := keygenRecords(t, srv.HostKeys[0])
		wrong := keygenRecords(t, sshtest.Signer(t, sshtest.NewKey(t, kind)).PublicKey())
		other := [][]byte{append([]byte{1, 1}, make([]byte, 20)...), append([]byte{7, 2}, make([]byte, 32)...)}
		for name, c := range map[string]struct {
			dns      *nameServer
			verify   string
			strict   string
			accepted bool
			asked    string // what the question says of the DNS; "-" = nobody is asked
			lookups  bool
			known    string
			refused  string
		}{
			"signed":                {dns: &nameServer{records: right, signed: true}, verify: "yes", accepted: true, asked: "-", lookups: true, known: "the DNS (SSHFP, signed)"},
			"signed, of many, cut":  {dns: &nameServer{records: append(append(other, wrong...), right...), signed: true, cut: true}, verify: "yes", accepted: true, asked: "-", lookups: true, known: "the DNS (SSHFP, signed)"},
			"signed, ask":           {dns: &nameServer{records: right, signed: true}, verify: "ask", asked: "its signature was checked", lookups: true},
			"unsigned":              {dns: &nameServer{records: right}, verify: "yes", asked: "without a checked signature", lookups: true},
			"differs":               {dns: &nameServer{records: wrong, signed: true}, verify: "yes", asked: "ANOTHER FINGERPRINT", lookups: true},
			"differs, accept-new":   {dns: &nameServer{records: wrong}, verify: "ask", strict: "accept-new", asked: "-", lookups: true, refused: "ANOTHER FINGERPRINT"},
			"accept-new, no record": {dns: &nameServer{code: 3}, verify: "ask", strict: "accept-new", accepted: true, asked: "-", lookups: true, known: "accepted now"},
			"other kinds only":      {dns: &nameServer{records: other[1:], signed: true}, verify: "yes", asked: "", lookups: true},
			"the server fails":      {dns: &nameServer{records: right, signed: true, code: 2}, verify: "yes", asked: "", lookups: true},
			"not wanted":            {dns: &nameServer{records: right, signed: true}, verify: "no", asked: ""},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				if c.strict == "" {
					c.strict = "ask"
				}
				dns := serveNames(t, c.dns)
				dir := t.TempDir()
				put(t, filepath.Join(dir, "cfg"), fmt.Sprintf("VerifyHostKeyDNS %s\nStrictHostKeyChecking %s\n", c.verify, c.strict))
				p := says()
				cl := newClient(t, ssh.Options{ConfigFiles: []string{filepath.Join(dir, "cfg")}, Prompter: p, Nameservers: []string{dns.addr}})
				h := srv.Host("web-1")
				h.Addr, h.KnownHosts = "localhost", []string{filepath.Join(dir, "known_hosts")}
				_, _, _, err := run(t, cl, h, "true")
				if (err == nil) != c.accepted {
					t.Fatalf("%v", err)
				}
				if q := p.questions(); (len(q) == 0) != (c.asked == "-") || len(q) > 0 && (q[0].Kind != ssh.AskHostKey || !strings.Contains(q[0].Note, c.asked) || c.asked == "" && q[0].Note != "") {
					t.Errorf("asked %+v", q)
				}
				if (dns.asked.Load() > 0) != c.lookups {
					t.Errorf("%d lookups", dns.asked.Load())
				}
				if r, _ := cl.Road(h.Name); c.accepted && !strings.HasPrefix(r.KnownBy, c.known) && !strings.Contains(r.KnownBy, "known_hosts") {
					t.Errorf("known by %q", r.KnownBy)
				}
				if !c.accepted && c.refused != "" && !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// TestSSHFPForATable: who collects keys sees what the DNS says beside them; a key that is known is not asked for.
func TestSSHFPForATable(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dns := serveNames(t, &nameServer{records: keygenRecords(t, srv.HostKeys[0]), signed: true})
	dir := t.TempDir()
	put(t, filepath.Join(dir, "cfg"), "VerifyHostKeyDNS ask\n")
	c := newClient(t, ssh.Options{ConfigFiles: []string{filepath.Join(dir, "cfg")}, Nameservers: []string{dns.addr}})
	h := inventory.Host{Name: "web-1", Addr: "localhost", Port: srv.Port, KnownHosts: []string{filepath.Join(dir, "known_hosts")}}
	k, err := c.HostKey(ctxFor(t, 2*60e9), h)
	if err != nil || k.State != ssh.KeyUnknown || !strings.Contains(k.DNS, "its signature was checked") {
		t.Errorf("%+v, %v", k, err)
	}
}
