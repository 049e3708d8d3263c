package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/lab"
	"tend/remote"
)

// TestReboot: the connection is lost, the host is away, and comes back as another boot of the kernel that was installed.
func TestReboot(t *testing.T) {
	l := serve(t, lab.Options{Speed: 50})
	inject(t, l, "alive")
	for _, name := range []string{"deb-1", "rocky-1", "alp-1", "bsd-1"} {
		t.Run(name, func(t *testing.T) {
			inject(t, l, name+":pending=60")
			c := mustDial(t, l, name)
			v, _ := l.Host(name)
			before := v.State()
			upgrade := map[string]string{"deb-1": "sudo DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confold upgrade", "rocky-1": "sudo dnf -y upgrade", "alp-1": "doas apk upgrade", "bsd-1": "sudo pkg upgrade -y; sudo freebsd-update fetch; sudo freebsd-update install"}[name]
			root := map[string]string{"alp-1": "doas "}[name]
			if root == "" {
				root = "sudo "
			}
			if out, errs, status, err := run(c, "{ "+upgrade+"; } >/tmp/log 2>&1 || { tail -5 /tmp/log; exit 1; }; "+root+"touch /run/volatile; touch /var/tmp/kept", ""); err != nil || status != 0 {
				t.Fatalf("exit %d, %v: %s%s", status, err, out, errs)
			}
			run(c, root+"shutdown -r now", "")
			c = back(t, l, name, c)
			after := v.State()
			if after.BootID == before.BootID || after.Boots != 1 || after.Kernel == before.Kernel {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
			out := script(t, c, "uname -r; [ -e /run/volatile ] && echo volatile; [ -e /var/tmp/kept ] && echo kept; [ -e /run/reboot-required ] && echo due; :")
			if out != after.Kernel+"\nkept\n" {
				t.Errorf("after the reboot: %q", out)
			}
		})
	}
}

// TestNeverReturns stays away; TestKeeperReboots is the project's own reboot protocol against the lab.
func TestNeverReturns(t *testing.T) {
	l := serve(t, lab.Options{Speed: 200})
	inject(t, l, "alive")
	inject(t, l, "deb-1:never-returns")
	c := mustDial(t, l, "deb-1")
	run(c, "sudo systemctl reboot", "")
	c.Wait()
	v, _ := l.Host("deb-1")
	for range 50 {
		if _, err := dial(l, "deb-1"); err == nil && !v.State().Up {
			t.Fatal("it answers")
		}
		time.Sleep(5 * time.Millisecond) // 50 s of the lab's time in all
	}
	if v.State().Up {
		t.Error("it is up")
	}
}

func TestKeeperReboots(t *testing.T) {
	l := serve(t, lab.Options{Speed: 50})
	inject(t, l, "alive")
	_, k := road(t, remote.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second*slowdown)
	defer cancel()
	for _, name := range []string{"deb-1", "alp-1", "bsd-1"} {
		h := twin(t, l, name)
		before, err := k.Identity(ctx, h)
		if err != nil || before == "" {
			t.Fatalf("%s: %q, %v", name, before, err)
		}
		if err := k.Restart(ctx, h); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for {
			now, err := k.Identity(ctx, h)
			if err == nil && now != before {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("%s did not come back: %v", name, err)
			}
			time.Sleep(20 * time.Millisecond) // between attempts
		}
	}
}

// sshClient runs the machine's own ssh against a lab host.
func sshClient(t *testing.T, h inventory.Host, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("no ssh on this machine")
	}
	all := append([]string{"-F", "none", "-p", fmt.Sprint(h.Port), "-i", h.Identity[0], "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + h.KnownHosts[0],
		"-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"}, args...)
	return exec.Command(path, append(all, h.User+"@"+h.Addr)...)
}

