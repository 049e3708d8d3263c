package ssh_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tend/ssh"
	"tend/ssh/sshtest"
)

// over is a command line that puts files over others in a mount namespace of its own, and runs there what is put behind it: the
// machine's own files are never touched. Where the kernel gives us none, the test is skipped.
func over(t *testing.T, files map[string]string) []string {
	t.Helper()
	unshare := tool(t, "unshare")
	if out, err := exec.Command(unshare, "-m", "true").CombinedOutput(); err != nil {
		t.Skipf("no mount namespace here: %s", out)
	}
	script, args := "", []string{}
	for target, file := range files {
		args = append(args, file, target)
		n := len(args)
		script += fmt.Sprintf(`mount --bind "${%d}" "${%d}" || exit 99; `, n-1, n)
	}
	script += "shift " + strconv.Itoa(len(args)) + `; exec "$@"`
	return append([]string{unshare, "-m", "sh", "-c", script, "sh"}, args...)
}

// TestOneTimeCodeOfPAM logs in to sshd whose PAM wants a key and then a code of libpam-oath: each code serves one login, and one that
// was used is refused.
func TestOneTimeCodeOfPAM(t *testing.T) {
	t.Parallel()
	tool(t, "unshare")
	oath := tool(t, "oathtool")
	if os.Getuid() != 0 {
		t.Skip("only root's sshd can use PAM for its own service")
	}
	dir := t.TempDir()
	const seed = "3132333435363738393031323334353637383930" // RFC 4226, appendix D
	put(t, filepath.Join(dir, "users"), "HOTP root - "+seed+"\n")
	put(t, filepath.Join(dir, "pam"), "auth required pam_oath.so usersfile="+filepath.Join(dir, "users")+" window=5 digits=6\n"+
		"account required pam_permit.so\nsession required pam_permit.so\n")
	srv := sshtest.Start(t, sshtest.Config{
		Lines: []string{"UsePAM yes", "KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive"},
		Under: over(t, map[string]string{"/etc/pam.d/sshd": filepath.Join(dir, "pam")}),
	})
	code := func(counter int) string {
		out, err := exec.Command(oath, "--hotp", "-c", strconv.Itoa(counter), seed).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	codes := []string{code(0), code(1)}
	if codes[0] != "755224" {
		t.Fatalf("oathtool says %s", codes[0])
	}
	p := says(codes...)
	c := newClient(t, ssh.Options{Prompter: p})
	for _, name := range []string{"a", "b"} {
		if _, out, _, err := run(t, c, srv.Host(name), "echo in"); err != nil || out != "in\n" {
			t.Fatalf("%s: %v %q\n%s", name, err, out, srv.Log())
		}
	}
	for i, q := range p.questions() {
		if q.Kind != ssh.AskCode || q.Shared || string(q.Host) != string(rune('a'+i)) || !strings.Contains(q.Text, "One-time password") {
			t.Errorf("question %d: %+v", i, q)
		}
	}
	if n := len(p.questions()); n != 2 {
		t.Errorf("%d questions", n)
	}
	if road, _ := c.Road("a"); !strings.HasSuffix(road.Auth, ", then keyboard-interactive") {
		t.Errorf("road says %q", road.Auth)
	}
	used := says(codes[0], codes[0], codes[0])
	_, _, _, err := run(t, newClient(t, ssh.Options{Prompter: used}), srv.Host("c"), "true")
	fault(t, err, ssh.AuthFailed)
	if n := len(used.questions()); n == 0 || n > 3 {
		t.Errorf("a used code was asked for %d times", n)
	}
}
