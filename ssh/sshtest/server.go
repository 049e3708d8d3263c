package sshtest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
)

// Config is what a server is made of; the zero Config lets one key in, as the user who runs the test.
type Config struct {
	// HostKeys are the types of host keys: "ed25519", "ecdsa", "rsa". nil = ed25519.
	HostKeys []string
	// Lines are added before the defaults, so that they win: "MaxSessions 2".
	Lines []string
	// Authorized are lines for authorized_keys beside the server's own client key.
	Authorized []string
	// HostCert, if set, is called for each host key and returns its certificate.
	HostCert func(pub xssh.PublicKey) *xssh.Certificate
	// Bare gives logins an empty HOME, for tests of login shells: the profile of the machine's owner may take seconds, or wait a minute for
	// a lock that a shell left behind when a test before killed it.
	Bare bool
	// Under is a command line that sshd's own is put behind: whatever it sets up holds for sshd alone. It must exec it.
	Under []string
}

// Server is a running sshd.
type Server struct {
	Dir        string // its files
	Addr       string // "127.0.0.1"
	Port       int
	User       string           // who may log in
	Key        string           // path of a private key that may
	KnownHosts string           // path of a known_hosts file with its keys
	HostKeys   []xssh.PublicKey // in the order of Config.HostKeys
	t          testing.TB
	bin        string
	under      []string

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{}
	log    bytes.Buffer
	frozen []int
}

// SSHD finds the server's program, or skips the test; with CI=true it fails it.
func SSHD(t testing.TB) string {
	t.Helper()
	for _, p := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"} {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	missing(t, "sshd (package openssh-server)")
	return ""
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI=true wants it", what)
	}
	t.Skipf("%s is not installed", what)
}

// Start starts sshd and returns when it listens. The test's cleanup ends it and all its children.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, bin: SSHD(t), under: cfg.Under, Dir: t.TempDir(), Addr: "127.0.0.1", User: me.Username}
	s.Key = filepath.Join(s.Dir, "client")
	s.KnownHosts = filepath.Join(s.Dir, "known_hosts")
	s.keys(cfg)
	for range 20 {
		s.Port = freePort(t)
		s.configure(cfg)
		if s.launch() {
			t.Cleanup(s.Kill)
			s.writeKnownHosts(cfg)
			return s
		}
	}
	t.Fatalf("sshd did not start:\n%s", s.Log())
	return nil
}

// Host is the server as an inventory would have it.
func (s *Server) Host(name string) inventory.Host {
	return inventory.Host{Name: inventory.HostID(name), Addr: s.Addr, Port: s.Port, User: s.User,
		Identity: []string{s.Key}, KnownHosts: []string{s.KnownHosts}}
}

// Fingerprint is that of the first host key.
func (s *Server) Fingerprint() string { return xssh.FingerprintSHA256(s.HostKeys[0]) }

// Log is what sshd wrote so far.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (s *Server) keys(cfg Config) {
	pub := WriteKey(s.t, s.Key, NewKey(s.t, "ed25519"), "")
	lines := append([]string{strings.TrimSpace(string(xssh.MarshalAuthorizedKey(pub)))}, cfg.Authorized...)
	write(s.t, filepath.Join(s.Dir, "authorized_keys"), strings.Join(lines, "\n")+"\n")
	for i, kind := range cfg.kinds() {
		path := s.hostKey(i)
		pub := WriteKey(s.t, path, NewKey(s.t, kind), "")
		s.HostKeys = append(s.HostKeys, pub)
		if cfg.HostCert != nil {
			write(s.t, path+"-cert.pub", string(xssh.MarshalAuthorizedKey(cfg.HostCert(pub))))
		}
	}
}

func (c Config) kinds() []string {
	if c.HostKeys == nil {
		return []string{"ed25519"}
	}
	return c.HostKeys
}

func (s *Server) hostKey(i int) string { return filepath.Join(s.Dir, "host"+strconv.Itoa(i)) }

// home is what SetEnv says of HOME; "" = the account's own.
func (s *Server) home(bare bool) string {
	if !bare {
		return ""
	}
	dir := filepath.Join(s.Dir, "home")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return " HOME=" + dir
}

