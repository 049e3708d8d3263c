package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tend/ssh/sshtest"
)

// outlivesLogind: here KillUserProcesses=yes, and logind kills what a session leaves behind. A step does not start where that would be its
// end, and outlives the end of its session where it may be a unit: root's here.
func (d *debian) outlivesLogind() {
	left := fmt.Sprintf("98765.%d", d.srv.Port+os.Getpid())
	c := exec.CommandContext(d.t.Context(), "ssh", "-F", "none", "-o", "UserKnownHostsFile="+d.srv.KnownHosts, "-i", d.srv.Key, "-p", "2222", "ops@"+d.srv.Addr,
		"setsid sleep "+left+" </dev/null >/dev/null 2>&1 & read -r x")
	stdin, err := c.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.until("it runs", func() bool { return isRun("sleep\x00" + left) })
	stdin.Close()
	c.Wait()
	d.until("logind kills what was left behind: "+said.String(), func() bool { return !isRun("sleep\x00" + left) })

	out, errs, code := d.tend("exec", "--yes", "--", "echo ran >/tmp/ran")
	if code != 1 || !strings.Contains(out+errs, "KillUserProcesses=yes, no linger") {
		d.t.Errorf("without linger: exit %d\n%s%s", code, out, errs)
	}
	if _, err := os.Stat(d.root + "/tmp/ran"); err == nil {
		d.t.Error("it was started all the same")
	}
	p := d.through(d.srv)
	d.outlives(p, "root", "--set", "root=yes")
}

// lingers: the same, for a user who lingers, and whose own systemd runs the step.
func (d *debian) lingers() {
	d.until("his own systemd runs", func() bool { out, _ := d.try("systemctl", "is-active", "user@1000.service"); return out == "active\n" })
	d.outlives(d.through(d.srv), "ops")
}

// outlives cuts the link in a step's middle, and has the session end before the step does.
func (d *debian) outlives(p *sshtest.Proxy, who string, more ...string) {
	d.t.Helper()
	dir := "/tmp/" + who
	args := append([]string{"exec", "--yes", "--detach"}, more...)
	run := strings.TrimSpace(d.ok(append(args, "--", "mkdir "+dir+" && id -un >>"+dir+"/ran; while [ ! -e "+dir+"/gate ]; do sleep 0.1; done; echo it went on; exit 7")...))
	d.until("the step begins", func() bool { _, err := os.Stat(d.root + dir + "/ran"); return err == nil })
	p.CutAfter(sshtest.ToClient, 0)
	p.Cut()
	d.remarked(run, "the link was lost")
	d.until("the sessions end", func() bool {
		out, err := d.try("loginctl", "list-sessions", "--no-legend")
		return err == nil && !strings.Contains(out, "pts") && !strings.Contains(out, "user")
	})
	d.put(dir+"/gate", "")
	p.CutAfter(sshtest.ToClient, -1)
	d.attached(run, 1)
	d.says("it went on", "exit 7")
	if ran := d.read(dir + "/ran"); ran != who+"\n" {
		d.t.Errorf("it ran as %q", ran)
	}
}

// isRun tells whether a process of this machine, and of those on it, has that command line.
func isRun(line string) bool {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range all {
		if text, _ := os.ReadFile(p); string(text) == line+"\x00" {
			return true
		}
	}
	return false
}
