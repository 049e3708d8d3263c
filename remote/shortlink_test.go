package remote

import (
	"strings"
	"testing"
	"time"
)

// TestLinksThatAlwaysDie: every connection dies after 3,000 bytes, and the output is written before anybody looks. Pieces become small
// enough to get through; with pieces as long as the output, nothing ever would.
func TestLinksThatAlwaysDie(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k := w.keeper()
		w.limits = func(int) (int, int) { return -1, 3000 }
		script := "i=0; while [ $i -lt 20 ]; do printf %01000d\\\\n $i; i=$((i+1)); done; exit 9"
		var want strings.Builder
		for i := range 20 {
			want.WriteString(strings.Repeat("0", 998))
			want.WriteString(string([]byte{byte('0' + i/10), byte('0' + i%10), '\n'}))
		}
		s := &sink{t: t}
		exit, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "short", Script: script}, s.take)
		if err != nil || exit != 9 || s.String() != want.String() {
			t.Errorf("exit %d, %v, %d bytes of %d", exit, err, s.off, want.Len())
		}
	})
}
