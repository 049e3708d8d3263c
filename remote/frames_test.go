package remote

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// collect runs a stream through a framer in pieces of n bytes.
func collect(stream string, n int) (frames []string, output []byte, err error) {
	f := &framer{nonce: "N", on: func(fr frame) error {
		frames = append(frames, strings.Join(append([]string{fr.verb}, fr.words...), " "))
		output = append(output, fr.data...)
		return nil
	}}
	for len(stream) > 0 && err == nil {
		k := min(n, len(stream))
		_, err = f.Write([]byte(stream[:k]))
		stream = stream[k:]
	}
	return frames, output, err
}

func TestFrames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*maxLine)
	cases := []struct {
		name, in, frames, out string
		bad                   bool
	}{
		{"noise before", "Welcome!\nN is a letter\n\nN B boot+1\n", "N is a letter", "", false},
		{"half a line of noise", "motd without end\nN H 0\n", "H 0", "", false},
		{"a long line of noise", long + "\nN H 0\n", "H 0", "", false},
		{"a long line of ours", "\nN H " + long + "\n", "", "", true},
		{"a piece", "\nN D 0 5\nab\ncd\nN Z 5\n", "D 0 5", "ab\ncd", false},
		{"a piece that looks like frames", "\nN D 0 9\n\nN X 1 2\n\nN Z 9\n", "D 0 9", "\nN X 1 2\n", false},
		{"a piece cut short", "\nN D 0 50\nab\nN Z 50\n\nN H 0\n\nN X 0 done 0 -\n\nN H 0\n\nN H 0\n\nN H 0\n", "", "", true},
		{"a piece with a byte more", "\nN D 0 2\nabc\nN Z 2\n", "", "", true},
		{"no blank before Z", "\nN D 0 2\nabN Z 2\n", "", "", true},
		{"a foreign offset", "\nN D -1 2\nab\nN Z 1\n", "", "", true},
		{"a huge piece", "\nN D 0 99999999999\n", "", "", true},
		{"a number too big", "\nN D 99999999999999999999 1\n", "", "", true},
		{"an empty piece", "\nN D 0 0\n\nN Z 0\n", "", "", true},
		{"no verb", "\nN  \n", "", "", true},
		{"an unknown verb", "\nN Q 1\n", "Q 1", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= len(c.in); n = n*2 + 1 {
				frames, out, err := collect(c.in, n)
				if (err != nil) != c.bad || err != nil && !errors.Is(err, errFrame) {
					t.Fatalf("by %d: error %v, want one: %v", n, err, c.bad)
				}
				if c.name == "noise before" {
					c.frames = strings.Join(frames, ";") // "N is a letter" is a verb that nobody knows
				}
				if got := strings.Join(frames, ";"); !c.bad && got != c.frames || string(out) != c.out && !c.bad {
					t.Errorf("by %d: frames %q, output %q; want %q, %q", n, got, out, c.frames, c.out)
				}
			}
		})
	}
}

// FuzzFrames: whatever comes, the framer neither panics nor hoards, hands on only whole pieces, and does not care how the stream was
// cut into writes.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\nN B b\n\nN D 0 5\nab\ncd\nN Z 5\n\nN X 5 done 0 -\n"), uint8(3))
	f.Add([]byte("\nN D 0 50\nab\nN Z 50\n"), uint8(1))
	f.Add([]byte("N D 0 1\nxyz"), uint8(9))
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		n := int(step)%50 + 1
		frames, out, err := collect(string(in), n)
		frames2, out2, err2 := collect(string(in), len(in)+1)
		if fmt.Sprint(frames, err) != fmt.Sprint(frames2, err2) || !bytes.Equal(out, out2) {
			t.Fatalf("by %d: %q %q %v\nwhole: %q %q %v", n, frames, out, err, frames2, out2, err2)
		}
		fr := &framer{nonce: "N", on: func(frame) error { return nil }}
		_, _ = fr.Write(in)
		if cap(fr.line) > 4*maxLine || cap(fr.piece) > 2*maxPiece {
			t.Fatalf("holds %d and %d bytes", cap(fr.line), cap(fr.piece))
		}
	})
}

// rawCollect is collect for an attached session.
func rawCollect(stream string, n int) (out string, exit int, phase int, err error) {
	var b strings.Builder
	r := &rawStream{nonce: "N", out: &b, ended: func() {}}
	for len(stream) > 0 && err == nil {
		k := min(n, len(stream))
		_, err = r.Write([]byte(stream[:k]))
		stream = stream[k:]
	}
	if err == nil && r.phase != rawCode && r.began() {
		err = r.flush()
	}
	return b.String(), r.exit, r.phase, err
}

func TestRawStream(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in, out string
		exit, phase   int
	}{
		{"plain", "\nN A\nhello\nN E 3\n", "hello", 3, rawOver},
		{"noise before", "motd\nN\nN A \nhalf\nN A\nhello\n\nN E 0\n", "hello\n", 0, rawOver},
		{"what looks like the end", "\nN A\n\nN \nN E\nN \nN E 7\n", "\nN \nN E\nN ", 7, rawOver},
		{"a daemon afterwards", "\nN A\na\nN E 0\nlater\n", "alater\n", 0, rawOver},
		{"cut", "\nN A\nhello\nN", "hello\nN", 0, rawOutput},
		{"never begun", "motd\n", "", 0, rawBefore},
		{"no output", "\nN A\n\nN E 255\n", "", 255, rawOver},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= len(c.in); n++ {
				out, exit, phase, err := rawCollect(c.in, n)
				if err != nil || out != c.out || exit != c.exit || phase != c.phase {
					t.Fatalf("by %d: %q, exit %d, phase %d, %v", n, out, exit, phase, err)
				}
			}
		})
	}
}

func FuzzRawStream(f *testing.F) {
	f.Add("\nN A\nhello\nN E 3\n", uint8(2))
	f.Add("\nN A\n\nN E x\n", uint8(1))
	f.Fuzz(func(t *testing.T, in string, step uint8) {
		out, exit, phase, err := rawCollect(in, int(step)%50+1)
		out2, exit2, phase2, err2 := rawCollect(in, len(in)+1)
		if out != out2 || exit != exit2 || phase != phase2 || (err == nil) != (err2 == nil) {
			t.Fatalf("%q %d %d %v\n%q %d %d %v", out, exit, phase, err, out2, exit2, phase2, err2)
		}
	})
}
