package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// openssh serves n addresses of 127/8 by one real sshd, with keys and a configuration of its own.
func openssh(ctx context.Context, dir, tend string, n int) (*room, error) {
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		if sshd = "/usr/sbin/sshd"; !has(sshd) {
			return nil, fmt.Errorf("no sshd on this machine (apt-get install openssh-server): %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "runbooks"), 0o700); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	host, err := keyPair(filepath.Join(dir, "host_key"))
	if err != nil {
		return nil, err
	}
	mine, err := keyPair(filepath.Join(dir, "id"))
	if err != nil {
		return nil, err
	}
	r := &room{dir: dir, tend: tend, inv: filepath.Join(dir, "inventory.toml")}
	if err := r.write(n, port, host, mine); err != nil {
		return nil, err
	}
	r.server = exec.CommandContext(ctx, sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	log, err := os.Create(filepath.Join(dir, "sshd.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.server.Stderr = log
	if err := r.server.Start(); err != nil {
		return nil, err
	}
	if err := answers(port); err != nil {
		r.close()
		return nil, err
	}
	return r, r.read()
}

func (r *room) write(n, port int, host, mine string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	var known, toml strings.Builder
	fmt.Fprintf(&toml, "[defaults]\nuser = %q\nport = %d\nidentity = [%q]\nknown_hosts = [%q]\n[[site]]\nname = \"real\"\n[[site.rack]]\nname = \"r1\"\nunits = 42\n",
		me.Username, port, filepath.Join(r.dir, "id"), filepath.Join(r.dir, "known_hosts"))
	for i := range n {
		addr := fmt.Sprintf("127.7.%d.%d", i/250, i%250+1)
		fmt.Fprintf(&known, "[%s]:%d %s", addr, port, host)
		fmt.Fprintf(&toml, "[[site.rack.host]]\nname = \"real-%03d\"\naddr = %q\n", i+1, addr)
	}
	config := fmt.Sprintf("ListenAddress 0.0.0.0:%d\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nMaxStartups 1000:30:1000\nPrintMotd no\nPermitRootLogin prohibit-password\nSetEnv HOME=%s\n",
		port, filepath.Join(r.dir, "host_key"), filepath.Join(r.dir, "authorized_keys"), r.dir) // a HOME of its own: a login shell reads no .bashrc of this machine
	for name, text := range map[string]string{
		"known_hosts": known.String(), "inventory.toml": toml.String(), "sshd_config": config,
		"authorized_keys": mine, filepath.Join("runbooks", "uptime.toml"): readOnly,
	} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// keyPair writes a new ed25519 key and returns its public line.
func keyPair(path string) (string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return "", err
	}
	return string(ssh.MarshalAuthorizedKey(signer.PublicKey())), os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func answers(port int) error {
	for end := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			return fmt.Errorf("sshd did not start: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