// TestOpenSSH: plain ssh works on the lab: a command, its exit code, standard input, a shell without and with a terminal.
func TestOpenSSH(t *testing.T) {
	l := serve(t, lab.Options{Speed: 50})
	inject(t, l, "alive")
	h := twin(t, l, "deb-1")
	cmd := sshClient(t, h)
	cmd.Args = append(cmd.Args, "echo out; echo err >&2; exit 7")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	if out.String() != "out\n" || errs.String() != "err\n" || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("exit %d, %q, %q", cmd.ProcessState.ExitCode(), &out, &errs)
	}
	cmd = sshClient(t, h)
	cmd.Args = append(cmd.Args, "exec /bin/sh -s")
	cmd.Stdin = strings.NewReader("hostname; cat /etc/os-release | grep ^ID=\n")
	if b, err := cmd.CombinedOutput(); string(b) != "deb-1\nID=debian\n" {
		t.Errorf("%q, %v", b, err)
	}
	cmd = sshClient(t, h, "-T")
	cmd.Stdin = strings.NewReader("cd /tmp\npwd\nexit 4\n")
	if b, _ := cmd.CombinedOutput(); string(b) != "/tmp\n" || cmd.ProcessState.ExitCode() != 4 {
		t.Errorf("a shell without a terminal: exit %d, %q", cmd.ProcessState.ExitCode(), b)
	}
	cmd = sshClient(t, h, "-tt")
	cmd.Stdin = strings.NewReader("cd /etc\rpwd\rfor i in 1 2\rdo echo n$i\rdone\rtty\rexit 5\r")
	b, _ := cmd.CombinedOutput()
	for _, want := range []string{"ops@deb-1:~$ ", "ops@deb-1:/etc$ ", "/etc\r\n", "n1\r\nn2\r\n", "/dev/pts/"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("a shell with a terminal lacks %q:\n%q", want, b)
		}
	}
	if cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("a shell with a terminal: exit %d", cmd.ProcessState.ExitCode())
	}
}

// screen collects a terminal's output and waits for words in it.
type screen struct {
	mu   sync.Mutex
	cond *sync.Cond
	b    bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Broadcast()
	return s.b.Write(p)
}

// expect waits until the words have appeared, and drops everything up to them.
func (s *screen) expect(t *testing.T, words string) {
	t.Helper()
	timer := time.AfterFunc(10*time.Second*slowdown, func() { s.mu.Lock(); defer s.mu.Unlock(); s.b.WriteString("\x00"); s.cond.Broadcast() })
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if i := strings.Index(s.b.String(), words); i >= 0 {
			s.b.Next(i + len(words))
			return
		}
		if strings.HasSuffix(s.b.String(), "\x00") {
			t.Fatalf("no %q on the terminal, but %q", words, s.b.String())
		}
		s.cond.Wait()
	}
}

// TestTerminal types: line editing, ^C at the prompt and in a command, sudo's hidden password, ^D.
func TestTerminal(t *testing.T) {
	l := serve(t, lab.Options{Speed: 5})
	inject(t, l, "alive")
	inject(t, l, "deb-1:sudo-password")
	c := mustDial(t, l, "deb-1")
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm", 24, 80, xssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	sc := &screen{}
	sc.cond = sync.NewCond(&sc.mu)
	s.Stdout, s.Stderr = sc, sc
	in, _ := s.StdinPipe()
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	say := func(keys string) { io.WriteString(in, keys) }
	sc.expect(t, "ops@deb-1:~$ ")
	say("echo wrogn\x7f\x7fng\r")
	sc.expect(t, "wrong\r\n")
	say("rm -rf /important\x03")
	sc.expect(t, "$ ")
	say("sleep 1000\r")
	sc.expect(t, "sleep 1000")
	for range 3 { // the command may not run yet
		time.Sleep(30 * time.Millisecond)
		say("\x03")
	}
	sc.expect(t, "$ ")
	say("echo status $?\r")
	sc.expect(t, "status ")
	say("sudo id -un\r")
	sc.expect(t, "[sudo] password for ops: ")
	say("lab\r")
	sc.expect(t, "root\r\n")
	say("read x && echo got $x\r")
	sc.expect(t, "got $x")
	say("typed words\r")
	sc.expect(t, "got typed words\r\n")
	say("bash\r")
	sc.expect(t, "$ ")
	say("exit 3\r")
	sc.expect(t, "$ ")
	say("\x04")
	done := make(chan error, 1)
	go func() { done <- s.Wait() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("^D did not end the shell")
	}
	if strings.Contains(sc.b.String(), "lab\r") {
		t.Error("the password was echoed")
	}
}

