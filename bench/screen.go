package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
)

// screenMain is tend with its live screen attached: screen TEND INVENTORY RUNBOOK starts a run, opens it on a terminal of 80x24, and
// is done when the screen says that it has passed. It prints how many steps the journal then holds.
func screenMain(ctx context.Context, args []string) int {
	if len(args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench screen TEND INVENTORY RUNBOOK")
		return 2
	}
	n, err := screen(ctx, args[0], args[1], args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "screen:", err)
		return 1
	}
	fmt.Println(n)
	return 0
}

func screen(ctx context.Context, tend, inv, runbook string) (int, error) {
	out, err := exec.CommandContext(ctx, tend, "-i", inv, "run", runbook, "--detach").Output()
	if err != nil {
		return 0, fmt.Errorf("tend run: %w", err)
	}
	run := strings.TrimSpace(string(out))
	if err := attached(ctx, tend, inv, run); err != nil {
		return 0, err
	}
	segments, err := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "tend/journal/*", run+".jsonl"))
	if err != nil || len(segments) != 1 {
		return 0, fmt.Errorf("run %s has %d segments", run, len(segments))
	}
	text, err := os.ReadFile(segments[0])
	return bytes.Count(text, []byte(`"kind":"step_ended"`)), err
}

func attached(ctx context.Context, tend, inv, run string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tend, "-i", inv, "attach", run)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return err
	}
	defer tty.Close()
	err = shows(tty, "PASSED")
	cancel()
	_ = cmd.Wait() // it was ended by us
	return err
}

// shows reads a terminal until its bytes contain want.
func shows(tty *os.File, want string) error {
	var seen []byte
	buf := make([]byte, 64<<10)
	for !bytes.Contains(seen, []byte(want)) {
		n, err := tty.Read(buf)
		if len(seen) > 1<<20 {
			seen = seen[len(seen)-len(want):]
		}
		seen = append(seen, buf[:n]...)
		if err != nil && !bytes.Contains(seen, []byte(want)) {
			return fmt.Errorf("the terminal ended before it showed %q: %w: %.300q", want, err, seen)
		}
	}
	return nil
}
