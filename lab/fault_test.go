package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tend/lab"
)

func TestParseFault(t *testing.T) {
	for in, want := range map[string]lab.Fault{
		"db-0712:dead": {Hosts: "db-0712", Name: "dead"}, "web-*:slow=2s": {Hosts: "web-*", Name: "slow", Value: "2s"}, "die-in=upgrade": {Name: "die-in", Value: "upgrade"},
		"never-returns": {Name: "never-returns"}, "a-1,b-2:-disk-full": {Hosts: "a-1,b-2", Name: "disk-full", Off: true}, "cut-after=100 bytes": {Name: "cut-after", Value: "100"},
	} {
		got, err := lab.ParseFault(in)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
		if again, err := lab.ParseFault(got.String()); err != nil || again != got {
			t.Errorf("%q does not read back: %q", in, got)
		}
	}
	for _, bad := range []string{"", "nosuch", "db:nosuch=1", "dead=3", "slow", "[:dead"} {
		if f, err := lab.ParseFault(bad); err == nil {
			t.Errorf("%q was taken as %+v", bad, f)
		}
	}
}

// TestEveryFaultIsDocumented: each name of the list parses, and has a text.
func TestEveryFaultIsDocumented(t *testing.T) {
	for _, d := range lab.Faults() {
		s := d.Name
		if d.Value != "" {
			s += "=1s"
		}
		if _, err := lab.ParseFault(s); err != nil || d.Text == "" {
			t.Errorf("%s: %v, %q", d.Name, err, d.Text)
		}
	}
}

func inject(t testing.TB, l *lab.Lab, s string) {
	t.Helper()
	f, err := lab.ParseFault(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Inject(f); err != nil {
		t.Fatal(err)
	}
}

// TestRoadFaults plays the faults of the connection itself.
func TestRoadFaults(t *testing.T) {
	l := serve(t, lab.Options{})
	inject(t, l, "alive")
	if err := l.Inject(lab.Fault{Hosts: "nobody", Name: "dead"}); err == nil {
		t.Error("a fault on no host was taken")
	}
	h := twin(t, l, "deb-1")
	banner := func() string {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(h.Addr, strconv.Itoa(h.Port)), time.Second)
		if err != nil {
			return "refused"
		}
		defer c.Close()
		c.SetReadDeadline(time.Now().Add(150 * time.Millisecond))
		b, _ := io.ReadAll(c)
		return string(b)
	}
	if b := banner(); !strings.HasPrefix(b, "SSH-2.0-OpenSSH_9.2p1 Debian") {
		t.Errorf("banner %q", b)
	}
	for fault, want := range map[string]string{"dead": "", "refuse": "", "hang-banner": "SSH-2.0-Open", "throttled": "Not allowed at this time\r\n"} {
		inject(t, l, "deb-1:"+fault)
		if b := banner(); b != want && !(fault == "refuse" && b == "refused") {
			t.Errorf("%s: %q", fault, b)
		}
		inject(t, l, "deb-1:-"+fault)
	}
	for _, fault := range []string{"changed-key", "auth-refused"} {
		inject(t, l, "deb-1:"+fault)
		if _, err := dial(l, "deb-1"); err == nil || fault == "changed-key" && !strings.Contains(err.Error(), "key mismatch") {
			t.Errorf("%s: %v", fault, err)
		}
		inject(t, l, "deb-1:-"+fault)
	}
	if out := script(t, mustDial(t, l, "deb-1"), "echo mended"); out != "mended\n" {
		t.Errorf("mended: %q", out)
	}
}

// TestSessionFaults plays those that spoil a session.
func TestSessionFaults(t *testing.T) {
	l := serve(t, lab.Options{})
	inject(t, l, "alive")
	first := func(command string) (string, error) {
		out, _, _, err := run(mustDial(t, l, "deb-1"), command, "")
		return out, err
	}
	for fault, check := range map[string]func(out string, err error) bool{
		"close-mid-step": func(out string, err error) bool { return err != nil && out == "a\n" },
		"cut-after=5":    func(out string, err error) bool { return err != nil && len(out) <= 5 },
		"no-exit-status": func(out string, err error) bool {
			return err != nil && strings.Contains(err.Error(), "without exit status")
		},
		"noisy-login": func(out string, err error) bool { return err == nil && strings.HasPrefix(out, "Welcome") },
		"corrupt-output": func(out string, err error) bool {
			return err == nil && out != "a\nb\nabcdefghijklmnopqrstuvwxyz0123456789\n"
		},
		"hostile-output": func(out string, err error) bool {
			return err == nil && strings.Contains(out, "\x1b]52;") && strings.Contains(out, "\u202e") && !utf8.ValidString(out)
		},
	} {
		inject(t, l, "deb-1:"+fault)
		if out, err := first("echo a; sleep 1; echo b; echo abcdefghijklmnopqrstuvwxyz0123456789"); !check(out, err) {
			t.Errorf("%s: %q, %v", fault, out, err)
		}
		inject(t, l, "deb-1:-"+strings.SplitN(fault, "=", 2)[0])
	}
}

