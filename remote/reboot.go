package remote

import (
	"context"
	"regexp"

	"tend/inventory"
)

// bootWord is what a boot identity may be. Its length is counted apart: a regular expression that counts to 200 is dear to compile.
var bootWord = regexp.MustCompile(`^[0-9A-Za-z._+-]+$`)

const maxBootWord = 200

// Identity is the host's boot identity: it changes when the host restarts, and only then. Linux: the kernel's boot_id and PID 1's
// start time in clock ticks (proc(5), proc_pid_stat(5)); BSDs: kern.boot_id, kern.bootsessionuuid or kern.boottime. Compare, never parse.
func (k *Keeper) Identity(ctx context.Context, h inventory.Host) (string, error) {
	a, err := k.ask(ctx, h, false, "", nil, func(frame) {}, "common", "identity")
	if err != nil {
		return "", err
	}
	if len(a.boot) > maxBootWord || !bootWord.MatchString(a.boot) || a.boot == "none" {
		return "", fail(Torn, h, "the host has no boot identity that we know of", "restart it by hand, and see that it came back")
	}
	return a.boot, nil
}

// Restart restarts the host, a second after it has answered, and forgets the connection. A nil error says that the order was
// taken, not that the host is down.
func (k *Keeper) Restart(ctx context.Context, h inventory.Host) error {
	_, err := k.ask(ctx, h, true, "", k.ours(h.Name), func(frame) {}, "common", "beat", "restart")
	if err != nil && (notStarted(err) || ctx.Err() != nil) {
		return err
	}
	k.t.Drop(h.Name)
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, become := range []bool{false, true} {
		if m := k.hosts[place{h.Name, become}]; m != nil {
			m.known = false // it will be another boot
		}
	}
	return err
}
