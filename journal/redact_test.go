package journal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/runbooks"
)

var bg = context.Background()

// recorded is all that a journal holds of run r1, as JSON, and its output joined by offset.
func recorded(t interface {
	Fatal(...any)
	Helper()
}, j journal.Journal) (string, []byte) {
	t.Helper()
	var all strings.Builder
	var out []byte
	for e, err := range j.Events(bg, "r1", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		raw, err := e.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
		if o, ok := e.Body.(journal.OutputRead); ok {
			if o.Offset != int64(len(out)) {
				t.Fatal(fmt.Sprintf("output at %d stands behind %d bytes", o.Offset, len(out)))
			}
			out = append(out, o.Data...)
		}
	}
	return all.String(), out
}

// TestRedactStreams: however output is cut into pieces, no secret is recorded, nothing else is lost, and offsets stay true.
func TestRedactStreams(t *testing.T) {
	secrets := []string{"hunter2", "hunter22", "a'b", "aaab"}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(secrets), rapid.StringOfN(rapid.SampledFrom([]rune("hunter2a'b \nx")), 0, 9, -1))).Draw(t, "parts")
		text := []byte(strings.Join(parts, ""))
		r := journal.NewRedactor()
		r.Add(secrets...)
		m := journal.NewMemory("o", nil)
		j := journal.Redact(m, r)
		for off := 0; off < len(text); {
			n := rapid.IntRange(1, min(12, len(text)-off)).Draw(t, "n")
			if _, err := j.Append(bg, "r1", journal.OutputRead{Host: "a", Step: "s", Attempt: 1, Offset: int64(off), Data: text[off : off+n]}); err != nil {
				t.Fatal(err)
			}
			off += n
		}
		if _, err := j.Append(bg, "r1", journal.StepEnded{Host: "a", Step: "s", Attempt: 1}); err != nil {
			t.Fatal(err)
		}
		_, out := recorded(t, m)
		if len(out) != len(text) {
			t.Fatalf("%q became %q", text, out)
		}
		for _, s := range secrets {
			if bytes.Contains(out, []byte(s)) {
				t.Fatalf("%q is in %q", s, out)
			}
		}
		if whole := r.Bytes(text); !bytes.Equal(out, whole) {
			t.Fatalf("in pieces %q, at once %q", out, whole)
		}
		for i := range out {
			if out[i] != text[i] && !strings.ContainsRune("*[redacted]", rune(out[i])) {
				t.Fatalf("byte %d of %q became %q", i, text, out)
			}
		}
	})
}

// TestRedactBodies: no text in any kind of event carries a secret, in any of its forms; names and scripts stay.
func TestRedactBodies(t *testing.T) {
	secret := "s3cr'et word"
	r := journal.NewRedactor(regexp.MustCompile(`(?i)api[_-]key\s*[=:]\s*\S+`))
	r.Add(secret, "line one\nline two\r", "xy") // the last is too short
	m := journal.NewMemory("o", nil)
	j := journal.Redact(m, r)
	said := "use " + secret + " or s3cr'\\''et word or s3cr%27et+word or " + base64.StdEncoding.EncodeToString([]byte(secret)) + " xy API-Key: abcdef"
	plan := journaltest.Plan("health", "a")
	plan.Reason, plan.Ticket, plan.Plan.Params = said, said, map[string]string{"p": said}
	plan.Plan.Steps[0].Script = "echo line one"
	bodies := []journal.Body{plan, journal.StepStarted{Host: "a", Step: "check", Attempt: 1, Job: "line one"},
		journal.FactsRead{Host: "a", Facts: []runbooks.Fact{{Key: "line one", Value: said, Text: said}}},
		journal.Decided{Decision: journal.Answer, Reason: said, Answers: map[string]string{"q": said}},
		journal.Remarked{Text: said + "\nline two"}, journal.Noted{Text: said},
		journal.OutputRead{Host: "a", Step: "check", Attempt: 1, Data: []byte(said + "\nline on")},
		journal.OutputRead{Host: "a", Step: "check", Attempt: 1, Offset: int64(len(said)) + 8, Data: []byte("e, api_key = zzz")},
		journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.OK, Reason: said, Hint: said},
		journal.RunClosed{Reason: said}}
	if _, err := j.Append(t.Context(), "r1", bodies...); err != nil {
		t.Fatal(err)
	}
	all, out := recorded(t, m)
	for _, s := range []string{"et word", "%27et", base64.StdEncoding.EncodeToString([]byte(secret)), "line two", "abcdef", "zzz"} {
		if strings.Contains(all, s) {
			t.Errorf("%q is recorded", s)
		}
	}
	if n := strings.Count(all, "line one"); n != 3 {
		t.Errorf("the script, the job and the fact's key should stay: %d did", n)
	}
	if !strings.Contains(all, "[redacted") || !strings.Contains(all, " xy ") {
		t.Error("no mark, or too much removed")
	}
	if want := len(said) + 1 + len("line one, api_key = zzz"); len(out) != want {
		t.Errorf("%d bytes of output, want %d: %q", len(out), want, out)
	}
	if said[:4] != "use " || plan.Plan.Params["p"] != said {
		t.Error("the caller's own bodies were changed")
	}
}

