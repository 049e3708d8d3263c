package remote

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"regexp"
	"sync"
	"time"

	"tend/inventory"
)

// Transport is the road: package ssh's Client is one. An exit code with a nil error means that the command ended and all that it
// wrote was handed on. An error means that nobody knows, unless errors.As finds NotStarted() bool returning true; one with
// Permanent() bool returning true is of no use to try again; Class() string, where it has that, is what kind of trouble it is.
type Transport interface {
	Exec(ctx context.Context, h inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (exit int, err error)
	Drop(h inventory.HostID) // forget the kept connection
}

// Terminal is a road that gives a command a terminal, whose two ends are in and out: su, and a sudo with requiretty, want one.
type Terminal interface {
	ExecTerminal(ctx context.Context, h inventory.Host, cmd string, in io.Reader, out io.Writer) (exit int, err error)
}

// Clock is time as the keeper sees it.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Backoff is how long to wait before a connection is tried again: First, then twice as long each time, up to Max; each wait is
// shortened at random by up to half, so that many hosts do not come back at once.
type Backoff struct{ First, Max time.Duration }

// Verdict is what became of a password on a host.
type Verdict int

// A password was refused, let us in, or was never judged: the link was lost, or the host wanted something else.
const (
	Unjudged Verdict = iota
	Right
	Wrong
)

// Options may all be left zero.
type Options struct {
	// Root is the job root on the host; "" = /var/lib/tend for root, $HOME/.local/state/tend for others. It must outlive a reboot:
	// never a directory in /tmp.
	Root string
	// Lease is the path of the host's lease; "" = /var/tmp/tend.lease. All consoles must agree on it; every user must be able to make
	// it; and it must outlive a reboot, in whose midst another run could else take the host.
	Lease string
	// Nonce makes the word that marks our lines in a session's output; nil = 128 random bits in hex.
	Nonce func() string
	Clock Clock
	// Secrets gives a password: kind is "sudo", "doas" or "su". It is asked only when the host has asked. nil = there are none.
	Secrets func(ctx context.Context, h inventory.Host, kind string) (string, error)
	// Told hears, once for every password that Secrets gave, what became of it there. nil = nobody.
	Told func(h inventory.Host, kind string, v Verdict)
	// Backoff is 0.5 s to 30 s by default, below what OpenSSH 9.8 penalises.
	Backoff Backoff
	// Silence is how long a followed host may say nothing before its link counts as lost; it speaks every 2 s. Default 10 s.
	Silence time.Duration
	// Remark hears what an operator should know and that decides nothing: a lost link, output cut by a full disk. nil = nobody.
	Remark func(h inventory.HostID, job, text string)

	proc     string        // where boot identity is read; tests
	systemd  string        // whose presence says that systemd runs; tests
	patience time.Duration // tests
}

// Keeper carries orders out on hosts. It is safe for concurrent use.
type Keeper struct {
	t Transport
	o Options

	mu    sync.Mutex
	hosts map[place]*memo
	jobs  map[jobKey]jobMemo
	// witnesses are boot identities from before this run's first order.
	witnesses map[place]string
	// claims are the leases that were acquired and not given back: what starts something asks the host whether they are still there.
	claims map[inventory.HostID]Claim
	// lines are scripts as they travel in a command line, by script; none of them holds a secret.
	lines map[string]string
	// brief are hosts whose servers take no line with a script in it.
	brief map[inventory.HostID]bool
}

// place is a host seen as one of two users.
type place struct {
	host   inventory.HostID
	become bool
}

// memo is what is known of a place.
type memo struct {
	known bool
	facts Facts
	talk  int    // how whatever gives root wants to be talked to
	wrong string // hash of the password that did not let us in
	why   error  // and what was said of it
}

type jobKey struct {
	host inventory.HostID
	job  string
}

// jobMemo is what Forget, Signal and a later adoption must know of a job. Was is the boot identity seen before the job was first sent.
type jobMemo struct {
	become bool
	was    string
}

// New makes a keeper that works over t.
func New(t Transport, o Options) *Keeper {
	if o.Nonce == nil {
		o.Nonce = func() string {
			var b [16]byte
			_, _ = rand.Read(b[:]) // never fails since Go 1.24
			return hex.EncodeToString(b[:])
		}
	}
	if o.Clock == nil {
		o.Clock = wall{}
	}
	if o.Backoff.First <= 0 {
		o.Backoff.First = 500 * time.Millisecond
	}
	if o.Backoff.Max <= 0 {
		o.Backoff.Max = 30 * time.Second
	}
	if o.patience <= 0 {
		o.patience = patience
	}
	if o.Silence <= 0 {
		o.Silence = 10 * time.Second
	}
	if o.Told == nil {
		o.Told = func(inventory.Host, string, Verdict) {}
	}
	if o.Remark == nil {
		o.Remark = func(inventory.HostID, string, string) {}
	}
	if o.Lease == "" {
		o.Lease = "/var/tmp/tend.lease"
	}
	if o.proc == "" {
		o.proc = "/proc"
	}
	if o.systemd == "" {
		o.systemd = "/run/systemd/system"
	}
	return &Keeper{t: t, o: o, hosts: map[place]*memo{}, jobs: map[jobKey]jobMemo{}, witnesses: map[place]string{}, claims: map[inventory.HostID]Claim{}, lines: map[string]string{}, brief: map[inventory.HostID]bool{}}
}

type wall struct{}

func (wall) Now() time.Time                         { return time.Now() }
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

// jobForm is what a job may be called: it becomes a directory's name and part of a systemd unit's. A regular expression that counts to
// 119 is dear to compile, so it is not asked to.
const (
	jobForm = `^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$`
	maxJob  = 120
)

var jobName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func checkJob(h inventory.Host, job string) error {
	if len(job) > maxJob || !jobName.MatchString(job) {
		return fail(Refused, h, "a job's name must match "+jobForm+", not "+job, "")
	}
	return nil
}

// at runs f on the memo of a place, under the lock.
func (k *Keeper) at(p place, f func(m *memo)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.hosts[p]
	if m == nil {
		m = &memo{}
		k.hosts[p] = m
	}
	f(m)
}

func (k *Keeper) memo(p place) (m memo) {
	k.at(p, func(p *memo) { m = *p })
	return m
}

func (k *Keeper) job(h inventory.Host, job string) (jobMemo, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	j, ok := k.jobs[jobKey{h.Name, job}]
	return j, ok
}

func (k *Keeper) setJob(h inventory.Host, job string, j jobMemo) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs[jobKey{h.Name, job}] = j
}

func (k *Keeper) dropJob(h inventory.Host, job string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.jobs, jobKey{h.Name, job})
}

// common are the assignments that every script of ours begins with.
func (k *Keeper) common(nonce, job string, more ...[2]string) vars {
	return append(vars{{"t_n", nonce}, {"t_id", job}, {"t_root", k.o.Root}, {"t_proc", k.o.proc}, {"t_systemd", k.o.systemd}}, more...)
}