// configure writes a configuration that touches nothing of the machine's. UsePAM, StrictModes: we may be root in a throwaway place.
func (s *Server) configure(cfg Config) {
	lines := append([]string(nil), cfg.Lines...)
	for i := range cfg.kinds() {
		lines = append(lines, "HostKey "+s.hostKey(i))
		if cfg.HostCert != nil {
			lines = append(lines, "HostCertificate "+s.hostKey(i)+"-cert.pub")
		}
	}
	lines = append(lines,
		"ListenAddress "+net.JoinHostPort(s.Addr, strconv.Itoa(s.Port)),
		"AuthorizedKeysFile "+filepath.Join(s.Dir, "authorized_keys"),
		"PidFile none", "StrictModes no", "UsePAM no", "UseDNS no", "PrintMotd no",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
		// bash reads ~/.bashrc when sshd starts it, unless SHLVL says that it is not the first shell: what the machine's owner has in
		// there (seconds of it, on some) is none of a test's business.
		"SetEnv SHLVL=1"+s.home(cfg.Bare),
		"LogLevel VERBOSE", "Subsystem sftp internal-sftp")
	write(s.t, s.config(), strings.Join(lines, "\n")+"\n")
}

func (s *Server) config() string { return filepath.Join(s.Dir, "sshd_config") }

// launch starts sshd and waits until it says that it listens; false if the port was taken meanwhile.
func (s *Server) launch() bool {
	s.t.Helper()
	if os.Getuid() == 0 {
		os.MkdirAll("/run/sshd", 0o755) // privilege separation wants it; an empty directory of root's
	}
	line := append(append([]string(nil), s.under...), s.bin, "-D", "-e", "-f", s.config())
	cmd := exec.Command(line[0], line[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	w.Close()
	s.mu.Lock()
	s.cmd, s.ended = cmd, make(chan struct{})
	s.mu.Unlock()
	ready := make(chan bool, 1)
	go s.follow(r, ready)
	go func() { cmd.Wait(); close(s.ended) }()
	select {
	case ok := <-ready:
		return ok
	case <-time.After(time.Minute):
		s.t.Fatalf("sshd says nothing:\n%s", s.Log())
		return false
	}
}

func (s *Server) follow(r *os.File, ready chan<- bool) {
	defer r.Close()
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		s.mu.Lock()
		s.log.WriteString(sc.Text() + "\n")
		s.mu.Unlock()
		if strings.Contains(sc.Text(), "Server listening on") {
			ready <- true
		}
	}
	select {
	case ready <- false:
	default:
	}
}

func (s *Server) writeKnownHosts(cfg Config) {
	var b strings.Builder
	for _, k := range s.HostKeys {
		fmt.Fprintf(&b, "[%s]:%d %s", s.Addr, s.Port, xssh.MarshalAuthorizedKey(k))
	}
	if cfg.HostCert != nil {
		b.Reset()
	}
	write(s.t, s.KnownHosts, b.String())
}

// Kill ends sshd and every session of it with SIGKILL, and returns when sshd is gone.
func (s *Server) Kill() {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	for _, pid := range append(descendants(cmd.Process.Pid), cmd.Process.Pid) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	<-ended
}

// KillSessions ends every connection but leaves the listener.
func (s *Server) KillSessions() {
	for _, pid := range descendants(s.pid()) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Restart starts sshd again on the same port after Kill.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if !s.launch() {
		s.t.Fatalf("sshd did not start again:\n%s", s.Log())
	}
}

// Freeze stops sshd and all its sessions with SIGSTOP: connections stay open and nobody answers. Thaw undoes it.
func (s *Server) Freeze() {
	pid := s.pid()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = append([]int{pid}, descendants(pid)...)
	for _, pid := range s.frozen {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
}

// Thaw undoes Freeze.
func (s *Server) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pid := range s.frozen {
		syscall.Kill(pid, syscall.SIGCONT)
	}
	s.frozen = nil
}

func (s *Server) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		s.t.Fatal("sshd is not running")
	}
	return s.cmd.Process.Pid
}

// descendants lists the children of pid, and theirs.
func descendants(pid int) []int {
	kids := children()
	var all []int
	for queue := kids(pid); len(queue) > 0; queue = queue[1:] {
		all = append(all, queue[0])
		queue = append(queue, kids(queue[0])...)
	}
	return all
}

// children asks Linux's /proc (proc(5), task/[tid]/children), or else ps(1): the one way that macOS and FreeBSD share.
func children() func(pid int) []int {
	if _, err := os.Stat("/proc/self/task"); err == nil {
		return func(pid int) []int {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
			var kids []int
			for _, f := range strings.Fields(string(text)) {
				n, _ := strconv.Atoi(f)
				kids = append(kids, n)
			}
			return kids
		}
	}
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return func(int) []int { return nil }
	}
	kids := map[int][]int{}
	for line := range strings.Lines(string(out)) {
		var p, pp int
		if n, _ := fmt.Sscan(line, &p, &pp); n == 2 {
			kids[pp] = append(kids[pp], p)
		}
	}
	return func(pid int) []int { return kids[pid] }
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
