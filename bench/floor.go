package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// floorMain is the least that any client must do: a bounded number of connections, keys checked, one command a host, its output
// collected. No plan, no journal, no screen. floor KEYFILE KNOWNHOSTS USER LIST COMMAND, where LIST has an address:port a line.
func floorMain(ctx context.Context, args []string) int {
	if len(args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: bench floor KEYFILE KNOWNHOSTS USER LIST COMMAND")
		return 2
	}
	answered, err := floor(ctx, args[0], args[1], args[2], args[3], args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		return 1
	}
	fmt.Println(answered)
	return 0
}

func floor(ctx context.Context, keyFile, known, user, list, command string) (int, error) {
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return 0, err
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return 0, err
	}
	keys, err := hostKeys(known)
	if err != nil {
		return 0, err
	}
	addrs, err := os.ReadFile(list)
	if err != nil {
		return 0, err
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	answered := 0
	slots := make(chan struct{}, 64)
	for _, addr := range strings.Fields(string(addrs)) {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if out, err := once(ctx, addr, user, key, keys[addr], command); err == nil && len(out) > 0 {
				mu.Lock()
				answered++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return answered, nil
}

func once(_ context.Context, addr, user string, key ssh.Signer, want ssh.PublicKey, command string) ([]byte, error) {
	if want == nil {
		return nil, fmt.Errorf("%s: no known key", addr)
	}
	c, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(want),
		HostKeyAlgorithms: []string{want.Type()},
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Output(command)
}

// hostKeys reads the plain lines of a known_hosts file, by address:port.
func hostKeys(path string) (map[string]ssh.PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys := map[string]ssh.PublicKey{}
	for in := bufio.NewScanner(bytes.NewReader(b)); in.Scan(); {
		_, hosts, key, _, _, err := ssh.ParseKnownHosts(in.Bytes())
		if err != nil {
			continue
		}
		for _, h := range hosts {
			h = strings.NewReplacer("[", "", "]", "").Replace(h)
			if !strings.Contains(h, ":") {
				h += ":22"
			}
			keys[h] = key
		}
	}
	return keys, nil
}
