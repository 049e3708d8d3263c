package segments_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
)

func sha(b []byte) [32]byte { return sha256.Sum256(b) }

func hashOf(line []byte) string {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return string(line[len(line)-66 : len(line)-2])
}

// chained is a line made into event seq behind another one, with good hashes.
func chained(line []byte, seq int, behind []byte) []byte {
	line = seqRE.ReplaceAll(line, fmt.Appendf(nil, `"seq":%d`, seq))
	return chainFrom([][]byte{line}, hashOf(behind))[0]
}

var seqRE = regexp.MustCompile(`"seq":[0-9]+`)

var prevRE = regexp.MustCompile(`"prev":"[0-9a-f]{64}"`)

// chainAnew builds the whole chain again with something changed at its beginning: what its owner could do, and only the ledger
// or a seal can tell.
func chainAnew(lines [][]byte) [][]byte {
	lines[0] = bytes.Replace(lines[0], []byte("ams1"), []byte("ams2"), 1)
	return chainFrom(lines, fmt.Sprintf("%064d", 0))
}

func chainFrom(lines [][]byte, prev string) [][]byte {
	var out [][]byte
	for _, l := range lines {
		l = bytes.Replace(l, []byte("line"), []byte("lime"), 1)
		l = rehash(prevRE.ReplaceAll(l, []byte(`"prev":"`+prev+`"`)))
		out = append(out, l)
		prev = hashOf(l)
	}
	return out
}
