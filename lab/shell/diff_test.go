package shell_test

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/lab/kernel"
	"tend/lab/shell"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// host makes a bare system: the tools, a few directories and two users.
func host(t *testing.T, kind shell.Kind) *kernel.System {
	t.Helper()
	tree := vfs.NewTree(time.Unix(1_700_000_000, 0))
	progs := userland.Programs()
	progs["sh"] = shell.Program(kind, shell.NewCache())
	for name := range progs {
		tree.Program("/usr/bin/"+name, name, 0o755)
	}
	for name, prog := range userland.Aliases {
		tree.Program("/usr/bin/"+name, prog, 0o755)
	}
	tree.Link("/bin", "usr/bin")
	for _, d := range []string{"/tmp", "/root", "/etc", "/dev", "/work"} {
		tree.Dir(d, 0o755)
	}
	tree.Dir("/tmp", 0o1777)
	tree.Device("/dev/null", "null", vfs.CharDevice, 0o666)
	tree.Device("/dev/stdin", "stdin", vfs.CharDevice, 0o666)
	tree.Device("/dev/stdout", "stdout", vfs.CharDevice, 0o666)
	tree.Device("/dev/stderr", "stderr", vfs.CharDevice, 0o666)
	tree.File("/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash\n")
	tree.File("/etc/group", 0o644, "root:x:0:\nops:x:1000:\n")
	clock := kernel.NewClock(time.Now(), 1)
	sys := kernel.Boot(vfs.New(tree.Root, nil, clock.Now), clock, 1000)
	sys.Programs = progs
	sys.Panicked = func(p *kernel.Proc, v any, stack []byte) { t.Errorf("panic in %v: %v\n%s", p.Args(), v, stack) }
	t.Cleanup(func() { sys.PowerOff(); sys.Wait() })
	return sys
}

// run executes argv with stdin and returns what came out.
func run(t *testing.T, sys *kernel.System, stdin string, argv ...string) (out, errs string, status int) {
	t.Helper()
	p, err := sys.New(argv, vfs.Cred{}, []string{"PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C"}, "/work")
	if err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	p.SetFD(0, kernel.Text([]byte(stdin)))
	// As with pipes: what is left in the background may still write when the shell has ended, until the last one closes.
	var open sync.WaitGroup
	open.Add(2)
	p.SetFD(1, &kernel.Stream{W: &o, OnClose: open.Done})
	p.SetFD(2, &kernel.Stream{W: &e, OnClose: open.Done})
	done := make(chan int, 1)
	go func() {
		status := p.Do(func() int { return p.ExecOr("test", argv) })
		open.Wait()
		done <- status
	}()
	select {
	case status = <-done:
	case <-time.After(20 * time.Second):
		p.Signal(kernel.SIGKILL)
		t.Fatalf("%q did not end", stdin)
	}
	return o.String(), e.String(), status
}

// TestAgainstDash runs every script in the lab and in the real dash, and wants the same output and status.
func TestAgainstDash(t *testing.T) {
	dash, err := exec.LookPath("dash")
	if err != nil {
		t.Skip("no dash on this machine")
	}
	for _, script := range scripts {
		want, status := real(t, dash, script)
		sys := host(t, shell.Dash)
		out, errs, got := run(t, sys, script, "sh", "-s", "one", "two words", "")
		if out != want || got != status {
			t.Errorf("script:\n%s\n--- lab (status %d):\n%s%s\n--- dash (status %d):\n%s", script, got, out, errs, status, want)
		}
	}
}

func real(t *testing.T, dash, script string) (string, int) {
	t.Helper()
	cmd := exec.Command(dash, "-s", "one", "two words", "")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
