package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLeaseThatChangesUnderABreak: between the last look at a stale lease and its removal the host becomes another run's. The decision was
// not about that run's lease: it lies there again afterwards.
func TestLeaseThatChangesUnderABreak(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k, ctx := w.keeper(w.leasing), within(t, 60*time.Second)
		dead, next := claim("ops", "dead"), claim("ops", "next")
		if _, err := k.Acquire(ctx, w.host, dead); err != nil {
			t.Fatal(err)
		}
		seen, held, err := k.Inspect(ctx, w.host)
		if err != nil || !held {
			t.Fatal(seen, held, err)
		}
		lease := filepath.Join(filepath.Dir(w.root), "tend.lease")
		raw, err := os.Readlink(lease)
		if err != nil {
			t.Fatal(err)
		}
		w.stub("mv", fmt.Sprintf(`[ "$1" != %[1]s ] || ln -sf '%[2]s' %[1]s; exec /bin/mv "$@"`, lease, strings.ReplaceAll(raw, "dead", "next")))
		if e := asError(t, k.Break(ctx, w.host, seen)); e.Kind != Leased || !strings.Contains(e.Error(), "next") {
			t.Errorf("the decision was about another lease: %v", e)
		}
		if err := k.Renew(ctx, w.host, next); err != nil {
			t.Errorf("the next run's lease: %v", err)
		}
	})
}
