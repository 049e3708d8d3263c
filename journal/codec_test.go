package journal_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tend/journal"
	"tend/journal/journaltest"
)

// FuzzOutput: whatever a host prints comes back byte for byte, in one line of valid JSON without control characters.
func FuzzOutput(f *testing.F) {
	for _, s := range []string{"", "plain\n", "\x1b[2J", "\xc3(", "é", "\u009b31m", "\u2028", `"\`, "\x00\x7f\xff", "a\xffb", "\xed\xa0\x80", "\xf4\x90\x80\x80"} {
		f.Add([]byte(s), int64(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, offset int64) {
		in := journal.OutputRead{Host: "a", Step: "s", Attempt: 1, Offset: offset, Data: data}
		raw, err := journal.EncodeBody(in)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(raw) || bytes.IndexFunc(raw, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) >= 0 {
			t.Fatalf("written as %q", raw)
		}
		if utf8.Valid(data) != bytes.Contains(raw, []byte(`"text":`)) {
			t.Errorf("UTF-8 %v, written as %q", utf8.Valid(data), raw)
		}
		out, err := journal.DecodeBody("output_read", raw)
		if err != nil {
			t.Fatal(err)
		}
		if o := out.(journal.OutputRead); !bytes.Equal(o.Data, data) || o.Offset != offset || o.Host != "a" || o.Step != "s" || o.Attempt != 1 {
			t.Errorf("%+v came back as %+v", in, o)
		}
	})
}

// TestKinds: the words that a search takes are those of all events that are decoded.
func TestKinds(t *testing.T) {
	var want []string
	for _, b := range journaltest.Kinds() {
		if _, foreign := b.(journal.Foreign); !foreign && !slices.Contains(want, b.Kind()) {
			want = append(want, b.Kind())
		}
	}
	got := journal.Kinds()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzDecodeBody: any bytes decode to a body or an error, never a panic; and what decodes can be written again.
func FuzzDecodeBody(f *testing.F) {
	for _, b := range journaltest.Kinds() {
		raw, err := journal.EncodeBody(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b.Kind(), raw)
		f.Add(b.Kind(), []byte(`[]`))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		b, err := journal.DecodeBody(kind, raw)
		if err != nil || kind == "" {
			return
		}
		if _, err := journal.EncodeBody(b); err != nil {
			t.Errorf("%s %q decoded to %#v, which cannot be written: %v", kind, raw, b, err)
		}
	})
}

// FuzzString: strings are written as encoding/json reads them.
func FuzzString(f *testing.F) {
	f.Add("é\xff\u009b\\\"\n")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(journal.AppendJSONString(nil, s), &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\xff"); utf8.ValidString(s) && back != want {
			t.Errorf("%q came back as %q", s, back)
		}
		if same := journal.AppendJSONString(nil, []byte(s)); string(same) != string(journal.AppendJSONString(nil, s)) {
			t.Errorf("as bytes %q", same)
		}
	})
}

// TestNewerForms: a kind that is unknown, or whose form is newer, is Foreign; a new field is passed over.
func TestNewerForms(t *testing.T) {
	for _, c := range []struct{ kind, raw, want string }{
		{"from_the_future", `{"a":1}`, "journal.Foreign"},
		{"wave_opened", `{"wave":"all"}`, "journal.Foreign"},
		{"wave_opened", `{"wave":3,"colour":"red"}`, "journal.WaveOpened"},
		{"output_read", `{"host":"a","base64":"!"}`, "journal.Foreign"},
		{"step_ended", `{"outcome":"exploded"}`, "journal.StepEnded"},
	} {
		b, err := journal.DecodeBody(c.kind, []byte(c.raw))
		if got := typeName(b); err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v, want %s", c.kind, c.raw, got, err, c.want)
		}
		if f, ok := b.(journal.Foreign); ok && (f.Name != c.kind || string(f.Raw) != c.raw) {
			t.Errorf("%+v", f)
		}
	}
	for _, bad := range []string{"", "{", "{}x", "\x00"} {
		if b, err := journal.DecodeBody("x", []byte(bad)); err == nil {
			t.Errorf("%q decoded to %v", bad, b)
		}
	}
}

func typeName(b journal.Body) string {
	switch b.(type) {
	case journal.Foreign:
		return "journal.Foreign"
	case journal.WaveOpened:
		return "journal.WaveOpened"
	case journal.StepEnded:
		return "journal.StepEnded"
	}
	return "?"
}

// TestHash: a hash is hex in JSON, and nothing else is a hash.
func TestHash(t *testing.T) {
	var h journal.Hash
	for i := range h {
		h[i] = byte(i)
	}
	raw, err := json.Marshal(h)
	var back journal.Hash
	if err != nil || json.Unmarshal(raw, &back) != nil || back != h {
		t.Errorf("%s came back as %s, %v", raw, back, err)
	}
	for _, bad := range []string{`""`, `"00"`, `"` + strings.Repeat("zz", 32) + `"`, `"` + strings.Repeat("0", 65) + `"`} {
		if json.Unmarshal([]byte(bad), &back) == nil {
			t.Errorf("%s was taken for a hash", bad)
		}
	}
}
