package remote

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"tend/inventory"
)

// napping is a clock on which every wait is over at once, and written down.
type napping struct{ naps []time.Duration }

func (*napping) Now() time.Time { return time.Time{} }
func (n *napping) After(d time.Duration) <-chan time.Time {
	n.naps = append(n.naps, d)
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

// trouble is a transport's error of a kind.
type trouble string

func (e trouble) Error() string { return "h1: " + string(e) }
func (e trouble) Class() string { return string(e) }

// TestAnOutageIsToldOnce: an outage is remarked once for each thing that stands in the way, and its end once; the waits between the tries grow, and
// begin anew when the host has answered.
func TestAnOutageIsToldOnce(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(io.Reader, io.Writer) (int, error) {
		return func(io.Reader, io.Writer) (int, error) { return 0, err }
	}
	says := func(text string, err error) func(io.Reader, io.Writer) (int, error) {
		return func(_ io.Reader, out io.Writer) (int, error) { _, _ = io.WriteString(out, text); return 0, err }
	}
	road, door := trouble("no road"), trouble("no door")
	s := script{fails(road), fails(road), fails(road), fails(door), fails(road), fails(door),
		says("\nN B b+1\n\nN S running\n", road), // it answers, and the link goes again
		fails(road), says("\nN B b+1\n\nN S running\n\nN X 0 done 4 -\n", nil)}
	clock, told := &napping{}, []string{}
	k := New(&s, Options{Backoff: Backoff{time.Second, 8 * time.Second}, Clock: clock, Nonce: func() string { return "N" },
		Remark: func(h inventory.HostID, job, text string) { told = append(told, fmt.Sprintf("%s %s %s", h, job, text)) }})
	exit, err := k.Carry(within(t, 90*time.Second), Order{Host: inventory.Host{Name: "h1"}, Job: "j", Script: "true", Adopt: true}, (&sink{t: t}).take)
	if exit != 4 || err != nil || len(s) != 0 {
		t.Errorf("exit %d, %v, %d sessions left", exit, err, len(s))
	}
	want := []string{"h1 j " + linkLost + "h1: no road", "h1 j " + linkStill + "h1: no door", "h1 j " + linkBack, "h1 j " + linkLost + "h1: no road", "h1 j " + linkBack}
	if !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
	for i, most := range []time.Duration{1, 2, 4, 8, 8, 8, 1, 2} {
		if i >= len(clock.naps) || clock.naps[i] > most*time.Second || clock.naps[i] < most*time.Second/2-1 {
			t.Fatalf("waited %v, want the %dth up to %ds", clock.naps, i, most)
		}
	}
}
