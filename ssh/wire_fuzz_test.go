package ssh

import (
	"bytes"
	"io"
	"net"
	"testing"
)

// spoken is a connection on which the far side says the pieces, one a Read.
type spoken struct {
	net.Conn
	pieces [][]byte
}

func (s *spoken) Read(p []byte) (int, error) {
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

// FuzzWire: however a server cuts what it says, and however it is read, every byte arrives once and in order; what is kept of it is bounded,
// and there is no greeting where there was a banner.
func FuzzWire(f *testing.F) {
	f.Add([]byte("SSH-2.0-x\r\nrest"), 3, 1)
	f.Add([]byte("Not allowed at this time\r\n"), 1, 1)
	f.Add([]byte("motd\nSSH-2.0-x\r\n"), 7, 300)
	f.Add(bytes.Repeat([]byte("x"), 3000), 100, 7)
	f.Fuzz(func(t *testing.T, said []byte, cut, read int) {
		cut, read = 1+abs(cut)%2000, 1+abs(read)%2000
		conn := &spoken{}
		for rest := said; len(rest) > 0; rest = rest[min(cut, len(rest)):] {
			conn.pieces = append(conn.pieces, rest[:min(cut, len(rest))])
		}
		w := newWire(conn)
		var got []byte
		for buf := make([]byte, read); ; {
			n, err := w.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
		}
		if !bytes.Equal(got, said) {
			t.Errorf("%q arrives as %q", said, got)
		}
		if g := w.greeting(); len(g) > maxPreBanner || g != "" && bytes.HasPrefix(said, []byte("SSH-")) {
			t.Errorf("greeting %q", g)
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }
