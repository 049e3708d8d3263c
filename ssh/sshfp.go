package ssh

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

// SSHFP records (RFC 4255, RFC 6594, RFC 7479) are fingerprints of host keys in the DNS. Only SHA-256 ones count. What an answer is worth
// depends on its signature: a resolver that has checked it says so with the AD bit, and its word is taken only where nobody else can speak
// in its place: on this machine, or where resolv.conf says "options trust-ad", as glibc has it.

// dnsVerdict is what the DNS says about a key.
type dnsVerdict int

const (
	dnsSilent  dnsVerdict = iota // no record for this kind of key, or no answer
	dnsMatches                   // the same fingerprint, in an answer that nobody vouches for
	dnsSigned                    // the same fingerprint, in an answer whose signature was checked
	dnsDiffers
)

var dnsWords = map[dnsVerdict]string{
	dnsMatches: "the DNS has this fingerprint (SSHFP), in an answer without a checked signature",
	dnsSigned:  "the DNS has this fingerprint (SSHFP), and its signature was checked",
	dnsDiffers: "THE DNS HAS ANOTHER FINGERPRINT for this host (SSHFP)",
}

// dnsTime bounds a question to the DNS with all its tries.
const dnsTime = 4 * time.Second

// inDNS asks the DNS where ssh_config's VerifyHostKeyDNS says so.
func (l *login) inDNS(key xssh.PublicKey) dnsVerdict {
	if l.s.VerifyHostKeyDNS == "no" || net.ParseIP(l.s.HostName) != nil {
		return dnsSilent
	}
	defer l.budget.pause()()
	ctx, cancel := context.WithTimeout(l.ctx, dnsTime)
	defer cancel()
	a, err := l.c.o.sshfp(ctx, l.s.HostName)
	if err != nil {
		l.c.warn(l.t.host.Name, fmt.Sprintf("VerifyHostKeyDNS: the DNS could not be asked for %s: %v", l.s.HostName, err))
		return dnsSilent
	}
	if cert, ok := key.(*xssh.Certificate); ok {
		key = cert.Key
	}
	return a.judge(key)
}

// judge compares as ssh does: a record of the same algorithm and hash decides, others are about other keys.
func (a sshfpAnswer) judge(key xssh.PublicKey) dnsVerdict {
	algo := map[string]byte{xssh.KeyAlgoRSA: 1, xssh.KeyAlgoED25519: 4}[key.Type()]
	if strings.HasPrefix(key.Type(), "ecdsa-sha2-") {
		algo = 3
	}
	sum := sha256.Sum256(key.Marshal())
	verdict := dnsSilent
	for _, r := range a.records {
		switch {
		case algo == 0 || r.algo != algo || r.hash != 2:
		case string(r.sum) == string(sum[:]) && a.signed:
			return dnsSigned
		case string(r.sum) == string(sum[:]):
			return dnsMatches
		default:
			verdict = dnsDiffers
		}
	}
	return verdict
}

type sshfpRecord struct {
	algo, hash byte
	sum        []byte
}

type sshfpAnswer struct {
	records []sshfpRecord
	signed  bool
}

// sshfp asks each name server in turn until one answers.
func (o *Options) sshfp(ctx context.Context, name string) (sshfpAnswer, error) {
	servers, trust := o.Nameservers, false
	if servers == nil {
		servers, trust = resolvConf("/etc/resolv.conf")
	}
	if len(servers) == 0 {
		servers = []string{"127.0.0.1:53"}
	}
	err := errors.New("there is no name server")
	for range 2 {
		for _, s := range servers {
			var a sshfpAnswer
			if a, err = askDNS(ctx, s, name); err == nil {
				a.signed = a.signed && (trust || loopback(s))
				return a, nil
			}
			if ctx.Err() != nil {
				return a, context.Cause(ctx)
			}
		}
	}
	return sshfpAnswer{}, err
}

func loopback(server string) bool {
	host, _, err := net.SplitHostPort(server)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

func resolvConf(path string) (servers []string, trust bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		w := strings.Fields(sc.Text())
		switch {
		case len(w) > 1 && w[0] == "nameserver" && len(servers) < 3:
			servers = append(servers, net.JoinHostPort(w[1], "53"))
		case len(w) > 1 && w[0] == "options":
			trust = trust || slices.Contains(w[1:], "trust-ad")
		}
	}
	return servers, trust
}

