package remote

import (
	"regexp"
	"testing"
)

// TestNothingOnAHostGoesByTheWallClock: a host's clock may be set at any moment. What the scripts reckon with is the time since its boot and
// start times of processes, which no setting moves; nothing there reads the time of day, or the age of a file.
func TestNothingOnAHostGoesByTheWallClock(t *testing.T) {
	files, err := shFiles.ReadDir("sh")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	wall := regexp.MustCompile(`\bdate\b|EPOCH|\btouch -|-[mac](min|time)\b|-newer|\[ [^]]* -[no]t `)
	comment := regexp.MustCompile(`(?m)^\s*#.*$`)
	for _, f := range files {
		text, err := shFiles.ReadFile("sh/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if hit := wall.Find(comment.ReplaceAll(text, nil)); hit != nil {
			t.Errorf("sh/%s goes by the wall clock: %q", f.Name(), hit)
		}
	}
}
