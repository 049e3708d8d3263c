package plans

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
	"tend/sshsig"
)

const world = `[[site]]
name = "s1"
prod = true
window = "Sun 01:00-05:00 UTC"
[[site.rack]]
name = "r1"
[[site.rack.host]]
name = "db-[1-3]"
tags = ["db"]
[[site.rack.host]]
name = "web-[1-6]"
tags = ["web"]
[[site]]
name = "s2"
[[site.host]]
name = "web-[7-8]"
tags = ["web"]
[[group]]
name = "pg"
members = "tag=db"
max_down = 1
[[service]]
name = "shop"
hosts = "tag=web"
`

func inv(t *testing.T, text string) *inventory.Inventory {
	t.Helper()
	i, err := inventory.Parse("inventory.toml", []byte(text))
	do(t, err)
	return i
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// builtin is read once: it does not change.
var builtin = sync.OnceValues(func() (runbooks.Library, error) { return runbooks.Open() })

func library(t *testing.T) runbooks.Library {
	t.Helper()
	lib, err := builtin()
	do(t, err)
	return lib
}

// nofile is a reader of allowed_signers that has none.
func nofile(string) ([]byte, error) { return nil, errors.New("no such file") }

func parse(t *testing.T, text string) File {
	t.Helper()
	f, err := Parse("plans/p.toml", []byte(text), nofile)
	do(t, err)
	return f
}

func resolved(t *testing.T, text string) Resolved {
	t.Helper()
	return resolvedIn(t, text, world)
}

func resolvedIn(t *testing.T, text, where string) Resolved {
	t.Helper()
	r, err := Resolve(parse(t, text), inv(t, where), library(t), nil)
	do(t, err)
	return r
}

// signing is a key on disk: how to sign with it, and its public line.
func signing(t *testing.T) (*sshsig.Key, string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	do(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	do(t, err)
	path := filepath.Join(t.TempDir(), "key")
	do(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	key, err := ssh.NewPublicKey(pub)
	do(t, err)
	k, err := sshsig.Open(t.Context(), sshsig.Wanted{Path: path})
	do(t, err)
	return k, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// past is a run of a plan in which every host took the time that took gives it, and ended well; zero = it failed after a minute.
func past(p runbooks.Plan, took ...time.Duration) *journal.State {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := journal.NewState()
	seq := uint64(0)
	tell := func(at time.Time, b journal.Body) {
		seq++
		s.Apply(journal.Event{Run: "r", Seq: seq, At: at, Body: b})
	}
	tell(began, journal.PlanAccepted{Plan: p})
	tell(began, journal.WaveOpened{})
	for i, d := range took {
		h, out := p.Hosts[i].Name, journal.OK
		if d == 0 {
			d, out = time.Minute, journal.Failed
		}
		for k, step := range p.Steps {
			tell(began, journal.StepStarted{Host: h, Step: step.ID, Attempt: 1})
			at := began
			if k == len(p.Steps)-1 || out == journal.Failed {
				at = began.Add(d)
			}
			tell(at, journal.StepEnded{Host: h, Step: step.ID, Attempt: 1, Outcome: out})
			if out == journal.Failed {
				break
			}
		}
	}
	return s
}

var sunday = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
