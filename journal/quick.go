package journal

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tend/inventory"
	"tend/runbooks"
)

// A run of many hosts is made of five kinds of event. They are written and read by hand: a process that follows a run would else spend
// more on reflection than on everything else. What these readers do not know, encoding/json reads; a test holds both to the same.

// appendQuick appends the body of a kind that is written by hand; false where it is not one of them.
func appendQuick(dst []byte, b Body) ([]byte, bool) {
	switch b := b.(type) {
	case OutputRead:
		return appendOutput(dst, b), true
	case StepStarted:
		dst = appendPlace(dst, b.Host, b.Step, b.Attempt)
		dst = appendText(dst, "job", b.Job)
	case StepEnded:
		dst = appendPlace(dst, b.Host, b.Step, b.Attempt)
		dst = AppendJSONString(append(dst, `,"outcome":`...), b.Outcome.String())
		dst = strconv.AppendInt(append(dst, `,"exit":`...), int64(b.Exit), 10)
		dst = appendText(appendText(dst, "reason", b.Reason), "hint", b.Hint)
		if b.Again {
			dst = append(dst, `,"again":true`...)
		}
	case HostReached:
		dst = appendReached(dst, b)
	case FactsRead:
		dst = appendFacts(dst, b)
	default:
		return dst, false
	}
	return append(dst, '}'), true
}

func appendPlace(dst []byte, host inventory.HostID, step runbooks.StepID, attempt int) []byte {
	dst = AppendJSONString(append(dst, `{"host":`...), string(host))
	dst = AppendJSONString(append(dst, `,"step":`...), string(step))
	return strconv.AppendInt(append(dst, `,"attempt":`...), int64(attempt), 10)
}

// appendText appends a member that is left out where it is empty.
func appendText(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return AppendJSONString(dst, text)
}

func appendReached(dst []byte, b HostReached) []byte {
	dst = AppendJSONString(append(dst, `{"host":`...), string(b.Host))
	dst = AppendJSONString(append(dst, `,"addr":`...), b.Addr)
	for i, v := range b.Via {
		if i == 0 {
			dst = append(dst, `,"via":[`...)
		} else {
			dst = append(dst, ',')
		}
		if dst = AppendJSONString(dst, v); i == len(b.Via)-1 {
			dst = append(dst, ']')
		}
	}
	dst = appendText(appendText(appendText(dst, "user", b.User), "key", b.Key), "auth", b.Auth)
	if b.TurnedAway != 0 {
		dst = strconv.AppendInt(append(dst, `,"turned_away":`...), int64(b.TurnedAway), 10)
	}
	return dst
}

func appendFacts(dst []byte, b FactsRead) []byte {
	dst = AppendJSONString(append(dst, `{"host":`...), string(b.Host))
	dst = appendText(dst, "step", string(b.Step))
	if b.Facts == nil {
		return append(dst, `,"facts":null`...)
	}
	dst = append(dst, `,"facts":[`...)
	for i, f := range b.Facts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(append(dst, `{"key":`...), f.Key)
		dst = AppendJSONString(append(dst, `,"value":`...), f.Value)
		if f.Check {
			dst = append(dst, `,"check":true`...)
		}
		if f.State != 0 {
			dst = strconv.AppendInt(append(dst, `,"state":`...), int64(f.State), 10)
		}
		dst = append(appendText(appendText(appendText(dst, "unit", f.Unit), "threshold", f.Threshold), "text", f.Text), '}')
	}
	return append(dst, ']')
}

// decodeQuick reads a body that appendQuick wrote; nil where it is another kind or another form.
func decodeQuick(kind string, raw []byte) Body {
	q := quick{b: raw, ok: true}
	var b Body
	switch kind {
	case "output_read":
		b = q.output()
	case "step_started":
		o := StepStarted{Host: inventory.HostID(q.first("host")), Step: runbooks.StepID(q.text("step")), Attempt: int(q.number("attempt"))}
		o.Job = q.perhaps("job")
		b = o
	case "step_ended":
		o := StepEnded{Host: inventory.HostID(q.first("host")), Step: runbooks.StepID(q.text("step")), Attempt: int(q.number("attempt"))}
		_ = o.Outcome.UnmarshalText(q.textBytes("outcome")) // never fails
		o.Exit = int(q.number("exit"))
		o.Reason, o.Hint = q.perhaps("reason"), q.perhaps("hint")
		o.Again = q.has(`,"again":true`)
		b = o
	case "host_reached":
		b = q.reached()
	case "facts_read":
		b = q.facts()
	default:
		return nil
	}
	if !q.ends() {
		return nil
	}
	return b
}

func (q *quick) output() Body {
	o := OutputRead{Host: inventory.HostID(q.first("host")), Step: runbooks.StepID(q.text("step")), Attempt: int(q.number("attempt")), Offset: q.number("offset")}
	o.Data = bytes.Clone(q.textBytes("text"))
	return o
}

func (q *quick) reached() Body {
	o := HostReached{Host: inventory.HostID(q.first("host")), Addr: q.text("addr")}
	if q.has(`,"via":[`) {
		for more := true; more && q.ok; more = q.has(",") {
			o.Via = append(o.Via, string(q.quoted()))
		}
		q.eat("]")
	}
	o.User, o.Key, o.Auth = q.perhaps("user"), q.perhaps("key"), q.perhaps("auth")
	if q.starts("turned_away") {
		o.TurnedAway = int(q.number("turned_away"))
	}
	return o
}

