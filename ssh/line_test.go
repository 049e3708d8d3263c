package ssh

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	xssh "golang.org/x/crypto/ssh"
)

// asked is a channel that takes every request.
type asked struct {
	xssh.Channel
	kind, line string
	n          uint32
}

func (a *asked) SendRequest(kind string, _ bool, payload []byte) (bool, error) {
	a.kind, a.n = kind, binary.BigEndian.Uint32(payload)
	if a.line != string(payload[4:]) {
		a.line = string(payload[4:])
	}
	return true, nil
}

// TestALineIsNotCopiedForEachHost: a command line that holds a script is tens of kilobytes; what it is packed in is lent from host to host,
// and says nothing of the one before.
func TestALineIsNotCopiedForEachHost(t *testing.T) {
	ch := &asked{}
	ask := func(line string) {
		s := &session{cn: &conn{}, cmd: Command{Line: line}}
		if err := s.request(ch); err != nil {
			t.Fatal(err)
		}
		if ch.kind != "exec" || ch.line != line || int(ch.n) != len(line) {
			t.Fatalf("%s %q (%d), want %q", ch.kind, ch.line, ch.n, line)
		}
	}
	long := strings.Repeat("of 40,000 bytes!", 2500)
	ask(long)
	const hosts = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range hosts {
		ask(long)
	}
	runtime.ReadMemStats(&after)
	// The race detector has a pool forget a quarter of what it is given.
	if each := (after.TotalAlloc - before.TotalAlloc) / hosts; each > uint64(len(long))*3/5 {
		t.Errorf("a host costs %d bytes for a line of %d", each, len(long))
	}
	ask("short")
	ask("")
}
