package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// BenchmarkFollowToScreen measures from the moment at which an event is durable until another process's screen, opened with attach on a
// terminal, shows what it says. The screen looks for what is new at its own pace: that is most of it.
func BenchmarkFollowToScreen(b *testing.B) {
	dir := b.TempDir()
	state, inventory := filepath.Join(dir, "state"), filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(inventory, []byte("[[site]]\nname = \"s\"\n[[site.host]]\nname = \"web-1\"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	j, err := segments.Open(filepath.Join(state, "tend", "journal"), "them")
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	put := func(bodies ...journal.Body) {
		if _, err := j.Append(b.Context(), "r1", bodies...); err != nil {
			b.Fatal(err)
		}
	}
	put(journaltest.Plan("patch", "web-1"), journal.WaveOpened{}, journal.StepStarted{Host: "web-1", Step: "check", Attempt: 1})
	seen := onScreen(b, dir, []string{"TEND_INVENTORY=" + inventory, "XDG_STATE_HOME=" + state, "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir}, "attach", "r1")
	const letters = "qjzxkvwpygb" // turned by one each time: no cell stays as it was, so that the screen writes the whole word
	offset := int64(0)
	say := func(i int) time.Duration {
		mark := letters[i%len(letters):] + letters[:i%len(letters)]
		put(journal.OutputRead{Host: "web-1", Step: "check", Attempt: 1, Offset: offset, Data: []byte(mark + "\n")})
		offset += int64(len(mark)) + 1
		start := time.Now()
		seen(mark)
		return time.Since(start)
	}
	say(0)
	var sum, worst time.Duration
	n := 0
	for b.Loop() {
		n++
		late := say(n)
		sum, worst = sum+late, max(worst, late)
	}
	b.ReportMetric(float64(sum.Milliseconds())/float64(n), "ms-late")
	b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
}

// onScreen runs a command line on a terminal of 100x30; what it returns waits until a text has come.
func onScreen(b *testing.B, dir string, env []string, args ...string) func(string) {
	b.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), asTend+"=1", "TERM=xterm-256color", "SSH_AUTH_SOCK=", "XDG_CONFIG_HOME="), env...)
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 30, Cols: 100})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		f.Close()
		_ = cmd.Wait()
	})
	pieces := make(chan []byte, 1024)
	go func() { // ends with the terminal
		defer close(pieces)
		for {
			buf := make([]byte, 32<<10)
			n, err := f.Read(buf)
			if err != nil {
				return
			}
			pieces <- buf[:n]
		}
	}()
	var got []byte
	return func(text string) {
		b.Helper()
		for end := time.After(30 * time.Second); !bytes.Contains(got, []byte(text)); {
			select {
			case p, ok := <-pieces:
				if !ok {
					b.Fatalf("the screen has gone; it showed %q", got)
				}
				got = append(got, p...)
			case <-end:
				b.Fatalf("waited in vain for %q; it shows %q", text, got)
			}
		}
		got = got[max(len(got)-len(text), 0):]
	}
}
