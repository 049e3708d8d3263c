package ssh

import (
	"bytes"
	"testing"
)

// FuzzSSHFP: an answer from the network is anything at all. What is taken from it lies within it.
func FuzzSSHFP(f *testing.F) {
	q, err := dnsQuestion(0x1234, "db-1.example.net")
	if err != nil {
		f.Fatal(err)
	}
	good := append([]byte{}, q[:len(q)-11]...)
	good[2], good[3], good[7], good[11] = 0x81, 0xa0, 1, 0
	good = append(good, 0xc0, 12, 0, 44, 0, 1, 0, 0, 0, 9, 0, 34, 4, 2)
	good = append(good, bytes.Repeat([]byte{7}, 32)...)
	f.Add(good)
	f.Add(good[:20])
	f.Add([]byte{})
	if a, cut, err := parseSSHFP(good, q); err != nil || cut || !a.signed || len(a.records) != 1 || len(a.records[0].sum) != 32 {
		f.Fatalf("%+v, %v, %v", a, cut, err)
	}
	f.Fuzz(func(t *testing.T, m []byte) {
		a, _, err := parseSSHFP(m, q)
		for _, r := range a.records {
			if err == nil && !bytes.Contains(m, r.sum) {
				t.Errorf("%x is not in the answer", r.sum)
			}
		}
	})
}

func TestNoNameOfTheDNS(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a..b", string(bytes.Repeat([]byte("x"), 64)), string(bytes.Repeat([]byte("abcdefg."), 40))} {
		if _, err := dnsQuestion(1, name); err == nil {
			t.Errorf("%q was asked for", name)
		}
	}
}
