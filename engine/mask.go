package engine

import (
	"bytes"
	"strings"
)

// shortest is the length below which a secret is not looked for in output: it would hide half of what a host says, and nothing more.
const shortest = 4

// secrets are the texts that no output may show: each secret value, and each line of one.
func secrets(values map[string]string) (list [][]byte) {
	for _, v := range values {
		for _, s := range append(strings.Split(v, "\n"), v) {
			if s = strings.TrimSuffix(s, "\r"); len(s) >= shortest {
				list = append(list, []byte(s))
			}
		}
	}
	return list
}

// mask replaces secrets in a stream by asterisks, of the same length: offsets stay what they are on the host. What could be the
// beginning of a secret is held back until more has come.
type mask struct {
	secrets [][]byte
	held    []byte
	hidden  []bool // of held
}

// feed takes the next piece and returns what is certain. The result is the caller's only where there are secrets.
func (m *mask) feed(p []byte) []byte {
	if len(m.secrets) == 0 {
		return p
	}
	m.held = append(m.held, p...)
	m.hidden = append(m.hidden, make([]bool, len(p))...)
	for _, s := range m.secrets {
		for from := 0; ; {
			i := bytes.Index(m.held[from:], s)
			if i < 0 {
				break
			}
			for k := range s {
				m.hidden[from+i+k] = true
			}
			from += i + 1
		}
	}
	return m.release(len(m.held) - m.begun())
}

// rest returns what was held back: the stream is over.
func (m *mask) rest() []byte { return m.release(len(m.held)) }

// begun is the length of the longest end of held with which a secret begins.
func (m *mask) begun() (n int) {
	for _, s := range m.secrets {
		for k := min(len(s)-1, len(m.held)); k > n; k-- {
			if bytes.Equal(m.held[len(m.held)-k:], s[:k]) {
				n = k
			}
		}
	}
	return n
}

func (m *mask) release(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		if out[i] = m.held[i]; m.hidden[i] {
			out[i] = '*'
		}
	}
	m.held = append(m.held[:0], m.held[n:]...)
	m.hidden = append(m.hidden[:0], m.hidden[n:]...)
	return out
}
