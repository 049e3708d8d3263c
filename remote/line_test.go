package remote

import (
	"context"
	"io"
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