// TestRedactSpellings: a secret goes however a tool is likely to print it: within the base64 of a longer text, wherever it begins there, in
// hex, in JSON; and cut in two anywhere.
func TestRedactSpellings(t *testing.T) {
	const secret = `tr0ub"dor\&3`
	inJSON, err := json.Marshal(map[string]string{"password": secret})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"JSON": string(inJSON), "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for _, user := range []string{"", "o", "op", "ops"} {
		whole := []byte(user + ":" + secret + "@db")
		said["Basic "+user] = "Authorization: Basic " + base64.StdEncoding.EncodeToString(whole)
		said["URL "+user] = "?auth=" + base64.RawURLEncoding.EncodeToString(whole)
	}
	for name, text := range said {
		for cut := range len(text) {
			r := journal.NewRedactor()
			r.Add(secret)
			m := journal.NewMemory("o", nil)
			j := journal.Redact(m, r)
			if _, err := j.Append(t.Context(), "r1", output(0, []byte(text[:cut])), output(cut, []byte(text[cut:])), journal.RunClosed{}); err != nil {
				t.Fatal(err)
			}
			all, out := recorded(t, m)
			if len(out) != len(text) || !strings.Contains(all, "[redacted") {
				t.Fatalf("%s, cut at %d: %q became %q", name, cut, text, out)
			}
			left := bytes.Trim(bytes.TrimPrefix(out, []byte(text[:strings.IndexAny(text, " =")+1])), "=")
			if plain, _ := base64.RawStdEncoding.DecodeString(string(left)); bytes.Contains(plain, []byte(secret[2:9])) {
				t.Fatalf("%s, cut at %d: %q holds %q", name, cut, out, plain)
			}
		}
	}
}

// TestRedactHoldsLittle: what is no beginning of a secret is recorded at once, and what is held back is recorded when the run ends.
func TestRedactHoldsLittle(t *testing.T) {
	r := journal.NewRedactor()
	r.Add("hunter2")
	m := journal.NewMemory("o", nil)
	j := journal.Redact(m, r)
	off := int64(0)
	for _, data := range []string{"Password: ", "and hun"} {
		if _, err := j.Append(t.Context(), "r1", journal.OutputRead{Host: "a", Step: "s", Attempt: 1, Offset: off, Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
		off += int64(len(data))
	}
	if _, out := recorded(t, m); string(out) != "Password: and " {
		t.Errorf("recorded %q", out)
	}
	if _, err := j.Append(t.Context(), "r1", journal.RunClosed{}); err != nil {
		t.Fatal(err)
	}
	if _, out := recorded(t, m); string(out) != "Password: and hun" {
		t.Errorf("in the end %q", out)
	}
}

// FuzzRedact: whatever is secret and however the output is cut, no piece of the record holds it, no byte is lost, and what is clean stays
// as it was.
func FuzzRedact(f *testing.F) {
	f.Add("hunt3r2!", "the password is hunt3r2! and hunt3r2!again", uint8(3))
	f.Add("ooob", "ooooooob", uint8(1))
	f.Add("p\u00f6ss\nx y", "p\u00f6ss\np\u00f6ss x+y", uint8(2))
	f.Fuzz(func(t *testing.T, secret, text string, cut uint8) {
		if strings.ContainsAny(secret, "[redact*]") {
			t.Skip("the mark itself may spell it")
		}
		r := journal.NewRedactor()
		r.Add(secret)
		m := journal.NewMemory("o", nil)
		j := journal.Redact(m, r)
		step := int(cut%16) + 1
		for off := 0; off < len(text); off += step {
			if _, err := j.Append(t.Context(), "r", output(off, []byte(text)[off:min(off+step, len(text))])); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := j.Append(t.Context(), "r", journal.RunClosed{}); err != nil {
			t.Fatal(err)
		}
		var out []byte
		for e, err := range m.Events(t.Context(), "r", 0, false) {
			if err != nil {
				t.Fatal(err)
			}
			if o, ok := e.Body.(journal.OutputRead); ok {
				out = append(out, o.Data...)
			}
		}
		if len(secret) >= journal.ShortestSecret && bytes.Contains(out, []byte(secret)) {
			t.Errorf("%q is kept in %q", secret, out)
		}
		if len(out) != len(text) || r.String(text) == text && string(out) != text {
			t.Errorf("%q became %q", text, out)
		}
	})
}

func output(off int, data []byte) journal.OutputRead {
	return journal.OutputRead{Host: "h", Step: "s", Attempt: 1, Offset: int64(off), Data: bytes.Clone(data)}
}
