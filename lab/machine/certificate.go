package machine

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// certificate is the host's site certificate, which ends as many days from now as its traits say. It changes with the day.
func (h *Host) certificate() []byte {
	day := h.Now().Truncate(24 * time.Hour)
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(h.seed >> (8 * (i % 8)))
	}
	key := ed25519.NewKeyFromSeed(seed)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(int64(h.seed >> 1)), Subject: pkix.Name{CommonName: h.Name + ".lab.example.net"},
		NotBefore: day.AddDate(-1, 0, h.T.CertDays), NotAfter: day.AddDate(0, 0, h.T.CertDays), DNSNames: []string{h.Name + ".lab.example.net"}}
	der, err := x509.CreateCertificate(nil, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// certDir is /etc/letsencrypt/live: a certificate where the host serves the world.
type certDir struct{}

func (certDir) Names(x any) []string {
	h := x.(*Host)
	for _, t := range h.tags() {
		if t == "web" || t == "lb" || t == "mon" {
			return []string{h.Name + ".lab.example.net"}
		}
	}
	return nil
}

func (c certDir) Entry(x any, _ vfs.Cred, name string) *vfs.Node {
	for _, n := range c.Names(x) {
		if n == name {
			return vfs.Dir(map[string]*vfs.Node{"cert.pem": {Kind: vfs.Regular, Mode: 0o644, Gen: func(x any) []byte { return x.(*Host).certificate() }}})
		}
	}
	return nil
}

// Openssl answers version and x509 -noout with -enddate, -startdate, -dates, -subject, -issuer, -serial, -fingerprint and -checkend.
func Openssl(h *Host, p *kernel.Proc, args []string) int {
	if len(args) < 2 {
		return 1
	}
	switch args[1] {
	case "version":
		fmt.Fprintln(p.Stdout(), "OpenSSL 3.0.15 3 Sep 2024 (Library: OpenSSL 3.0.15 3 Sep 2024)")
		return 0
	case "x509":
		return opensslX509(h, p, args[2:])
	case "rand":
		return userland.Od(p, []string{"od"})
	}
	fmt.Fprintf(p.Stderr(), "Invalid command '%s'; type \"help\" for a list.\n", args[1])
	return 1
}

func opensslX509(h *Host, p *kernel.Proc, args []string) int {
	var in string
	var show []string
	end := time.Duration(-1)
	for i := 0; i < len(args); i++ {
		switch a := args[i]; a {
		case "-in", "-checkend", "-inform", "-nameopt":
			if i++; i >= len(args) {
				return 1
			}
			if a == "-in" {
				in = args[i]
			}
			if a == "-checkend" {
				var s int64
				fmt.Sscan(args[i], &s)
				end = time.Duration(s) * time.Second
			}
		default:
			show = append(show, strings.TrimPrefix(a, "-"))
		}
	}
	cert := readCertificate(p, in)
	if cert == nil {
		return 1
	}
	const layout = "Jan _2 15:04:05 2006 GMT"
	for _, s := range show {
		switch s {
		case "enddate":
			fmt.Fprintln(p.Stdout(), "notAfter="+cert.NotAfter.UTC().Format(layout))
		case "startdate":
			fmt.Fprintln(p.Stdout(), "notBefore="+cert.NotBefore.UTC().Format(layout))
		case "dates":
			fmt.Fprintf(p.Stdout(), "notBefore=%s\nnotAfter=%s\n", cert.NotBefore.UTC().Format(layout), cert.NotAfter.UTC().Format(layout))
		case "subject", "issuer":
			fmt.Fprintf(p.Stdout(), "%s=CN = %s\n", s, cert.Subject.CommonName)
		case "serial":
			fmt.Fprintf(p.Stdout(), "serial=%X\n", cert.SerialNumber)
		}
	}
	if end >= 0 {
		if cert.NotAfter.Before(h.Now().Add(end)) {
			fmt.Fprintln(p.Stdout(), "Certificate will expire")
			return 1
		}
		fmt.Fprintln(p.Stdout(), "Certificate will not expire")
	}
	return 0
}

// readCertificate reads a file, or standard input; nil after the complaint.
func readCertificate(p *kernel.Proc, in string) *x509.Certificate {
	var text []byte
	var err error
	if in == "" {
		text, err = io.ReadAll(io.LimitReader(p.Stdin(), 1<<20))
	} else {
		text, err = p.Sys.FS.ReadFile(p.Cred, p.Cwd, in)
	}
	if err != nil {
		reason := "No such file or directory"
		if e, ok := err.(vfs.Errno); ok {
			reason = e.Error()
		}
		fmt.Fprintf(p.Stderr(), "Could not open file or uri for loading certificate from %s: %s\n", in, reason)
		return nil
	}
	block, _ := pem.Decode(text)
	var cert *x509.Certificate
	if block != nil {
		cert, err = x509.ParseCertificate(block.Bytes)
	}
	if cert == nil || err != nil {
		fmt.Fprintf(p.Stderr(), "Could not find certificate from %s\n", in)
		return nil
	}
	return cert
}
