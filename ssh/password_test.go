package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// passwords is a server that takes a password, and counts the wrong ones.
func passwords(t *testing.T, right string, wrong *int, mu *sync.Mutex) *peer {
	return serve(t, &xssh.ServerConfig{PasswordCallback: func(_ xssh.ConnMetadata, p []byte) (*xssh.Permissions, error) {
		if string(p) == right {
			return nil, nil
		}
		mu.Lock()
		*wrong++
		mu.Unlock()
		return nil, errors.New("no")
	}}, nil)
}

func TestPasswordIsAskedOnceAndTriedOnOneHostFirst(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	person := says("tpyo", "hunter2")
	c := newClient(t, ssh.Options{Prompter: person})
	var wg sync.WaitGroup
	for i := range 20 {
		p := passwords(t, "hunter2", &wrong, &mu)
		wg.Go(func() {
			if _, out, _, err := run(t, c, p.host(fmt.Sprint("h", i)), "x"); err != nil || out != "hello ops\n" {
				t.Errorf("%q %v", out, err)
			}
		})
	}
	wg.Wait()
	if q := person.questions(); len(q) != 2 || q[0].Kind != ssh.AskPassword || q[0].Echo || !q[0].Shared || q[1].Attempt != 2 {
		t.Errorf("questions: %+v", q)
	}
	if wrong != 1 {
		t.Errorf("the mistyped password was sent %d times, want once", wrong)
	}
}

func TestHostWithAnotherPasswordIsAskedForItsOwn(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	a, b := passwords(t, "shared", &wrong, &mu), passwords(t, "special", &wrong, &mu)
	person := says("shared", "special")
	c := newClient(t, ssh.Options{Prompter: person})
	for _, h := range []inventory.Host{a.host("a"), b.host("b")} {
		if _, _, _, err := run(t, c, h, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if q := person.questions(); len(q) != 2 || q[1].Shared || !strings.Contains(q[1].Text, "on b") {
		t.Errorf("questions: %+v", q)
	}
}

func TestThreeWrongPasswordsAndNoMore(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	a, b := passwords(t, "right", &wrong, &mu), passwords(t, "right", &wrong, &mu)
	person := says("1", "2", "3", "4", "5", "6", "7")
	c := newClient(t, ssh.Options{Prompter: person})
	for _, h := range []inventory.Host{a.host("a"), b.host("b")} {
		_, _, _, err := run(t, c, h, "x")
		fault(t, err, ssh.AuthFailed)
		if !strings.Contains(err.Error(), "the host accepts password; tried:") {
			t.Errorf("%v", err)
		}
	}
	if wrong != 3 || len(person.questions()) != 3 {
		t.Errorf("%d wrong passwords sent, %d questions; want 3 and 3", wrong, len(person.questions()))
	}
}

func TestDeclinedPasswordIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	person := says()
	c := newClient(t, ssh.Options{Prompter: person})
	for i := range 3 {
		_, _, _, err := run(t, c, passwords(t, "x", &wrong, &mu).host(fmt.Sprint(i)), "x")
		fault(t, err, ssh.AuthFailed)
	}
	if len(person.questions()) != 1 || wrong != 0 {
		t.Errorf("%d questions, %d sent", len(person.questions()), wrong)
	}
}

func TestPublicKeyThenOneTimeCode(t *testing.T) {
	t.Parallel()
	key := sshtest.NewKey(t, "ed25519")
	path := filepath.Join(t.TempDir(), "k")
	pub := sshtest.WriteKey(t, path, key, "")
	code := func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
		a, err := ask("", "Duo \x1b]52;c;evil\x07 login", []string{"Password: ", "Verification code: "}, []bool{false, true})
		if err != nil || a[0] != "pw" || a[1] != "123456" {
			return nil, errors.New("no")
		}
		return nil, nil
	}
	p := serve(t, &xssh.ServerConfig{PublicKeyCallback: func(_ xssh.ConnMetadata, k xssh.PublicKey) (*xssh.Permissions, error) {
		if string(k.Marshal()) != string(pub.Marshal()) {
			return nil, errors.New("no")
		}
		return nil, &xssh.PartialSuccessError{Next: xssh.ServerAuthCallbacks{KeyboardInteractiveCallback: code}}
	}}, nil)
	person := &person{answer: func(q ssh.Question) (string, error) {
		if q.Kind == ssh.AskPassword {
			return "pw", nil
		}
		return "123456", nil
	}}
	c := newClient(t, ssh.Options{Prompter: person})
	for _, name := range []string{"a", "b"} {
		h := p.host(name)
		h.Identity = []string{path}
		if _, _, _, err := run(t, c, h, "x"); err != nil {
			t.Fatal(err)
		}
	}
	q := person.questions()
	if len(q) != 3 || q[0].Kind != ssh.AskPassword || q[1].Kind != ssh.AskCode || !q[1].Echo || q[1].Host != "a" || q[2].Kind != ssh.AskCode || q[2].Host != "b" {
		t.Errorf("the password serves both hosts, the code one: %+v", q)
	}
	if strings.ContainsAny(q[0].Note+q[1].Text, "\x1b\x07") {
		t.Errorf("escape sequences reach the prompt: %q", q[0].Note)
	}
	if road, _ := c.Road("a"); !strings.HasPrefix(road.Auth, "publickey ssh-ed25519 ") || !strings.HasSuffix(road.Auth, ", then keyboard-interactive") {
		t.Errorf("road says %q", road.Auth)
	}
}

func TestPromptStopsTheClockAndIsCancelled(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	p := passwords(t, "pw", &wrong, &mu)
	slow := &person{answer: func(ssh.Question) (string, error) { time.Sleep(700 * time.Millisecond); return "pw", nil }}
	c := newClient(t, ssh.Options{Prompter: slow, AuthTimeout: 400 * time.Millisecond})
	if _, _, _, err := run(t, c, p.host("a"), "x"); err != nil {
		t.Errorf("a slow person: %v", err)
	}

	asked, free := make(chan struct{}), make(chan struct{})
	never := &person{answer: func(ssh.Question) (string, error) { close(asked); <-free; return "", ssh.ErrDeclined }}
	c2 := newClient(t, ssh.Options{Prompter: never})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	_, err := c2.Exec(ctx, p.host("a"), "x", nil, nil, nil)
	fault(t, err, ssh.Cancelled)
	close(free)
}

// TestConversationWithoutAQuestion: a host that refuses without having asked anything is not asked again: it would hear nothing new, and
// each try counts against us.
func TestConversationWithoutAQuestion(t *testing.T) {
	t.Parallel()
	tries := 0
	p := serve(t, &xssh.ServerConfig{MaxAuthTries: 10, KeyboardInteractiveCallback: func(xssh.ConnMetadata, xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
		tries++
		return nil, errors.New("no")
	}}, nil)
	_, _, _, err := run(t, newClient(t, ssh.Options{Prompter: says()}), p.host("web-1"), "true")
	if fault(t, err, ssh.AuthFailed); tries != 1 {
		t.Errorf("%d conversations: %v", tries, err)
	}
}
