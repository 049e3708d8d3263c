package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"tend/inventory"
	"tend/runbooks"
)

// EncodeBody writes a body as one line of JSON. A kind outside the closed set (a pointer, say) is an error: it would not fold.
// Output is written as "text" where it is UTF-8, else as "base64": either way it reads back byte for byte.
func EncodeBody(b Body) ([]byte, error) {
	room := 256
	switch b := b.(type) {
	case Foreign:
		return encodeForeign(b)
	case PlanAccepted, RunnerStarted, WaveOpened, Decided, Remarked, Noted, Sealed, ShellOpened, ShellClosed, RunClosed:
		return plainJSON(b)
	case OutputRead:
		room = len(b.Data) + len(b.Data)/8 + 128
	}
	if raw, ok := appendQuick(make([]byte, 0, room), b); ok {
		return raw, nil
	}
	return nil, fmt.Errorf("%T is not a kind of event", b)
}

// plainJSON is json.Marshal without the escapes for HTML, so that grep finds what was written.
func plainJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func encodeForeign(b Foreign) ([]byte, error) {
	if b.Name == "" {
		return nil, fmt.Errorf("a foreign event has no kind")
	}
	if len(b.Raw) == 0 {
		return []byte("{}"), nil
	}
	var buf bytes.Buffer
	if err := json.Compact(&buf, b.Raw); err != nil {
		return nil, fmt.Errorf("the body of a %q event: %w", b.Name, err)
	}
	return buf.Bytes(), nil
}

// DecodeBody reads the body of an event of that kind. What this build cannot read (a kind, or a newer form of a kind) comes back
// as Foreign; only bytes that are not JSON are an error.
func DecodeBody(kind string, raw []byte) (Body, error) {
	b, err := decodeKnown(kind, raw)
	if err == nil && b != nil {
		return b, nil
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("the body of a %q event is not JSON", kind)
	}
	return Foreign{Name: kind, Raw: bytes.Clone(raw)}, nil
}

func decodeKnown(kind string, raw []byte) (Body, error) {
	if b := decodeQuick(kind, raw); b != nil {
		return b, nil
	}
	switch kind {
	case "output_read":
		return decodeOutput(raw)
	case "plan_accepted":
		return decode[PlanAccepted](raw)
	case "runner_started":
		return decode[RunnerStarted](raw)
	case "wave_opened":
		return decode[WaveOpened](raw)
	case "host_reached":
		return decode[HostReached](raw)
	case "step_started":
		return decode[StepStarted](raw)
	case "facts_read":
		return decode[FactsRead](raw)
	case "step_ended":
		return decode[StepEnded](raw)
	case "decided":
		return decode[Decided](raw)
	case "remarked":
		return decode[Remarked](raw)
	case "noted":
		return decode[Noted](raw)
	case "sealed":
		return decode[Sealed](raw)
	case "shell_opened":
		return decode[ShellOpened](raw)
	case "shell_closed":
		return decode[ShellClosed](raw)
	case "run_closed":
		return decode[RunClosed](raw)
	}
	return nil, nil
}

func decode[B Body](raw []byte) (Body, error) {
	var b B
	err := json.Unmarshal(raw, &b)
	return b, err
}

// outputJSON is OutputRead as it is stored: exactly one of Text and Base64.
type outputJSON struct {
	Host    inventory.HostID `json:"host"`
	Step    runbooks.StepID  `json:"step"`
	Attempt int              `json:"attempt"`
	Offset  int64            `json:"offset"`
	Text    *string          `json:"text"`
	Base64  *string          `json:"base64"`
}

func decodeOutput(raw []byte) (Body, error) {
	var o outputJSON
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	b := OutputRead{Host: o.Host, Step: o.Step, Attempt: o.Attempt, Offset: o.Offset}
	switch {
	case o.Text != nil:
		b.Data = []byte(*o.Text)
	case o.Base64 != nil:
		data, err := base64.StdEncoding.DecodeString(*o.Base64)
		if err != nil {
			return nil, err
		}
		b.Data = data
	}
	return b, nil
}

// appendOutput is written by hand because output is nearly all that a journal holds.
func appendOutput(dst []byte, b OutputRead) []byte {
	dst = AppendJSONString(append(dst, `{"host":`...), string(b.Host))
	dst = AppendJSONString(append(dst, `,"step":`...), string(b.Step))
	dst = strconv.AppendInt(append(dst, `,"attempt":`...), int64(b.Attempt), 10)
	dst = append(strconv.AppendInt(append(dst, `,"offset":`...), b.Offset, 10), ',')
	if utf8.Valid(b.Data) {
		dst = AppendJSONString(append(dst, `"text":`...), b.Data)
	} else {
		dst = append(dst, `"base64":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, b.Data), '"')
	}
	return append(dst, '}')
}

// AppendJSONString appends s as a JSON string. Control characters are escaped, DEL and those of C1 too, so that cat shows a
// segment without obeying it. Bytes that are not UTF-8 become U+FFFD, as encoding/json has it.
func AppendJSONString[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[from:i]...), rune(c))
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r <= 0x9f || r == utf8.RuneError && n == 1 {
			dst = appendEscape(append(dst, s[from:i]...), r)
			from = i + n
		}
		i += n
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// eventJSON is an event that stands alone, for `--json` and other tools. Segments have their own form of line.
type eventJSON struct {
	Origin OriginID        `json:"origin"`
	Run    RunID           `json:"run"`
	Seq    uint64          `json:"seq"`
	At     time.Time       `json:"at"`
	Kind   string          `json:"kind"`
	Prev   Hash            `json:"prev"`
	Hash   Hash            `json:"hash"`
	Body   json.RawMessage `json:"body"`
}

// MarshalJSON writes the event whole: origin, run, seq, at, kind, prev, hash and body.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Body == nil {
		return nil, fmt.Errorf("event %d has no body", e.Seq)
	}
	raw, err := EncodeBody(e.Body)
	if err != nil {
		return nil, err
	}
	return appendEvent(make([]byte, 0, len(raw)+384), &e, raw), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	var j eventJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	body, err := DecodeBody(j.Kind, j.Body)
	if err != nil {
		return err
	}
	*e = Event{Origin: j.Origin, Run: j.Run, Seq: j.Seq, At: j.At, Prev: j.Prev, Hash: j.Hash, Body: body}
	return nil
}
