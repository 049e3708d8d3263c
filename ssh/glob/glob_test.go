package glob

import (
	"path"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		s, p string
		want bool
	}{
		{"", "", true}, {"", "*", true}, {"a", "", false}, {"abc", "a*c", true}, {"abc", "a?c", true}, {"ac", "a?c", false}, {"abc", "*", true}, {"abc", "***", true},
		{"abcbc", "a*bc", true}, {"abcbd", "a*bc", false}, {"[a]", "[a]", true}, {"a", "[a]", false}, {"a*b", `a\*b`, false}, {"web", "web*", true}, {"web1", "web", false},
	} {
		if got := Match(tt.s, tt.p); got != tt.want {
			t.Errorf("%q, %q: %v", tt.s, tt.p, got)
		}
	}
}

func TestList(t *testing.T) {
	for s, want := range map[string]bool{"a.x": true, "b.x": false, "c": false, "": false} {
		if got := List(s, []string{"*.x", "!b.*", ""}); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestMatchTakesNoExponentialTime(t *testing.T) {
	start := time.Now()
	_ = Match(strings.Repeat("a", 2000), strings.Repeat("a*", 200)+"b")
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %s", d)
	}
}

// FuzzMatch holds the matcher against path.Match where the two languages agree.
func FuzzMatch(f *testing.F) {
	f.Add("abc", "a*c")
	f.Fuzz(func(t *testing.T, s, p string) {
		if strings.ContainsAny(s+p, "/\\[]") || !ascii(s+p) {
			t.Skip()
		}
		if want, err := path.Match(p, s); err == nil && Match(s, p) != want {
			t.Errorf("%q, %q: want %v", s, p, want)
		}
	})
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
