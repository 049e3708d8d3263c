package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"tend/quote"
)

// leave hands the plan to a process of its own, in a session of its own, which runs it as it is now or not at all. What that says goes to
// a log; what it does is in the journal.
func (a *app) leave(p *planned, f planRunning) error {
	cmd, path, err := a.depart(p, f)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "started the plan %s; %s says how it goes. tend attach last opens the run at work, tend abort last ends it and the plan.\n", p.Name, quote.Line(path))
	return cmd.Process.Release()
}

// depart starts that process; path is its log.
func (a *app) depart(p *planned, f planRunning) (cmd *exec.Cmd, path string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find this program's own file: %w", err)
	}
	state, err := a.stateDir()
	if err != nil {
		return nil, "", err
	}
	path = filepath.Join(state, "log", fmt.Sprintf("plan-%s-%s.log", p.Name, a.now().Format("060102-150405")))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, "", bad(err)
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, "", bad(err)
	}
	cmd = a.departing(exe, f.again(p, a.inventory))
	cmd.Stdout, cmd.Stderr = log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return nil, "", fmt.Errorf("start the plan's process: %w", err)
	}
	return cmd, path, nil
}

func (a *app) departing(exe string, args []string) *exec.Cmd {
	cmd := exec.Command(exe, args...) // not CommandContext: it outlives us
	cmd.Env, cmd.SysProcAttr = a.inherited(), &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// inherited is this process's environment with the places of things as the app sees them: a demo and a lesson have theirs elsewhere.
func (a *app) inherited() []string {
	env := os.Environ()
	for _, k := range []string{"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TEND_INVENTORY", "SSH_AUTH_SOCK"} {
		if v := a.getenv(k); v != os.Getenv(k) {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// lastWords is the last message of a log, and what it says is to be done.
func lastWords(log string) string {
	data, _ := os.ReadFile(log) // one that cannot be read has said nothing
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	at := len(lines) - 1
	hint, is := strings.CutPrefix(lines[at], hintMark)
	if !is || at == 0 {
		return quote.Line(lines[at])
	}
	return quote.Line(strings.TrimPrefix(lines[at-1], "tend: ") + " (" + hint + ")")
}

// again is the command line that runs the plan, as it is now, without anybody there.
func (f *planRunning) again(p *planned, inventory string) []string {
	args := []string{"plan", "run", "--yes", "--digest", p.Digest, "--first", strconv.Itoa(f.first)}
	if inventory != "" {
		args = append(args, "--inventory", inventory)
	}
	if f.wait {
		args = append(args, "--wait")
	}
	if f.asked {
		args = append(args, "--asked")
	}
	if f.json {
		args = append(args, "--json")
	}
	if f.outsideWindow != "" {
		args = append(args, "--outside-window", f.outsideWindow)
	}
	for _, h := range f.assumeUp {
		args = append(args, "--assume-up", h)
	}
	for _, h := range f.attached {
		args = append(args, "--attached", h)
	}
	return append(args, "--", p.Path)
}
