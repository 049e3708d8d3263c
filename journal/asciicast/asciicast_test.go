package asciicast_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/asciicast"
)

// clock is set by the test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) pass(d time.Duration)    { c.at = c.at.Add(d) }
func all(b []byte, _ bool) ([]byte, int) { return b, len(b) }

func record(t *testing.T, clean asciicast.Clean) (*asciicast.Recorder, *bytes.Buffer, *clock) {
	t.Helper()
	var out bytes.Buffer
	c := &clock{time.Date(2026, 11, 29, 7, 0, 0, 0, time.UTC)}
	r, err := asciicast.Record(&out, asciicast.Header{Term: asciicast.Term{Cols: 80, Rows: 24, Type: "xterm"}, Title: "shell on a"}, c.now, clean)
	if err != nil {
		t.Fatal(err)
	}
	return r, &out, c
}

func say(t *testing.T, r *asciicast.Recorder, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if n, err := r.Write([]byte(s)); err != nil || n != len(s) {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
}

func read(t *testing.T, text string) []asciicast.Event {
	t.Helper()
	_, events, err := asciicast.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []asciicast.Event
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	return got
}

// TestFormat: a recording is what the format's specification says, byte for byte.
func TestFormat(t *testing.T) {
	r, out, c := record(t, all)
	c.pass(1500 * time.Millisecond)
	say(t, r, "$ ")
	c.pass(250 * time.Microsecond)
	say(t, r, "ls\r\n\x1b[31m<é>\x9b\"\\")
	c.pass(time.Second)
	r.Resize(100, 30)
	c.pass(-time.Hour) // the clock is set back
	if err := r.Exit(130); err != nil {
		t.Fatal(err)
	}
	want := `{"version":3,"term":{"cols":80,"rows":24,"type":"xterm"},"timestamp":1795935600,"title":"shell on a"}
[1.500000,"o","$ "]
[0.000250,"o","ls\r\n\u001b[31m<é>\ufffd\"\\"]
[1.000000,"r","100x30"]
[0.000000,"x","130"]
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	for _, l := range strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n") {
		if !json.Valid([]byte(l)) {
			t.Errorf("not JSON: %s", l)
		}
	}
	got := read(t, out.String())
	if len(got) != 4 || got[1].At != 1500250*time.Microsecond || got[3].Code != "x" {
		t.Errorf("read back: %+v", got)
	}
}

// TestCharactersAreWhole: output that is cut within a character is put together, wherever it is cut.
func TestCharactersAreWhole(t *testing.T) {
	text := "aé€😀z\r\n"
	for cut := range len(text) {
		for next := cut; next < len(text); next++ {
			r, out, c := record(t, all)
			say(t, r, text[:cut])
			r.Resize(90, 20)
			c.pass(time.Second)
			say(t, r, text[cut:next], text[next:])
			if err := r.Exit(0); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range read(t, out.String()) {
				if e.Code == "o" {
					got += e.Data
				}
			}
			if got != text {
				t.Fatalf("cut at %d and %d: %q", cut, next, got)
			}
		}
	}
}

// TestSecretsAreKeptOut: what patterns match is never written, wherever the output is cut; its time is that of the piece it came in.
func TestSecretsAreKeptOut(t *testing.T) {
	keep := journal.NewRedactor(regexp.MustCompile(`AKIA[0-9A-Z]{16}`))
	keep.Add("hunter22")
	text := "key AKIA0123456789ABCDEF, word hunter22\r\n$ "
	for cut := range len(text) {
		r, out, c := record(t, keep.Settle)
		say(t, r, text[:cut])
		c.pass(time.Second)
		say(t, r, text[cut:])
		if err := r.End(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "0123456789ABCDEF") || strings.Contains(out.String(), "hunter22") {
			t.Fatalf("cut at %d: %s", cut, out)
		}
		shown := ""
		for _, e := range read(t, out.String()) {
			shown += e.Data
		}
		if len(shown) != len(text) || !strings.Contains(shown, "[redacted") {
			t.Fatalf("cut at %d: %q", cut, shown)
		}
		first := 0
		for _, e := range read(t, out.String()) {
			if e.At == 0 {
				first += len(e.Data)
			}
		}
		if first != cut {
			t.Fatalf("cut at %d: %d bytes have the first piece's time", cut, first)
		}
	}
}

// TestWriteFails: a recording that failed says so from then on.
func TestWriteFails(t *testing.T) {
	broken := errors.New("disk full")
	w := &failing{left: 1}
	r, err := asciicast.Record(w, asciicast.Header{}, time.Now, all)
	if err != nil {
		t.Fatal(err)
	}
	w.err = broken
	for range 2 {
		if _, err := r.Write([]byte("x")); !errors.Is(err, broken) {
			t.Errorf("write: %v", err)
		}
	}
	if err := r.Exit(0); !errors.Is(err, broken) {
		t.Errorf("exit: %v", err)
	}
}

type failing struct {
	left int
	err  error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return len(b), nil
}

// TestReadRefuses says what is wrong, and where; a torn last line is what a crash leaves.
func TestReadRefuses(t *testing.T) {
	head := `{"version":3,"term":{"cols":80,"rows":24}}` + "\n"
	for text, want := range map[string]string{
		"":                                "line 1: not an asciicast recording",
		"hello\n":                         "line 1: not an asciicast recording",
		`{"version":2,"width":80}`:        "version 2",
		head + "[1,2]\n":                  "line 2: not an event",
		head + "# x\n\n[-1,\"o\",\"\"]\n": "line 4: -1 seconds",
		head + "[1e99,\"o\",\"\"]\n":      "line 2:",
		head + `[1,"o","x"]` + "\n{}\n":   "line 3: not an event",
	} {
		_, events, err := asciicast.Read(strings.NewReader(text))
		if err == nil {
			for _, e := range events {
				err = e
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if got := read(t, head+`[1,"o","x"]`+"\n"+`[1,"o","to`); len(got) != 1 {
		t.Errorf("torn: %+v", got)
	}
}

func events(pieces ...string) iter.Seq2[asciicast.Event, error] {
	return func(yield func(asciicast.Event, error) bool) {
		for i, p := range pieces {
			code, data, _ := strings.Cut(p, ":")
			if !yield(asciicast.Event{At: time.Duration(i) * time.Second, Code: code, Data: data}, nil) {
				return
			}
		}
	}
}

// TestLines: what was on the lines when they were left, as a person would have copied it.
func TestLines(t *testing.T) {
	for name, c := range map[string]struct{ in, want []string }{
		"lines":            {[]string{"o:one\r\ntw", "o:o\r\n"}, []string{"one", "two"}},
		"no end":           {[]string{"o:$ exit"}, []string{"$ exit"}},
		"a typing mistake": {[]string{"o:$ lss\b\x1b[K -l\r\n"}, []string{"$ ls -l"}},
		"progress":         {[]string{"o: 10%\r 99%\r100%\r\n"}, []string{"100%"}},
		"colours, titles":  {[]string{"o:\x1b]0;t\x07\x1b[1;31mred\x1b[0m\r\n"}, []string{"red"}},
		"cut sequences":    {[]string{"o:a\x1b", "o:[3", "o:1mb\r\n"}, []string{"ab"}},
		"insert, delete":   {[]string{"o:abd\x1b[1D\x1b[1@c\r\x1b[1P\r\n"}, []string{"bcd"}},
		"tabs":             {[]string{"o:a\tb\r\n"}, []string{"a       b"}},
		"an editor":        {[]string{"o:$ vi\r\n\x1b[?1049h~\r\n~\r\nsecret", "o:\x1b[?1049l$ \r\n"}, []string{"$ vi", "-- a full-screen program begins; replay shows it", "-- the full-screen program has ended", "$"}},
		"clear":            {[]string{"o:a\x1b[H\x1b[2Jb\r\n"}, []string{"a", "-- the screen was cleared", "b"}},
		"exit":             {[]string{"o:x", "x:3"}, []string{"x", "-- exit 3"}},
		"controls":         {[]string{"o:a\x00\x7f\u009bb\r\n"}, []string{"ab"}},
	} {
		var got []string
		for l, err := range asciicast.Lines(events(c.in...)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, l.Text)
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestSafe: what paints passes; what makes a terminal answer or do something else does not, however it is cut.
func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\n\tb\b\a":                      "a\r\n\tb\b\a",
		"\x1b[1;38:5:3m\x1b[2;5H\x1b[K":     "\x1b[1;38:5:3m\x1b[2;5H\x1b[K",
		"\x1b[m\x1b[;5H":                    "\x1b[m\x1b[;5H",
		"\x1b[?1049h\x1b[?25l\x1b7\x1b(0":   "\x1b[?1049h\x1b[?25l\x1b7\x1b(0",
		"\x1b[?1000;7h":                     "\x1b[?7h",
		"\x1b[?2004h\x1b[?1004h\x1b[?1006h": "",
		"\x1b]52;c;aGk=\x07x":               "x",
		"\x1b]0;title\x1b\\x":               "x",
		"\x1bP$q\x1b\\x\x1b_x\x1b\\":        "x",
		"\x1b[c\x1b[>c\x1b[6n\x1b[5n\x1b[?6n\x1b[18t\x1b[21t\x1b[>q\x1bZ\x05": "",
		"\x1b[5i\x1b[4i\x1bc\x1b[!p":                                          "",
		"é€😀":                                                                 "é€😀",
		"\u009b6n":                                                            "6n",
	} {
		for cut := range len(in) + 1 {
			var out bytes.Buffer
			s := asciicast.NewSafe(&out)
			for _, p := range []string{in[:cut], in[cut:]} {
				if _, err := s.Write([]byte(p)); err != nil {
					t.Fatal(err)
				}
			}
			if out.String() != want {
				t.Fatalf("%q cut at %d: %q, want %q", in, cut, out.String(), want)
			}
		}
	}
}

// FuzzSafe: nothing that passes can be anything but paint.
func FuzzSafe(f *testing.F) {
	for _, s := range []string{"\x1b[31mx", "\x1b]52;c;x\x07", "\x1b[6n", "\x9b6n", "\x1bP1;2|x\x1b\\", "\x1b[\x1b[6n", "\x1b[1;\x18c"} {
		f.Add([]byte(s))
	}
	answers := regexp.MustCompile("\x1b\\[[0-9;:]*[cnitqxy]|\x1b\\[[>=<!]|\x1b[\\]P_^XZc]|[\x05\u0090\u009b\u009d]|\x1b\\[\\?[0-9;]*n")
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		if _, err := asciicast.NewSafe(&out).Write(b); err != nil {
			t.Fatal(err)
		}
		if m := answers.Find(out.Bytes()); m != nil {
			t.Errorf("%q lets %q through", b, m)
		}
		for l, err := range asciicast.Lines(events("o:"+string(b), "x:0")) {
			if err != nil || strings.ContainsFunc(l.Text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
				t.Errorf("%q reads %q, %v", b, l.Text, err)
			}
		}
	})
}

