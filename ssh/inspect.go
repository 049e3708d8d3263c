package ssh

import (
	"context"
	"errors"
	"net"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// AgentKeys asks the agent behind a socket how many keys it shows; a locked one shows none. It waits three seconds at most.
func AgentKeys(ctx context.Context, socket string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
		return 0, err
	}
	keys, err := agent.NewClient(conn).List()
	return len(keys), err
}

// KeyLocked reports whether a private key's file wants a passphrase.
func KeyLocked(data []byte) bool {
	_, err := xssh.ParseRawPrivateKey(data)
	var locked *xssh.PassphraseMissingError
	return errors.As(err, &locked)
}
