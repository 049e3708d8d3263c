package segments

import (
	"bytes"
	"fmt"
	"io"

	"tend/journal"
)

// ending is the end of a segment as it stands on disk.
type ending struct {
	head  head
	kind  string // of the last line
	size  int64  // of what is whole
	extra int64  // bytes behind it: a torn line, or pages that a power cut lost
}

// readEnding finds the last whole line, reading backwards. Only what a crash leaves may stand behind it: bytes without a newline, or
// lines with NUL bytes in them. A whole line that does not have its hash was edited: journal.ErrDamaged.
func readEnding(f io.ReaderAt, size int64) (ending, error) {
	for window := int64(64 << 10); ; window *= 4 {
		from := max(size-window, 0)
		b := make([]byte, size-from)
		if _, err := f.ReadAt(b, from); err != nil && (err != io.EOF || len(b) == 0) {
			if err == io.EOF {
				return ending{}, nil
			}
			return ending{}, err
		}
		e, found, err := lastLine(b, from)
		if found || err != nil || from == 0 {
			e.extra = size - e.size
			return e, err
		}
	}
}

// lastLine looks for the last whole line in b, which begins at offset from of its file.
func lastLine(b []byte, from int64) (ending, bool, error) {
	for {
		end := bytes.LastIndexByte(b, '\n')
		if end < 0 {
			return ending{}, false, nil
		}
		begin := bytes.LastIndexByte(b[:end], '\n') + 1
		if begin == 0 && from > 0 {
			return ending{}, false, nil
		}
		l, err := parseLine(b[begin:end])
		if err == nil && l.hash == l.sum {
			return ending{head: head{l.seq, l.hash}, kind: string(l.kind), size: from + int64(end) + 1}, true, nil
		}
		if bytes.IndexByte(b[begin:end], 0) < 0 {
			return ending{}, false, fmt.Errorf("%w: the line at byte %d is not as it was written", journal.ErrDamaged, from+int64(begin))
		}
		b = b[:begin]
	}
}
