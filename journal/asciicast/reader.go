package asciicast

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"
)

// Event is one thing that a recording holds.
type Event struct {
	At   time.Duration // since the beginning
	Code string        // "o" output, "r" a new size, "x" the exit status, "m" a mark; others are to be passed over
	Data string
}

// longest is the length of the longest line that is read.
const longest = 16 << 20

// Read reads a recording's header, and then its events as they are asked for. A last line that was torn by a crash is no event.
func Read(r io.Reader) (Header, iter.Seq2[Event, error], error) {
	var h Header
	in := bufio.NewReaderSize(r, 64<<10)
	first, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return h, nil, err
	}
	if json.Unmarshal(first, &h) != nil || h.Version == 0 {
		return h, nil, errors.New("line 1: not an asciicast recording")
	}
	if h.Version != 3 {
		return h, nil, fmt.Errorf("line 1: an asciicast recording of version %d, and this reads version 3", h.Version)
	}
	return h, events(in), nil
}

func events(in *bufio.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var at time.Duration
		for line := 2; ; line++ {
			b, err := readLine(in)
			if errors.Is(err, io.EOF) {
				return
			}
			var e Event
			if err == nil {
				if b = bytes.TrimSpace(b); len(b) == 0 || b[0] == '#' {
					continue
				}
				e, err = parse(b)
			}
			if err != nil {
				yield(e, fmt.Errorf("line %d: %w", line, err))
				return
			}
			at += e.At
			e.At = at
			if !yield(e, nil) {
				return
			}
		}
	}
}

func readLine(in *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		b, err := in.ReadSlice('\n')
		all = append(all, b...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(all) <= longest:
			continue
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("longer than %d MB", longest>>20)
		}
		return all, err
	}
}

// parse reads [SECONDS, CODE, DATA].
func parse(b []byte) (Event, error) {
	var e Event
	var parts []json.RawMessage
	var after float64
	if json.Unmarshal(b, &parts) != nil || len(parts) != 3 || json.Unmarshal(parts[0], &after) != nil ||
		json.Unmarshal(parts[1], &e.Code) != nil || json.Unmarshal(parts[2], &e.Data) != nil {
		return e, errors.New("not an event: [SECONDS, CODE, DATA]")
	}
	if !(after >= 0 && after < math.MaxInt32) {
		return e, fmt.Errorf("%v seconds cannot have passed", after)
	}
	e.At = time.Duration(math.Round(after*1e6)) * time.Microsecond
	return e, nil
}