// TestPlay: all of it is shown in order; keys pause, step and end.
func TestPlay(t *testing.T) {
	var out bytes.Buffer
	pieces := []string{"o:a", "r:9x9", "o:b", "o:c", "x:0"}
	if _, err := asciicast.Play(t.Context(), &out, events(pieces...), asciicast.Pace{Speed: 1e6}, nil); err != nil || out.String() != "abc" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if _, err := asciicast.Play(t.Context(), &out, events(pieces...), asciicast.Pace{Idle: time.Nanosecond}, nil); err != nil || out.String() != "abc" {
		t.Errorf("without pauses: %q, %v", out.String(), err)
	}
	for typed, want := range map[string]string{"q": "a", "\x03": "a", " .q": "a", " ..q": "ab", " ...q": "abc", " ?+-..q": "ab"} {
		out.Reset()
		keys := make(chan byte)
		go func() {
			for _, k := range []byte(typed) {
				keys <- k
			}
		}()
		if _, err := asciicast.Play(t.Context(), &out, events(pieces...), asciicast.Pace{Speed: 1e-3}, keys); err != nil || out.String() != want {
			t.Errorf("typed %q: %q, %v, want %q", typed, out.String(), err, want)
		}
	}
	late := []string{"o:a", "o:b", "o:c"}
	var back *asciicast.Pace
	for typed, want := range map[string]string{"fq": "abc", "b": ""} { // ten seconds are more than all of it takes
		out.Reset()
		keys := make(chan byte, 2)
		for _, k := range []byte(typed) {
			keys <- k
		}
		again, err := asciicast.Play(t.Context(), &out, events(late...), asciicast.Pace{Speed: 1e-3, Still: typed == "b"}, keys)
		if err != nil || out.String() != want || (again != nil) != (typed == "b") {
			t.Errorf("typed %q: %q, %v, %v, want %q", typed, out.String(), again, err, want)
		}
		if again != nil {
			back = again
		}
	}
	if back == nil || back.From != 0 || !back.Still || back.Speed != 1e-3 {
		t.Errorf("back to %+v", back)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := asciicast.Play(ctx, &out, events(pieces...), asciicast.Pace{Speed: 1e-3}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestJQ: any tool that reads JSON lines reads it.
func TestJQ(t *testing.T) {
	jq, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("SKIPPED: jq is not installed")
	}
	r, out, _ := record(t, all)
	say(t, r, "hello\r\n")
	if err := r.Exit(0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(jq, "-r", "select(type==\"array\" and .[1]==\"o\")[2]")
	cmd.Stdin = out
	if got, err := cmd.Output(); err != nil || !strings.HasPrefix(string(got), "hello") {
		t.Errorf("%q, %v", got, err)
	}
}
