package runbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ComputeDigest is the SHA-256, in hex, of the plan's JSON with Digest empty. Go writes struct fields in their order and map keys
// sorted, so the same plan gives the same digest on every machine, before and after a trip through the journal.
func (p Plan) ComputeDigest() string {
	p.Digest = ""
	b, err := json.Marshal(p)
	if err != nil {
		return "" // cannot be: a plan holds strings, numbers, slices and maps of strings only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
