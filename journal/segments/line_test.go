package segments

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tend/journal"
)

// FuzzLine: what appendLine writes, parseLine reads, by the quick way and by the slow one.
func FuzzLine(f *testing.F) {
	f.Add("step_ended", []byte("text\x1b\xff"), int64(5), uint64(0))
	f.Add(`a"b\c`, []byte{}, int64(1e18), uint64(9))
	f.Fuzz(func(t *testing.T, kind string, data []byte, at int64, seq uint64) {
		if seq == 1<<64-1 || kind == "" || bytes.ContainsRune([]byte(kind), '\ufffd') {
			return
		}
		raw, err := journal.EncodeBody(journal.OutputRead{Host: "a", Data: data})
		if err != nil {
			t.Fatal(err)
		}
		h, now := head{seq: seq, hash: journal.Hash{1, 2, 3}}, time.Unix(at%1e10, 7).UTC()
		b := appendLine(nil, &h, "ops@c", "r1", now, kind, raw)
		if bytes.IndexByte(b, '\n') != len(b)-1 {
			t.Fatalf("not one line: %q", b)
		}
		b = b[:len(b)-1]
		l, err := parseLine(b)
		if err != nil || !l.follows(head{seq, journal.Hash{1, 2, 3}}) || l.hash != h.hash || !bytes.Equal(l.body, raw) {
			t.Fatalf("%q: %v, %+v", b, err, l)
		}
		e, err := l.event("ops@c", "r1")
		if year := now.Year(); year > 0 && year < 10000 && (err != nil || !e.At.Equal(now)) {
			t.Fatalf("event %v, %v", e, err)
		}
		if len(l.origin) > 0 != (seq == 0) {
			t.Errorf("event %d says origin %q", seq+1, l.origin)
		}
		s := line{hash: l.hash, sum: l.sum}
		if err := s.slow(b); err != nil || fmt.Sprintf("%+v", s) != fmt.Sprintf("%+v", l) {
			t.Errorf("slow %+v, %v\nfast %+v", s, err, l)
		}
	})
}

// FuzzParseLine: no bytes make parseLine panic, and what has its own hash was hashed over those bytes.
func FuzzParseLine(f *testing.F) {
	h := head{}
	f.Add(bytes.TrimSpace(appendLine(nil, &h, "o", "r", time.Unix(0, 0).UTC(), "x", []byte(`{}`))))
	f.Add([]byte(`"}`))
	f.Add([]byte(`{"v":1,"seq":`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := parseLine(b); err == nil {
			_, _ = l.event("o", "r")
		}
	})
}
