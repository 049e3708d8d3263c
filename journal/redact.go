package journal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"tend/inventory"
	"tend/runbooks"
)

// Redactor keeps secrets out of what is written: those it was told, in any of the forms in which they tend to turn up, and what its
// patterns match. What is removed leaves a mark of the same length, so that offsets into a step's output stay true.
type Redactor struct {
	patterns []*regexp.Regexp

	mu      sync.Mutex
	secrets [][]byte // longest first
}

// ShortestSecret is the least length of a secret that is looked for: a shorter one would blank out half of everything, and hide nothing.
const ShortestSecret = 3

// longestLine is how much of a line without an end is held back for the patterns.
const longestLine = 8 << 10

// mostHeld is how much is held back at most: output that repeats the beginning of a secret for ever is let go at some point.
const mostHeld = 64 << 10

// NewRedactor looks for patterns, each within one line, and for the secrets that Add tells it.
func NewRedactor(patterns ...*regexp.Regexp) *Redactor { return &Redactor{patterns: patterns} }

// Add tells the redactor secrets, from now on. Of one with several lines, each line is one too.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, whole := range secrets {
		for _, s := range append(strings.Split(whole, "\n"), whole) {
			for _, form := range forms(strings.TrimSuffix(s, "\r")) {
				if !slices.ContainsFunc(r.secrets, func(b []byte) bool { return string(b) == form }) {
					r.secrets = append(slices.Clone(r.secrets), []byte(form)) // a list that was handed out stays as it is
				}
			}
		}
	}
	slices.SortStableFunc(r.secrets, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
}

// forms are the ways in which a secret is likely to be printed: as it is, quoted for a shell or in JSON, in a URL, in hex, in base64, alone or
// behind other text, as in "Authorization: Basic".
func forms(s string) []string {
	if len(s) < ShortestSecret {
		return nil
	}
	b := []byte(s)
	list := append(append(within64(b), inJSON(s)...), s, strings.ReplaceAll(s, `'`, `'\''`), strings.ReplaceAll(s, `'`, `'"'"'`), url.QueryEscape(s), url.PathEscape(s),
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b))
	slices.Sort(list)
	return slices.Compact(list)
}

// inJSON is a secret as most tools write it in a JSON string, and as those that care for HTML do.
func inJSON(s string) []string {
	plain := AppendJSONString(nil, s)
	careful, _ := json.Marshal(s) // strings always marshal
	return []string{string(plain[1 : len(plain)-1]), string(careful[1 : len(careful)-1])}
}

// shortest64 is the least that is looked for of a secret within a longer text in base64: less of it is found in any base64.
const shortest64 = 6

// within64 are the characters that a secret makes in the base64 of a longer text, whatever stands around it: it begins there at any of
// three places, and shares its first and last character with its neighbours.
func within64(b []byte) (list []string) {
	for shift, shared := range [3]int{0, 2, 3} {
		padded := append(make([]byte, shift), b...)
		whole := len(padded) * 8 / 6 // characters that hold nothing but these bits
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if part := enc.EncodeToString(padded)[shared:whole]; len(part) >= shortest64 {
				list = append(list, part)
			}
		}
	}
	return list
}

func (r *Redactor) list() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets
}

// Bytes returns b without secrets; b itself where it holds none.
func (r *Redactor) Bytes(b []byte) []byte {
	clean, _ := r.replace(r.list(), b)
	return clean
}

// String is Bytes of a string.
func (r *Redactor) String(s string) string {
	if b := []byte(s); len(b) > 0 {
		if clean := r.Bytes(b); &clean[0] != &b[0] {
			return string(clean)
		}
	}
	return s
}

// replace also says where it did.
func (r *Redactor) replace(secrets [][]byte, b []byte) (out []byte, where [][2]int) {
	out = b
	hide := func(from, to int) {
		if len(where) == 0 {
			out = bytes.Clone(b)
		}
		mark(out[from:to])
		where = append(where, [2]int{from, to})
	}
	for _, s := range secrets {
		for at := 0; ; {
			i := bytes.Index(b[at:], s) // in b: of two that overlap, both go
			if i < 0 {
				break
			}
			hide(at+i, at+i+len(s))
			at += i + 1
		}
	}
	for _, p := range r.patterns {
		for _, m := range p.FindAllIndex(out, -1) {
			if m[1] > m[0] {
				hide(m[0], m[1])
			}
		}
	}
	return out, where
}

// mark fills b with "[redacted***]", or with asterisks where that is too long.
func mark(b []byte) {
	for i := range b {
		b[i] = '*'
	}
	if n := copy(b, "[redacted"); n == len("[redacted") && len(b) > n {
		b[len(b)-1] = ']'
	} else {
		copy(b, "*********")
	}
}

// Redact is the journal j behind r: no secret that r knows reaches it, in output across the borders of its pieces too. What could be
// the beginning of a secret is held back until more has come, or the step has ended; Append then returns other events than the bodies
// that it was given.
func Redact(j Journal, r *Redactor) Journal {
	return &redacted{Journal: j, r: r, held: map[streamID]OutputRead{}}
}

type redacted struct {
	Journal
	r    *Redactor
	mu   sync.Mutex
	held map[streamID]OutputRead
}

type streamID struct {
	run  RunID
	host inventory.HostID
	step runbooks.StepID
	try  int
}

// Append keeps Journal's promise for what is left of the bodies.
func (j *redacted) Append(ctx context.Context, run RunID, bodies ...Body) ([]Event, error) {
	return j.Journal.Append(ctx, run, j.clean(run, bodies)...)
}

