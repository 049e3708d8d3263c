package quote

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSON: what foreign words hold does nothing to a terminal as JSON either, languages stay legible, and it reads back byte for byte.
func TestJSON(t *testing.T) {
	const words = "é中😀 \u009b31m\x7f\x1b[2J\u202egnp\u200b\u2066\ufeff\U000e0041<b>"
	var b strings.Builder
	if err := json.NewEncoder(JSON(&b)).Encode(map[string]string{words: words}); err != nil {
		t.Fatal(err)
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || back[words] != words {
		t.Errorf("%v: %q", err, back)
	}
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if !Shown(r) {
			t.Errorf("%U in %s", r, b.String())
		}
	}
	if !strings.Contains(b.String(), "é中😀") {
		t.Error(b.String())
	}
}
