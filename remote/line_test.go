package remote

import (
	"context"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"tend/inventory"
)

// posted is a road that answers a step at once and counts the bytes that it was given to send.
type posted struct{ bytes int }

func (p *posted) Exec(_ context.Context, _ inventory.Host, cmd string, _ io.Reader, stdout, _ io.Writer) (int, error) {
	p.bytes += len(cmd)
	_, err := io.WriteString(stdout, "\nN A\n\nN E 0\n")
	return 0, err
}

func (*posted) Drop(inventory.HostID) {}

// short is a road to a server that takes no long line, as dropbear: it says so, and nothing was sent.
type short struct {
	local
	lines, inputs int
}

type errLong struct{}

func (errLong) Error() string    { return "a line that is too long" }
func (errLong) Class() string    { return "long line" }
func (errLong) NotStarted() bool { return true }

func (s *short) Exec(ctx context.Context, h inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if len(cmd) > 8<<10 {
		s.lines++
		return 0, errLong{}
	}
	s.inputs++
	return s.local.Exec(ctx, h, cmd, stdin, stdout, stderr)
}

// TestALineThatIsTooLongGoesByInput: the script runs all the same, once, and the next one is not tried in a line again.
func TestALineThatIsTooLongGoesByInput(t *testing.T) {
	road := &short{local: local{shell: "/bin/sh", env: os.Environ()}}
	k := New(road, Options{})
	for i := 1; i <= 2; i++ {
		var said strings.Builder
		exit, err := k.Carry(t.Context(), Order{Host: inventory.Host{Name: "router"}, Script: "echo said\n" + strings.Repeat(": words\n", 4000) + "exit 7\n"},
			func(_ int64, p []byte) error { said.Write(p); return nil })
		if exit != 7 || err != nil || said.String() != "said\n" {
			t.Fatalf("exit %d, %q, %v", exit, said.String(), err)
		}
		if road.lines != 1 || road.inputs != i {
			t.Errorf("after %d scripts: %d tried in a line, %d by input", i, road.lines, road.inputs)
		}
	}
	road.local.procs.Wait()
}

// TestWhoStandsInForTheShellIsHeard: nologin says on its standard output why it is there.
func TestWhoStandsInForTheShellIsHeard(t *testing.T) {
	for words, want := range map[string]string{
		"echo This account is currently not available.; exit 1 #": "(exit 1): This account is currently not available.",
		"exit 3 #": "(exit 3): the host said nothing about it",
		"echo out; echo that is why >&2; exit 1 #": "(exit 1): that is why",
	} {
		road := &local{shell: "/bin/sh", env: os.Environ(), before: words}
		_, err := New(road, Options{}).Carry(t.Context(), Order{Host: inventory.Host{Name: "h"}, Script: "true"}, func(int64, []byte) error { return nil })
		if err == nil || !strings.HasSuffix(err.Error(), want) || !notStarted(err) {
			t.Errorf("%s: %v", words, err)
		}
		road.procs.Wait()
	}
}

// TestAScriptIsCodedOnce: a host costs one copy of the script that it is sent, and what is sent is little more than the script.
func TestAScriptIsCodedOnce(t *testing.T) {
	p := &posted{}
	k := New(p, Options{Nonce: func() string { return "N" }})
	script := strings.Repeat("if [ \"$1\" -ge \"$2\" ]; then printf '%s\\n' \"$tend_text\"; fi\n# words of a comment, and what a script is else made of: names and blanks\n", 200)
	run := func(script string) {
		exit, err := k.Carry(t.Context(), Order{Host: inventory.Host{Name: "h"}, Script: script}, func(int64, []byte) error { return nil })
		if exit != 0 || err != nil {
			t.Fatal(exit, err)
		}
	}
	run(script)
	if most := len(script)*3/2 + 1000; p.bytes > most {
		t.Errorf("%d bytes are sent for a script of %d, want at most %d", p.bytes, len(script), most)
	}
	const hosts = 50
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range hosts {
		run(script)
	}
	runtime.ReadMemStats(&after)
	if each, most := (after.TotalAlloc-before.TotalAlloc)/hosts, uint64(len(script)*3/2+8<<10); each > most {
		t.Errorf("a host costs %d bytes of memory for a script of %d, want at most %d", each, len(script), most)
	}
	for i := range 3 * maxCoded {
		run(strings.Repeat(":\n", i))
	}
	if n := len(k.lines); n > maxCoded {
		t.Errorf("%d scripts are kept", n)
	}
}