// AppendThen is that of the journal behind it, where that has one, with what then gives redacted as well; else then is not called.
func (j *redacted) AppendThen(ctx context.Context, run RunID, bodies []Body, then func([]Event) []Body) ([]Event, error) {
	b, ok := j.Journal.(interface {
		AppendThen(context.Context, RunID, []Body, func([]Event) []Body) ([]Event, error)
	})
	if !ok {
		return j.Append(ctx, run, bodies...)
	}
	return b.AppendThen(ctx, run, j.clean(run, bodies), func(events []Event) []Body { return j.clean(run, then(events)) })
}

// clean is what is left of the bodies.
func (j *redacted) clean(run RunID, bodies []Body) []Body {
	clean := make([]Body, 0, len(bodies)+1)
	for _, b := range bodies {
		switch b := b.(type) {
		case OutputRead:
			if b = j.output(run, b); len(b.Data) > 0 {
				clean = append(clean, b)
			}
		case StepEnded:
			clean = append(j.flush(clean, streamID{run, b.Host, b.Step, b.Attempt}), j.r.Body(b))
		case RunClosed:
			clean = append(j.flushRun(clean, run), j.r.Body(b))
		default:
			clean = append(clean, j.r.Body(b))
		}
	}
	return clean
}

// output joins a piece to what was held back and gives what is certain.
func (j *redacted) output(run RunID, b OutputRead) OutputRead {
	id := streamID{run, b.Host, b.Step, b.Attempt}
	j.mu.Lock()
	defer j.mu.Unlock()
	if h, ok := j.held[id]; ok && h.Offset+int64(len(h.Data)) == b.Offset {
		b.Data, b.Offset = slices.Concat(h.Data, b.Data), h.Offset
	}
	clean, n := j.r.Settle(b.Data, false)
	delete(j.held, id)
	if n < len(clean) {
		rest := b
		rest.Offset, rest.Data = b.Offset+int64(n), bytes.Clone(b.Data[n:])
		j.held[id] = rest
	}
	b.Data = clean[:n]
	return b
}

// Settle takes secrets out of a piece of a stream: clean is as long as b, and its first n bytes are certain. The rest of b may be the
// beginning of a secret: it is to be asked about again, in front of what follows. end says that nothing follows.
func (r *Redactor) Settle(b []byte, end bool) (clean []byte, n int) {
	secrets := r.list()
	clean, where := r.replace(secrets, b)
	if end {
		return clean, len(b)
	}
	if n = certain(len(b)-r.unsure(secrets, b), where); len(b)-n > mostHeld {
		n = len(b)
	}
	return clean, n
}

// certain moves n back so that it cuts through nothing that was removed: a half of a secret would not be known for one later.
func certain(n int, where [][2]int) int {
	for again := true; again; {
		again = false
		for _, w := range where {
			if w[0] < n && n < w[1] {
				n, again = w[0], true
			}
		}
	}
	return n
}

// unsure is how many bytes at the end of b may be the beginning of something to remove.
func (r *Redactor) unsure(secrets [][]byte, b []byte) int {
	n := 0
	for _, s := range secrets {
		for k := min(len(s)-1, len(b)); k > n; k-- {
			if bytes.HasSuffix(b, s[:k]) {
				n = k
			}
		}
	}
	if len(r.patterns) > 0 {
		n = max(n, min(len(b)-1-bytes.LastIndexByte(b, '\n'), longestLine))
	}
	return n
}

func (j *redacted) flush(to []Body, id streamID) []Body {
	j.mu.Lock()
	defer j.mu.Unlock()
	h, ok := j.held[id]
	if !ok {
		return to
	}
	delete(j.held, id)
	h.Data = j.r.Bytes(h.Data)
	return append(to, h)
}

func (j *redacted) flushRun(to []Body, run RunID) []Body {
	j.mu.Lock()
	var ids []streamID
	for id := range j.held {
		if id.run == run {
			ids = append(ids, id)
		}
	}
	j.mu.Unlock()
	for _, id := range ids {
		to = j.flush(to, id)
	}
	return to
}

// Body returns the body without secrets in what people and hosts wrote. Names (of hosts, steps, jobs, keys of facts) stay, because
// events would not fold without them; so does a plan's script, because what is recorded must be what runs.
func (r *Redactor) Body(b Body) Body {
	switch x := b.(type) {
	case OutputRead:
		x.Data = r.Bytes(x.Data)
		return x
	case PlanAccepted:
		x.Reason, x.Ticket, x.Plan.Params = r.String(x.Reason), r.String(x.Ticket), r.texts(x.Plan.Params)
		return x
	case FactsRead:
		x.Facts = slices.Clone(x.Facts)
		for i := range x.Facts {
			f := &x.Facts[i]
			f.Value, f.Text = r.String(f.Value), r.String(f.Text)
		}
		return x
	case StepEnded:
		x.Reason, x.Hint = r.String(x.Reason), r.String(x.Hint)
		return x
	case Decided:
		x.Reason, x.Answers = r.String(x.Reason), r.texts(x.Answers)
		return x
	case Remarked:
		x.Text = r.String(x.Text)
		return x
	case Noted:
		x.Text = r.String(x.Text)
		return x
	case ShellOpened:
		x.Reason = r.String(x.Reason)
		return x
	case ShellClosed:
		x.Reason = r.String(x.Reason)
		return x
	case RunClosed:
		x.Reason = r.String(x.Reason)
		return x
	}
	return b
}

func (r *Redactor) texts(m map[string]string) map[string]string {
	m = maps.Clone(m)
	for k, v := range m {
		m[k] = r.String(v)
	}
	return m
}
