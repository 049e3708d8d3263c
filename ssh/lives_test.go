package ssh_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestFewFiles: a process that may open four files reaches more hosts than that, side by side and again, says so once, and leaves
// what is in use alone.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	var mu sync.Mutex
	var said []string
	c := newClient(t, ssh.Options{Files: 4, Warn: func(w ssh.Warning) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, w.Text)
	}})
	for round := range 2 {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				h := srv.Host("h")
				h.Name = inventory.HostID(fmt.Sprint("h", i))
				var out bytes.Buffer
				exit, err := c.Exec(ctxFor(t, 3*time.Minute), h, "echo here", nil, &out, nil)
				if exit != 0 || err != nil || out.String() != "here\n" {
					t.Errorf("round %d, host %d: exit %d, %v, %q", round, i, exit, err, &out)
				}
			})
		}
		all.Wait()
	}
	if len(said) != 1 || !strings.Contains(said[0], "ulimit -n") {
		t.Errorf("said %q, want one word about ulimit", fmt.Sprint(said))
	}
}
