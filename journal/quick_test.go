package journal

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"tend/runbooks"
)

// common are the kinds that a run of many hosts is made of, with all that they may hold.
var common = []Body{
	StepStarted{Host: "a", Step: "s", Attempt: 1},
	StepStarted{Host: "a\"\\", Step: "é\u2028", Attempt: 12, Job: "r-s-a-1"},
	StepEnded{Host: "a", Step: "s", Attempt: 1, Outcome: OK},
	StepEnded{Host: "a", Step: "s", Attempt: 1, Outcome: Failed, Exit: -1, Reason: "line\n\ttab \x1b[2J \u009b \x7f", Hint: "do <that> & more", Again: true},
	OutputRead{Host: "a", Step: "s", Attempt: 1, Data: []byte{}},
	OutputRead{Host: "a", Step: "s", Attempt: 3, Offset: 1 << 50, Data: []byte("up 3 days\r\n\x00\"quoted\" \\ é\n")},
	HostReached{Host: "a", Addr: "10.0.0.1:22"},
	HostReached{Host: "a", Addr: "[fe80::1%eth0]:22", Via: []string{"ops@b:22", "c"}, User: "ops", Key: "ssh-ed25519 SHA256:x", Auth: "publickey", TurnedAway: 4},
	FactsRead{Host: "a", Facts: []runbooks.Fact{}},
	FactsRead{Host: "a", Step: "s", Facts: []runbooks.Fact{
		{Key: "pending", Value: ""}, {Key: "disk:/var", Value: "97", Check: true, State: runbooks.CheckCrit, Unit: "%", Threshold: "90/95", Text: "full, \"nearly\""},
	}},
}

// TestQuickIsJSON: the kinds that are written and read by hand are read by hand indeed, mean to encoding/json what they mean here, and
// in the form in which encoding/json writes them mean the same.
func TestQuickIsJSON(t *testing.T) {
	for _, b := range common {
		raw, err := EncodeBody(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := decodeQuick(b.Kind(), raw); !reflect.DeepEqual(got, b) {
			t.Errorf("%s was read by hand as %#v, want %#v", raw, got, b)
		}
		if o, ok := b.(OutputRead); ok {
			checkOutput(t, raw, o)
			continue
		}
		other := reflect.New(reflect.TypeOf(b))
		if err := json.Unmarshal(raw, other.Interface()); err != nil || !reflect.DeepEqual(other.Elem().Interface(), b) {
			t.Errorf("%s was read by encoding/json as %#v, %v", raw, other.Elem().Interface(), err)
		}
		plain, _ := json.Marshal(b)
		if got, err := DecodeBody(b.Kind(), plain); err != nil || !reflect.DeepEqual(got, b) {
			t.Errorf("%s was read as %#v, %v", plain, got, err)
		}
	}
}

func checkOutput(t *testing.T, raw []byte, want OutputRead) {
	t.Helper()
	var o outputJSON
	if err := json.Unmarshal(raw, &o); err != nil || o.Text == nil || *o.Text != string(want.Data) || o.Offset != want.Offset || o.Attempt != want.Attempt {
		t.Errorf("%s was read by encoding/json as %+v, %v", raw, o, err)
	}
}

// FuzzQuick: what is read by hand is what encoding/json reads from the same bytes, whoever wrote them.
func FuzzQuick(f *testing.F) {
	for _, b := range common {
		raw, _ := EncodeBody(b)
		f.Add(b.Kind(), raw)
		plain, _ := json.Marshal(b)
		f.Add(b.Kind(), plain)
	}
	for _, odd := range []string{`{"host":"a\u00e9\/","step":"s","attempt":01}`, `{"host":"\ud83d\ude00","step":"s","attempt":1}`, `{"host":"a","step":"s","attempt":-0}`, "{\"host\":\"\xff\",\"step\":\"s\",\"attempt\":1}"} {
		f.Add("step_started", []byte(odd))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		got := decodeQuick(kind, raw)
		if got == nil {
			return
		}
		if o, ok := got.(OutputRead); ok {
			checkOutput(t, raw, o)
			return
		}
		want := reflect.New(reflect.TypeOf(got))
		if err := json.Unmarshal(raw, want.Interface()); err != nil || !reflect.DeepEqual(got, want.Elem().Interface()) {
			t.Errorf("%q was read by hand as %#v, by encoding/json as %#v, %v", raw, got, want.Elem().Interface(), err)
		}
	})
}

// TestCommonKindsAreCheap: a run of many hosts writes and reads these kinds for each step; neither may cost more than its strings.
func TestCommonKindsAreCheap(t *testing.T) {
	for _, b := range common {
		e := Event{Origin: "o", Run: "r", Seq: 7, At: time.Unix(1, 0).UTC(), Body: b}
		raw, _ := EncodeBody(b)
		if n := testing.AllocsPerRun(20, func() { _, _ = EncodeBody(b) }); n > 3 {
			t.Errorf("%s is written with %.0f allocations", raw, n)
		}
		if n := testing.AllocsPerRun(20, func() { _, _ = e.MarshalJSON() }); n > 4 {
			t.Errorf("%s stands alone with %.0f allocations", raw, n)
		}
		if n := testing.AllocsPerRun(20, func() { _, _ = DecodeBody(b.Kind(), raw) }); n > 16 {
			t.Errorf("%s is read with %.0f allocations", raw, n)
		}
	}
}