func (q *quick) facts() Body {
	o := FactsRead{Host: inventory.HostID(q.first("host")), Step: runbooks.StepID(q.perhaps("step"))}
	q.eat(`,"facts":[`)
	o.Facts = make([]runbooks.Fact, 0, bytes.Count(q.b, []byte(`{"key":`)))
	for more := !q.has("]"); more && q.ok; {
		f := runbooks.Fact{Key: q.first("key"), Value: q.text("value")}
		f.Check = q.has(`,"check":true`)
		if q.starts("state") {
			f.State = runbooks.CheckState(q.number("state"))
		}
		f.Unit, f.Threshold, f.Text = q.perhaps("unit"), q.perhaps("threshold"), q.perhaps("text")
		q.eat("}")
		o.Facts = append(o.Facts, f)
		if more = q.has(","); !more {
			q.eat("]")
		}
	}
	return o
}

// quick walks over an object that appendQuick wrote. Once something is another form, ok is false and stays so.
type quick struct {
	b  []byte
	ok bool
}

func (q *quick) has(s string) bool {
	if !q.ok || len(q.b) < len(s) || string(q.b[:len(s)]) != s {
		return false
	}
	q.b = q.b[len(s):]
	return true
}

func (q *quick) eat(s string) { q.ok = q.has(s) }

// starts reports whether the member of that name comes next.
func (q *quick) starts(name string) bool {
	n := len(name)
	return q.ok && len(q.b) > n+3 && q.b[0] == ',' && q.b[1] == '"' && string(q.b[2:2+n]) == name && q.b[2+n] == '"'
}

// member goes behind the name of the member that must come next.
func (q *quick) member(name string) {
	if q.ok = q.starts(name); q.ok {
		q.b = q.b[len(name)+3:]
		q.eat(":")
	}
}

func (q *quick) first(name string) string {
	q.eat("{")
	if len(q.b) < len(name)+2 || string(q.b[1:1+len(name)]) != name {
		q.ok = false
		return ""
	}
	q.eat(`"`)
	q.b = q.b[len(name):]
	q.eat(`":`)
	return string(q.quoted())
}

func (q *quick) text(name string) string { return string(q.textBytes(name)) }

func (q *quick) textBytes(name string) []byte {
	q.member(name)
	return q.quoted()
}

func (q *quick) perhaps(name string) string {
	if !q.starts(name) {
		return ""
	}
	return q.text(name)
}

// number reads a whole number, of no more digits than cannot overflow.
func (q *quick) number(name string) int64 {
	q.member(name)
	i := 0
	for i < len(q.b) && (q.b[i] >= '0' && q.b[i] <= '9' || i == 0 && q.b[i] == '-') {
		i++
	}
	digits := string(q.b[:i])
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !q.ok || i > 18 || strings.HasPrefix(digits, "0") && i > 1 || strings.HasPrefix(digits, "-0") {
		q.ok = false
		return 0
	}
	q.b = q.b[i:]
	return n
}

func (q *quick) ends() bool { return q.has("}") && len(q.b) == 0 }

// quoted reads a string. Without escapes it points into what is read; what is not UTF-8 is left to encoding/json.
func (q *quick) quoted() []byte {
	if !q.has(`"`) {
		q.ok = false
		return nil
	}
	for i, c := range q.b {
		switch {
		case c == '"':
			s := q.b[:i]
			q.b = q.b[i+1:]
			q.ok = utf8.Valid(s)
			return s
		case c == '\\':
			return q.escaped(i)
		case c < 0x20:
			q.ok = false
			return nil
		}
	}
	q.ok = false
	return nil
}

// escaped reads the rest of a string whose first escape is at i.
func (q *quick) escaped(i int) []byte {
	out := append(make([]byte, 0, bytes.IndexByte(q.b[i:], '"')+i+64), q.b[:i]...)
	for b := q.b[i:]; len(b) > 0; {
		c := b[0]
		switch {
		case c == '"':
			q.b = b[1:]
			q.ok = utf8.Valid(out)
			return out
		case c < 0x20:
			q.ok = false
			return nil
		case c != '\\':
			out, b = append(out, c), b[1:]
			continue
		}
		n := 0
		if out, n = unescape(out, b); n == 0 {
			q.ok = false
			return nil
		}
		b = b[n:]
	}
	q.ok = false
	return nil
}

// unescape appends what the escape that b begins with means, and how long it is; 0 where it is not one that appendEscape writes.
func unescape(out, b []byte) ([]byte, int) {
	if len(b) < 2 {
		return out, 0
	}
	switch b[1] {
	case '"', '\\':
		return append(out, b[1]), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		if len(b) < 6 {
			return out, 0
		}
		r, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		if err != nil || r >= 0xd800 && r < 0xe000 {
			return out, 0
		}
		return utf8.AppendRune(out, rune(r)), 6
	}
	return out, 0
}

// appendEvent appends an event as it stands alone, for `--json` and other tools; raw is its body.
func appendEvent(dst []byte, e *Event, raw []byte) []byte {
	dst = AppendJSONString(append(dst, `{"origin":`...), string(e.Origin))
	dst = AppendJSONString(append(dst, `,"run":`...), string(e.Run))
	dst = strconv.AppendUint(append(dst, `,"seq":`...), e.Seq, 10)
	dst = e.At.AppendFormat(append(dst, `,"at":"`...), time.RFC3339Nano)
	dst = AppendJSONString(append(dst, `","kind":`...), e.Body.Kind())
	dst = hex.AppendEncode(append(dst, `,"prev":"`...), e.Prev[:])
	dst = hex.AppendEncode(append(dst, `","hash":"`...), e.Hash[:])
	return append(append(append(dst, `","body":`...), raw...), '}')
}
