package ssh

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"tend/inventory"
)

// TestHostsShareTheirAlgorithms: a run keeps the settings of thousands of hosts; what is the same for all of them is one list, and what
// only people look at is not kept.
func TestHostsShareTheirAlgorithms(t *testing.T) {
	c := New(Options{ConfigFiles: []string{}, AgentSocket: "none", Home: t.TempDir()})
	defer c.Close()
	a, err := c.Settings(context.Background(), inventory.Host{Name: "a", Addr: "10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Settings(context.Background(), inventory.Host{Name: "b", Addr: "10.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range [][2][]string{{a.Kex, b.Kex}, {a.Ciphers, b.Ciphers}, {a.MACs, b.MACs}, {a.HostKeyAlgos, b.HostKeyAlgos}, {a.PubkeyAlgos, b.PubkeyAlgos}, {a.CAAlgos, b.CAAlgos}} {
		if &l[0][0] != &l[1][0] || cap(l[0]) != len(l[0]) {
			t.Errorf("list %d is each host's own, or has room that one could write to", i)
		}
	}
	if len(a.Values) > 0 {
		t.Errorf("%d values are kept for nobody", len(a.Values))
	}
}

// reads is a stream that fills whatever it is given, and keeps how much that was.
type reads struct{ sizes []int }

func (r *reads) Read(p []byte) (int, error) {
	r.sizes = append(r.sizes, len(p))
	if len(r.sizes) == 4 {
		return 1, io.EOF
	}
	return len(p), nil
}

// TestStreamsBeginSmall: a stream takes a buffer of the size of a packet only once it had much to say; and an input that is known to be empty is
// nobody's work.
func TestStreamsBeginSmall(t *testing.T) {
	var out bytes.Buffer
	r := &reads{}
	g, _ := newGates(&out, io.Discard)
	(&session{}).pump(g, r)
	if want := []int{2 << 10, 32 << 10, 32 << 10, 32 << 10}; !slices.Equal(r.sizes, want) || out.Len() != 2<<10+64<<10+1 {
		t.Errorf("read in pieces of %v, %d bytes came through", r.sizes, out.Len())
	}
	for _, c := range []struct {
		in   io.Reader
		want bool
	}{{nil, true}, {strings.NewReader(""), true}, {strings.NewReader("x"), false}, {&bytes.Buffer{}, true}, {&reads{}, false}} {
		if got := empty(c.in); got != c.want {
			t.Errorf("%#v is empty: %v", c.in, got)
		}
	}
}
