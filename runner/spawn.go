package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Spawn starts cmd as a run's process in a session of its own, hands it the commission over its standard input, and waits
// until it says that the run is open and durable, or why not. The process's standard error goes to logPath. Once Spawn has
// returned nil the process depends on nothing of ours: not our terminal, not our session, not our pipes.
func Spawn(ctx context.Context, exe string, args []string, c Commission, logPath string) error {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p := exec.Command(exe, args...) // not CommandContext: the run outlives us
	p.Stderr = log
	p.Dir = "/"
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := p.StdinPipe()
	if err != nil {
		return err
	}
	// A pipe of our own: StdoutPipe would be closed by Wait, perhaps before the answer is read.
	out, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	p.Stdout = theirs
	err = p.Start()
	theirs.Close()
	if err != nil {
		return fmt.Errorf("start the run's process: %w", err)
	}
	// The child is ours to reap while we live; when we end first, init does it. So nobody waits for this goroutine.
	go func() { _ = p.Wait() }()
	if err := json.NewEncoder(in).Encode(c); err != nil {
		return fmt.Errorf("the run's process did not take its plan: %w%s", err, tail(logPath))
	}
	in.Close()
	return ready(ctx, out, logPath)
}

func ready(ctx context.Context, out io.ReadCloser, logPath string) error {
	defer context.AfterFunc(ctx, func() { out.Close() })()
	line, err := bufio.NewReader(out).ReadString('\n')
	line = strings.TrimSuffix(line, "\n")
	switch {
	case line == "ready":
		return nil
	case strings.HasPrefix(line, "{"):
		r := new(Refusal)
		if err := json.Unmarshal([]byte(line), r); err != nil {
			return err
		}
		return r
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("the run's process ended before it began: %v%s", err, tail(logPath))
}

// Receive reads the commission in the new process.
func Receive(in io.Reader) (Commission, error) {
	var c Commission
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return c, fmt.Errorf("no commission on standard input: %w", err)
	}
	return c, nil
}

// Refusal is why a run's process did not begin, in its own words.
type Refusal struct {
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

// Error is what is wrong; Hint is what to do about it.
func (r *Refusal) Error() string { return r.Text }

// Hint is what to do about it.
func (r *Refusal) Hint() string { return r.Advice }

// Report tells the parent that the run is open (nil) or why not, and lets go of its pipe.
func Report(out io.WriteCloser, err error) {
	if err == nil {
		fmt.Fprintln(out, "ready")
	} else {
		r := Refusal{Text: strings.ReplaceAll(err.Error(), "\n", " ")}
		if h, ok := errors.AsType[interface {
			error
			Hint() string
		}](err); ok {
			r.Advice = h.Hint()
		}
		_ = json.NewEncoder(out).Encode(r)
	}
	out.Close()
}

func tail(logPath string) string {
	b, err := os.ReadFile(logPath)
	if err != nil || len(b) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return ": " + lines[len(lines)-1]
}
