package ui

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// suspend stops the console where a shell is there to bring it back. As the leader of its session, as under `ssh -t host tend`, nobody
// could: the kernel does not stop such a group at all (POSIX: orphaned process groups), and the console would wait for ever.
func suspend(c *console) tea.Cmd {
	if !jobControlled() {
		c.note = note{text: "there is no shell to suspend to: the console is the first program of this terminal", bad: true}
		return nil
	}
	halt, in := c.work.halt, c.cfg.Input
	if halt == nil {
		c.note = note{text: "there is no process of its own to stop here", bad: true}
		return nil
	}
	ctx := c.work.ctx
	return c.lend(&session{run: func(io.Reader, io.Writer) error {
		defer dropTyped(in)
		return halt(ctx)
	}}, func(err error) action {
		if err != nil {
			return warnOf("not suspended: " + err.Error())
		}
		return nothing
	})
}

// haltGroup stops the process group, and returns when a shell has brought it back.
func haltGroup(ctx context.Context) error {
	back := make(chan os.Signal, 1)
	signal.Notify(back, syscall.SIGCONT)
	defer signal.Stop(back)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-back:
	case <-ctx.Done():
	}
	return nil
}

// dropTyped throws away what was typed in the shell and not read by it: as keys of a screen it would do what nobody meant.
func dropTyped(in io.Reader) {
	f, ok := in.(file)
	if !ok {
		return
	}
	was, err := term.MakeRaw(f.Fd()) // a line without its end can be read in no other way
	if err != nil {
		return
	}
	defer func() { _ = term.Restore(f.Fd(), was) }()
	var b [256]byte
	for {
		fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, 0); err == unix.EINTR {
			continue
		} else if err != nil || n == 0 || fds[0].Revents&unix.POLLIN == 0 {
			return
		}
		if n, err := f.Read(b[:]); n == 0 || err != nil {
			return
		}
	}
}

// jobControlled reports whether some ancestor in our session is outside our process group: a shell that could say fg.
func jobControlled() bool {
	self, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	group := unix.Getpgrp()
	for pid := os.Getppid(); pid > 1; pid = parentOf(pid) {
		if sid, err := unix.Getsid(pid); err != nil || sid != self {
			return false
		}
		if pg, err := unix.Getpgid(pid); err == nil && pg != group {
			return true
		}
	}
	return false
}

// parentOf is a process's parent, from /proc/PID/stat (proc_pid_stat(5), field 4); 0 where there is no /proc.
func parentOf(pid int) int {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	ppid, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return ppid
}
