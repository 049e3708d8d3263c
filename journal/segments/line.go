package segments

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tend/journal"
)

const (
	hashKey  = `,"hash":"`
	lineTail = len(hashKey) + 64 + len(`"}`) // the end of every line, which the hash does not cover
)

// line is one line of a segment, taken apart but not decoded. Its slices point into the bytes that were parsed.
type line struct {
	v           int
	origin, run []byte // of a first line
	seq         uint64
	at          []byte
	kind        []byte
	prev, hash  journal.Hash
	body        []byte
	sum         journal.Hash // the hash that the bytes really have
}

var errLine = errors.New("not a line of a journal")

// head is what the next line is chained to.
type head struct {
	seq  uint64
	hash journal.Hash
}

// appendLine appends a line with its newline, chained to h, and moves h on.
func appendLine(dst []byte, h *head, origin journal.OriginID, run journal.RunID, at time.Time, kind string, body []byte) []byte {
	from := len(dst)
	dst = append(dst, `{"v":1,`...)
	if h.seq == 0 {
		dst = journal.AppendJSONString(append(dst, `"origin":`...), string(origin))
		dst = journal.AppendJSONString(append(dst, `,"run":`...), string(run))
		dst = append(dst, ',')
	}
	h.seq++
	dst = strconv.AppendUint(append(dst, `"seq":`...), h.seq, 10)
	dst = at.AppendFormat(append(dst, `,"at":"`...), time.RFC3339Nano)
	dst = journal.AppendJSONString(append(dst, `","kind":`...), kind)
	dst = hex.AppendEncode(append(dst, `,"prev":"`...), h.hash[:])
	dst = append(append(dst, `","body":`...), body...)
	h.hash = sha256.Sum256(dst[from:])
	dst = hex.AppendEncode(append(dst, hashKey...), h.hash[:])
	return append(dst, '"', '}', '\n')
}

// parseLine takes a line without its newline apart and computes its hash. It judges neither hash nor chain.
func parseLine(b []byte) (line, error) {
	var l line
	if len(b) < lineTail+2 || !bytes.HasSuffix(b, []byte(`"}`)) {
		return l, errLine
	}
	head, tail := b[:len(b)-lineTail], b[len(b)-lineTail:]
	if !bytes.HasPrefix(tail, []byte(hashKey)) {
		return l, errLine
	}
	if _, err := hex.Decode(l.hash[:], tail[len(hashKey):len(hashKey)+64]); err != nil {
		return l, errLine
	}
	l.sum = sha256.Sum256(head)
	if l.fast(head) {
		return l, nil
	}
	return l, l.slow(b)
}

// fast reads the form that this build writes.
func (l *line) fast(b []byte) bool {
	s := scanner{b: b, ok: true}
	s.eat(`{"v":1,`)
	l.v = 1
	if s.has(`"origin":"`) {
		l.origin = s.until('"')
		s.eat(`,"run":"`)
		l.run = s.until('"')
		s.eat(`,`)
	}
	s.eat(`"seq":`)
	seq, err := strconv.ParseUint(string(s.digits()), 10, 64)
	l.seq = seq
	s.eat(`,"at":"`)
	l.at = s.until('"')
	s.eat(`,"kind":"`)
	l.kind = s.until('"')
	s.eat(`,"prev":"`)
	if n, err := hex.Decode(l.prev[:], s.take(64)); err != nil || n != len(l.prev) {
		return false
	}
	s.eat(`","body":`)
	l.body = s.b
	return s.ok && err == nil && len(l.body) > 1
}

// slow reads any JSON object with our fields: those of a newer build, or of another hand.
func (l *line) slow(b []byte) error {
	var j struct {
		V           int
		Origin, Run string
		Seq         uint64
		At, Kind    string
		Prev, Hash  journal.Hash
		Body        json.RawMessage
	}
	if err := json.Unmarshal(b, &j); err != nil || j.Seq == 0 || j.Kind == "" || len(j.Body) == 0 {
		return errLine
	}
	*l = line{v: j.V, seq: j.Seq, at: []byte(j.At), kind: []byte(j.Kind), prev: j.Prev, hash: l.hash, sum: l.sum, body: j.Body}
	l.origin, l.run = []byte(j.Origin), []byte(j.Run)
	return nil
}

// follows reports whether the line is whole and chained to h.
func (l *line) follows(h head) bool {
	return l.hash == l.sum && l.seq == h.seq+1 && l.prev == h.hash
}

// event decodes the line.
func (l *line) event(origin journal.OriginID, run journal.RunID) (journal.Event, error) {
	at, err := time.Parse(time.RFC3339Nano, string(l.at))
	if err != nil {
		return journal.Event{}, fmt.Errorf("%w: %w", errLine, err)
	}
	body, err := journal.DecodeBody(string(l.kind), l.body)
	if err != nil {
		return journal.Event{}, fmt.Errorf("%w: %w", errLine, err)
	}
	return journal.Event{Origin: origin, Run: run, Seq: l.seq, At: at.UTC(), Prev: l.prev, Hash: l.hash, Body: body}, nil
}

// scanner walks over a line's known form.
type scanner struct {
	b  []byte
	ok bool
}

func (s *scanner) has(prefix string) bool {
	if !s.ok || !bytes.HasPrefix(s.b, []byte(prefix)) {
		return false
	}
	s.b = s.b[len(prefix):]
	return true
}

func (s *scanner) eat(prefix string) { s.ok = s.has(prefix) }

// until takes a string up to its closing quote. One with escapes is left to slow.
func (s *scanner) until(c byte) []byte {
	i := bytes.IndexByte(s.b, c)
	if i < 0 || bytes.IndexByte(s.b[:i], '\\') >= 0 {
		s.ok = false
		return nil
	}
	t := s.b[:i]
	s.b = s.b[i+1:]
	return t
}

func (s *scanner) digits() []byte {
	i := 0
	for i < len(s.b) && '0' <= s.b[i] && s.b[i] <= '9' {
		i++
	}
	return s.take(i)
}

func (s *scanner) take(n int) []byte {
	if n > len(s.b) {
		s.ok = false
		return nil
	}
	t := s.b[:n]
	s.b = s.b[n:]
	return t
}
