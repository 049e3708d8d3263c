package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// atOnce is how many hosts are at work at once, with every contender.
const atOnce = 64

// floorMain is the least that any client must do: a bounded number of connections, keys checked, one command a host, its output
// collected. No plan, no journal, no screen. floor KEYFILE KNOWNHOSTS USER LIST COMMAND ROUNDS, where LIST has an address:port a line
// and each connection answers the command ROUNDS times.
func floorMain(ctx context.Context, args []string) int {
	rounds := 0
	if len(args) == 6 {
		rounds, _ = strconv.Atoi(args[5])
	}
	if rounds < 1 {
		fmt.Fprintln(os.Stderr, "usage: bench floor KEYFILE KNOWNHOSTS USER LIST COMMAND ROUNDS")
		return 2
	}
	answered, err := floor(ctx, args[0], args[1], args[2], args[3], args[4], rounds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		return 1
	}
	fmt.Println(answered)
	return 0
}

func floor(_ context.Context, keyFile, known, user, list, command string, rounds int) (int, error) {
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
	slots := make(chan struct{}, atOnce)
	for _, addr := range strings.Fields(string(addrs)) {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			n := rounds
			if err := each(addr, user, key, keys[addr], command, rounds); err != nil {
				n = 0
			}
			mu.Lock()
			answered += n
			mu.Unlock()
		})
	}
	wait.Wait()
	return answered, nil
}

// each asks one host, rounds times over one connection.
func each(addr, user string, key ssh.Signer, want ssh.PublicKey, command string, rounds int) error {
	if want == nil {
		return fmt.Errorf("%s: no known key", addr)
	}
	c, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(want),
		HostKeyAlgorithms: []string{want.Type()},
	})
	if err != nil {
		return err
	}
	defer c.Close()
	for range rounds {
		if err := once(c, command); err != nil {
			return err
		}
	}
	return nil
}

func once(c *ssh.Client, command string) error {
	s, err := c.NewSession()
	if err != nil {
		return err
	}
	defer s.Close()
	out, err := s.Output(command)
	if err == nil && len(out) == 0 {
		err = errors.New("no answer")
	}
	return err
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