// askDNS asks over UDP, and over TCP where the answer does not fit.
func askDNS(ctx context.Context, server, name string) (sshfpAnswer, error) {
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	q, err := dnsQuestion(binary.BigEndian.Uint16(id[:]), name)
	if err != nil {
		return sshfpAnswer{}, err
	}
	for _, network := range []string{"udp", "tcp"} {
		reply, err := exchange(ctx, network, server, q)
		if err != nil {
			return sshfpAnswer{}, err
		}
		a, cut, err := parseSSHFP(reply, q)
		if err != nil || !cut {
			return a, err
		}
	}
	return sshfpAnswer{}, errDNS
}

func exchange(ctx context.Context, network, server string, q []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime/4)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if network == "tcp" {
		q = append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
	}
	if _, err := conn.Write(q); err != nil {
		return nil, err
	}
	if network == "tcp" {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return nil, err
		}
		reply := make([]byte, binary.BigEndian.Uint16(size[:]))
		_, err := io.ReadFull(conn, reply)
		return reply, err
	}
	reply := make([]byte, 4096)
	for { // what does not answer our question is somebody else's
		n, err := conn.Read(reply)
		if err != nil {
			return nil, err
		}
		if n >= 12 && reply[0] == q[0] && reply[1] == q[1] {
			return reply[:n], nil
		}
	}
}

// The numbers of RFC 1035, 4255 and 6891.
const (
	dnsTypeSSHFP = 44
	dnsTypeOPT   = 41
	dnsClassIN   = 1
)

// dnsQuestion asks for SSHFP with recursion, AD understood, and room for 4 KiB (EDNS0, DO).
func dnsQuestion(id uint16, name string) ([]byte, error) {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1) // RD, AD; one question, one additional record
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "" || len(label) > 63 {
			return nil, fmt.Errorf("%.100q is no name of the DNS", name)
		}
		b = append(append(b, byte(len(label))), label...)
	}
	if len(b) > 12+254 {
		return nil, fmt.Errorf("%.100q is too long for the DNS", name)
	}
	b = append(b, 0, 0, dnsTypeSSHFP, 0, dnsClassIN)
	return append(b, 0, 0, dnsTypeOPT, 4096>>8, 0, 0, 0, 0x80, 0, 0, 0), nil
}

var errDNS = errors.New("the name server's answer makes no sense")

// parseSSHFP reads the answer to q. Cut says that it did not fit. A name that is not there has no records.
func parseSSHFP(m, q []byte) (a sshfpAnswer, cut bool, err error) {
	if len(m) < 12 || m[0] != q[0] || m[1] != q[1] || m[2]&0x80 == 0 {
		return a, false, errDNS
	}
	if m[2]&2 != 0 {
		return a, true, nil
	}
	if code := m[3] & 15; code != 0 && code != 3 {
		return a, false, fmt.Errorf("the name server refuses (code %d)", code)
	}
	a.signed = m[3]&0x20 != 0
	asked := q[12 : len(q)-11] // name, type and class, without the OPT record
	if binary.BigEndian.Uint16(m[4:]) != 1 || len(m) < 12+len(asked) || !strings.EqualFold(string(m[12:12+len(asked)]), string(asked)) {
		return a, false, errDNS
	}
	rest := m[12+len(asked):]
	for range binary.BigEndian.Uint16(m[6:]) {
		var ok bool
		if rest, ok = skipName(rest); !ok || len(rest) < 10 {
			return a, false, errDNS
		}
		kind, size := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[8:]))
		if rest = rest[10:]; len(rest) < size {
			return a, false, errDNS
		}
		// An alias stands before the records of the name that it leads to; the resolver has followed it.
		if kind == dnsTypeSSHFP && size > 2 && len(a.records) < 64 {
			a.records = append(a.records, sshfpRecord{rest[0], rest[1], rest[2:size]})
		}
		rest = rest[size:]
	}
	return a, false, nil
}

// skipName passes over a name, which may end in a pointer.
func skipName(b []byte) ([]byte, bool) {
	for len(b) > 0 {
		n := int(b[0])
		switch {
		case n == 0:
			return b[1:], true
		case n >= 0xc0:
			if len(b) < 2 {
				return nil, false
			}
			return b[2:], true
		case n > 63 || len(b) < 1+n:
			return nil, false
		}
		b = b[1+n:]
	}
	return nil, false
}