// TestSFTP puts, gets, lists and renames over the virtual files.
func TestSFTP(t *testing.T) {
	l := serve(t, lab.Options{})
	inject(t, l, "alive")
	c := mustDial(t, l, "deb-1")
	f, err := sftp.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	w, err := f.Create("up.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := f.Rename("up.bin", "/tmp/moved.bin"); err != nil {
		t.Fatal(err)
	}
	r, err := f.Open("/tmp/moved.bin")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back of %d, %v", len(got), len(data), err)
	}
	if out := script(t, c, "wc -c </tmp/moved.bin; ls -l /tmp/moved.bin | cut -c1-10"); out != "320000\n-rw-r--r--\n" {
		t.Errorf("%q", out)
	}
	list, err := f.ReadDir("/etc")
	if err != nil || len(list) < 10 {
		t.Errorf("%d entries, %v", len(list), err)
	}
	if _, err := f.Open("/etc/shadow"); !os.IsPermission(err) {
		t.Errorf("/etc/shadow: %v", err)
	}
	if _, err := f.Create("/etc/new"); !os.IsPermission(err) {
		t.Errorf("/etc/new: %v", err)
	}
	if err := f.Symlink("/etc/hostname", "/tmp/link"); err != nil {
		t.Error(err)
	}
	if target, err := f.ReadLink("/tmp/link"); target != "/etc/hostname" {
		t.Errorf("link to %q, %v", target, err)
	}
}

// TestTwin: the twin keeps what makes an inventory, points into the lab, reads back from its file, and its files are private.
func TestTwin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lab")
	text := strings.Replace(small, "[[site]]", "[[group]]\nname = \"g\"\nmembers = \"deb-1,ubu-1\"\nmax_down = 1\n[[site]]\njump = \"bastion.example.net\"", 1)
	l := serve(t, lab.Options{Inventory: parse(t, text), Dir: dir})
	path, err := l.WriteInventory()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	again, err := inventory.Parse(path, b)
	if err != nil {
		t.Fatalf("the twin does not read back: %v\n%s", err, b)
	}
	for i, h := range again.Hosts {
		o := l.Inventory().Hosts[i]
		if h.Addr != o.Addr || h.Port != o.Port || h.User != "ops" || len(h.Jump) != 0 || h.Become != o.Become || h.OS != o.OS || h.KnownHosts[0] != filepath.Join(dir, "known_hosts") || h.Identity[0] != filepath.Join(dir, "id_ed25519") {
			t.Errorf("%+v\nwas %+v", h, o)
		}
	}
	if len(again.Groups) != 1 || again.Groups[0].MaxDown != 1 {
		t.Errorf("groups %+v", again.Groups)
	}
	for _, name := range []string{"host-seed", "id_ed25519", "known_hosts", "inventory.toml"} {
		i, err := os.Stat(filepath.Join(dir, name))
		if err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, i.Mode(), err)
		}
	}
	if i, _ := os.Stat(dir); i.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v", i.Mode())
	}
}

// TestSeed: hosts are a function of seed and name, and keys stay with the directory.
func TestSeed(t *testing.T) {
	dir := t.TempDir()
	look := func(seed int64) (string, []byte) {
		ctx, cancel := context.WithCancel(context.Background())
		l, err := lab.Serve(ctx, lab.Options{Inventory: parse(t, small), Dir: dir, Seed: seed, Faults: []lab.Fault{{Name: "alive"}}})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Wait()
		defer cancel()
		c := mustDial(t, l, "ubu-1")
		defer c.Close()
		key, _ := os.ReadFile(filepath.Join(dir, "id_ed25519"))
		return script(t, c, "nproc; cat /proc/sys/kernel/random/boot_id; uname -r; apt-get -s upgrade | grep ^Inst; df -P | tail -n +2; systemctl --failed"), key
	}
	a, key := look(5)
	b, key2 := look(5)
	other, _ := look(6)
	if a != b || !bytes.Equal(key, key2) {
		t.Errorf("the same seed gave\n%s\nand\n%s", a, b)
	}
	if a == other {
		t.Error("another seed gave the same host")
	}
}
