package ui

import (
	"bytes"
	"os"
	"strconv"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// suspend stops the console where a shell is there to bring it back. As the leader of its session, as under `ssh -t host tend`, nobody
// could: the kernel does not stop such a group at all (POSIX: orphaned process groups), and the console would wait for ever.
func suspend(c *console) tea.Cmd {
	if !jobControlled() {
		c.note = note{text: "there is no shell to suspend to: the console is the first program of this terminal", bad: true}
		return nil
	}
	return tea.Suspend
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
