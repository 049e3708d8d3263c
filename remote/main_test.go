package remote

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests run side by side than there are processors: nearly all of their time is spent waiting for naps on hosts.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && flag.Lookup("test.bench").Value.String() == "" {
		_ = flag.Set("test.parallel", "8")
	}
	os.Exit(m.Run())
}
