package remote

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxLine  = 2048    // bytes of a frame's line that are looked at; our own are shorter
	maxPiece = 1 << 18 // bytes of one piece of output; follow.sh sends no longer ones
)

// errFrame says that the stream is not what our scripts write: cut, mixed with foreign bytes, or forged.
var errFrame = errors.New("the host's answer is garbled")

// frame is one line of ours in a session's output: a verb and its words. Data is the payload of a D frame; it is valid only during
// the call.
type frame struct {
	verb  string
	words []string
	data  []byte
}

// word is the i-th word, "" where there is none.
func (f frame) word(i int) string {
	if i < len(f.words) {
		return f.words[i]
	}
	return ""
}

// num is the i-th word as a number of bytes.
func (f frame) num(i int) (int64, error) {
	n, err := strconv.ParseInt(f.word(i), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %q is no offset", errFrame, f.word(i))
	}
	return n, nil
}

// framer cuts a session's output into frames. Lines without the nonce (a banner, a noisy profile) are ignored. Memory is bounded by
// maxLine and maxPiece whatever comes. A piece is handed on only after the Z line behind it has shown that it was whole.
type framer struct {
	nonce string
	on    func(frame) error
	line  []byte
	long  bool // the line is longer than maxLine
	piece []byte
	want  int // payload bytes still to come; -1 = the Z line must be next
	head  frame
	blank bool // the newline before the Z line was seen
}

// Write takes the next bytes. After an error it must not be called again.
func (f *framer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if f.want > 0 {
			k := min(f.want, len(p))
			f.piece = append(f.piece, p[:k]...)
			p = p[k:]
			if f.want -= k; f.want == 0 {
				f.want, f.blank = -1, false
			}
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			f.keep(p)
			break
		}
		f.keep(p[:i])
		p = p[i+1:]
		if err := f.end(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (f *framer) keep(p []byte) {
	if len(f.line)+len(p) > maxLine {
		f.long = true
		p = p[:maxLine-len(f.line)]
	}
	f.line = append(f.line, p...)
}

// end looks at a whole line.
func (f *framer) end() error {
	line := string(f.line)
	long := f.long
	f.line, f.long = f.line[:0], false
	if f.want < 0 {
		return f.close(line)
	}
	rest, ours := strings.CutPrefix(line, f.nonce+" ")
	if !ours {
		return nil
	}
	if long {
		return fmt.Errorf("%w: a line of more than %d bytes", errFrame, maxLine)
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return fmt.Errorf("%w: an empty line", errFrame)
	}
	fr := frame{verb: words[0], words: words[1:]}
	if fr.verb != "D" {
		return f.on(fr)
	}
	return f.open(fr)
}

func (f *framer) open(fr frame) error {
	if _, err := fr.num(0); err != nil {
		return err
	}
	n, err := fr.num(1)
	if err != nil {
		return err
	}
	if n == 0 || n > maxPiece {
		return fmt.Errorf("%w: a piece of %d bytes", errFrame, n)
	}
	f.head, f.want, f.piece = fr, int(n), f.piece[:0]
	return nil
}

// close wants the Z line, after the empty rest of the newline that each of our lines begins with.
func (f *framer) close(line string) error {
	if line == "" && !f.blank {
		f.blank = true
		return nil
	}
	off, _ := f.head.num(0)
	if !f.blank || line != fmt.Sprintf("%s Z %d", f.nonce, off+int64(len(f.piece))) {
		return fmt.Errorf("%w: a piece at %d is not whole", errFrame, off)
	}
	f.want = 0
	f.head.data = f.piece
	return f.on(f.head)
}