// TestHostFaults plays those of the machine.
func TestHostFaults(t *testing.T) {
	l := serve(t, lab.Options{Speed: 100})
	inject(t, l, "alive")
	c := mustDial(t, l, "deb-1")
	for fault, check := range map[string]struct{ command, want string }{
		"disk-full=/var":        {"echo x >/var/tmp/f; echo $?; ln -s a /var/tmp/l && readlink /var/tmp/l; echo ok >/tmp/f; cat /tmp/f; df -P / | awk 'NR>1{print $6}'", "1\na\nok\n/\n"},
		"read-only=/var":        {"touch /var/tmp/f; echo $?; echo y >/tmp/g && cat /tmp/g", "1\ny\n"},
		"lock-held=apt-daily":   {"sudo apt-get -y upgrade 2>&1 | grep -o 'held by process 1187 (apt-daily)'; ps -p 1187 -o comm=", "held by process 1187 (apt-daily)\napt-daily\n"},
		"failed-unit=x.service": {"systemctl --failed --plain --no-legend | grep -o x.service; systemctl is-system-running", "x.service\ndegraded\n"},
		"ntp-off":               {"timedatectl show -p NTPSynchronized --value", "no\n"},
		"hot":                   {"cat /sys/class/hwmon/hwmon0/temp1_input 2>/dev/null || echo virtual", ""},
		"cert-expired":          {"openssl x509 -noout -checkend 0 -in /etc/ssl/certs/site.pem; echo $?", "Certificate will expire\n1\n"},
		"pending=4":             {"apt-get -s upgrade | grep -c ^Inst", "4\n"},
		"degraded-raid":         {"grep -o '\\[U_\\]' /proc/mdstat", "[U_]\n"},
		"sudo-password":         {"sudo -n true; echo $?; printf 'wrong\\nlab\\nrest\\n' | sudo -S -p 'PW:' sh -c 'id -u; cat' 2>/dev/null", "1\n0\nrest\n"},
		"mirror-down":           {"sudo apt-get update >/dev/null 2>&1; sudo apt-get update 2>&1 | grep -c ^Err", "1\n"},
		"restart-fails":         {"sudo systemctl restart cron.service 2>/dev/null; echo $?; systemctl is-active cron.service", "1\nfailed\n"},
	} {
		inject(t, l, "deb-1:"+fault)
		out, errs, _, err := run(c, check.command, "")
		if err != nil || check.want != "" && out != check.want {
			t.Errorf("%s: %q %q, %v; want %q", fault, out, errs, err, check.want)
		}
		inject(t, l, "deb-1:-"+strings.SplitN(fault, "=", 2)[0])
	}
}

// TestDieInUpgrade loses power in mid-upgrade; with the fault gone and the power back, dpkg tells what is half-done and mends it.
func TestDieInUpgrade(t *testing.T) {
	l := serve(t, lab.Options{Speed: 100})
	inject(t, l, "alive")
	inject(t, l, "deb-1:pending=6")
	inject(t, l, "deb-1:die-in=unpack")
	c := mustDial(t, l, "deb-1")
	if out, _, _, err := run(c, "sudo DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Options::=--force-confold upgrade", ""); err == nil {
		t.Fatalf("the power did not fail: %s", out)
	}
	v, _ := l.Host("deb-1")
	if s := v.State(); s.Up || len(s.Half) == 0 {
		t.Fatalf("%+v", s)
	}
	if _, err := dial(l, "deb-1"); err == nil {
		t.Fatal("it answers without power")
	}
	inject(t, l, "deb-1:-die-in")
	v.PowerOn()
	c = mustDial(t, l, "deb-1")
	if out, _, _, _ := run(c, "dpkg --audit | grep -c '^ '; sudo apt-get -y upgrade >/dev/null 2>&1; echo $?", ""); !strings.HasSuffix(out, "100\n") {
		t.Errorf("after the power failure: %q", out)
	}
	out, errs, status, err := run(c, "sudo dpkg --force-confold --configure -a >/dev/null && sudo apt-get -y upgrade >/dev/null && dpkg --audit && apt-get -s upgrade | grep -c ^Inst", "")
	if err != nil || status != 1 || out != "0\n" {
		t.Errorf("mending: exit %d, %v, %q %q", status, err, out, errs)
	}
}

