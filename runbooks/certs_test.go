package runbooks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const day = 24 * time.Hour

// certOf makes a certificate of its own signing that ends in d, as PEM, and its key.
func certOf(t *testing.T, name string, d time.Duration) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(d)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key
}

// certFile writes parts into a file, and returns its path.
func certFile(t *testing.T, parts ...[]byte) string {
	t.Helper()
	path := t.TempDir() + "/cert.pem"
	if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certCases are files of certificates, and what both the runbook certs and the health check are to say of each, with limits of 30 and 7 days.
func certCases(t *testing.T) map[string]string {
	t.Helper()
	of := func(name string, d time.Duration) []byte {
		c, _ := certOf(t, name, d+time.Hour)
		return c
	}
	leaf, between, root, late := of("web.example.net", 100*day), of("between.example.net", 5*day), of("root.example.net", 3000*day), of("late.example.net", -2*day)
	block, _ := pem.Decode(leaf)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("what is no certificate is passed over")})
	hurt := bytes.Replace(between, []byte("\nMII"), []byte("\nAAA"), 1)
	return map[string]string{
		certFile(t, leaf): "OK 100 days 30/7|web.example.net",
		certFile(t, of("soon.example.net", 20*day)):                        "WARN 20 days|soon",
		certFile(t, between):                                               "CRIT 5 days|between",
		certFile(t, late):                                                  "CRIT|late",
		certFile(t, leaf, between, root):                                   "CRIT 5 days|between.example.net, certificate 2 of 3",
		certFile(t, leaf, root, of("y.example.net", 20*day)):               "WARN 20 days|y.example.net, certificate 3 of 3",
		certFile(t, key, leaf, []byte("words\r\n"), bytes.TrimSpace(root)): "OK 100 days|web.example.net, certificate 1 of 2",
		certFile(t, bytes.ReplaceAll(append(leaf, between...), nl, crlf)):  "CRIT 5 days|between.example.net, certificate 2 of 2",
		certFile(t, leaf, hurt, root):                                      "UNKNOWN|certificate 2 of 3 cannot be read",
		certFile(t, leaf, root[:len(root)/2]):                              "UNKNOWN|certificate 2 of 2 cannot be read",
		certFile(t, hurt, late):                                            "CRIT|late.example.net, certificate 2 of 2",
		certFile(t, block.Bytes):                                           "OK 100 days|web.example.net", // DER
	}
}

var nl, crlf = []byte("\n"), []byte("\r\n")

// saysOfCerts holds the checks of certificates against certCases.
func saysOfCerts(t *testing.T, facts map[string]Fact, cases map[string]string) {
	t.Helper()
	for file, want := range cases {
		check, text, _ := strings.Cut(want, "|")
		wants(t, facts, map[string]string{"cert:" + file: check})
		if got := facts["cert:"+file].Text; !strings.Contains(got, text) {
			t.Errorf("cert:%s says %q, want %q", file, got, text)
		}
	}
}

// TestCerts reads real certificates with the real openssl: every one of a file, by the runbook and by the health check alike.
func TestCerts(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		missing(t, "openssl")
		return
	}
	cases := certCases(t)
	none, gone := certFile(t, []byte("nothing")), t.TempDir()+"/gone.pem"
	ended, _ := certOf(t, "late.example.net", -2*day+time.Hour)
	late := certFile(t, ended)
	files := strings.Join(append(slices.Sorted(maps.Keys(cases)), late, none, gone, "/nonexistent/*.pem"), " ")
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			facts, _ := stepFacts(t, argv, "certs", "look", map[string]string{"files": files}, nil)
			saysOfCerts(t, facts, cases)
			wants(t, facts, map[string]string{"cert:" + late: "CRIT -2 days", "cert:" + none: "UNKNOWN no certificate", "cert:" + gone: "UNKNOWN needs root, or is not there"})
			if len(facts) != len(cases)+3 {
				t.Errorf("%+v", facts)
			}
		})
	}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "certs", "look", map[string]string{"files": "/nonexistent/*.pem"}, nil)
	wants(t, facts, map[string]string{"certs": "OK none was found"})
	facts = healthWorld(t, []string{"/bin/sh"}, "", map[string]string{"expect_certs": files, "cert_warn": "30d"}, nil) // the same functions
	saysOfCerts(t, facts, cases)
	wants(t, facts, map[string]string{"cert:" + none: "CRIT no certificate", "cert:" + gone: "CRIT no such file"})
}

// TestCertsThatAPortServes: of a port too, the whole chain counts that it really sends.
func TestCertsThatAPortServes(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		missing(t, "openssl")
		return
	}
	leaf, key := certOf(t, "web.example.net", 100*day+time.Hour)
	between, _ := certOf(t, "between.example.net", 5*day+time.Hour)
	chain := tls.Certificate{PrivateKey: key}
	for rest := append(leaf, between...); len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		chain.Certificate = append(chain.Certificate, block.Bytes)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{chain}})
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer l.Close()
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).HandshakeContext(t.Context())
			_ = c.Close()
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "certs", "look", map[string]string{"files": "/nonexistent/*.pem", "ports": port}, nil)
	wants(t, facts, map[string]string{"tls:" + port: "CRIT 5 days"})
	if got := facts["tls:"+port].Text; !strings.Contains(got, "between.example.net, certificate 2 of 2") {
		t.Error(got)
	}
}
