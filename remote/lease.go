package remote

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/quote"
)

// Claim is what a run says of itself on the hosts that it changes. Owner and Run together say whose a lease is.
type Claim struct {
	Owner string    // "ops@console1"
	Run   string    // the run's name
	At    time.Time // by the owner's clock; shown, never compared
}

// Lease is the claim that lies on a host, and the evidence about it.
type Lease struct {
	Claim
	// Mine says that it is the asking run's; Fresh, that it was made just now; Volatile, that it lies in memory and ends with the boot.
	Mine, Fresh, Volatile bool
	Boot                  string // the host's boot identity when the lease was made
	UID                   int    // of the user on the host who made it; -1 = not known
	// Seen is how long ago, by the host's monotonic clock, the holder was last here; -1 = not known, or in another boot.
	Seen time.Duration
	// Rebooted says that the host was restarted since the holder was last here.
	Rebooted bool
	raw      string
}

// String is the lease in words.
func (l Lease) String() string {
	seen := "not known when last seen"
	switch {
	case l.Rebooted:
		seen = "not seen since the host was restarted"
	case l.Seen >= 0:
		seen = "last seen " + l.Seen.String() + " ago"
	}
	return fmt.Sprintf("held by run %s of %s since %s, %s", quote.Line(l.Run), quote.Line(l.Owner), l.At.UTC().Format("2006-01-02 15:04 UTC"), seen)
}

// Acquire claims the host for the run, atomically on the host itself, so that two consoles that do not know each other cannot both
// have it. A run that holds it already, also from before a crash, has it again. Where another run holds it, or the run's own was
// broken, the error is of kind Leased and the lease is the one that lies there.
//
// A run that always acquires before it orders anything on a host can adopt with certainty: a lease from before a crash tells which boot
// the host was in before the run's first order; and where there is none, since a lease is on disk before Acquire returns, the run
// certainly never ordered anything there that could still have an effect.
func (k *Keeper) Acquire(ctx context.Context, h inventory.Host, c Claim) (Lease, error) {
	l, state, err := k.lease(ctx, h, false, "acquire", c, "")
	switch {
	case err != nil:
		return l, err
	case state == "other":
		e := fail(Leased, h, "another run is at work on this host: "+l.String(), "wait for it; if it is certainly dead, break its lease")
		return l, e
	case state == "broken":
		return l, fail(Leased, h, "this run's lease on the host was broken by an operator", "another run may have been at work since: look, and start a new run")
	case !l.Volatile:
		k.witnessed(h, l)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.claims[h.Name] = c
	return l, nil
}

// ours are the assignments by which a script that starts something makes sure that the host is still this run's: an operator may have
// broken the lease meanwhile. Where the run never acquired the host, nothing is made sure of.
func (k *Keeper) ours(h inventory.HostID) vars {
	k.mu.Lock()
	c, claimed := k.claims[h]
	k.mu.Unlock()
	v := vars{{"t_lease", k.o.Lease}, {"t_who_is", ""}, {"t_key", ""}}
	if claimed {
		v[1][1], v[2][1] = c.words()
	}
	return v
}

// words are whose the claim is, as it stands in a lease, and the run's name as part of a file's name.
func (c Claim) words() (who, key string) {
	key = url.QueryEscape(c.Run)
	return url.QueryEscape(c.Owner) + " " + key, key
}

// witnessed keeps the boot identity that the lease proves: that of the boot in which it was made.
func (k *Keeper) witnessed(h inventory.Host, l Lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, become := range []bool{false, true} {
		p := place{h.Name, become}
		if _, known := k.witnesses[p]; !known {
			k.witnesses[p] = l.Boot
		}
	}
}

// Renew tells the host that the run is still there. An error of kind Leased says that the run has lost the host: it must start nothing
// more there.
func (k *Keeper) Renew(ctx context.Context, h inventory.Host, c Claim) error {
	l, state, err := k.lease(ctx, h, false, "renew", c, "")
	switch {
	case err != nil:
		return err
	case state == "other":
		return fail(Leased, h, "the lease was broken and is another run's: "+l.String(), "")
	case state == "none":
		return fail(Leased, h, "the lease was broken", "see the journal for who decided that")
	}
	return nil
}

// Release gives the host back. A lease that is not the run's is left alone, and is no error.
func (k *Keeper) Release(ctx context.Context, h inventory.Host, c Claim) error {
	k.mu.Lock()
	delete(k.claims, h.Name)
	k.mu.Unlock()
	_, _, err := k.lease(ctx, h, false, "release", c, "")
	return err
}

// Inspect shows the lease on a host; held is false where there is none.
func (k *Keeper) Inspect(ctx context.Context, h inventory.Host) (l Lease, held bool, err error) {
	l, state, err := k.lease(ctx, h, false, "inspect", Claim{}, "")
	return l, err == nil && state != "none", err
}

// Break removes exactly that lease, which an operator has looked at and decided about. If another lies there by now, it stays, and the
// error is of kind Leased. It needs root where another user made the lease.
func (k *Keeper) Break(ctx context.Context, h inventory.Host, l Lease) error {
	become := h.Become != "" && h.Become != "none"
	now, state, err := k.lease(ctx, h, become, "break", Claim{}, l.raw)
	if err == nil && state != "none" {
		return fail(Leased, h, "there is another lease by now: "+now.String(), "look at it, and decide anew")
	}
	return err
}

// lease runs lease.sh. State is fresh, volatile, mine, other, broken or none.
func (k *Keeper) lease(ctx context.Context, h inventory.Host, become bool, do string, c Claim, seen string) (l Lease, state string, err error) {
	who, key := c.words()
	v := vars{{"t_lease", k.o.Lease}, {"t_do", do}, {"t_who_is", who}, {"t_key", key}, {"t_seen", seen},
		{"t_claim", who + " " + strconv.FormatInt(c.At.Unix(), 10)}}
	_, err = k.ask(ctx, h, become, "", v, func(fr frame) {
		if fr.verb == "L" && len(fr.words) >= 4 {
			state = fr.word(0)
			l = readLease(fr.words[1:])
		}
	}, "common", "beat", "lease")
	if err != nil {
		return Lease{}, "", err
	}
	l.Volatile = state == "volatile"
	l.Fresh = l.Volatile || state == "fresh"
	l.Mine = l.Fresh || state == "mine"
	if state == "" {
		return Lease{}, "", fail(Torn, h, "the host's answer about its lease broke off", "")
	}
	return l, state, nil
}

// readLease reads what lease.sh tells: uid, age, then the claim: owner, run, time, boot. Whoever wrote the claim may have written
// anything.
func readLease(w []string) Lease {
	l := Lease{UID: number(w[0]), Seen: -1, Rebooted: w[1] == "rebooted", raw: strings.Join(w[2:], " ")}
	if age := number(w[1]); age >= 0 {
		l.Seen = time.Duration(age) * time.Second
	}
	f := append(w[2:], "", "", "", "")
	l.Owner, l.Run, l.Boot = plain(f[0]), plain(f[1]), f[3]
	if at, err := strconv.ParseInt(f[2], 10, 64); err == nil && at > 0 && at < 1<<40 {
		l.At = time.Unix(at, 0)
	}
	return l
}

func plain(s string) string {
	if p, err := url.QueryUnescape(s); err == nil {
		s = p
	}
	return quote.Line(s)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