// TestStallInUpgrade stands still in the middle of dpkg until the fault is mended, and then goes on as if nothing had been.
func TestStallInUpgrade(t *testing.T) {
	l := serve(t, lab.Options{Speed: 100})
	inject(t, l, "alive")
	inject(t, l, "deb-1:pending=6")
	inject(t, l, "deb-1:stall-in=unpack")
	c := mustDial(t, l, "deb-1")
	ended := make(chan string, 1)
	go func() {
		out, _, status, err := run(c, "sudo DEBIAN_FRONTEND=noninteractive apt-get -y upgrade", "")
		ended <- fmt.Sprint(status, err, strings.Count(out, "Setting up"))
	}()
	v, _ := l.Host("deb-1")
	for deadline := time.Now().Add(time.Minute); len(v.State().Half) != 3; time.Sleep(time.Millisecond) { // polling the simulated host
		select {
		case how := <-ended:
			t.Fatalf("it ended: %s", how)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", v.State())
		}
	}
	inject(t, l, "deb-1:-stall-in")
	if how := <-ended; how != "0 <nil> 6" {
		t.Errorf("mended, it ended with %s", how)
	}
}

// TestConffilePrompt: without the two conf options dpkg stops at the question; with them it does not.
func TestConffilePrompt(t *testing.T) {
	l := serve(t, lab.Options{Speed: 100})
	inject(t, l, "alive")
	inject(t, l, "deb-1:pending=60")
	c := mustDial(t, l, "deb-1")
	script(t, c, "echo 'Port 2222' | sudo tee -a /etc/ssh/sshd_config >/dev/null")
	_, errs, status, _ := run(c, "sudo apt-get -y upgrade </dev/null", "")
	if status != 100 || !strings.Contains(errs, "end of file on stdin at conffile prompt") {
		t.Errorf("exit %d, %q", status, errs)
	}
	if out := script(t, c, "dpkg-query -W -f='${db:Status-Abbrev} ${Package}\\n' | grep -Ev '^(ii|hi|rc) '"); out != "iU  openssh-server\n" {
		t.Errorf("half-configured: %q", out)
	}
	script(t, c, "sudo dpkg --force-confdef --force-confold --configure -a >/dev/null; ls /etc/ssh/sshd_config.dpkg-dist; grep -q 2222 /etc/ssh/sshd_config")
}

// TestIdle counts from the last connection's end.
func TestIdle(t *testing.T) {
	l := serve(t, lab.Options{})
	inject(t, l, "alive")
	c := mustDial(t, l, "deb-1")
	if l.Idle() != 0 || l.Connections() != 1 {
		t.Errorf("idle %v with %d connections", l.Idle(), l.Connections())
	}
	c.Close()
	for deadline := time.Now().Add(5 * time.Second); l.Idle() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("still not idle")
		}
		time.Sleep(time.Millisecond)
	}
}

// TestEndsWhole: when its context ends, a lab with busy hosts ends with every goroutine.
func TestEndsWhole(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var logged bytes.Buffer
	l, err := lab.Serve(ctx, lab.Options{Inventory: parse(t, small), Dir: t.TempDir(), Faults: []lab.Fault{{Name: "alive"}}})
	if err != nil {
		t.Fatal(err)
	}
	c := mustDial(t, l, "deb-1")
	script(t, c, "(setsid sleep 1000 & yes & sleep 500 | cat &) >/dev/null 2>&1; echo")
	run(mustDial(t, l, "ubu-1"), "sudo reboot", "")
	cancel()
	done := make(chan struct{})
	go func() { l.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second * slowdown):
		t.Fatal("the lab did not end")
	}
	if logged.Len() > 0 {
		t.Error(logged.String())
	}
}
